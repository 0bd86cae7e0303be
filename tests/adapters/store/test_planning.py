from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import chain

import pytest

from bot.adapters.store import Store, open_store
from bot.core.editions import Delivery, DeliveryState, Destination, DestinationKind
from bot.core.records import Busy, Claim
from bot.core.retrying import Pace
from bot.core.schedule import Rhythm, Schedule, Slot
from bot.core.subscriptions import Frozen, Plan, Subscription
from bot.flows.publish import publish
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
from tests.adapters.store.racing import PACES, SETS, race

RACERS = 8
DAYS = (DAY, DAY + timedelta(days=1))
HOUR = 60 * MINUTE
AS_ANNOUNCED = Schedule()
# Of Thursday and Friday, both go out on Monday.
MONDAYS = Schedule(Rhythm.WEEKLY)
CHANNELS = [Destination(DestinationKind.CHANNEL, f"#papers-{number}") for number in range(4)]


def prepare(url: str, places: int, schedule: Schedule = AS_ANNOUNCED) -> None:
    """Announce a paper on each of two days; let every set have so many subscriptions."""
    with open_store(url) as store:
        for number, day in enumerate(DAYS):
            save(store, announce(make_paper(number + 1), day=day))
        store.sync_subscriptions(
            "operator",
            [
                Subscription(*each.key, replace(MAIL, address=f"{number}@lab.example"), schedule)
                for each in SETS
                for number in range(places)
            ],
            NOW,
        )


def numbers_of(said: Sequence[object]) -> list[int]:
    """Return the numbers in what all racers said."""
    return list(chain.from_iterable(one for one in said if isinstance(one, list)))


# Planning


def test_eight_planners_of_a_day_make_each_delivery_once(database_url: str) -> None:
    prepare(database_url, 10)
    planned = numbers_of(race("plan", database_url))
    rows = dump(database_url)
    assert len(rows["editions"]) == len(SETS)
    assert sorted(planned) == sorted(int(str(row[0])) for row in rows["deliveries"])
    assert len(planned) == len(set(planned)) == 500
    with open_store(database_url) as store:
        lines = store.list_deliveries(limit=1000)
        assert len({(line.set_name, line.delivery.destination) for line in lines}) == 500
        assert len({line.delivery.key for line in lines}) == 500


def test_planners_of_two_days_make_one_delivery_a_slot(database_url: str) -> None:
    prepare(database_url, 2, MONDAYS)
    planned = numbers_of(race("plan two days", database_url))
    assert len(planned) == len(set(planned)) == 2 * len(SETS)
    due = NOW + timedelta(days=7)
    with open_store(database_url) as store:
        assert sorted(due_ids(store, due)) == sorted(planned)
        for number in planned:
            claim = take(store, number, due)
            assert claim
            assert [item.paper.base_id for item in claim.edition.items] == [
                make_paper(each).base_id for each in (2, 1)
            ]
            assert (claim.edition.since, claim.edition.day) == DAYS
            line, steps = store.load_delivery(number) or (None, ())
            assert line
            assert line.days == DAYS
            details = [step.detail for step in steps]
            assert details == ["planned", "joined by another day's edition", "claimed"]


def test_what_is_due_joins_nothing_and_is_joined_by_nothing(store: Store) -> None:
    for number, day in enumerate(DAYS, 1):
        save(store, announce(make_paper(number), day=day))
    subscription = store.save_subscription(Subscription(*CATS.key, MAIL), NOW)

    def plan(number: int, due: datetime, at: datetime) -> tuple[Delivery, ...] | None:
        edition = make_edition(make_paper(number), day=DAYS[number - 1])
        plans = (Plan(subscription, Slot(DAY, due)),)
        (planned,) = store.save_editions([Frozen(CATS, edition, plans)], at)
        return planned

    (first,) = plan(1, NOW + HOUR, NOW) or ()
    (second,) = plan(2, NOW + 2 * HOUR, NOW + HOUR) or ()
    assert [len(claimed(store, each).edition.items) for each in (first, second)] == [1, 1]


def claimed(store: Store, delivery: Delivery) -> Claim:
    claim = take(store, delivery.id, NOW + 2 * HOUR)
    assert claim
    return claim


def test_two_days_of_a_set_that_are_kept_together_are_one_delivery(store: Store) -> None:
    subscription = store.save_subscription(Subscription(*CATS.key, MAIL, MONDAYS), NOW)
    plans = (Plan(subscription, Slot(DAY, NOW + HOUR)),)
    frozen = []
    for number, day in enumerate(DAYS, 1):
        save(store, announce(make_paper(number), day=day))
        frozen.append(Frozen(CATS, make_edition(make_paper(number), day=day), plans))
    first, second = store.save_editions(frozen, NOW)
    assert first
    assert second == ()
    assert len(claimed(store, first[0]).edition.items) == 2


def test_of_editions_kept_together_each_day_of_a_set_counts_once(store: Store) -> None:
    one, two = make_paper(1), make_paper(2)
    save(store, announce(one, two))
    lions = replace(CATS, name="Lions")
    frozen = [
        Frozen(CATS, make_edition(one)),
        Frozen(CATS, make_edition(two)),
        Frozen(lions, make_edition(two)),
    ]
    assert store.save_editions(frozen, NOW) == ((), None, ())
    assert store.save_editions(frozen[:1] * 2, NOW) == (None, None)
    assert store.save_editions([], NOW) == ()
    assert store.shown_keys([one.base_id, two.base_id]) == {
        CATS.key: {one.base_id},
        lions.key: {two.base_id},
    }


