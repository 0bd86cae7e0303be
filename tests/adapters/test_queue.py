import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import create_engine, text

from bot.adapters.queue import attach, enqueue, ensure_schema, run_worker, sweep
from bot.adapters.queue.schema import find
from bot.adapters.store import Store, open_store
from bot.adapters.store.database import Database, parse_url
from bot.core.editions import DeliveryState, Destination, DestinationKind
from bot.core.records import Due
from bot.errors import StoreError
from bot.flows.deliver import Outcome, Result, Terms, deliver
from tests.adapters.store.made_up import (
    CATS,
    MINUTE,
    agree,
    announce,
    freeze,
    make_edition,
    make_paper,
    save,
    take,
)
from tests.adapters.store.test_bundling import plan as plan_sets
from tests.crash.server import Server
from tests.fakes.clocks import StillClock
from tests.fakes.senders import RecordingSender

# Jobs are fetched by the database's clock, so these tests' time is the real one.
NOW = datetime.now(UTC) - MINUTE
HOUR = timedelta(hours=1)
SECONDS = 30.0


class Everything:
    """A patience that holds nothing back."""

    def ripe(self, due: Sequence[Due]) -> tuple[Due, ...]:
        return tuple(due)


class Nothing:
    """A patience that never ends."""

    def ripe(self, due: Sequence[Due]) -> tuple[Due, ...]:
        assert due
        return ()


EVERYTHING = Everything()


@dataclass
class Heard:
    """What a worker said; any thread may say it."""

    outcomes: list[tuple[int, Outcome]] = field(default_factory=list)
    troubles: list[str] = field(default_factory=list)

    def report(self, number: int, outcome: Outcome) -> None:
        self.outcomes.append((number, outcome))

    def trouble(self, error: StoreError) -> None:
        self.troubles.append(str(error))

    @property
    def numbers(self) -> list[int]:
        return sorted(number for number, _ in self.outcomes)


@pytest.fixture
def heard() -> Heard:
    return Heard()


@pytest.fixture
def url(postgresql_url: str) -> str:
    ensure_schema(postgresql_url)
    return postgresql_url


@pytest.fixture
def store(url: str) -> Iterator[Store]:
    with open_store(url) as opened:
        assert attach(opened)
        yield opened


def plan(store: Store, number: int = 1, due: datetime = NOW) -> list[int]:
    """Plan so many deliveries of one edition, each to a folder of its own."""
    paper = make_paper()
    save(store, announce(paper))
    places = [
        (Destination(DestinationKind.FOLDER, f"folder {count}"), due) for count in range(number)
    ]
    return [delivery.id for delivery in freeze(store, CATS, make_edition(paper), places, NOW) or ()]


def ask(url: str, query: str, **values: object) -> list[Any]:
    engine = create_engine(url)
    with engine.begin() as connection:
        asked = connection.execute(text(query), values)
        rows = list(asked.all()) if asked.returns_rows else []
    engine.dispose()
    return rows


def jobs(url: str) -> list[tuple[int, str, datetime]]:
    """Return delivery, state and time of every job, in order of deliveries."""
    return [
        (number, status, at)
        for number, status, at in ask(
            url,
            "SELECT CAST(args->>'delivery' AS integer), status, scheduled_at"
            " FROM procrastinate_jobs WHERE args ? 'delivery' ORDER BY 1, id",
        )
    ]


def fetch_as_dead_worker(url: str) -> None:
    """Take a job as a worker does that is then not heard of for ten minutes."""
    ask(
        url,
        "WITH dead AS (INSERT INTO procrastinate_workers (last_heartbeat)"
        " VALUES (now() - interval '10 minutes') RETURNING id)"
        " SELECT procrastinate_fetch_job_v2(NULL, id) FROM dead",
    )


def wait_until(come: Callable[[], bool]) -> None:
    until = time.monotonic() + SECONDS
    while not come():
        assert time.monotonic() < until
        time.sleep(0.02)


@contextmanager
def working(
    url: str,
    heard: Heard,
    deliver_one: Callable[[int], Outcome],
    *,
    workers: int = 2,
    grace: float = 8.0,
) -> Iterator[threading.Event]:
    """Run a worker beside the test, and stop it at the end."""
    stop = threading.Event()
    with ThreadPoolExecutor(1) as pool:
        running = pool.submit(
            run_worker,
            url,
            deliver_one,
            workers=workers,
            stop=stop,
            report=heard.report,
            trouble=heard.trouble,
            grace=grace,
        )
        try:
            yield stop
        finally:
            stop.set()
            running.result(SECONDS)


