from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta, timezone
from functools import cache
from itertools import pairwise
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.core.schedule import (
    Rhythm,
    Schedule,
    describe_schedule,
    find_slot,
    leave_quiet,
    parse_clock,
    parse_quiet,
    parse_rhythm,
    parse_timezone,
)
from bot.errors import UserError

EARLY = datetime(2025, 1, 1, tzinfo=UTC)
DAY, WEEK = timedelta(days=1), timedelta(days=7)
MOMENT = timedelta(microseconds=1)
NIGHT = (time(22), time(7))
BERLIN = "Europe/Berlin"
SATURDAY = 5


def due_of(schedule: Schedule, day: date, now: datetime) -> datetime:
    return find_slot(schedule, day, now).due


def local_of(schedule: Schedule, day: date, now: str) -> str:
    """Say where the slot is on the schedule's own clock; `now` is on that clock too."""
    zone = ZoneInfo(schedule.timezone)
    slot = find_slot(schedule, day, datetime.fromisoformat(now).replace(tzinfo=zone))
    local = slot.due.astimezone(zone)
    assert slot.day == local.date()
    return f"{local:%a %d %H:%M}"


@pytest.mark.parametrize(
    ("day", "at", "zone", "due"),
    [
        (date(2025, 12, 4), time(9), "UTC", "2025-12-04T09:00+00:00"),
        (date(2025, 12, 4), time(9), BERLIN, "2025-12-04T08:00+00:00"),
        (date(2025, 7, 4), time(9), BERLIN, "2025-07-04T07:00+00:00"),
        (date(2025, 12, 4), time(9, 30), "Asia/Kolkata", "2025-12-04T04:00+00:00"),
        (date(2025, 12, 4), time(0), "Pacific/Kiritimati", "2025-12-03T10:00+00:00"),
        (date(2025, 12, 4), time(20), "America/Los_Angeles", "2025-12-05T04:00+00:00"),
    ],
)
def test_is_due_at_the_local_time_of_that_local_date(
    day: date, at: time, zone: str, due: str
) -> None:
    slot = find_slot(Schedule(at=at, timezone=zone), day, EARLY)
    assert slot.due == datetime.fromisoformat(due)
    assert slot.day == day


def test_a_time_that_a_clock_change_skips_is_due_as_much_later() -> None:
    # At 02:00 the clocks go to 03:00, so 02:30 would be 03:30.
    due = due_of(Schedule(at=time(2, 30), timezone=BERLIN), date(2025, 3, 30), EARLY)
    assert due == datetime(2025, 3, 30, 1, 30, tzinfo=UTC)


@pytest.mark.parametrize("fold", [0, 1])
def test_a_time_that_comes_twice_is_due_the_first_time(fold: int) -> None:
    schedule = Schedule(at=time(2, 30, fold=fold), timezone=BERLIN)
    due = due_of(schedule, date(2025, 10, 26), EARLY)
    assert due == datetime(2025, 10, 26, 0, 30, tzinfo=UTC)


@pytest.mark.parametrize("at", [None, time(9)], ids=["at once", "passed"])
def test_at_once_and_what_has_passed_are_due_now_in_utc(at: time | None) -> None:
    now = datetime(2025, 12, 4, 12, tzinfo=timezone(timedelta(hours=1)))
    due = due_of(Schedule(at=at, timezone=BERLIN), date(2025, 12, 4), now)
    assert due == now
    assert due.tzinfo is UTC


def test_the_slots_day_is_the_local_date_and_not_the_announcements() -> None:
    schedule = Schedule(timezone="America/Los_Angeles")
    now = datetime(2025, 12, 4, 1, tzinfo=UTC)
    assert find_slot(schedule, date(2025, 12, 4), now).day == date(2025, 12, 3)
    schedule = Schedule(at=time(9), timezone="Asia/Tokyo")
    late = datetime(2025, 12, 4, 15, tzinfo=UTC)
    assert find_slot(schedule, date(2025, 12, 4), late).day == date(2025, 12, 5)


def test_an_unknown_time_zone_is_an_error() -> None:
    with pytest.raises(ZoneInfoNotFoundError):
        find_slot(Schedule(timezone="Europe/Berln"), date(2025, 12, 4), EARLY)


