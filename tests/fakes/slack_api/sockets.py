"""Socket Mode: websockets over which the app is told what people did, and acknowledges it."""

import contextlib
import json
import secrets
import socket
import struct
import threading
import time
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import parse_qs, urlsplit

from websockets.exceptions import ConnectionClosed
from websockets.sync.server import Server, ServerConnection, serve

from tests.fakes.slack_api.model import Json
from tests.fakes.slack_api.world import World

_ABORT: Final = struct.pack("ii", 1, 0)
_CONNECTING_S: Final = 20.0
"""Clients look every few seconds whether they are still connected."""


@dataclass(slots=True, eq=False)
class Envelope:
    """Something sent over a socket; `seconds` is how long its acknowledgement took."""

    id: str
    kind: str
    payload: Json
    sent: float = 0.0
    acked: bool = False
    acks: int = 0
    answer: Json | None = None
    seconds: float = 0.0


@dataclass(slots=True, eq=False)
class Link:
    """One app's connection."""

    number: int
    connection: ServerConnection
    sent: list[Envelope] = field(default_factory=list)


class Sockets:
    """The websocket server; `envelopes` is all that was ever sent, in order."""

    def __init__(self, world: World, *, most: int = 10) -> None:
        self._world = world
        self._most = most
        self._tickets: set[str] = set()
        self._turn = 0
        self._opened = 0
        self.links: list[Link] = []
        self.envelopes: list[Envelope] = []
        self._by_id: dict[str, Envelope] = {}
        self._server: Server = serve(
            self._meet,
            "127.0.0.1",
            0,
            compression=None,
            ping_interval=None,
            close_timeout=0.5,
        )
        self.port: int = self._server.socket.getsockname()[1]
        self._thread = threading.Thread(target=self._server.serve_forever, name="slack sockets")
        self._thread.start()

    def close(self) -> None:
        self._server.shutdown()
        self._thread.join()

    def new_address(self) -> str:
        """Give a URL that one connection may be opened with."""
        ticket = secrets.token_hex(8)
        self._tickets.add(ticket)
        return f"ws://127.0.0.1:{self.port}/link/?ticket={ticket}&app_id={self._world.app.id}"

    def send(
        self, kind: str, payload: Json, *, attempt: int = 0, reason: str = "", seconds: float = 3.0
    ) -> Envelope:
        """Send over the next connection and wait for the acknowledgement as long as Slack does."""
        envelope = Envelope(self._world.next_id("envelope-"), kind, payload)
        body: Json = {
            "envelope_id": envelope.id,
            "type": kind,
            "payload": payload,
            "accepts_response_payload": kind != "events_api",
        }
        if kind == "events_api":
            body |= {"retry_attempt": attempt, "retry_reason": reason}
        self._world.wait(lambda: self.links, _CONNECTING_S)
        with self._world.bell:
            self._turn += 1
            link = self.links[self._turn % len(self.links)]
            link.sent.append(envelope)
            self.envelopes.append(envelope)
            self._by_id[envelope.id] = envelope
            envelope.sent = time.monotonic()
        with contextlib.suppress(ConnectionClosed):
            link.connection.send(json.dumps(body))
        with self._world.bell:
            self._world.bell.wait_for(lambda: envelope.acked, seconds)
        return envelope

    def disconnect(self, reason: str = "refresh_requested", *, shut: bool = True) -> None:
        """Ask all connections to be opened anew, as Slack does every few hours; then shut them."""
        links = list(self.links)
        body = json.dumps({"type": "disconnect", "reason": reason, "debug_info": {"host": "x"}})
        for link in links:
            with contextlib.suppress(ConnectionClosed):
                link.connection.send(body)
        if shut:
            self._world.wait(lambda: any(link not in links for link in self.links))
            for link in links:
                link.connection.close()

    def drop(self, *, reset: bool = False) -> None:
        """Shut all connections without a word, as a network does; `reset`: not even politely."""
        links = list(self.links)
        for link in links:
            if reset:
                link.connection.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _ABORT)
            link.connection.close_socket()
        self._world.wait(lambda: not any(link in links for link in self.links))

    def _meet(self, connection: ServerConnection) -> None:
        assert connection.request
        asked = parse_qs(urlsplit(connection.request.path).query)
        ticket = asked.get("ticket", [""])[0]
        with self._world.bell:
            if ticket not in self._tickets or len(self.links) >= self._most:
                connection.close(1008, "no such ticket, or too many connections")
                return
            self._tickets.remove(ticket)
            self._opened += 1
            link = Link(self._opened, connection)
            self.links.append(link)
            hello = {
                "type": "hello",
                "num_connections": len(self.links),
                "debug_info": {"host": "applink", "approximate_connection_time": 18060},
                "connection_info": {"app_id": self._world.app.id},
            }
        try:
            connection.send(json.dumps(hello))
            with self._world.bell:
                self._world.bell.notify_all()
            for text in connection:
                self._hear(json.loads(text))
        except ConnectionClosed:
            pass
        finally:
            with self._world.bell:
                self.links.remove(link)
                self._world.bell.notify_all()

    def _hear(self, ack: Json) -> None:
        with self._world.bell:
            envelope = self._by_id.get(str(ack.get("envelope_id")))
            if envelope is not None:
                envelope.acks += 1
                if not envelope.acked:
                    envelope.seconds = time.monotonic() - envelope.sent
                    envelope.answer = ack.get("payload")
                    envelope.acked = True
            self._world.bell.notify_all()
