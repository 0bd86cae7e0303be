"""A mail server in a process of its own, that counts what it has read as a whole.

`python -m tests.crash.mail_receiver DELAY` prints its port, answers each line of its input with
what arrived, and ends with its input. DELAY is how long it takes over each mail, in seconds.
"""

import json
import re
import sys
from dataclasses import replace
from hashlib import sha256

from tests.crash.receiver import Arrival
from tests.fakes.processes import ServerProcess
from tests.fakes.smtp_server import END, Act, Message, Script, SmtpServer

_KEY = re.compile(r"ENVID=(\S+)")
# More than any run has mails.
_MANY = 100_000


class MailReceiver(ServerProcess):
    """The server's process, and what a test asks of it."""

    def __init__(self, delay: float) -> None:
        super().__init__("tests.crash.mail_receiver", str(delay))

    def arrivals(self) -> list[Arrival]:
        """Every mail that arrived, in order, by the key of the delivery that led it."""
        return [Arrival(*row) for row in json.loads(self.say(""))]


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
