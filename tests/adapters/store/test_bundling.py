"""Several sets in one mail: what goes together, what becomes of it, and what it never does."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, time, timedelta

import pytest

from bot.adapters.store import Store
from bot.core.editions import DeliveryState, Destination, DestinationKind, SetSummary
from bot.core.keyword_sets import KeywordSet
from bot.core.records import MOST_TOGETHER, Busy, Claim
from bot.core.retrying import Pace
from bot.core.schedule import Schedule, Slot
from bot.core.subscriptions import OPERATOR, PERSON, Frozen, Plan, Subscription
from bot.errors import UserError
from tests.adapters.store.made_up import (
    DAY,
    MINUTE,
    NOW,
    agree,
    announce,
    due_ids,
    make_edition,
    make_paper,
    save,
    suppress,
    take,
)

ADA = "Ada@lab.example"
NAMES = ("Owls", "cats", "Dogs")
LATER = NOW + 2 * MINUTE
OPEN = (DeliveryState.SENDING, DeliveryState.RETRY, DeliveryState.UNKNOWN)


def plan(
    store: Store,
    *names: str,
    address: str = ADA,
    origin: str = PERSON,
    schedule: Schedule | None = None,
    due: datetime = NOW,
    day: int = 0,
) -> list[int]:
    """Plan an edition of each set for an address; return the deliveries in that order."""
    numbers = []
    for count, name in enumerate(names or NAMES):
        keyword_set = KeywordSet(name, keywords=(("cat",),))
        paper, on = make_paper(100 * day + count + 1), DAY + timedelta(days=day)
        save(store, announce(paper, day=on))
        edition = replace(make_edition(paper, day=on), set=SetSummary(name, ("cat",)))
        wanted = Subscription(
            *keyword_set.key,
            Destination(DestinationKind.EMAIL, address),
            schedule or Schedule(),
            origin,
        )
        planned = Plan(store.save_subscription(wanted, NOW), Slot(DAY, due))
        ((delivery,),) = store.save_editions([Frozen(keyword_set, edition, (planned,))], NOW)  # type: ignore[misc]
        numbers.append(delivery.id)
    return numbers


def claim(store: Store, number: int, now: datetime = NOW) -> Claim:
    claimed = take(store, number, now)
    assert claimed
    return claimed


def states(store: Store, numbers: Sequence[int]) -> list[DeliveryState]:
    return [load(store, number)[0].delivery.state for number in numbers]


def load(store: Store, number: int):  # type: ignore[no-untyped-def] # noqa: ANN201 - what the store says
    found = store.load_delivery(number)
    assert found
    return found


def remove(store: Store, name: str) -> None:
    for each in store.load_subscriptions():
        if each.set_name == name:
            assert store.remove_subscription(each.id, LATER)


def pause(store: Store, name: str, *, paused: bool = True) -> None:
    for each in store.load_subscriptions():
        if each.set_name == name:
            assert store.pause_subscription(each.id, paused=paused)


# What goes together


def test_all_that_is_due_to_a_reader_of_bundles_goes_out_in_one_mail(store: Store) -> None:
    agree(store, ADA)
    first, second, third = plan(store)
    claimed = claim(store, second)
    assert [each.edition.set.name for each in claimed.together] == ["cats", "Dogs", "Owls"]
    assert [each.delivery_id for each in claimed.together] == [second, third, first]
    assert [each.delivery_id for each in claimed.beside] == [first, third]
    assert states(store, [first, second, third]) == [DeliveryState.SENDING] * 3
    assert [load(store, number)[0].lead for number in (first, second, third)] == [
        second,
        None,
        second,
    ]
    assert load(store, first)[1][-1].detail == f"goes out in the mail of delivery {second}"
    assert due_ids(store, NOW) == ()
    assert take(store, first) is None
    # A lease belongs to the mail.
    assert due_ids(store, LATER) == (second,)


def test_whoever_wants_several_mails_gets_them(store: Store) -> None:
    agree(store, ADA, bundled=False)
    numbers = plan(store)
    assert claim(store, numbers[0]).beside == ()
    assert due_ids(store, NOW) == tuple(numbers[1:])


def test_nobody_else_s_and_nothing_that_must_wait_goes_along(store: Store) -> None:
    agree(store, ADA)
    agree(store, "bo@lab.example")
    (lead,) = plan(store, "Owls")
    (other,) = plan(store, "Bats", address="bo@lab.example")
    (own,) = plan(store, "Elks", origin=OPERATOR)
    (later,) = plan(store, "Cats", due=LATER)
    quiet = Schedule(quiet=(time(0), time(6)), timezone="UTC")
    (asleep,) = plan(store, "Dogs", schedule=quiet)
    (paused,) = plan(store, "Newts")
    pause(store, "Newts")
    claimed = claim(store, lead)
    assert claimed.beside == ()
    assert states(store, [other, own, later, asleep, paused]) == [DeliveryState.PENDING] * 5


def test_one_mail_bears_only_so_many_sets(store: Store) -> None:
    agree(store, ADA)
    numbers = plan(store, *(f"Set {number}" for number in range(MOST_TOGETHER + 3)))
    assert len(claim(store, numbers[0]).together) == MOST_TOGETHER
    assert len(claim(store, numbers[-1]).together) == 3


@pytest.mark.parametrize("pace", [{}, {DestinationKind.EMAIL: Pace(at_once=1)}])
def test_a_mail_counts_once_among_those_on_their_way(store: Store, pace: dict[str, Pace]) -> None:
    agree(store, ADA)
    agree(store, "bo@lab.example")
    first, *_ = plan(store)
    (other,) = plan(store, "Bats", address="bo@lab.example")
    assert isinstance(store.claim(first, NOW, NOW + MINUTE, pace), Claim)
    claimed = store.claim(other, NOW, NOW + MINUTE, {DestinationKind.EMAIL: Pace(at_once=2)})
    assert isinstance(claimed, Claim)


def test_what_waits_for_a_place_goes_along_wherever_it_was_put_off(store: Store) -> None:
    agree(store, ADA)
    agree(store, "bo@lab.example")
    (other,) = plan(store, "Bats", address="bo@lab.example")
    first, second = plan(store, "Owls", "Cats")
    claim(store, other)
    full: dict[str, Pace] = {DestinationKind.EMAIL: Pace(at_once=1)}
    moment = timedelta(milliseconds=1)
    assert isinstance(store.claim(second, NOW + moment, NOW + MINUTE, full), Busy)
    claimed = store.claim(first, NOW + 2 * moment, NOW + MINUTE, {})
    assert isinstance(claimed, Claim)
    assert [each.delivery_id for each in claimed.beside] == [second]


# What becomes of it


def test_what_arrived_has_arrived_for_all(store: Store) -> None:
    agree(store, ADA)
    numbers = plan(store)
    claimed = claim(store, numbers[0])
    assert store.leave(claimed, NOW, again=False)
    assert store.settle(claimed, DeliveryState.SENT, at=NOW, detail="there")
    assert states(store, numbers) == [DeliveryState.SENT] * 3
    _, steps = load(store, numbers[1])
    assert [step.detail for step in steps] == [
        "planned",
        f"goes out in the mail of delivery {numbers[0]}",
        f"leaving, in the mail of delivery {numbers[0]}",
        f"in the mail of delivery {numbers[0]}: there",
    ]
    (arrivals,) = store.count_arrivals(None, NOW)
    assert arrivals.count == 3
    assert not store.settle(claimed, DeliveryState.SENT, at=NOW, detail="there")


def test_what_surely_is_not_there_is_looked_at_anew(store: Store) -> None:
    agree(store, ADA)
    numbers = plan(store)
    claimed = claim(store, numbers[0])
    assert store.leave(claimed, NOW, again=False)
    assert store.settle(claimed, DeliveryState.RETRY, at=NOW, detail="no", retry_at=LATER)
    assert states(store, numbers) == [DeliveryState.RETRY] * 3
    assert due_ids(store, NOW) == ()
    assert due_ids(store, LATER) == tuple(numbers)
    remove(store, "cats")
    pause(store, "Owls")
    (new,) = plan(store, "Bats")
    # What is new has not come as far, and so it goes out by itself.
    assert due_ids(store, LATER) == (numbers[2], new)
    assert claim(store, numbers[2], LATER).beside == ()
    pause(store, "Owls", paused=False)
    assert claim(store, numbers[0], LATER).failures == 1


def test_those_that_failed_together_go_out_together_again(store: Store) -> None:
    agree(store, ADA)
    numbers = plan(store)
    first = claim(store, numbers[0])
    assert store.defer(first, NOW, until=LATER, detail="busy", unknown=False)
    again = claim(store, numbers[1], LATER)
    assert again.deferrals == 1
    assert {each.delivery_id for each in again.together} == set(numbers)
    assert again.together == first.together


@pytest.mark.parametrize("ends", ["unknown", "deferred", "lease"])
def test_a_mail_in_doubt_stays_what_it_was(store: Store, ends: str) -> None:
    agree(store, ADA)
    numbers = plan(store)
    claimed = claim(store, numbers[0])
    assert store.leave(claimed, NOW, again=False)
    if ends == "unknown":
        store.settle(claimed, DeliveryState.UNKNOWN, at=NOW, detail="silence", retry_at=LATER)
    elif ends == "deferred":
        store.defer(claimed, NOW, until=LATER, detail="busy", unknown=True)
    if ends != "lease":
        assert states(store, numbers) == [DeliveryState.UNKNOWN] * 3
    remove(store, "cats")
    pause(store, "Dogs")
    agree(store, ADA, bundled=False)
    plan(store, "Bats")
    again = claim(store, numbers[0], LATER)
    assert again.in_doubt
    assert again.together == claimed.together
    assert store.leave(again, LATER, again=True)
    assert [load(store, number)[0].repeats for number in numbers] == [1, 1, 1]
    assert store.settle(again, DeliveryState.SENT, at=LATER, detail="there")
    assert states(store, numbers) == [DeliveryState.SENT] * 3


def test_a_lease_that_ran_out_before_it_left_frees_all(store: Store) -> None:
    agree(store, ADA)
    numbers = plan(store)
    stale = claim(store, numbers[0])
    pause(store, "cats")
    again = claim(store, numbers[0], LATER)
    assert [each.delivery_id for each in again.together] == [numbers[2], numbers[0]]
    assert states(store, [numbers[1]]) == [DeliveryState.RETRY]
    pause(store, "cats", paused=False)
    assert due_ids(store, LATER) == (numbers[1],)
    assert not store.leave(stale, LATER, again=False)


def test_a_paused_lead_holds_nobody_up(store: Store) -> None:
    agree(store, ADA)
    numbers = plan(store)
    claim(store, numbers[0])
    pause(store, "Owls")
    assert due_ids(store, LATER) == (numbers[0],)
    assert take(store, numbers[0], LATER) is None
    assert states(store, numbers) == [DeliveryState.RETRY] * 3
    assert due_ids(store, LATER) == tuple(numbers[1:])
    assert len(claim(store, numbers[1], LATER).together) == 2


def test_a_mail_in_doubt_goes_on_while_somebody_waits_for_a_part_of_it(store: Store) -> None:
    agree(store, ADA)
    numbers = plan(store)
    claimed = claim(store, numbers[0])
    store.leave(claimed, NOW, again=False)
    for name in NAMES:
        pause(store, name)
    assert due_ids(store, LATER) == ()
    assert take(store, numbers[0], LATER) is None
    pause(store, "Dogs", paused=False)
    assert due_ids(store, LATER) == (numbers[0],)
    assert claim(store, numbers[0], LATER).together == claimed.together


@pytest.mark.parametrize("left", [False, True])
def test_a_lead_that_was_removed_on_the_way_frees_the_others(
    store: Store,
    left: bool,  # noqa: FBT001 - a case
) -> None:
    agree(store, ADA)
    numbers = plan(store)
    claimed = claim(store, numbers[0])
    if left:
        store.leave(claimed, NOW, again=False)
    remove(store, "Owls")
    remove(store, "cats")
    assert take(store, numbers[0], LATER) is None
    assert states(store, numbers[:1]) == [DeliveryState.CANCELLED]
    assert due_ids(store, LATER) == (numbers[2],)
    alone = claim(store, numbers[2], LATER)
    assert alone.beside == ()
    assert alone.in_doubt is left


def test_a_lead_that_is_removed_in_doubt_frees_the_others_in_doubt(store: Store) -> None:
    agree(store, ADA)
    numbers = plan(store)
    claimed = claim(store, numbers[0])
    store.leave(claimed, NOW, again=False)
    store.settle(claimed, DeliveryState.UNKNOWN, at=NOW, detail="silence", retry_at=LATER)
    remove(store, "cats")
    assert states(store, numbers) == [DeliveryState.UNKNOWN] * 3
    remove(store, "Owls")
    assert states(store, numbers) == [
        DeliveryState.CANCELLED,
        DeliveryState.CANCELLED,
        DeliveryState.UNKNOWN,
    ]
    alone = claim(store, numbers[2], LATER)
    assert alone.in_doubt
    assert alone.beside == ()
    assert "goes out by itself" in load(store, numbers[2])[1][-2].detail


@pytest.mark.parametrize("left", [False, True])
def test_an_address_that_agrees_no_longer_gets_none_of_it(
    store: Store,
    left: bool,  # noqa: FBT001 - a case
) -> None:
    agree(store, ADA)
    numbers = plan(store)
    claimed = claim(store, numbers[0])
    if left:
        store.leave(claimed, NOW, again=False)
    suppress(store, ADA)
    while due := due_ids(store, LATER):
        assert take(store, due[0], LATER) is None
    assert states(store, numbers) == [DeliveryState.CANCELLED] * 3
    for number in numbers:
        assert load(store, number)[1][-1].detail == "the address is suppressed: hard bounce"


def test_quiet_hours_put_a_mail_in_doubt_off_as_a_whole(store: Store) -> None:
    agree(store, ADA)
    until = time(2)
    numbers = plan(store, schedule=Schedule(quiet=(time(1, 4), until), timezone="UTC"))
    claimed = claim(store, numbers[0])
    store.leave(claimed, NOW, again=False)
    busy = store.claim(numbers[0], LATER, LATER + MINUTE)
    assert isinstance(busy, Busy)
    assert states(store, numbers) == [DeliveryState.UNKNOWN] * 3
    assert due_ids(store, busy.until) == (numbers[0],)
    assert claim(store, numbers[0], busy.until).together == claimed.together


def test_a_place_that_is_gone_pauses_all_that_go_there(store: Store) -> None:
    agree(store, ADA)
    numbers = plan(store)
    claimed = claim(store, numbers[0])
    store.settle(claimed, DeliveryState.RETRY, at=NOW, detail="gone", pause="gone")
    assert all(each.paused and each.reason == "gone" for each in store.load_subscriptions())


# What people do


def fail(store: Store, numbers: Sequence[int], *, in_doubt: bool) -> Claim:
    claimed = claim(store, numbers[0])
    if in_doubt:
        store.leave(claimed, NOW, again=False)
    store.settle(claimed, DeliveryState.FAILED, at=NOW, detail="no")
    return claimed


def test_a_lead_is_tried_again_with_all_that_shared_its_mail(store: Store) -> None:
    agree(store, ADA)
    numbers = plan(store)
    claimed = fail(store, numbers, in_doubt=True)
    assert not store.change_delivery(numbers[1], DeliveryState.RETRY, NOW, "asked", again=True)
    assert store.change_delivery(numbers[0], DeliveryState.RETRY, NOW, "asked", again=True)
    assert states(store, numbers) == [DeliveryState.RETRY] * 3
    assert due_ids(store, NOW) == (numbers[0],)
    assert not store.change_delivery(numbers[1], DeliveryState.CANCELLED, NOW, "off")
    assert not store.hasten_delivery(numbers[1], NOW, "asked")
    again = claim(store, numbers[0])
    assert again.together == claimed.together
    assert [load(store, number)[0].repeats for number in numbers] == [1, 1, 1]


def test_what_surely_is_not_there_may_be_tried_again_alone_or_with_its_lead(store: Store) -> None:
    agree(store, ADA)
    numbers = plan(store)
    fail(store, numbers, in_doubt=False)
    assert store.change_delivery(numbers[1], DeliveryState.RETRY, NOW, "asked", again=True)
    assert due_ids(store, NOW) == (numbers[1],)
    alone = claim(store, numbers[1])
    assert alone.beside == ()
    assert load(store, numbers[1])[0].lead is None
    assert store.change_delivery(numbers[0], DeliveryState.RETRY, NOW, "asked", again=True)
    assert due_ids(store, NOW) == (numbers[0], numbers[2])
    assert len(claim(store, numbers[0]).together) == 2


def test_whoever_calls_a_lead_off_means_that_one(store: Store) -> None:
    agree(store, ADA)
    numbers = plan(store)
    claimed = claim(store, numbers[0])
    store.leave(claimed, NOW, again=False)
    store.settle(claimed, DeliveryState.UNKNOWN, at=NOW, detail="silence", retry_at=LATER)
    assert store.change_delivery(numbers[0], DeliveryState.CANCELLED, NOW, "off")
    assert due_ids(store, NOW) == tuple(numbers[1:])


def test_an_address_is_erased_with_all_that_shares_a_mail(store: Store) -> None:
    agree(store, ADA)
    numbers = plan(store)
    claimed = claim(store, numbers[0])
    store.leave(claimed, NOW, again=False)
    with pytest.raises(UserError, match="on its way"):
        store.erase(ADA, NOW)
    traces = store.erase(ADA, LATER)
    assert traces.open == 3
    assert states(store, numbers) == [DeliveryState.CANCELLED] * 3
    for number in numbers:
        line, steps = load(store, number)
        assert ADA not in line.delivery.destination.address
        assert steps[-2].state is DeliveryState.UNKNOWN


def test_histories_of_all_that_shared_a_mail_are_thrown_away_when_old(store: Store) -> None:
    agree(store, ADA)
    numbers = plan(store)
    claimed = claim(store, numbers[0])
    store.settle(claimed, DeliveryState.SENT, at=NOW, detail="there")
    assert store.prune(None, NOW + timedelta(days=1), 10).steps == 9
    assert states(store, numbers) == [DeliveryState.SENT] * 3


def test_figures_count_each_delivery_and_only_mails_as_due(store: Store) -> None:
    agree(store, ADA)
    numbers = plan(store)
    claimed = claim(store, numbers[0])
    store.leave(claimed, NOW, again=False)
    store.settle(claimed, DeliveryState.UNKNOWN, at=NOW, detail="silence", retry_at=LATER)
    backlog = store.load_backlog(LATER)
    assert (backlog.due, backlog.in_doubt) == (1, 3)
