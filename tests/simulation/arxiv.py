"""A simulated arXiv: a feed that changes at midnight in New York, pages of past days, and faults.

It has its own clock, which nobody sets: the bot's may be wrong.
"""

import random
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from bot.core.papers import Announcement, AnnounceType, Entry, Paper
from bot.core.polling import announcement_days
from bot.errors import SourceError
from tests.fakes.clocks import StillClock

if TYPE_CHECKING:
    from bot.flows.catching_up import History
    from bot.flows.ingest import Source

EASTERN = ZoneInfo("America/New_York")
DAY = timedelta(days=1)
_URL = "https://arxiv.example"
_KEPT = timedelta(days=90)
_ANNOUNCED = time(20)
# The feeds are rebuilt so long after midnight.
_REBUILT = timedelta(seconds=20)
# Of a feed that is cut off, and of one that cannot be read whole, so much is there.
_LEFT_BY_CUT = 0.6


class Fault(StrEnum):
    """What is wrong with one category's feed for a part of its day."""

    LATE = "the feed has not moved; nothing was announced"
    NOT_YET = "the feed has moved, and nothing is in it; nothing was announced"
    STALE = "yesterday's batch under today's date, as it was served yesterday"
    STALE_AS_NOW = "yesterday's batch under today's date, with the versions of today"
    CAPPED = "cut off: replacements first, so the new papers are missing"
    PARTIAL = "some items cannot be read"
    FAILING = "no answer"


@dataclass
class Batches:
    """What is announced, by category and day, and every paper's versions with their days."""

    entries: dict[tuple[str, date], list[Entry]] = field(default_factory=dict)
    papers: dict[str, list[tuple[date, Paper]]] = field(default_factory=dict)

    def add(self, day: date, paper: Paper, kinds: Mapping[str, AnnounceType]) -> None:
        """Announce a paper as this in each of these categories."""
        versions = self.papers.setdefault(paper.base_id, [])
        versions.append((day, paper))
        for category, kind in kinds.items():
            self.entries.setdefault((category, day), []).append(Entry(paper, kind))


@dataclass(frozen=True, slots=True)
class Incident:
    """A fault from the beginning of a day; `lasts` counts from midnight."""

    fault: Fault
    lasts: timedelta = DAY


@dataclass
class Arxiv:
    """Everything that is announced, and how it is served."""

    clock: StillClock
    categories: tuple[str, ...]
    batches: Batches
    incidents: Mapping[tuple[str, date], Incident] = field(default_factory=dict)
    page_fails: Callable[[str, date], bool] = lambda _category, _day: False
    older_fails: bool = False
    # How often each was asked.
    feeds_read: int = 0
    pages_read: int = 0

    def fault(self, category: str, day: date) -> Fault | None:
        incident = self.incidents.get((category, day))
        over = incident is None or self.clock.now() >= midnight(day) + incident.lasts
        return None if incident is None or over else incident.fault

    def batch(self, category: str, day: date) -> tuple[Entry, ...]:
        return tuple(self.batches.entries.get((category, day), ()))

    def batch_before(self, category: str, day: date) -> tuple[Entry, ...]:
        days = (each for of, each in self.batches.entries if of == category and each < day)
        return self.batch(category, max(days))

    def as_now(self, entries: tuple[Entry, ...]) -> tuple[Entry, ...]:
        return tuple(replace(entry, paper=self.current(entry.paper.base_id)) for entry in entries)

    def current(self, base_id: str) -> Paper:
        now = self.clock.now()
        return [paper for day, paper in self.batches.papers[base_id] if is_announced(day, now)][-1]


class Feeds:
    """What https://rss.arxiv.org would serve."""

    def __init__(self, arxiv: Arxiv) -> None:
        self.arxiv = arxiv

    def read(self, category: str, day: date | None) -> Announcement:  # noqa: ARG002 - as arXiv does
        arxiv = self.arxiv
        arxiv.feeds_read += 1
        today = (arxiv.clock.now() - _REBUILT).astimezone(EASTERN).date()
        entries = arxiv.batch(category, today)
        fault = arxiv.fault(category, today)
        match fault:
            case Fault.FAILING:
                raise SourceError(_URL, "answered 503")
            case Fault.LATE:
                today -= DAY
                entries = arxiv.batch(category, today)
            case Fault.NOT_YET:
                entries = ()
            case Fault.STALE:
                entries = arxiv.batch_before(category, today)
            case Fault.STALE_AS_NOW:
                entries = arxiv.as_now(arxiv.batch_before(category, today))
            case Fault.CAPPED:
                entries = tuple(sorted(entries, key=lambda entry: not entry.kind.is_replacement))
        whole = _announce(category, today, entries)
        kept = entries[: int(_LEFT_BY_CUT * len(entries))]
        if fault is Fault.PARTIAL:
            return replace(whole, entries=kept)
        if fault is Fault.CAPPED:
            return replace(whole, entries=kept, announced=len(kept), truncated=True)
        return whole


class FailingPages:
    """Lets pages fail at this rate, but none when it is asked for again."""

    def __init__(self, draw: random.Random, rate: float) -> None:
        self._draw = draw
        self._rate = rate
        self._failed: set[tuple[str, date]] = set()

    def __call__(self, category: str, day: date) -> bool:
        fails = (category, day) not in self._failed and self._draw.random() < self._rate
        if fails:
            self._failed.add((category, day))
        return fails


class Pages:
    """Catch-up pages for 90 days and OAI-PMH before that: papers as they are now."""

    def __init__(self, arxiv: Arxiv) -> None:
        self.arxiv = arxiv

    def read(self, category: str, day: date | None) -> Announcement:
        arxiv = self.arxiv
        arxiv.pages_read += 1
        now = arxiv.clock.now()
        assert day
        if arxiv.page_fails(category, day) or day < now.astimezone(EASTERN).date() - _KEPT:
            raise SourceError(_URL, "answered 404")
        is_late = arxiv.fault(category, day) in (Fault.LATE, Fault.NOT_YET)
        if is_late or not is_announced(day, now):
            return _announce(category, day, ())
        return _announce(category, day, arxiv.as_now(arxiv.batch(category, day)))

    def read_older(self, category: str, since: date, until: date) -> Iterator[Announcement]:
        arxiv = self.arxiv
        if arxiv.older_fails:
            raise SourceError(_URL, "answered 503")
        for day in announcement_days(since - DAY, until):
            entries = []
            for base_id, versions in arxiv.batches.papers.items():
                paper = arxiv.current(base_id) if versions[0][0] == day else None
                if paper and category in paper.categories:
                    is_new = paper.primary == category
                    kind = AnnounceType.NEW if is_new else AnnounceType.CROSS
                    entries.append(Entry(paper, kind))
            whole = _announce(category, day, tuple(entries))
            yield replace(whole, faults=("read from elsewhere",))


def midnight(day: date) -> datetime:
    """Return when a day begins in New York."""
    return datetime.combine(day, time(), EASTERN).astimezone(UTC)


def is_announced(day: date, now: datetime) -> bool:
    return now >= datetime.combine(day - DAY, _ANNOUNCED, EASTERN)


def _announce(category: str, day: date, entries: tuple[Entry, ...]) -> Announcement:
    return Announcement(category, day, f"{_URL}/{category}", len(entries), entries)


if TYPE_CHECKING:
    _ARXIV = Arxiv(StillClock(datetime.now(UTC)), (), Batches())
    _SOURCE: Source = Feeds(_ARXIV)
    _HISTORY: History = Pages(_ARXIV)
