"""Read what was announced while nobody asked: find the days, read each once, store what it held."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from itertools import chain, groupby
from typing import Protocol
from zoneinfo import ZoneInfo

from bot.core.announcing import ANNOUNCED
from bot.core.editions import BatchState, CategoryReceipt
from bot.core.papers import Announcement
from bot.core.polling import announcement_days, expected_day
from bot.errors import SourceError
from bot.flows.ingest import AnnouncementStore, Source, build_line, build_mismatch

# How far back arXiv has catch-up pages: https://github.com/arXiv/arxiv-browse
KEPT = timedelta(days=90)

# arXiv's first paper is of this day: https://arxiv.org/abs/hep-th/9108001
_FIRST = date(1991, 8, 14)
# So many days in a row are not arXiv's pages' fault, but arXiv's: it is left alone for now.
_MOST_FAILURES = 5

_EASTERN = ZoneInfo("America/New_York")
_DAY = timedelta(days=1)
_HOUR = timedelta(hours=1)
# What was read of these may be all there is, so looking again is less urgent.
_IN_PART = frozenset({BatchState.PARTIAL, BatchState.TRUNCATED, BatchState.EMPTY})


class History(Source, Protocol):
    """Where the announcements of past days come from."""

    def read_older(self, category: str, since: date, until: date) -> Iterator[Announcement]:
        """Yield an announcement for every Monday to Friday of days that are kept no more.

        Raise SourceError where they cannot be had.
        """
        ...


class CatchUpStore(AnnouncementStore, Protocol):
    """What catching up needs to remember."""

    def first_announced(self, categories: Iterable[str]) -> Mapping[str, date]:
        """Return the oldest day whose own batch was read, for each category of which one was."""
        ...

    def states_since(
        self, day: date, categories: Iterable[str]
    ) -> Mapping[tuple[str, date], BatchState]:
        """Return the states of these categories' batches of that day and all after it."""
        ...

    def receipts_since(self, day: date, categories: Iterable[str]) -> tuple[CategoryReceipt, ...]:
        """Return what is known of that day and all after it, oldest first."""
        ...

    def take_turn(self, name: str, now: datetime, every: timedelta) -> bool:
        """Take a turn, unless somebody took it within `every`."""
        ...

    def taken_turns(self, names: Iterable[str]) -> frozenset[str]:
        """Return which of these turns were ever taken."""
        ...


@dataclass(frozen=True, slots=True)
class Gap:
    """A day of which a category's batch is not known, or, by `state`, not known well enough."""

    category: str
    day: date
    state: BatchState | None = None

    @property
    def turn(self) -> str:
        """The name under which all processes take turns at asking for it."""
        return f"catch-up {self.category} {self.day}"

    @property
    def proof(self) -> str:
        """The name of the turn that is taken once a page has said that the day was empty."""
        return f"{self.turn} empty"


def find_gaps(store: CatchUpStore, categories: Sequence[str], now: datetime) -> tuple[Gap, ...]:
    """Return the days of the last 90 that are to be read again, or at last; oldest first.

    They are weekdays before the newest that may be announced: those without a batch since the
    category was first read (nothing is missed of a category that never was), those whose batch was
    late, stale, cut off, or not read whole, and those that were empty by the feed alone.
    """
    oldest, end = oldest_kept(now), expected_day(now) - _DAY
    states = store.states_since(oldest, categories)
    proofs = _find_proofs(store, states)
    starts = store.first_announced(categories)
    gaps: list[Gap] = []
    for day in announcement_days(oldest - _DAY, end):
        for category in categories:
            gap = Gap(category, day, states.get((category, day)))
            is_missed = gap.state is not None or day >= starts.get(category, date.max)
            if is_missed and not _is_known(gap, proofs):
                gaps.append(gap)
    return tuple(gaps)


def catch_up(
    gaps: Iterable[Gap],
    history: History,
    store: CatchUpStore,
    now: datetime,
    report: Callable[[CategoryReceipt], None] = lambda _line: None,
) -> tuple[CategoryReceipt, ...]:
    """Read and store gaps in their order; return, and tell `report`, what became of each.

    All processes together ask for a gap at most once an hour, and once a day where a part of it
    is held. One that cannot be read stops no other; five in a row do, for this time.
    """

    def may_ask(gap: Gap) -> bool:
        every = _DAY if gap.state in _IN_PART else _HOUR
        return store.take_turn(gap.turn, now, every)

    return _tell(_read_gaps(gaps, history, store, now, may_ask), report)


@dataclass(frozen=True, slots=True)
class Backfill:
    """What is to be read of a span: days that arXiv keeps, older ones; `known` needs no reading."""

    kept: tuple[Gap, ...]
    older: tuple[Gap, ...]
    known: int

    @property
    def size(self) -> int:
        """How many days are to be read, each category counted."""
        return len(self.kept) + len(self.older)


