"""Papers a week: days' counts added up over calendar weeks; nothing here draws them."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta

WEEKS = 26


@dataclass(frozen=True, slots=True)
class Week:
    """How many papers a set brought in the week that begins on `monday`."""

    monday: date
    papers: int


def monday_of(day: date) -> date:
    """Return the Monday of a day's week.

    >>> monday_of(date(2025, 12, 4))
    datetime.date(2025, 12, 1)
    """
    return day - timedelta(days=day.weekday())


def first_day(today: date, weeks: int = WEEKS) -> date:
    """Return the first day of so many weeks of which today's is the last."""
    return monday_of(today) - timedelta(weeks=weeks - 1)


def count_weeks(
    days: Iterable[tuple[date, int]], today: date, weeks: int = WEEKS
) -> tuple[Week, ...]:
    """Add up the papers of days by their weeks, oldest first, weeks without any included.

    Today's week is the last; what lies outside those weeks does not count.
    """
    start = first_day(today, weeks)
    counts = [0] * weeks
    for day, papers in days:
        place = (day - start).days // 7
        if 0 <= place < weeks:
            counts[place] += papers
    return tuple(Week(start + timedelta(weeks=at), papers) for at, papers in enumerate(counts))
