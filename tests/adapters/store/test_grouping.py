import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from bot.adapters.store.database import Database, parse_url
from bot.adapters.store.grouping import Group
from bot.errors import StoreError

THREADS, EACH = 8, 25


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    url = parse_url(f"sqlite:///{tmp_path / 'papers.db'}")
    with Database(url, busy_timeout_ms=50) as opened:
        opened.set_wal()
        with opened.writing() as connection:
            connection.execute(text("CREATE TABLE said (word TEXT NOT NULL UNIQUE)"))
            said = "REFERENCES said (word) DEFERRABLE INITIALLY DEFERRED"
            connection.execute(text(f"CREATE TABLE answers (word TEXT {said})"))
        yield opened


def say(database: Database, word: str) -> None:
    with database.briefly() as connection:
        connection.execute(text("INSERT INTO said VALUES (:word)"), {"word": word})


def heard(database: Database) -> list[str]:
    with database.reading() as connection:
        return sorted(connection.execute(text("SELECT word FROM said")).scalars())


def find_group(database: Database) -> Group:
    group = database._group  # noqa: SLF001 - there is no other way in
    assert group is not None
    return group


class Talk:
    """A thread that writes while another one is within its own transaction."""

    def __init__(self, database: Database, *words: str) -> None:
        self.errors: list[Exception] = []
        self._database, self._words = database, words
        self._thread = threading.Thread(target=self._talk)
        self._thread.start()

    def wait(self) -> list[Exception]:
        self._thread.join(10)
        assert not self._thread.is_alive()
        return self.errors

    def _talk(self) -> None:
        for word in self._words:
            try:
                say(self._database, word)
            except StoreError as error:
                self.errors.append(error)


def wait_for_another(database: Database) -> None:
    """Stay within a transaction until somebody else waits for the next turn."""
    group = find_group(database)
    for _ in range(1000):
        if group._waiting:  # noqa: SLF001 - there is no other way in
            return
        threading.Event().wait(0.005)
    raise AssertionError


def test_threads_share_commits_and_lose_nothing(database: Database) -> None:
    statements: list[str] = []
    say(database, "first")
    kept = find_group(database)._kept  # noqa: SLF001 - there is no other way in
    assert kept is not None
    driver: Any = kept.connection.dbapi_connection
    driver.set_trace_callback(statements.append)
    talks = [
        Talk(database, *(f"{thread} {number}" for number in range(EACH)))
        for thread in range(THREADS)
    ]
    assert [talk.wait() for talk in talks] == [[]] * THREADS
    driver.set_trace_callback(None)
    assert len(heard(database)) == 1 + THREADS * EACH
    assert 0 < statements.count("COMMIT") < THREADS * EACH


def test_what_somebody_wrote_is_there_when_they_go_on(database: Database) -> None:
    say(database, "one")
    assert heard(database) == ["one"]


def test_what_is_undone_is_undone_alone(database: Database) -> None:
    talks = []

    def say_twice() -> None:
        with database.briefly() as connection:
            connection.execute(text("INSERT INTO said VALUES ('mine')"))
            talks.append(Talk(database, "theirs"))
            wait_for_another(database)
            connection.execute(text("INSERT INTO said VALUES ('mine')"))

    with pytest.raises(StoreError, match="UNIQUE"):
        say_twice()
    assert [talk.wait() for talk in talks] == [[]]
    assert heard(database) == ["theirs"]


def test_all_are_told_where_the_database_undid_all(database: Database) -> None:
    talks = []

    def say_and_undo() -> None:
        with database.briefly() as connection:
            connection.execute(text("INSERT INTO said VALUES ('first')"))
            talks.append(Talk(database, "second"))
            wait_for_another(database)
            # As SQLite does by itself where the disk is full.
            connection.connection.cursor().execute("ROLLBACK")

    with pytest.raises(StoreError):
        say_and_undo()
    assert [talk.wait() for talk in talks] == [[]]
    assert heard(database) == ["second"]


def test_whoever_wrote_before_is_told_that_the_next_one_undid_it(database: Database) -> None:
    entered = threading.Event()
    told: list[Exception] = []

    def write_first() -> None:
        try:
            with database.briefly() as connection:
                connection.execute(text("INSERT INTO said VALUES ('first')"))
                entered.set()
                wait_for_another(database)
        except StoreError as error:
            told.append(error)

    first = threading.Thread(target=write_first)
    first.start()
    assert entered.wait(10)
    with pytest.raises(StoreError), database.briefly() as connection:
        connection.connection.cursor().execute("ROLLBACK")
    first.join(10)
    assert len(told) == 1
    assert heard(database) == []
    say(database, "later")
    assert heard(database) == ["later"]


def test_a_commit_that_fails_is_everybodys(database: Database) -> None:
    talks = []

    def say_what_cannot_be() -> None:
        with database.briefly() as connection:
            # Looked at by the commit alone.
            connection.execute(text("INSERT INTO answers VALUES ('nobody said it')"))
            talks.append(Talk(database, "one"))
            wait_for_another(database)

    with pytest.raises(StoreError, match="FOREIGN KEY"):
        say_what_cannot_be()
    assert [len(talk.wait()) for talk in talks] == [1]
    assert heard(database) == []
    say(database, "two")
    assert heard(database) == ["two"]


def test_a_database_that_others_hold_is_said_and_tried_again(database: Database) -> None:
    with database.writing(), pytest.raises(StoreError, match="is locked"):
        say(database, "one")
    say(database, "two")
    assert heard(database) == ["two"]


def test_whoever_was_to_commit_and_never_came_holds_nobody_up(database: Database) -> None:
    group = find_group(database)
    group._waiting += 1  # noqa: SLF001 - as if it was interrupted before its turn
    say(database, "one")
    group._waiting -= 1  # noqa: SLF001
    assert heard(database) == ["one"]


def test_a_batch_has_an_end(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.adapters.store.grouping._MOST", 1)
    group = find_group(database)
    group._waiting += 1  # noqa: SLF001 - as if somebody always waited
    say(database, "one")
    assert heard(database) == ["one"]
