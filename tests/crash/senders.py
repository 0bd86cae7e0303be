"""Two ways to the tests' receiver: one that can be asked what arrived, one that cannot."""

import socket
import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from bot.core.editions import Destination, DestinationKind, Edition
from bot.core.records import CannotTell, Enclosed, Sent
from bot.errors import DeliveryError
from bot.render import data

if TYPE_CHECKING:
    from bot.flows.passage import Sender

# For a whole request and its answer: well below every margin of the tests.
TIMEOUT_S = 1.2
# Stands between the keys of what arrives as one.
TOGETHER = "+"


class UnaskableSender:
    """Sends as mail does: what arrived cannot be told, and a repeat has the same bytes."""

    def __init__(self, port: int, step: Callable[[str], None] = lambda _point: None) -> None:
        """`step` hears which point of a sending was just passed."""
        self._port = port
        self._step = step

    def send(
        self, edition: Edition, destination: Destination, key: str, leave: Callable[[], None]
    ) -> Sent:
        return self._send(build_body(edition, key), destination, key, leave)

    def send_together(
        self,
        enclosed: Sequence[Enclosed],
        destination: Destination,
        key: str,
        leave: Callable[[], None],
    ) -> Sent:
        """Send several as one, under all their keys, so that it can be told what arrived in it."""
        body = b"".join(build_body(each.edition, each.key) for each in enclosed)
        keys = TOGETHER.join(each.key for each in enclosed)
        return self._send(key.encode() + body, destination, keys, leave)

    def _send(
        self, body: bytes, destination: Destination, key: str, leave: Callable[[], None]
    ) -> Sent:
        head = (
            f"POST /deliver/{key} HTTP/1.1\r\nHost: 127.0.0.1\r\n"
            f"Content-Length: {len(body)}\r\nConnection: close\r\n\r\n"
        )
        request = head.encode() + body
        half = len(head) + len(body) // 2
        until = time.monotonic() + TIMEOUT_S
        with _connect(self._port) as connection:
            self._step("connected")
            leave()
            self._step("left")
            try:
                _send(connection, until, request[:half])
                self._step("half-way through the body")
                _send(connection, until, request[half:])
            except OSError as error:
                # What was not sent as a whole cannot have been read as a whole.
                message = f"{destination} closed the connection half-way ({_say(error)})"
                raise DeliveryError(message) from error
            self._step("after the body")
            status, retry_after = _read_answer(connection, until, destination)
            self._step("answered")
        if status == 200:
            return Sent(f"receiver {key}")
        message = f"{destination} answered {status}"
        raise DeliveryError(message, unknown=status not in (429, 503), retry_after=retry_after)

    def find(
        self,
        edition: Edition,  # noqa: ARG002 - nobody can be asked
        destination: Destination,  # noqa: ARG002
        key: str,  # noqa: ARG002
        trail: object = None,  # noqa: ARG002
    ) -> Sent | CannotTell | None:
        return CannotTell.CANNOT_TELL


class AskableSender(UnaskableSender):
    """Sends the same, and can ask whether a key has arrived."""

    def __init__(
        self,
        port: int,
        step: Callable[[str], None] = lambda _point: None,
        *,
        asks: bool = True,
    ) -> None:
        """Without `asks` it says "not there" unasked: what a test without it would prove."""
        super().__init__(port, step)
        self._asks = asks

    def find(
        self,
        edition: Edition,  # noqa: ARG002 - the key says all
        destination: Destination,
        key: str,
        trail: object = None,  # noqa: ARG002
    ) -> Sent | CannotTell | None:
        if not self._asks:
            return None
        until = time.monotonic() + TIMEOUT_S
        with _connect(self._port) as connection:
            try:
                _send(connection, until, f"GET /has/{key} HTTP/1.1\r\n\r\n".encode())
            except OSError as error:
                message = f"{destination} cannot be asked ({_say(error)})"
                raise DeliveryError(message, unknown=True) from error
            self._step("asking")
            status, _ = _read_answer(connection, until, destination)
        self._step("told")
        if status == 200:
            return Sent(f"receiver {key}")
        if status == 404:
            return None
        message = f"{destination} answered {status} when asked"
        raise DeliveryError(message, unknown=True)


def build_senders(
    port: int, step: Callable[[str], None] = lambda _point: None, *, asks: bool = True
) -> "dict[DestinationKind, Sender]":
    """Channels can be asked, e-mail cannot."""
    return {
        DestinationKind.CHANNEL: AskableSender(port, step, asks=asks),
        DestinationKind.EMAIL: UnaskableSender(port, step),
    }


def build_body(edition: Edition, key: str) -> bytes:
    """Render an edition: the same bytes each time."""
    return f"{key}\n{data.render_edition(edition)}".encode()


def _connect(port: int) -> socket.socket:
    try:
        return socket.create_connection(("127.0.0.1", port), TIMEOUT_S)
    except OSError as error:
        message = f"the receiver cannot be reached ({_say(error)})"
        raise DeliveryError(message) from error


def _send(connection: socket.socket, until: float, request: bytes) -> None:
    connection.settimeout(_left(until))
    connection.sendall(request)


def _read_answer(
    connection: socket.socket, until: float, destination: Destination
) -> tuple[int, float | None]:
    """Return status and Retry-After; what is not answered may have arrived."""
    answer = b""
    try:
        while b"\r\n\r\n" not in answer:
            connection.settimeout(_left(until))
            read = connection.recv(1 << 16)
            if not read:
                message = f"{destination} closed the connection without an answer"
                raise DeliveryError(message, unknown=True)
            answer += read
    except OSError as error:
        message = f"{destination} did not answer ({_say(error)})"
        raise DeliveryError(message, unknown=True) from error
    lines = answer.decode("ascii").split("\r\n")
    fields = dict(line.casefold().split(": ", 1) for line in lines[1:] if line)
    asked = fields.get("retry-after")
    return int(lines[0].split(" ")[1]), None if asked is None else float(asked)


def _left(until: float) -> float:
    left = until - time.monotonic()
    if left <= 0:
        message = "timed out"
        raise TimeoutError(message)
    return left


def _say(error: OSError) -> str:
    return str(error.strerror or error)
