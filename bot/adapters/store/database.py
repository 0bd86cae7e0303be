"""One connection pool and its transactions, the same for SQLite and PostgreSQL.

Nothing here knows a table. Reads see one moment; writers of SQLite wait for each other instead of
failing half-way.
"""

import select
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from datetime import datetime
from threading import Lock
from typing import TYPE_CHECKING, Any, Self

from sqlalchemy import (
    URL,
    Connection,
    Engine,
    Table,
    create_engine,
    event,
    make_url,
    text,
)
from sqlalchemy.dialects import sqlite
from sqlalchemy.exc import ArgumentError, DisconnectionError

from bot.adapters.store.brief import Brief, Disk, begin_writing
from bot.adapters.store.faults import name_database, translated
from bot.adapters.store.glancing import Glance
from bot.errors import StoreError

if TYPE_CHECKING:
    from sqlalchemy.dialects import postgresql

_FORMS = "write sqlite:///papers.db or postgresql+psycopg://user@host/name"
_CONNECT_SECONDS = 10
_WRITES = "papers_bot_writes"
# A machine that vanishes within a transaction holds its locks until TCP gives up, which may take
# hours; where the operator has set a bound, it stays.
_BOUND = """
SELECT set_config('idle_in_transaction_session_timeout', '60s', false)
 WHERE current_setting('idle_in_transaction_session_timeout') = '0'
"""

# Names of PostgreSQL's advisory locks; any numbers do while they differ.
SCHEMA_LOCK = 7_120_001
ANNOUNCEMENTS_LOCK = 7_120_002
ARXIV_LOCK = 7_120_003


def parse_url(url: str) -> URL:
    """Read a database URL; raise StoreError that says how one is written."""
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError):
        # Whatever was written may hold a password, so it is not repeated.
        msg = f"[database] url is not a database URL: {_FORMS}"
        raise StoreError(msg) from None
    if parsed.drivername in ("postgres", "postgresql"):
        parsed = parsed.set(drivername="postgresql+psycopg")
    if parsed.drivername in ("sqlite", "sqlite+pysqlite"):
        if parsed.database in (None, "", ":memory:"):
            msg = "[database] url names no file: write sqlite:///papers.db"
            raise StoreError(msg)
    elif parsed.drivername != "postgresql+psycopg":
        msg = f"[database] url: {parsed.drivername} is not supported: {_FORMS}"
        raise StoreError(msg)
    return parsed


# Tells a queue, in the transaction that planned them, which deliveries are due when.
Enqueue = Callable[[Connection, Sequence[tuple[int, datetime]]], None]


