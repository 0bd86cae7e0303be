from collections.abc import Iterator
from datetime import timedelta
from itertools import groupby, pairwise
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.adapters.store import Store, open_store
from bot.core.editions import Delivery, DeliveryState, Destination, DestinationKind, allows
from bot.core.records import Busy, Claim
from bot.core.schedule import Schedule
from bot.core.subscriptions import Subscription
from bot.errors import StoreError
from tests.adapters.store.made_up import (
    CATS,
    DAY,
    MAIL,
    MINUTE,
    NOW,
    announce,
    due_ids,
    dump,
    freeze,
    make_edition,
    make_paper,
    save,
    take,
)
from tests.adapters.store.slow_disk import SlowDisk

PAPER = make_paper()


@pytest.fixture
def planned(store: Store) -> Delivery:
    """Plan a delivery that waits for its first claim."""
    save(store, announce(PAPER))
    (delivery,) = freeze(store, CATS, make_edition(PAPER), [(MAIL, NOW)], NOW) or ()
    return delivery


def claimed(store: Store, delivery: Delivery) -> Claim:
    claim = take(store, delivery.id, NOW)
    assert claim
    return claim


def test_a_claim_holds_what_is_to_be_sent(store: Store, planned: Delivery) -> None:
    claim = claimed(store, planned)
    assert claim.edition == make_edition(PAPER)
    assert claim.delivery.destination == MAIL
    assert claim.delivery.key == planned.key
    assert (claim.delivery.state, claim.delivery.attempt) == (DeliveryState.SENDING, 1)
    assert not claim.in_doubt


def test_a_claimed_delivery_is_neither_due_nor_claimable(store: Store, planned: Delivery) -> None:
    claimed(store, planned)
    assert due_ids(store, NOW) == ()
    assert take(store, planned.id, NOW) is None
    assert take(store, planned.id + 1, NOW) is None


def test_an_expired_lease_is_claimed_again_in_doubt(store: Store, planned: Delivery) -> None:
    first = claimed(store, planned)
    assert store.leave(first, NOW, again=False)
    later = NOW + MINUTE
    assert due_ids(store, later - timedelta(microseconds=1)) == ()
    assert due_ids(store, later) == (planned.id,)
    second = take(store, planned.id, later)
    assert second
    assert (second.delivery.attempt, second.in_doubt) == (2, True)
    assert not store.settle(first, DeliveryState.SENT, at=later, detail="too late")
    assert store.settle(second, DeliveryState.SENT, at=later, detail="found")


def test_an_outcome_is_recorded_once(store: Store, planned: Delivery) -> None:
    claim = claimed(store, planned)
    assert store.settle(claim, DeliveryState.SENT, at=NOW, detail="id 1")
    assert not store.settle(claim, DeliveryState.FAILED, at=NOW, detail="again")
    (showing,) = store.load_showings(PAPER.base_id)
    assert (showing.state, showing.detail, showing.at) == (DeliveryState.SENT, "id 1", NOW)
    assert store.claim(planned.id, NOW + 9 * MINUTE, NOW + 10 * MINUTE) is None


def test_what_may_have_left_is_in_doubt_after_a_power_failure(tmp_path: Path) -> None:
    with open_store(f"sqlite:///{tmp_path / 'papers.db'}") as store:
        disk = SlowDisk(store, tmp_path / "kept.db")
        save(store, announce(PAPER))
        (planned,) = freeze(store, CATS, make_edition(PAPER), [(MAIL, NOW)], NOW) or ()
        claim = claimed(store, planned)
        assert disk.syncs == 0
        assert store.leave(claim, NOW, again=False)
        assert disk.syncs == 1
        assert store.settle(claim, DeliveryState.SENT, at=NOW, detail="id 1")
    with open_store(f"sqlite:///{disk.kept}") as store:
        again = take(store, planned.id, NOW + MINUTE)
    assert again
    assert (again.delivery.attempt, again.in_doubt) == (2, True)


QUIET = Schedule(timezone="UTC", quiet=(NOW.time().replace(minute=0), NOW.time()))
IN_QUIET = NOW - timedelta(minutes=2)


def test_nothing_is_claimed_in_quiet_hours(store: Store) -> None:
    save(store, announce(PAPER))
    (delivery,) = freeze(store, CATS, make_edition(PAPER), [(MAIL, IN_QUIET)], IN_QUIET) or ()
    store.save_subscription(Subscription(*CATS.key, MAIL, QUIET), IN_QUIET)
    ends = NOW.replace(second=0, microsecond=0)
    assert store.claim(delivery.id, IN_QUIET, NOW) == Busy(ends)
    assert due_ids(store, ends - timedelta(microseconds=1)) == ()
    assert due_ids(store, ends) == (delivery.id,)
    claim = take(store, delivery.id, ends)
    assert claim
    assert claim.delivery.attempt == 1
    line, steps = store.load_delivery(delivery.id) or (None, ())
    assert line
    assert [step.detail for step in steps] == ["planned", "claimed"]


