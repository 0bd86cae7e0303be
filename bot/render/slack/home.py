"""App Home: a person's subscriptions, their workspace's, its sets and what they saved."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from bot.core.commands import NAME
from bot.core.desk import HomeView, Listed, write_ref
from bot.core.keyword_sets import KeywordSet
from bot.core.slack_names import parse_owner
from bot.render.segments import clip, one_line
from bot.render.slack.answers import build_saved_row
from bot.render.slack.elements import (
    MOST_VALUE,
    Block,
    actions,
    bold,
    button,
    header,
    italic,
    paragraph,
)
from bot.render.slack.limits import VIEW, Room, fit
from bot.render.slack.subscriptions import build_row, say_left_out, suggest_subscribing
from bot.render.slack.wording import name_set, write_command
from bot.render.view import count

# How many of the hundred blocks each part may take for sure; it has more where others need less.
_MINE: Final = 36
_OTHERS: Final = 26
_SETS: Final = 22
_SAVED: Final = 16
_LOOKS: Final = 150


@dataclass(frozen=True, slots=True)
class _Part:
    """One list of the Home: what heads it, its rows, and what is said of rows left out."""

    before: list[Block]
    rows: list[tuple[Block, ...]]
    after: Callable[[int], list[Block]]
    share: int

    @property
    def wants(self) -> int:
        """How many blocks it takes of those that are its own for sure."""
        whole = len(self.before) + sum(map(len, self.rows)) + len(self.after(len(self.rows)))
        return min(self.share, whole)


def build_home(view: HomeView, *, command: str = NAME) -> dict[str, object]:
    """Build the view for views.publish: what comes where and when, a button for each action."""
    parts = [
        _list("My subscriptions", view.mine, _MINE, command),
        *([_list("This workspace’s", view.others, _OTHERS, command)] if view.others else []),
        _list_sets(view.sets),
        _list_saved(view),
    ]
    blocks: list[Block] = []
    for at, part in enumerate(parts):
        room = VIEW.blocks - len(blocks) - sum(later.wants for later in parts[at + 1 :])
        blocks += fit(part.before, part.rows, part.after, _share(room))
    return {"type": "home", "blocks": blocks}


def _list(title: str, listed: Sequence[Listed], share: int, command: str) -> _Part:
    none = paragraph("None yet. ", *suggest_subscribing(command))
    before = [header(title), *([] if listed else [none])]
    rows = [build_row(each, with_buttons=True) for each in listed]

    def after(left_out: int) -> list[Block]:
        said = say_left_out(listed, left_out)
        return [paragraph(italic(said), " ", write_command("list", command))] if said else []

    return _Part(before, rows, after, share)


def _list_sets(sets: Sequence[KeywordSet]) -> _Part:
    before = [header("Keyword sets"), actions(button("New keyword set", "set_new"))]
    return _Part(before, [*map(_show_set, sets)], _count("more set"), _SETS)


def _show_set(each: KeywordSet) -> tuple[Block, ...]:
    """Show what a set looks for; those that were made in Slack can be changed there."""
    ref = write_ref(each)
    looks = clip(one_line(", ".join(each.summary.keywords)), _LOOKS)
    ours = parse_owner(each.owner) is not None
    buttons = [button("Subscribe", "subscribe_set", ref)]
    if ours:
        buttons.append(button("Change set", "set_edit", ref))
    if 0 < len(each.query) <= MOST_VALUE:
        buttons.append(button("Try it", "try_query", one_line(each.query)))
    beside = f"{'' if ours else ' · the operator’s'}{' · paused' if each.paused else ''}"
    return (paragraph(bold(name_set(each.name)), f"{beside}\n{looks}"), actions(*buttons))


def _list_saved(view: HomeView) -> _Part:
    hidden = max(view.saved_count - len(view.saved), 0)
    none = paragraph("None yet: Save is in the menu beside each paper.")
    before = [header("Saved papers"), *([] if view.saved or hidden else [none])]
    rows = [*map(build_saved_row, view.saved)]
    counted = _count("more paper")
    return _Part(before, rows, lambda left_out: counted(left_out + hidden), _SAVED)


def _count(noun: str) -> Callable[[int], list[Block]]:
    """Say how many are left out."""

    def after(left_out: int) -> list[Block]:
        return [paragraph(italic(f"and {count(left_out, noun)}."))] if left_out else []

    return after


def _share(blocks: int) -> Room:
    """Give a part as much of the view's text and JSON as of its blocks."""
    part = blocks / VIEW.blocks
    return Room(int(VIEW.text * part), int(VIEW.json * part), blocks)
