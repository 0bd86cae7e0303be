"""`papers backfill`: read the announcements of past days into the database; nothing is sent."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, date, datetime

import click

from bot.app import App
from bot.core import taxonomy
from bot.core.announcing import ANNOUNCED
from bot.core.days import say_day
from bot.core.editions import BatchState, CategoryReceipt
from bot.edges.cli.options import Day, say, show, show_json, with_app
from bot.errors import UserError

# What is as good as it can be: whole, or empty and said to be so.
WHOLE = frozenset({BatchState.COMPLETE, BatchState.EMPTY})


@click.command()
@click.option("--since", type=Day(), required=True, help="The first day to read.")
@click.option("--until", type=Day(), help="The last one.  [default: the one before the newest]")
@click.option(
    "--category",
    "categories",
    multiple=True,
    metavar="CATEGORY",
    help="Only this one (repeatable).  [default: all that are followed]",
)
@click.option("--json", "as_json", is_flag=True, help="The receipts as JSON.")
@with_app
def backfill(
    app: App,
    /,
    *,
    since: date,
    until: date | None,
    categories: tuple[str, ...],
    as_json: bool,
) -> int:
    """Read every announcement since a day into the database.  Sends nothing.

    The last 90 days are read as they were announced. Of older ones arXiv tells only which papers
    there are and when they were submitted, so they stand on the day for which they were due.

    Days that were read whole are skipped, so it can be stopped at any time and run again. Older
    days are read a category at a time, and a category's come all at its end.
    """
    from bot.edges.cli.progress import tracked
    from bot.flows import catching_up

    if until and until < since:
        msg = f"--until {until} is before --since {since}"
        raise UserError(msg)
    followed = choose_categories(app, categories)
    now = datetime.now(UTC)
    plan = catching_up.plan_backfill(app.store, followed, since, until or now.date(), now)
    days = DayByDay(quiet=as_json)
    with tracked(plan.size, "Reading announcements") as advance:

        def report(line: CategoryReceipt) -> None:
            advance()
            days.add(line)

        try:
            lines = catching_up.backfill(plan, app.history(), app.store, now, report)
        finally:
            days.end()
    if as_json:
        show_json([asdict(line) for line in lines])
    elif not lines:
        show("There is nothing to read: every announcement of these days is in the database.")
    if len(lines) < plan.size:
        say(f"{plan.size - len(lines)} more were left, as arXiv failed: run it again later.")
    return 0 if all(line.state in WHOLE for line in lines) else 1


def choose_categories(app: App, named: Sequence[str]) -> tuple[str, ...]:
    """Return those named, or else all that are followed; raise UserError for one unknown."""
    for category in named:
        if not taxonomy.is_known(category):
            close = taxonomy.nearest(category)
            hint = f"did you mean {close}?" if close else "write it like cs.CV"
            msg = f"--category: {category!r} is not an arXiv category: {hint}"
            raise UserError(msg)
    return tuple(dict.fromkeys(map(taxonomy.canonical, named))) or app.categories


class DayByDay:
    """Says what was read, a line a day, as soon as that day is over; faults at once, each once."""

    def __init__(self, *, quiet: bool) -> None:
        """`quiet` leaves the days out and says only what is wrong."""
        self._quiet = quiet
        self._lines: list[CategoryReceipt] = []
        self._said: set[str] = set()

    def add(self, line: CategoryReceipt) -> None:
        """Take the next receipt."""
        if self._lines and self._lines[-1].day != line.day:
            self.end()
        self._lines.append(line)
        for problem in line.problems:
            if problem not in self._said:
                say(f"{line.category}, {line.day}: {line.state}: {problem}")
            self._said.add(problem)

    def end(self) -> None:
        """Say what the last day brought."""
        if self._lines and not self._quiet:
            show(say_receipts(self._lines))
        self._lines = []


def say_receipts(lines: Sequence[CategoryReceipt]) -> str:
    """Say what some categories brought on one day."""
    brought = ", ".join(f"{line.category} {_say_count(line)}" for line in lines)
    stored = sum(line.stored for line in lines)
    return f"{say_day(lines[0].day)}: {brought}; {stored} not seen before"


def _say_count(line: CategoryReceipt) -> str:
    if line.state not in ANNOUNCED:
        return str(line.state)
    if line.read == line.announced:
        return str(line.read)
    return f"{line.read} of {line.announced}"
