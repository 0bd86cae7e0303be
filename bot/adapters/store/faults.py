"""What went wrong with a database, in sentences that say what to do; never shows a password."""

import sqlite3
from types import TracebackType

from sqlalchemy import URL
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError, SQLAlchemyError

from bot.errors import StoreError

# https://www.sqlite.org/rescode.html; extended codes begin with the name of their primary code.
_SQLITE = {
    "SQLITE_BUSY": (
        "is locked: another program keeps writing to it; wait for that to end, or stop it"
    ),
    "SQLITE_LOCKED": "is locked by this program itself; restart it",
    "SQLITE_READONLY": (
        "cannot be written: give this user write permission on the file and its folder"
    ),
    "SQLITE_PERM": "cannot be written: give this user write permission on the file and its folder",
    "SQLITE_CANTOPEN": (
        "cannot be opened: check that its folder exists and that this user may write there"
    ),
    "SQLITE_NOTADB": (
        "is not an SQLite database: move that file away, or name another one in [database] url"
    ),
    "SQLITE_CORRUPT": (
        "is damaged (malformed): restore a backup, or save what can be read with"
        " `sqlite3 OLD .recover | sqlite3 NEW`"
    ),
    "SQLITE_FULL": "cannot grow: the disk is full; free some space",
    "SQLITE_IOERR": "cannot be read or written: check the disk; a network drive will not do",
}

# https://www.postgresql.org/docs/current/errcodes-appendix.html
_POSTGRESQL = {
    "25006": "takes no writes: it is a standby or set to read-only; name the primary server",
    "28000": "refuses this user: check the user name and password of [database] url",
    "28P01": "refuses this user: check the user name and password of [database] url",
    "3D000": "does not exist: create it with `createdb`, or name another in [database] url",
    "40P01": "stopped two transactions that waited for each other; try again",
    "42501": "lets this user not do that: grant it CREATE and USAGE on the database's schema",
    "53100": "has no disk space left; free some",
    "53300": "has too many connections: raise max_connections or run fewer processes",
    "55P03": "is locked: another program keeps it; try again",
    "57P01": "is being shut down; try again when it is back",
    "57P03": "is starting up or shutting down; try again",
}

# A refused connection has no code, only words: https://github.com/psycopg/psycopg/issues/1084
_REFUSALS = (
    ("password authentication failed", "28P01"),
    ("no password supplied", "28P01"),
    ("role ", "28000"),
    ("no pg_hba.conf entry", "28000"),
    ("too many clients", "53300"),
    ("remaining connection slots", "53300"),
    ("starting up", "57P03"),
    ("shutting down", "57P03"),
)


def name_database(url: URL) -> str:
    """Name a database for people: the file's path, or the URL without its password."""
    if url.get_backend_name() == "sqlite":
        return str(url.database)
    return url.set(query={}).render_as_string(hide_password=True)


class translated:  # noqa: N801 - used as a function, and cheaper than one that yields
    """Turn the database's errors into StoreError."""

    __slots__ = ("_url",)

    def __init__(self, url: URL) -> None:
        """`url` names the database."""
        self._url = url

    def __enter__(self) -> None:
        """Hear of errors from now on."""

    def __exit__(
        self, _kind: object, error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        """Say what an error means."""
        if isinstance(error, SQLAlchemyError | sqlite3.Error):
            raise explain(error, self._url) from error


def explain(error: SQLAlchemyError | sqlite3.Error, url: URL) -> StoreError:
    """Say what happened, to which database, and what to do."""
    cause = error.orig if isinstance(error, DBAPIError) else error
    name = name_database(url)
    if isinstance(cause, sqlite3.Error):
        # Errors of Python's own module (a closed connection) have no code.
        code = getattr(cause, "sqlite_errorname", "")
        primary = "_".join(code.split("_")[:2])
        if primary in _SQLITE:
            return StoreError(f"{name} {_SQLITE[primary]}")
        return StoreError(f"{name}: {_said(cause, url)}")
    code = getattr(cause, "sqlstate", None) or _read_code(str(cause))
    if code in _POSTGRESQL:
        return StoreError(f"{name} {_POSTGRESQL[code]}")
    if code is None and isinstance(error, OperationalError | InterfaceError):
        advice = "check that PostgreSQL runs there and that [database] url names it"
        return StoreError(f"{name} cannot be reached: {advice} ({_said(cause, url)})")
    return StoreError(f"{name}: {_said(cause, url)}")


def _read_code(said: str) -> str | None:
    for words, code in _REFUSALS:
        if words in said:
            return code
    return "3D000" if 'database "' in said and "does not exist" in said else None


def _said(cause: BaseException | None, url: URL) -> str:
    """Quote the database on one line; the password is taken out should it be there."""
    said = " ".join(str(cause).split())
    password = str(url.password or "")
    return said.replace(password, "***") if password else said
