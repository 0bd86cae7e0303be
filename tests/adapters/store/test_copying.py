"""A copy of the database: whole, checked, of one moment, or not there."""

import os
import sqlite3
import stat
import threading
from datetime import timedelta
from pathlib import Path

import pytest

from bot.adapters.store import open_store
from bot.adapters.store.copying import copy_database, name_dump
from bot.adapters.store.database import Database, parse_url
from bot.adapters.store.upgrading import upgrade
from bot.errors import StoreError, UserError
from tests.adapters.store.made_up import (
    CATS,
    DAY,
    MAIL,
    NOW,
    announce,
    dump,
    freeze,
    make_edition,
    make_paper,
    save,
)


@pytest.fixture
def url(tmp_path: Path) -> str:
    """Give the URL of a database with a delivery that waits."""
    (tmp_path / "data").mkdir()
    url = f"sqlite:///{tmp_path / 'data' / 'papers.db'}"
    with open_store(url) as store:
        save(store, announce(make_paper()))
        freeze(store, CATS, make_edition(make_paper()), [(MAIL, NOW)])
    return url


def test_a_copy_holds_all_that_the_database_does(url: str, tmp_path: Path) -> None:
    target = tmp_path / "copy.db"
    assert copy_database(url, target) == target.stat().st_size
    assert dump(f"sqlite:///{target}") == dump(url)
    with open_store(f"sqlite:///{target}") as store:
        assert [each.paper.base_id for each in store.search("cats", 5)] == ["2512.00001"]


def test_a_copy_is_one_file_that_only_its_owner_reads(url: str, tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        copy_database(url, tmp_path / "copy.db")
    finally:
        os.umask(before)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["copy.db", "data"]
    assert stat.S_IMODE((tmp_path / "copy.db").stat().st_mode) == 0o600
    assert [path.name for path in (tmp_path / "data").iterdir()] == ["papers.db"]


def test_what_the_log_holds_is_copied_too(url: str, tmp_path: Path) -> None:
    with open_store(url) as store:
        save(store, announce(make_paper(2), day=DAY + timedelta(days=1)))
        assert (tmp_path / "data" / "papers.db-wal").stat().st_size
        copy_database(url, tmp_path / "copy.db")
        assert dump(f"sqlite:///{tmp_path / 'copy.db'}") == dump(url)


def test_an_older_database_is_copied_as_it_is(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'papers.db'}"
    with Database(parse_url(url)) as database, database.rebuilding(1) as connection:
        upgrade(connection, "0002")
    copy_database(url, tmp_path / "copy.db")
    for each in (url, f"sqlite:///{tmp_path / 'copy.db'}"):
        assert dump(each)["alembic_version"] == [("0002",)]


def test_a_copy_taken_while_four_threads_write_is_of_one_moment(url: str, tmp_path: Path) -> None:
    stop = threading.Event()
    faults: list[BaseException] = []

    def write(worker: int) -> None:
        number = 0
        with open_store(url) as store:
            while not stop.is_set():
                number += 1
                paper = make_paper(1000 * worker + number)
                day = DAY + timedelta(days=1000 * worker + number)
                try:
                    save(store, announce(paper, day=day))
                    freeze(store, CATS, make_edition(paper, day=day), [(MAIL, NOW)])
                except BaseException as error:  # noqa: BLE001 - told below
                    faults.append(error)
                    return

    writers = [threading.Thread(target=write, args=(worker,)) for worker in range(1, 5)]
    for writer in writers:
        writer.start()
    targets = [tmp_path / f"copy-{number}.db" for number in range(5)]
    for target in targets:
        copy_database(url, target)
    stop.set()
    for writer in writers:
        writer.join()
    assert faults == []
    sizes = [check_whole(target) for target in targets]
    assert sizes == sorted(sizes)
    assert sizes[0] < sizes[-1] <= check_whole(tmp_path / "data" / "papers.db")


def check_whole(path: Path) -> int:
    """See that no transaction was cut in two; return the number of papers."""
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA foreign_keys=ON")
    assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    assert connection.execute("PRAGMA foreign_key_check").fetchall() == []
    count = {
        table: connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0]  # noqa: S608
        for table in (
            "papers", "entries", "receipts", "paper_search", "editions", "edition_papers",
            "deliveries", "delivery_events",
        )
    }  # fmt: skip
    connection.close()
    assert count["papers"] == count["entries"] == count["receipts"] == count["paper_search"]
    assert (
        count["editions"]
        == count["edition_papers"]
        == count["deliveries"]
        == count["delivery_events"]
    )
    assert count["papers"] - 4 <= count["editions"] <= count["papers"]
    return int(count["papers"])


def test_a_file_that_is_there_is_replaced_only_by_force(url: str, tmp_path: Path) -> None:
    target = tmp_path / "copy.db"
    target.write_text("notes", encoding="utf-8")
    target.chmod(0o644)
    with pytest.raises(UserError, match="is there already: name another file, or replace it"):
        copy_database(url, target)
    assert target.read_text(encoding="utf-8") == "notes"
    copy_database(url, target, force=True)
    assert dump(f"sqlite:///{target}") == dump(url)
    assert stat.S_IMODE(target.stat().st_mode) == 0o600


