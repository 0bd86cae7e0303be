import os
import re
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from bot.adapters.store import open_store
from bot.adapters.store.database import Database, parse_url
from bot.adapters.store.opening import HEAD, REVISIONS
from bot.adapters.store.upgrading import list_revisions, upgrade
from bot.errors import StoreError
from tests.adapters.store.made_up import announce, dump, make_paper, save
from tests.adapters.store.racing import race

ROOT = Path(__file__).parents[3]


_SQLITE_SCHEMA = ("SELECT type, name, tbl_name, sql FROM sqlite_master",)
_COLUMNS = """
    SELECT table_name, column_name, ordinal_position, data_type, is_nullable, column_default,
        character_maximum_length
    FROM information_schema.columns WHERE table_schema = 'public'
"""
_CONSTRAINTS = """
    SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid)
    FROM pg_constraint WHERE connamespace = 'public'::regnamespace
"""
_INDEXES = "SELECT tablename, indexname, indexdef FROM pg_indexes WHERE schemaname = 'public'"
_RELATIONS = """
    SELECT relname, relkind::text, reloptions::text
    FROM pg_class WHERE relnamespace = 'public'::regnamespace
"""
_POSTGRESQL_SCHEMA = (_COLUMNS, _CONSTRAINTS, _INDEXES, _RELATIONS)


def migrate(url: str, revision: str) -> None:
    """Make a database as a program of that revision would have left it."""
    with Database(parse_url(url)) as database, database.rebuilding(1) as connection:
        upgrade(connection, revision)


def execute(url: str, *statements: str) -> None:
    engine = create_engine(url)
    with engine.begin() as connection:
        for statement in statements:
            connection.execute(text(statement))
    engine.dispose()


def describe(url: str) -> list[tuple[object, ...]]:
    """Every table, column, constraint and index, in words that can be compared."""
    queries = _SQLITE_SCHEMA if url.startswith("sqlite") else _POSTGRESQL_SCHEMA
    engine = create_engine(url)
    with engine.connect() as connection:
        rows = [tuple(row) for query in queries for row in connection.execute(text(query))]
    engine.dispose()
    return sorted((tuple(map(_normalise, row)) for row in rows), key=repr)


def _normalise(value: object) -> object:
    """Write a definition in one way: Alembic rebuilds SQLite's tables in another order."""
    if not isinstance(value, str):
        return value
    columns, *constraints = re.split(r", CONSTRAINT ", re.sub(r"\s+", " ", value))
    if not constraints:
        return columns
    constraints[-1] = constraints[-1].removesuffix(")").rstrip()
    return (columns.replace('"', ""), *sorted(constraints))


@pytest.fixture
def other_url(database_url: str, tmp_path: Path, request: pytest.FixtureRequest) -> str:
    """Give the URL of a second empty database of the same kind."""
    if database_url.startswith("sqlite"):
        return f"sqlite:///{tmp_path / 'other.db'}"
    return str(request.getfixturevalue("other_postgresql_url"))


def test_a_database_made_at_once_equals_one_made_by_the_migrations(
    database_url: str, other_url: str
) -> None:
    open_store(database_url).close()
    migrate(other_url, HEAD)
    assert describe(database_url) == describe(other_url)
    assert dump(database_url) == dump(other_url)


def test_every_migration_is_known_in_its_order() -> None:
    assert list_revisions() == REVISIONS


def test_alembic_is_not_imported_for_a_new_database_nor_for_one_at_head(database_url: str) -> None:
    program = (
        "import sys; from bot.adapters.store import open_store;"
        "open_store(sys.argv[1]).close(); open_store(sys.argv[1]).close();"
        "sys.exit('alembic' in sys.modules)"
    )
    subprocess.run([sys.executable, "-c", program, database_url], check=True, cwd=ROOT)


def test_an_older_database_is_brought_up_to_date_with_what_it_holds(database_url: str) -> None:
    migrate(database_url, "0001")
    execute(database_url, "INSERT INTO throttle (name, next_at) VALUES ('arxiv', 42)")
    with open_store(database_url) as store:
        save(store, announce(make_paper()))
    rows = dump(database_url)
    assert rows["alembic_version"] == [(HEAD,)]
    assert rows["throttle"] == [("arxiv", 42)]
    with open_store(database_url) as store:
        assert store.count() == 1


def test_an_older_database_is_upgraded_once_whoever_opens_it(database_url: str) -> None:
    migrate(database_url, "0001")
    assert race("open", database_url, 4) == [0] * 4


def test_a_newer_database_is_refused(database_url: str) -> None:
    open_store(database_url).close()
    execute(database_url, "UPDATE alembic_version SET version_num = '0099'")
    with pytest.raises(StoreError, match=r"made by a newer papers-bot \(revision 0099\); upgrade"):
        open_store(database_url)


