"""Take the README's photographs of mail and pages: the real bot with made-up papers, in Chromium.

python -m docs.photos [--out FOLDER]

Each is taken twice, in light and in dark.
"""

import argparse
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from importlib.resources import as_file, files
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

from bot.adapters.smtp.opening import build_letterhead
from bot.app import App
from bot.config import load_settings
from bot.config.mail import Relay, Security
from bot.flows.publish import publish
from bot.flows.reading import count_weeks_to, find_edition
from bot.render.email import Composer, Recipient, Section
from docs.pictures import DAY, PAST_DAYS, SIX, read_papers
from tests.fakes.clocks import StillClock
from tests.fakes.sites import serving

HOST = "https://papers.lab.example"
ADDRESS = "ada@lab.example"
# How wide and how tall each is, in pixels.
SIZES = {"mail": (640, 900), "set": (760, 900)}


@contextmanager
def run_site() -> Iterator[tuple[App, str]]:
    """Serve the bundled papers, all sets public, until the block ends."""
    with (
        tempfile.TemporaryDirectory() as scratch,
        as_file(files("bot.edges.cli") / "sample") as sample,
    ):
        settings = load_settings(
            sample / "config.toml", {"DATABASE_URL": f"sqlite:///{scratch}/photos.db"}
        )
        mail = replace(
            settings.mail,
            relay=Relay("localhost", 25, Security.NONE),
            from_address="digest@lab.example",
            from_name="Lab papers",
        )
        settings = replace(
            settings,
            mail=mail,
            base_url=HOST,
            secret_key="k" * 32,
            public=frozenset(each.name for each in settings.sets),
        )
        with App(settings) as app:
            app.clock = StillClock(SIX)
            read_papers(app, sample)
            for back in range(PAST_DAYS, -1, -1):
                day = DAY - timedelta(days=back)
                publish(day, app.sets(), app.store, categories=app.categories, now=SIX)
            with serving(app) as site:
                yield app, site.home


def write_mail(app: App) -> str:
    """Write the day's digest of the first set as a mail; return its HTML."""
    key = app.settings.sets[0].key
    edition = app.store.load_frozen(find_edition(app.store, key, DAY).issue.id)
    letterhead = build_letterhead(app.settings)
    section = Section(edition, f"{HOST}/sets", weeks=count_weeks_to(app.store, key, DAY))
    reader = Recipient(
        ADDRESS,
        "You get this because you subscribed to it.",
        unsubscribe_url=f"{HOST}/u/made-up",
        preferences_url=f"{HOST}/preferences/made-up",
    )
    letter = Composer(app.templates, letterhead).write([section], reader, "made-up")
    message = message_from_bytes(letter.dated(SIX), policy=default)
    assert isinstance(message, EmailMessage)
    body = message.get_body(("html",))
    assert body is not None
    return str(body.get_content())


def photograph(browser: Browser, out: Path) -> Iterator[Path]:
    """Take every photograph; yield the files."""
    with run_site() as (app, home):
        mail = write_mail(app)
        name = app.settings.sets[0].name
        for scheme in ("light", "dark"):
            for what, (width, height) in SIZES.items():
                context = browser.new_context(
                    viewport={"width": width, "height": height},
                    color_scheme="dark" if scheme == "dark" else "light",
                )
                page = context.new_page()
                if what == "mail":
                    page.set_content(mail)
                else:
                    page.goto(f"{home}/sets/{name}")
                file = out / f"{what}-{scheme}.png"
                page.screenshot(path=file)
                context.close()
                yield file


def main() -> None:
    """Take the photographs."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=Path(__file__).parent)
    out: Path = parser.parse_args().out
    out.mkdir(parents=True, exist_ok=True)
    chromium = shutil.which("chromium")
    if chromium is None:
        parser.error("Chromium is not installed: apt-get install chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        for file in photograph(browser, out):
            print(file)
        browser.close()


if __name__ == "__main__":
    main()
