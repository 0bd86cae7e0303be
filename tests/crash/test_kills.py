"""Workers are killed at random moments until all is delivered: nothing is lost or repeated.

A tenth is run by default. The whole, 500 kills over 5,000 deliveries on each database:

    PAPERS_CRASH=full pytest -s tests/crash/test_kills.py

Every run prints its seed; PAPERS_CRASH_SEED=N draws the same moments again.
"""

import random
import time
from dataclasses import dataclass

import pytest

from tests.crash.receiver import Behaviour, Receiver
from tests.crash.running import (
    FULL,
    Books,
    Nursery,
    Verdict,
    begin,
    draw_seed,
    judge,
    wait_until_claimed,
    wait_until_settled,
)
from tests.crash.worker import Job

KILLS, DELIVERIES, IN_DOUBT = (500, 5000, 100) if FULL else (50, 500, 10)
SLOW = (0.01, 0.15)
# The longest time between two kills: this, or so many times what a worker needs to get going.
LULL_S, LULL_STARTS = 0.45, 1.4


@dataclass(frozen=True, slots=True)
class Run:
    verdict: Verdict
    kills: int
    in_doubt: int
    seconds: float


def run(
    url: str, *, crew: int, kills: int, deliveries: int, asks: bool = True, mischief: float = 0.02
) -> Run:
    """Deliver by `crew` workers, one of which is killed again and again."""
    seed = draw_seed()
    chance = random.Random(seed)
    began = time.monotonic()
    with Receiver() as receiver, Nursery() as nursery, Books(url) as books, begin(url) as planner:
        receiver.behave(Behaviour(slow=SLOW, mischief=mischief, seed=seed))
        job = Job(url, receiver.port, planner.clock.anchor, asks=asks)
        at_kills: set[tuple[int, int]] = set()
        killed = 0
        planner.plan()
        workers = [nursery.start(job) for _ in range(crew)]
        lull = max(LULL_S, LULL_STARTS * wait_until_claimed(books))
        while killed < kills:
            # New editions come as they are needed, up to the end.
            wanted = deliveries * killed / kills
            if planner.planned < wanted or books.count_open() < planner.size:
                planner.plan()
            time.sleep(chance.uniform(0, lull))
            victim = chance.randrange(crew)
            nursery.kill(workers[victim])
            killed += 1
            at_kills |= books.left()
            workers[victim] = nursery.start(job)
        while planner.planned < deliveries:
            planner.plan()
        wait_until_settled(books, 60 + deliveries / 20)
        for worker in workers:
            nursery.stop(worker)
        # What was on its way when somebody died, and was found so when its lease had run out.
        in_doubt = len(at_kills & books.doubted())
        verdict = judge(books, receiver.arrivals())
        made = Run(verdict, killed, in_doubt, round(time.monotonic() - began, 1))
    print(made)
    return made


@pytest.fixture
def crew(database_url: str) -> int:
    """How many workers share the database: SQLite is for one."""
    return 1 if database_url.startswith("sqlite") else 3


def test_nothing_is_lost_or_repeated_however_often_workers_are_killed(
    database_url: str, crew: int
) -> None:
    done = run(database_url, crew=crew, kills=KILLS, deliveries=DELIVERIES)
    assert done.in_doubt >= IN_DOUBT, "too few were in doubt: this proves nothing"
    assert (done.verdict.lost, done.verdict.repeated) == (0, 0)
    assert done.verdict.counted >= done.verdict.repeats > 0


def test_without_asking_the_destination_kills_do_repeat(database_url: str, crew: int) -> None:
    # No faults of the destination, which would repeat without a kill.
    done = run(database_url, crew=crew, kills=25, deliveries=200, asks=False, mischief=0)
    assert done.verdict.lost == 0
    assert done.verdict.repeated > 0