@pytest.mark.parametrize("table", ["alembic_version (version_num varchar(32))", "songs (id int)"])
def test_another_programs_database_is_refused_and_left_alone(database_url: str, table: str) -> None:
    execute(database_url, f"CREATE TABLE {table}")
    if "alembic" in table:
        execute(database_url, "INSERT INTO alembic_version VALUES ('cafe')")
    before = describe(database_url)
    with pytest.raises(StoreError, match="belongs to another program"):
        open_store(database_url)
    assert describe(database_url) == before


def test_the_queues_own_tables_may_be_there_first(postgresql_url: str) -> None:
    execute(postgresql_url, "CREATE TABLE procrastinate_jobs (id int)")
    with open_store(postgresql_url) as store:
        assert store.count() == 0


def test_sqlite_is_set_up_to_lose_nothing(tmp_path: Path) -> None:
    with open_store(f"sqlite:///{tmp_path / 'papers.db'}") as store, store.reading() as connection:
        found = {
            name: connection.exec_driver_sql(f"PRAGMA {name}").scalar()
            for name in ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")
        }
    assert found == {
        "journal_mode": "wal",
        "synchronous": 2,
        "foreign_keys": 1,
        "busy_timeout": 5000,
    }


def test_an_empty_file_becomes_a_database(tmp_path: Path) -> None:
    path = tmp_path / "papers.db"
    path.touch()
    with open_store(f"sqlite:///{path}") as store:
        assert store.count() == 0


def test_a_file_that_is_no_database_is_refused_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "papers.db"
    path.write_text("These are my notes.\n" * 100, encoding="utf-8")
    with pytest.raises(StoreError, match="is not an SQLite database: move that file away"):
        open_store(f"sqlite:///{path}")
    assert path.read_text(encoding="utf-8").startswith("These are my notes.")


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match=r"there is no folder .*/nowhere .*create it"):
        open_store(f"sqlite:///{tmp_path}/nowhere/papers.db")


def test_a_folder_is_not_a_database(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="is a folder"):
        open_store(f"sqlite:///{tmp_path}")


@pytest.mark.parametrize("what", ["file", "folder"])
def test_what_may_not_be_written_is_said(what: str, tmp_path: Path) -> None:
    path = tmp_path / "papers.db"
    open_store(f"sqlite:///{path}").close()
    (path if what == "file" else tmp_path).chmod(0o500 if what == "folder" else 0o400)
    program = (
        "import os, sys\n"
        "from bot.adapters.store import open_store\n"
        "from bot.errors import StoreError\n"
        "if os.geteuid() == 0:\n"
        "    os.chdir(sys.argv[1]); os.setuid(65534)\n"
        "try:\n"
        "    open_store('sqlite:///papers.db')\n"
        "except StoreError as error:\n"
        "    print(error)\n"
    )
    if os.geteuid() == 0:
        tmp_path.chmod(0o555 if what == "folder" else 0o777)
        path.chmod(0o444 if what == "file" else 0o666)
    done = subprocess.run(
        [sys.executable, "-c", program, str(tmp_path)],
        check=True,
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
    )
    tmp_path.chmod(0o700)
    assert "cannot be written: give this user write permission" in done.stdout


def test_a_locked_file_is_said_after_the_wait(tmp_path: Path) -> None:
    path = tmp_path / "papers.db"
    with open_store(f"sqlite:///{path}", busy_timeout_ms=50) as store:
        other = sqlite3.connect(path, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(StoreError, match="is locked: another program"):
            save(store, announce(make_paper()))
        assert store.count() == 0
        other.execute("ROLLBACK")
        other.close()
        assert save(store, announce(make_paper())) == 1


def test_a_fresh_file_that_somebody_keeps_is_said_to_be_locked(tmp_path: Path) -> None:
    path = tmp_path / "papers.db"
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(StoreError, match="is locked: another program"):
        open_store(f"sqlite:///{path}", busy_timeout_ms=50)
    other.close()


def test_a_damaged_file_is_said_with_the_way_out(tmp_path: Path) -> None:
    path = tmp_path / "papers.db"
    with open_store(f"sqlite:///{path}") as store:
        save(store, announce(*(make_paper(number) for number in range(1, 50))))
    whole = path.read_bytes()
    path.write_bytes(whole[:4096] + b"\xff" * (len(whole) - 4096))
    with (
        pytest.raises(StoreError, match=r"is damaged .*restore a backup, .*\.recover"),
        open_store(f"sqlite:///{path}") as store,
    ):
        store.load_paper("2512.00001")
