"""Throw away what is older than the operator wants to keep it."""

from datetime import date, datetime, timedelta
from typing import Protocol

from bot.core.polling import expected_day
from bot.core.records import Pruned

# How many papers or deliveries one transaction takes: some hundredths of a second.
AT_ONCE = 200


class RetentionStore(Protocol):
    """What pruning needs of the database."""

    def prune(
        self, papers_before: date | None, history_before: datetime | None, at_once: int
    ) -> Pruned:
        """Throw away papers announced before a day, and histories settled before a moment.

        None: for ever. Nothing goes that an edition shows, that catching up begins with, or that
        tells a repeated batch. One transaction takes at most `at_once` papers or deliveries.
        """
        ...

    def count_prunable(self, papers_before: date | None, history_before: datetime | None) -> Pruned:
        """Count what `prune` would throw away; change nothing."""
        ...


def prune(
    store: RetentionStore,
    *,
    papers_days: int,
    history_days: int,
    now: datetime,
    dry_run: bool = False,
) -> Pruned:
    """Throw away what is older than these numbers of days; 0: for ever.

    Doing it again throws away only what has become too old since. `dry_run` counts and changes
    nothing.
    """
    papers_before = expected_day(now) - timedelta(days=papers_days) if papers_days else None
    history_before = now - timedelta(days=history_days) if history_days else None
    if dry_run:
        return store.count_prunable(papers_before, history_before)
    return store.prune(papers_before, history_before, AT_ONCE)