def test_publishing_a_day_again_plans_nothing(store: Store, database_url: str) -> None:
    prepare(database_url, 1)
    assert len(publish(DAY, SETS, store, categories=["cs.CV"], now=NOW)) == len(SETS)
    before = dump(database_url)
    assert publish(DAY, SETS, store, categories=["cs.CV"], now=NOW + MINUTE) == ()
    assert dump(database_url) == before


# Pace


@pytest.fixture
def waiting(store: Store) -> tuple[int, ...]:
    """Plan five deliveries to each of four channels; return their numbers."""
    for number in range(1, 6):
        save(store, announce(make_paper(number)))
        cats = replace(CATS, name=f"Cats {number}")
        freeze(store, cats, make_edition(make_paper(number)), [(each, NOW) for each in CHANNELS])
    return due_ids(store, NOW)


@pytest.mark.parametrize(
    ("pace", "expected"),
    [("at-once", {3: 1}), ("alone", {1: 4}), ("interval", {1: 4})],
)
@pytest.mark.usefixtures("waiting")
def test_processes_together_keep_a_pace(
    database_url: str, pace: str, expected: dict[int, int]
) -> None:
    said = race(pace, database_url)
    addresses = [address for one in said if isinstance(one, list) for address in one]
    if PACES[pace].at_once:
        assert Counter([len(addresses)]) == expected
    else:
        assert Counter(Counter(addresses).values()) == expected


def claim(store: Store, number: int, now: datetime, pace: Pace) -> Claim | Busy | None:
    return store.claim(number, now, now + MINUTE, {DestinationKind.CHANNEL: pace})


@pytest.mark.parametrize("pace", [Pace(at_once=1), Pace(alone=True)])
def test_who_waits_for_others_is_due_again_in_a_second(
    store: Store, waiting: tuple[int, ...], pace: Pace
) -> None:
    # Those of one channel are four apart.
    first, second = waiting[0], waiting[4]
    begun = claim(store, first, NOW, pace)
    assert isinstance(begun, Claim)
    soon = NOW + timedelta(seconds=1)
    assert claim(store, second, NOW, pace) == Busy(soon)
    assert second not in due_ids(store, NOW)
    assert second in due_ids(store, soon)
    assert store.settle(begun, DeliveryState.SENT, at=soon, detail="there")
    after = claim(store, second, soon, pace)
    assert isinstance(after, Claim)
    assert (after.delivery.attempt, after.in_doubt) == (1, False)


@pytest.mark.parametrize("pace", [Pace(at_once=1), Pace(alone=True)])
def test_nobody_waits_for_a_process_that_died(
    store: Store, waiting: tuple[int, ...], pace: Pace
) -> None:
    assert isinstance(claim(store, waiting[0], NOW, pace), Claim)
    assert isinstance(claim(store, waiting[4], NOW + MINUTE, pace), Claim)


def test_an_ended_lease_that_must_wait_says_what_it_left_behind(
    store: Store, waiting: tuple[int, ...]
) -> None:
    first, second = waiting[0], waiting[4]
    left = take(store, first)
    assert left
    assert store.leave(left, NOW, again=False)
    later = NOW + MINUTE
    pace = Pace(alone=True)
    assert isinstance(claim(store, second, later, pace), Claim)
    assert isinstance(claim(store, first, later, pace), Busy)
    line, _ = store.load_delivery(first) or (None, ())
    assert line
    assert line.delivery.state is DeliveryState.UNKNOWN
    again = take(store, first, later + MINUTE)
    assert again
    assert again.in_doubt


def test_an_interval_is_of_one_address_and_ends(store: Store, waiting: tuple[int, ...]) -> None:
    pace = Pace(interval=HOUR)
    assert isinstance(claim(store, waiting[0], NOW, pace), Claim)
    assert isinstance(claim(store, waiting[1], NOW, pace), Claim)
    assert claim(store, waiting[4], NOW + MINUTE, pace) == Busy(NOW + HOUR)
    assert isinstance(claim(store, waiting[4], NOW + HOUR, pace), Claim)


def test_an_interval_of_before_the_clock_was_set_back_is_forgotten(
    store: Store, waiting: tuple[int, ...]
) -> None:
    pace = Pace(interval=MINUTE)
    assert isinstance(claim(store, waiting[0], NOW + HOUR, pace), Claim)
    assert isinstance(claim(store, waiting[4], NOW, pace), Claim)


@pytest.mark.usefixtures("waiting")
def test_a_pace_of_one_kind_holds_up_no_other(store: Store) -> None:
    pace: dict[str, Pace] = {DestinationKind.EMAIL: Pace(at_once=1, alone=True, interval=HOUR)}
    for number in due_ids(store, NOW):
        assert isinstance(store.claim(number, NOW, NOW + MINUTE, pace), Claim)


# Subscriptions of the configuration


def test_processes_that_start_at_once_agree_on_the_subscriptions(database_url: str) -> None:
    open_store(database_url).close()
    said = race("sync", database_url)
    assert said == [said[0]] * RACERS
    with open_store(database_url) as store:
        assert [each.id for each in store.load_subscriptions()] == said[0]