# December 2025 begins on a Monday.
@pytest.mark.parametrize(
    ("at", "day", "now", "due"),
    [
        (time(9), 5, "2025-12-05T02:00", "Fri 05 09:00"),
        (time(9), 5, "2025-12-05T12:00", "Fri 05 12:00"),
        (time(9), 6, "2025-12-05T12:00", "Mon 08 09:00"),
        (time(9), 7, "2025-12-05T12:00", "Mon 08 09:00"),
        (time(9), 5, "2025-12-06T12:00", "Mon 08 09:00"),
        (time(9), 5, "2025-12-07T23:59", "Mon 08 09:00"),
        (time(9), 5, "2025-12-08T00:00", "Mon 08 09:00"),
        (time(9), 5, "2025-12-08T08:59", "Mon 08 09:00"),
        (time(9), 5, "2025-12-08T09:01", "Mon 08 09:01"),
        (time(9), 5, "2025-12-09T03:00", "Tue 09 03:00"),
        (time(0), 6, "2025-12-05T12:00", "Mon 08 00:00"),
        (None, 5, "2025-12-05T02:00", "Fri 05 02:00"),
        (None, 5, "2025-12-06T02:00", "Mon 08 00:00"),
        (None, 8, "2025-12-07T20:00", "Mon 08 00:00"),
        (None, 8, "2025-12-08T02:00", "Mon 08 02:00"),
    ],
)
def test_on_weekdays_a_weekend_waits_for_monday(
    at: time | None, day: int, now: str, due: str
) -> None:
    schedule = Schedule(Rhythm.WEEKDAYS, at, BERLIN)
    assert local_of(schedule, date(2025, 12, day), now) == due


@pytest.mark.parametrize(
    ("at", "weekday", "day", "now", "due"),
    [
        (time(9), 0, 8, "2025-12-08T02:00", "Mon 08 09:00"),
        (time(9), None, 8, "2025-12-08T02:00", "Mon 08 09:00"),
        (time(9), 0, 8, "2025-12-08T09:00", "Mon 08 09:00"),
        (time(9), 0, 8, "2025-12-08T09:01", "Mon 15 09:00"),
        (time(9), 0, 9, "2025-12-08T02:00", "Mon 15 09:00"),
        (time(9), 0, 4, "2025-12-04T02:00", "Mon 08 09:00"),
        (time(9), 0, 1, "2025-12-10T02:00", "Mon 15 09:00"),
        (time(9), 4, 4, "2025-12-04T02:00", "Fri 05 09:00"),
        (time(9), 6, 4, "2025-12-04T02:00", "Sun 07 09:00"),
        (None, 0, 4, "2025-12-04T02:00", "Mon 08 00:00"),
        (None, 0, 8, "2025-12-07T20:00", "Mon 08 00:00"),
        (None, 0, 8, "2025-12-08T02:00", "Mon 08 02:00"),
        (None, 0, 8, "2025-12-08T23:59", "Mon 08 23:59"),
        (None, 0, 8, "2025-12-09T00:00", "Mon 15 00:00"),
        (None, 0, 9, "2025-12-08T20:00", "Mon 15 00:00"),
    ],
)
def test_weekly_is_due_with_the_first_such_weekdays_digest_that_is_still_to_come(
    at: time | None, weekday: int | None, day: int, now: str, due: str
) -> None:
    schedule = Schedule(Rhythm.WEEKLY, at, BERLIN, weekday)
    assert local_of(schedule, date(2025, 12, day), now) == due


