"""Papers that people of Slack save for themselves, or mark as not for their channel."""

from collections.abc import Iterable
from datetime import datetime

from bot.core.desk import Kept, Saved
from bot.core.papers import ArxivId, Paper
from bot.core.records import Mark
from bot.core.slack_names import Person, SlackPlace, is_channel
from bot.errors import UserError
from bot.flows.previewing import show_paper
from bot.flows.slack_desk import Desk


def save_papers(desk: Desk, person: Person, arxiv_ids: Iterable[str], now: datetime) -> Kept:
    """Save papers for a person; what is not stored, or no arXiv id, is told apart."""
    wanted = dict.fromkeys(map(_read_base, arxiv_ids))
    stored = desk.store.load_papers(wanted)
    saved: list[Paper] = []
    already: list[Paper] = []
    for base_id in filter(stored.__contains__, wanted):
        is_new = desk.store.save_mark(person, Mark.SAVED, base_id, now)
        (saved if is_new else already).append(stored[base_id])
    unknown = tuple(each for each in wanted if each not in stored)
    return Kept(tuple(saved), tuple(already), unknown)


def unsave_paper(desk: Desk, person: Person, arxiv_id: str) -> tuple[Paper, bool]:
    """Let a saved paper go; the answer says whether it was saved."""
    paper = show_paper(desk, arxiv_id)
    return paper, desk.store.remove_mark(person, Mark.SAVED, paper.base_id)


def saved_papers(desk: Desk, person: Person, limit: int = 50) -> tuple[tuple[Saved, ...], int]:
    """Load the papers that a person saved last, newest first, and how many there are in all."""
    marks = desk.store.load_marks(person, Mark.SAVED)
    shown = marks[:limit]
    papers = desk.store.load_papers([each.base_id for each in shown])
    saved = (Saved(papers[each.base_id], each.at) for each in shown if each.base_id in papers)
    return tuple(saved), len(marks)


def not_for_us(
    desk: Desk, person: Person, channel: str, arxiv_id: str, now: datetime
) -> tuple[Paper, bool]:
    """Mark a paper as not for a conversation; the answer says whether the person did so before."""
    paper = show_paper(desk, arxiv_id)
    place = str(SlackPlace(person.team, channel)) if is_channel(channel) else ""
    return paper, not desk.store.save_mark(person, Mark.UNWANTED, paper.base_id, now, place=place)


def _read_base(arxiv_id: str) -> str:
    try:
        return ArxivId.parse(arxiv_id).base
    except UserError:
        return arxiv_id
