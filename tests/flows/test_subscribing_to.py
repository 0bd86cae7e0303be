from dataclasses import replace
from datetime import time
from typing import TYPE_CHECKING

import pytest

from bot.core.editions import Destination, DestinationKind
from bot.core.keyword_sets import KeywordSet
from bot.core.schedule import Rhythm, Schedule
from bot.core.subscriptions import CONFIG, OPERATOR, Subscription
from bot.errors import UserError
from bot.flows.subscribing_to import (
    Change,
    Wish,
    build_schedule,
    change_subscription,
    find_subscription,
    parse_destination,
    pause_subscription,
    remove_subscription,
    resume_subscription,
    subscribe,
)
from tests.fakes.papers import NOW
from tests.fakes.stores import MemoryStore

if TYPE_CHECKING:
    from collections.abc import Callable

MLLM = KeywordSet("MLLM", keywords=(("VLM",),))
CLOUDS = KeywordSet("Clouds", keywords=(("cloud",),), owner="operator")
FOLDER = Destination(DestinationKind.FOLDER, "digests")
MAIL = Destination(DestinationKind.EMAIL, "lab@lab.example")
MORNINGS = Schedule(Rhythm.WEEKDAYS, time(9), "Europe/Berlin")
ZONE = "Europe/Berlin"


class Store(MemoryStore):
    """The store in memory, with a number of deliveries that wait for each subscription."""

    def __init__(self) -> None:
        super().__init__()
        self.waiting: dict[int, int] = {}

    def count_waiting(self, subscription_id: int) -> int:
        return self.waiting.get(subscription_id, 0)


@pytest.fixture
def store() -> Store:
    """Give a store with one subscription by hand and one of the configuration, two waiting."""
    store = Store()
    store.save_subscription(Subscription(*MLLM.key, FOLDER, MORNINGS), NOW)
    store.save_subscription(Subscription(*MLLM.key, MAIL, MORNINGS, CONFIG), NOW)
    store.waiting = {1: 2, 2: 2}
    return store


def add(
    store: Store, destination: Destination, wish: Wish, keyword_set: KeywordSet = MLLM
) -> Change:
    return subscribe(store, keyword_set, destination, wish, timezone=ZONE, at=NOW)


def test_a_new_subscription_has_the_bots_time_zone_and_comes_as_announced(store: Store) -> None:
    change = add(store, FOLDER, Wish(), CLOUDS)
    assert change == Change(
        Subscription("operator", "Clouds", FOLDER, Schedule(timezone=ZONE), OPERATOR, id=3), None
    )
    assert store.load_subscriptions()[-1] == change.subscription


def test_a_new_subscription_is_as_it_was_wished(store: Store) -> None:
    wish = Wish(at="7:30", on="Weekly on Thursday", timezone="utc", quiet="22:00 to 07:00")
    schedule = add(store, MAIL, wish, CLOUDS).subscription.schedule
    assert schedule == Schedule(Rhythm.WEEKLY, time(7, 30), "UTC", 3, (time(22), time(7)))


def test_subscribing_again_changes_what_was_named_in_place(store: Store) -> None:
    before = store.load_subscriptions()
    change = add(store, FOLDER, Wish(on="daily"))
    after = replace(before[0], schedule=replace(MORNINGS, rhythm=Rhythm.DAILY))
    assert change == Change(after, before[0], waiting=2)
    assert store.load_subscriptions() == (after, before[1])


def test_subscribing_again_without_a_wish_changes_nothing(store: Store) -> None:
    before = store.load_subscriptions()
    for known in before:
        assert add(store, known.destination, Wish()) == Change(known, known)
    assert add(store, FOLDER, Wish(at="9:00")) == Change(before[0], before[0])
    assert store.load_subscriptions() == before


def test_a_mail_domain_means_the_same_in_any_case(store: Store) -> None:
    shouted = Destination(DestinationKind.EMAIL, "lab@LAB.Example")
    assert add(store, shouted, Wish()).subscription.id == 2
    other = Destination(DestinationKind.EMAIL, "Lab@lab.example")
    assert add(store, other, Wish()).subscription.id == 3


def test_another_set_to_the_same_place_is_another_subscription(store: Store) -> None:
    same_name = replace(MLLM, owner="operator")
    assert add(store, FOLDER, Wish(), same_name).before is None


def test_a_change_leaves_what_was_not_named(store: Store) -> None:
    change = change_subscription(store, 1, Wish(quiet="22:00-07:00"), NOW)
    assert change.subscription.schedule == replace(MORNINGS, quiet=(time(22), time(7)))
    assert (change.before, change.waiting) == (
        replace(change.subscription, schedule=MORNINGS),
        2,
    )
    again = change_subscription(store, 1, Wish(at="None", quiet="none"), NOW)
    assert again.subscription.schedule == replace(MORNINGS, at=None)


def test_a_paused_subscription_that_is_changed_stays_paused(store: Store) -> None:
    pause_subscription(store, 1)
    assert change_subscription(store, 1, Wish(at="10:00"), NOW).subscription.paused


