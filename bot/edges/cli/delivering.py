"""`papers send`: freeze the newest day's editions and bring what is due to its destinations."""

from datetime import date

import click

from bot.app import App
from bot.core.days import say_day
from bot.edges.cli.digest import SOURCE_HELP, fetch_day
from bot.edges.cli.options import Day, say, show, with_app
from bot.flows.deliver import Outcome, Result
from bot.flows.publish import plan_editions, publish

ARRIVED = frozenset({Result.SENT, Result.FOUND})


@click.command()
@click.option("--date", "day", type=Day(), help="The announcement's day.  [default: the newest]")
@click.option("--source", default="", metavar="DIR|URL", help=SOURCE_HELP)
@click.option("--dry-run", is_flag=True, help="Say what would come; freeze and send nothing.")
@with_app
def send(app: App, /, day: date | None, source: str, *, dry_run: bool) -> int:
    """Fetch the newest announcement and deliver what is due, each digest once.

    Doing it again delivers only what is left.
    """
    receipt = fetch_day(app, day, source)
    if receipt is None:
        return 1
    now = app.clock.now()
    app.sync_subscriptions(now)
    sets = app.sets(paused=True)
    if dry_run:
        places = {
            (each.set_owner, each.set_name, str(each.destination))
            for each in app.store.load_subscriptions()
            if each.destination.kind in app.senders and not each.paused
        }
        editions = plan_editions(receipt.day, sets, app.store, app.categories)
        for keyword_set, edition in zip(sets, editions, strict=True):
            where = sorted(place for *key, place in places if tuple(key) == keyword_set.key)
            there = ", ".join(where) or "nowhere"
            show(f"{edition.set.name}: {len(edition.items)} papers -> {there}")
        return 0
    published = publish(
        receipt.day,
        sets,
        app.store,
        categories=app.categories,
        now=now,
        kinds=tuple(app.senders),
        report=say,
    )
    for each in published:
        show(f"{each.edition.set.name}, {say_day(receipt.day)}: {len(each.edition.items)} papers")
    outcomes: list[Outcome] = []
    brought: set[int] = set()
    for due in app.store.due_deliveries(app.clock.now()):
        if due.id not in brought:
            outcomes.append(app.deliver_one(due.id))
            brought.update(outcomes[-1].beside)
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
