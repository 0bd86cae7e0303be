"""What a simulated arXiv announces: real papers under ids of their own, or made-up ones.

A paper comes once as new; later some are cross-listed and some replaced.
"""

import random
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta
from itertools import chain, count
from pathlib import Path

from bot.adapters.arxiv.feeds import parse_feed
from bot.core.papers import AnnounceType, Paper
from tests.fakes.papers import make_paper
from tests.simulation.arxiv import Batches, Fault, Incident

SHARED = Path(__file__).parents[3] / "shared" / "arxiv"
CATEGORIES = ("cs.CL", "cs.CV", "cs.RO")

_NEW = (AnnounceType.NEW, AnnounceType.CROSS)
_THINGS = ("clouds", "rain", "snow", "gradients", "robots", "waves")
_DOINGS = ("counting", "folding", "climbing", "benchmarking", "grasping", "mapping")
# Of the papers of earlier days, so many a day are cross-listed or replaced.
_CROSSED, _REPLACED = 3, 5
_EARLIER_DAYS = 10
_FEWEST_DAYS_BETWEEN_VERSIONS = 30

# How long faults last. What is announced so late that the next day's announcement is due before it
# is an announcement of that day.
_HOURS, _HOURS_LATE = (1, 3, 7, 24), (1, 3, 7, 14)
_NOT_ANNOUNCED = (Fault.LATE, Fault.NOT_YET)

# A paper that is not announced yet, with what each category will call it.
Draft = tuple[Paper, Mapping[str, AnnounceType]]


def announce_all(
    days: Sequence[date], drafts: Iterable[Sequence[Draft]], draw: random.Random
) -> Batches:
    """Announce a list of drafts a day, and again some of what was announced before."""
    batches = Batches()
    for day, news in zip(days, drafts, strict=False):
        earlier = [
            paper.base_id
            for versions in batches.papers.values()
            for came, paper in versions[-1:]
            if day - timedelta(days=_EARLIER_DAYS) <= versions[0][0] < day
        ]
        draw.shuffle(earlier)
        for base_id in earlier[:_CROSSED]:
            _cross_list(batches, day, base_id, draw)
        for base_id in earlier[_CROSSED : _CROSSED + _REPLACED]:
            _replace(batches, day, base_id)
        for number, (paper, kinds) in enumerate(news, start=1):
            base_id = f"{day:%y%m}.{day.day * 100 + number:05d}"
            batches.add(day, replace(paper, base_id=base_id, version=1), kinds)
    return batches


def _cross_list(batches: Batches, day: date, base_id: str, draw: random.Random) -> None:
    _, paper = batches.papers[base_id][-1]
    others = [category for category in CATEGORIES if category not in paper.categories]
    if others:
        category = draw.choice(others)
        crossed = replace(paper, categories=(*paper.categories, category))
        batches.add(day, crossed, {category: AnnounceType.CROSS})


def _replace(batches: Batches, day: date, base_id: str) -> None:
    came, paper = batches.papers[base_id][-1]
    if paper.version > 1 and day - came < timedelta(days=_FEWEST_DAYS_BETWEEN_VERSIONS):
        return
    again = replace(
        paper, version=paper.version + 1, abstract=f"{paper.abstract} Now with an appendix."
    )
    kinds = {
        category: AnnounceType.REPLACE if category == paper.primary else AnnounceType.REPLACE_CROSS
        for category in paper.categories
        if category in CATEGORIES
    }
    batches.add(day, again, kinds)


def draw_real(days: int, each: int, draw: random.Random) -> list[list[Draft]]:
    """Draw from what real announcements had as new or cross-listed: so many papers a category."""
    folders = sorted((SHARED / "days").glob("*/feeds"))
    announced = [drafts for folder in folders if (drafts := _read_day(folder))]
    drawn = []
    for number in range(days):
        of_day = announced[number % len(announced)]
        ids: dict[str, None] = {}
        for category in CATEGORIES:
            here = [base_id for base_id, (_, kinds) in of_day.items() if category in kinds]
            ids |= dict.fromkeys(draw.sample(here, min(each, len(here))))
        drawn.append([of_day[base_id] for base_id in ids])
    return drawn


def _read_day(folder: Path) -> dict[str, Draft]:
    found: dict[str, tuple[Paper, dict[str, AnnounceType]]] = {}
    for category in CATEGORIES:
        body = (folder / f"rss_{category}.xml").read_bytes()
        for entry in parse_feed(body, category=category, url=category).entries:
            if entry.kind in _NEW:
                _, kinds = found.setdefault(entry.paper.base_id, (entry.paper, {}))
                kinds[category] = entry.kind
    # What a feed says of the categories is cut short, so they are made to hold what lists it.
    return {
        base_id: (replace(paper, categories=_join(paper.categories, kinds)), kinds)
        for base_id, (paper, kinds) in found.items()
    }


def _join(categories: Sequence[str], listed: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(chain(categories, listed)))


def make_up(days: int, each: int, draw: random.Random) -> list[list[Draft]]:
    """Make papers up, so many a day."""
    numbers = count(1)
    return [[_make_draft(next(numbers), draw) for _ in range(each)] for _ in range(days)]


def _make_draft(number: int, draw: random.Random) -> Draft:
    first, *others = draw.sample(CATEGORIES, draw.choice((1, 1, 2, 3)))
    title = f"{draw.choice(_DOINGS)} {draw.choice(_THINGS)} {number}".capitalize()
    abstract = f"We are {draw.choice(_DOINGS)} {draw.choice(_THINGS)} with {draw.choice(_THINGS)}."
    paper = make_paper(1, title=title, abstract=abstract, categories=(first, *others))
    return paper, {first: AnnounceType.NEW, **dict.fromkeys(others, AnnounceType.CROSS)}


def draw_incidents(
    days: Sequence[date], rate: float, draw: random.Random
) -> dict[tuple[str, date], Incident]:
    """Let something be wrong with some categories on some of these days."""
    incidents = {}
    for day in days:
        for category in CATEGORIES:
            if draw.random() < rate:
                fault = draw.choice(tuple(Fault))
                hours = draw.choice(_HOURS_LATE if fault in _NOT_ANNOUNCED else _HOURS)
                incidents[category, day] = Incident(fault, timedelta(hours=hours))
    return incidents
