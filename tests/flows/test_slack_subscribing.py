from dataclasses import replace
from datetime import time, timedelta

import pytest

from bot.core.desk import Deed, Done, ScheduleForm, write_ref
from bot.core.editions import DeliveryState
from bot.core.schedule import Rhythm, Schedule
from bot.core.subscriptions import Subscription
from bot.errors import FormError, QueryError, RefusedError, UserError
from bot.flows.slack_desk import Desk, find_subscription
from bot.flows.slack_subscribing import (
    change,
    mute,
    open_schedule,
    pause,
    remove,
    resume,
    save_schedule,
    subscribe_place,
    subscribe_set,
)
from bot.flows.subscribing_to import Wish
from tests.fakes.desks import DeskMemory
from tests.fakes.papers import DAY, NOW
from tests.flows.slack_world import (
    ADA,
    BOB,
    DM_ADA,
    HERE,
    LAB,
    MLLM,
    NINE,
    OURS,
    QUIET,
    WEEK,
    ZONE,
    channel,
    configure,
    make_desk,
    publish_all,
    read_clouds,
    subscribe,
)

HOUR = timedelta(hours=1)


@pytest.fixture
def desk() -> Desk:
    """Give a desk with a day's papers."""
    desk = make_desk()
    desk.store.save_set(OURS)
    read_clouds(desk)
    return desk


def ask(desk: Desk, what: str = "MLLM", wish: Wish = Wish(), called: str = "") -> Done:  # noqa: B008 - it cannot be changed
    return subscribe_place(desk, ADA, LAB, what, wish=wish, now=NOW, quoted=True, called=called)


def history(desk: Desk) -> dict[int, DeliveryState]:
    assert isinstance(desk.store, DeskMemory)
    return {number: row.delivery.state for number, row in desk.store.ledger.items()}


def test_a_channel_is_subscribed_as_it_was_wished_with_what_would_have_come(desk: Desk) -> None:
    done = ask(desk, "clouds", Wish(at="9:00", on="weekdays"))
    assert done.subscription == Subscription(
        *OURS.key, channel(f"{HERE}/{LAB}"), NINE, ADA.origin, id=1
    )
    assert (done.deed, done.before, done.keyword_set, done.waiting) == (
        Deed.SUBSCRIBED,
        None,
        OURS,
        0,
    )
    assert done.trial is not None
    assert (done.trial.days, done.trial.matched, done.trial.since) == (
        1,
        2,
        DAY - timedelta(days=29),
    )
    assert desk.store.load_subscriptions() == (done.subscription,)


def test_without_a_wish_digests_come_as_announced_in_the_desks_time_zone(desk: Desk) -> None:
    assert ask(desk).subscription.schedule == Schedule(timezone=ZONE)


def test_before_anything_is_stored_the_trial_looks_at_no_day() -> None:
    trial = ask(make_desk()).trial
    assert trial is not None
    assert (trial.days, trial.matched) == (0, 0)


def test_subscribing_again_changes_in_place_and_twice_changes_nothing(desk: Desk) -> None:
    first = ask(desk).subscription
    changed = subscribe_place(desk, BOB, LAB, "mllm", wish=Wish(at="8:00"), now=NOW)
    after = replace(first, schedule=Schedule(at=time(8), timezone=ZONE))
    assert changed == Done(Deed.CHANGED, after, first, MLLM)
    again = ask(desk, wish=Wish(at="08:00"))
    assert again == Done(Deed.CHANGED, after, after, MLLM)
    assert desk.store.load_subscriptions() == (after,)


def test_a_reference_subscribes_too(desk: Desk) -> None:
    done = subscribe_set(desk, ADA, DM_ADA, write_ref(OURS), wish=Wish(), now=NOW)
    assert done.subscription.destination == channel(f"{HERE}/{DM_ADA}")
    assert done.keyword_set == OURS


