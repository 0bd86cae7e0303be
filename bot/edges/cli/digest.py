"""`papers digest` and `papers fetch`: announcements in, digests out; nothing is sent."""

import json
from collections.abc import Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from bot.app import FORMATS, SUFFIXES, App
from bot.core.announcing import ANNOUNCED
from bot.core.days import say_day
from bot.core.editions import CategoryReceipt, Edition, Receipt
from bot.core.papers import Announcement
from bot.edges.cli.options import Day, say, show, show_json, with_app
from bot.errors import UserError

if TYPE_CHECKING:
    from bot.flows.ingest import Source

SOURCE_HELP = "A folder of feeds, or a mirror's URL.  [default: arXiv]"


@click.command()
@click.option("--set", "names", multiple=True, metavar="NAME", help="Only this set (repeatable).")
@click.option("--date", "day", type=Day(), help="The announcement's day.  [default: the newest]")
@click.option("--source", default="", metavar="DIR|URL", help=SOURCE_HELP)
@click.option("--format", "form", type=click.Choice(FORMATS), default="terminal", show_default=True)
@click.option(
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    help="Write one file a set into this folder instead.",
)
@with_app
def digest(
    app: App,
    /,
    *,
    names: tuple[str, ...],
    day: date | None,
    source: str,
    form: str,
    out: Path | None,
) -> int:
    """Fetch a day's papers, match them, show the digests.  Sends nothing."""
    from bot.flows.publish import build_editions, build_matcher, show_as_read

    sets = app.sets(names, own=True)
    read: list[Announcement] = []
    receipt = read_day(app, day, source, read)
    if receipt is None:
        return 1
    matcher = build_matcher(sets)
    listed = show_as_read(app.store.load_day(receipt.day, app.categories), read)
    editions = build_editions(listed, sets, matcher)
    if out is None:
        show_editions(app, editions, form)
    else:
        for path, edition in zip(write_editions(app, editions, form, out), editions, strict=True):
            show(f"{path}: {len(edition.items)} papers")
    complete = all(line.state in ANNOUNCED for line in receipt.categories)
    return 0 if complete and any(edition.items for edition in editions) else 1


@click.command()
@click.option("--date", "day", type=Day(), help="The announcement's day.  [default: the newest]")
@click.option("--source", default="", metavar="DIR|URL", help=SOURCE_HELP)
@click.option("--json", "as_json", is_flag=True, help="The receipt as JSON.")
@with_app
def fetch(app: App, /, day: date | None, source: str, *, as_json: bool) -> int:
    """Read announcements into the database and say what came."""
    receipt = fetch_day(app, day, source)
    if receipt is None:
        return 1
    if as_json:
        show_json(describe_receipt(receipt))
    else:
        show(f"{say_day(receipt.day)}: {receipt.announced} announced, {receipt.read} read")
        for line in receipt.categories:
            show(f"  {line.category:<16} {say_line(line)}")
    return 0 if all(line.state in ANNOUNCED for line in receipt.categories) else 1


class KeepingSource:
    """A source that keeps what it read."""

    def __init__(self, source: "Source", kept: list[Announcement]) -> None:
        """`kept` gets every announcement."""
        self._source = source
        self._kept = kept

    def read(self, category: str, day: date | None) -> Announcement:
        """Read as the source does."""
        announcement = self._source.read(category, day)
        self._kept.append(announcement)
        return announcement


def read_day(app: App, day: date | None, source: str, read: list[Announcement]) -> Receipt | None:
    """Return the receipt of a day, fetched unless the database holds all of it; None: no answer.

    `read` gets the announcements that were fetched.
    """
    if not source and day is not None:
        lines = app.store.receipts(day, app.categories)
        if len(lines) == len(app.categories) and all(line.state in ANNOUNCED for line in lines):
            return app.store.load_day(day, app.categories).listing.receipt
    return fetch_day(app, day, source, read)


def fetch_day(
    app: App, day: date | None, source: str, read: list[Announcement] | None = None
) -> Receipt | None:
    """Fetch every followed category, with a progress bar on a terminal, and say what is wrong.

    `read` gets the announcements.
    """
    from bot.edges.cli.progress import tracked
    from bot.flows.ingest import Ingest

    app.store.reprepare()
    with tracked(len(app.categories), "Reading announcements") as advance:
        heard: set[str] = set()

        def report(line: CategoryReceipt) -> None:
            if line.category not in heard:
                advance()
            heard.add(line.category)
            for problem in line.problems:
                say(f"{line.category}: {line.state}: {problem}")

        kept = KeepingSource(app.source(source), [] if read is None else read)
        ingest = Ingest(kept, app.store, report)
        receipt = ingest.run(day, app.categories, datetime.now(UTC))
    if receipt is None:
        say("Nothing could be read, so nothing was changed. `papers doctor` looks for the cause.")
    return receipt


def show_editions(app: App, editions: Sequence[Edition], form: str) -> None:
    """Show editions on the screen, one after another."""
    if form == "terminal":
        from bot.edges.cli.screen import print_edition

        for edition in editions:
            print_edition(edition)
        return
    texts = [app.renderer(form)(edition) for edition in editions]
    if form == "json" and len(texts) > 1:
        show(json.dumps([json.loads(text) for text in texts], ensure_ascii=False, indent=2))
    else:
        show("\n".join(texts))


def write_editions(app: App, editions: Sequence[Edition], form: str, out: Path) -> list[Path]:
    """Write one file an edition; raise UserError where the folder cannot be written."""
    from bot.adapters.folder import name_file, write_file

    form = "text" if form == "terminal" else form
    paths = []
    for edition in editions:
        path = out / f"{name_file(edition.set.name)}{SUFFIXES[form]}"
        try:
            write_file(path, app.renderer(form)(edition))
        except OSError as error:
            msg = f"cannot write {path}: {error.strerror}; name another folder with --out"
            raise UserError(msg) from error
        paths.append(path)
    return paths


def say_line(line: CategoryReceipt) -> str:
    """Say what one category brought."""
    if line.state not in ANNOUNCED:
        return f"{line.state}: nothing of this day was read"
    if not line.announced:
        return "empty: no papers were announced"
    return (
        f"{line.state}: {line.read} of {line.announced} read: {line.new} new, "
        f"{line.cross} cross-listed, {line.replaced} replaced; {line.stored} not seen before"
    )


def describe_receipt(receipt: Receipt) -> dict[str, object]:
    """Describe a receipt for programs."""
    return {
        "day": receipt.day,
        "announced": receipt.announced,
        "read": receipt.read,
        "categories": [
            {
                "category": line.category,
                "state": line.state,
                "announced": line.announced,
                "read": line.read,
                "new": line.new,
                "cross": line.cross,
                "replaced": line.replaced,
                "stored": line.stored,
                "problems": list(line.problems),
            }
            for line in receipt.categories
        ],
    }
