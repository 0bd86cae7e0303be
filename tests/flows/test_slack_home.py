from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta

import pytest

from bot.core.desk import HomeView, Listed, Saved
from bot.core.editions import DestinationKind
from bot.core.schedule import Rhythm, Schedule
from bot.core.subscriptions import OPERATOR, Subscription
from bot.flows.deliver import Terms, deliver_due
from bot.flows.saving import save_papers
from bot.flows.slack_desk import Desk, find_subscription, visible_subscriptions
from bot.flows.slack_home import list_subscriptions, show_home
from bot.flows.slack_subscribing import pause
from bot.flows.subscribing_to import Wish
from tests.fakes.clocks import StillClock
from tests.fakes.papers import DAY, NOW
from tests.fakes.senders import RecordingSender
from tests.flows.slack_world import (
    ADA,
    BOB,
    DM_ADA,
    DM_BOB,
    LAB,
    MLLM,
    OURS,
    QUIET,
    STRANGER,
    ZONE,
    channel,
    configure,
    counting,
    hide_quiet,
    make_desk,
    publish_all,
    read_clouds,
    subscribe,
)

# A Thursday's announcement is read, and it is Thursday morning in Berlin.
FRIDAY = date(2025, 12, 5)


@pytest.fixture
def desk() -> Desk:
    """Give a desk with Ada's set and a Thursday's papers."""
    desk = make_desk()
    desk.store.save_set(OURS)
    read_clouds(desk)
    return desk


def utc(day: int, hour: int, minute: int = 0) -> datetime:
    return datetime(2025, 12, day, hour, minute, tzinfo=UTC)


def next_due(desk: Desk, wish: Wish, now: datetime = NOW) -> datetime | None:
    number = subscribe(desk, wish=wish)
    (listed,) = list_subscriptions(desk, ADA, now)
    assert listed.subscription.id == number
    return listed.next_due


def test_own_subscriptions_come_first_and_others_are_those_of_the_workspaces_channels(
    desk: Desk,
) -> None:
    bobs = subscribe(desk, BOB, LAB, "Clouds")
    subscribe(desk, BOB, DM_BOB, "Clouds")
    configured = configure(desk, "#papers")
    mine = [subscribe(desk, ADA, LAB), subscribe(desk, ADA, DM_ADA)]
    subscribe(desk, STRANGER, "C222")
    listed = list_subscriptions(desk, ADA, NOW)
    assert [each.subscription.id for each in listed] == [*mine, bobs, configured]
    assert [each.mine for each in listed] == [True, True, False, False]
    assert [each.keyword_set for each in listed] == [MLLM, MLLM, OURS, MLLM]
    view = show_home(desk, ADA, NOW)
    assert (view.mine, view.others) == (listed[:2], listed[2:])
    assert view.sets == (OURS, MLLM)


def test_a_list_may_be_of_one_channel(desk: Desk) -> None:
    here = [subscribe(desk, ADA, LAB), configure(desk, LAB, OURS)]
    subscribe(desk, ADA, QUIET)
    listed = list_subscriptions(desk, BOB, NOW, channel=LAB)
    assert [each.subscription.id for each in listed] == here
    assert list_subscriptions(desk, BOB, NOW, channel="C404") == ()


def test_nobody_learns_of_private_channels_that_they_are_not_in(desk: Desk) -> None:
    desk = replace(desk, hidden=hide_quiet)
    subscribe(desk, ADA, QUIET)
    assert len(list_subscriptions(desk, ADA, NOW)) == 1
    assert list_subscriptions(desk, BOB, NOW) == ()
    # Who asked for it may still end it, wherever they are now.
    assert len(list_subscriptions(replace(desk, hidden=lambda _person: [QUIET]), ADA, NOW)) == 1


def test_what_is_hidden_is_asked_only_where_it_matters(desk: Desk) -> None:
    desk, asked = counting(desk)
    assert visible_subscriptions(desk, ADA) == ()
    own = subscribe(desk, ADA, DM_ADA)
    find_subscription(desk, ADA, own)
    assert asked() == 0
    find_subscription(desk, BOB, subscribe(desk, ADA, LAB))
    visible_subscriptions(desk, BOB)
    assert asked() == 2


def test_what_goes_elsewhere_than_to_slack_is_not_listed(desk: Desk) -> None:
    folder = replace(channel("digests"), kind=DestinationKind.FOLDER)
    desk.store.save_subscription(Subscription(*MLLM.key, folder), NOW)
    assert list_subscriptions(desk, ADA, NOW) == ()


def test_where_no_workspace_is_home_the_configurations_channels_are_nobodys(desk: Desk) -> None:
    configure(desk, "#papers")
    configure(desk, "C777", OURS, OPERATOR)
    for person in (ADA, STRANGER):
        assert list_subscriptions(replace(desk, home=""), person, NOW) == ()


