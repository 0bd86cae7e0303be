from datetime import date

import pytest

from bot.core.days import say_day, say_day_briefly, say_days, say_days_briefly


@pytest.mark.parametrize(
    ("day", "said", "briefly"),
    [
        (date(2025, 12, 4), "Thursday 4 December 2025", "4 Dec"),
        (date(2024, 2, 29), "Thursday 29 February 2024", "29 Feb"),
        (date(2026, 5, 31), "Sunday 31 May 2026", "31 May"),
        (date(2026, 9, 7), "Monday 7 September 2026", "7 Sep"),
    ],
)
def test_a_day_is_said_in_words(day: date, said: str, briefly: str) -> None:
    assert (say_day(day), say_day_briefly(day)) == (said, briefly)


def test_every_month_and_weekday_has_its_name() -> None:
    for month in range(1, 13):
        for number in range(1, 8):
            day = date(2025, month, number)
            assert say_day(day) == f"{day:%A} {number} {day:%B} 2025"
            assert say_day_briefly(day) == f"{number} {day:%b}"


@pytest.mark.parametrize(
    ("since", "day", "said", "briefly"),
    [
        (None, date(2025, 12, 4), "Thursday 4 December 2025", "4 Dec"),
        (date(2025, 12, 4), date(2025, 12, 4), "Thursday 4 December 2025", "4 Dec"),
        (
            date(2025, 12, 1),
            date(2025, 12, 4),
            "Monday 1 to Thursday 4 December 2025",
            "1 Dec to 4 Dec",
        ),
        (
            date(2025, 11, 28),
            date(2025, 12, 4),
            "Friday 28 November to Thursday 4 December 2025",
            "28 Nov to 4 Dec",
        ),
        (
            date(2025, 12, 31),
            date(2026, 1, 2),
            "Wednesday 31 December 2025 to Friday 2 January 2026",
            "31 Dec to 2 Jan",
        ),
    ],
)
def test_a_span_of_days_says_what_they_share_once(
    since: date | None, day: date, said: str, briefly: str
) -> None:
    assert say_days(since, day) == said
    assert say_days_briefly(since, day) == briefly
