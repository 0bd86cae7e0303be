"""What a mail shows of its subscription: the page of its set, and for weekly ones the weeks."""

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import jinja2
import pytest

from bot.adapters.smtp.opening import open_mail
from bot.adapters.store import Store
from bot.config import parse_settings
from bot.core.editions import Destination, DestinationKind
from bot.core.schedule import Rhythm, Schedule
from bot.core.weeks import Week
from bot.render.templates import build_environment
from tests.adapters.smtp.test_sender import EDITION, read, text_of
from tests.adapters.store.made_up import (
    CATS,
    NOW,
    announce,
    freeze,
    make_edition,
    make_paper,
    save,
)
from tests.fakes.domains import OwnDomains
from tests.fakes.smtp_server import SmtpServer
from tests.fakes.trails import FreeTrail

MAIL = Destination(DestinationKind.EMAIL, "lab@lab.example")
FOLDER = Path(__file__).parents[3] / "templates"


@pytest.fixture
def server() -> Iterator[SmtpServer]:
    with SmtpServer() as server:
        yield server


def send(server: SmtpServer, store: Store, key: str) -> str:
    relay = f'[mail]\nrelay = "smtp://127.0.0.1:{server.port}"\nfrom = "digest@lab.example"\n'
    mail = open_mail(
        parse_settings(relay, "config.toml", {}),
        build_environment(jinja2.FileSystemLoader(FOLDER)),
        lambda: NOW,
        store,
        find_page=lambda set_key, edition: f"https://papers.lab.example/{set_key[1]}/{edition.day}",
        count_weeks=lambda _set_key, day: (Week(day, 7),) * 26,
        domains=OwnDomains(),
    )
    with closing(mail.mailer):
        mail.digests.send(EDITION, MAIL, key, FreeTrail())
    return text_of(read(server.messages[-1].data))


def test_a_weekly_digest_shows_the_weeks_before_it(store: Store, server: SmtpServer) -> None:
    paper = make_paper()
    save(store, announce(paper))
    (planned,) = freeze(store, CATS, make_edition(paper), [(MAIL, NOW)]) or ()
    daily = send(server, store, planned.key)
    assert f"https://papers.lab.example/Cats/{EDITION.day}" in daily
    assert "26 weeks" not in daily
    subscription = store.subscription_of(planned.key)
    assert subscription is not None
    store.save_subscription(replace(subscription, schedule=Schedule(Rhythm.WEEKLY)), NOW)
    assert "26 weeks" in send(server, store, planned.key)
    unplanned = send(server, store, "another")
    assert "26 weeks" not in unplanned
    assert "https://papers.lab.example/Cats" not in unplanned