@pytest.mark.parametrize("name", ["papers.db", "papers.db-wal", "papers.db-shm", "link"])
def test_a_copy_never_replaces_the_database(url: str, tmp_path: Path, name: str) -> None:
    data = tmp_path / "data"
    (data / "link").symlink_to("papers.db")
    before = dump(url)
    with pytest.raises(UserError, match="is the database itself"):
        copy_database(url, data / name, force=True)
    assert dump(url) == before


def test_a_name_beside_which_a_log_lies_is_refused(url: str, tmp_path: Path) -> None:
    (tmp_path / "copy.db-wal").write_bytes(b"not its own")
    with pytest.raises(UserError, match=r"copy\.db is a database in use: name another file"):
        copy_database(url, tmp_path / "copy.db")


@pytest.mark.parametrize(
    ("target", "said"),
    [("nowhere/copy.db", "there is no folder"), ("data", "is a folder: name a file in it")],
)
def test_where_no_file_can_be_is_said(url: str, tmp_path: Path, target: str, said: str) -> None:
    with pytest.raises(UserError, match=said):
        copy_database(url, tmp_path / target)


def test_where_there_is_no_database_yet_none_is_made(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="so there is nothing to back up"):
        copy_database(f"sqlite:///{tmp_path / 'papers.db'}", tmp_path / "copy.db")
    assert list(tmp_path.iterdir()) == []


def test_a_damaged_database_is_said_to_be_and_no_copy_is_kept(url: str, tmp_path: Path) -> None:
    path = tmp_path / "data" / "papers.db"
    whole = path.read_bytes()
    path.write_bytes(whole[:8192] + b"\xff" * (len(whole) - 8192))
    with pytest.raises(StoreError, match="is damaged"):
        copy_database(url, tmp_path / "copy.db")
    path.write_text("These are my notes.\n" * 1000, encoding="utf-8")
    with pytest.raises(StoreError, match="is not an SQLite database"):
        copy_database(url, tmp_path / "copy.db")
    assert [each.name for each in tmp_path.iterdir()] == ["data"]


def test_a_copy_that_does_not_hold_together_is_not_kept(url: str, tmp_path: Path) -> None:
    connection = sqlite3.connect(tmp_path / "data" / "papers.db")
    connection.execute("PRAGMA ignore_check_constraints=ON")
    connection.execute("UPDATE entries SET kind = 'unheard of'")
    connection.commit()
    connection.close()
    with pytest.raises(StoreError, match=r"papers\.db is damaged \(CHECK constraint failed in"):
        copy_database(url, tmp_path / "copy.db")
    assert [each.name for each in tmp_path.iterdir()] == ["data"]


def test_what_cannot_be_written_is_said_of_the_copy(
    url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "fsync", refuse)
    with pytest.raises(UserError, match=r"copy\.db cannot be written \(No space left on device\)"):
        copy_database(url, tmp_path / "copy.db")
    assert [each.name for each in tmp_path.iterdir()] == ["data"]


def refuse(_file: int) -> None:
    raise OSError(28, "No space left on device")


def test_a_full_disk_is_said_of_the_copy(
    url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    connect = sqlite3.connect

    class Full(sqlite3.Connection):
        def backup(self, target: sqlite3.Connection, **options: object) -> None:  # noqa: ARG002
            error = sqlite3.OperationalError("database or disk is full")
            error.sqlite_errorname = "SQLITE_FULL"
            raise error

    monkeypatch.setattr(sqlite3, "connect", lambda *at, **how: connect(*at, **how, factory=Full))
    with pytest.raises(StoreError, match=r"\.copy\.db\..* cannot grow: the disk is full"):
        copy_database(url, tmp_path / "copy.db")
    assert [each.name for each in tmp_path.iterdir()] == ["data"]


def test_a_name_that_somebody_takes_meanwhile_is_left_to_them(
    url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = tmp_path / "copy.db"
    flush = os.fsync

    def take_the_name(file: int) -> None:
        target.write_text("theirs", encoding="utf-8")
        flush(file)

    monkeypatch.setattr(os, "fsync", take_the_name)
    with pytest.raises(UserError, match="is there by now"):
        copy_database(url, target)
    assert target.read_text(encoding="utf-8") == "theirs"


def test_a_file_system_without_links_will_do(
    url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse_link(*_paths: object) -> None:
        raise OSError(1, "Operation not permitted")

    monkeypatch.setattr(os, "link", refuse_link)
    copy_database(url, tmp_path / "copy.db")
    assert dump(f"sqlite:///{tmp_path / 'copy.db'}") == dump(url)


@pytest.mark.parametrize(
    ("url", "said"),
    [
        (
            "postgresql://me:secret@db.example:5433/papers?sslmode=require&sslpassword=hidden",
            (
                "`pg_dump --format=custom --file=a.dump"
                " 'postgresql://me@db.example:5433/papers?sslmode=require'`; it asks for the"
                " password, or reads it from PGPASSWORD or ~/.pgpass"
            ),
        ),
        (
            "postgresql+psycopg:///papers?host=/run/postgresql",
            "`pg_dump --format=custom --file=a.dump 'postgresql:///papers?host=%2Frun%2Fpostgresql'`",
        ),
    ],
)
def test_postgresql_has_a_tool_of_its_own(url: str, said: str, tmp_path: Path) -> None:
    assert name_dump(parse_url(url), Path("a.dump")) == said
    with pytest.raises(UserError, match=r"^PostgreSQL has a tool of its own for this: `pg_dump "):
        copy_database(url, tmp_path / "a.dump")
