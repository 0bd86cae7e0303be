from datetime import date, timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from bot.core.weeks import Week
from bot.render.chart import HEIGHT, WIDTH, build_chart

MONDAY = date(2025, 11, 24)


def weeks_of(*papers: int) -> list[Week]:
    return [Week(MONDAY + timedelta(weeks=at), number) for at, number in enumerate(papers)]


def test_bars_are_as_high_as_their_weeks_are_full() -> None:
    chart = build_chart(weeks_of(1, 0, 40, 20), "Clouds")
    assert chart
    assert [bar.height for bar in chart.bars] == [2, 0, HEIGHT, HEIGHT // 2]
    assert all(bar.y + bar.height == HEIGHT for bar in chart.bars)
    assert (chart.first, chart.last) == ("24 Nov 2025", "15 Dec 2025")


def test_says_what_it_draws() -> None:
    chart = build_chart(weeks_of(1, 40), "Clouds")
    assert chart
    assert chart.title == "Papers a week in Clouds"
    assert chart.description == (
        "41 papers in 2 weeks; most, 40, in the week of Monday 1 December 2025; 40 in the last one."
    )


def test_nothing_is_drawn_where_there_is_nothing() -> None:
    assert build_chart([], "Clouds") is None
    assert build_chart(weeks_of(0, 0), "Clouds") is None


@given(st.lists(st.integers(0, 10_000), min_size=1, max_size=60))
def test_bars_stay_inside_and_apart(papers: list[int]) -> None:
    chart = build_chart(weeks_of(*papers), "Clouds")
    if chart is None:
        assert not any(papers)
        return
    edges = [(bar.x, bar.x + bar.width) for bar in chart.bars]
    assert all(0 <= left < right <= WIDTH for left, right in edges)
    assert all(before[1] < after[0] for before, after in pairwise(edges))
    assert all(bool(bar.height) == bool(bar.papers) for bar in chart.bars)