def test_a_query_makes_its_set_once(desk: Desk) -> None:
    first, second = ask(desk, "rain OR snow"), ask(desk, "(rain OR snow)")
    assert first.keyword_set is not None
    assert first.keyword_set.query == "rain OR snow"
    assert second == Done(Deed.CHANGED, first.subscription, first.subscription, first.keyword_set)


@pytest.mark.parametrize(
    ("what", "wish", "error"),
    [
        ("moss", Wish(at="25:00"), UserError),
        ("moss", Wish(on="hourly"), UserError),
        ("moss", Wish(timezone="Mars"), UserError),
        ("(moss", Wish(), QueryError),
    ],
)
def test_nothing_is_kept_of_what_cannot_be_read(
    desk: Desk, what: str, wish: Wish, error: type[UserError]
) -> None:
    with pytest.raises(error):
        ask(desk, what, wish)
    assert desk.store.load_subscriptions() == ()
    assert desk.store.load_sets(OURS.owner) == (OURS,)


@pytest.mark.parametrize("address", [LAB, "#papers"])
def test_what_the_configuration_subscribes_is_not_subscribed_again(
    desk: Desk, address: str
) -> None:
    number = configure(desk, address)
    done = ask(desk, wish=Wish(at="9:00"), called="papers")
    assert done.before == done.subscription
    assert done.subscription.id == number
    with pytest.raises(RefusedError, match="is the operator's"):
        ask(desk, wish=Wish(at="10:00"), called="papers")
    other = subscribe_place(desk, ADA, QUIET, "MLLM", wish=Wish(), now=NOW, called="other")
    assert other.before is None


def test_a_channel_that_the_configuration_names_elsewhere_is_not_this_one(desk: Desk) -> None:
    configure(desk, "#papers")
    elsewhere = replace(desk, home="T222")
    assert ask(elsewhere, called="papers").before is None


def test_a_change_leaves_what_was_not_named(desk: Desk) -> None:
    number = subscribe(desk, wish=Wish(at="9:00", on="weekdays", quiet="22:00-07:00"))
    done = change(desk, BOB, number, Wish(at="none"), NOW)
    quiet = (time(22), time(7))
    assert done.subscription.schedule == Schedule(Rhythm.WEEKDAYS, None, ZONE, None, quiet)
    assert done.before is not None
    assert (done.deed, done.before.schedule) == (Deed.CHANGED, replace(NINE, quiet=quiet))
    assert find_subscription(desk, ADA, number) == done.subscription


def test_the_form_shows_the_schedule_and_saves_what_it_says(desk: Desk) -> None:
    number = subscribe(desk, wish=Wish(at="9:00", on="weekdays", quiet="22:00-07:00"))
    form = open_schedule(desk, ADA, number, QUIET)
    assert form == ScheduleForm(
        number, "MLLM", LAB, Rhythm.WEEKDAYS, None, time(9), ZONE, channel=QUIET
    )
    assert save_schedule(desk, ADA, form, NOW).before == find_subscription(desk, ADA, number)
    weekly = replace(form, rhythm=Rhythm.WEEKLY, weekday=3, at=None, timezone="utc")
    after = save_schedule(desk, ADA, weekly, NOW).subscription
    assert after.schedule == Schedule(Rhythm.WEEKLY, None, "UTC", 3, (time(22), time(7)))


def test_a_weekly_digest_that_leaves_the_weekday_open_comes_on_mondays(desk: Desk) -> None:
    number = subscribe(desk, wish=Wish(on="weekly"))
    form = replace(open_schedule(desk, ADA, number), weekday=0)
    done = save_schedule(desk, ADA, form, NOW)
    assert done.before == done.subscription
    # A weekday says nothing of other rhythms.
    daily = replace(form, rhythm=Rhythm.DAILY, weekday=5)
    assert save_schedule(desk, ADA, daily, NOW).subscription.schedule == Schedule(timezone=ZONE)


def test_every_fault_of_the_form_is_said_at_once(desk: Desk) -> None:
    form = ScheduleForm(subscribe(desk), "MLLM", LAB, Rhythm.WEEKLY, 7, timezone="Berlin/Europe")
    with pytest.raises(FormError) as refused:
        save_schedule(desk, ADA, form, NOW)
    assert [fault.key for fault in refused.value.faults] == ["weekday", "timezone"]
    assert "Europe/Berlin" in str(refused.value)