def plan_backfill(
    store: CatchUpStore, categories: Sequence[str], since: date, until: date, now: datetime
) -> Backfill:
    """Find what of a span's announcements was not read whole; the newest day is not in it.

    A day that arXiv keeps no more is known with whatever was read of it.
    """
    oldest, since = oldest_kept(now), max(since, _FIRST)
    states = store.states_since(since, categories)
    proofs = _find_proofs(store, states)
    kept: list[Gap] = []
    older: list[Gap] = []
    known = 0
    for day in announcement_days(since - _DAY, min(until, expected_day(now) - _DAY)):
        for category in categories:
            gap = Gap(category, day, states.get((category, day)))
            if _is_known(gap, proofs) or (day < oldest and gap.state in ANNOUNCED):
                known += 1
            else:
                (older if day < oldest else kept).append(gap)
    return Backfill(tuple(kept), tuple(sorted(older, key=lambda gap: gap.category)), known)


def backfill(
    plan: Backfill,
    history: History,
    store: CatchUpStore,
    now: datetime,
    report: Callable[[CategoryReceipt], None] = lambda _line: None,
) -> tuple[CategoryReceipt, ...]:
    """Read and store what was planned, kept days first; return, and tell `report`, of each.

    Each day is stored as soon as it is read. Nobody else's turn is waited for: a person asked. A
    category whose older days cannot be had has one failed line, of the first of them; after five
    kept days in a row that cannot be read, the others are left.
    """
    kept = _read_gaps(plan.kept, history, store, now, lambda _gap: True)
    return _tell(chain(kept, _read_older(plan.older, history, store, now)), report)


def oldest_kept(now: datetime) -> date:
    """Return the oldest day that has a catch-up page."""
    return now.astimezone(_EASTERN).date() - KEPT


def _find_proofs(
    store: CatchUpStore, states: Mapping[tuple[str, date], BatchState]
) -> frozenset[str]:
    """Return the proofs that there are of days without papers."""
    return store.taken_turns(
        Gap(category, day).proof
        for (category, day), state in states.items()
        if state is BatchState.EMPTY
    )


def _is_known(gap: Gap, proofs: Collection[str]) -> bool:
    """Whether nothing more is to be learned of a day: it was read whole, or proved to be empty."""
    if gap.state is BatchState.EMPTY:
        return gap.proof in proofs
    return gap.state is BatchState.COMPLETE


def _tell(
    lines: Iterable[CategoryReceipt], report: Callable[[CategoryReceipt], None]
) -> tuple[CategoryReceipt, ...]:
    done: list[CategoryReceipt] = []
    for line in lines:
        done.append(line)
        report(line)
    return tuple(done)


def _read_gaps(
    gaps: Iterable[Gap],
    history: History,
    store: CatchUpStore,
    now: datetime,
    may_ask: Callable[[Gap], bool],
) -> Iterator[CategoryReceipt]:
    """Read and store days, and those after them that turn out to be their repetitions.

    No day is read twice, whatever its page repeats.
    """
    repeats: list[Gap] = []
    asked: set[tuple[str, date]] = set()
    failures = 0
    for gap in chain(gaps, repeats):
        if (gap.category, gap.day) in asked or not may_ask(gap):
            continue
        asked.add((gap.category, gap.day))
        line = _read_gap(gap, history, store, now)
        yield line
        if line.read:
            repeats += _find_repeat(line, store)
        failures = failures + 1 if line.state is BatchState.FAILED else 0
        if failures == _MOST_FAILURES:
            return


def _read_gap(gap: Gap, history: History, store: CatchUpStore, now: datetime) -> CategoryReceipt:
    """Read and store one day.

    A page names its day, so it is not compared with the batch before, as a feed's must be.
    """
    try:
        announcement = history.read(gap.category, gap.day)
    except SourceError as error:
        line = CategoryReceipt(gap.category, gap.day, BatchState.FAILED, problems=(str(error),))
    else:
        if announcement.day == gap.day:
            line = _save(announcement, store, now)
            if line.state is BatchState.EMPTY:
                store.take_turn(gap.proof, now, timedelta())
            return line
        line = build_mismatch(announcement, gap.day)
    store.save_receipt(line, now)
    return line


def _find_repeat(line: CategoryReceipt, store: CatchUpStore) -> Iterator[Gap]:
    """Find the day after, where its feed served again what was announced on the day just read.

    Nobody could tell then, as the day just read was not there to compare it with.
    """
    later = store.receipts_since(line.day + _DAY, [line.category])
    after = next((each.day for each in later if each.state in ANNOUNCED and each.read), None)
    if after is None:
        return
    own, following = (store.batch_before(line.category, day + _DAY) for day in (line.day, after))
    if following <= own:
        yield Gap(line.category, after)


def _read_older(
    gaps: Iterable[Gap], history: History, store: CatchUpStore, now: datetime
) -> Iterator[CategoryReceipt]:
    """Read and store days of which there are no pages, a category after the other."""
    for category, some in groupby(gaps, key=lambda gap: gap.category):
        days = {gap.day for gap in some}
        try:
            for announcement in history.read_older(category, min(days), max(days)):
                if announcement.day in days:
                    yield _save(announcement, store, now)
                    days.discard(announcement.day)
        except SourceError as error:
            yield CategoryReceipt(category, min(days), BatchState.FAILED, problems=(str(error),))


def _save(announcement: Announcement, store: CatchUpStore, now: datetime) -> CategoryReceipt:
    line = build_line(announcement, frozenset())
    return replace(line, stored=store.save_announcement(announcement, line, now))
