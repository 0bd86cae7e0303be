from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from bot.core.editions import BatchState, DeliveryState, DestinationKind
from bot.core.figures import LATENCIES, Announced, Arrivals, ReceiptCount, Standing
from bot.errors import StoreError
from bot.flows.tallying import Tally
from tests.fakes.papers import DAY, NOW

if TYPE_CHECKING:
    from bot.flows.tallying import CountingStore

DAYS = timedelta(days=1)
MAIL, FOLDER = DestinationKind.EMAIL, DestinationKind.FOLDER


def arrivals(kind: DestinationKind, sent: Sequence[datetime]) -> tuple[Arrivals, ...]:
    number = len(sent)
    return (Arrivals(kind, number, (number,) * len(LATENCIES), 1.0 * number, 0),) if sent else ()


@dataclass(slots=True)
class CountedStore:
    """Mails by when they arrived, editions of two papers by when they were frozen."""

    sent: list[datetime] = field(default_factory=list)
    editions: list[datetime] = field(default_factory=list)
    looked_at: int = 0
    down: bool = False

    def count(self) -> int:
        return 5

    def count_arrivals(self, after: datetime | None, until: datetime) -> tuple[Arrivals, ...]:
        found = [at for at in self.sent if (after is None or at > after) and at <= until]
        self.looked_at += len(found)
        return arrivals(MAIL, found)

    def count_deliveries(
        self, after: datetime
    ) -> tuple[tuple[Arrivals, ...], tuple[Standing, ...]]:
        found = [at for at in self.sent if at > after]
        self.looked_at += len(found)
        return arrivals(MAIL, found), (Standing(FOLDER, DeliveryState.FAILED, 2, 3),)

    def find_edition(self, before: datetime) -> int:
        return len([at for at in self.editions if at < before])

    def count_matches(self, after: int, until: int | None = None) -> int:
        if self.down:
            msg = "papers.db is locked"
            raise StoreError(msg)
        return 2 * len(self.editions[after:until])

    def count_announced(self) -> tuple[Announced, ...]:
        return (Announced("cs.CV", 2, 7, 3, 1),)

    def count_receipts(self, since: date) -> tuple[ReceiptCount, ...]:
        assert since == DAY - 7 * DAYS
        return (ReceiptCount("cs.CV", BatchState.LATE, 1),)

    def load_counts(self, name: str) -> dict[str, int]:
        return {"arxiv_requests": {"200": 4}}[name]


if TYPE_CHECKING:
    _STORE: CountingStore = CountedStore()


def test_measures_everything_of_every_kind_and_state() -> None:
    store = CountedStore([NOW - 9 * DAYS, NOW], [NOW - 9 * DAYS, NOW])
    figures = Tally().measure(store, NOW)
    assert (figures.papers, figures.matches, figures.repeats) == (5, 4, 3)
    assert {kind for kind, _ in figures.deliveries} == set(DestinationKind)
    assert {state for _, state in figures.deliveries} == set(DeliveryState)
    assert {key: number for key, number in figures.deliveries.items() if number} == {
        (MAIL, DeliveryState.SENT): 2,
        (FOLDER, DeliveryState.FAILED): 2,
    }
    assert [each.count for each in figures.arrivals if each.kind is MAIL] == [2]
    assert [each.kind for each in figures.arrivals] == list(DestinationKind)
    assert figures.announced == store.count_announced()
    assert figures.receipts == store.count_receipts(DAY - 7 * DAYS)
    assert figures.requests == {"200": 4}


def test_what_was_sent_long_ago_is_counted_once() -> None:
    store = CountedStore([NOW - each * DAYS for each in range(100, 2, -1)])
    tally = Tally()
    tally.measure(store, NOW)
    before = store.looked_at
    store.sent += [NOW, NOW + DAYS / 2]
    figures = tally.measure(store, NOW + DAYS / 2)
    assert figures.deliveries[MAIL, DeliveryState.SENT] == len(store.sent)
    assert store.looked_at - before == 2


@pytest.mark.parametrize("step", [DAYS / 3, DAYS, 5 * DAYS])
def test_figures_stay_whole_as_days_go_by(step: timedelta, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(CountedStore, "count_receipts", lambda _store, _since: ())
    store, tally = CountedStore(), Tally()
    for number in range(20):
        now = NOW + number * step
        store.sent += [now - DAYS / 4, now]
        store.editions.append(now)
        figures = tally.measure(store, now)
        assert figures.deliveries[MAIL, DeliveryState.SENT] == len(store.sent)
        assert figures.matches == 2 * len(store.editions)


def test_a_count_that_fails_half_way_counts_nothing_twice() -> None:
    store = CountedStore([NOW - 9 * DAYS], [NOW - 9 * DAYS])
    tally = Tally()
    store.down = True
    with pytest.raises(StoreError):
        tally.measure(store, NOW)
    store.down = False
    figures = tally.measure(store, NOW)
    assert (figures.deliveries[MAIL, DeliveryState.SENT], figures.matches) == (1, 2)


def test_a_clock_that_was_ahead_hides_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(CountedStore, "count_receipts", lambda _store, _since: ())
    store, tally = CountedStore([NOW]), Tally()
    tally.measure(store, NOW + 400 * DAYS)
    store.sent.append(NOW + DAYS)
    figures = tally.measure(store, NOW + DAYS)
    assert figures.deliveries[MAIL, DeliveryState.SENT] == 2