@pytest.mark.parametrize(
    ("quiet", "now", "due"),
    [
        (NIGHT, "2025-12-04T21:59", "Thu 04 21:59"),
        (NIGHT, "2025-12-04T22:00", "Fri 05 07:00"),
        (NIGHT, "2025-12-05T00:00", "Fri 05 07:00"),
        (NIGHT, "2025-12-05T06:59", "Fri 05 07:00"),
        (NIGHT, "2025-12-05T07:00", "Fri 05 07:00"),
        ((time(12), time(14)), "2025-12-04T11:59", "Thu 04 11:59"),
        ((time(12), time(14)), "2025-12-04T13:00", "Thu 04 14:00"),
        ((time(12), time(14)), "2025-12-04T14:00", "Thu 04 14:00"),
        ((time(0), time(7)), "2025-12-04T00:00", "Thu 04 07:00"),
        ((time(22), time(0)), "2025-12-04T22:00", "Fri 05 00:00"),
        ((time(9), time(9)), "2025-12-04T09:00", "Thu 04 09:00"),
        ((time(0), time(0)), "2025-12-04T00:00", "Thu 04 00:00"),
        ((time(9), time(8, 59)), "2025-12-04T09:00", "Fri 05 08:59"),
    ],
)
def test_quiet_hours_put_off_what_is_due_in_them_until_they_end(
    quiet: tuple[time, time], now: str, due: str
) -> None:
    day = date(2025, 12, 4)
    assert local_of(Schedule(timezone=BERLIN, quiet=quiet), day, now) == due
    at = datetime.fromisoformat(now).time()
    daily = Schedule(at=at, timezone=BERLIN, quiet=quiet)
    assert local_of(daily, date.fromisoformat(now[:10]), "2025-12-01T00:00") == due


@pytest.mark.parametrize(
    ("rhythm", "at", "quiet", "day", "now", "due"),
    [
        # Out of the quiet hours into the weekend, and out of the weekend into quiet hours.
        (Rhythm.WEEKDAYS, time(23), NIGHT, 5, "2025-12-05T02:00", "Tue 09 07:00"),
        (Rhythm.WEEKDAYS, None, NIGHT, 5, "2025-12-05T23:00", "Mon 08 07:00"),
        (Rhythm.WEEKDAYS, time(9), NIGHT, 5, "2025-12-05T23:00", "Mon 08 09:00"),
        (Rhythm.WEEKDAYS, time(6), NIGHT, 6, "2025-12-05T12:00", "Mon 08 07:00"),
        (Rhythm.WEEKDAYS, time(6), NIGHT, 5, "2025-12-04T12:00", "Fri 05 07:00"),
        # A weekly digest keeps its turn, also while it waits for the morning.
        (Rhythm.WEEKLY, time(23), NIGHT, 8, "2025-12-08T12:00", "Tue 09 07:00"),
        (Rhythm.WEEKLY, time(23), NIGHT, 8, "2025-12-08T23:30", "Tue 09 07:00"),
        (Rhythm.WEEKLY, time(23), NIGHT, 8, "2025-12-09T03:00", "Tue 09 07:00"),
        (Rhythm.WEEKLY, time(23), NIGHT, 8, "2025-12-09T07:00", "Tue 09 07:00"),
        (Rhythm.WEEKLY, time(23), NIGHT, 8, "2025-12-09T07:01", "Tue 16 07:00"),
        (Rhythm.WEEKLY, time(23), NIGHT, 9, "2025-12-09T03:00", "Tue 16 07:00"),
        (Rhythm.WEEKLY, time(6), NIGHT, 8, "2025-12-08T06:30", "Mon 08 07:00"),
        (Rhythm.WEEKLY, None, NIGHT, 8, "2025-12-04T12:00", "Mon 08 07:00"),
        (Rhythm.WEEKLY, None, NIGHT, 8, "2025-12-08T12:00", "Mon 08 12:00"),
        (Rhythm.WEEKLY, None, NIGHT, 8, "2025-12-08T22:30", "Tue 09 07:00"),
        (Rhythm.WEEKLY, None, NIGHT, 8, "2025-12-09T03:00", "Tue 09 07:00"),
        (Rhythm.WEEKLY, None, NIGHT, 8, "2025-12-09T07:01", "Mon 15 07:00"),
    ],
)
def test_the_slot_keeps_all_rules_together(
    *, rhythm: Rhythm, at: time | None, quiet: tuple[time, time], day: int, now: str, due: str
) -> None:
    schedule = Schedule(rhythm, at, BERLIN, quiet=quiet)
    assert local_of(schedule, date(2025, 12, day), now) == due


