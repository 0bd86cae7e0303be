from collections.abc import Callable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from bot.adapters.store import Store
from bot.adapters.store.measures import FAILED_LATELY, keep_counts
from bot.adapters.store.tables import receipts
from bot.core.editions import BatchState, CategoryReceipt, DeliveryState, DestinationKind
from bot.core.figures import (
    LATENCIES,
    Announced,
    Arrivals,
    Backlog,
    Pause,
    ReceiptCount,
    Standing,
)
from bot.core.subscriptions import Subscription
from bot.flows.tallying import Tally
from tests.adapters.store.made_up import (
    CATS,
    CHANNEL,
    DAY,
    MAIL,
    MINUTE,
    NOW,
    announce,
    freeze,
    make_edition,
    make_paper,
    save,
    take,
)

if TYPE_CHECKING:
    from bot.flows.measuring import FactStore
    from bot.flows.tallying import CountingStore

    def _proof(store: Store) -> tuple[FactStore, CountingStore]:
        return store, store


SECOND = timedelta(seconds=1)
DAYS = timedelta(days=1)
EMAIL = DestinationKind.EMAIL

Plan = Callable[..., int]


@pytest.fixture
def plan(store: Store) -> Plan:
    """Plan a delivery of a day of its own, due at a moment; return its number."""
    days = iter(range(100))

    def make(due: datetime = NOW, at: datetime = NOW) -> int:
        number = next(days)
        day = DAY - number * DAYS
        paper = make_paper(number + 1)
        save(store, announce(paper, day=day))
        (delivery,) = freeze(store, CATS, make_edition(paper, day=day), [(MAIL, due)], at) or ()
        return delivery.id

    return make


def settle(store: Store, number: int, state: DeliveryState, at: datetime) -> None:
    claim = take(store, number, at)
    assert claim
    assert store.settle(claim, state, at=at, detail="", retry_at=at + MINUTE)


def test_an_empty_database_has_nothing_to_do_and_nothing_to_show(store: Store) -> None:
    assert store.load_backlog(NOW) == Backlog()
    assert store.load_pauses() == ()
    assert store.count_arrivals(None, NOW) == ()
    assert store.count_deliveries(NOW) == ((), ())
    assert (store.find_edition(NOW), store.count_matches(0), store.count_announced()) == (0, 0, ())
    figures = Tally().measure(store, NOW)
    assert (figures.papers, figures.matches, figures.repeats) == (0, 0, 0)
    assert set(figures.deliveries.values()) == {0}


def test_the_backlog_is_what_could_be_claimed_and_its_oldest(store: Store, plan: Plan) -> None:
    plan(NOW - 2 * MINUTE, NOW - 2 * MINUTE)
    plan(NOW - MINUTE, NOW - MINUTE)
    plan(NOW + MINUTE)
    assert store.load_backlog(NOW) == Backlog(2, NOW - 2 * MINUTE)
    settle(store, 1, DeliveryState.SENT, NOW)
    assert store.load_backlog(NOW) == Backlog(1, NOW - MINUTE)
    settle(store, 2, DeliveryState.RETRY, NOW)
    assert store.load_backlog(NOW) == Backlog()
    assert store.load_backlog(NOW + 2 * MINUTE) == Backlog(2, NOW + MINUTE)


def test_a_lease_that_ran_out_is_backlog_and_in_doubt_where_it_had_left(
    store: Store, plan: Plan
) -> None:
    claim = take(store, plan(), NOW)
    assert claim
    assert store.load_backlog(NOW) == Backlog()
    assert store.load_backlog(NOW + 2 * MINUTE) == Backlog(1, NOW + MINUTE)
    store.leave(claim, NOW, again=False)
    assert store.load_backlog(NOW) == Backlog()
    assert store.load_backlog(NOW + 2 * MINUTE) == Backlog(1, NOW + MINUTE, in_doubt=1)


def test_what_may_have_arrived_is_in_doubt(store: Store, plan: Plan) -> None:
    settle(store, plan(), DeliveryState.UNKNOWN, NOW)
    assert store.load_backlog(NOW) == Backlog(in_doubt=1)


def test_what_failed_lately_is_counted(store: Store, plan: Plan) -> None:
    settle(store, plan(), DeliveryState.FAILED, NOW)
    assert store.load_backlog(NOW + FAILED_LATELY - SECOND) == Backlog(failed=1)
    assert store.load_backlog(NOW + FAILED_LATELY) == Backlog()


def test_what_nobody_wants_now_is_no_backlog(store: Store, plan: Plan) -> None:
    plan()
    (subscription,) = store.load_subscriptions()
    store.pause_subscription(subscription.id, paused=True)
    assert store.load_backlog(NOW) == Backlog()


