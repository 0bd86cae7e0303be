"""`papers bounces`: reads what came back, lists it, and ends a domain's pause."""

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from datetime import datetime, timedelta

import click

from bot.app import App
from bot.core.bounces import BounceLine, DomainPause
from bot.edges.cli.deliveries import local_time, say_when, say_zone
from bot.edges.cli.folding import fold
from bot.edges.cli.options import say, show, show_json, with_app
from bot.errors import MissingError
from bot.flows.bouncing import Reading, say_reading


@click.command()
@click.option("--once", is_flag=True, help="Only say what this reading brought, as for cron.")
@click.option("--resume", default="", metavar="DOMAIN", help="Send mail to DOMAIN again now.")
@click.option("--days", default=30, show_default=True, type=click.IntRange(1, 3650))
@click.option("--limit", default=50, show_default=True, type=click.IntRange(1, 100_000))
@click.option("--json", "as_json", is_flag=True, help="For programs.")
@with_app
def bounces(app: App, /, resume: str, days: int, limit: int, *, once: bool, as_json: bool) -> int:
    """Read the mailbox of what came back, then list what did lately.

    An address whose mailbox is gone, or whose owner complained, gets no more from then
    on; one that fails again and again, after a while. A provider that refuses us is left
    alone for an hour, and nobody is taken off the list for it.
    """
    if resume:
        return resume_domain(app, resume.strip().lower())
    reading = None
    if once or app.settings.mail.bounce_source is not None:
        reading = app.read_bounces()
        app.tell_of_blocks()
    else:
        say(f"Nothing was read: add [mail] bounce_source to {app.settings.path}.")
    now = local_time(app)
    lines = () if once else app.store.list_bounces(now - timedelta(days=days), limit)
    pauses = tuple(each for each in app.store.load_domain_pauses() if each.until > now)
    if as_json:
        show_json(describe(reading, None if once else lines, pauses))
        return 0
    if reading is not None:
        show(fold(f"Read {say_reading(reading)}."))
    for text in (*say_lines(lines, now), *say_pauses(pauses, now)):
        show(text)
    if lines or pauses:
        show(say_zone(app))
    elif not once:
        show(f"Nothing came back in the last {days} days.")
    return 0


def resume_domain(app: App, domain: str) -> int:
    """End a domain's pause; raise MissingError where it has none."""
    if not app.store.clear_domain(domain):
        msg = f"{domain} is not paused: `papers bounces` lists those that are"
        raise MissingError(msg)
    show(f"{domain} gets mail again, within some seconds.")
    return 0


def say_lines(lines: Sequence[BounceLine], now: datetime) -> Iterator[str]:
    """Say what came back, newest first."""
    for line in lines:
        who = line.address or f"somebody at {line.domain}"
        end = "; gets no more" if line.suppressed else ""
        said = " ".join(each for each in (line.status, line.detail) if each)
        yield fold(f"{who}: {line.verdict} {say_when(line.at, now)}{end}", "", "      ")
        if said:
            yield fold(said, "      ", "      ")


def say_pauses(pauses: Sequence[DomainPause], now: datetime) -> Iterator[str]:
    """Say which domains are left alone, until when and why."""
    for pause in pauses:
        who = pause.domain or "The relay"
        since, until = say_when(pause.since, now), say_when(pause.until, now)
        yield fold(f"{who}: left alone {since}, to be tried again {until}", "", "      ")
        yield fold(pause.reason, "      ", "      ")


def describe(
    reading: Reading | None, lines: Sequence[BounceLine] | None, pauses: Sequence[DomainPause]
) -> dict[str, object]:
    """Describe all of it for programs."""
    described: dict[str, object] = {
        "read": asdict(reading) if reading is not None else None,
        "paused": [asdict(pause) for pause in pauses],
    }
    if lines is not None:
        described["bounces"] = [asdict(line) for line in lines]
    return described