@pytest.mark.parametrize(
    ("quiet", "now", "due"),
    [
        # At 02:00 on 30 March 2025 the clocks go to 03:00, which is at 01:00 UTC.
        ((time(22), time(2, 30)), "2025-03-29T23:30+00:00", "2025-03-30T01:00+00:00"),
        ((time(22), time(2)), "2025-03-29T23:30+00:00", "2025-03-30T01:00+00:00"),
        ((time(22), time(3)), "2025-03-29T23:30+00:00", "2025-03-30T01:00+00:00"),
        ((time(22), time(3, 30)), "2025-03-29T23:30:30.5+00:00", "2025-03-30T01:30+00:00"),
        ((time(2, 30), time(5)), "2025-03-30T00:59+00:00", "2025-03-30T00:59+00:00"),
        ((time(2, 30), time(5)), "2025-03-30T01:00+00:00", "2025-03-30T03:00+00:00"),
        ((time(2, 10), time(2, 50)), "2025-03-30T01:00+00:00", "2025-03-30T01:00+00:00"),
        # At 03:00 on 26 October 2025 the clocks go to 02:00, which is at 01:00 UTC.
        ((time(2), time(3)), "2025-10-26T00:30+00:00", "2025-10-26T02:00+00:00"),
        ((time(2), time(3)), "2025-10-26T01:30+00:00", "2025-10-26T02:00+00:00"),
        ((time(22), time(7)), "2025-10-25T22:00+00:00", "2025-10-26T06:00+00:00"),
        # Both times that the clock shows a quiet time are quiet, and nothing else is.
        ((time(2, 10), time(2, 40)), "2025-10-26T00:20+00:00", "2025-10-26T00:40+00:00"),
        ((time(2, 10), time(2, 40)), "2025-10-26T00:50+00:00", "2025-10-26T00:50+00:00"),
        ((time(2, 10), time(2, 40)), "2025-10-26T01:20+00:00", "2025-10-26T01:40+00:00"),
        ((time(2, 30), time(7)), "2025-10-26T00:40:00.5+00:00", "2025-10-26T01:00+00:00"),
        ((time(2, 30), time(2, 20)), "2025-10-26T00:40+00:00", "2025-10-26T01:20+00:00"),
    ],
)
def test_quiet_hours_follow_the_clock_over_its_changes(
    quiet: tuple[time, time], now: str, due: str
) -> None:
    slot = due_of(
        Schedule(timezone=BERLIN, quiet=quiet), date(2025, 3, 1), datetime.fromisoformat(now)
    )
    assert slot == datetime.fromisoformat(due)


def test_a_date_that_a_zone_skips_is_no_obstacle() -> None:
    # Samoa had no 30 December 2011: the 29th, a Thursday, was followed by Saturday the 31st.
    now = datetime(2011, 12, 29, tzinfo=UTC)
    daily = Schedule(at=time(23), timezone="Pacific/Apia", quiet=NIGHT)
    assert local_of(daily, date(2011, 12, 29), "2011-12-28T12:00") == "Sat 31 07:00"
    weekly = Schedule(Rhythm.WEEKLY, time(9), "Pacific/Apia", weekday=4)
    assert due_of(weekly, date(2011, 12, 29), now) == datetime(2011, 12, 30, 19, tzinfo=UTC)
    put_off = Schedule(Rhythm.WEEKLY, time(23), "Pacific/Apia", weekday=3, quiet=NIGHT)
    for asked in ("2011-12-29T12:00", "2011-12-31T03:00"):
        assert local_of(put_off, date(2011, 12, 29), asked) == "Sat 31 07:00"


@dataclass(frozen=True, slots=True)
class Change:
    """One change of a zone's clocks: its first moment, and the offsets around it."""

    zone: str
    moment: datetime
    before: timedelta
    after: timedelta

    @property
    def skips(self) -> timedelta:
        return max(self.after - self.before, timedelta(0))

    @property
    def old_clock(self) -> datetime:
        return (self.moment + self.before).replace(tzinfo=None)

    @property
    def new_clock(self) -> datetime:
        return (self.moment + self.after).replace(tzinfo=None)

    def clock_times(self) -> Iterator[time]:
        """Give times in and around what is skipped or comes twice."""
        first, last = sorted((self.old_clock, self.new_clock))
        minute = timedelta(minutes=1)
        for wall in (first - minute, first, first + (last - first) / 3, last - minute, last):
            yield wall.time()

    def dates(self) -> Iterator[date]:
        for days in range(-2, 3):
            yield self.old_clock.date() + timedelta(days=days)


