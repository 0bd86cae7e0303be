import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from bot.adapters.queue import attach
from bot.adapters.store import Store, open_store
from bot.app import App
from bot.config import Settings
from bot.core.editions import DeliveryState, Destination, DestinationKind
from bot.edges.worker import serve_worker
from bot.errors import DeliveryError, StoreError
from tests.adapters.store.made_up import (
    CATS,
    MINUTE,
    announce,
    freeze,
    make_edition,
    make_paper,
    save,
)
from tests.fakes.logs import RecordingLog
from tests.fakes.senders import RecordingSender

ROOT = Path(__file__).parents[2]
CONFIG = """
[arxiv]
categories = ["cs.CV"]

[[sets]]
name = "Cats"
keywords = ["cat"]
"""
NOW = datetime.now(UTC) - MINUTE
SECONDS = 30.0


def plan(url: str, *folders: Path) -> None:
    paper = make_paper()
    with open_store(url) as store:
        attach(store)
        save(store, announce(paper))
        places = [(Destination(DestinationKind.FOLDER, str(folder)), NOW) for folder in folders]
        assert freeze(store, CATS, make_edition(paper), places, NOW)


def states(url: str) -> list[DeliveryState]:
    with open_store(url) as store:
        return [line.delivery.state for line in store.list_deliveries()]


def wait_until(come: Callable[[], bool], seconds: float = SECONDS) -> None:
    until = time.monotonic() + seconds
    while not come():
        assert time.monotonic() < until
        time.sleep(0.05)


# The real process


def start(folder: Path, url: str) -> subprocess.Popen[str]:
    (folder / "config.toml").write_text(CONFIG)
    return subprocess.Popen(
        [sys.executable, "-m", "bot", "worker", "--log-format", "json"],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT), "DATABASE_URL": url},
        stderr=subprocess.PIPE,
        text=True,
    )


def stop(process: subprocess.Popen[str], number: signal.Signals) -> list[dict[str, object]]:
    process.send_signal(number)
    began = time.monotonic()
    _, said = process.communicate(timeout=SECONDS)
    assert time.monotonic() - began < 10
    assert process.returncode == 0, said
    return [json.loads(line) for line in said.splitlines()]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_worker_delivers_tells_each_outcome_and_stops_when_told(
    tmp_path: Path, database_url: str, number: signal.Signals
) -> None:
    folders = [tmp_path / name for name in ("one", "two")]
    plan(database_url, *folders)
    process = start(tmp_path, database_url)
    wait_until(lambda: set(states(database_url)) == {DeliveryState.SENT}, 45)
    with open_store(database_url) as store:
        ((_, role, _),) = store.load_heartbeats()
    assert role == "worker"
    events = stop(process, number)
    sent = [event for event in events if event["event"] == "sent"]
    assert sorted(str(event["where"]) for event in sent) == sorted(
        f"folder {folder}" for folder in folders
    )
    assert {event["level"] for event in events} == {"info"}
    assert all(any(folder.rglob("Cats.md")) for folder in folders)


def test_a_worker_that_comes_back_repeats_nothing(tmp_path: Path, database_url: str) -> None:
    plan(database_url, tmp_path / "one")
    first = start(tmp_path, database_url)
    wait_until(lambda: states(database_url) == [DeliveryState.SENT], 45)
    stop(first, signal.SIGTERM)
    again = start(tmp_path, database_url)
    time.sleep(3)
    assert "sent" not in [event["event"] for event in stop(again, signal.SIGTERM)]


def test_a_queue_of_an_older_version_is_refused_in_a_sentence(
    tmp_path: Path, postgresql_url: str
) -> None:
    plan(postgresql_url, tmp_path / "one")
    engine = create_engine(postgresql_url)
    with engine.begin() as connection:
        connection.execute(text("DROP FUNCTION procrastinate_fetch_job_v2"))
    engine.dispose()
    process = start(tmp_path, postgresql_url)
    _, said = process.communicate(timeout=45)
    assert process.returncode == 1
    (event,) = (json.loads(line) for line in said.splitlines())
    assert "older Procrastinate" in event["problem"]


# In this process, with a destination that does as it is told


@contextmanager
def serving(url: str, sender: RecordingSender, log: RecordingLog) -> Iterator[App]:
    """Serve beside the test with every kind of destination, and stop at the end."""
    with App(Settings("config.toml", database_url=url, categories=("cs.CV",))) as app:
        app.senders = dict.fromkeys(DestinationKind, sender)
        ended, wake = threading.Event(), threading.Event()
        app.store.count()
        thread = threading.Thread(
            target=serve_worker, args=(app, "here:1", ended, log, wake), daemon=True
        )
        thread.start()
        try:
            yield app
        finally:
            ended.set()
            wake.set()
            thread.join(SECONDS)
            assert not thread.is_alive()


def told(log: RecordingLog) -> list[tuple[str, str]]:
    return [(level, event) for level, (event, _) in zip(log.levels, log.lines, strict=True)]


def test_each_outcome_is_told_as_loud_as_it_matters(tmp_path: Path, database_url: str) -> None:
    plan(database_url, *(tmp_path / str(count) for count in range(4)))
    sender = RecordingSender(
        [
            None,
            DeliveryError("the disk is full"),
            DeliveryError("there is no such folder", permanent=True),
            DeliveryError("no answer", unknown=True),
        ]
    )
    log = RecordingLog()
    with serving(database_url, sender, log):
        wait_until(lambda: len(log.lines) == 4)
    assert sorted(told(log)) == [
        ("info", "sent"),
        ("info", "to be tried again"),
        ("warning", "failed"),
        ("warning", "in doubt"),
    ]
    later = next(fields for event, fields in log.lines if event == "to be tried again")
    assert later["what"] == "the disk is full"
    assert later["where"].startswith("folder ")
    assert datetime.fromisoformat(later["again"]) > NOW
    assert isinstance(later["delivery"], int)


def test_what_takes_too_long_when_told_to_stop_is_left_as_a_crash_would(
    tmp_path: Path, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.edges.worker.GRACE_SECONDS", 0.5)
    plan(database_url, tmp_path / "one")
    begun, let_go = threading.Event(), threading.Event()

    def hang() -> None:
        begun.set()
        assert let_go.wait(SECONDS)

    log = RecordingLog()
    with serving(database_url, RecordingSender(afterwards=hang), log):
        assert begun.wait(SECONDS)
        began = time.monotonic()
    assert time.monotonic() - began < 8
    assert log.lines == []
    assert states(database_url) == [DeliveryState.SENDING]
    let_go.set()


def test_a_ledger_that_fails_is_told_and_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = f"sqlite:///{tmp_path}/papers.db"
    plan(url, tmp_path / "one")
    fails = [StoreError("papers.db is locked")]
    due_deliveries = Store.due_deliveries

    def fail_first(store: Store, now: datetime) -> object:
        if fails:
            raise fails.pop()
        return due_deliveries(store, now)

    monkeypatch.setattr(Store, "due_deliveries", fail_first)
    log = RecordingLog()
    with serving(url, RecordingSender(), log):
        wait_until(lambda: len(log.lines) == 2)
    assert told(log) == [("warning", "worker trouble"), ("info", "sent")]
    assert log.lines[0][1] == {"problem": "papers.db is locked"}
