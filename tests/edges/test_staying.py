import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from datetime import datetime
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Protocol
from zoneinfo import ZoneInfo

import pytest

from bot.adapters.store import open_store

ROOT = Path(__file__).parents[2]
EASTERN = ZoneInfo("America/New_York")
CONFIG = """
[arxiv]
categories = ["cs.CV"]
base_url = "{arxiv}"

[web]
port = {port}

[[sets]]
name = "Clouds"
keywords = ["cloud"]
post = [{{ folder = "digests" }}]
"""
FEED = """<?xml version="1.0" encoding="UTF-8"?>
<rss xmlns:arxiv="http://arxiv.org/schemas/atom" xmlns:dc="http://purl.org/dc/elements/1.1/"
 version="2.0"><channel><title>cs.CV updates on arXiv.org</title><pubDate>{day}</pubDate>
<item><title>Clouds told apart</title><link>https://arxiv.org/abs/2611.00001</link>
<description>arXiv:2611.00001v1 Announce Type: new
Abstract: We tell clouds apart.</description>
<guid isPermaLink="false">oai:arXiv.org:2611.00001v1</guid>
<category>cs.CV</category><pubDate>{day}</pubDate>
<arxiv:announce_type>new</arxiv:announce_type><dc:creator>Ada Example</dc:creator></item>
</channel></rss>
"""


class Arxiv(BaseHTTPRequestHandler):
    """Serves one paper, announced today."""

    def do_GET(self) -> None:
        today = datetime.now(EASTERN).strftime("%a, %d %b %Y 00:00:00 -0500")
        found = self.path == "/rss/cs.CV"
        body = FEED.format(day=today).encode() if found else b"there is no such page"
        self.send_response(200 if found else 404)
        self.send_header("Content-Type", "application/rss+xml" if found else "text/plain")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def arxiv() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Arxiv)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()


def find_port() -> int:
    with closing(socket.create_server(("127.0.0.1", 0))) as taken:
        port: int = taken.getsockname()[1]
        return port


class Start(Protocol):
    """Starts the bot in a folder; it does not outlive the test."""

    def __call__(self, folder: Path, database_url: str, *command: str) -> subprocess.Popen[str]: ...


@pytest.fixture
def start() -> Iterator[Start]:
    started: list[subprocess.Popen[str]] = []

    def begin(folder: Path, database_url: str, *command: str) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, "-m", "bot", *command, "--log-format", "json"],
            cwd=folder,
            env={**os.environ, "PYTHONPATH": str(ROOT), "DATABASE_URL": database_url},
            stderr=subprocess.PIPE,
            text=True,
        )
        started.append(process)
        return process

    yield begin
    for process in started:
        if process.poll() is None:
            process.kill()
            sys.stderr.write(process.communicate()[1])


def stop(process: subprocess.Popen[str]) -> list[dict[str, object]]:
    """Stop a process as a supervisor does; return what it logged."""
    process.send_signal(signal.SIGTERM)
    began = time.monotonic()
    _, said = process.communicate(timeout=20)
    assert time.monotonic() - began < 10
    assert process.returncode == 0, said
    return [json.loads(line) for line in said.splitlines() if line.startswith("{")]


def wait_until(true: Callable[[], bool], seconds: float = 120) -> None:
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.1)


def is_delivered(folder: Path) -> bool:
    return (folder / "digests" / "editions.json").exists()


def is_alive(port: int) -> bool:
    with suppress(OSError), urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz") as answer:
        return bool(answer.status == HTTPStatus.OK)
    return False


def is_settled(database_url: str) -> bool:
    with open_store(database_url) as store:
        (line,) = store.list_deliveries()
    return line.delivery.state == "sent"


def test_one_process_reads_publishes_delivers_shows_health_and_stops_when_told(
    tmp_path: Path, database_url: str, arxiv: str, start: Start
) -> None:
    port = find_port()
    (tmp_path / "config.toml").write_text(CONFIG.format(arxiv=arxiv, port=port))
    process = start(tmp_path, database_url, "run")
    wait_until(lambda: is_delivered(tmp_path) and is_settled(database_url))
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz") as answer:
        assert json.load(answer)["ready"]
    events = [line["event"] for line in stop(process)]
    assert "published" in events
    assert "sent" in events
    files = sorted(path.name for path in (tmp_path / "digests").rglob("Clouds.*"))
    assert files == ["Clouds.html", "Clouds.md"]
    again = start(tmp_path, database_url, "run")
    wait_until(lambda: is_alive(port))
    time.sleep(3)
    assert "sent" not in [line["event"] for line in stop(again)]


def test_clocks_and_workers_of_their_own_deliver_once(
    tmp_path: Path, database_url: str, arxiv: str, start: Start
) -> None:
    (tmp_path / "config.toml").write_text(CONFIG.format(arxiv=arxiv, port=find_port()))
    open_store(database_url).close()
    processes = [
        start(tmp_path, database_url, command) for command in ("clock", "clock", "worker", "worker")
    ]
    wait_until(lambda: is_delivered(tmp_path) and is_settled(database_url))
    logged = [line["event"] for process in processes for line in stop(process)]
    assert logged.count("published") == 1
    assert logged.count("sent") == 1


def test_what_is_wrong_is_said_before_anything_starts(tmp_path: Path) -> None:
    ran = subprocess.run(
        [sys.executable, "-m", "bot", "run"],
        cwd=tmp_path,
        env={
            **os.environ,
            "PYTHONPATH": str(ROOT),
            "DATABASE_URL": f"sqlite:///{tmp_path}/nowhere/papers.db",
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 2
    assert "there is no folder" in ran.stderr
    assert "Traceback" not in ran.stderr
