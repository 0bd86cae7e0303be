"""Slack's blocks as data, in which any text is only text; knows nothing of papers or wording.

What comes from papers or people stands in rich_text and plain_text, where Slack reads no marks,
links no @names and fetches nothing. Only a section can hold a menu beside its text, and it takes
mrkdwn: `literal` makes text safe for it.
"""

import re
from collections.abc import Iterable, Sequence
from typing import Final, TypeAlias

from bot.render.segments import Segments, clip, one_line, plain

Element: TypeAlias = dict[str, object]
"""A part of a block: text of a rich_text section, a button, an option."""
Block: TypeAlias = dict[str, object]
Part: TypeAlias = Element | str
"""An element, or plain text for one."""

# Limits of single fields: https://docs.slack.dev/reference/block-kit
MOST_URL: Final = 3_000
MOST_IN_OBJECT: Final = 3_000
MOST_VALUE: Final = 2_000
_MOST_CONTEXT: Final = 10
_LABEL: Final = 75
_LINE: Final = 300

BOLD: Final = {"bold": True}
_ITALIC: Final = {"italic": True}
_CODE: Final = {"code": True}

# One character for one, so that offsets into a text hold. Slack's marks cannot be escaped, so
# each becomes its twin: https://docs.slack.dev/messaging/formatting-message-text
_TWINS: Final = str.maketrans({"*": "∗", "~": "∼", "`": "ˋ"})
_LOOSE_UNDERSCORE: Final = re.compile(r"(?<![^\W_])_|_(?![^\W_])")
_EMOJI: Final = re.compile(r":[^\s:]+:")
_OPENING_COLON: Final = re.compile(r":(?!\s|$)")
_QUOTE: Final = re.compile(r"^>")
_UNSEEN: Final = re.compile(
    r"[\x00-\x09\x0b-\x1f\x7f-\x9f\xad\u061c\u200b\u200e\u200f\u2028-\u202e\u2060\u2066-\u2069\ufeff"
    r"\ud800-\udfff]"
)
_OPENS: Final = " (“"
_CLOSES: Final = " ,.;:!?)”"


def rich(*elements: Element, block_id: str = "") -> Block:
    """Make a rich_text block of sections and lists."""
    return named({"type": "rich_text", "elements": [*elements]}, block_id)


def section(*parts: Part) -> Element:
    """Make a paragraph of a rich_text block."""
    return {"type": "rich_text_section", "elements": joined(map(_element, parts))}


def bullets(items: Iterable[Element]) -> Element:
    """Make a list of a rich_text block; `items` are sections."""
    return {"type": "rich_text_list", "style": "bullet", "elements": [*items]}


def preformatted(text: str) -> Element:
    """Make a part of a rich_text block that keeps lines and spaces as they are."""
    return {"type": "rich_text_preformatted", "elements": [*pieces(text)]}


def paragraph(*parts: Part, block_id: str = "") -> Block:
    """Make a block that is one paragraph."""
    return rich(section(*parts), block_id=block_id)


def words(text: str, style: dict[str, bool] | None = None) -> Element:
    """Make text."""
    element: Element = {"type": "text", "text": show(text)}
    if style:
        element["style"] = style
    return element


def bold(text: str) -> Element:
    """Make bold text."""
    return words(text, BOLD)


def italic(text: str) -> Element:
    """Make italic text."""
    return words(text, _ITALIC)


def code(text: str) -> Element:
    """Make text such as a command or a query."""
    return words(text, _CODE)


def link(url: str, text: str, style: dict[str, bool] | None = None) -> Element:
    """Make text that leads somewhere."""
    element: Element = {"type": "link", "url": url, "text": show(text)}
    if style:
        element["style"] = style
    return element


def channel(channel_id: str) -> Element:
    """Make a channel's name, as Slack shows it to those who may know it."""
    return {"type": "channel", "channel_id": channel_id}


def marked(segments: Segments) -> Iterable[Element]:
    """Make text with its hits in bold."""
    return (words(part.text, BOLD if part.hit else None) for part in segments)


def pieces(text: str) -> Iterable[Element]:
    """Make text of any length, cut where a text object is full."""
    for start in range(0, len(text), MOST_IN_OBJECT):
        yield words(text[start : start + MOST_IN_OBJECT])


