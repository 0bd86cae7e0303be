"""What Slack's window makes of a message: whom it pings, which links it shows."""

import re
from collections.abc import Iterator
from typing import Any, Final

_SEQUENCE: Final = re.compile(r"<([!@#][^<>]*)>")
_LINK: Final = re.compile(r"<((?:https?://|mailto:)[^<>|]*)(?:\|[^<>]*)?>")
_BARE: Final = re.compile(r"(?<![<\w])https?://[^\s<>|]+")
# mrkdwn objects make links of these too, unless they say "verbatim".
_NAME: Final = re.compile(r"(?<![\w&])(?:@(?:everyone|here|channel)\b|#[^\W\d_][\w-]*)")
_PINGS: Final = frozenset({"broadcast", "channel", "team", "user", "usergroup"})


def find_mentions(text: str, node: object) -> list[str]:
    """Give what would become a mention of people, groups or channels; best empty."""
    return [f"<{found}>" for found in _SEQUENCE.findall(text)] + list(_iterate_mentions(node))


def _iterate_mentions(node: object) -> Iterator[str]:
    for each in _iterate_objects(node):
        if each.get("type") == "mrkdwn":
            yield from (f"<{found}>" for found in _SEQUENCE.findall(each["text"]))
            if each.get("verbatim") is not True:
                yield from _NAME.findall(_SEQUENCE.sub("", each["text"]))
        elif each.get("type") in _PINGS and "text" not in each and "elements" not in each:
            yield str(each)


def find_links(text: str, node: object) -> list[str]:
    """Give the addresses that can be clicked, in the order in which they stand."""
    return [*_iterate_links(text, bare=True), *_iterate_addresses(node)]


def _iterate_addresses(node: object) -> Iterator[str]:
    for each in _iterate_objects(node):
        if each.get("type") == "mrkdwn":
            yield from _iterate_links(each["text"], bare=each.get("verbatim") is not True)
        elif each.get("type") in {"link", "button"} and "url" in each:
            yield str(each["url"])


def _iterate_links(text: str, *, bare: bool) -> Iterator[str]:
    found = [(match.start(), match[1]) for match in _LINK.finditer(text)]
    if bare:
        found += [(match.start(), match[0]) for match in _BARE.finditer(text)]
    yield from (address for _, address in sorted(found))


def _iterate_objects(node: object) -> Iterator[dict[str, Any]]:
    if isinstance(node, dict):
        yield node
        for value in node.values():
            yield from _iterate_objects(value)
    elif isinstance(node, list):
        for value in node:
            yield from _iterate_objects(value)