@pytest.mark.parametrize("left", [False, True])
def test_a_lease_that_ends_in_quiet_hours_waits_as_what_it_left_behind(
    store: Store, *, left: bool
) -> None:
    save(store, announce(PAPER))
    begun = IN_QUIET - MINUTE
    (delivery,) = freeze(store, CATS, make_edition(PAPER), [(MAIL, begun)], begun) or ()
    claim = take(store, delivery.id, begun)
    assert claim
    assert not left or store.leave(claim, begun, again=False)
    store.save_subscription(Subscription(*CATS.key, MAIL, QUIET), begun)
    ends = NOW.replace(second=0, microsecond=0)
    assert store.claim(delivery.id, IN_QUIET, NOW) == Busy(ends)
    line, _ = store.load_delivery(delivery.id) or (None, ())
    assert line
    assert line.delivery.state is (DeliveryState.UNKNOWN if left else DeliveryState.RETRY)
    again = take(store, delivery.id, ends)
    assert again
    assert again.in_doubt is left


def test_a_planned_delivery_waits_for_its_moment(store: Store) -> None:
    save(store, announce(PAPER))
    (delivery,) = freeze(store, CATS, make_edition(PAPER), [(MAIL, NOW + MINUTE)], NOW) or ()
    assert due_ids(store, NOW) == ()
    assert take(store, delivery.id, NOW) is None
    assert due_ids(store, NOW + MINUTE) == (delivery.id,)
    assert take(store, delivery.id, NOW + MINUTE)


@pytest.mark.parametrize("state", [DeliveryState.RETRY, DeliveryState.UNKNOWN])
def test_a_delivery_waits_until_its_time_to_be_tried_again(
    store: Store, planned: Delivery, state: DeliveryState
) -> None:
    claim = claimed(store, planned)
    assert store.settle(claim, state, at=NOW, detail="busy", retry_at=NOW + MINUTE)
    assert due_ids(store, NOW) == ()
    assert take(store, planned.id, NOW) is None
    assert due_ids(store, NOW + MINUTE) == (planned.id,)
    again = take(store, planned.id, NOW + MINUTE)
    assert again
    assert again.in_doubt is (state is DeliveryState.UNKNOWN)


@pytest.mark.parametrize("state", list(DeliveryState))
def test_only_allowed_transitions_are_recorded(
    store: Store, planned: Delivery, state: DeliveryState
) -> None:
    claim = claimed(store, planned)
    if allows(DeliveryState.SENDING, state):
        assert store.settle(claim, state, at=NOW, detail="")
    else:
        with pytest.raises(StoreError, match=f"cannot go from sending to {state}"):
            store.settle(claim, state, at=NOW, detail="")


def test_due_deliveries_come_oldest_edition_first(store: Store) -> None:
    days = [DAY, DAY - timedelta(days=2), DAY + timedelta(days=1)]
    for number, day in enumerate(days, 1):
        paper = make_paper(number)
        save(store, announce(paper, day=day))
        freeze(store, CATS, make_edition(paper, day=day), [(MAIL, NOW)], NOW)
    assert due_ids(store, NOW) == (2, 1, 3)


@given(steps=st.data())
@settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
def test_every_history_is_a_walk_along_allowed_transitions(
    store: Store, database_url: str, steps: st.DataObject
) -> None:
    number = store.count() + 1
    paper = make_paper(number)
    day = DAY + timedelta(days=number)
    save(store, announce(paper, day=day))
    where = Destination(DestinationKind.FOLDER, f"digests/{number}")
    (delivery,) = freeze(store, CATS, make_edition(paper, day=day), [(where, NOW)], NOW) or ()
    now = NOW
    outcomes = st.sampled_from([None, *DeliveryState])
    for outcome in steps.draw(st.lists(outcomes, max_size=6)):
        now += MINUTE
        claim = take(store, delivery.id, now, MINUTE / 2)
        if claim and outcome and allows(DeliveryState.SENDING, outcome):
            assert store.settle(claim, outcome, at=now, detail="drawn")
    history = [state for state, _ in groupby(_history(database_url, delivery.id))]
    assert history[0] is DeliveryState.PENDING
    assert all(allows(before, after) for before, after in pairwise(history))


def _history(database_url: str, delivery_id: int) -> Iterator[DeliveryState]:
    for row in sorted(dump(database_url)["delivery_events"], key=lambda row: int(str(row[0]))):
        if row[1] == delivery_id:
            yield DeliveryState(str(row[3]))


@pytest.mark.parametrize("unknown", [False, True])
def test_a_claim_is_given_back_without_a_failure(
    store: Store, planned: Delivery, *, unknown: bool
) -> None:
    claim = claimed(store, planned)
    assert store.leave(claim, NOW, again=False)
    later = NOW + 5 * MINUTE
    assert store.defer(claim, NOW, until=later, detail="too busy", unknown=unknown)
    assert not store.defer(claim, NOW, until=later, detail="too busy", unknown=unknown)
    assert store.claim(planned.id, later - MINUTE, later) is None
    again = take(store, planned.id, later)
    assert again is not None
    assert (again.failures, again.deferrals, again.in_doubt) == (0, 1, unknown)
    found = store.load_delivery(planned.id)
    assert found is not None
    assert [(step.state, step.detail) for step in found[1]][-2] == (
        DeliveryState.UNKNOWN if unknown else DeliveryState.RETRY,
        "too busy",
    )
    # A failure after that counts as the first.
    assert store.settle(again, DeliveryState.RETRY, at=later, detail="no")
    last = take(store, planned.id, later)
    assert last is not None
    assert (last.failures, last.deferrals) == (1, 1)


def test_who_was_overtaken_gives_nothing_back(store: Store, planned: Delivery) -> None:
    claim = claimed(store, planned)
    assert take(store, planned.id, NOW + 9 * MINUTE) is not None
    assert not store.defer(claim, NOW, until=NOW, detail="too busy", unknown=False)
