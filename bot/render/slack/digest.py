"""An edition as Slack messages, within Slack's limits; sends nothing."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Final

from bot.core.editions import Edition
from bot.render.segments import clip
from bot.render.slack.elements import (
    MOST_URL,
    Block,
    Element,
    actions,
    bold,
    bullets,
    button,
    confirmation,
    context,
    escape,
    link,
    paragraph,
    rich,
    section,
    words,
)
from bot.render.slack.limits import MESSAGE, MOST_FALLBACK, fallback, measure
from bot.render.slack.papers import (
    BRIEF,
    build_body,
    build_head,
    build_line,
    build_menu,
    name_paper,
)
from bot.render.view import EditionView, PaperView, build_edition_view

_NOWHERE: Final[Mapping[str, str]] = MappingProxyType({})
_BEST: Final = 5


@dataclass(frozen=True, slots=True)
class Message:
    """A message to be posted, but for its channel, thread and metadata.

    `papers` are the base ids of those shown in full.
    """

    body: dict[str, object]
    papers: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Packed:
    """What is shown of a paper and what it takes of a message; `base_id` "": only a line."""

    line: str
    base_id: str
    blocks: tuple[Block, ...]
    text: int
    json: int


def build_digest(
    edition: Edition,
    *,
    key: str = "",
    page: str = "",
    here: Mapping[str, str] = _NOWHERE,
    set_ref: str = "",
    subscription_id: int = 0,
) -> tuple[Message, ...]:
    """Build the parent message, then those of its thread, each to be posted once and in order.

    `here` maps papers that were spoken of in the channel before to links to those messages: they
    get a line each at the end. `key` names the delivery in the parent's buttons. A button leads to
    the `page` on which the edition is read. An edition without papers is one line, no thread.
    """
    known = {item.paper.base_id for item in edition.items} & here.keys()
    view = build_edition_view(replace(edition, earlier=edition.earlier + len(known)))
    title = f"{clip(view.set_name, BRIEF)} · {view.day}"
    if not edition.items:
        nothing = f"nothing new today; {edition.receipt.read} read"
        blocks = [paragraph(*_heading(view), f": {nothing}")]
        if view.problems:
            blocks.append(_problems(view.problems))
        return (Message(_body(escape(f"{title}: {nothing}"), blocks)),)
    fresh = [each for each in view.papers if each.item.paper.base_id not in known]
    buttons = _buttons(edition, page, set_ref, subscription_id)
    parent = [
        _summary(view, fresh[:_BEST]),
        *([actions(*buttons, block_id=key and f"delivery:{key}")] if buttons else []),
        _problems((view.receipt, *view.problems)),
    ]
    old = [each for each in view.papers if each.item.paper.base_id in known]
    packed = [
        *(_pack(number, paper, subscription_id) for number, paper in enumerate(fresh, 1)),
        *(_pack_known(paper, here[paper.item.paper.base_id]) for paper in old),
    ]
    return (
        Message(_body(escape(f"{title}: {view.counts}"), parent)),
        *(_join(batch) for batch in _batches(packed)),
    )


def build_messages(
    edition: Edition, *, channel: str, page: str = ""
) -> tuple[dict[str, object], ...]:
    """Build a digest for whoever only looks at it: bodies for chat.postMessage, in order."""
    digest = build_digest(edition, page=page)
    return tuple({"channel": channel, **message.body} for message in digest)


def _body(text: str, blocks: Sequence[Block]) -> dict[str, object]:
    return {
        "text": fallback(text),
        "mrkdwn": False,
        "blocks": [*blocks],
        "unfurl_links": False,
        "unfurl_media": False,
    }


def _heading(view: EditionView) -> tuple[Element, ...]:
    return (
        {"type": "emoji", "name": "newspaper"},
        words(" "),
        bold(clip(view.set_name, BRIEF)),
        words(f" · {view.day}"),
    )


def _summary(view: EditionView, best: Sequence[PaperView]) -> Block:
    """Show what there is and the best of it, for those who read no further."""
    heading = section(*_heading(view), f"\n{view.counts}")
    return rich(heading, *([bullets(map(build_line, best))] if best else []))


def _buttons(edition: Edition, page: str, set_ref: str, subscription_id: int) -> Iterable[Element]:
    total = len(edition.items)
    buttons = []
    if page and len(page) <= MOST_URL:
        buttons.append(button(f"Read all {total}" if total > 1 else "Read it", url=page))
    subscription = str(subscription_id or "")
    if set_ref or subscription:
        buttons.append(button("Change set", "set_edit", set_ref or subscription))
    if subscription:
        sure = confirmation(
            "Not here?", "No more digests of this set come to this conversation.", "Remove"
        )
        buttons += (
            button("Mute for a week", "mute", subscription),
            button("Not here", "subscription_remove", subscription, sure=sure),
        )
    return buttons


def _problems(lines: Sequence[str]) -> Block:
    """Show the receipt and what is wrong, small."""
    return context(lines, "more problems")


def _pack(number: int, paper: PaperView, subscription_id: int) -> _Packed:
    """Show a paper as fully as one message allows."""
    base_id = paper.item.paper.base_id
    menu = build_menu(base_id)
    block_id = f"paper:{subscription_id}:{number}" if subscription_id else ""
    line = f"{number} · {clip(name_paper(paper), BRIEF)}"
    head = build_head(paper, menu, number=number, block_id=block_id)
    packed = _measured(line, base_id, head, *build_body(paper))
    if MESSAGE.holds(packed.text, packed.json):
        return packed
    head = build_head(paper, menu, number=number, block_id=block_id, brief=True)
    return _measured(line, base_id, head, *build_body(paper, brief=True))


def _pack_known(paper: PaperView, message: str) -> _Packed:
    """Show that a paper was here before, and where."""
    title = clip(name_paper(paper), BRIEF)
    target = link(message, title) if message.startswith("https://") else words(title)
    return _measured(f"Already here: {title}", "", paragraph("Already here: ", target))


def _measured(line: str, base_id: str, *blocks: Block) -> _Packed:
    return _Packed(line, base_id, blocks, *measure(*blocks))


def _batches(packed: Iterable[_Packed]) -> Iterable[list[_Packed]]:
    """Fill one message after the other; in a fixed order no other packing needs fewer."""
    batch: list[_Packed] = []
    text = size = blocks = 0
    for each in packed:
        text, size = text + each.text, size + each.json
        blocks += len(each.blocks)
        if batch and not MESSAGE.holds(text, size, blocks):
            yield batch
            batch, text, size, blocks = [], each.text, each.json, len(each.blocks)
        batch.append(each)
    yield batch


def _join(batch: Sequence[_Packed]) -> Message:
    papers = tuple(each.base_id for each in batch if each.base_id)
    return Message(
        _body(_say_papers(batch), [block for each in batch for block in each.blocks]), papers
    )


def _say_papers(batch: Sequence[_Packed]) -> str:
    """Name the papers of a message for notifications and screen readers."""
    lines: list[str] = []
    left = MOST_FALLBACK
    for each in batch:
        line = escape(each.line)
        left -= len(line) + 1
        if left < 0:
            break
        lines.append(line)
    return "\n".join(lines)