@cache
def find_changes() -> tuple[Change, ...]:
    """Find all clock changes of 2024 to 2028, once for all zones that share them."""
    step = timedelta(days=3)
    probes = [datetime(2024, 1, 1, tzinfo=UTC) + step * number for number in range(609)]
    changes = {}
    for name in sorted(available_timezones()):
        zone = ZoneInfo(name)
        offsets = [probe.astimezone(zone).utcoffset() or timedelta(0) for probe in probes]
        found = []
        for probe, (before, after) in zip(probes, pairwise(offsets), strict=False):
            if before != after:
                seconds = bisect_left(
                    range(int(step.total_seconds())),
                    x=True,
                    key=lambda second, probe=probe, zone=zone, before=before: (  # type: ignore[misc]
                        (probe + timedelta(seconds=second)).astimezone(zone).utcoffset() != before
                    ),
                )
                found.append(Change(name, probe + timedelta(seconds=seconds), before, after))
        changes[tuple((each.moment, each.before, each.after) for each in found)] = found
    return tuple(change for found in changes.values() for change in found)


def nows_around(change: Change) -> list[datetime]:
    """Give moments from days before a change to days after it, each before the next."""
    minutes = [-2900, -1500, -61, -31, -1, 0, 1, 29, 61, 1500, 2900]
    return [change.moment + timedelta(minutes=each) for each in minutes]


def test_there_are_changes_of_all_kinds_to_try() -> None:
    changes = find_changes()
    assert len({change.zone for change in changes}) > 20
    sizes = {change.after - change.before for change in changes}
    # Lord Howe Island goes by half an hour, Troll by two, others by one, each there and back.
    for hours in (0.5, 1, 2):
        assert {timedelta(hours=hours), timedelta(hours=-hours)} <= sizes
    assert any(change.old_clock.time() == time(0) for change in changes)


def test_around_every_change_of_clocks_a_daily_digest_is_due_at_its_time_once_a_date() -> None:
    for change in find_changes():
        zone = ZoneInfo(change.zone)
        long_before = change.moment - WEEK
        for at in change.clock_times():
            schedule = Schedule(at=at, timezone=change.zone)
            slots = [find_slot(schedule, day, long_before) for day in change.dates()]
            assert all(one.due < next_one.due for one, next_one in pairwise(slots))
            for day, slot in zip(change.dates(), slots, strict=True):
                wanted = datetime.combine(day, at)
                if change.old_clock <= wanted < change.old_clock + change.skips:
                    wanted += change.skips
                local = slot.due.astimezone(zone)
                assert local.replace(tzinfo=None) == wanted
                assert local.fold == 0
                assert slot.day == wanted.date()
            # Only where what is skipped ends at midnight (in Greenland, on Saturdays), a time in
            # it has no date left, and the next date gets it.
            skips_midnight = change.skips and change.new_clock.date() > change.old_clock.date()
            if not (skips_midnight and at >= change.old_clock.time()):
                assert [slot.day for slot in slots] == list(change.dates())


