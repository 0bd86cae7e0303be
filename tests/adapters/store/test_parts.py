from datetime import timedelta

from bot.adapters.store import Store
from bot.core.editions import DeliveryState
from bot.core.records import Claim, Part
from tests.adapters.store.made_up import (
    CATS,
    CHANNEL,
    MINUTE,
    NOW,
    announce,
    freeze,
    make_edition,
    make_paper,
    save,
)

LEASE = timedelta(minutes=5)


def claim_it(store: Store, *, at: timedelta = timedelta(0)) -> Claim:
    now = NOW + at
    (due,) = store.due_deliveries(now)
    claim = store.claim(due.id, now, now + LEASE)
    assert isinstance(claim, Claim)
    return claim


def plan(store: Store) -> None:
    save(store, announce(make_paper()))
    freeze(store, CATS, make_edition(make_paper()), [(CHANNEL, NOW)], NOW)


def test_a_delivery_that_was_not_begun_has_neither_parts_nor_draft(store: Store) -> None:
    plan(store)
    claim = claim_it(store)
    assert (dict(claim.parts), claim.draft) == ({}, "")


def test_the_next_attempt_knows_what_left_and_what_arrived(store: Store) -> None:
    plan(store)
    first = claim_it(store)
    renewed = NOW + LEASE
    assert store.leave(first, NOW, again=False, part=1, lease_until=renewed, draft="three messages")
    assert store.arrive(first, 1, "1780390800.000100")
    assert store.leave(first, NOW + MINUTE, again=False, part=2, lease_until=NOW + MINUTE + LEASE)
    second = claim_it(store, at=MINUTE + LEASE)
    assert second.in_doubt
    assert second.draft == "three messages"
    assert dict(second.parts) == {
        1: Part(1, "1780390800.000100", NOW),
        2: Part(2, "", NOW + MINUTE),
    }


def test_a_part_that_leaves_again_keeps_its_first_time(store: Store) -> None:
    plan(store)
    first = claim_it(store)
    assert store.leave(first, NOW, again=False, part=1, draft="one message")
    assert store.leave(first, NOW + MINUTE, again=True, part=1)
    assert store.settle(first, DeliveryState.UNKNOWN, at=NOW + MINUTE, detail="no answer")
    assert dict(claim_it(store, at=MINUTE).parts) == {1: Part(1, "", NOW)}


def test_each_message_that_leaves_renews_the_lease(store: Store) -> None:
    plan(store)
    first = claim_it(store)
    later = NOW + 4 * MINUTE
    assert store.leave(first, later, again=False, part=1, lease_until=later + LEASE)
    assert store.due_deliveries(NOW + LEASE) == ()
    assert len(store.due_deliveries(later + LEASE)) == 1


def test_who_was_taken_over_records_nothing_more(store: Store) -> None:
    plan(store)
    first = claim_it(store)
    assert store.leave(first, NOW, again=False, part=1, draft="mine")
    second = claim_it(store, at=LEASE)
    assert not store.arrive(first, 1, "too late")
    assert not store.leave(first, NOW + LEASE, again=False, part=2, draft="too late")
    assert store.arrive(second, 1, "found")
    assert store.leave(second, NOW + LEASE, again=False, part=2)
    assert store.settle(second, DeliveryState.UNKNOWN, at=NOW + LEASE, detail="no answer")
    third = claim_it(store, at=LEASE)
    assert third.draft == "mine"
    assert [part.reference for part in third.parts.values()] == ["found", ""]


def test_the_history_tells_each_message(store: Store) -> None:
    plan(store)
    first = claim_it(store)
    store.leave(first, NOW, again=False, part=1)
    store.leave(first, NOW, again=True, part=2)
    found = store.load_delivery(first.delivery.id)
    assert found is not None
    assert [step.detail for step in found[1]][-2:] == [
        "leaving, message 1",
        "leaving, message 2; it may repeat an earlier one",
    ]
