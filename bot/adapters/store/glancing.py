"""One connection that is kept for reads of a single small statement, one thread at a time.

For SQLite only: there such a statement takes less time than to get a connection for it.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Connection, Engine


class Glance:
    """Those threads of a process that look something up."""

    def __init__(self, engine: Engine) -> None:
        """`engine` begins transactions that only read."""
        self._engine = engine
        self._turn = threading.Lock()
        self._kept: Connection | None = None

    @contextmanager
    def looking(self) -> Iterator[Connection]:
        """Give the connection, outside a transaction."""
        with self._turn:
            connection = self._kept or self._engine.connect()
            self._kept = None
            try:
                yield connection
                # SQLAlchemy begins a transaction for statements of its own.
                connection.rollback()
            except BaseException:
                connection.close()
                raise
            self._kept = connection

    def close(self) -> None:
        """Close the connection; the next look opens another one."""
        with self._turn:
            kept, self._kept = self._kept, None
            if kept is not None:
                kept.close()
