from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from bot.core.weeks import Week, count_weeks, first_day, monday_of

THURSDAY = date(2025, 12, 4)
DAYS = st.dates(date(2020, 1, 1), date(2030, 1, 1))


def test_weeks_begin_on_monday_and_end_with_todays() -> None:
    days = [(THURSDAY, 3), (date(2025, 12, 1), 2), (date(2025, 11, 30), 5)]
    assert count_weeks(days, THURSDAY, 3) == (
        Week(date(2025, 11, 17), 0),
        Week(date(2025, 11, 24), 5),
        Week(date(2025, 12, 1), 5),
    )


def test_what_lies_outside_does_not_count() -> None:
    days = [(date(2025, 11, 30), 5), (date(2025, 12, 8), 7)]
    assert count_weeks(days, THURSDAY, 1) == (Week(date(2025, 12, 1), 0),)


@given(DAYS)
def test_the_first_day_is_the_first_weeks_monday(today: date) -> None:
    weeks = count_weeks([], today)
    assert len(weeks) == 26
    assert weeks[0].monday == first_day(today)
    assert weeks[-1].monday == monday_of(today) <= today < monday_of(today) + timedelta(days=7)


@given(st.lists(st.tuples(DAYS, st.integers(0, 99)), max_size=20), DAYS)
def test_every_paper_of_these_weeks_counts_once(days: list[tuple[date, int]], today: date) -> None:
    start = first_day(today)
    end = monday_of(today) + timedelta(days=7)
    inside = sum(papers for day, papers in days if start <= day < end)
    assert sum(week.papers for week in count_weeks(days, today)) == inside
