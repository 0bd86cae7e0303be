"""An edition as Slack messages: bodies for chat.postMessage, within Slack's limits; sends nothing.

What comes from a paper stands in rich_text and plain_text alone: Slack reads no marks in those,
links no @names and fetches nothing.
"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias
from urllib.parse import quote

from bot.core.editions import Edition
from bot.render.segments import Segments, clip, excerpt, has_hit, plain, shorten
from bot.render.view import EditionView, PaperView, build_edition_view, evidence

Block: TypeAlias = dict[str, object]
Element: TypeAlias = dict[str, object]

# Slack refuses messages of an undocumented size, seen between 9,597 and 11,341 characters.
_MOST_TEXT: Final = 8_500
_MOST_JSON: Final = 14_000
_BRACKETS: Final = 2
_MOST_BLOCKS: Final = 50
# Limits of single fields: https://docs.slack.dev/reference/block-kit/blocks
_MOST_FALLBACK: Final = 3_000
_MOST_URL: Final = 3_000
_MOST_CONTEXT: Final = 10
# What fits a reader's glance.
_TITLE: Final = 300
_AUTHORS: Final = 300
_WHY: Final = 200
_ABSTRACT: Final = 400
_SENTENCES: Final = 2
_BRIEF: Final = 150
_MOST_CATEGORIES: Final = 8

_BOLD: Final = {"bold": True}
_ITALIC: Final = {"italic": True}
_CODE: Final = {"code": True}


@dataclass(frozen=True, slots=True)
class _Packed:
    """A paper's block and what it takes of a message."""

    number: int
    paper: PaperView
    block: Block
    text: int
    json: int


def build_messages(
    edition: Edition, *, channel: str, base_url: str = ""
) -> tuple[dict[str, object], ...]:
    """Build the parent message, then those of its thread, each to be posted once and in order.

    The poster adds `thread_ts` to all but the first, and `metadata`. With `base_url` a button
    leads to `{base_url}/sets/{name}/{day}`. An edition without papers is one line, no thread.
    """
    view = build_edition_view(edition)
    heading = f"{clip(view.set_name, _BRIEF)} · {view.day}"
    if not edition.items:
        nothing = f"nothing new today; {edition.receipt.read} read"
        blocks = [_rich_text(_section(*_heading(view), _text(f": {nothing}")))]
        if view.problems:
            blocks.append(_context(view.problems))
        return (_message(channel, f"{heading}: {nothing}", blocks),)
    total = len(edition.items)
    parent = [_rich_text(_section(*_heading(view), _text(f"\n{view.counts}")), _best(view))]
    name = quote(edition.set.name, safe="")
    page = f"{base_url.rstrip('/')}/sets/{name}/{edition.day.isoformat()}"
    if base_url and len(page) <= _MOST_URL:
        parent.append(_button(f"Read all {total}" if total > 1 else "Read it", page))
    parent.append(_context((view.receipt, *view.problems)))
    packed = [_pack(number, paper) for number, paper in enumerate(view.papers, 1)]
    thread = (
        _message(channel, _say_papers(batch), [each.block for each in batch])
        for batch in _batches(packed)
    )
    return (_message(channel, f"{heading}: {view.counts}", parent), *thread)


def _message(channel: str, text: str, blocks: Sequence[Block]) -> dict[str, object]:
    return {
        "channel": channel,
        "text": _escape(text),
        "mrkdwn": False,
        "blocks": [*blocks],
        "unfurl_links": False,
        "unfurl_media": False,
    }


def _heading(view: EditionView) -> tuple[Element, ...]:
    return (
        {"type": "emoji", "name": "newspaper"},
        _text(" "),
        _text(clip(view.set_name, _BRIEF), _BOLD),
        _text(f" · {view.day}"),
    )


def _best(view: EditionView) -> Element:
    items = []
    for paper in view.best:
        why = f" — {clip(paper.why, _BRIEF)}" if paper.why else ""
        items.append(_section(_link(paper, _BRIEF), _text(why)))
    return {"type": "rich_text_list", "style": "bullet", "elements": items}


def _button(label: str, url: str) -> Block:
    text = {"type": "plain_text", "text": label, "emoji": False}
    return {"type": "actions", "elements": [{"type": "button", "text": text, "url": url}]}


def _context(lines: Sequence[str]) -> Block:
    """Show the receipt and what is wrong, small; at most ten lines fit."""
    shown = [*lines]
    if len(shown) > _MOST_CONTEXT:
        left_out = len(shown) - _MOST_CONTEXT + 1
        shown[_MOST_CONTEXT - 1 :] = [f"and {left_out} more problems"]
    texts = [{"type": "plain_text", "text": clip(x, _TITLE), "emoji": False} for x in shown]
    return {"type": "context", "elements": texts}