def joined(elements: Iterable[Element]) -> list[Element]:
    """Join neighbouring texts of one style and drop empty ones: more fits a message."""
    together: list[Element] = []
    for element in elements:
        before = together[-1] if together else {}
        same = element["type"] == before.get("type") == "text"
        if same and element.get("style") == before.get("style"):
            text = f"{before['text']}{element['text']}"
            if len(text) <= MOST_IN_OBJECT:
                together[-1] = {**before, "text": text}
                continue
        if element.get("text") != "":
            together.append(element)
    return together


def say(*parts: Part) -> str:
    """Say parts as plain text, for notifications and screen readers, with Slack's own escapes."""
    said = []
    for part in parts:
        if isinstance(part, dict) and part["type"] == "channel":
            said.append(f"<#{part['channel_id']}>")
        else:
            said.append(escape(part if isinstance(part, str) else str(part["text"])))
    return "".join(said)


def mrkdwn(text: str) -> Element:
    """Make a text object whose marks Slack reads, but no @names, #channels and addresses."""
    return {"type": "mrkdwn", "text": text, "verbatim": True}


def literal(text: str) -> str:
    """Make text stand for itself in mrkdwn."""
    return escape(tame(text))


def literal_marked(segments: Segments) -> str:
    """Make text stand for itself in mrkdwn, with those hits in bold that Slack can tell apart.

    Slack takes a mark for one only where no letter is beside it.
    """
    text = tame(plain(segments))
    parts = []
    at = 0
    for segment in segments:
        end = at + len(segment.text)
        shown = escape(text[at:end])
        before, after = text[at - 1 : at] or " ", text[end : end + 1] or " "
        loose = before in _OPENS and after in _CLOSES and text[at:end].strip() == text[at:end]
        parts.append(f"*{shown}*" if segment.hit and loose else shown)
        at = end
    return "".join(parts)


def tame(text: str) -> str:
    """Replace each mark of mrkdwn by a character that looks like it; the length stays."""
    if text.isalpha():
        return text
    text = _LOOSE_UNDERSCORE.sub("＿", _QUOTE.sub("›", text.translate(_TWINS)))
    return _OPENING_COLON.sub("∶", text) if _EMOJI.search(text) else text


def escape(text: str) -> str:
    """Escape what Slack reads as control: https://docs.slack.dev/messaging/formatting-message-text."""
    return show(text).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def show(text: str) -> str:
    """Replace each character that cannot be seen by a space, but keep the lines."""
    return text if text.isprintable() else _UNSEEN.sub(" ", text)


def plain_text(text: str, limit: int = _LABEL) -> Element:
    """Make a label: one line, no emoji codes, never empty."""
    return {"type": "plain_text", "text": clip(one_line(text), limit) or "…", "emoji": False}


def header(text: str) -> Block:
    """Make a heading."""
    return {"type": "header", "text": plain_text(text, 150)}


def context(lines: Sequence[str], noun: str = "more", block_id: str = "") -> Block:
    """Show lines small; of more than ten the rest is counted: "and 3 more problems"."""
    shown = [*lines]
    if len(shown) > _MOST_CONTEXT:
        left_out = len(shown) - _MOST_CONTEXT + 1
        shown[_MOST_CONTEXT - 1 :] = [f"and {left_out} {noun}"]
    return named(
        {"type": "context", "elements": [plain_text(line, _LINE) for line in shown]}, block_id
    )


def button(
    label: str, action_id: str = "", value: str = "", *, url: str = "", sure: Element | None = None
) -> Element:
    """Make a button; `sure` asks again before it does anything."""
    element: Element = {"type": "button", "text": plain_text(label)}
    for key, given in (("action_id", action_id), ("value", value), ("url", url), ("confirm", sure)):
        if given:
            element[key] = given
    return element


def confirmation(title: str, text: str, yes: str) -> Element:
    """Make the question that a button asks first."""
    return {
        "title": plain_text(title, 100),
        "text": plain_text(text, 300),
        "confirm": plain_text(yes, 30),
        "deny": plain_text("Cancel"),
    }


def actions(*elements: Element, block_id: str = "") -> Block:
    """Make a row of buttons."""
    return named({"type": "actions", "elements": [*elements]}, block_id)


def option(label: str, value: str) -> Element:
    """Make a choice."""
    return {"text": plain_text(label), "value": value}


def named(block: Block, block_id: str) -> Block:
    """Give a block a name, if there is one."""
    return {**block, "block_id": block_id} if block_id else block


def _element(part: Part) -> Element:
    return words(part) if isinstance(part, str) else part
