import socket
import threading
from collections import Counter
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import httpx
import pytest

from bot.adapters.arxiv.counting import count_answers
from bot.adapters.arxiv.source import build_client
from bot.app import App
from bot.config.settings import Settings
from bot.errors import SourceError, StoreError


class Answering(BaseHTTPRequestHandler):
    """Answers with the status that the path names; hangs up, waits or breaks off where it says."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        what = self.path.rpartition("/")[2]
        if what == "hang":
            self.server.shutting.wait(10)  # type: ignore[attr-defined]
        if what in ("hang", "close"):
            self.close_connection = True
            return
        if what == "moved":
            self.send_response(302)
            self.send_header("Location", "/200")
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        self.send_response(200 if what == "torn" else int(what) if what.isdecimal() else 404)
        self.send_header("Content-Length", "10" if what == "torn" else "2")
        self.end_headers()
        self.wfile.write(b"ok")
        self.close_connection = what == "torn"

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def url() -> Iterator[str]:
    """Give the address of a server that answers as the path asks."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Answering)
    server.shutting = threading.Event()  # type: ignore[attr-defined]
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutting.set()  # type: ignore[attr-defined]
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def counted() -> Counter[str]:
    return Counter()


@pytest.fixture
def client(counted: Counter[str]) -> Iterator[httpx.Client]:
    def count(status: str) -> None:
        counted[status] += 1

    with build_client() as made:
        made.event_hooks = count_answers(count)
        made.timeout = httpx.Timeout(0.5)
        yield made


def test_each_answer_counts_by_its_status(
    client: httpx.Client, counted: Counter[str], url: str
) -> None:
    for status in (200, 200, 404, 429, 503):
        assert client.get(f"{url}/{status}").status_code == status
    assert client.get(f"{url}/moved", follow_redirects=True).status_code == 200
    assert counted == {"200": 3, "404": 1, "429": 1, "503": 1, "302": 1}


@pytest.mark.parametrize(
    ("path", "counts"),
    [("hang", {"timeout": 1}), ("close", {"broken": 1}), ("torn", {"200": 1})],
)
def test_a_request_without_an_answer_counts_by_what_became_of_it(
    client: httpx.Client,
    counted: Counter[str],
    url: str,
    path: str,
    counts: dict[str, int],
) -> None:
    with pytest.raises(httpx.TransportError):
        client.get(f"{url}/{path}")
    assert counted == counts


def test_a_server_that_is_not_there_is_unreachable(
    client: httpx.Client, counted: Counter[str]
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as gone:
        port = gone.getsockname()[1]
    with pytest.raises(httpx.ConnectError):
        client.get(f"http://127.0.0.1:{port}/200")
    assert counted == {"unreachable": 1}


def test_a_count_that_fails_fails_no_request(url: str) -> None:
    def fail(_status: str) -> None:
        msg = "papers.db is locked"
        raise StoreError(msg)

    with build_client() as made:
        made.event_hooks = count_answers(fail)
        assert made.get(f"{url}/200").text == "ok"


def test_what_the_program_asks_of_arxiv_is_counted_in_the_database(
    url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.app.ARXIV_INTERVAL", 0.0)
    database = f"sqlite:///{tmp_path / 'papers.db'}"
    with App(Settings("x", database_url=database, arxiv_url=url)) as app:
        with pytest.raises(SourceError):
            app.source().read("cs.CV", None)
        assert set(app.store.load_counts("arxiv_requests")) == {"404"}
