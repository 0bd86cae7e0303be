from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.editions import BatchState
from bot.core.polling import announcement_days, expected_day, poll_every, shown_from, window_closes

EASTERN = ZoneInfo("America/New_York")
OFTEN, HOURLY, SELDOM = timedelta(minutes=10), timedelta(hours=1), timedelta(hours=6)
NOT_MOVED = [
    None,
    BatchState.EMPTY,
    BatchState.STALE,
    BatchState.LATE,
    BatchState.FAILED,
]
MOMENTS = st.datetimes(
    datetime(2024, 1, 1),  # noqa: DTZ001 - the zone comes below
    datetime(2028, 12, 31),  # noqa: DTZ001
    timezones=st.just(UTC),
)


@pytest.mark.parametrize(
    ("now", "day"),
    [
        ("2025-12-03T19:59:59.999999-05:00", date(2025, 12, 3)),
        ("2025-12-03T20:00:00-05:00", date(2025, 12, 4)),
        ("2025-12-04T00:59:59+00:00", date(2025, 12, 3)),
        ("2025-12-04T01:00:00+00:00", date(2025, 12, 4)),
        ("2025-12-04T19:00:00-05:00", date(2025, 12, 4)),
        ("2025-07-04T00:00:00+00:00", date(2025, 7, 4)),  # 20:00 in summer
        ("2025-07-03T23:59:59+00:00", date(2025, 7, 3)),
        ("2025-12-05T20:00:00-05:00", date(2025, 12, 6)),  # Friday evening: a Saturday
        ("2025-12-31T20:00:00-05:00", date(2026, 1, 1)),
        # The evenings around the clock changes of 9 March and 2 November 2025.
        ("2025-03-09T00:59:59+00:00", date(2025, 3, 8)),
        ("2025-03-09T01:00:00+00:00", date(2025, 3, 9)),
        ("2025-03-09T23:59:59+00:00", date(2025, 3, 9)),
        ("2025-03-10T00:00:00+00:00", date(2025, 3, 10)),
        ("2025-11-02T00:00:00+00:00", date(2025, 11, 2)),
        ("2025-11-03T00:59:59+00:00", date(2025, 11, 2)),
        ("2025-11-03T01:00:00+00:00", date(2025, 11, 3)),
    ],
)
def test_the_next_day_is_expected_from_eight_in_the_evening_in_new_york(
    now: str, day: date
) -> None:
    assert expected_day(datetime.fromisoformat(now)) == day


@given(MOMENTS, st.timedeltas(timedelta(0), timedelta(days=3)))
def test_the_expected_day_never_goes_back(now: datetime, later: timedelta) -> None:
    assert expected_day(now) <= expected_day(now + later)


@pytest.mark.parametrize(
    ("after", "until", "days"),
    [
        (date(2025, 12, 3), date(2025, 12, 4), [4]),
        (date(2025, 12, 4), date(2025, 12, 9), [5, 8, 9]),
        (date(2025, 12, 5), date(2025, 12, 7), []),
        (date(2025, 12, 5), date(2025, 12, 8), [8]),
        (date(2025, 12, 7), date(2025, 12, 13), [8, 9, 10, 11, 12]),
        (date(2025, 12, 4), date(2025, 12, 4), []),
        (date(2025, 12, 5), date(2025, 12, 4), []),
    ],
)
def test_announcement_days_are_mondays_to_fridays_after_one_date_up_to_another(
    after: date, until: date, days: list[int]
) -> None:
    assert announcement_days(after, until) == tuple(date(2025, 12, day) for day in days)


@given(*[st.dates(date(2024, 1, 1), date(2026, 1, 1))] * 3)
def test_announcement_days_of_two_spans_are_those_of_both(
    one: date, other: date, third: date
) -> None:
    first, middle, last = sorted((one, other, third))
    both = announcement_days(first, middle) + announcement_days(middle, last)
    assert both == announcement_days(first, last)


@pytest.mark.parametrize(
    ("day", "closes"),
    [
        (date(2025, 12, 4), "2025-12-04T09:00+00:00"),
        (date(2025, 7, 4), "2025-07-04T08:00+00:00"),
        (date(2025, 3, 9), "2025-03-09T08:00+00:00"),  # the clocks went forward at two
        (date(2025, 11, 2), "2025-11-02T09:00+00:00"),  # the clocks went back at two
    ],
)
def test_the_window_closes_at_four_in_the_morning_in_new_york(day: date, closes: str) -> None:
    moment = window_closes(day)
    assert moment == datetime.fromisoformat(closes)
    assert moment.tzinfo is UTC