class Database:
    """A pool of connections; its parts (papers, editions, deliveries) add the statements."""

    def __init__(
        self,
        url: URL,
        *,
        busy_timeout_ms: int = 5000,
        floor: AbstractContextManager[object] | None = None,
    ) -> None:
        """Connect to nothing yet; raise StoreError where a driver is missing.

        `floor` is a lock that whoever computes for long in this process holds meanwhile.
        """
        self.url = url
        self.name = name_database(url)
        self.is_sqlite = url.get_backend_name() == "sqlite"
        self._busy_timeout_ms = busy_timeout_ms
        self.enqueue: Enqueue = _enqueue_nowhere
        self._engine = self._build_engine()
        self._writer = self._engine.execution_options(**{_WRITES: True})
        self._reader = self._committing = self._engine
        self._brief: Brief | None = None
        self._disk: Disk | None = None
        self._glance: Glance | None = None
        if self.is_sqlite:
            floor = floor or Lock()
            self._brief = Brief(self._writer, busy_timeout_ms, floor)
            self._disk = Disk(str(url.database))
            self._glance = Glance(self._engine, floor)
        else:
            self._reader = self._engine.execution_options(isolation_level="REPEATABLE READ")
            self._committing = self._engine.execution_options(isolation_level="AUTOCOMMIT")

    def close(self) -> None:
        """Close every connection."""
        for kept in (self._brief, self._disk, self._glance):
            if kept is not None:
                kept.close()
        self._engine.dispose()

    def __enter__(self) -> Self:
        """Use the database in a with statement."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close it at the end."""
        self.close()

    @property
    def reader(self) -> Engine:
        """The engine of statements that a library brings, and that only read.

        Who uses it or `writer` turns its errors into StoreError with `faults.translated`.
        """
        return self._reader

    @property
    def writer(self) -> Engine:
        """The engine of transactions that a library brings, and that write."""
        return self._writer

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """Open a transaction that only reads."""
        with translated(self.url), self._reader.begin() as connection:
            yield connection

    @contextmanager
    def glancing(self) -> Iterator[Connection]:
        """Get a connection for one statement that reads, without a transaction around it.

        Not within `briefly`, whose own connection reads as well.
        """
        with translated(self.url):
            if self._glance is not None:
                with self._glance.looking() as connection:
                    yield connection
            else:
                with self._committing.connect() as connection:
                    yield connection

    @contextmanager
    def writing(self, lock: int | None = None) -> Iterator[Connection]:
        """Open a transaction that writes: committed at the end, undone where anything is raised.

        SQLite has one writer at a time. On PostgreSQL those who name the same `lock` go one after
        the other, so that they may look first and then write.
        """
        with translated(self.url), self._writer.begin() as connection:
            if lock is not None and not self.is_sqlite:
                connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": lock})
            yield connection

    @contextmanager
    def briefly(self, *, lasting: bool = False) -> Iterator[Connection]:
        """Open a transaction of a few statements that asks for what it read when it writes.

        On PostgreSQL each statement is one of its own. On SQLite a power failure may undo the last
        of them, unless one is `lasting`: that lasts from its end on, with all that came before it.
        """
        with translated(self.url):
            if self._brief is not None:
                with self._brief.writing() as connection:
                    yield connection
            else:
                with self._committing.connect() as connection:
                    yield connection
        if lasting and self._disk is not None:
            self._disk.reach()

    def set_wal(self) -> bool:
        """Put an SQLite file into WAL mode, outside a transaction; False where it is locked."""
        with translated(self.url), self._engine.connect() as connection:
            driver = connection.connection.cursor()
            try:
                if driver.execute("PRAGMA journal_mode").fetchone() != ("wal",):
                    driver.execute("PRAGMA journal_mode=WAL")
            except sqlite3.OperationalError as error:
                if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY:
                    raise
                return False
            finally:
                driver.close()
            return True

    @contextmanager
    def rebuilding(self, lock: int) -> Iterator[Connection]:
        """Open a transaction that may rebuild tables that others refer to.

        SQLite rebuilds a table by dropping it, so its foreign keys are off until the end and then
        checked: https://www.sqlite.org/lang_altertable.html#otheralter
        """
        if not self.is_sqlite:
            with self.writing(lock) as connection:
                yield connection
            return
        with translated(self.url), self._writer.connect() as connection:
            driver = connection.connection.cursor()
            driver.execute("PRAGMA foreign_keys=OFF")
            try:
                with connection.begin():
                    yield connection
                    broken = connection.exec_driver_sql("PRAGMA foreign_key_check").first()
                    if broken:
                        msg = f"{self.name} holds rows that refer to nothing: restore a backup"
                        raise StoreError(msg)
            finally:
                driver.execute("PRAGMA foreign_keys=ON")
                driver.close()

    def _build_engine(self) -> Engine:
        try:
            if self.is_sqlite:
                engine = create_engine(self.url)
                event.listen(engine, "connect", self._set_up_sqlite)
                event.listen(engine, "begin", self._begin_sqlite)
            else:
                engine = create_engine(self.url, connect_args={"connect_timeout": _CONNECT_SECONDS})
                event.listen(engine, "connect", _bound_transactions)
                event.listen(engine, "checkout", _look_before_use)
        except ImportError as error:
            # psycopg without its compiled part says at length what is missing.
            msg = f"PostgreSQL needs psycopg: pip install 'papers-bot[postgres]' ({error})"
            raise StoreError(msg) from error
        return engine

    def _set_up_sqlite(self, connection: sqlite3.Connection, _record: Any) -> None:  # noqa: ANN401 - SQLAlchemy's own pool record
        # No transactions of Python's own making, so that ours can be IMMEDIATE:
        # https://docs.sqlalchemy.org/en/20/dialects/sqlite.html#sqlite-transactions
        connection.isolation_level = None
        connection.execute(f"PRAGMA busy_timeout={self._busy_timeout_ms:d}")
        connection.execute("PRAGMA foreign_keys=ON")
        # WAL's usual NORMAL may forget the last commits when the power fails, and a forgotten
        # `sending` would be sent again without a look: https://www.sqlite.org/pragma.html
        connection.execute("PRAGMA synchronous=FULL")

    def _begin_sqlite(self, connection: Connection) -> None:
        driver: Any = connection.connection.dbapi_connection
        if driver.in_transaction:
            return
        if connection.get_execution_options().get(_WRITES, False):
            begin_writing(driver, self._busy_timeout_ms)
        else:
            driver.execute("BEGIN")


def _enqueue_nowhere(connection: Connection, due: Sequence[tuple[int, datetime]]) -> None:
    """Without a queue those who deliver look into the ledger themselves."""


def has_news(connection: int) -> bool:
    """Whether the server said something unasked to an idle connection, such as goodbye.

    `connection` is its file descriptor. To look costs nothing; asking the server whether it is
    there, as pools do, takes as long as a statement and knows hardly more.
    """
    poll = select.poll()
    poll.register(connection, select.POLLIN)
    return bool(poll.poll(0))


def _bound_transactions(connection: Any, _record: Any) -> None:  # noqa: ANN401 - a driver's connection, a pool's record of it
    """Have PostgreSQL end a transaction in which nothing happens, where it does not anyway."""
    with connection.cursor() as cursor:
        cursor.execute(_BOUND)
    connection.commit()


def _look_before_use(connection: Any, _record: Any, _proxy: Any) -> None:  # noqa: ANN401 - a driver's connection, a pool's record of it
    """Have the pool replace a connection that the server has left."""
    if has_news(connection.fileno()):
        raise DisconnectionError


def insert_into(connection: Connection, table: Table) -> "sqlite.Insert | postgresql.Insert":
    """Start an INSERT that can say what to do on a conflict; both dialects say it alike."""
    if connection.dialect.name == "sqlite":
        return sqlite.insert(table)
    from sqlalchemy.dialects import postgresql  # noqa: PLC0415 - 80 ms that SQLite's users keep

    return postgresql.insert(table)
