"""A whole copy of an SQLite database, made while others write.

Nothing here brings a database up to date: a copy is what people make before they do that.
"""

import os
import shlex
import sqlite3
from pathlib import Path
from uuid import uuid4

from sqlalchemy import URL

from bot.adapters.store.database import parse_url
from bot.adapters.store.faults import explain
from bot.errors import StoreError, UserError

# What SQLite keeps beside a database; https://www.sqlite.org/tempfiles.html
_BESIDE = ("-wal", "-shm", "-journal")
# Codes of errors that are the copy's fault: a full disk and the like.
_OF_COPY = ("SQLITE_FULL", "SQLITE_IOERR", "SQLITE_READONLY", "SQLITE_CANTOPEN", "SQLITE_PERM")
_BUSY_S = 5.0


def copy_database(url: str, target: Path, *, force: bool = False) -> int:
    """Copy an SQLite database to a new file for this user alone; return its size in bytes.

    The copy shows one moment, however many write meanwhile. It is checked, and is there whole or
    not at all. An existing file is replaced only by `force`. Raise UserError where the file cannot
    be written or another tool copies this database, StoreError where the copy fails.
    """
    source = parse_url(url)
    if source.get_backend_name() != "sqlite":
        msg = f"PostgreSQL has a tool of its own for this: {name_dump(source, target)}"
        raise UserError(msg)
    path = Path(str(source.database))
    if not path.is_file():
        msg = f"there is no database {path} yet, so there is nothing to back up"
        raise UserError(msg)
    _check_target(path, target, force=force)
    part = target.with_name(f".{target.name}.{uuid4().hex}.part")
    try:
        _write(source, part)
        if force:
            part.replace(target)
        else:
            _name(part, target)
        _flush(target.parent)
    except OSError as error:
        msg = f"{target} cannot be written ({error.strerror}): name a file that can be"
        raise UserError(msg) from error
    finally:
        for left in (part, *(part.with_name(part.name + ending) for ending in _BESIDE)):
            left.unlink(missing_ok=True)
    return target.stat().st_size


def name_dump(url: URL, target: Path) -> str:
    """Write the command that copies a PostgreSQL database, without its password.

    https://www.postgresql.org/docs/current/app-pgdump.html
    """
    plain = URL.create(
        "postgresql",
        username=url.username,
        host=url.host,
        port=url.port,
        database=url.database,
        query={key: value for key, value in url.query.items() if "password" not in key.lower()},
    )
    command = ["pg_dump", "--format=custom", f"--file={target}", plain.render_as_string()]
    asked = "; it asks for the password, or reads it from PGPASSWORD or ~/.pgpass"
    return f"`{shlex.join(command)}`" + (asked if url.password else "")


def _check_target(path: Path, target: Path, *, force: bool) -> None:
    if not target.parent.is_dir():
        msg = f"there is no folder {target.parent} for {target.name}: create it"
        raise UserError(msg)
    if target.is_dir():
        msg = f"{target} is a folder: name a file in it"
        raise UserError(msg)
    own = path.resolve()
    if target.resolve() in (own, *(own.with_name(own.name + ending) for ending in _BESIDE)):
        msg = f"{target} is the database itself: name another file"
        raise UserError(msg)
    for ending in _BESIDE:
        beside = target.with_name(target.name + ending)
        # SQLite would take it for a part of the copy, and spoil that.
        if beside.exists():
            msg = f"{beside} says that {target.name} is a database in use: name another file"
            raise UserError(msg)
    if target.exists() and not force:
        msg = f"{target} is there already: name another file, or replace it with --force"
        raise UserError(msg)


def _write(source: URL, part: Path) -> None:
    """Copy into a new file, check it, and see that it is on the disk."""
    os.close(os.open(part, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    original = f"{Path(str(source.database)).resolve().as_uri()}?mode=rw"
    try:
        reader = sqlite3.connect(original, uri=True, timeout=_BUSY_S)
        try:
            writer = sqlite3.connect(part, isolation_level=None)
            try:
                # All pages in one step are read in one transaction; those who write go on.
                # https://www.sqlite.org/backup.html
                reader.backup(writer, pages=-1)
                # The copy needs no log of its own beside it.
                writer.execute("PRAGMA journal_mode=DELETE")
                found = [said for (said,) in writer.execute("PRAGMA integrity_check(5)")]
            finally:
                writer.close()
        finally:
            reader.close()
    except sqlite3.Error as error:
        faulty = source
        if getattr(error, "sqlite_errorname", "").startswith(_OF_COPY):
            faulty = URL.create("sqlite", database=str(part))
        raise explain(error, faulty) from error
    if found != ["ok"]:
        msg = (
            f"{source.database} is damaged ({found[0]}), and no copy was kept: restore an earlier"
            " one, or save what can be read with `sqlite3 OLD .recover | sqlite3 NEW`"
        )
        raise StoreError(msg)
    _flush(part)


def _name(part: Path, target: Path) -> None:
    """Give the copy its name, unless somebody took that meanwhile."""
    try:
        os.link(part, target)
    except FileExistsError as error:
        msg = f"{target} is there by now: name another file, or replace it with --force"
        raise UserError(msg) from error
    except OSError:
        # Not every file system has links.
        part.replace(target)


def _flush(path: Path) -> None:
    opened = os.open(path, os.O_RDONLY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)
