"""One connection that is kept for reads of a single small statement, one thread at a time.

For SQLite only: there such a statement takes less time than to get a connection for it.
"""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager

from sqlalchemy import Connection, Engine


class Glance:
    """Those threads of a process that look something up."""

    def __init__(self, engine: Engine, floor: AbstractContextManager[object]) -> None:
        """`engine` begins transactions that only read; `floor` is the lock that `Brief` holds."""
        self._engine = engine
        self._floor = floor
        self._kept: Connection | None = None

    @contextmanager
    def looking(self) -> Iterator[Connection]:
        """Give the connection, outside a transaction; nobody of this process writes meanwhile."""
        with self._floor:
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
        with self._floor:
            kept, self._kept = self._kept, None
            if kept is not None:
                kept.close()
