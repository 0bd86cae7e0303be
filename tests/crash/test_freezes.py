"""A worker is frozen past its leases while another goes on, and then comes back.

Four times on each database by default, 30 times with PAPERS_CRASH=full.
"""

import os
import random
import signal
import time

from sqlalchemy import create_engine, text

from tests.crash.receiver import Behaviour, Receiver
from tests.crash.running import (
    FULL,
    Books,
    Nursery,
    begin,
    draw_seed,
    judge,
    wait_until_claimed,
    wait_until_settled,
)
from tests.crash.worker import Job

FREEZES = 30 if FULL else 4
LEASE_S, MARGIN_S = 3.0, 2.2
# A worker that was frozen while it wrote to SQLite lets nobody write.
LONGEST_S = 3.0


def bound_transactions(url: str) -> None:
    """Let PostgreSQL end a transaction whose process is frozen: its locks stop all others."""
    engine = create_engine(url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        if connection.dialect.name != "sqlite":
            name = engine.url.database
            bound = "idle_in_transaction_session_timeout = '500ms'"
            connection.execute(text(f"ALTER DATABASE {name} SET {bound}"))
    engine.dispose()


def test_a_frozen_worker_that_comes_back_repeats_nothing(database_url: str) -> None:
    seed = draw_seed()
    chance = random.Random(seed)
    began = time.monotonic()
    overtaken = 0
    with (
        Receiver() as receiver,
        Nursery() as nursery,
        Books(database_url) as books,
        begin(database_url) as planner,
    ):
        receiver.behave(Behaviour(slow=(0.005, 0.06), seed=seed))
        bound_transactions(database_url)
        job = Job(database_url, receiver.port, planner.clock.anchor, lease=LEASE_S, margin=MARGIN_S)
        workers = [nursery.start(job) for _ in range(2)]
        for _ in range(FREEZES):
            if books.count_open() < planner.size:
                planner.plan()
            wait_until_claimed(books)
            time.sleep(chance.uniform(0, 0.6))
            frozen = chance.choice(workers)
            os.kill(frozen, signal.SIGSTOP)
            held = books.claimed()
            # At least past the lease, and as long as it takes the other one to see to them.
            time.sleep(LEASE_S)
            until = time.monotonic() + LONGEST_S
            while time.monotonic() < until and held & books.claimed():
                time.sleep(0.05)
            overtaken += len(held & books.lapsed())
            os.kill(frozen, signal.SIGCONT)
        wait_until_settled(books, 60)
        for worker in workers:
            nursery.stop(worker)
        verdict = judge(books, receiver.arrivals())
    print(verdict, f"overtaken={overtaken} {time.monotonic() - began:.1f} s")
    assert overtaken >= FREEZES // 2, "too few were overtaken: this proves nothing"
    assert (verdict.lost, verdict.repeated) == (0, 0)
