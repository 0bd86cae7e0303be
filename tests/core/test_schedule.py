from datetime import UTC, date, datetime, time, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.schedule import due_at

EARLY = datetime(2025, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("day", "at", "zone", "due"),
    [
        (date(2025, 12, 4), time(9), "UTC", "2025-12-04T09:00+00:00"),
        (date(2025, 12, 4), time(9), "Europe/Berlin", "2025-12-04T08:00+00:00"),
        (date(2025, 7, 4), time(9), "Europe/Berlin", "2025-07-04T07:00+00:00"),
        (date(2025, 12, 4), time(9, 30), "Asia/Kolkata", "2025-12-04T04:00+00:00"),
        (date(2025, 12, 4), time(0), "Pacific/Kiritimati", "2025-12-03T10:00+00:00"),
        (date(2025, 12, 4), time(20), "America/Los_Angeles", "2025-12-05T04:00+00:00"),
    ],
)
def test_is_due_at_the_local_time_of_that_local_date(
    day: date, at: time, zone: str, due: str
) -> None:
    assert due_at(day, at, zone, EARLY) == datetime.fromisoformat(due)


def test_a_time_that_a_clock_change_skips_is_due_as_much_later() -> None:
    # At 02:00 the clocks go to 03:00, so 02:30 would be 03:30.
    due = due_at(date(2025, 3, 30), time(2, 30), "Europe/Berlin", EARLY)
    assert due == datetime(2025, 3, 30, 1, 30, tzinfo=UTC)


def test_a_time_that_comes_twice_is_due_the_first_time() -> None:
    due = due_at(date(2025, 10, 26), time(2, 30), "Europe/Berlin", EARLY)
    assert due == datetime(2025, 10, 26, 0, 30, tzinfo=UTC)


@pytest.mark.parametrize("at", [None, time(9)], ids=["at once", "passed"])
def test_at_once_and_what_has_passed_are_due_now_in_utc(at: time | None) -> None:
    now = datetime(2025, 12, 4, 12, tzinfo=timezone(timedelta(hours=1)))
    due = due_at(date(2025, 12, 4), at, "Europe/Berlin", now)
    assert due == now
    assert due.tzinfo is UTC


@given(
    day=st.dates(date(2000, 1, 1), date(2037, 12, 31)),
    at=st.times() | st.none(),
    zone=st.timezone_keys(allow_prefix=False),
    now=st.datetimes(
        datetime(2000, 1, 1),  # noqa: DTZ001 - the zone comes below
        datetime(2037, 12, 31),  # noqa: DTZ001
        timezones=st.just(UTC),
    ),
)
def test_is_never_due_before_now_and_never_more_than_two_days_off(
    day: date, at: time | None, zone: str, now: datetime
) -> None:
    due = due_at(day, at, zone, now)
    midnight = datetime.combine(day, time(), UTC)
    assert now <= due
    assert due == now or abs(due - midnight) < timedelta(days=2)
