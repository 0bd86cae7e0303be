"""A mail server in a process of its own, that counts what it has read as a whole.

`python -m tests.crash.mail_receiver DELAY` prints its port, answers each line of its input with
what arrived, and ends with its input. DELAY is how long it takes over each mail, in seconds.
"""

import json
import re
import subprocess
import sys
from dataclasses import replace
from hashlib import sha256
from types import TracebackType
from typing import Self

from tests.crash.receiver import ROOT, Arrival
from tests.fakes.smtp_server import END, Act, Message, Script, SmtpServer

_KEY = re.compile(r"ENVID=(\S+)")
# More than any run has mails.
_MANY = 100_000


class MailReceiver:
    """The server's process, and what a test asks of it."""

    def __init__(self, delay: float) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.crash.mail_receiver", str(delay)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=ROOT,
        )
        assert self._process.stdout
        self.port = int(self._process.stdout.readline())

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._process.communicate("")

    def arrivals(self) -> list[Arrival]:
        """Every mail that arrived, in order, by the key of the delivery that led it."""
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.write("\n")
        self._process.stdin.flush()
        return [Arrival(*row) for row in json.loads(self._process.stdout.readline())]


class _Digests(list[Message]):
    """Messages without their bytes, of which only a digest is kept."""

    def append(self, message: Message, /) -> None:
        super().append(replace(message, data=sha256(message.data).digest()))


def main() -> None:
    usual = Act("250 2.0.0 taken", delay=float(sys.argv[1]), takes=True)
    with SmtpServer(Script(END, [usual] * _MANY)) as server:
        server.messages = _Digests()
        sys.stdout.write(f"{server.port}\n")
        sys.stdout.flush()
        for _ in sys.stdin:
            with server.lock:
                rows = [
                    (_find_key(message), message.data.hex(), float(message.connection))
                    for message in server.messages
                ]
            sys.stdout.write(json.dumps(rows) + "\n")
            sys.stdout.flush()


def _find_key(message: Message) -> str:
    found = _KEY.search(message.options)
    assert found, message.options
    return found[1]


if __name__ == "__main__":
    main()
