"""Papers a week as bars: where each bar stands and what it says; a template draws them."""

from collections.abc import Sequence
from dataclasses import dataclass

from bot.core.days import say_day, say_day_briefly
from bot.core.weeks import Week
from bot.render.view import count

WIDTH, HEIGHT = 598, 96
_GAP = 4


@dataclass(frozen=True, slots=True)
class Bar:
    """One week: its bar in units of the drawing, and what it says."""

    x: int
    y: int
    width: int
    height: int
    week: str
    papers: int


@dataclass(frozen=True, slots=True)
class Chart:
    """A drawing of WIDTH by HEIGHT; `title` and `description` say it to those who do not see it."""

    bars: tuple[Bar, ...]
    title: str
    description: str
    first: str
    last: str


def build_chart(weeks: Sequence[Week], name: str) -> Chart | None:
    """Lay out papers a week, oldest first; None where there were none at all."""
    most = max((week.papers for week in weeks), default=0)
    if not most:
        return None
    step = WIDTH // len(weeks)
    bars = []
    for at, week in enumerate(weeks):
        # What is there is seen, however little it is beside the most.
        height = max(2, round(week.papers / most * HEIGHT)) if week.papers else 0
        label = f"{say_day_briefly(week.monday)} {week.monday.year}"
        bars.append(Bar(at * step, HEIGHT - height, step - _GAP, height, label, week.papers))
    fullest = max(weeks, key=lambda week: week.papers)
    total = sum(week.papers for week in weeks)
    return Chart(
        bars=tuple(bars),
        title=f"Papers a week in {name}",
        description=(
            f"{count(total, 'paper')} in {count(len(weeks), 'week')}; "
            f"most, {most}, in the week of {say_day(fullest.monday)}; "
            f"{weeks[-1].papers} in the last one."
        ),
        first=bars[0].week,
        last=bars[-1].week,
    )