def send(_number: int) -> Outcome:
    return Outcome(Result.SENT)


# The queue's tables


def test_many_processes_may_make_the_tables_at_once(postgresql_url: str) -> None:
    together = threading.Barrier(6)

    def ensure(_: int) -> None:
        together.wait()
        ensure_schema(postgresql_url)

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(ensure, range(6)))
    ensure_schema(postgresql_url)
    assert jobs(postgresql_url) == []
    # The queue's tables are no other program's.
    with open_store(postgresql_url) as store:
        assert store.count() == 0


def test_whoever_looks_while_the_tables_are_made_sees_all_of_them_or_none(
    postgresql_url: str,
) -> None:
    needed = frozenset({"procrastinate_jobs", "procrastinate_fetch_job_v2"})
    seen: set[frozenset[str]] = set()

    def look(made: threading.Event) -> None:
        with Database(parse_url(postgresql_url)) as database:
            while not made.is_set():
                with database.reading() as connection:
                    seen.add(frozenset(find(connection, needed)))

    for _ in range(20):
        ask(postgresql_url, "DROP SCHEMA public CASCADE; CREATE SCHEMA public")
        made = threading.Event()
        looking = [threading.Thread(target=look, args=(made,)) for _ in range(3)]
        for thread in looking:
            thread.start()
        ensure_schema(postgresql_url)
        made.set()
        for thread in looking:
            thread.join()
    assert seen == {frozenset(), needed}


@pytest.mark.parametrize("gone", ["procrastinate_retry_job_v2", "procrastinate_fetch_job_v2"])
def test_tables_of_an_older_procrastinate_are_refused_in_a_sentence(url: str, gone: str) -> None:
    ask(url, f"DROP FUNCTION {gone}")
    with pytest.raises(StoreError) as refused:
        ensure_schema(url)
    said = str(refused.value)
    assert "older Procrastinate" in said
    assert gone in said
    assert "migrations" in said


def test_a_user_who_may_make_no_tables_is_told(postgresql_url: str) -> None:
    ask(postgresql_url, "CREATE ROLE guest LOGIN")
    try:
        with pytest.raises(StoreError, match="grant it CREATE"):
            ensure_schema(postgresql_url.replace("papers@", "guest@"))
    finally:
        ask(postgresql_url, "DROP ROLE guest")


@pytest.mark.parametrize("missing", ["procrastinate", "psycopg_pool"])
def test_a_missing_package_is_named_with_what_installs_it(
    monkeypatch: pytest.MonkeyPatch, missing: str
) -> None:
    monkeypatch.setitem(sys.modules, missing, None)
    needed = r"PostgreSQL needs .*pip install 'papers-bot\[postgres\]'"
    with pytest.raises(StoreError, match=needed):
        ensure_schema("postgresql://nowhere.example/papers")
    with pytest.raises(StoreError, match=needed):
        run_worker(
            "postgresql://nowhere.example/papers",
            send,
            workers=1,
            stop=threading.Event(),
            report=Heard().report,
            trouble=Heard().trouble,
        )


