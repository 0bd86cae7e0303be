"""A mail server that does as a test tells it: refuses, drops, delays or trickles at any phase.

It speaks SMTP over real sockets, with STARTTLS, AUTH, SIZE, DSN and SMTPUTF8, one thread a
connection. A message counts only when the dot that ends it was read.
"""

import base64
import re
import socket
import ssl
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from types import TracebackType
from typing import Self

import trustme

FEATURES = ("SIZE 10485760", "8BITMIME", "DSN", "ENHANCEDSTATUSCODES")
GREETING = "CONNECT"
END = "."
_PATH = re.compile(r"<([^>]*)>\s*(.*)$")
_LONGEST_WAIT = 10.0


@dataclass(frozen=True, slots=True)
class Act:
    """What the server does once, instead of its usual answer.

    `reply` is sent ("": nothing), byte by byte with `trickle` seconds between where that is set,
    after `delay` seconds; `drop` ends the connection afterwards. `takes`: a message whose end this
    answers counts as arrived all the same.
    """

    reply: str = ""
    delay: float = 0.0
    trickle: float = 0.0
    drop: bool = False
    takes: bool = False


@dataclass(frozen=True, slots=True)
class Message:
    """A message that arrived as a whole: its envelope, and its bytes without doubled dots."""

    sender: str
    recipient: str
    options: str
    data: bytes
    connection: int
    secure: bool
    user: str = ""


@dataclass(slots=True)
class Script:
    """Acts for a verb, one after another; `when` says which commands they answer."""

    verb: str
    acts: list[Act]
    when: Callable[[str], bool] = field(default=lambda _line: True)


