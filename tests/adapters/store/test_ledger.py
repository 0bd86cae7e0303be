"""Reading the ledger, and what a person does to a delivery."""

from datetime import date, timedelta

import pytest

from bot.adapters.store import Store
from bot.core.editions import DeliveryState, Destination, DestinationKind
from bot.core.keyword_sets import KeywordSet
from bot.core.records import Hold, Step
from bot.core.schedule import Slot
from bot.core.subscriptions import Frozen, Plan, Subscription
from tests.adapters.store.made_up import (
    CATS,
    CHANNEL,
    DAY,
    MAIL,
    MINUTE,
    NOW,
    announce,
    due_ids,
    freeze,
    make_edition,
    make_paper,
    save,
    take,
)

PENDING, SENDING, SENT, RETRY, UNKNOWN, FAILED, CANCELLED = DeliveryState
FOLDER = Destination(DestinationKind.FOLDER, "digests")


def plan(store: Store, number: int = 1, place: Destination = MAIL) -> int:
    """Plan a delivery of a day's edition; return its id."""
    paper = make_paper(number)
    day = DAY + timedelta(days=number - 1)
    save(store, announce(paper, day=day))
    planned = freeze(store, CATS, make_edition(paper, day=day), [(place, NOW)])
    assert planned
    return planned[0].id


def bring(store: Store, state: DeliveryState, number: int = 1, place: Destination = MAIL) -> int:
    """Plan a delivery and bring it into a state; it may be tried again a minute later."""
    delivery_id = plan(store, number, place)
    if state is CANCELLED:
        assert store.change_delivery(delivery_id, state, NOW, "called off")
    elif state is not PENDING:
        claim = take(store, delivery_id)
        assert claim
        assert store.leave(claim, NOW, again=False)
        if state is not SENDING:
            again = NOW + MINUTE if state in (RETRY, UNKNOWN) else None
            assert store.settle(claim, state, at=NOW, detail=f"it is {state}", retry_at=again)
    return delivery_id


def steps_of(store: Store, delivery_id: int) -> tuple[Step, ...]:
    found = store.load_delivery(delivery_id)
    assert found
    return found[1]


def state_of(store: Store, delivery_id: int) -> DeliveryState:
    found = store.load_delivery(delivery_id)
    assert found
    return found[0].delivery.state


def test_the_newest_deliveries_are_listed_first(store: Store) -> None:
    first, second = bring(store, SENT, 1), bring(store, RETRY, 2, CHANNEL)
    newer, older = store.list_deliveries()
    assert (newer.delivery.id, older.delivery.id) == (second, first)
    assert (newer.set_name, newer.days, newer.delivery.destination) == (
        "Cats",
        (DAY + timedelta(days=1),),
        CHANNEL,
    )
    assert (newer.due, older.due) == (NOW + MINUTE, None)
    assert newer.last == Step(NOW, RETRY, 1, "it is retry")
    assert (newer.repeats, newer.held) == (0, None)


def test_a_listing_is_bounded_and_may_ask_for_states_and_an_address(store: Store) -> None:
    ids = [bring(store, state, number) for number, state in enumerate((SENT, FAILED, SENT), 1)]
    other = bring(store, SENT, 4, CHANNEL)

    def listed(**asked: object) -> list[int]:
        return [line.delivery.id for line in store.list_deliveries(**asked)]  # type: ignore[arg-type]

    assert listed(limit=2) == [other, ids[2]]
    assert listed(states=[FAILED]) == [ids[1]]
    assert listed(states=[FAILED, SENT]) == [other, *reversed(ids)]
    assert listed(address=MAIL.address) == list(reversed(ids))
    assert listed(address="nobody@lab.example") == []


def test_a_delivery_that_does_not_exist_has_no_history(store: Store) -> None:
    assert store.load_delivery(1) is None


def test_a_history_has_every_step_in_its_order(store: Store) -> None:
    delivery_id = bring(store, RETRY)
    assert steps_of(store, delivery_id) == (
        Step(NOW, PENDING, 0, "planned"),
        Step(NOW, SENDING, 1, "claimed"),
        Step(NOW, SENDING, 1, "leaving"),
        Step(NOW, RETRY, 1, "it is retry"),
    )


