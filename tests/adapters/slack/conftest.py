from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.adapters.store import Store, open_store
from tests.adapters.slack.lab import Lab
from tests.fakes.slack_api import UNLIMITED, SlackApi


@pytest.fixture
def slack() -> Iterator[SlackApi]:
    """Give a Slack that is never asked too often."""
    with SlackApi(rates=UNLIMITED) as running:
        yield running


@pytest.fixture
def file_store(tmp_path: Path) -> Iterator[Store]:
    """Give a store on SQLite: what is special to PostgreSQL is tested with the store."""
    with open_store(f"sqlite:///{tmp_path / 'papers.db'}") as opened:
        yield opened


@pytest.fixture
def lab(slack: SlackApi, file_store: Store) -> Lab:
    return Lab(slack, file_store)
