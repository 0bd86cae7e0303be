"""Processes that die at a point of one delivery: `python -m tests.crash.points URL PORT`.

It reads lines of JSON, `[DELIVERY, HOURS, POINT]`, and delivers in a process of its own, HOURS
after the real time, which is killed at its n-th point or at the one of that name. It answers each
with the point's name: "" where the process came to its end before. Points are the flow's steps,
the sender's, and every statement and commit.
"""

import json
import os
import re
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Engine, event

from bot.adapters.store import open_store
from bot.adapters.timing import SystemClock
from bot.core.editions import DestinationKind
from bot.core.retrying import Pace
from bot.flows.deliver import Terms, deliver
from tests.crash.around import SurroundedStore
from tests.crash.senders import build_senders

_TABLE = re.compile(r"\b(?:FROM|INTO|UPDATE)\s+(\w+)")
# No clock goes faster here: leases are as long as the program has them.
TERMS = Terms(
    paces={
        DestinationKind.CHANNEL: Pace(interval=timedelta(seconds=1), alone=True),
        DestinationKind.EMAIL: Pace(at_once=1000),
    }
)


class LaterClock:
    """The machine's clocks, some hours later: every lease of before has run out."""

    def __init__(self, hours: int) -> None:
        self._later = timedelta(hours=hours)
        self._system = SystemClock()

    def now(self) -> datetime:
        return datetime.now(UTC) + self._later

    def elapsed(self) -> float:
        return self._system.elapsed()


class Countdown:
    """Counts points; at the last one the process is killed, having told its name."""

    def __init__(self, last: int | str, pipe: int) -> None:
        self._last = last
        self._pipe = pipe
        self._passed = 0
        self._within = ""

    def step(self, point: str) -> None:
        self._passed += 1
        name = f"{self._within}{point}"
        if self._last in (self._passed, name):
            os.write(self._pipe, name.encode())
            os.kill(os.getpid(), signal.SIGKILL)

    @contextmanager
    def around(self, method: str) -> Iterator[None]:
        self.step(f"before the {method}")
        self._within = f"{method}: "
        yield
        self._within = ""
        self.step(f"after the {method}")

    def count_statement(self, *args: Any) -> None:  # noqa: ANN401 - whatever SQLAlchemy tells
        """Before a statement; the third argument is its text."""
        statement = str(args[2])
        verb, table = statement.split(maxsplit=1)[0], _TABLE.search(statement)
        self.step(f"{verb} {table[1]}" if table else verb)

    def count_commit(self, _connection: object) -> None:
        self.step("COMMIT")


def act(url: str, port: int, delivery_id: int, hours: int, countdown: Countdown) -> None:
    with open_store(url) as store:
        # A statement of the pool's own, not of this delivery.
        store.due_deliveries(datetime.now(UTC))
        event.listen(Engine, "before_cursor_execute", countdown.count_statement)
        event.listen(Engine, "commit", countdown.count_commit)
        surrounded = SurroundedStore(store, countdown.around)
        senders = build_senders(port, countdown.step)
        deliver(delivery_id, surrounded, senders, LaterClock(hours), TERMS)


def main() -> None:
    url, port = sys.argv[1], int(sys.argv[2])
    # Whatever is imported only when it is needed is imported once, here.
    open_store(url).close()
    for line in sys.stdin:
        delivery_id, hours, last = json.loads(line)
        reader, writer = os.pipe()
        process = os.fork()
        if not process:
            try:
                act(url, port, delivery_id, hours, Countdown(last, writer))
            finally:
                os._exit(0)
        os.close(writer)
        with os.fdopen(reader) as pipe:
            name = pipe.read()
        os.waitpid(process, 0)
        sys.stdout.write(name + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