def test_a_store_is_attached_where_there_can_be_a_queue(
    postgresql_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with open_store(postgresql_url) as store:
        with monkeypatch.context() as without:
            without.setitem(sys.modules, "procrastinate", None)
            assert not attach(store)
            assert store.enqueue is not enqueue
        assert attach(store)
        assert store.enqueue is enqueue
    # Whoever only plans needs no Procrastinate once the tables are there.
    monkeypatch.setitem(sys.modules, "procrastinate", None)
    with open_store(postgresql_url) as store:
        assert attach(store)
        plan(store)
    assert len(jobs(postgresql_url)) == 1


def test_a_queue_that_is_too_old_to_be_told_does_not_keep_anybody_from_planning(url: str) -> None:
    ask(url, "DROP FUNCTION procrastinate_cancel_job_v1")
    with open_store(url) as store:
        assert not attach(store)
        plan(store)
    assert jobs(url) == []


def test_sqlite_has_no_queue(tmp_path: Any) -> None:  # noqa: ANN401 - pytest's own
    with open_store(f"sqlite:///{tmp_path}/papers.db") as store:
        assert not attach(store)


# Jobs


def test_what_is_planned_has_a_job_at_its_time(url: str, store: Store) -> None:
    (early,) = plan(store)
    assert jobs(url) == [(early, "todo", NOW)]
    store.claim(early, NOW, NOW + MINUTE)
    later = NOW + HOUR
    with store.writing() as connection:
        enqueue(connection, [(90, later), (91, NOW), (90, later + HOUR)])
    assert jobs(url)[1:] == [(90, "todo", later), (91, "todo", NOW)]


def test_jobs_come_and_go_with_the_transaction(url: str, store: Store) -> None:
    def plan_and_fail() -> None:
        with store.writing() as connection:
            enqueue(connection, [(1, NOW), (2, NOW)])
            msg = "the disk is full"
            raise StoreError(msg)

    with pytest.raises(StoreError, match="disk"):
        plan_and_fail()
    assert jobs(url) == []


def test_nothing_to_enqueue_is_nothing_to_do(url: str, store: Store) -> None:
    with store.writing() as connection:
        enqueue(connection, [])
    assert jobs(url) == []


@pytest.mark.parametrize(
    ("first", "then", "left"),
    [(HOUR, MINUTE, MINUTE), (MINUTE, HOUR, MINUTE), (HOUR, HOUR, HOUR)],
)
def test_a_delivery_waits_in_one_job_for_the_earliest_time(
    url: str, store: Store, first: timedelta, then: timedelta, left: timedelta
) -> None:
    for wait in (first, then):
        with store.writing() as connection:
            enqueue(connection, [(7, NOW + wait), (8, NOW)])
    assert jobs(url) == [(7, "todo", NOW + left), (8, "todo", NOW)]


def test_a_person_who_hastens_a_delivery_hastens_its_job(url: str, store: Store) -> None:
    (number,) = plan(store)
    claim = take(store, number, NOW)
    assert claim
    store.settle(claim, DeliveryState.RETRY, at=NOW, detail="", retry_at=NOW + HOUR)
    ask(url, "UPDATE procrastinate_jobs SET scheduled_at = :at", at=NOW + HOUR)
    assert store.hasten_delivery(number, NOW, "asked for")
    assert jobs(url) == [(number, "todo", NOW)]


def test_somebody_else_who_enqueues_at_the_same_moment_breaks_nothing(
    url: str, store: Store
) -> None:
    """The second waits for the first and then finds its job, whatever else it has written."""
    begun, together = threading.Event(), threading.Barrier(2)

    def be_second() -> None:
        with store.writing() as connection:
            connection.execute(text("INSERT INTO turns (name, at) VALUES ('second', 1)"))
            begun.set()
            enqueue(connection, [(5, NOW), (6, NOW)])

    with ThreadPoolExecutor(1) as pool:
        with store.writing() as connection:
            enqueue(connection, [(5, NOW)])
            second = pool.submit(be_second)
            assert begun.wait(SECONDS)
            time.sleep(0.3)
            assert not second.done()
        second.result(SECONDS)
    assert together.n_waiting == 0
    assert jobs(url) == [(5, "todo", NOW), (6, "todo", NOW)]
    assert ask(url, "SELECT name FROM turns") == [("second",)]


# The sweep


def test_the_sweep_finds_deliveries_whose_jobs_were_lost(url: str, store: Store) -> None:
    kept, lost, _ = plan(store, 3)
    ask(url, "DELETE FROM procrastinate_jobs WHERE args->>'delivery' <> :kept", kept=str(kept))
    assert sweep(store, NOW, EVERYTHING) == 2
    assert [number for number, status, _ in jobs(url) if status == "todo"] == [kept, lost, lost + 1]
    assert sweep(store, NOW, EVERYTHING) == 0


def test_the_sweep_leaves_alone_what_is_not_due(url: str, store: Store) -> None:
    plan(store, 2, due=NOW + HOUR)
    ask(url, "DELETE FROM procrastinate_jobs")
    assert sweep(store, NOW, EVERYTHING) == 0
    assert jobs(url) == []


def test_the_sweep_has_patience(url: str, store: Store) -> None:
    plan(store)
    ask(url, "DELETE FROM procrastinate_jobs")
    assert sweep(store, NOW, Nothing()) == 0
    assert jobs(url) == []


def test_the_sweep_leaves_a_job_alone_that_was_just_begun(url: str, store: Store) -> None:
    (number,) = plan(store)
    fetch_as_dead_worker(url)
    assert sweep(store, NOW, EVERYTHING) == 0
    ask(url, "UPDATE procrastinate_events SET at = now() - interval '2 minutes'")
    assert sweep(store, NOW, EVERYTHING) == 1
    assert [(number, status) for number, status, _ in jobs(url)] == [
        (number, "doing"),
        (number, "todo"),
    ]


def test_many_may_sweep_at_once(url: str, store: Store) -> None:
    numbers = plan(store, 20)
    ask(url, "DELETE FROM procrastinate_jobs")
    together = threading.Barrier(4)

    def sweep_too(_: int) -> int:
        together.wait()
        return sweep(store, NOW, EVERYTHING)

    with ThreadPoolExecutor(4) as pool:
        made = list(pool.map(sweep_too, range(4)))
    assert sum(made) == 20
    assert [number for number, _, _ in jobs(url)] == numbers


# The worker


def test_a_worker_delivers_what_is_planned_and_leaves_no_job(
    url: str, store: Store, heard: Heard
) -> None:
    sender, clock = RecordingSender(), StillClock(NOW)

    def deliver_one(number: int) -> Outcome:
        return deliver(number, store, {DestinationKind.FOLDER: sender}, clock, Terms())

    first = plan(store, 10)
    with working(url, heard, deliver_one, workers=4):
        wait_until(lambda: len(heard.outcomes) == 10)
        # It listens: what comes later does not wait for its next look.
        with store.writing() as connection:
            enqueue(connection, [(first[0], NOW)])
        began = time.monotonic()
        wait_until(lambda: len(heard.outcomes) == 11)
        assert time.monotonic() - began < 4
        wait_until(lambda: not jobs(url))
    assert Counter(outcome.result for _, outcome in heard.outcomes) == {
        Result.SENT: 10,
        Result.SKIPPED: 1,
    }
    assert len({key for key, _, _ in sender.arrived}) == len(sender.arrived) == 10
    assert heard.troubles == []
    assert ask(url, "SELECT count(*) FROM procrastinate_jobs") == [(0,)]


def test_several_sets_in_one_mail_leave_no_job(url: str, store: Store, heard: Heard) -> None:
    sender, clock = RecordingSender(), StillClock(NOW)
    agree(store, "ada@lab.example")
    numbers = plan_sets(store, address="ada@lab.example", due=NOW)
    with store.writing() as connection:
        enqueue(connection, [(number, NOW) for number in numbers])

    def deliver_one(number: int) -> Outcome:
        return deliver(number, store, {DestinationKind.EMAIL: sender}, clock, Terms())

    with working(url, heard, deliver_one, workers=4):
        wait_until(lambda: len(heard.outcomes) == len(numbers))
        wait_until(lambda: not jobs(url))
    assert Counter(outcome.result for _, outcome in heard.outcomes) == {
        Result.SENT: 1,
        Result.SKIPPED: len(numbers) - 1,
    }
    assert sender.calls == ["send"]
    assert len(set(sender.keys)) == len(sender.keys) == len(numbers)
    assert heard.troubles == []


def test_a_worker_delivers_no_more_than_so_many_at_once(
    url: str, store: Store, heard: Heard
) -> None:
    lock, now, most = threading.Lock(), [0], [0]

    def deliver_one(_number: int) -> Outcome:
        with lock:
            now[0] += 1
            most[0] = max(most[0], now[0])
        time.sleep(0.05)
        with lock:
            now[0] -= 1
        return Outcome(Result.SENT)

    plan(store, 12)
    with working(url, heard, deliver_one, workers=3):
        wait_until(lambda: len(heard.outcomes) == 12)
    assert most == [3]


def test_what_must_wait_gets_a_job_for_that_time(url: str, store: Store, heard: Heard) -> None:
    tried: list[datetime] = []
    again = datetime.now(UTC) + timedelta(seconds=4)

    def deliver_one(_number: int) -> Outcome:
        tried.append(datetime.now(UTC))
        return Outcome(Result.SENT) if len(tried) > 1 else Outcome(Result.BUSY, again=again)

    (number,) = plan(store)
    with working(url, heard, deliver_one):
        wait_until(lambda: [status for _, status, _ in jobs(url)] == ["todo"] and bool(tried))
        assert jobs(url) == [(number, "todo", again)]
        # Polling finds it, as nobody notifies when a job's time comes.
        wait_until(lambda: len(tried) == 2)
    assert tried[1] >= again
    assert [outcome.result for _, outcome in heard.outcomes] == [Result.BUSY, Result.SENT]


def test_somebody_who_wants_it_earlier_is_not_held_up(url: str, store: Store, heard: Heard) -> None:
    tried: list[int] = []

    def deliver_one(number: int) -> Outcome:
        tried.append(number)
        if len(tried) > 1:
            return Outcome(Result.SENT)
        with store.writing() as connection:
            enqueue(connection, [(number, NOW)])
        return Outcome(Result.LATER, again=datetime.now(UTC) + HOUR)

    plan(store)
    with working(url, heard, deliver_one, workers=1):
        wait_until(lambda: len(tried) == 2)
    assert jobs(url) == []
    assert heard.troubles == []


def test_one_that_raises_is_reported_and_stops_no_other(
    url: str, store: Store, heard: Heard
) -> None:
    numbers = plan(store, 5)

    def deliver_one(number: int) -> Outcome:
        return Outcome(Result.SENT, detail=str(1 // (number - numbers[2])))

    with working(url, heard, deliver_one):
        wait_until(lambda: len(heard.outcomes) == 4 and bool(heard.troubles))
        wait_until(lambda: not jobs(url))
    assert heard.numbers == numbers[:2] + numbers[3:]
    assert heard.troubles == [
        f"delivery {numbers[2]}: ZeroDivisionError: integer division or modulo by zero"
    ]


def test_a_machine_whose_clock_is_behind_waits_until_it_is_time(
    url: str, store: Store, heard: Heard
) -> None:
    tried: list[datetime] = []

    def deliver_one(number: int) -> Outcome:
        tried.append(datetime.now(UTC))
        return send(number)

    due = datetime.now(UTC) + timedelta(seconds=3)
    plan(store, due=due)
    # To the database it is time already.
    ask(url, "UPDATE procrastinate_jobs SET scheduled_at = now()")
    with working(url, heard, deliver_one):
        wait_until(lambda: bool(tried))
    assert tried[0] >= due


def test_the_job_of_a_worker_that_died_is_found_and_its_delivery_made(
    url: str, store: Store, heard: Heard
) -> None:
    (number,) = plan(store)
    fetch_as_dead_worker(url)
    with working(url, heard, send):
        wait_until(lambda: jobs(url) == [])
        assert heard.outcomes == []
        assert sweep(store, NOW, EVERYTHING) == 1
        wait_until(lambda: heard.numbers == [number])
    assert heard.troubles == []


def test_a_worker_that_is_stopped_ends_what_it_is_at_and_begins_nothing(
    url: str, store: Store, heard: Heard
) -> None:
    begun, let_go = list[int](), threading.Event()

    def deliver_one(number: int) -> Outcome:
        begun.append(number)
        assert let_go.wait(SECONDS)
        return send(number)

    plan(store, 5)
    with working(url, heard, deliver_one) as stop:
        wait_until(lambda: len(begun) == 2)
        stop.set()
        time.sleep(0.5)
        let_go.set()
    assert len(begun) == 2
    assert heard.numbers == sorted(begun)
    assert [status for _, status, _ in jobs(url)] == ["todo"] * 3


def test_a_worker_does_not_wait_for_ever_for_what_it_is_at(
    url: str, store: Store, heard: Heard
) -> None:
    begun, let_go = threading.Event(), threading.Event()

    def deliver_one(number: int) -> Outcome:
        begun.set()
        assert let_go.wait(SECONDS)
        return send(number)

    plan(store)
    with working(url, heard, deliver_one, grace=0.5) as stop:
        assert begun.wait(SECONDS)
        stop.set()
        began = time.monotonic()
    assert time.monotonic() - began < 5
    assert heard.outcomes == []
    let_go.set()


@pytest.mark.parametrize("quickly", [True, False])
def test_a_worker_survives_a_restart_of_the_database(heard: Heard, *, quickly: bool) -> None:
    with Server() as server:
        ensure_schema(server.url)
        with open_store(server.url) as store:
            assert attach(store)
            first, *others = plan(store, 4)
            ask(server.url, "DELETE FROM procrastinate_jobs")
            with working(server.url, heard, send):
                with store.writing() as connection:
                    enqueue(connection, [(first, NOW)])
                wait_until(lambda: heard.numbers == [first] and not jobs(server.url))
                server.stop_at_once()
                if not quickly:
                    wait_until(lambda: bool(heard.troubles))
                server.start()
                store.close()
                assert sweep(store, NOW, EVERYTHING) == 4
                wait_until(lambda: set(heard.numbers) == {first, *others})
    if not quickly:
        assert "begins again in 1 s" in heard.troubles[0]


def test_a_worker_waits_for_a_database_that_is_away(heard: Heard) -> None:
    with working("postgresql://papers@127.0.0.1:1/papers", heard, send) as stop:
        wait_until(lambda: bool(heard.troubles))
        stop.set()
    assert "cannot be reached" in heard.troubles[0]