@pytest.mark.parametrize(
    ("rhythm", "quiet"),
    [
        (Rhythm.DAILY, None),
        (Rhythm.DAILY, (time(22), time(1, 30))),
        (Rhythm.WEEKDAYS, None),
        (Rhythm.WEEKDAYS, (time(23, 30), time(2, 30))),
        (Rhythm.WEEKLY, None),
        (Rhythm.WEEKLY, (time(0, 30), time(3))),
    ],
)
def test_around_every_change_of_clocks_a_slot_keeps_the_rules_and_its_place(
    rhythm: Rhythm, quiet: tuple[time, time] | None
) -> None:
    for change in find_changes():
        zone = ZoneInfo(change.zone)
        weekday = change.old_clock.weekday()
        day = change.old_clock.date() - DAY
        for at in (*change.clock_times(), None):
            schedule = Schedule(rhythm, at, change.zone, weekday, quiet)
            before = None
            for now in nows_around(change):
                slot = find_slot(schedule, day, now)
                local = slot.due.astimezone(zone)
                assert slot.due >= now
                assert slot.day == local.date()
                assert quiet is None or not shows_quiet(local, quiet)
                if rhythm is Rhythm.WEEKDAYS:
                    assert local.weekday() < SATURDAY
                elif rhythm is Rhythm.WEEKLY:
                    skipped_midnight = change.new_clock.time() == time(0) and change.skips
                    assert quiet or skipped_midnight or local.weekday() == weekday
                # It stays where it is for all that come before it is due.
                assert due_of(schedule, day, slot.due) == slot.due
                if before is not None:
                    assert before <= slot.due
                    assert now > before or slot.due == before or at is None
                before = slot.due


def shows_quiet(local: datetime, quiet: tuple[time, time]) -> bool:
    start, end = quiet
    clock = local.time()
    return start <= clock < end if start <= end else not end <= clock < start


def find_slowly(schedule: Schedule, now: datetime) -> datetime:
    """Go on minute by minute until no rule holds an edition back that has been there for long."""
    zone = ZoneInfo(schedule.timezone)
    while True:
        local = now.astimezone(zone)
        weekend = schedule.rhythm is Rhythm.WEEKDAYS and (
            local.weekday() >= SATURDAY
            or (local.weekday() == 0 and local.time() < (schedule.at or time()))
        )
        if not weekend and not (schedule.quiet and shows_quiet(local, schedule.quiet)):
            return now
        now += timedelta(minutes=1)


