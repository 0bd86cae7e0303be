"""Faults of the database, the destination and the clock: nothing lost, nothing repeated unseen."""

import random
import resource
import shutil
import socket
import sqlite3
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from bot.adapters.store import open_store
from bot.core.editions import DeliveryState, Destination, DestinationKind, Edition
from bot.core.records import CannotTell, Sent
from bot.flows.deliver import Result, Terms, deliver_due
from tests.crash.around import SurroundedStore
from tests.crash.points import LaterClock
from tests.crash.receiver import PATIENCE_S, Behaviour, Mood, Receiver
from tests.crash.running import (
    Books,
    Nursery,
    Verdict,
    begin,
    check_history,
    draw_seed,
    judge,
    wait_until_claimed,
    wait_until_settled,
)
from tests.crash.senders import TIMEOUT_S, build_senders
from tests.crash.worker import Job

TERMS = Terms()
BUSY_MS = 100
CUTS = 50
Trouble = Callable[[], AbstractContextManager[None]]


def trouble_with(method: str, trouble: Trouble) -> Callable[[str], AbstractContextManager[None]]:
    """Make trouble around one of the things that deliver asks of a store."""
    return lambda name: trouble() if name == method else nullcontext()


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Let another program write to the database, for longer than anybody waits."""
    other = sqlite3.connect(path, isolation_level=None)
    try:
        other.execute("BEGIN IMMEDIATE")
        yield
    finally:
        other.close()


@contextmanager
def full(path: Path, room: int) -> Iterator[None]:
    """Let the disk take only so many bytes more."""
    wal = path.with_name(f"{path.name}-wal")
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (wal.stat().st_size + room, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


TROUBLES: dict[str, Callable[[Path], AbstractContextManager[None]]] = {
    "locked": locked,
    "full": lambda path: full(path, 0),
    "full half-way": lambda path: full(path, 6000),
}


@pytest.mark.parametrize("method", ["claim", "leave", "settle"])
@pytest.mark.parametrize("trouble", TROUBLES)
def test_a_database_that_takes_nothing_for_a_while_loses_and_repeats_nothing(
    tmp_path: Path, trouble: str, method: str
) -> None:
    path = tmp_path / "papers.db"
    url = f"sqlite:///{path}"
    with Receiver() as receiver, Books(url) as books:
        senders = build_senders(receiver.port)
        with begin(url, size=2) as planner:
            planner.plan()
        with open_store(url, busy_timeout_ms=BUSY_MS) as store:
            around = trouble_with(method, lambda: TROUBLES[trouble](path))
            troubled = SurroundedStore(store, around)
            first = deliver_due(troubled, senders, LaterClock(1), TERMS)
            said = " ".join(outcome.detail for outcome in first)
            assert ("is locked" if trouble == "locked" else "cannot") in said
            deliver_due(store, senders, LaterClock(2), TERMS)
        verdict = judge(books, receiver.arrivals())
        assert (verdict.lost, verdict.repeated) == (0, 0)
        # Of what arrived the ledger had not heard: mail cannot be asked.
        assert (verdict.repeats, verdict.counted) == ((1, 1) if method == "settle" else (0, 0))
        details = [[detail for *_, detail in each] for each in books.histories().values()]
        recorded = {
            "claim": "planned",
            "leave": "is locked" if trouble == "locked" else "cannot",
            "settle": "the lease ran out: it may have arrived",
        }
        assert all(any(recorded[method] in detail for detail in each) for each in details)


# What the receiver does first: whether it arrived, what the ledger may say then, and why.
FAULTS: dict[str, tuple[Mood, bool, set[str], str]] = {
    "slow": (Mood(before=0.2, answer=0.3), True, {"sent"}, "receiver"),
    "answers late": (Mood(answer=TIMEOUT_S + 0.2), True, {"unknown"}, "did not answer"),
    "reads late": (Mood(before=TIMEOUT_S + 0.2), True, {"unknown"}, "did not answer"),
    # The second half may meet a connection that is closed already, and then surely did not arrive.
    "closes unread": (Mood(close="unread"), False, {"unknown", "retry"}, ""),
    "closes half-way": (Mood(close="half-way"), False, {"unknown", "retry"}, ""),
    "closes unanswered": (Mood(close="unanswered"), True, {"unknown"}, "without an answer"),
    "too many requests": (Mood(status=429, retry_after=1800), False, {"retry"}, "answered 429"),
    "breaks": (Mood(status=500), True, {"unknown"}, "answered 500"),
    "busy": (Mood(status=503), False, {"retry"}, "answered 503"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_destination_that_fails_gets_it_once_and_the_history_says_why(
    database_url: str, fault: str
) -> None:
    mood, arrives, states, said = FAULTS[fault]
    with Receiver() as receiver, Books(database_url) as books:
        receiver.behave(Behaviour(script=[mood] * 2))
        senders = build_senders(receiver.port)
        with begin(database_url, size=2) as planner:
            planner.plan()
        with open_store(database_url) as store:
            deliver_due(store, senders, LaterClock(1), TERMS)
            found = {line.kind: line.state for line in books.lines()}
            assert set(found.values()) <= states
            assert all(said in steps[-1][2] for steps in books.histories().values())
            if mood.retry_after:
                # A usual wait is a minute.
                soon = LaterClock(1).now() + timedelta(seconds=mood.retry_after - 60)
                assert not store.due_deliveries(soon)
            time.sleep(mood.before)
            assert set(receiver.counts().values()) == ({1} if arrives else set())
            deliver_due(store, senders, LaterClock(2), TERMS)
        verdict = judge(books, receiver.arrivals())
    assert (verdict.lost, verdict.repeated) == (0, 0)
    doubtful = found[DestinationKind.EMAIL] == DeliveryState.UNKNOWN
    assert (verdict.repeats, verdict.counted) == (int(doubtful and arrives), int(doubtful))


def test_what_cannot_be_asked_for_stays_in_doubt_until_it_can(database_url: str) -> None:
    with Receiver() as receiver, Books(database_url) as books:
        receiver.behave(Behaviour(script=[Mood(close="unanswered")] * 2))
        with begin(database_url, size=2) as planner:
            planner.plan()
        with open_store(database_url) as store:
            deliver_due(store, build_senders(receiver.port), LaterClock(1), TERMS)
            deliver_due(store, build_senders(find_closed_port()), LaterClock(2), TERMS)
            assert {line.state for line in books.lines()} == {"unknown"}
            steps = [steps[-1] for steps in books.histories().values()]
            assert all("cannot be reached" in detail for *_, detail in steps)
            deliver_due(store, build_senders(receiver.port), LaterClock(3), TERMS)
        verdict = judge(books, receiver.arrivals())
    assert (verdict.lost, verdict.repeated, verdict.repeats) == (0, 0, 1)


def find_closed_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


def test_who_waits_too_long_for_another_program_does_not_send(database_url: str) -> None:
    terms = Terms(lease=timedelta(seconds=1), margin=timedelta(seconds=0.5))
    with Receiver() as receiver, Books(database_url) as books:
        with begin(database_url, size=2) as planner:
            planner.plan()
        with open_store(database_url) as store:
            around = trouble_with("leave", lambda: held_up(database_url, 0.7))
            senders = build_senders(receiver.port)
            outcomes = deliver_due(SurroundedStore(store, around), senders, LaterClock(1), terms)
            assert {outcome.result for outcome in outcomes} == {Result.SKIPPED}
            assert not receiver.arrivals()
            deliver_due(store, senders, LaterClock(2), terms)
        verdict = judge(books, receiver.arrivals())
    # It was about to leave, so that it is in doubt; nothing had arrived.
    assert verdict == Verdict(deliveries=2, lost=0, repeated=0, repeats=0, counted=1)


@contextmanager
def held_up(url: str, seconds: float) -> Iterator[None]:
    """Let another program hold the deliveries for some seconds, while this one goes on."""
    engine = create_engine(url)
    connection = engine.connect()
    if connection.dialect.name == "sqlite":
        connection.execute(text("BEGIN IMMEDIATE"))
    else:
        connection.execute(text("SELECT id FROM deliveries FOR UPDATE"))
    freeing = threading.Timer(seconds, connection.rollback)
    freeing.start()
    try:
        yield
    finally:
        freeing.join()
        connection.close()
        engine.dispose()


def test_a_clock_that_is_set_an_hour_on_or_back_repeats_nothing(
    database_url: str, tmp_path: Path
) -> None:
    seed = draw_seed()
    chance = random.Random(seed)
    file = tmp_path / "clock"
    moved, under_way = 0, set()
    set_clock(file, moved)
    with (
        Receiver() as receiver,
        Nursery() as nursery,
        Books(database_url) as books,
        begin(database_url) as planner,
    ):
        receiver.behave(Behaviour(deaf=(0.05, 0.3), slow=(0.05, 0.3), seed=seed))
        job = Job(
            database_url,
            receiver.port,
            planner.clock.anchor,
            # What a busy machine has not read yet is waited for, too.
            look_after=2 * PATIENCE_S,
            set_clock=str(file),
        )
        planner.plan()
        workers = [nursery.start(job) for _ in range(2)]
        wait_until_claimed(books)
        for hours in chance.sample([1, 1, 1, -1, -1, -1], 6):
            time.sleep(chance.uniform(0.2, 0.8))
            moved += hours
            under_way |= books.left()
            set_clock(file, moved)
            if books.count_open() < planner.size:
                planner.plan()
        # Whatever was put off in a time that is not now any more is due then.
        set_clock(file, moved + 12)
        wait_until_settled(books, 60)
        for worker in workers:
            nursery.stop(worker)
        verdict = judge(books, receiver.arrivals())
    print(verdict, f"under_way={len(under_way)}")
    assert len(under_way) >= 6, "too few were on their way: this proves nothing"
    assert (verdict.lost, verdict.repeated) == (0, 0)


def set_clock(file: Path, hours: int) -> None:
    new = file.with_suffix(".new")
    new.write_text(str(hours * 3600))
    new.replace(file)


class Here:
    """A destination in this process that can be asked."""

    def __init__(self, keys: Iterable[str]) -> None:
        self.arrived = Counter(keys)

    def send(
        self,
        edition: Edition,  # noqa: ARG002 - the key says all
        destination: Destination,  # noqa: ARG002
        key: str,
        leave: Callable[[], None],
    ) -> Sent:
        leave()
        self.arrived[key] += 1
        return Sent(key)

    def find(
        self,
        edition: Edition,  # noqa: ARG002 - the key says all
        destination: Destination,  # noqa: ARG002
        key: str,
        trail: object = None,  # noqa: ARG002
    ) -> Sent | CannotTell | None:
        return Sent(key) if self.arrived[key] else None


def test_a_database_whose_last_writes_were_cut_off_opens_and_goes_on(tmp_path: Path) -> None:
    seed = draw_seed()
    chance = random.Random(seed)
    path = tmp_path / "papers.db"
    wal = tmp_path / "papers.db-wal"
    url = f"sqlite:///{path}"
    with (
        Receiver() as receiver,
        Nursery() as nursery,
        Books(url) as books,
        begin(url, size=30) as planner,
    ):
        receiver.behave(Behaviour(slow=(0.01, 0.05), seed=seed))
        planner.plan()
        # The plan is safe in the file; what is done about it stands in the log.
        books.rows("PRAGMA wal_checkpoint(TRUNCATE)")
        worker = nursery.start(Job(url, receiver.port, planner.clock.anchor))
        while not planner.size / 3 < books.count_open() < planner.size * 2 / 3:
            time.sleep(0.01)
        nursery.kill(worker)
        time.sleep(0.2)
        arrived = [arrival.key for arrival in receiver.arrivals()]
        whole = wal.read_bytes()
        shutil.copy(path, tmp_path / "killed.db")
    forgotten = 0
    for cut in [0, len(whole), *(chance.randrange(len(whole)) for _ in range(CUTS - 2))]:
        path = tmp_path / f"cut-{cut}.db"
        shutil.copy(tmp_path / "killed.db", path)
        path.with_name(f"{path.name}-wal").write_bytes(whole[:cut])
        here = Here(arrived)
        senders = {DestinationKind.CHANNEL: here, DestinationKind.EMAIL: here}
        with open_store(f"sqlite:///{path}") as store, Books(f"sqlite:///{path}") as books:
            assert books.rows("PRAGMA integrity_check") == [("ok",)]
            told = "SELECT key FROM deliveries WHERE wired OR state = 'sent'"
            known = {str(key) for (key,) in books.rows(told)}
            deliver_due(store, senders, LaterClock(1), TERMS)
            histories = books.histories()
            for line in books.lines():
                check_history(histories[line.id], line)
                assert (line.state, here.arrived[line.key] > 0) == (DeliveryState.SENT, True)
        # What the ledger has not forgotten is looked for.
        repeated = {key for key, times in here.arrived.items() if times > 1}
        assert not repeated & known
        forgotten += len(repeated)
    assert forgotten, "nothing was cut off: this proves nothing"