@pytest.mark.parametrize(
    ("wish", "said"),
    [
        (Wish(), "say what to change: the time, the rhythm, the time zone or the quiet hours"),
        (Wish(at="nine"), "'nine' is not a time of day: write it like \"09:00\""),
        (Wish(on="hourly"), "'hourly' is not a rhythm: known are daily, weekdays, weekly mon"),
        (Wish(quiet="night"), "'night' is not a span of the day: write it like"),
        (Wish(timezone="Berln"), "'Berln' is not a time zone: did you mean Europe/Berlin?"),
    ],
)
def test_a_wish_that_cannot_be_read_is_refused_and_changes_nothing(
    store: Store, wish: Wish, said: str
) -> None:
    before = store.load_subscriptions()
    with pytest.raises(UserError) as refused:
        change_subscription(store, 1, wish, NOW)
    assert str(refused.value).startswith(said)
    assert store.load_subscriptions() == before


def test_those_of_the_configuration_are_changed_and_removed_there(store: Store) -> None:
    before = store.load_subscriptions()
    refused = "subscription 2 (MLLM to lab@lab.example) stands in the configuration file: "
    attempts: tuple[tuple[Callable[[], Change], str], ...] = (
        (lambda: add(store, MAIL, Wish(at="10:00")), "change it there"),
        (lambda: change_subscription(store, 2, Wish(at="10:00"), NOW), "change it there"),
        (lambda: remove_subscription(store, 2, NOW), "take it out there"),
    )
    for attempt, what in attempts:
        with pytest.raises(UserError) as error:
            attempt()
        assert str(error.value) == refused + what
    assert store.load_subscriptions() == before


@pytest.mark.parametrize("subscription_id", [1, 2])
def test_pausing_and_resuming_tell_how_many_digests_wait(
    store: Store, subscription_id: int
) -> None:
    known = find_subscription(store, subscription_id)
    paused = pause_subscription(store, subscription_id)
    assert paused == Change(replace(known, paused=True), known, waiting=2)
    assert find_subscription(store, subscription_id).paused
    resumed = resume_subscription(store, subscription_id)
    assert resumed == Change(known, replace(known, paused=True), waiting=2)
    assert find_subscription(store, subscription_id) == known


def test_what_is_so_already_is_told_as_no_change(store: Store) -> None:
    store.pause_subscription(1, paused=True, reason="archived")
    known = find_subscription(store, 1)
    assert pause_subscription(store, 1) == Change(known, known, waiting=2)
    running = find_subscription(store, 2)
    assert resume_subscription(store, 2) == Change(running, running, waiting=2)


def test_resuming_forgets_why_it_was_paused(store: Store) -> None:
    store.pause_subscription(1, paused=True, reason="archived")
    assert resume_subscription(store, 1).subscription.reason == ""
    assert find_subscription(store, 1).reason == ""


@pytest.mark.parametrize("act", [pause_subscription, resume_subscription])
def test_a_pause_that_would_end_by_itself_ends_never_or_now(
    store: Store, act: "Callable[[Store, int], Change]"
) -> None:
    store.pause_subscription(1, paused=True, until=NOW)
    muted = find_subscription(store, 1)
    after = replace(muted, paused=act is pause_subscription, until=None)
    assert act(store, 1) == Change(after, muted, waiting=2)
    assert find_subscription(store, 1) == after


def test_a_removed_subscription_is_gone(store: Store) -> None:
    known = find_subscription(store, 1)
    assert remove_subscription(store, 1, NOW) == Change(known, known, waiting=2)
    with pytest.raises(UserError, match=r"^there is no subscription 1: there is 2$"):
        find_subscription(store, 1)


def test_an_unknown_number_is_answered_with_those_there_are(store: Store) -> None:
    with pytest.raises(UserError, match=r"^there is no subscription 9: there are 1, 2$"):
        find_subscription(store, 9)
    with pytest.raises(UserError, match=r"^there is no subscription 9: there are none yet$"):
        find_subscription(Store(), 9)
    for number in range(30):
        place = Destination(DestinationKind.FOLDER, f"digests/{number}")
        store.save_subscription(Subscription(*MLLM.key, place), NOW)
    with pytest.raises(UserError, match=r"9, 10, .*, 20 and more$"):
        find_subscription(store, 99)


@pytest.mark.parametrize(
    ("kind", "address", "kept"),
    [
        (DestinationKind.FOLDER, " digests ", "digests"),
        (DestinationKind.CHANNEL, "#Papers", "#Papers"),
        (DestinationKind.EMAIL, "Ada@LAB.Example", "Ada@lab.example"),
    ],
)
def test_a_destination_is_kept_in_one_spelling(
    kind: DestinationKind, address: str, kept: str
) -> None:
    assert parse_destination(kind, address) == Destination(kind, kept)


@pytest.mark.parametrize(
    ("kind", "address", "said"),
    [
        (DestinationKind.FOLDER, " ", "the folder is empty or holds control characters"),
        (DestinationKind.CHANNEL, "a\nb", "the channel is empty or holds control characters"),
        (DestinationKind.EMAIL, "lab", "'lab' is not an e-mail address: write it like"),
    ],
)
def test_what_is_no_destination_is_refused(kind: DestinationKind, address: str, said: str) -> None:
    with pytest.raises(UserError, match=f"^{said}"):
        parse_destination(kind, address)


def test_a_rhythm_without_a_day_forgets_the_day_before() -> None:
    weekly = Schedule(Rhythm.WEEKLY, weekday=3)
    assert build_schedule(Wish(on="daily"), weekly) == Schedule()
    assert build_schedule(Wish(at="09:00"), weekly) == replace(weekly, at=time(9))
    assert build_schedule(Wish(on="weekly"), weekly).weekday is None
