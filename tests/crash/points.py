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
import sqlite3
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
        self.counts = False
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

    def listen(self) -> None:
        """Hear whatever a database is told on connections that are yet to be made."""
        event.listen(Engine, "connect", self._trace)
        event.listen(Engine, "before_cursor_execute", self._hear)
        event.listen(Engine, "commit", self._hear_commit)

    def _trace(self, connection: Any, _record: object) -> None:  # noqa: ANN401 - a driver's
        # SQLite itself tells of what goes to it past SQLAlchemy, too.
        if isinstance(connection, sqlite3.Connection):
            connection.set_trace_callback(self._count)

    def _hear(self, connection: Any, _cursor: object, statement: str, *_more: object) -> None:  # noqa: ANN401 - SQLAlchemy's
        if connection.dialect.name != "sqlite":
            self._count(statement)

    def _hear_commit(self, connection: Any) -> None:  # noqa: ANN401 - SQLAlchemy's
        if connection.dialect.name != "sqlite":
            self._count("COMMIT")

    def _count(self, statement: str) -> None:
        """Count a point before a statement, within the delivery."""
        verb, table = statement.split(maxsplit=1)[0], _TABLE.search(statement)
        if self.counts and verb != "PRAGMA":
            self.step(f"{verb} {table[1]}" if table else verb)


def act(url: str, port: int, delivery_id: int, hours: int, countdown: Countdown) -> None:
    countdown.listen()
    with open_store(url) as store:
        # A statement of the pool's own, not of this delivery.
        store.due_deliveries(datetime.now(UTC))
        countdown.counts = True
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