@pytest.mark.parametrize("state", NOT_MOVED)
@pytest.mark.parametrize(
    ("now", "every"),
    [
        ("2025-12-03T19:59:59-05:00", HOURLY),
        ("2025-12-03T20:00:00-05:00", OFTEN),
        ("2025-12-04T00:00:00-05:00", OFTEN),
        ("2025-12-04T08:59:59+00:00", OFTEN),
        ("2025-12-04T04:00:00-05:00", HOURLY),
        ("2025-12-04T20:00:00-05:00", HOURLY),
        ("2025-12-09T20:00:00-05:00", HOURLY),
    ],
)
def test_a_batch_that_has_not_moved_is_asked_for_often_in_the_night_and_hourly_else(
    state: BatchState | None, now: str, every: timedelta
) -> None:
    assert poll_every(state, date(2025, 12, 4), datetime.fromisoformat(now)) == every


@pytest.mark.parametrize(
    ("day", "opens", "closes"),
    [
        # After the Sundays on which the clocks change, the window is in the new time.
        (date(2025, 3, 10), "2025-03-10T00:00+00:00", "2025-03-10T08:00+00:00"),
        (date(2025, 11, 3), "2025-11-03T01:00+00:00", "2025-11-03T09:00+00:00"),
    ],
)
def test_the_window_follows_new_yorks_clock(day: date, opens: str, closes: str) -> None:
    first, last = datetime.fromisoformat(opens), datetime.fromisoformat(closes)
    moment = timedelta(microseconds=1)
    assert poll_every(None, day, first - moment) == HOURLY
    assert poll_every(None, day, first) == OFTEN
    assert poll_every(None, day, last - moment) == OFTEN
    assert poll_every(None, day, last) == HOURLY


@given(MOMENTS)
def test_the_expected_weekday_is_asked_for_often_until_its_window_closes(now: datetime) -> None:
    day = expected_day(now)
    every = poll_every(None, day, now)
    if day.weekday() >= 5:
        assert every == SELDOM
    else:
        assert every == (OFTEN if now < window_closes(day) else HOURLY)
    local = now.astimezone(EASTERN)
    assert (local.hour >= 20) == (day != local.date())


@given(st.dates(date(2024, 1, 1), date(2028, 1, 1)), MOMENTS)
def test_a_complete_batch_is_not_asked_for_again(day: date, now: datetime) -> None:
    assert poll_every(BatchState.COMPLETE, day, now) is None


@given(
    st.sampled_from([BatchState.PARTIAL, BatchState.TRUNCATED]),
    st.dates(date(2024, 1, 1), date(2028, 1, 1)),
    MOMENTS,
)
def test_a_batch_that_came_in_part_is_asked_for_hourly(
    state: BatchState, day: date, now: datetime
) -> None:
    assert poll_every(state, day, now) == HOURLY


@pytest.mark.parametrize("state", NOT_MOVED)
@pytest.mark.parametrize("day", [date(2025, 12, 6), date(2025, 12, 7)])
def test_a_weekend_day_is_asked_for_seldom(state: BatchState | None, day: date) -> None:
    eve = datetime.combine(day, datetime.min.time(), EASTERN) - timedelta(hours=4)
    for hours in range(0, 48, 3):
        assert poll_every(state, day, eve + timedelta(hours=hours)) == SELDOM


@pytest.mark.parametrize("state", [None, *BatchState])
def test_every_state_has_an_answer(state: BatchState | None) -> None:
    every = poll_every(state, date(2025, 12, 4), datetime(2025, 12, 4, 6, tzinfo=UTC))
    assert (every is None) == (state is BatchState.COMPLETE)


@pytest.mark.parametrize(
    ("day", "moment"),
    [
        (date(2025, 12, 4), datetime(2025, 12, 4, 5, tzinfo=UTC)),
        (date(2025, 7, 4), datetime(2025, 7, 4, 4, tzinfo=UTC)),
    ],
)
def test_the_feeds_show_a_day_from_midnight_in_new_york_on(day: date, moment: datetime) -> None:
    assert shown_from(day) == moment
