"""Slack's way of writing what people type: references and escapes -> the text they saw."""

import re

# https://docs.slack.dev/messaging/formatting-message-text/#retrieving-messages
_REFERENCE = re.compile(r"<([#@!]?)([^<>|]*)(?:\|([^<>]*))?>")


def unescape(text: str) -> str:
    """Write a text as its author saw it: names for channels and people, links as typed.

    >>> unescape("why &lt;3 in <#C0123|papers> <@U1|ada> <http://arxiv.org/abs/1|arxiv.org/abs/1>")
    'why <3 in #papers @ada arxiv.org/abs/1'
    """
    shown = _REFERENCE.sub(_show, text)
    return shown.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


def _show(found: re.Match[str]) -> str:
    mark, name, label = found.groups(default="")
    if mark == "!":
        return label or f"@{name}"
    said = label or name
    return said if said.startswith(mark) else mark + said
