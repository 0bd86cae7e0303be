"""Many small transactions of one process as one, where a database takes one writer at a time.

What threads write while the disk is busy with a commit shares the next one; each of them goes on
only when what it wrote is on the disk. For SQLite only, and for transactions that take no longer
than a few statements, as all of them wait for each other.
"""

import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Final

from sqlalchemy import Connection, Engine

_MOST: Final = 64
# Between two commits other processes get the chance to write, too: they look twice as often.
_BREATH_S: Final = 0.0004
_LOOK_S: Final = 1.0


@dataclass(slots=True)
class _Batch:
    """What is committed together; `error` is why it was not."""

    connection: Connection
    size: int = 0
    error: Exception | None = None
    done: threading.Event = field(default_factory=threading.Event)


class Group:
    """Those threads of a process that write now."""

    def __init__(self, writer: Engine, busy_timeout_ms: int) -> None:
        """`writer` connects; so long may another process keep us waiting."""
        self._writer = writer
        self._busy_timeout_ms = busy_timeout_ms
        self._turn = threading.Lock()
        self._counting = threading.Lock()
        self._waiting = 0
        self._batch: _Batch | None = None
        self._kept: Connection | None = None

    def close(self) -> None:
        """Close the connection that is kept from batch to batch."""
        with self._turn:
            kept, self._kept = self._kept, None
            if kept is not None:
                kept.close()

    @contextmanager
    def joining(self) -> Iterator[Connection]:
        """Write within a batch: committed at the end, and undone alone where anything is raised."""
        with self._counting:
            self._waiting += 1
        with self._turn:
            with self._counting:
                self._waiting -= 1
            batch = self._batch = self._batch or self._open()
            batch.size += 1
            try:
                with _saving(batch):
                    yield batch.connection
            finally:
                # Whoever waits writes next, and commits for this one.
                if batch.error or not self._waiting or batch.size >= _MOST:
                    self._end(batch)
        while not batch.done.wait(_LOOK_S):
            self._end_abandoned(batch)
        if batch.error is not None:
            raise batch.error

    def _open(self) -> _Batch:
        connection = self._kept or self._writer.connect()
        self._kept = None
        try:
            # SQLAlchemy finds the transaction begun should it have a statement of its own.
            begin_writing(_driver(connection), self._busy_timeout_ms)
        except BaseException:
            connection.close()
            raise
        return _Batch(connection)

    def _end(self, batch: _Batch) -> None:
        """Commit, and tell everybody."""
        self._batch = None
        connection = batch.connection
        try:
            if batch.error is None:
                _driver(connection).execute("COMMIT")
                # SQLAlchemy may think that it is in a transaction of its own.
                connection.rollback()
                self._kept = connection
        except Exception as error:  # noqa: BLE001 - raised by each of those who wait
            batch.error = error
        finally:
            if self._kept is None:
                # The pool undoes what is left.
                connection.close()
            batch.done.set()
        if self._waiting:
            time.sleep(_BREATH_S)

    def _end_abandoned(self, batch: _Batch) -> None:
        """Commit what somebody was to commit who was interrupted while waiting for the turn."""
        with self._turn:
            if self._batch is batch:
                self._end(batch)


@contextmanager
def _saving(batch: _Batch) -> Iterator[None]:
    """Undo what is done within, and nothing else, where anything is raised."""
    driver = _driver(batch.connection)
    try:
        driver.execute("SAVEPOINT one")
        yield
        driver.execute("RELEASE one")
    except BaseException:
        try:
            driver.execute("ROLLBACK TO one")
            driver.execute("RELEASE one")
        except sqlite3.Error as error:
            # A full disk and the like undo all at once: https://www.sqlite.org/lang_transaction.html
            batch.error = error
        raise


def begin_writing(driver: Any, busy_timeout_ms: int) -> None:  # noqa: ANN401 - sqlite3's own
    """Begin a transaction that holds the lock for writing; raise sqlite3.OperationalError.

    Whoever waits for another process looks often: SQLite itself looks ever more seldom, after
    100 ms at last, and always comes too late where others write all the time.
    """
    driver.execute("PRAGMA busy_timeout=0")
    try:
        until = time.monotonic() + busy_timeout_ms / 1000
        while not _begins(driver, until):
            time.sleep(_BREATH_S / 2)
    finally:
        driver.execute(f"PRAGMA busy_timeout={busy_timeout_ms:d}")


def _begins(driver: Any, until: float) -> bool:  # noqa: ANN401 - sqlite3's own
    try:
        driver.execute("BEGIN IMMEDIATE")
    except sqlite3.OperationalError as error:
        if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() > until:
            raise
        return False
    return True


def _driver(connection: Connection) -> Any:  # noqa: ANN401 - sqlite3's own, behind SQLAlchemy's
    return connection.connection.dbapi_connection
