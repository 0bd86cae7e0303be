"""A destination in a process of its own, that counts what it has read as a whole.

`python -m tests.crash.receiver` prints its port and serves until its input ends. It speaks the
little HTTP that the tests' senders need, on plain sockets, so that it knows which bytes came:

    POST /deliver/KEY    read, counted, answered: or what `POST /behave` told it to do instead
    GET  /has/KEY        200 where the key has arrived, 404 where it has not
    GET  /arrivals       everything that arrived, in order
    POST /behave         a Behaviour as JSON

As every web server does, it gives up a connection on which no whole request came for some time
(`PATIENCE_S`): what a process frozen for longer sends at last reaches nobody.
"""

import http.client
import json
import random
import socket
import sys
import threading
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace
from hashlib import sha256

from tests.fakes.processes import ServerProcess

PATIENCE_S = 1.7
_WORDS = {200: "OK", 404: "Not Found", 429: "Too Many Requests", 500: "Oops", 503: "Busy"}


@dataclass(frozen=True, slots=True)
class Mood:
    """What is done with one delivery.

    Wait `before` seconds, read it, wait `answer` seconds, answer `status`. 429 and 503 do not
    count it, 500 does and says that something went wrong. `close`: the connection is closed
    "unread", "half-way" through the body, or "unanswered" when all was read and counted.
    """

    before: float = 0.0
    answer: float = 0.0
    status: int = 200
    retry_after: int | None = None
    close: str = ""


_MISCHIEF = (
    Mood(close="unread"),
    Mood(close="half-way"),
    Mood(close="unanswered"),
    Mood(status=429, retry_after=1),
    Mood(status=500),
    Mood(status=503),
)


@dataclass(frozen=True, slots=True)
class Behaviour:
    """`script` is for the next deliveries, one mood each; then all are slow at random.

    `slow`: the least and the most seconds before an answer; `deaf`: those before anything is read;
    `mischief`: the share of deliveries that meet with a fault of the six kinds that there are.
    """

    script: Sequence[Mood] = ()
    slow: tuple[float, float] = (0.0, 0.0)
    deaf: tuple[float, float] = (0.0, 0.0)
    mischief: float = 0.0
    seed: int = 0


@dataclass(frozen=True, slots=True)
class Arrival:
    """One delivery that was read as a whole: its key, the digest of its bytes, when."""

    key: str
    digest: str
    at: float


class Receiver(ServerProcess):
    """The receiver's process, and what a test says to it."""

    def __init__(self) -> None:
        super().__init__("tests.crash.receiver")

    def behave(self, behaviour: Behaviour) -> None:
        self._ask("POST", "/behave", json.dumps(asdict(behaviour)).encode())

    def arrivals(self) -> list[Arrival]:
        return [Arrival(*row) for row in json.loads(self._ask("GET", "/arrivals"))]

    def counts(self) -> Counter[str]:
        """How often each key arrived."""
        return Counter(arrival.key for arrival in self.arrivals())

    def _ask(self, verb: str, path: str, body: bytes = b"") -> bytes:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            connection.request(verb, path, body)
            answer = connection.getresponse()
            assert answer.status == 200
            return answer.read()
        finally:
            connection.close()


@dataclass(slots=True)
class _State:
    """What the receiver's threads share."""

    lock: threading.Lock = field(default_factory=threading.Lock)
    arrivals: list[Arrival] = field(default_factory=list)
    keys: set[str] = field(default_factory=set)
    script: list[Mood] = field(default_factory=list)
    usual: Behaviour = field(default_factory=Behaviour)
    chance: random.Random = field(default_factory=random.Random)

    def behave(self, body: bytes) -> None:
        read = json.loads(body)
        moods = [Mood(**mood) for mood in read.pop("script")]
        with self.lock:
            self.script = moods
            self.usual = Behaviour(**read)
            self.chance = random.Random(self.usual.seed)

    def next_mood(self) -> Mood:
        with self.lock:
            if self.script:
                return self.script.pop(0)
            usual = Mood(
                before=self.chance.uniform(*self.usual.deaf),
                answer=self.chance.uniform(*self.usual.slow),
            )
            if self.chance.random() < self.usual.mischief:
                return replace(self.chance.choice(_MISCHIEF), answer=usual.answer)
            return usual

    def count(self, key: str, body: bytes) -> None:
        with self.lock:
            self.arrivals.append(Arrival(key, sha256(body).hexdigest(), time.time()))
            self.keys.add(key)

    def tell(self) -> bytes:
        with self.lock:
            return json.dumps([list(asdict(each).values()) for each in self.arrivals]).encode()


class _GoneError(Exception):
    """The request did not come whole."""


def _serve(connection: socket.socket, state: _State) -> None:
    until = time.monotonic() + PATIENCE_S
    with connection:
        try:
            head = b""
            while b"\r\n\r\n" not in head:
                head += _read(connection, until, 1 << 16)
            head, _, body = head.partition(b"\r\n\r\n")
            lines = head.decode("ascii").split("\r\n")
            verb, path, _ = lines[0].split(" ")
            fields = {
                name.casefold(): value.strip()
                for name, _, value in (line.partition(":") for line in lines[1:])
            }
            length = int(fields.get("content-length", "0"))
            if verb == "POST" and path.startswith("/deliver/"):
                mood = state.next_mood()
                time.sleep(mood.before)
                wanted = {"unread": 0, "half-way": length // 2}.get(mood.close, length)
                while len(body) < wanted:
                    body += _read(connection, until, wanted - len(body))
                if wanted == length:
                    _take(connection, state, mood, path.removeprefix("/deliver/"), body)
                return
            while len(body) < length:
                body += _read(connection, until, length - len(body))
            if path == "/behave":
                state.behave(body)
                _answer(connection, 200)
            elif path == "/arrivals":
                _answer(connection, 200, state.tell())
            else:
                arrived = path.removeprefix("/has/") in state.keys
                _answer(connection, 200 if arrived else 404)
        except (OSError, _GoneError):
            return


def _take(connection: socket.socket, state: _State, mood: Mood, key: str, body: bytes) -> None:
    """Count and answer a delivery that was read as a whole."""
    if mood.status not in (429, 503):
        state.count(key, body)
    time.sleep(mood.answer)
    if mood.close != "unanswered":
        _answer(connection, mood.status, retry_after=mood.retry_after)


def _read(connection: socket.socket, until: float, most: int) -> bytes:
    connection.settimeout(max(0.001, until - time.monotonic()))
    read = connection.recv(most)
    if not read:
        raise _GoneError
    return read


def _answer(
    connection: socket.socket, status: int, body: bytes = b"", *, retry_after: int | None = None
) -> None:
    lines = [
        f"HTTP/1.1 {status} {_WORDS[status]}",
        f"Content-Length: {len(body)}",
        "Connection: close",
        *([] if retry_after is None else [f"Retry-After: {retry_after}"]),
    ]
    connection.settimeout(PATIENCE_S)
    connection.sendall("\r\n".join([*lines, "", ""]).encode() + body)


def main() -> None:
    state = _State()
    server = socket.create_server(("127.0.0.1", 0), backlog=256)
    sys.stdout.write(f"{server.getsockname()[1]}\n")
    sys.stdout.flush()

    def accept() -> None:
        while True:
            connection, _ = server.accept()
            threading.Thread(target=_serve, args=(connection, state), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    sys.stdin.read()


if __name__ == "__main__":
    main()
