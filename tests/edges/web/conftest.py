from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from bot.app import App
from bot.config.settings import Settings
from bot.edges.web import build_site
from tests.fakes.clocks import StillClock
from tests.fakes.papers import NOW
from tests.fakes.sites import Site, fill, read_settings, serving

SECOND = timedelta(seconds=1)


@pytest.fixture
def clock() -> StillClock:
    return StillClock(NOW)


@pytest.fixture
def app(tmp_path: Path, clock: StillClock) -> Iterator[App]:
    """Give an App on a database of its own, at a time that stands still."""
    url = f"sqlite:///{tmp_path / 'papers.db'}"
    with App(Settings("config.toml", database_url=url, categories=("cs.CV", "cs.RO"))) as wired:
        wired.__dict__["clock"] = clock
        yield wired


@pytest.fixture
def client(app: App) -> FlaskClient:
    """Give a client of the site, over no network."""
    return build_site(app).test_client()


@pytest.fixture
def library(app: App) -> App:
    """Give an App with something to read in it."""
    app.settings = read_settings(app.settings)
    fill(app)
    return app


@pytest.fixture
def site(library: App) -> Iterator[Site]:
    """Give the site of that App, over the loopback."""
    with serving(library) as running:
        yield running
