"""A server on this machine that keeps arXiv's past: catch-up pages, OAI-PMH and the query API."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

from bot.core.papers import Entry, Paper
from tests.fakes.pages import write_oai_error, write_page, write_records, write_versions

Said = tuple[int, bytes, dict[str, str]]
Fault = Said | Callable[[], Said]


@dataclass
class PastArxiv:
    """What a test puts into it is served; `faults` come first, in their order, by part of a URL."""

    batches: dict[tuple[str, date], list[Entry]] = field(default_factory=dict)
    records: list[tuple[Paper, datetime, date]] = field(default_factory=list)
    versions: dict[str, int] = field(default_factory=dict)
    faults: dict[str, list[Fault]] = field(default_factory=dict)
    per_page: int = 2000
    per_answer: int = 2000
    with_html: bool = True
    asked: list[str] = field(default_factory=list)
    agents: set[str] = field(default_factory=set)
    accepted: list[str] = field(default_factory=list)
    url: str = ""

    def answer(self, path: str) -> Said:
        for part, faults in self.faults.items():
            if part in path and faults:
                fault = faults.pop(0)
                return fault() if callable(fault) else fault
        parts = urlsplit(path)
        given = {name: values[0] for name, values in parse_qs(parts.query).items()}
        if parts.path.startswith("/catchup/"):
            _, _, category, day = parts.path.split("/")
            return html(
                write_page(
                    self.batches.get((category, date.fromisoformat(day)), []),
                    date.fromisoformat(day),
                    number=int(given["page"]),
                    per_page=self.per_page,
                    with_html=self.with_html,
                )
            )
        if parts.path == "/oai":
            return xml(self._list(given))
        if parts.path == "/api/query":
            ids = given["id_list"].split(",")
            return xml(write_versions({each: self.versions[each] for each in ids}))
        return 404, b"<html><title>Not there</title></html>", {"Content-Type": "text/html"}

    def _list(self, given: dict[str, str]) -> bytes:
        start = 0
        since = given.get("from", "")
        if "resumptionToken" in given:
            since, _, skip = given["resumptionToken"].partition("&skip=")
            start = int(skip)
        matching = sorted(
            (record for record in self.records if f"{record[2]}" >= since),
            key=lambda record: record[2],
        )
        shown = matching[start : start + self.per_answer]
        if not shown:
            return write_oai_error("noRecordsMatch")
        end = start + len(shown)
        token = f"{since}&amp;skip={end}" if end < len(matching) else None
        return write_records(shown, token)

    @property
    def paths(self) -> list[str]:
        """What was asked, without what is the same for all."""
        return [
            path.replace("abs=True&", "").replace("verb=ListRecords&", "") for path in self.asked
        ]


def html(body: bytes, status: int = 200, **headers: str) -> Said:
    return status, body, {"Content-Type": "text/html; charset=utf-8", **headers}


def xml(body: bytes, status: int = 200, **headers: str) -> Said:
    return status, body, {"Content-Type": "application/xml", **headers}


def busy(status: int = 429, **headers: str) -> Said:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return status, b"Rate exceeded.", {"Content-Type": "text/plain", **named}


class QuietServer(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: object, client_address: object) -> None:
        """Stay silent when a client hangs up."""


@contextmanager
def serving(past: PastArxiv) -> Iterator[PastArxiv]:
    """Serve until the end of a with statement."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            past.asked.append(self.path)
            past.agents.add(self.headers["User-Agent"])
            past.accepted.append(self.headers["Accept"])
            status, body, headers = past.answer(self.path)
            self.send_response(status)
            for name, value in {"Content-Length": str(len(body)), **headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - http.server's name
            """Stay silent."""

    with QuietServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        past.url = f"http://127.0.0.1:{server.server_port}"
        try:
            yield past
        finally:
            server.shutdown()
            thread.join()