@settings(max_examples=150)
@given(
    change=st.deferred(lambda: st.sampled_from(find_changes())),
    minutes=st.integers(-1500, 1500),
    rhythm=st.sampled_from([Rhythm.DAILY, Rhythm.WEEKDAYS]),
    quiet=st.tuples(*[st.integers(0, 47)] * 2),
    at=st.none() | st.just(time(9)),
)
def test_a_slot_is_the_first_moment_that_no_rule_forbids(
    change: Change, minutes: int, rhythm: Rhythm, quiet: tuple[int, int], at: time | None
) -> None:
    first, last = (time(half // 2, half % 2 * 30) for half in quiet)
    schedule = Schedule(rhythm, at, change.zone, quiet=(first, last))
    now = change.moment + timedelta(minutes=minutes)
    long_ago = now.date() - WEEK
    assert due_of(schedule, long_ago, now) == find_slowly(schedule, now)


@settings(max_examples=150)
@given(
    change=st.deferred(lambda: st.sampled_from(find_changes())),
    minutes=st.integers(-1500, 1500),
    quiet=st.tuples(*[st.integers(0, 47)] * 2),
)
def test_quiet_hours_are_left_at_the_first_moment_that_is_not_quiet(
    change: Change, minutes: int, quiet: tuple[int, int]
) -> None:
    first, last = (time(half // 2, half % 2 * 30) for half in quiet)
    now = change.moment + timedelta(minutes=minutes)
    # Nothing else of a schedule matters.
    schedule = Schedule(Rhythm.WEEKLY, time(3), change.zone, 2, quiet=(first, last))
    left = leave_quiet(schedule, now)
    assert left == find_slowly(Schedule(timezone=change.zone, quiet=(first, last)), now)
    assert left.tzinfo is UTC


def test_without_quiet_hours_nothing_waits() -> None:
    now = datetime(2025, 12, 4, 3, tzinfo=ZoneInfo(BERLIN))
    assert leave_quiet(Schedule(timezone=BERLIN), now) == now


ANY_TIME = st.times() | st.builds(time, st.integers(0, 23), st.sampled_from([0, 30]))
ANY_SCHEDULE = st.builds(
    Schedule,
    rhythm=st.sampled_from(Rhythm),
    at=st.none() | ANY_TIME,
    timezone=st.timezone_keys(allow_prefix=False),
    weekday=st.none() | st.integers(0, 6),
    quiet=st.none() | st.tuples(ANY_TIME, ANY_TIME),
)
ANY_NOW = st.datetimes(
    datetime(2000, 1, 1),  # noqa: DTZ001 - the zone comes below
    datetime(2037, 12, 31),  # noqa: DTZ001
    timezones=st.just(UTC),
)


@settings(max_examples=400)
@given(
    schedule=ANY_SCHEDULE,
    now=ANY_NOW,
    ahead=st.integers(-10, 10),
    later=st.timedeltas(timedelta(0), timedelta(days=10)),
)
def test_the_later_now_the_later_a_slot_that_keeps_all_rules(
    schedule: Schedule, now: datetime, ahead: int, later: timedelta
) -> None:
    day = now.date() + timedelta(days=ahead)
    slot = find_slot(schedule, day, now)
    local = slot.due.astimezone(ZoneInfo(schedule.timezone))
    assert slot.due >= now
    assert slot.day == local.date()
    assert schedule.quiet is None or not shows_quiet(local, schedule.quiet)
    assert schedule.rhythm is not Rhythm.WEEKDAYS or local.weekday() < SATURDAY
    assert slot.due - max(now, datetime.combine(day, time(), UTC)) < timedelta(days=10)
    again = find_slot(schedule, day, now + later)
    assert again.due >= slot.due
    if schedule.at is not None and now + later <= slot.due:
        assert again == slot


@given(schedule=ANY_SCHEDULE, now=ANY_NOW, ahead=st.integers(-10, 10))
def test_a_later_announcement_is_never_due_earlier(
    schedule: Schedule, now: datetime, ahead: int
) -> None:
    day = now.date() + timedelta(days=ahead)
    assert due_of(schedule, day, now) <= due_of(schedule, day + DAY, now)


@given(
    day=st.dates(date(2024, 1, 1), date(2028, 12, 31)),
    weekday=st.integers(0, 6),
    at=st.integers(4, 20).map(time),
    zone=st.timezone_keys(allow_prefix=False),
)
def test_a_weekly_digest_comes_every_week_on_its_day(
    day: date, weekday: int, at: time, zone: str
) -> None:
    schedule = Schedule(Rhythm.WEEKLY, at, zone, weekday)
    now = datetime.combine(day - WEEK, time(), UTC)
    slot = find_slot(schedule, day, now)
    assert slot.day.weekday() == weekday
    assert timedelta(0) <= slot.day - day < WEEK
    assert slot.due.astimezone(ZoneInfo(zone)).time() == at
    assert find_slot(schedule, day, slot.due + MOMENT).day == slot.day + WEEK


@pytest.mark.parametrize(
    ("schedule", "words"),
    [
        (Schedule(), "as announced"),
        (Schedule(timezone=BERLIN), "as announced"),
        (
            Schedule(timezone=BERLIN, quiet=NIGHT),
            "as announced, quiet 22:00 to 07:00 Europe/Berlin",
        ),
        (Schedule(at=time(9)), "daily 09:00 UTC"),
        (Schedule(at=time(9, 5, 30), timezone=BERLIN), "daily 09:05:30 Europe/Berlin"),
        (Schedule(Rhythm.WEEKDAYS, time(9), BERLIN), "weekdays 09:00 Europe/Berlin"),
        (Schedule(Rhythm.WEEKDAYS, timezone=BERLIN), "weekdays Europe/Berlin"),
        (Schedule(Rhythm.WEEKLY, timezone=BERLIN), "weekly on Monday Europe/Berlin"),
        (Schedule(Rhythm.WEEKLY, time(9), weekday=6), "weekly on Sunday 09:00 UTC"),
        (
            Schedule(Rhythm.WEEKLY, time(9), BERLIN, 0, NIGHT),
            "weekly on Monday 09:00 Europe/Berlin, quiet 22:00 to 07:00",
        ),
        (Schedule(at=time(9), quiet=(time(7), time(7))), "daily 09:00 UTC"),
    ],
)
def test_a_schedule_is_said_in_words(schedule: Schedule, words: str) -> None:
    assert describe_schedule(schedule) == words


@pytest.mark.parametrize(
    ("text", "rhythm", "weekday"),
    [
        ("daily", Rhythm.DAILY, None),
        (" Weekdays\n", Rhythm.WEEKDAYS, None),
        ("weekly", Rhythm.WEEKLY, None),
        ("weekly mon", Rhythm.WEEKLY, 0),
        ("weekly monday", Rhythm.WEEKLY, 0),
        ("Weekly  on Thurs", Rhythm.WEEKLY, 3),
        ("WEEKLY SUN", Rhythm.WEEKLY, 6),
    ],
)
def test_reads_a_rhythm(text: str, rhythm: Rhythm, weekday: int | None) -> None:
    assert parse_rhythm(text) == (rhythm, weekday)


@pytest.mark.parametrize(
    "text",
    ["", "monthly", "weekly mo", "weekly noday", "weekly mondays", "daily mon", "weekly mon tue"],
)
def test_says_which_rhythms_there_are(text: str) -> None:
    with pytest.raises(UserError) as refused:
        parse_rhythm(text)
    assert str(refused.value) == (
        f"{text!r} is not a rhythm: known are daily, weekdays, weekly mon, weekly tue, weekly wed,"
        " weekly thu, weekly fri, weekly sat, weekly sun"
    )


@given(st.sampled_from(Rhythm), st.integers(0, 6), ANY_TIME, st.tuples(ANY_TIME, ANY_TIME))
def test_reads_what_it_says(
    rhythm: Rhythm, weekday: int, at: time, quiet: tuple[time, time]
) -> None:
    at, start, end = (each.replace(second=0, microsecond=0) for each in (at, *quiet))
    said = describe_schedule(Schedule(rhythm, at, "UTC", weekday, (start, end)))
    first, _, hours = said.partition(", quiet ")
    words, clock, _ = first.rsplit(maxsplit=2)
    assert parse_rhythm(words) == (rhythm, weekday if rhythm is Rhythm.WEEKLY else None)
    assert parse_clock(clock) == at
    assert hours == "" if start == end else parse_quiet(hours) == (start, end)


@pytest.mark.parametrize("text", ["22:00-07:00", " 22:00 - 7:00 ", "22:00–07:00", "22:00 to 07:00"])
def test_reads_quiet_hours(text: str) -> None:
    assert parse_quiet(text) == NIGHT


@pytest.mark.parametrize(
    "text", ["", "22:00", "22:00-", "-07:00", "22-7", "22:00-24:00", "22:00-07:00-09:00"]
)
def test_says_how_quiet_hours_are_written(text: str) -> None:
    with pytest.raises(UserError) as refused:
        parse_quiet(text)
    message = f'{text!r} is not a span of the day: write it like "22:00-07:00"'
    assert str(refused.value) == message


@pytest.mark.parametrize("text", ["", "9", "24:00", "09:60", "09:00:00", "٠٩:٠٠"])
def test_says_how_a_time_of_day_is_written(text: str) -> None:
    with pytest.raises(UserError) as refused:
        parse_clock(text)
    assert str(refused.value) == f'{text!r} is not a time of day: write it like "09:00"'


def test_a_schedule_is_a_value() -> None:
    schedule = Schedule(Rhythm.WEEKLY, time(9), BERLIN, 2, NIGHT)
    assert len({schedule, replace(schedule), replace(schedule, weekday=3)}) == 2


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Europe/Berlin", "Europe/Berlin"),
        (" europe/berlin", "Europe/Berlin"),
        ("utc", "UTC"),
        ("america/new york", "America/New_York"),
    ],
)
def test_a_time_zone_is_found_in_any_case(text: str, name: str) -> None:
    assert parse_timezone(text) == name


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("Berlin", "did you mean Europe/Berlin?"),
        ("new york", "did you mean America/New_York?"),
        ("Europe/Berln", "did you mean Europe/Berlin?"),
        ("../etc/passwd", "write it like Europe/Berlin"),
        ("?!", "write it like Europe/Berlin"),
    ],
)
def test_an_unknown_time_zone_is_answered_with_the_nearest(text: str, hint: str) -> None:
    with pytest.raises(UserError) as refused:
        parse_timezone(text)
    assert str(refused.value) == f"{text!r} is not a time zone: {hint}"
