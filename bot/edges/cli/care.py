"""`papers backup`, `migrate`, `prune` and `erase`: care of what is kept."""

import sys
from dataclasses import asdict
from pathlib import Path

import click

from bot.app import App
from bot.core.records import Pruned, Traces
from bot.edges.cli.folding import fold
from bot.edges.cli.options import say, show, show_json, with_app
from bot.errors import UserError

KIB = 1024


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--force", is_flag=True, help="Replace FILE where it is there already.")
@with_app
def backup(app: App, /, file: Path, *, force: bool) -> int:
    """Copy the database to FILE while others use it, checked and whole.

    Only this user may read the copy, as it holds addresses. Nothing is brought up to
    date by this, so make one before you run a new version. To go back to it, stop
    whatever runs, remove the database with its -wal and -shm files, and copy FILE to
    its place.
    """
    from bot.adapters.store.copying import copy_database

    size = copy_database(app.settings.database_url, file, force=force)
    show(f"Copied the database to {file}: {size / KIB:,.0f} KiB, checked.")
    return 0


@click.command()
@click.option("--json", "as_json", is_flag=True, help="For programs.")
@with_app
def migrate(app: App, /, *, as_json: bool) -> int:
    """Bring the database up to date, as every command does when it opens one."""
    from bot.adapters.store.database import parse_url
    from bot.adapters.store.opening import migrate as bring_up_to_date

    url = app.settings.database_url
    before, after = bring_up_to_date(url)
    if parse_url(url).get_backend_name() != "sqlite":
        from bot.adapters.queue import ensure_schema

        ensure_schema(url)
    if as_json:
        show_json({"before": before or None, "after": after})
    elif before == after:
        show(f"The database is up to date, at revision {after}.")
    elif before:
        show(f"Brought the database up to date, from revision {before} to {after}.")
    else:
        show(f"Made the database, at revision {after}.")
    return 0


@click.command()
@click.option("--dry-run", is_flag=True, help="Say what is too old; throw nothing away.")
@click.option("--json", "as_json", is_flag=True, help="For programs.")
@with_app
def prune(app: App, /, *, dry_run: bool, as_json: bool) -> int:
    """Throw away what is older than [retention] in the configuration says.

    Papers that stand in an edition stay, and so does what was sent, when and where.
    """
    from bot.flows.pruning import prune as throw_away

    settings = app.settings
    if not (settings.papers_days or settings.history_days):
        say("Everything is kept for ever: [retention] papers_days and history_days change that.")
    pruned = throw_away(
        app.store,
        papers_days=settings.papers_days,
        history_days=settings.history_days,
        now=app.clock.now(),
        dry_run=dry_run,
    )
    if as_json:
        show_json(asdict(pruned))
    else:
        show(fold(say_pruned(pruned, dry_run=dry_run)))
    return 0


@click.command()
@click.argument("address")
@click.option("--yes", is_flag=True, help="Do not ask.")
@with_app
def erase(app: App, /, address: str, *, yes: bool) -> int:
    """Remove a person: ADDRESS is an e-mail address, a Slack channel or a folder.

    Its subscriptions end, what waits is called off, and the records of what was sent
    no longer say to whom. E-mail addresses are found in whatever case they are
    written.
    """
    from bot.config.mentions import find_mentions
    from bot.flows import erasing

    def agrees(traces: Traces) -> bool:
        if yes:
            return True
        if not sys.stdin.isatty():
            msg = "nobody is here to ask: look with `papers deliveries --address`, then use --yes"
            raise UserError(msg)
        show(fold(f"This erases {say_traces(traces)}."))
        return click.confirm("It cannot be undone. Erase it?", default=False)

    text = Path(app.settings.path).read_text("utf-8-sig")
    traces = erasing.erase(
        app.store, address, app.clock.now(), lines=find_mentions(text, address), agrees=agrees
    )
    if traces is None:
        show("Nothing was erased.")
        return 1
    if not traces.places:
        show(f"The database holds nothing of {address}.")
        return 1
    show(
        fold(
            f"Erased {say_traces(traces)}. What was delivered stays where it is, and backups made"
            " before hold the address still: let them go, too."
        )
    )
    return 0


def say_traces(traces: Traces) -> str:
    """Say what the database holds of an address."""
    places = " and ".join(map(str, traces.places))
    parts = [count(traces.subscriptions, "subscription"), count(traces.deliveries, "delivery")]
    if traces.open:
        parts[-1] += f" ({traces.open} of them not gone out)"
    said = f"{places}: {', '.join(parts)}, {count(traces.steps, 'line')} of history"
    if traces.subscribers:
        said += f", a subscriber by mail with {count(traces.consents, 'line')} of consent"
    return said


def say_pruned(pruned: Pruned, *, dry_run: bool) -> str:
    """Say what was thrown away, or what would be."""
    if not pruned:
        return "Nothing is too old."
    parts = [
        count(pruned.papers, "paper")
        + f" ({count(pruned.versions, 'version')}, {count(pruned.entries, 'announcement')})",
        count(pruned.receipts, "receipt"),
        f"{count(pruned.steps, 'line')} of deliveries' history",
    ]
    return f"{'Too old' if dry_run else 'Thrown away'}: {', '.join(parts)}."


def count(number: int, noun: str) -> str:
    """Say a number of things."""
    plural = f"{noun[:-1]}ies" if noun.endswith("y") else f"{noun}s"
    return f"{number:,} {noun if number == 1 else plural}"