def test_a_delivery_of_several_days_names_them_all(store: Store) -> None:
    subscription = store.save_subscription(Subscription(*CATS.key, MAIL), NOW)
    later = Slot(date(2025, 12, 8), NOW + 60 * MINUTE)
    for number in (1, 2, 3):
        paper, day = make_paper(number), DAY + timedelta(days=number)
        save(store, announce(paper, day=day))
        edition = make_edition(paper, day=day)
        store.save_editions([Frozen(CATS, edition, (Plan(subscription, later),))], NOW)
    (line,) = store.list_deliveries()
    assert line.days == tuple(DAY + timedelta(days=number) for number in (1, 2, 3))
    for number in (1, 2, 3):
        (showing,) = store.load_showings(make_paper(number).base_id)
        assert showing.delivery_id == line.delivery.id
        assert [step.detail for step in showing.steps] == [
            "planned",
            "joined by another day's edition",
            "joined by another day's edition",
        ]


def test_a_showing_tells_the_whole_history_of_its_delivery(store: Store) -> None:
    delivery_id = bring(store, SENT)
    (showing,) = store.load_showings(make_paper().base_id)
    assert showing.delivery_id == delivery_id
    assert showing.steps == steps_of(store, delivery_id)
    assert (showing.detail, showing.at) == ("it is sent", NOW)


def test_an_edition_without_a_delivery_has_a_showing_without_one(store: Store) -> None:
    save(store, announce(make_paper()))
    freeze(store, CATS, make_edition(make_paper()), [])
    (showing,) = store.load_showings(make_paper().base_id)
    assert (showing.delivery_id, showing.steps, showing.state) == (None, (), None)


def test_what_keeps_a_delivery_here_is_told(store: Store) -> None:
    dogs = KeywordSet("Dogs", keywords=(("dog",),), owner="operator", paused=True)
    store.save_set(dogs)
    save(store, announce(make_paper(9)))
    freeze(store, dogs, make_edition(make_paper(9)), [(MAIL, NOW)])
    for number, place in enumerate((MAIL, CHANNEL, FOLDER), 1):
        plan(store, number, place)
    by_place = {each.destination: each.id for each in store.load_subscriptions()[1:]}
    store.pause_subscription(by_place[CHANNEL], paused=True, reason="archived")
    store.remove_subscription(by_place[FOLDER], NOW)
    bring(store, FAILED, 4, FOLDER)
    store.remove_subscription(by_place[FOLDER], NOW)
    held = {line.delivery.id: line.held for line in store.list_deliveries()}
    assert list(held.values()) == [Hold.REMOVED, None, Hold.PAUSED, None, Hold.SET_PAUSED]
    assert state_of(store, 4) is CANCELLED


@pytest.mark.parametrize("state", list(DeliveryState))
def test_only_what_failed_is_taken_up_again(store: Store, state: DeliveryState) -> None:
    delivery_id = bring(store, state)
    done = store.change_delivery(delivery_id, RETRY, NOW, "asked")
    assert done is (state is FAILED)
    assert state_of(store, delivery_id) is (RETRY if done else state)
    if done:
        assert steps_of(store, delivery_id)[-1] == Step(NOW, RETRY, 1, "asked")
        assert due_ids(store, NOW) == (delivery_id,)


@pytest.mark.parametrize("state", list(DeliveryState))
def test_only_what_waits_is_called_off(store: Store, state: DeliveryState) -> None:
    delivery_id = bring(store, state)
    done = store.change_delivery(delivery_id, CANCELLED, NOW, "called off")
    assert done is (state in (PENDING, RETRY, UNKNOWN))
    assert due_ids(store, NOW + 2 * MINUTE) == ((delivery_id,) if state is SENDING else ())


@pytest.mark.parametrize("state", list(DeliveryState))
def test_only_what_waits_for_another_try_is_hastened(store: Store, state: DeliveryState) -> None:
    delivery_id = bring(store, state)
    done = store.hasten_delivery(delivery_id, NOW, "asked")
    assert done is (state in (RETRY, UNKNOWN))
    assert due_ids(store, NOW) == ((delivery_id,) if done or state is PENDING else ())
    if done:
        assert steps_of(store, delivery_id)[-1] == Step(NOW, state, 1, "asked")


