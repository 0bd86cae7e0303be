"""A real browser, Debian's Chromium, that looks at a real site over the loopback."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import Browser, BrowserContext, sync_playwright

from bot.app import App
from bot.config.settings import Settings
from tests.fakes.clocks import StillClock
from tests.fakes.papers import NOW
from tests.fakes.sites import Site, fill, read_settings, serving

if TYPE_CHECKING:
    from pathlib import Path

FLAGS = (
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """Start Chromium, which gets a profile of its own."""
    found = shutil.which("chromium")
    if found is None:
        pytest.skip("Chromium is not installed: apt-get install chromium")
    # Its sandbox refuses to run as root.
    flags = [*FLAGS, "--no-sandbox"] if os.geteuid() == 0 else [*FLAGS]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=flags)
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """Serve a site with something to read."""
    folder: Path = tmp_path_factory.mktemp("site")
    url = f"sqlite:///{folder / 'papers.db'}"
    settings = replace(
        read_settings(Settings("config.toml", database_url=url)), secret_key="k" * 32
    )
    with App(settings) as app:
        app.__dict__["clock"] = StillClock(NOW)
        fill(app)
        with serving(app) as running:
            running.app = app
            yield running


@contextmanager
def browsing(
    chromium: Browser, *, width: int = 1280, scheme: str = "light", scripts: bool = True
) -> Iterator[BrowserContext]:
    """Browse at a width, in a colour scheme, with or without JavaScript."""
    context = chromium.new_context(
        viewport={"width": width, "height": 900},
        color_scheme="dark" if scheme == "dark" else "light",
        java_script_enabled=scripts,
        timezone_id="Asia/Tokyo",
    )
    try:
        yield context
    finally:
        context.close()
