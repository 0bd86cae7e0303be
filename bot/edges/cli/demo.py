"""`papers demo`: a bundled announcement through the real pipeline, in a folder of its own."""

import tempfile
from datetime import UTC, datetime
from importlib.resources import as_file, files
from pathlib import Path

import click

from bot.app import App
from bot.config import load_settings
from bot.core.editions import Destination, DestinationKind
from bot.core.subscriptions import Subscription
from bot.edges.cli.delivering import ARRIVED
from bot.edges.cli.digest import show_editions, write_editions
from bot.edges.cli.options import say, show
from bot.errors import UserError

NEXT = """
That was one of {editions} digests of {papers} made-up papers. All of them are written:
  {out}/index.html
    all editions; open it in a browser
  {day}/
    each digest as HTML, Markdown, text, JSON and Slack messages

Next, with real papers (arXiv is asked once every three seconds):
  papers config > config.toml    a configuration to start from: name your keywords
  papers digest                  the newest announcement's digests, here in the terminal
  papers try 'your query'        what a query would have matched
  papers doctor                  what works, and what to do about what does not
"""


@click.command()
@click.option(
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("papers-demo"),
    show_default=True,
    help="Where the digests are written.",
)
def demo(out: Path) -> int:
    """Try the bot offline, without tokens: made-up papers through the real pipeline.

    Prints one digest and writes all of them as Slack JSON, HTML, text and Markdown.
    """
    from bot.flows.deliver import deliver_due
    from bot.flows.ingest import Ingest
    from bot.flows.publish import publish

    now = datetime.now(UTC)
    with tempfile.TemporaryDirectory() as scratch, as_file(files(__package__) / "sample") as sample:
        environment = {"DATABASE_URL": f"sqlite:///{scratch}/demo.db"}
        with App(load_settings(sample / "config.toml", environment), say) as app:
            receipt = Ingest(app.source(str(sample)), app.store).run(None, app.categories, now)
            assert receipt is not None  # noqa: S101 - the sample is part of the program
            folder = Destination(DestinationKind.FOLDER, str(out))
            sets = app.sets()
            for each in sets:
                app.store.save_subscription(Subscription(*each.key, folder), now)
            published = publish(
                receipt.day,
                sets,
                app.store,
                categories=app.categories,
                now=now,
            )
            editions = [each.edition for each in published]
            for outcome in deliver_due(app.store, app.senders, app.clock, app.terms):
                if outcome.result not in ARRIVED:
                    msg = f"{outcome.detail}; name another folder with --out"
                    raise UserError(msg)
            day = out / receipt.day.isoformat()
            for form in ("slack", "text", "json"):
                write_editions(app, editions, form, day)
            show_editions(app, editions[:1], "terminal")
    show(NEXT.format(editions=len(editions), papers=receipt.read, out=out, day=day))
    return 0
