import contextlib
import errno
import http.client
import socket
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from flask import Flask

from bot.app import App
from bot.edges.web import serving
from bot.edges.web.serving import open_port, serve_web
from bot.errors import StoreError, UserError


class HeardLog:
    """Keeps what was logged."""

    def __init__(self) -> None:
        self.events: list[tuple[str, dict[str, Any]]] = []
        self.told = threading.Condition()

    def info(self, event: str, /, **fields: Any) -> None:  # noqa: ANN401 - whatever is logged
        with self.told:
            self.events.append((event, fields))
            self.told.notify_all()

    warning = error = info

    def wait_for(self, event: str) -> dict[str, Any]:
        """Wait until an event was logged; return its fields."""
        with self.told:
            assert self.told.wait_for(lambda: event in dict(self.events), timeout=10)
            return dict(self.events)[event]


class Served:
    """A running site: its port, its log, and how to stop it."""

    def __init__(self, app: App, **options: Any) -> None:  # noqa: ANN401
        self.log = HeardLog()
        self.stop = threading.Event()
        if "listener" not in options:
            options["listener"] = open_port("127.0.0.1", 0)
        self.thread = threading.Thread(
            target=serve_web, args=(app, self.stop, self.log), kwargs=options
        )
        self.thread.start()
        self.port = int(self.log.wait_for("serving")["where"].rpartition(":")[2])

    def ask(self, method: str, path: str) -> tuple[int, dict[str, str], bytes]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        with contextlib.closing(connection):
            connection.request(method, path)
            answer = connection.getresponse()
            return answer.status, dict(answer.getheaders()), answer.read()


@pytest.fixture
def served(app: App) -> Iterator[Served]:
    running = Served(app, process="host:7")
    try:
        yield running
    finally:
        running.stop.set()
        running.thread.join(10)


def test_serves_over_http_until_told_to_stop(served: Served) -> None:
    status, headers, body = served.ask("GET", "/healthz")
    assert (status, body) == (200, b"ok\n")
    assert "Server" not in headers
    assert headers["X-Content-Type-Options"] == "nosniff"
    status, headers, body = served.ask("HEAD", "/metrics")
    assert (status, body) == (200, b"")
    assert served.ask("GET", "/nowhere")[0] == 404
    assert served.ask("OPTIONS", "/healthz")[0] == 405
    served.stop.set()
    served.thread.join(10)
    assert not served.thread.is_alive()
    with pytest.raises(ConnectionRefusedError):
        served.ask("GET", "/healthz")


def test_many_scrapes_at_once_are_all_answered(app: App, served: Served) -> None:
    app.store.add_count("arxiv_requests", "200")
    answers: list[tuple[int, bool]] = []

    def ask() -> None:
        status, _, body = served.ask("GET", "/metrics")
        answers.append((status, b'papers_arxiv_requests_total{status="200"} 1.0' in body))

    threads = [threading.Thread(target=ask) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert answers == [(200, True)] * 12


def test_shows_that_it_lives(app: App, served: Served) -> None:
    deadline = time.monotonic() + 10
    while not (heard := app.store.load_heartbeats()) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert [(process, role) for process, role, _ in heard] == [("host:7", "web")]
    assert served.thread.is_alive()


def test_a_heartbeat_that_fails_is_told_once_and_stops_nothing(
    app: App, monkeypatch: pytest.MonkeyPatch
) -> None:
    beats = []

    def beat(*_: object) -> None:
        beats.append(1)
        if len(beats) != 3:
            msg = "papers.db is locked"
            raise StoreError(msg)

    monkeypatch.setattr(serving, "BEAT_SECONDS", 0.01)
    monkeypatch.setattr(app.store, "beat", beat)
    running = Served(app)
    deadline = time.monotonic() + 10
    while len(beats) < 6 and time.monotonic() < deadline:
        time.sleep(0.01)
    assert running.ask("GET", "/healthz")[0] == 200
    running.stop.set()
    running.thread.join(10)
    told = [fields for event, fields in running.log.events if event == "no heartbeat"]
    assert told == [{"problem": "papers.db is locked"}] * 2


def test_a_request_that_was_begun_is_answered_before_the_end(
    app: App, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, go_on = threading.Event(), threading.Event()
    site = Flask("slow")

    @site.get("/slow")
    def slow() -> str:
        begun.set()
        assert go_on.wait(10)
        return "done" * 100_000

    monkeypatch.setattr("bot.edges.web.build_site", lambda *_, **__: site)
    running = Served(app)
    answers = []
    asking = threading.Thread(target=lambda: answers.append(running.ask("GET", "/slow")))
    asking.start()
    assert begun.wait(10)
    running.stop.set()
    time.sleep(2 * serving._POLL_SECONDS)  # noqa: SLF001 - until it was seen
    with pytest.raises(ConnectionRefusedError):
        running.ask("GET", "/healthz")
    go_on.set()
    asking.join(10)
    running.thread.join(10)
    assert [(status, len(body)) for status, _, body in answers] == [(200, 400_000)]


def test_a_request_that_never_ends_does_not_keep_it(
    app: App, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, go_on = threading.Event(), threading.Event()
    site = Flask("stuck")

    @site.get("/stuck")
    def stuck() -> str:
        begun.set()
        assert go_on.wait(20)
        return "late"

    monkeypatch.setattr("bot.edges.web.build_site", lambda *_, **__: site)
    monkeypatch.setattr(serving, "_FINISH_SECONDS", 0.1)
    running = Served(app)
    with contextlib.closing(socket.create_connection(("127.0.0.1", running.port))) as connection:
        connection.sendall(b"GET /stuck HTTP/1.0\r\n\r\n")
        assert begun.wait(10)
        running.stop.set()
        running.thread.join(15)
        assert not running.thread.is_alive()
        go_on.set()


def test_a_port_in_use_says_what_to_do(app: App) -> None:
    with open_port("127.0.0.1", 0) as taken:
        port = taken.getsockname()[1]
        said = f"port {port} of 127.0.0.1 is in use: stop the program that has it, or choose"
        wired = App(replace(app.settings, web_port=port))
        with pytest.raises(UserError, match=said):
            serve_web(wired, threading.Event(), HeardLog())


@pytest.mark.parametrize(
    ("host", "said"),
    [
        ("no-such-host.invalid", "'no-such-host.invalid' is not an address of this machine"),
        ("192.0.2.1", "192.0.2.1 is not an address of this machine: name one with --host"),
    ],
)
def test_an_address_of_elsewhere_says_what_to_do(host: str, said: str) -> None:
    with pytest.raises(UserError, match=said):
        open_port(host, 0)


@pytest.mark.parametrize(
    ("code", "said"),
    [
        (errno.EACCES, "port 80 is not for this user: choose one above 1023"),
        (errno.EMFILE, r"port 80 of 127.0.0.1 cannot be opened \(Too many open files\)"),
    ],
)
def test_a_port_that_is_refused_says_what_to_do(
    code: int, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> socket.socket:
        words = {errno.EACCES: "Permission denied", errno.EMFILE: "Too many open files"}
        raise OSError(code, words[code])

    monkeypatch.setattr(socket, "create_server", refuse)
    with pytest.raises(UserError, match=said):
        open_port("127.0.0.1", 80)


def test_listens_at_ipv6_too(app: App) -> None:
    try:
        listener = open_port("::1", 0)
    except UserError:
        pytest.skip("this machine has no IPv6: switch it on")
    running = Served(app, listener=listener)
    running.stop.set()
    running.thread.join(10)
    assert running.log.events == [("serving", {"where": f"http://[::1]:{running.port}"})]
