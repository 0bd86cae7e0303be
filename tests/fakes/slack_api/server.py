"""The HTTP server: reads a request as a whole, does what is asked, answers, or misbehaves."""

import base64
import contextlib
import json
import math
import socket
import struct
import sys
import threading
import time
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Final, Literal
from urllib.parse import urlsplit

from tests.fakes.slack_api import identity
from tests.fakes.slack_api.faults import Call, Decide, Fault
from tests.fakes.slack_api.limits import RefusalError
from tests.fakes.slack_api.messages import respond
from tests.fakes.slack_api.methods import METHODS, find_token, record
from tests.fakes.slack_api.rates import Meter
from tests.fakes.slack_api.requests import Request, read_arguments
from tests.fakes.slack_api.world import World

RetryAfter = Literal["real", "own", "float"]
_ABORT: Final = struct.pack("ii", 1, 0)
_BROKEN: Final = "upstream connect error or disconnect/reset before headers"


class LimitedError(Exception):
    """Answered with 429; `seconds` are Slack's own."""

    def __init__(self, seconds: float) -> None:
        super().__init__(seconds)
        self.seconds = seconds


class WebServer(ThreadingHTTPServer):
    """Serves the world on a port of its own, with a thread a connection."""

    daemon_threads = False
    request_queue_size = 512

    def __init__(
        self, world: World, meter: Meter, *, retry_after: RetryAfter, patience: float
    ) -> None:
        self.world = world
        self.meter = meter
        self.retry_after = retry_after
        self.patience = patience
        self.calls: list[Call] = []
        self.deciders: list[Decide] = []
        self.problems: list[BaseException] = []
        """Mistakes of the fake itself."""
        self.closing = threading.Event()
        self.control: Any = None
        self._aborted: set[socket.socket] = set()
        self._open: set[socket.socket] = set()
        super().__init__(("127.0.0.1", 0), _Handler)

    def stop(self) -> None:
        """Let nobody wait any longer, and close."""
        self.closing.set()
        self.shutdown()
        for each in list(self._open):
            with contextlib.suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
        self.server_close()

    def new_call(self, method: str) -> Call:
        with self.world.lock:
            call = Call(len(self.calls) + 1, method, at=time.time(), clock=time.monotonic())
            self.calls.append(call)
            return call

    def decide(self, call: Call) -> Fault | None:
        with self.world.lock:
            for decider in list(self.deciders):
                fault = decider(call)
                if fault is not None:
                    return fault
        return None

    def abort(self, connection: socket.socket) -> None:
        """Reset a connection, as one does that never read what it was sent."""
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _ABORT)
        self._aborted.add(connection)

    def process_request(self, request: Any, client_address: Any) -> None:  # noqa: ANN401
        self._open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:  # noqa: ANN401
        self._open.discard(request)
        if request in self._aborted:
            self._aborted.discard(request)
            request.close()
            return
        super().shutdown_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:  # noqa: ANN401, ARG002
        error = sys.exception()
        if error is not None and not isinstance(error, OSError):
            self.problems.append(error)


