from datetime import date

import pytest

from bot.core.days import say_day, say_day_briefly


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
