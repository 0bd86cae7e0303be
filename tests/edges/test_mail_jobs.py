"""What the clock does about mail that came back, every few minutes."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from bot.app import App
from bot.config import parse_settings
from bot.core.bounces import BLOCK_PAUSE
from bot.core.editions import Destination, DestinationKind
from bot.core.verp import build_return_path
from bot.edges.clock import Ticker, add_mail_jobs
from tests.adapters.bounces.reports import SECRET, write_block, write_report
from tests.adapters.store.made_up import CATS, announce, freeze, make_edition, make_paper, save
from tests.fakes.clocks import StillClock
from tests.fakes.logs import RecordingLog
from tests.fakes.papers import NOW
from tests.fakes.smtp_server import SmtpServer

MAIL = """\
[bot]
contact = "operator@lab.example"
[database]
url = "sqlite:///{folder}/papers.db"
[mail]
relay = "smtp://127.0.0.1:{port}"
from = "digest@lab.example"
"""
BOUNCES = """\
bounces = "bounces@lab.example"
bounce_source = "maildir:{folder}"
"""
ADA = Destination(DestinationKind.EMAIL, "ada@a.example")
BO = Destination(DestinationKind.EMAIL, "bo@b.example")


class Hands(Ticker):
    """A ticker whose jobs are done when a test says so."""

    def __init__(self) -> None:
        super().__init__(RecordingLog())
        self.jobs: dict[str, Callable[[], None]] = {}

    def add(self, name: str, every_seconds: int, act: Callable[[], None]) -> None:
        assert 60 <= every_seconds <= 600
        self.jobs[name] = act


@pytest.fixture
def server() -> Iterator[SmtpServer]:
    with SmtpServer() as running:
        yield running


def open_app(text: str, folder: Path, server: SmtpServer) -> App:
    text = text.format(folder=folder, port=server.port)
    app = App(parse_settings(text, "config.toml", {"PAPERS_SECRET_KEY": SECRET}))
    app.clock = StillClock(NOW)
    return app


def test_reads_what_came_back_and_tells_the_operator_of_blocks(
    tmp_path: Path, server: SmtpServer
) -> None:
    for name in ("new", "cur"):
        (tmp_path / name).mkdir()
    lines, hands = RecordingLog(), Hands()
    with open_app(MAIL + BOUNCES, tmp_path, server) as app:
        add_mail_jobs(hands, app, lines)
        hands.jobs["bounces"]()
        hands.jobs["blocks"]()
        assert lines.lines == []
        save(app.store, announce(make_paper()))
        planned = freeze(app.store, CATS, make_edition(make_paper()), [(ADA, NOW), (BO, NOW)])
        for each, status in zip(planned or (), ("5.1.1", "5.7.26"), strict=True):
            path = build_return_path(each.key, "bounces@lab.example", SECRET)
            data = write_report(write_block(status, f"550 {status} no"), path=path, name=status)
            (tmp_path / "new" / status).write_bytes(data)
        for job in (*hands.jobs.values(), *hands.jobs.values()):
            job()
    assert lines.lines == [
        ("bounces", {"what": "1 hard, 1 block"}),
        ("suppressed", {"where": "ada@a.example", "what": "it gets no more: `papers bounces`"}),
        (
            "blocked",
            {
                "where": "b.example",
                "what": "5.7.26 550 5.7.26 no",
                "until": (NOW + BLOCK_PAUSE).isoformat(),
            },
        ),
    ]
    (message,) = server.messages
    assert message.recipient == "operator@lab.example"


def test_a_relay_that_refuses_us_is_told_of_in_the_log_at_least(
    tmp_path: Path, server: SmtpServer
) -> None:
    lines, hands = RecordingLog(), Hands()
    with open_app(MAIL, tmp_path, server) as app:
        add_mail_jobs(hands, app, lines)
        assert list(hands.jobs) == ["blocks"]
        app.store.trip_domain("", 300, 3600, "554 5.7.1 go away", app.clock.now())
        hands.jobs["blocks"]()
    until = (NOW + timedelta(seconds=300)).isoformat()
    assert lines.lines == [
        ("blocked", {"where": "the relay", "what": "554 5.7.1 go away", "until": until})
    ]


def test_without_mail_there_is_nothing_to_do(tmp_path: Path, server: SmtpServer) -> None:
    hands = Hands()
    with open_app("", tmp_path, server) as app:
        add_mail_jobs(hands, app, RecordingLog())
    assert hands.jobs == {}