def test_pauses_are_those_with_a_reason(store: Store) -> None:
    wished, broken = (
        store.save_subscription(Subscription(*CATS.key, place), NOW) for place in (MAIL, CHANNEL)
    )
    store.pause_subscription(wished.id, paused=True)
    store.pause_subscription(broken.id, paused=True, reason="it was archived")
    assert store.load_pauses() == (Pause(broken.id, "Cats", CHANNEL, "it was archived"),)
    store.remove_subscription(broken.id, NOW)
    assert store.load_pauses() == ()


def test_arrivals_are_counted_by_how_long_they_took(store: Store, plan: Plan) -> None:
    took = [SECOND / 2, SECOND, 61 * SECOND, 30 * DAYS]
    for each in took:
        settle(store, plan(), DeliveryState.SENT, NOW + each)
    expected = Arrivals(
        EMAIL,
        4,
        tuple(sum(each.total_seconds() <= bound for each in took) for bound in LATENCIES),
        sum(each.total_seconds() for each in took),
        0,
    )
    assert store.count_arrivals(None, NOW + 30 * DAYS) == (expected,)
    first = store.count_arrivals(None, NOW + SECOND)
    later, _ = store.count_deliveries(NOW + SECOND)
    assert (first[0].count, later[0].count) == (2, 2)
    assert first[0] + later[0] == expected
    assert store.count_arrivals(NOW + SECOND, NOW + 2 * MINUTE)[0].count == 1


def test_a_clock_that_is_behind_takes_no_time_away(store: Store, plan: Plan) -> None:
    claim = take(store, plan(), NOW)
    assert claim
    store.settle(claim, DeliveryState.SENT, at=NOW - MINUTE, detail="")
    (arrived,) = store.count_arrivals(None, NOW)
    assert (arrived.within[0], arrived.seconds) == (1, 0.0)


def test_deliveries_stand_by_kind_and_state_and_repeats_are_added_up(
    store: Store, plan: Plan
) -> None:
    plan()
    for state in (DeliveryState.SENT, DeliveryState.UNKNOWN, DeliveryState.FAILED):
        claim = take(store, plan(), NOW)
        assert claim
        store.leave(claim, NOW, again=True)
        store.settle(claim, state, at=NOW, detail="")
    arrived, standing = store.count_deliveries(NOW - SECOND)
    assert [(each.kind, each.count, each.repeats) for each in arrived] == [(EMAIL, 1, 1)]
    assert sorted(standing, key=lambda each: each.state) == [
        Standing(EMAIL, DeliveryState.FAILED, 1, 1),
        Standing(EMAIL, DeliveryState.PENDING, 1, 0),
        Standing(EMAIL, DeliveryState.UNKNOWN, 1, 1),
    ]
    figures = Tally().measure(store, NOW)
    assert figures.repeats == 3
    assert sum(figures.deliveries.values()) == 4


def test_matches_are_counted_from_an_edition_on(store: Store) -> None:
    for number in range(3):
        papers = [make_paper(2 * number + 1), make_paper(2 * number + 2)]
        day = DAY + number * DAYS
        save(store, announce(*papers, day=day))
        freeze(store, CATS, make_edition(*papers, day=day), [], NOW + number * DAYS)
    assert store.count_matches(0) == 6
    edition = store.find_edition(NOW + 2 * DAYS)
    assert store.count_matches(0, edition) == 4
    assert store.count_matches(edition) == 2
    assert store.find_edition(NOW) == 0


def test_announced_counts_what_was_read_and_outlives_its_receipts(store: Store) -> None:
    read = CategoryReceipt("cs.CV", DAY, BatchState.COMPLETE, 6, 6, new=3, cross=2, replaced=1)
    store.save_receipt(read, NOW)
    for state, day in ((BatchState.EMPTY, DAY + DAYS), (BatchState.STALE, DAY + 2 * DAYS)):
        store.save_receipt(CategoryReceipt("cs.CV", day, state, new=9 * (state == "stale")), NOW)
    store.save_receipt(CategoryReceipt("cs.RO", DAY, BatchState.FAILED), NOW)
    expected = (Announced("cs.CV", 1, 3, 2, 1),)
    assert store.count_announced() == expected
    with store.writing() as connection:
        old = receipts.c.day <= DAY.isoformat()
        keep_counts(connection, old)
        connection.execute(receipts.delete().where(old))
    assert store.count_announced() == expected
    with store.writing() as connection:
        keep_counts(connection, receipts.c.category == "cs.CV")
        connection.execute(receipts.delete())
    assert store.count_announced() == expected


def test_receipts_are_counted_by_category_and_state_from_a_day_on(store: Store) -> None:
    for days, state in enumerate([BatchState.COMPLETE, BatchState.LATE, BatchState.COMPLETE]):
        store.save_receipt(CategoryReceipt("cs.CV", DAY - days * DAYS, state), NOW)
    assert store.count_receipts(DAY - DAYS) == (
        ReceiptCount("cs.CV", BatchState.COMPLETE, 1),
        ReceiptCount("cs.CV", BatchState.LATE, 1),
    )
    assert store.count_receipts(DAY - 2 * DAYS)[0].count == 2