def test_what_does_not_exist_is_not_changed(store: Store) -> None:
    assert not store.change_delivery(1, RETRY, NOW, "asked")
    assert not store.hasten_delivery(1, NOW, "asked")


def fail_in_doubt(store: Store) -> int:
    """Let a delivery fail of which nobody knows whether it arrived."""
    delivery_id = bring(store, UNKNOWN)
    claim = take(store, delivery_id, NOW + MINUTE)
    assert claim
    assert store.settle(claim, FAILED, at=NOW + MINUTE, detail="held")
    return delivery_id


@pytest.mark.parametrize("again", [False, True])
def test_what_is_in_doubt_is_sent_without_a_look_only_where_that_is_asked_for(
    store: Store, *, again: bool
) -> None:
    delivery_id = fail_in_doubt(store)
    assert store.change_delivery(delivery_id, RETRY, NOW, "asked", again=again)
    (line,) = store.list_deliveries()
    assert line.repeats == int(again)
    assert line.last
    assert line.last.detail == ("asked; it may repeat an earlier one" if again else "asked")
    claim = take(store, delivery_id, NOW)
    assert claim
    assert claim.in_doubt is not again


def test_nothing_is_counted_where_nothing_was_in_doubt(store: Store) -> None:
    delivery_id = plan(store)
    claim = take(store, delivery_id)
    assert claim
    assert store.settle(claim, FAILED, at=NOW, detail="no such person")
    assert store.change_delivery(delivery_id, RETRY, NOW, "asked", again=True)
    (line,) = store.list_deliveries()
    assert (line.repeats, line.last and line.last.detail) == (0, "asked")


def test_the_waiting_deliveries_of_a_subscription_are_counted(store: Store) -> None:
    for number, state in enumerate(DeliveryState, 1):
        bring(store, state, number)
    plan(store, 9, CHANNEL)
    mail, channel = (each.id for each in store.load_subscriptions())
    assert store.count_waiting(mail) == 3
    assert store.count_waiting(channel) == 1
    assert store.count_waiting(99) == 0


def test_the_queue_hears_what_is_taken_up_again(store: Store) -> None:
    heard: list[tuple[int, object]] = []
    failed, waiting = bring(store, FAILED, 1), bring(store, RETRY, 2)
    store.enqueue = lambda _connection, due: heard.extend(due)
    store.change_delivery(failed, RETRY, NOW, "asked")
    store.hasten_delivery(waiting, NOW, "asked")
    store.change_delivery(waiting, CANCELLED, NOW, "called off")
    assert heard == [(failed, NOW), (waiting, NOW)]


def test_of_subscriptions_what_was_begun_last_and_what_waits_first_is_told(store: Store) -> None:
    numbers = [bring(store, state, number) for number, state in enumerate((SENT, PENDING), 1)]
    subscription = store.load_subscriptions()[0].id
    assert store.next_dues([subscription, 99]) == {subscription: NOW}
    last = store.last_deliveries([subscription, 99])
    assert last.keys() == {subscription}
    assert last[subscription] == store.list_deliveries(states=[SENT])[0]
    assert last[subscription].delivery.id == numbers[0]
    # What was called off was not begun, and waits no more.
    assert store.change_delivery(numbers[1], CANCELLED, NOW, "called off")
    assert store.next_dues([subscription]) == {}
    assert store.last_deliveries([subscription]) == last


@pytest.mark.parametrize(
    ("state", "waits"), [(SENDING, False), (RETRY, True), (UNKNOWN, True), (FAILED, False)]
)
def test_what_is_not_settled_is_the_last_too(
    store: Store, state: DeliveryState, *, waits: bool
) -> None:
    bring(store, SENT, 1)
    number = bring(store, state, 2)
    (subscription,) = (each.id for each in store.load_subscriptions())
    assert store.last_deliveries([subscription])[subscription].delivery.id == number
    assert store.next_dues([subscription]) == ({subscription: NOW + MINUTE} if waits else {})
    assert (store.last_deliveries([]), store.next_dues([])) == ({}, {})
