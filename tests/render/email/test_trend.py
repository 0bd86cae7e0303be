"""Papers a week, as bars and as text."""

from datetime import date, timedelta

import pytest

from bot.core.weeks import Week
from bot.render.email.trend import BAR_HEIGHT, build_trend


def weeks_of(*papers: int) -> tuple[Week, ...]:
    return tuple(
        Week(date(2025, 6, 9) + timedelta(weeks=at), number) for at, number in enumerate(papers)
    )


def test_bars_are_as_high_as_there_were_papers() -> None:
    trend = build_trend(weeks_of(0, 1, 50, 100, *[25] * 22), "Clouds")
    assert trend is not None
    assert trend.heights == (0, 2, BAR_HEIGHT // 2, BAR_HEIGHT, *[BAR_HEIGHT // 4] * 22)
    assert trend.line == "_▁▅█" + "▃" * 22
    assert trend.numbers == "0 1 50 100" + " 25" * 22
    assert trend.share == "3.85%"
    assert (trend.first, trend.last) == ("9 Jun 2025", "1 Dec 2025")
    assert trend.title == "Papers a week in Clouds"


@pytest.mark.parametrize("papers", [(), (0,), (0,) * 26])
def test_without_papers_there_is_nothing_to_show(papers: tuple[int, ...]) -> None:
    assert build_trend(weeks_of(*papers), "Clouds") is None