class SmtpServer:
    """A server on loopback; use it in a `with` statement.

    `tls`: TLS from the first byte. `users` maps names to passwords. What it did is read from
    `messages`, `commands` and `connections`; `faults` are commands that were against the rules.
    """

    def __init__(
        self,
        *scripts: Script,
        features: Sequence[str] | None = None,
        authority: trustme.CA | None = None,
        tls: bool = False,
        users: dict[str, str] | None = None,
        host: str = "127.0.0.1",
    ) -> None:
        self.features = tuple(FEATURES if features is None else features)
        self.scripts = list(scripts)
        self.users = users or {}
        self.messages: list[Message] = []
        self.commands: list[str] = []
        self.faults: list[str] = []
        self.connections = 0
        self._context: ssl.SSLContext | None = None
        if authority is not None:
            self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            authority.issue_cert("localhost", "127.0.0.1").configure_cert(self._context)
        self._tls = tls
        self.lock = threading.Lock()
        self._socket = socket.create_server((host, 0))
        self.host, self.port = self._socket.getsockname()[:2]
        self.open: set[socket.socket] = set()
        self._threads: list[threading.Thread] = []
        self.stopping = False

    def __enter__(self) -> Self:
        self._start(self._accept)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stopping = True
        with suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        self.hang_up()
        for thread in self._threads:
            thread.join(_LONGEST_WAIT)
            assert not thread.is_alive()

    def hang_up(self) -> None:
        """Close every connection."""
        with self.lock:
            for each in self.open:
                with suppress(OSError):
                    each.shutdown(socket.SHUT_RDWR)

    def replace(self, before: socket.socket, after: socket.socket) -> None:
        """Know a connection by its other socket from now on."""
        with self.lock:
            self.open.discard(before)
            self.open.add(after)

    def find_act(self, verb: str, line: str) -> Act | None:
        """Take the next act for a command out of the scripts."""
        with self.lock:
            for script in self.scripts:
                if script.verb == verb and script.acts and script.when(line):
                    return script.acts.pop(0)
        return None

    def _start(self, work: Callable[[], None]) -> None:
        thread = threading.Thread(target=work, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        while not self.stopping:
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            with self.lock:
                self.connections += 1
                number = self.connections
                self.open.add(connection)
            self._start(partial(self._serve, connection, number))

    def _serve(self, connection: socket.socket, number: int) -> None:
        talk = _Talk(self, connection, number)
        try:
            if self._tls:
                talk.secure(self._context)
            talk.run(self._context)
        except (OSError, EOFError):
            pass
        finally:
            talk.close()


class _Talk:
    """One connection."""

    def __init__(self, server: SmtpServer, connection: socket.socket, number: int) -> None:
        self._server = server
        self._connection = connection
        self._number = number
        self._unread = b""
        self._secure = False
        self._user = ""
        self._sender = self._recipient = self._options = ""

    def close(self) -> None:
        with self._server.lock:
            self._server.open.discard(self._connection)
        self._connection.close()

    def secure(self, context: ssl.SSLContext | None) -> None:
        assert context is not None
        plain = self._connection
        plain.settimeout(_LONGEST_WAIT)
        self._connection = context.wrap_socket(plain, server_side=True)
        self._server.replace(plain, self._connection)
        self._secure = True

    def run(self, context: ssl.SSLContext | None) -> None:
        self._connection.settimeout(_LONGEST_WAIT)
        if not self._answer(GREETING, "", "220 tests.example ESMTP"):
            return
        while True:
            line = self._read_line().decode("utf-8")
            verb = line.split(" ", 1)[0].split(":", 1)[0].upper()
            with self._server.lock:
                self._server.commands.append(line)
            if not self._obey(verb, line, context):
                return

    def _obey(self, verb: str, line: str, context: ssl.SSLContext | None) -> bool:
        if verb == "STARTTLS":
            going_on = self._answer(verb, line, "220 2.0.0 go ahead")
            if going_on:
                self.secure(context)
            return going_on
        if verb == "QUIT":
            self._answer(verb, line, "221 2.0.0 bye")
            return False
        answers: dict[str, Callable[[str], bool]] = {
            "EHLO": partial(self._offer, starttls=context is not None and not self._secure),
            "AUTH": self._authenticate,
            "MAIL": partial(self._take_path, "MAIL"),
            "RCPT": partial(self._take_path, "RCPT"),
            "DATA": self._take_data,
        }
        usual = partial(self._answer, verb, usual="250 2.0.0 ok")
        return answers.get(verb, usual)(line)

    def _offer(self, line: str, *, starttls: bool) -> bool:
        offered = ["tests.example", *self._server.features]
        if starttls:
            offered.append("STARTTLS")
        if self._server.users:
            offered.append("AUTH PLAIN")
        *some, last = offered
        lines = [*(f"250-{each}" for each in some), f"250 {last}"]
        return self._answer("EHLO", line, "\r\n".join(lines))

    def _authenticate(self, line: str) -> bool:
        if not self._secure:
            self._server.faults.append("a login without TLS")
        *_, encoded = line.split(" ")
        _, user, password = base64.b64decode(encoded).decode().split("\0")
        if self._server.users.get(user) == password:
            self._user = user
            return self._answer("AUTH", line, "235 2.7.0 welcome")
        return self._answer("AUTH", line, "535 5.7.8 wrong user or password")

    def _take_path(self, verb: str, line: str) -> bool:
        found = _PATH.search(line)
        if found is None:
            self._server.faults.append(line)
            return self._answer(verb, line, "501 5.5.4 what?")
        usual = "250 2.1.0 ok" if verb == "MAIL" else "250 2.1.5 ok"
        if verb == "MAIL":
            self._sender, self._options, self._recipient = found[1], found[2], ""
        else:
            self._recipient = found[1]
        return self._answer(verb, line, usual)

    def _take_data(self, line: str) -> bool:
        act = self._server.find_act("DATA", line)
        if act is not None:
            return self._perform(act)
        if not self._recipient:
            return self._answer(END, line, "503 5.5.1 no recipient")
        self._say("354 end with a dot")
        act = self._server.find_act("BODY", line)
        if act is not None:
            self._connection.recv(1)
            return self._perform(act)
        data = self._read_body()
        message = Message(
            self._sender,
            self._recipient,
            self._options,
            data,
            self._number,
            self._secure,
            self._user,
        )
        self._sender = self._recipient = ""
        act = self._server.find_act(END, line)
        if act is None or act.takes:
            with self._server.lock:
                self._server.messages.append(message)
        if act is not None:
            return self._perform(act)
        self._say(f"250 2.0.0 queued as {self._number}.{len(self._server.messages)}")
        return True

    def _answer(self, verb: str, line: str, usual: str) -> bool:
        """Answer a command; False where the connection ends with that."""
        act = self._server.find_act(verb, line)
        if act is None:
            self._say(usual)
            return True
        return self._perform(act)

    def _perform(self, act: Act) -> bool:
        until = time.monotonic() + act.delay
        while time.monotonic() < until and not self._server.stopping:
            time.sleep(0.01)
        if act.reply and act.trickle:
            for byte in f"{act.reply}\r\n".encode():
                self._connection.sendall(bytes([byte]))
                time.sleep(act.trickle)
        elif act.reply:
            self._say(act.reply)
        return not act.drop

    def _say(self, reply: str) -> None:
        self._connection.sendall(f"{reply}\r\n".encode())

    def _read_line(self) -> bytes:
        while b"\r\n" not in self._unread:
            self._read_more()
        line, _, self._unread = self._unread.partition(b"\r\n")
        return line

    def _read_body(self) -> bytes:
        while not self._unread.startswith(b".\r\n") and b"\r\n.\r\n" not in self._unread:
            self._read_more()
        if self._unread.startswith(b".\r\n"):
            self._unread = self._unread[3:]
            return b""
        data, _, self._unread = self._unread.partition(b"\r\n.\r\n")
        return re.sub(rb"(?m)^\.\.", b".", data + b"\r\n")

    def _read_more(self) -> None:
        data = self._connection.recv(65_536)
        if not data:
            raise EOFError
        self._unread += data
