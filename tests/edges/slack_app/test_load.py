"""Acknowledgements while the database is locked, threads are busy, or many ask at once."""

import statistics
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.config.slack import Transport
from bot.edges.logs import Log
from bot.edges.slack_app import serving
from bot.edges.slack_app.jobs import Jobs
from tests.edges.slack_app.conftest import Lab, run_lab
from tests.edges.slack_app.test_actions import open_home, post_digest
from tests.edges.slack_app.test_forms import lock, open_editor
from tests.fakes.slack_api import Fault, View

# Slack waits for three; all of this is one machine that other tests share.
ACK_SECONDS = 1.5
MADE: list[Jobs] = []


@pytest.fixture(params=list(Transport))
def narrow_lab(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Lab]:
    """Give a lab that does one thing at a time and keeps nobody waiting."""

    def make(log: Log, **_: object) -> Jobs:
        MADE.append(Jobs(log, threads=1, room=1))
        return MADE[-1]

    MADE.clear()
    monkeypatch.setattr(serving, "Jobs", make)
    with run_lab(f"sqlite:///{tmp_path / 'papers.db'}", request.param) as running:
        yield running
        assert running.slack.payload_faults == []


def test_while_the_database_is_locked_all_is_acknowledged_in_time(lab: Lab) -> None:
    lab.subscribe()
    _, papers = post_digest(lab)
    home = open_home(lab)
    view = open_editor(lab)
    locked = threading.Event()
    locking = threading.Thread(target=lock, args=(lab.app.settings.database_url, 5.0, locked))
    locking.start()
    assert locked.wait(10)
    done = [
        lab.ada.command("/papers pause 1", lab.papers),
        lab.ada.command("/papers list", lab.papers),
        lab.ben.command("/papers saved", lab.papers),
        lab.ada.click(papers, "paper", "save:2512.00001"),
        lab.ada.click(home, "subscription_preview"),
        lab.ada.click(view, "set_preview"),
        lab.ada.open_home(),
        lab.chief.submit(open_editor_of(lab), {"name": "Trees", "query": "tree"}),
    ]
    assert max(each.ack.seconds for each in done) < ACK_SECONDS
    assert all(each.ack.ok for each in done)
    locking.join()
    # It may have been locked for longer than anybody waits for it; then that was said.
    for each in done[:4]:
        each.wait_response(1)
    lab.ada.command("/papers pause 1", lab.papers).wait_response(1)
    assert lab.subscriptions()[0].paused


def open_editor_of(lab: Lab) -> View:
    """Give a view that was opened before."""
    return next(view for view in lab.slack.views if view.callback_id == "set_editor")


def idle(lab: Lab) -> None:
    """Wait until there is room."""
    jobs = MADE[0]
    lab.wait(jobs.admit)
    jobs.leave()


def test_where_there_is_no_room_it_is_said_so_and_nothing_is_done(narrow_lab: Lab) -> None:
    lab = narrow_lab
    lab.subscribe()
    idle(lab)
    _, papers = post_digest(lab)
    message = lab.ada.command("/papers help", lab.papers).wait_message(1)
    idle(lab)
    view = lab.wait_filled(lab.ada.click(message, "set_new"))
    idle(lab)
    slow = lab.slack.misbehave(Fault(wait=1.5), "views.publish")
    lab.ben.open_home()
    typed = lab.ada.command("/papers pause 1", lab.papers)
    assert "Much is being asked for just now" in str(typed.ack)
    clicked = lab.ada.click(papers, "paper", "save:2512.00001")
    assert clicked.wait_response(1)["text"].startswith("Much is being asked for just now")
    sent = lab.ada.submit(view, {"name": "Trees", "query": "tree"})
    assert sent.errors["timezone"].startswith("Much is being asked for just now")
    opened = lab.ada.open_home()
    assert not opened.ack.ok
    lab.slack.behave(slow)
    lab.wait(lambda: lab.ben.home)
    idle(lab)
    assert opened.again().ok
    lab.wait(lambda: lab.ada.home)
    assert not lab.subscriptions()[0].paused
    assert lab.app.store.load_all_sets() == ()


def test_many_at_once_are_acknowledged_within_a_blink(lab: Lab) -> None:
    lab.ada.command("/papers help", lab.papers).wait_response(1)
    took: list[float] = []
    lock_took = threading.Lock()

    def ask() -> None:
        for _ in range(10):
            done = lab.ada.command("/papers list", lab.papers)
            with lock_took:
                took.append(done.ack.seconds if done.ack.ok else 3.0)

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert statistics.median(took) < 0.1
    assert max(took) < ACK_SECONDS


def test_a_slack_that_does_not_answer_keeps_no_acknowledgement(lab: Lab) -> None:
    lab.slack.misbehave(Fault(wait=1.0), "response")
    began = time.monotonic()
    done = [lab.ada.command("/papers list", lab.papers) for _ in range(6)]
    assert time.monotonic() - began < ACK_SECONDS * 2
    assert max(each.ack.seconds for each in done) < ACK_SECONDS
    lab.slack.behave()