def _pack(number: int, paper: PaperView) -> _Packed:
    packed = _measured(number, paper, _full(number, paper))
    if packed.text <= _MOST_TEXT and packed.json <= _MOST_JSON - _BRACKETS:
        return packed
    return _measured(number, paper, _lean(number, paper))


def _measured(number: int, paper: PaperView, elements: Sequence[Element]) -> _Packed:
    block = _rich_text(_section(*elements))
    text = sum(len(str(element["text"])) for element in elements)
    return _Packed(number, paper, block, text, len(json.dumps(block)) + len(", "))


def _full(number: int, paper: PaperView) -> list[Element]:
    """Show title, authors, categories and kind, why, and two sentences of the abstract."""
    abstract = shorten(paper.abstract, _ABSTRACT, sentences=_SENTENCES)
    # The title is a link and bold already, so its hits are shown once more below it.
    found = excerpt(paper.title) if has_hit(paper.title) else evidence(paper, abstract)
    elements = [
        _text(f"{number} · ", _BOLD),
        _link(paper, _TITLE, _BOLD),
        _text("\n"),
        *_marked(shorten(paper.few_authors, _AUTHORS)),
        _text(" · " if paper.few_authors else ""),
        *_meta(paper),
    ]
    if paper.why:
        elements += (_text("\n"), _text("matched", _ITALIC), _text(f" {clip(paper.why, _WHY)}"))
    if found:
        elements += (_text(" · “"), *_marked(found), _text("”"))
    if abstract:
        elements += (_text("\n"), *_marked(abstract))
    return elements


def _lean(number: int, paper: PaperView) -> list[Element]:
    """Show what always fits, whatever the paper's characters and however many its hits."""
    return [
        _text(f"{number} · ", _BOLD),
        _link(paper, _BRIEF, _BOLD),
        _text(f"\n{clip(plain(paper.few_authors), _BRIEF)} · "),
        *_meta(paper),
        _text(f"\n{clip(paper.why, _BRIEF)}"),
    ]


def _joined(elements: Iterable[Element]) -> list[Element]:
    """Join neighbouring texts of one style and drop empty ones: more papers fit a message."""
    joined: list[Element] = []
    for element in elements:
        before = joined[-1] if joined else {}
        same = element["type"] == before.get("type") == "text"
        if same and element.get("style") == before.get("style"):
            joined[-1] = {**before, "text": f"{before['text']}{element['text']}"}
        elif element.get("text") != "":
            joined.append(element)
    return joined


def _meta(paper: PaperView) -> Iterable[Element]:
    for category in paper.categories[:_MOST_CATEGORIES]:
        yield _text(clip(category, 30), _CODE)
        yield _text(" ")
    yield _text(f"· {paper.kind}")


def _batches(packed: Iterable[_Packed]) -> Iterable[list[_Packed]]:
    """Fill one message after the other; in a fixed order no other packing needs fewer."""
    batch: list[_Packed] = []
    text = size = 0
    for each in packed:
        full = text + each.text > _MOST_TEXT or size + each.json > _MOST_JSON - _BRACKETS
        if batch and (full or len(batch) == _MOST_BLOCKS):
            yield batch
            batch, text, size = [], 0, 0
        batch.append(each)
        text += each.text
        size += each.json
    yield batch


def _say_papers(batch: Sequence[_Packed]) -> str:
    """Name the papers of a message for notifications and screen readers."""
    lines: list[str] = []
    left = _MOST_FALLBACK
    for each in batch:
        line = f"{each.number} · {clip(_title(each.paper), _BRIEF)}"
        left -= len(_escape(line)) + 1
        if left < 0:
            break
        lines.append(line)
    return "\n".join(lines)


def _rich_text(*elements: Element) -> Block:
    return {"type": "rich_text", "elements": [*elements]}


def _section(*elements: Element) -> Element:
    return {"type": "rich_text_section", "elements": _joined(elements)}


def _text(text: str, style: dict[str, bool] | None = None) -> Element:
    element: Element = {"type": "text", "text": text}
    if style:
        element["style"] = style
    return element


def _link(paper: PaperView, limit: int, style: dict[str, bool] | None = None) -> Element:
    element: Element = {"type": "link", "url": paper.url, "text": clip(_title(paper), limit)}
    if style:
        element["style"] = style
    return element


def _marked(segments: Segments) -> Iterable[Element]:
    return (_text(part.text, _BOLD if part.hit else None) for part in segments)


def _title(paper: PaperView) -> str:
    return plain(paper.title) or paper.item.paper.base_id


def _escape(text: str) -> str:
    """Escape what Slack reads as control: https://docs.slack.dev/messaging/formatting-message-text."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
