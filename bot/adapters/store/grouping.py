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
from typing import Final

from sqlalchemy import Connection, Engine, Transaction

_MOST: Final = 64
# Between two commits other processes get the chance to write, too: they look for it now and then.
_BREATH_S: Final = 0.001
_LOOK_S: Final = 1.0


@dataclass(slots=True)
class _Batch:
    """What is committed together; `error` is why it was not."""

    connection: Connection
    transaction: Transaction
    size: int = 0
    error: Exception | None = None
    done: threading.Event = field(default_factory=threading.Event)


class Group:
    """Those threads of a process that write now."""

    def __init__(self, writer: Engine) -> None:
        """`writer` begins transactions that hold the database's one lock for writing."""
        self._writer = writer
        self._turn = threading.Lock()
        self._counting = threading.Lock()
        self._waiting = 0
        self._batch: _Batch | None = None

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
        connection = self._writer.connect()
        try:
            return _Batch(connection, connection.begin())
        except BaseException:
            connection.close()
            raise

    def _end(self, batch: _Batch) -> None:
        """Commit, and tell everybody."""
        self._batch = None
        try:
            with batch.connection, batch.transaction:
                if batch.error is not None:
                    batch.transaction.rollback()
        except Exception as error:  # noqa: BLE001 - raised by each of those who wait
            batch.error = error
        finally:
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
    driver = batch.connection.connection.cursor()
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
    finally:
        driver.close()
