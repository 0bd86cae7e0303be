"""Subscriptions as the database keeps them."""

from dataclasses import replace
from datetime import time, timedelta

import pytest

from bot.adapters.store import Store
from bot.core.editions import DeliveryState, Destination, DestinationKind
from bot.core.keyword_sets import KeywordSet
from bot.core.schedule import Rhythm, Schedule, Slot
from bot.core.subscriptions import CONFIG, OPERATOR, Frozen, Plan, Subscription
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

FOLDER = Destination(DestinationKind.FOLDER, "digests")
MORNINGS = Schedule(Rhythm.WEEKDAYS, time(9), "Europe/Berlin")
WEEKLY = Schedule(Rhythm.WEEKLY, time(7, 30), "UTC", 3, (time(22), time(7)))
TO_MAIL = Subscription(*CATS.key, MAIL)


def plan(store: Store, number: int, place: Destination) -> int:
    paper, day = make_paper(number), DAY + timedelta(days=number - 1)
    save(store, announce(paper, day=day))
    planned = freeze(store, CATS, make_edition(paper, day=day), [(place, NOW)])
    assert planned
    return planned[0].id


@pytest.mark.parametrize("schedule", [Schedule(), MORNINGS, WEEKLY])
def test_a_subscription_is_kept_as_it_was_given(store: Store, schedule: Schedule) -> None:
    given = Subscription("operator", "Dogs", CHANNEL, schedule, OPERATOR, True, "it is archived")  # noqa: FBT003
    saved = store.save_subscription(given, NOW)
    assert saved == replace(given, id=saved.id)
    assert store.load_subscriptions() == (saved,)
    assert store.load_subscription(saved.id) == saved
    assert store.load_subscription(saved.id + 1) is None


def test_saving_one_again_changes_it_in_place(store: Store) -> None:
    first = store.save_subscription(TO_MAIL, NOW)
    second = store.save_subscription(replace(TO_MAIL, schedule=MORNINGS), NOW)
    assert second == replace(first, schedule=MORNINGS)
    assert store.load_subscriptions() == (second,)


def test_a_removed_subscription_is_gone_and_may_come_back(store: Store) -> None:
    saved = store.save_subscription(TO_MAIL, NOW)
    assert store.remove_subscription(saved.id, NOW)
    assert not store.remove_subscription(saved.id, NOW)
    assert store.load_subscriptions() == ()
    assert store.load_subscription(saved.id) is None
    assert store.save_subscription(TO_MAIL, NOW) == saved


def test_pausing_is_done_once(store: Store) -> None:
    saved = store.save_subscription(TO_MAIL, NOW)
    assert store.pause_subscription(saved.id, paused=True, reason="away")
    assert not store.pause_subscription(saved.id, paused=True, reason="again")
    assert store.load_subscription(saved.id) == replace(saved, paused=True, reason="away")
    assert store.pause_subscription(saved.id, paused=False)
    assert store.load_subscription(saved.id) == saved
    assert not store.pause_subscription(99, paused=True)


def test_nothing_leaves_while_paused_and_all_that_waited_leaves_afterwards(store: Store) -> None:
    waiting = [plan(store, number, MAIL) for number in (1, 2)]
    (saved,) = store.load_subscriptions()
    store.pause_subscription(saved.id, paused=True)
    assert due_ids(store, NOW) == ()
    assert take(store, waiting[0]) is None
    store.pause_subscription(saved.id, paused=False)
    assert due_ids(store, NOW) == tuple(waiting)
    assert take(store, waiting[0])


def test_removing_a_subscription_calls_off_what_waits_and_leaves_the_rest(store: Store) -> None:
    sent, waiting, sending = (plan(store, number, MAIL) for number in (1, 2, 3))
    other = plan(store, 4, CHANNEL)
    claim = take(store, sent)
    assert claim
    assert store.settle(claim, DeliveryState.SENT, at=NOW, detail="there")
    assert take(store, sending)
    store.remove_subscription(store.load_subscriptions()[0].id, NOW)
    lines = {line.delivery.id: line for line in store.list_deliveries()}
    assert {number: line.delivery.state for number, line in lines.items()} == {
        sent: DeliveryState.SENT,
        waiting: DeliveryState.CANCELLED,
        sending: DeliveryState.SENDING,
        other: DeliveryState.PENDING,
    }
    last = lines[waiting].last
    assert last
    assert (last.at, last.detail) == (NOW, "the subscription was removed")
    # What a process died over is called off by whoever takes it over.
    assert take(store, sending, NOW + MINUTE) is None
    found = store.load_delivery(sending)
    assert found
    assert found[0].delivery.state is DeliveryState.CANCELLED


def of_config(place: Destination, schedule: Schedule = MORNINGS) -> Subscription:
    return Subscription(*CATS.key, place, schedule, CONFIG)


def test_the_configurations_subscriptions_become_those_it_names(store: Store) -> None:
    by_hand = store.save_subscription(replace(TO_MAIL, schedule=WEEKLY), NOW)
    first = store.sync_subscriptions(CONFIG, [of_config(FOLDER), of_config(CHANNEL)], NOW)
    assert [each.destination for each in first] == [FOLDER, CHANNEL]
    assert store.load_subscriptions() == (by_hand, *first)
    second = store.sync_subscriptions(CONFIG, [of_config(CHANNEL, WEEKLY)], NOW)
    assert second == (replace(first[1], schedule=WEEKLY),)
    assert store.load_subscriptions() == (by_hand, *second)


