"""One turn of the clock: ask arXiv for what is due, catch up on what was missed, publish."""

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Protocol
from zoneinfo import ZoneInfo

from bot.core.announcing import ANNOUNCED
from bot.core.editions import BatchState, CategoryReceipt, DestinationKind
from bot.core.keyword_sets import KeywordSet
from bot.core.polling import expected_day, poll_every
from bot.flows.catching_up import (
    Backfill,
    CatchUpStore,
    Gap,
    History,
    backfill,
    catch_up,
    find_gaps,
    oldest_kept,
    plan_backfill,
)
from bot.flows.ingest import Ingest, Source
from bot.flows.publish import EditionStore, Published, publish

_EASTERN = ZoneInfo("America/New_York")
_DAY = timedelta(days=1)
# A set is published when all its categories are read. One that is late is waited for so long after
# the first; an empty one is either late by minutes or has nothing that day.
PATIENCE = timedelta(hours=2)
_PATIENCE_WITH_EMPTY = timedelta(minutes=30)
_READ = ANNOUNCED - {BatchState.EMPTY}


class FollowingStore(CatchUpStore, EditionStore, Protocol):
    """What following needs to remember."""

    def newest_day(self, categories: Iterable[str]) -> date | None:
        """Return the newest day on which any of the categories announced papers."""
        ...

    def first_read_at(self, day: date, categories: Iterable[str]) -> datetime | None:
        """Return when the first of these categories' batches of a day, not empty, was read."""
        ...


@dataclass(frozen=True, slots=True)
class Following:
    """What the clock follows: categories from their sources, for those who published for.

    `report` hears each category's line as it is read, `warn` what keeps a set from being
    published. Any number of clocks may share a store: each thing is done once.
    """

    source: Source
    history: History
    store: FollowingStore
    kinds: Collection[DestinationKind] = tuple(DestinationKind)
    report: Callable[[CategoryReceipt], None] = lambda _line: None
    warn: Callable[[str], None] = lambda _problem: None

    def turn(
        self, sets: Sequence[KeywordSet], categories: Sequence[str], now: datetime
    ) -> tuple[Published, ...]:
        """Do all that is due now; return what was published."""
        self.read_older(categories, now)
        # Before the newest batch: it is stale where it repeats one of those.
        gaps = find_gaps(self.store, categories, now)
        caught = catch_up(gaps, self.history, self.store, now, self.report)
        asked = self.poll(categories, now)
        if caught or asked:
            # What could not be read now is waited for, but not for ever.
            gaps = find_gaps(self.store, categories, now)
        published: list[Published] = []
        for day, ready in find_ready(sets, self.store, categories, gaps, now).items():
            published += publish(
                day,
                ready,
                self.store,
                categories=categories,
                now=now,
                kinds=self.kinds,
                report=self.warn,
            )
        return tuple(published)

    def poll(self, categories: Sequence[str], now: datetime) -> bool:
        """Ask for the newest batch of each category that has not moved and whose turn it is.

        Return whether there was one.
        """
        day = expected_day(now)
        states = {line.category: line.state for line in self.store.receipts(day, categories)}
        due = tuple(
            category
            for category in categories
            if (every := poll_every(states.get(category), day, now)) is not None
            and self.store.take_turn(f"poll {category}", now, every)
        )
        if due:
            # Feeds change at midnight: before it, yesterday's batch is not late.
            served = day if now.astimezone(_EASTERN).date() == day else None
            Ingest(self.source, self.store, self.report).run(served, due, now)
        return bool(due)

    def read_older(self, categories: Sequence[str], now: datetime) -> None:
        """Look, once a day, for days that were missed so long ago that no page has them."""
        until = oldest_kept(now) - _DAY
        for category, first in self.store.first_announced(categories).items():
            if first > until or not self.store.take_turn(f"older {category}", now, _DAY):
                continue
            plan = plan_backfill(self.store, [category], first, until, now)
            if plan.older:
                missed = Backfill((), plan.older, 0)
                backfill(missed, self.history, self.store, now, self.report)


def find_ready(
    sets: Sequence[KeywordSet],
    store: FollowingStore,
    categories: Sequence[str],
    gaps: Sequence[Gap],
    now: datetime,
) -> dict[date, list[KeywordSet]]:
    """Return, by day, the sets whose edition of the newest announced day can be frozen now."""
    spans = store.edition_spans()
    days: dict[tuple[str, ...], date | None] = {}
    ready: dict[date, list[KeywordSet]] = {}
    for keyword_set in sets:
        own = keyword_set.categories or tuple(categories)
        if own not in days:
            days[own] = _find_ready_day(store, own, gaps, now)
        day, span = days[own], spans.get(keyword_set.key)
        if day is not None and (span is None or span.last < day):
            ready.setdefault(day, []).append(keyword_set)
    return ready


def _find_ready_day(
    store: FollowingStore, categories: Sequence[str], gaps: Sequence[Gap], now: datetime
) -> date | None:
    """Return the newest day of these categories if all of it is there, or enough time went by."""
    day = store.newest_day(categories)
    if day is None:
        return None
    states = {line.category: line.state for line in store.receipts(day, categories)}
    missing = [category for category in categories if states.get(category) not in _READ]
    unread = [gap for gap in gaps if gap.category in categories and gap.state not in ANNOUNCED]
    if not missing and not unread:
        return day
    only_empty = all(states.get(category) is BatchState.EMPTY for category in missing)
    patience = _PATIENCE_WITH_EMPTY if only_empty and not unread else PATIENCE
    first = store.first_read_at(day, categories)
    return day if first is not None and now - first >= patience else None
