"""Papers a week as a row of bars that every mail program shows, and as text; counts nothing."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from bot.core.weeks import Week
from bot.render.chart import HEIGHT, build_chart

BAR_HEIGHT: Final = 48
_BLOCKS: Final = "▁▂▃▄▅▆▇█"
_NOTHING: Final = "_"


@dataclass(frozen=True, slots=True)
class Trend:
    """What both parts show: `heights` in pixels, `share` a bar's part of the width.

    `line` draws the same with one character a week; `numbers` are the papers of each.
    """

    title: str
    description: str
    first: str
    last: str
    share: str
    heights: tuple[int, ...]
    line: str
    numbers: str


def build_trend(weeks: Sequence[Week], set_name: str) -> Trend | None:
    """Lay out papers a week, oldest first; None where there were none at all."""
    chart = build_chart(weeks, set_name)
    if chart is None:
        return None
    return Trend(
        title=chart.title,
        description=chart.description,
        first=chart.first,
        last=chart.last,
        share=f"{100 / len(weeks):.2f}%",
        heights=tuple(
            max(2, round(bar.height * BAR_HEIGHT / HEIGHT)) if bar.height else 0
            for bar in chart.bars
        ),
        line="".join(_draw(bar.height) for bar in chart.bars),
        numbers=" ".join(str(week.papers) for week in weeks),
    )


def _draw(height: int) -> str:
    if not height:
        return _NOTHING
    return _BLOCKS[min(height * len(_BLOCKS) // HEIGHT, len(_BLOCKS) - 1)]
