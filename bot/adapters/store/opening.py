"""Open a database: make an empty one, bring an older one up to date, refuse any other.

Alembic is imported only for an older database, as its import takes a third of a second.
"""

import os
import time
from contextlib import AbstractContextManager
from pathlib import Path

from sqlalchemy import Connection, insert, select, text

from bot.adapters.store.database import SCHEMA_LOCK, parse_url
from bot.adapters.store.search import create_index
from bot.adapters.store.store import Store
from bot.adapters.store.tables import alembic_version, metadata
from bot.errors import StoreError

# Every revision in `migrations/versions`, oldest first.
REVISIONS = ("0001", "0002", "0003", "0004", "0005")
HEAD = REVISIONS[-1]

_EMPTY = ""
_BASE = "base"
_RETRY_SECONDS = 0.05


def open_store(
    url: str,
    *,
    busy_timeout_ms: int = 5000,
    floor: AbstractContextManager[object] | None = None,
) -> Store:
    """Open the database of this URL, made or brought up to date where needed.

    Any number of processes may do so at once. Raise StoreError where it cannot be used.
    `busy_timeout_ms` is how long to wait for another program's lock on an SQLite file; `floor` is a
    lock that whoever computes for long in this process holds meanwhile.
    """
    store, _ = _open(url, busy_timeout_ms, floor)
    return store


def migrate(url: str) -> tuple[str, str]:
    """Bring a database up to date; return the revisions it had before, "" for none, and has now.

    Raise StoreError where it cannot be used.
    """
    store, before = _open(url, busy_timeout_ms=5000)
    store.close()
    return before, HEAD


def _open(
    url: str, busy_timeout_ms: int, floor: AbstractContextManager[object] | None = None
) -> tuple[Store, str]:
    """Open a database; return the revision that was found, too."""
    parsed = parse_url(url)
    store = Store(parsed, busy_timeout_ms=busy_timeout_ms, floor=floor)
    try:
        if store.is_sqlite:
            _check_file(Path(str(parsed.database)))
        with store.reading() as connection:
            revision = _read_revision(connection, store.name)
        if store.is_sqlite:
            _set_wal(store, busy_timeout_ms)
        if revision == _EMPTY:
            _create(store)
        elif revision != HEAD:
            _upgrade(store)
    except BaseException:
        store.close()
        raise
    return store, revision


def _check_file(path: Path) -> None:
    """Refuse a file that SQLite could not write, in clearer words than its own."""
    folder = path.parent
    if not folder.is_dir():
        msg = f"there is no folder {folder} for the database {path.name}: create it"
        raise StoreError(msg)
    if path.is_dir():
        msg = f"{path} is a folder: name a file in [database] url"
        raise StoreError(msg)
    for needed in (folder, path):
        if needed.exists() and not os.access(needed, os.W_OK):
            msg = (
                f"{path} cannot be written: give this user write permission on the file and its"
                " folder"
            )
            raise StoreError(msg)


def _read_revision(connection: Connection, name: str) -> str:
    """Return the database's revision, `_EMPTY` or `_BASE`; raise StoreError for any other."""
    if connection.dialect.name == "sqlite":
        listed = text("SELECT name FROM sqlite_master WHERE type = 'table'")
    else:
        # The queue keeps its own tables in the same database.
        listed = text(
            "SELECT tablename FROM pg_tables WHERE schemaname = current_schema()"
            " AND tablename NOT LIKE 'procrastinate%'"
        )
    tables = set(connection.execute(listed).scalars())
    if not tables:
        return _EMPTY
    if alembic_version.name in tables:
        revision = connection.execute(select(alembic_version.c.version_num)).scalar()
        if revision is None:
            return _BASE
        if revision in REVISIONS:
            return str(revision)
        if "papers" in tables and "receipts" in tables:
            msg = (
                f"{name} was made by a newer papers-bot (revision {revision}); upgrade papers-bot,"
                " or use another database"
            )
            raise StoreError(msg)
    msg = f"{name} belongs to another program: name another database in [database] url"
    raise StoreError(msg)


def _create(store: Store) -> None:
    """Make everything at once, as the migrations would have; stamp it with the newest revision."""
    with store.writing(SCHEMA_LOCK) as connection:
        if _read_revision(connection, store.name) != _EMPTY:
            return
        metadata.create_all(connection, checkfirst=False)
        create_index(connection)
        alembic_version.create(connection, checkfirst=False)
        connection.execute(insert(alembic_version).values(version_num=HEAD))


def _upgrade(store: Store) -> None:
    from bot.adapters.store.upgrading import upgrade  # noqa: PLC0415 - it imports Alembic

    with store.rebuilding(SCHEMA_LOCK) as connection:
        if _read_revision(connection, store.name) != HEAD:
            upgrade(connection, HEAD)


def _set_wal(store: Store, busy_timeout_ms: int) -> None:
    """Let readers go on while somebody writes: https://www.sqlite.org/wal.html.

    The mode stays with the file. To change it SQLite needs the file to itself and may not wait
    for others, so the waiting is done here.
    """
    deadline = time.monotonic() + busy_timeout_ms / 1000
    while not store.set_wal():
        if time.monotonic() > deadline:
            msg = f"{store.name} is locked: another program uses it; wait for it, or stop it"
            raise StoreError(msg)
        time.sleep(_RETRY_SECONDS)
