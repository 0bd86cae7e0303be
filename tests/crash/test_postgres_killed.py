"""The PostgreSQL server is killed under the workers: nothing is lost or repeated.

Three times by default, 20 times with PAPERS_CRASH=full.
"""

import random
import time

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
from tests.crash.server import Server
from tests.crash.worker import Job

KILLS = 20 if FULL else 3
CREW = 2


def test_nothing_is_lost_or_repeated_however_often_the_server_is_killed() -> None:
    seed = draw_seed()
    chance = random.Random(seed)
    began = time.monotonic()
    with Server() as server, Receiver() as receiver, Nursery() as nursery:
        receiver.behave(Behaviour(slow=(0.05, 0.3), seed=seed))
        with begin(server.url) as planner, Books(server.url) as books:
            job = Job(server.url, receiver.port, planner.clock.anchor)
            held: set[tuple[int, int]] = set()
            workers = [nursery.start(job) for _ in range(CREW)]
            for number in range(KILLS):
                if books.count_open() < planner.size:
                    planner.plan()
                # Who lost the server takes a while to come back.
                wait_until_claimed(books, held)
                time.sleep(chance.uniform(0, 0.5))
                held = books.claimed()
                (server.kill if number % 2 else server.stop_at_once)()
                time.sleep(chance.uniform(0, 0.5))
                server.start()
            wait_until_settled(books, 90)
            for worker in workers:
                nursery.stop(worker)
            verdict = judge(books, receiver.arrivals())
            in_doubt = len(books.doubted())
    print(verdict, f"kills={KILLS} in_doubt={in_doubt} {time.monotonic() - began:.1f} s")
    assert in_doubt >= KILLS, "too few were in doubt: this proves nothing"
    assert (verdict.lost, verdict.repeated) == (0, 0)
