"""The small transactions of one process, one after another on a connection that is kept.

For SQLite only, which takes one writer at a time: whoever writes here holds the lock for no longer
than a few statements take. A commit survives this process at once, and the machine's power only
when `Disk` says so, as waiting for the disk takes longer than all the rest.
"""

import os
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from pathlib import Path
from threading import Lock
from typing import Any, Final

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import SQLAlchemyError

from bot.errors import StoreError

# How often whoever waits for another process looks whether it may write.
_LOOK_S: Final = 0.0002
# As SQLite itself does it; not every system has the faster one.
_SYNC: Final[Callable[[int], None]] = getattr(os, "fdatasync", os.fsync)


class Brief:
    """Those threads of a process that write a little."""

    def __init__(
        self, writer: Engine, busy_timeout_ms: int, floor: AbstractContextManager[object]
    ) -> None:
        """`writer` connects; so long may another process keep us waiting.

        `floor` is held within a transaction, and by whoever computes for long: to wait for the
        interpreter with the database's lock in hand would keep all other processes waiting, too.
        """
        self._writer = writer
        self._busy_timeout_s = busy_timeout_ms / 1000
        self._floor = floor
        self._turn = Lock()
        self._kept: Connection | None = None

    def close(self) -> None:
        """Close the connection; the next one who writes opens another one."""
        with self._turn:
            kept, self._kept = self._kept, None
            if kept is not None:
                _part_with(kept)

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """Open a transaction: committed at the end, undone where anything is raised."""
        with self._turn:
            connection = self._kept or self._connect()
            self._kept = None
            try:
                driver = _driver(connection)
                until = time.monotonic() + self._busy_timeout_s
                has_begun = False
                while not has_begun:
                    with self._floor:
                        has_begun = _begins(driver, until)
                        if has_begun:
                            yield connection
                            driver.execute("COMMIT")
                    if not has_begun:
                        time.sleep(_LOOK_S)
                # SQLAlchemy may think that it is in a transaction of its own.
                connection.rollback()
            except BaseException:
                self._kept = _undo(connection)
                raise
            self._kept = connection

    def _connect(self) -> Connection:
        connection = self._writer.connect()
        driver = _driver(connection)
        # The file is synchronised by `Disk`, for many at once and while others write.
        driver.execute("PRAGMA synchronous=NORMAL")
        driver.execute("PRAGMA busy_timeout=0")
        return connection


class Disk:
    """Waits until what was committed is on the disk; all who wait at once wait for the same."""

    def __init__(self, database: str, sync: Callable[[int], None] = _SYNC) -> None:
        """`database` is the path of a file in WAL mode; `sync` has the disk write a file."""
        self._path = Path(f"{database}-wal").absolute()
        self._sync = sync
        self._turn = Lock()
        self._begun = self._done = 0
        self._file: int | None = None

    def reach(self) -> None:
        """Return when all that is committed now is on the disk; raise StoreError.

        SQLite would do the same at each commit, with the lock in hand:
        https://www.sqlite.org/pragma.html#pragma_synchronous
        """
        # One that has begun may miss what was written since.
        begun = self._begun
        with self._turn:
            if self._done > begun:
                return
            self._begun += 1
            try:
                self._sync_once()
            except OSError as error:
                msg = f"{self._path} cannot be written: check the disk ({error.strerror})"
                raise StoreError(msg) from error
            self._done = self._begun

    def close(self) -> None:
        """Close the file; the next one who waits opens it anew."""
        with self._turn:
            self._close()

    def _sync_once(self) -> None:
        if self._file is not None and not _is_at(self._file, self._path):
            self._close()
        if self._file is None:
            # Where SQLite has deleted it, all that was in it is in the database and on the disk.
            with suppress(FileNotFoundError):
                self._file = os.open(self._path, os.O_RDWR | os.O_CLOEXEC)
        if self._file is not None:
            self._sync(self._file)

    def _close(self) -> None:
        file, self._file = self._file, None
        if file is not None:
            os.close(file)


def begin_writing(driver: Any, busy_timeout_ms: int) -> None:  # noqa: ANN401 - sqlite3's own
    """Begin a transaction that holds the lock for writing; raise sqlite3.OperationalError.

    Whoever waits for another process looks often: SQLite itself looks ever more seldom, after
    100 ms at last, and always comes too late where others write all the time.
    """
    driver.execute("PRAGMA busy_timeout=0")
    try:
        until = time.monotonic() + busy_timeout_ms / 1000
        while not _begins(driver, until):
            time.sleep(_LOOK_S)
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


def _is_at(file: int, path: Path) -> bool:
    """Whether an open file is still the one of that name."""
    try:
        return os.path.samestat(os.fstat(file), path.stat())
    except FileNotFoundError:
        return False


def _undo(connection: Connection) -> Connection | None:
    """Undo what was begun and return the connection; where that fails, part with it."""
    try:
        driver = _driver(connection)
        if driver.in_transaction:
            driver.execute("ROLLBACK")
        connection.rollback()
    except BaseException as error:
        _part_with(connection)
        if not isinstance(error, sqlite3.Error | SQLAlchemyError):
            raise
        return None
    return connection


def _part_with(connection: Connection) -> None:
    """Close a connection, which undoes what is left; nobody finds it in the pool as it is."""
    connection.invalidate()
    connection.close()


def _driver(connection: Connection) -> Any:  # noqa: ANN401 - sqlite3's own, behind SQLAlchemy's
    return connection.connection.dbapi_connection