class _Handler(BaseHTTPRequestHandler):
    server: WebServer

    def setup(self) -> None:
        super().setup()
        self.connection.settimeout(self.server.patience)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Say nothing."""

    def do_GET(self) -> None:
        self._serve()

    def do_POST(self) -> None:
        self._serve()

    def _serve(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        body = self.rfile.read(length)
        if len(body) < length:
            return
        path = urlsplit(self.path)
        if path.path.startswith("/api/"):
            self._serve_method(path.path.removeprefix("/api/"), path.query, body)
        elif path.path.startswith("/response/"):
            self._serve_response(path.path.removeprefix("/response/"), body)
        elif path.path.startswith("/control/") and self.server.control:
            answer = self.server.control(path.path.removeprefix("/control/"), json.loads(body))
            self._send(200, json.dumps(answer))
        else:
            self._send(404, "not found")

    def _serve_method(self, method: str, query: str, body: bytes) -> None:
        call = self.server.new_call(method)
        refusal: RefusalError | None = None
        try:
            call.arguments = read_arguments(self.headers.get_content_type(), query, body)
        except RefusalError as error:
            refusal = error
        call.channel = str(call.arguments.get("channel") or "")
        token = self._find_token(call)
        for team in self.server.world.teams.values():
            if any(each.text == token for each in team.tokens):
                call.team = team.id

        def act() -> None:
            if refusal is not None:
                raise refusal
            self._act(call, token)

        self._answer(call, act)

    def _find_token(self, call: Call) -> str:
        bearer = self.headers.get("Authorization") or ""
        if bearer.startswith("Basic "):
            pair = base64.b64decode(bearer.removeprefix("Basic ")).decode()
            call.arguments["client_id"], _, call.arguments["client_secret"] = pair.partition(":")
            return ""
        return bearer.removeprefix("Bearer ").strip() or str(call.arguments.pop("token", ""))

    def _act(self, call: Call, text: str) -> None:
        """Do what a call asks for, and put the answer into it."""
        world, arguments = self.server.world, call.arguments
        if call.method == "oauth.v2.access":
            call.answer = {"ok": True, **identity.access(world, arguments)}
        elif call.method == "apps.connections.open":
            if not text:
                raise RefusalError(error="not_authed")
            call.answer = {"ok": True, **identity.open_connection(world, text)}
        elif call.method not in METHODS:
            raise RefusalError(error="unknown_method", req_method=call.method)
        else:
            token = find_token(world, text)
            record(world, call.method, arguments)
            wait = self.server.meter.ask(
                token.team.id, call.method, call.channel, world.clock.pace()
            )
            if wait:
                raise LimitedError(wait)
            request = Request(world, call.method, arguments, token, call.at)
            found = METHODS[call.method](request)
            call.posted = found.pop("_posted", None)
            call.answer = {"ok": True, **found}
        call.acted = True

    def _serve_response(self, token: str, body: bytes) -> None:
        call = self.server.new_call("response")
        world = self.server.world
        with contextlib.suppress(ValueError):
            read = json.loads(body)
            call.arguments = read if isinstance(read, dict) else {}
        url = world.responses.get(token)
        if url is not None:
            call.team = url.team.id
            call.channel = url.channel.id if url.channel else ""

        def act() -> None:
            if call.arguments:
                world.recording.response(call.arguments)
            call.status, call.error = respond(world, token, call.arguments or None, call.at)
            call.acted = not call.error

        self._answer(call, act)

    def _answer(self, call: Call, act: Any) -> None:  # noqa: ANN401 - a closure
        """Act and answer, with the fault that was decided for this call."""
        server = self.server
        fault = call.fault = server.decide(call)
        if fault is None:
            fault = Fault()
        if fault.drop in {"unread", "read"}:
            if fault.drop == "unread":
                server.abort(self.connection)
            self._ring()
            return
        server.closing.wait(fault.wait)
        headers: dict[str, str] = {}
        if fault.retry_after is not None:
            pace = server.world.clock.pace()
            server.meter.close(call.team, call.method, pace + fault.retry_after)
            headers = self._limit(call, fault.retry_after)
        elif fault.acts or fault.drop == "acted" or not fault.replaces:
            headers = self._try(call, act)
        self._ring()
        server.closing.wait(fault.linger)
        if fault.drop == "acted":
            return
        if fault.replaces:
            call.status, call.error = fault.status or 200, fault.error
            text = _BROKEN if fault.status else json.dumps({"ok": False, "error": fault.error})
            self._send(call.status, text if fault.body is None else fault.body)
        elif call.method == "response" and not call.error:
            self._send(200, "ok")
        else:
            answer = call.answer or {"ok": False, "error": call.error}
            self._send(call.status or 200, json.dumps(answer), headers)

    def _try(self, call: Call, act: Any) -> dict[str, str]:  # noqa: ANN401
        with self.server.world.lock:
            try:
                act()
            except RefusalError as error:
                call.error = error.error
                call.answer = {"ok": False, "error": error.error, **error.more}
            except LimitedError as error:
                return self._limit(call, error.seconds)
            call.status = call.status or 200
        team = self.server.world.teams.get(call.team)
        return {"x-oauth-scopes": ",".join(sorted(team.scopes))} if team else {}

    def _limit(self, call: Call, seconds: float) -> dict[str, str]:
        call.status, call.error = 429, "ratelimited"
        call.answer = {"ok": False, "error": "ratelimited"}
        real = seconds / self.server.world.clock.speed
        text = {
            "real": str(max(1, math.ceil(real))),
            "own": str(max(1, math.ceil(seconds))),
            "float": f"{real:.3f}",
        }[self.server.retry_after]
        return {"retry-after": text}

    def _ring(self) -> None:
        with self.server.world.bell:
            self.server.world.bell.notify_all()

    def _send(self, status: int, text: str, headers: Mapping[str, str] | None = None) -> None:
        kind = {"{": "application/json; charset=utf-8", "<": "text/html"}.get(
            text[:1], "text/plain"
        )
        raw = text.encode()
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(raw)))
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(raw)