def test_pausing_and_resuming_say_what_waits_and_are_done_once(desk: Desk) -> None:
    number = subscribe(desk, wish=Wish(at="23:00"))
    publish_all(desk)
    before = find_subscription(desk, ADA, number)
    paused = replace(before, paused=True)
    assert pause(desk, BOB, number) == Done(Deed.PAUSED, paused, before, MLLM, 1)
    assert pause(desk, ADA, number) == Done(Deed.PAUSED, paused, paused, MLLM, 1)
    assert find_subscription(desk, ADA, number) == paused
    assert resume(desk, BOB, number) == Done(Deed.RESUMED, before, paused, MLLM, 1)
    assert resume(desk, ADA, number) == Done(Deed.RESUMED, before, before, MLLM, 1)
    assert find_subscription(desk, ADA, number) == before


def test_subscribing_again_leaves_a_pause_alone(desk: Desk) -> None:
    number = subscribe(desk)
    pause(desk, ADA, number)
    assert ask(desk, wish=Wish(at="8:00")).subscription.paused


def test_a_pause_for_a_reason_keeps_it(desk: Desk) -> None:
    number = subscribe(desk)
    desk.store.pause_subscription(number, paused=True, reason="it was archived")
    known = find_subscription(desk, ADA, number)
    assert pause(desk, ADA, number) == Done(Deed.PAUSED, known, known, MLLM)
    assert mute(desk, ADA, number, NOW + WEEK) == Done(Deed.MUTED, known, known, MLLM)
    assert resume(desk, ADA, number).subscription == replace(known, paused=False, reason="")


def test_muting_ends_by_itself_and_two_clicks_are_one(desk: Desk) -> None:
    number = subscribe(desk)
    before = find_subscription(desk, ADA, number)
    muted = replace(before, paused=True, until=NOW + WEEK)
    assert mute(desk, ADA, number, NOW + WEEK) == Done(Deed.MUTED, muted, before, MLLM)
    for until in (NOW + WEEK + timedelta(seconds=2), NOW + HOUR):
        assert mute(desk, BOB, number, until) == Done(Deed.MUTED, muted, muted, MLLM)
    longer = replace(muted, until=NOW + WEEK + HOUR)
    assert mute(desk, BOB, number, NOW + WEEK + HOUR) == Done(Deed.MUTED, longer, muted, MLLM)
    assert find_subscription(desk, ADA, number) == longer


def test_what_is_muted_can_be_paused_for_good_and_resumed(desk: Desk) -> None:
    number = subscribe(desk)
    before = find_subscription(desk, ADA, number)
    mute(desk, ADA, number, NOW + WEEK)
    assert pause(desk, ADA, number).subscription == replace(before, paused=True)
    mute(desk, ADA, number, NOW + WEEK)
    assert find_subscription(desk, ADA, number).until is None
    assert resume(desk, ADA, number).subscription == before


def test_removing_calls_off_what_waits_and_subscribing_brings_it_back(desk: Desk) -> None:
    number = subscribe(desk, wish=Wish(at="23:00"))
    publish_all(desk)
    known = find_subscription(desk, ADA, number)
    assert remove(desk, BOB, number, NOW) == Done(Deed.REMOVED, known, known, MLLM, 1)
    assert history(desk) == {1: DeliveryState.CANCELLED}
    with pytest.raises(RefusedError, match="there is no subscription 1 here"):
        remove(desk, BOB, number, NOW)
    assert ask(desk).subscription.id == number


def test_a_subscription_outlives_its_set_in_the_configuration(desk: Desk) -> None:
    number = subscribe(desk)
    without = replace(desk, configured=())
    assert pause(without, ADA, number).keyword_set is None
    assert change(without, ADA, number, Wish(at="8:00"), NOW).keyword_set is None