def test_what_is_planned_is_next_and_what_was_begun_is_last(desk: Desk) -> None:
    nine, eleven = (
        subscribe(desk, wish=Wish(at="9:00")),
        subscribe(desk, conversation=QUIET, wish=Wish(at="11:00")),
    )
    publish_all(desk)
    first, second = list_subscriptions(desk, ADA, NOW)
    assert (first.next_due, second.next_due) == (utc(4, 8), utc(4, 10))
    assert (first.last, second.last) == (None, None)
    sender = RecordingSender()
    later = utc(4, 8, 1)
    terms = Terms(chance=lambda: 0.0)
    tuple(
        deliver_due(desk.store, {DestinationKind.CHANNEL: sender}, StillClock(later), terms)  # type: ignore[arg-type]  # the fake is one
    )
    first, second = list_subscriptions(desk, ADA, later)
    assert (first.subscription.id, second.subscription.id) == (nine, eleven)
    assert first.last is not None
    assert (first.last.delivery.state, first.last.days) == ("sent", (DAY,))
    assert first.next_due == utc(5, 8)
    assert (second.last, second.next_due) == (None, utc(4, 10))


@pytest.mark.parametrize(
    ("wish", "due"),
    [
        (Wish(), None),
        (Wish(on="weekdays"), None),
        (Wish(at="9:00"), utc(5, 8)),
        (Wish(at="9:00", on="weekdays"), utc(5, 8)),
        # Friday's announcement is not there before six in Berlin.
        (Wish(at="1:00"), utc(5, 5)),
        (Wish(at="9:00", on="weekly mon"), utc(8, 8)),
        (Wish(on="weekly mon"), utc(7, 23)),
        (Wish(at="23:00", quiet="22:00-07:00"), utc(6, 6)),
    ],
)
def test_without_a_plan_the_next_announcements_digest_comes_when_the_schedule_says(
    desk: Desk, wish: Wish, due: datetime | None
) -> None:
    assert next_due(desk, wish) == due


def test_the_next_announcement_follows_the_newest_that_is_stored(desk: Desk) -> None:
    # Thursday evening in New York: Friday's is announced, and not read yet; then it is.
    evening = utc(5, 2)
    assert next_due(desk, Wish(at="9:00"), evening) == utc(5, 8)
    read_clouds(desk, FRIDAY, first=20)
    assert next_due(desk, Wish(at="9:00"), evening) == utc(8, 8)


def test_before_anything_is_stored_the_next_announcement_is_expected_today() -> None:
    assert next_due(make_desk(), Wish(at="9:00")) == utc(4, 8)


def test_nothing_comes_next_while_paused_even_of_what_waits(desk: Desk) -> None:
    number = subscribe(desk, wish=Wish(at="9:00"))
    publish_all(desk)
    pause(desk, ADA, number)
    (listed,) = list_subscriptions(desk, ADA, NOW)
    assert (listed.next_due, listed.subscription.paused) == (None, True)


def test_a_subscription_of_a_removed_set_is_listed_without_one(desk: Desk) -> None:
    subscribe(desk)
    (listed,) = list_subscriptions(replace(desk, configured=()), ADA, NOW)
    assert listed.keyword_set is None


def test_of_those_that_no_list_shows_nothing_is_looked_up(desk: Desk) -> None:
    for number in range(60):
        configure(desk, f"#papers-{number}")
    publish_all(desk, now=NOW - timedelta(hours=1))
    listed = list_subscriptions(desk, ADA, NOW)
    assert len(listed) == 60
    planned = [each.next_due == utc(4, 8) for each in listed]
    assert planned == [True] * 50 + [False] * 10


def test_home_shows_the_newest_saved_papers_and_counts_all(desk: Desk) -> None:
    read_clouds(desk, FRIDAY, first=100, count=60)
    for number in range(60):
        save_papers(desk, ADA, [f"2512.{100 + number:05d}"], NOW + timedelta(minutes=number))
    view = show_home(desk, ADA, NOW)
    assert (len(view.saved), view.saved_count) == (50, 60)
    assert isinstance(view.saved[0], Saved)
    assert view.saved[0].paper.base_id == "2512.00159"
    assert show_home(desk, BOB, NOW) == HomeView(sets=(OURS, MLLM))


def test_a_home_of_nothing_is_empty() -> None:
    assert show_home(replace(make_desk(), configured=()), ADA, NOW) == HomeView()


def test_a_listed_subscription_is_as_it_was_saved(desk: Desk) -> None:
    number = subscribe(desk, wish=Wish(at="9:00", on="weekly thu"))
    (listed,) = list_subscriptions(desk, BOB, NOW)
    assert listed == Listed(find_subscription(desk, ADA, number), MLLM, utc(11, 8), None)
    assert listed.subscription.schedule == Schedule(Rhythm.WEEKLY, time(9), ZONE, 3)
