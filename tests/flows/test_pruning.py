from datetime import UTC, date, datetime, timedelta

import pytest

from bot.core.records import Pruned
from bot.flows.pruning import AT_ONCE, prune

# In the evening of the third in New York, the fourth is announced.
NOW = datetime(2025, 12, 4, 1, 30, tzinfo=UTC)
Asked = tuple[date | None, datetime | None]


class Keeper:
    """Says what it was asked to throw away."""

    def __init__(self) -> None:
        self.pruned: list[tuple[Asked, int]] = []
        self.counted: list[Asked] = []

    def prune(
        self, papers_before: date | None, history_before: datetime | None, at_once: int
    ) -> Pruned:
        self.pruned.append(((papers_before, history_before), at_once))
        return Pruned(papers=1)

    def count_prunable(self, papers_before: date | None, history_before: datetime | None) -> Pruned:
        self.counted.append((papers_before, history_before))
        return Pruned(papers=2)


@pytest.mark.parametrize(
    ("papers_days", "history_days", "asked"),
    [
        (0, 0, (None, None)),
        (100, 0, (date(2025, 8, 26), None)),
        (0, 30, (None, NOW - timedelta(days=30))),
        (365, 90, (date(2024, 12, 4), NOW - timedelta(days=90))),
    ],
)
def test_what_is_older_than_the_operator_says_goes(
    papers_days: int, history_days: int, asked: Asked
) -> None:
    keeper = Keeper()
    for dry_run, pruned in ((False, Pruned(papers=1)), (True, Pruned(papers=2))):
        assert pruned == prune(
            keeper, papers_days=papers_days, history_days=history_days, now=NOW, dry_run=dry_run
        )
    assert (keeper.pruned, keeper.counted) == ([(asked, AT_ONCE)], [asked])


@pytest.mark.parametrize("name", ["papers", "versions", "entries", "receipts", "steps"])
def test_anything_that_went_is_something(name: str) -> None:
    assert Pruned(**{name: 1})
    assert not Pruned()
