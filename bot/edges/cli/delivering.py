"""`papers send`: freeze the newest day's editions and bring what is due to its destinations."""

from datetime import UTC, date, datetime

import click

from bot.app import App
from bot.core.days import say_day
from bot.core.schedule import due_at
from bot.edges.cli.digest import SOURCE_HELP, fetch_day
from bot.edges.cli.options import Day, say, show, with_app
from bot.flows.deliver import Outcome, Result, deliver_due
from bot.flows.publish import plan_editions, publish

ARRIVED = frozenset({Result.SENT, Result.FOUND})


@click.command()
@click.option("--date", "day", type=Day(), help="The announcement's day.  [default: the newest]")
@click.option("--source", default="", metavar="DIR|URL", help=SOURCE_HELP)
@click.option("--dry-run", is_flag=True, help="Say what would come; freeze and send nothing.")
@with_app
def send(app: App, /, day: date | None, source: str, *, dry_run: bool) -> int:
    """Fetch the newest announcement and deliver what is due, each digest once.

    This version delivers to folders. Doing it again delivers only what is left.
    """
    receipt = fetch_day(app, day, source)
    if receipt is None:
        return 1
    now = datetime.now(UTC)
    sets = app.sets()
    destinations = {
        name: [
            (post.destination, due_at(receipt.day, post.at, app.settings.timezone, now))
            for post in posts
            if post.destination.kind in app.senders
        ]
        for name, posts in app.settings.posts.items()
    }
    if dry_run:
        for edition in plan_editions(receipt.day, sets, app.store, app.categories):
            where = ", ".join(str(place) for place, _ in destinations.get(edition.set.name, ()))
            show(f"{edition.set.name}: {len(edition.items)} papers -> {where or 'nowhere'}")
        return 0
    published = publish(
        receipt.day,
        sets,
        app.store,
        destinations=destinations,
        categories=app.categories,
        now=now,
        report=say,
    )
    for each in published:
        show(f"{each.edition.set.name}, {say_day(receipt.day)}: {len(each.edition.items)} papers")
    outcomes = deliver_due(app.store, app.senders, now, clock=lambda: datetime.now(UTC))
    if not outcomes:
        say("Nothing is due.")
    for outcome in outcomes:
        show(say_outcome(outcome))
    return 0 if all(outcome.result in ARRIVED for outcome in outcomes) else 1


def say_outcome(outcome: Outcome) -> str:
    """Say what became of one delivery."""
    if outcome.destination is None:
        return f"  {outcome.result}"
    return f"  {outcome.destination}: {outcome.result}: {outcome.detail}"