def test_what_somebody_else_asked_for_stays_theirs(store: Store) -> None:
    by_hand = store.save_subscription(replace(TO_MAIL, schedule=WEEKLY), NOW)
    assert store.sync_subscriptions(CONFIG, [of_config(MAIL)], NOW) == (by_hand,)
    assert store.sync_subscriptions(CONFIG, [], NOW) == ()
    assert store.load_subscriptions() == (by_hand,)


@pytest.mark.parametrize("schedule", [MORNINGS, WEEKLY])
def test_a_pause_outlives_a_change_of_the_configuration(store: Store, schedule: Schedule) -> None:
    (saved,) = store.sync_subscriptions(CONFIG, [of_config(MAIL)], NOW)
    store.pause_subscription(saved.id, paused=True, reason="archived")
    store.sync_subscriptions(CONFIG, [of_config(MAIL, schedule)], NOW)
    assert store.load_subscriptions() == (
        replace(saved, schedule=schedule, paused=True, reason="archived"),
    )


def test_what_the_configuration_names_no_more_is_called_off(store: Store) -> None:
    (saved,) = store.sync_subscriptions(CONFIG, [of_config(MAIL)], NOW)
    save(store, announce(make_paper()))
    plans = (Plan(saved, Slot(DAY, NOW)),)
    (planned,) = store.save_editions([Frozen(CATS, make_edition(make_paper()), plans)], NOW)
    assert planned
    store.sync_subscriptions(CONFIG, [], NOW)
    (line,) = store.list_deliveries()
    assert (line.delivery.state, line.last and line.last.detail) == (
        DeliveryState.CANCELLED,
        "the subscription was removed from the config",
    )


def test_a_removed_set_takes_its_subscriptions_along(store: Store) -> None:
    dogs = KeywordSet("Dogs", keywords=(("dog",),), owner="operator")
    store.save_set(dogs)
    store.save_subscription(Subscription(*dogs.key, MAIL), NOW)
    kept = store.save_subscription(TO_MAIL, NOW)
    assert store.remove_set("operator", "Dogs", NOW)
    assert store.load_subscriptions() == (kept,)


def test_a_pause_ends_by_itself(store: Store) -> None:
    until = NOW + timedelta(days=7)
    saved = store.save_subscription(Subscription(*CATS.key, MAIL), NOW)
    other = store.save_subscription(Subscription(*CATS.key, CHANNEL), NOW)
    assert store.pause_subscription(other.id, paused=True)
    assert store.pause_subscription(saved.id, paused=True, until=until)
    assert not store.pause_subscription(saved.id, paused=True, until=until)
    assert store.load_subscription(saved.id) == replace(saved, paused=True, until=until)
    assert store.end_pauses(until - timedelta(seconds=1)) == ()
    assert store.end_pauses(until) == (saved.id,)
    assert store.end_pauses(until) == ()
    assert store.load_subscription(saved.id) == saved
    assert store.load_subscription(other.id) == replace(other, paused=True)


def test_who_pauses_again_for_good_has_no_end(store: Store) -> None:
    saved = store.save_subscription(Subscription(*CATS.key, MAIL), NOW)
    assert store.pause_subscription(saved.id, paused=True, until=NOW)
    assert store.pause_subscription(saved.id, paused=True)
    assert store.end_pauses(NOW) == ()


def test_a_workspaces_conversations_are_told_from_all_other_places(store: Store) -> None:
    addresses = ("T1/C1", "T1/D1", "T12/C1", "t1/C1", "#papers", "C1", "T_/C1", "T1")
    for address in addresses:
        place = Destination(DestinationKind.CHANNEL, address)
        store.save_subscription(Subscription(*CATS.key, place), NOW)
    for kind in (DestinationKind.EMAIL, DestinationKind.FOLDER):
        for address in ("T10/C1", "digests"):
            store.save_subscription(Subscription(*CATS.key, Destination(kind, address)), NOW)
    gone = store.save_subscription(Subscription("config", "Dogs", CHANNEL), NOW)
    store.remove_subscription(gone.id, NOW)

    def of(team: str) -> list[str]:
        found = store.load_workspace_subscriptions(team)
        assert [each.id for each in found] == sorted(each.id for each in found)
        return [each.destination.address for each in found]

    # A workspace's id has at least three characters.
    assert of("T12") == ["T12/C1"]
    assert of("T1_") == of("T10") == of("%") == []
    assert of("") == ["#papers", "C1", "T1"]


def test_a_workspaces_paused_subscriptions_are_among_them(store: Store) -> None:
    place = Destination(DestinationKind.CHANNEL, "T012/C012")
    saved = store.save_subscription(Subscription(*CATS.key, place), NOW)
    store.pause_subscription(saved.id, paused=True, until=NOW + MINUTE)
    assert store.load_workspace_subscriptions("T012") == (
        replace(saved, paused=True, until=NOW + MINUTE),
    )


def test_the_subscription_of_a_delivery_is_known_though_it_was_removed(store: Store) -> None:
    number = plan(store, 1, MAIL)
    found = store.load_delivery(number)
    assert found is not None
    key = found[0].delivery.key
    subscription = store.subscription_of(key)
    assert subscription is not None
    assert (subscription.destination, subscription.set_name) == (MAIL, CATS.name)
    store.remove_subscription(subscription.id, NOW)
    assert store.subscription_of(key) == subscription
    assert store.subscription_of("another") is None
