import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from bot.adapters.store.brief import Disk
from bot.adapters.store.database import Database, parse_url
from bot.errors import StoreError
from tests.adapters.store.slow_disk import SlowDisk

THREADS, EACH = 8, 25


@pytest.fixture
def floor() -> threading.Lock:
    return threading.Lock()


@pytest.fixture
def database(tmp_path: Path, floor: threading.Lock) -> Iterator[Database]:
    url = parse_url(f"sqlite:///{tmp_path / 'papers.db'}")
    with Database(url, busy_timeout_ms=50, floor=floor) as opened:
        opened.set_wal()
        with opened.writing() as connection:
            connection.execute(text("CREATE TABLE said (word TEXT NOT NULL UNIQUE)"))
            said = "REFERENCES said (word) DEFERRABLE INITIALLY DEFERRED"
            connection.execute(text(f"CREATE TABLE answers (word TEXT {said})"))
        yield opened


def say(database: Database, word: str, *, lasting: bool = False) -> None:
    with database.briefly(lasting=lasting) as connection:
        connection.execute(text("INSERT INTO said VALUES (:word)"), {"word": word})


def heard(database: Database) -> list[str]:
    with database.reading() as connection:
        return sorted(connection.execute(text("SELECT word FROM said")).scalars())


def in_threads(*tasks: Callable[[], object]) -> list[Exception]:
    """Run all at once; return what was raised."""
    raised: list[Exception] = []

    def run(task: Callable[[], object]) -> None:
        try:
            task()
        except Exception as error:  # noqa: BLE001 - looked at by the test
            raised.append(error)

    threads = [threading.Thread(target=run, args=(task,)) for task in tasks]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
        assert not thread.is_alive()
    return raised


def test_threads_write_one_after_another_and_lose_nothing(database: Database) -> None:
    def talk(thread: int) -> None:
        for number in range(EACH):
            say(database, f"{thread} {number}")

    assert in_threads(*(lambda thread=thread: talk(thread) for thread in range(THREADS))) == []
    assert len(heard(database)) == THREADS * EACH


def test_what_is_undone_is_undone_alone(database: Database) -> None:
    def say_twice() -> None:
        with database.briefly() as connection:
            connection.execute(text("INSERT INTO said VALUES ('mine')"))
            connection.execute(text("INSERT INTO said VALUES ('mine')"))

    say(database, "first")
    with pytest.raises(StoreError, match="UNIQUE"):
        say_twice()
    say(database, "second")
    assert heard(database) == ["first", "second"]


def test_a_transaction_that_the_database_undid_is_told_of(database: Database) -> None:
    def say_and_undo() -> None:
        with database.briefly() as connection:
            connection.execute(text("INSERT INTO said VALUES ('lost')"))
            # As SQLite does by itself where the disk is full.
            connection.connection.cursor().execute("ROLLBACK")

    with pytest.raises(StoreError):
        say_and_undo()
    say(database, "later")
    assert heard(database) == ["later"]


def test_a_connection_that_undoes_nothing_is_replaced(database: Database) -> None:
    def say_and_break() -> None:
        with database.briefly() as connection:
            connection.execute(text("INSERT INTO said VALUES ('lost')"))
            driver: Any = connection.connection.dbapi_connection
            driver.close()

    with pytest.raises(StoreError, match="closed"):
        say_and_break()
    say(database, "later")
    assert heard(database) == ["later"]


def test_a_commit_that_fails_undoes_all(database: Database) -> None:
    def say_what_cannot_be() -> None:
        with database.briefly() as connection:
            # Looked at by the commit alone.
            connection.execute(text("INSERT INTO answers VALUES ('nobody said it')"))
            connection.execute(text("INSERT INTO said VALUES ('one')"))

    with pytest.raises(StoreError, match="FOREIGN KEY"):
        say_what_cannot_be()
    say(database, "two")
    assert heard(database) == ["two"]


def test_a_database_that_others_hold_is_said_and_tried_again(database: Database) -> None:
    with database.writing(), pytest.raises(StoreError, match="is locked"):
        say(database, "one")
    say(database, "two")
    assert heard(database) == ["two"]


def test_whoever_waits_for_another_process_lets_others_compute(
    database: Database, floor: threading.Lock
) -> None:
    with Database(database.url, busy_timeout_ms=20_000, floor=floor) as patient:
        writer = threading.Thread(target=say, args=(patient, "one"))
        with database.writing():
            writer.start()
            brief = patient._brief  # noqa: SLF001 - there is no other way to see it wait
            assert brief is not None
            while not brief._turn.locked():  # noqa: SLF001
                time.sleep(0.001)
            for _ in range(20):
                assert floor.acquire(timeout=10)
                floor.release()
            assert writer.is_alive()
        writer.join(20)
    assert heard(database) == ["one"]


def test_nobody_computes_while_somebody_writes(database: Database, floor: threading.Lock) -> None:
    with database.briefly():
        assert not floor.acquire(blocking=False)
    assert floor.acquire(blocking=False)
    floor.release()


@pytest.fixture
def disk(database: Database, tmp_path: Path) -> SlowDisk:
    return SlowDisk(database, tmp_path / "kept.db")


def said_on(disk: SlowDisk) -> list[str]:
    return sorted(word for (word,) in disk.read("SELECT word FROM said"))


def test_what_lasts_survives_a_power_failure_with_all_before_it(
    database: Database, disk: SlowDisk
) -> None:
    say(database, "one")
    assert disk.syncs == 0
    say(database, "two", lasting=True)
    say(database, "three")
    assert said_on(disk) == ["one", "two"]


def test_who_fails_does_not_wait_for_the_disk(database: Database, disk: SlowDisk) -> None:
    say(database, "one")
    with pytest.raises(StoreError, match="UNIQUE"):
        say(database, "one", lasting=True)
    assert disk.syncs == 0


def test_all_that_last_at_once_wait_for_few_syncs(database: Database, disk: SlowDisk) -> None:
    def talk(thread: int) -> None:
        for number in range(EACH):
            word = f"{thread} {number}"
            say(database, word, lasting=True)
            assert word in said_on(disk)

    assert in_threads(*(lambda thread=thread: talk(thread) for thread in range(THREADS))) == []
    assert 0 < disk.syncs < THREADS * EACH


def test_a_disk_that_fails_is_told_of(database: Database, disk: SlowDisk) -> None:
    disk.is_broken = True
    with pytest.raises(StoreError, match=r"papers\.db-wal cannot be written: check the disk"):
        say(database, "one", lasting=True)
    disk.is_broken = False
    say(database, "two", lasting=True)
    assert said_on(disk) == ["one", "two"]


def test_a_log_that_was_begun_anew_is_the_one_that_is_synchronised(
    database: Database, disk: SlowDisk
) -> None:
    say(database, "one", lasting=True)
    # Whoever closes a database last moves all into it and deletes its log.
    brief = database._brief  # noqa: SLF001 - as if everything was closed
    assert brief is not None
    brief.close()
    database._engine.dispose()  # noqa: SLF001
    assert database._disk is not None  # noqa: SLF001
    database._disk.reach()  # noqa: SLF001
    assert disk.syncs == 1
    say(database, "two", lasting=True)
    assert said_on(disk) == ["one", "two"]


def test_what_has_no_log_is_on_the_disk(tmp_path: Path) -> None:
    synced: list[int] = []
    disk = Disk(str(tmp_path / "papers.db"), synced.append)
    disk.reach()
    disk.close()
    assert synced == []


def test_the_machines_own_disk_is_asked(database: Database) -> None:
    say(database, "one", lasting=True)
    assert heard(database) == ["one"]
