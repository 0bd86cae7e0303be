"""A worker that sends real mails is killed again and again: each arrives, and a repeat is the same.

Two sets a reader, in one mail. A small part is run by default. The whole, 10,000 mails:

    PAPERS_CRASH=full pytest -s tests/crash/test_mail_kills.py

Every run prints its seed; PAPERS_CRASH_SEED=N draws the same moments again.
"""

import random
import time
from collections import Counter
from pathlib import Path

from bot.core.editions import DeliveryState
from tests.crash.mail_receiver import MailReceiver
from tests.crash.running import (
    FULL,
    Books,
    Nursery,
    check_history,
    draw_seed,
    plan_for_readers,
    wait_until_claimed,
    wait_until_settled,
)
from tests.crash.worker import Job

KILLS, READERS, REPEATS = (200, 10_000, 50) if FULL else (15, 300, 3)
SETS = 2
CONNECTIONS = 4
# How long the server takes over a mail, and the longest time between two kills, in seconds.
SLOW_S, LULL_S = 0.03, 1.0


def test_every_mail_arrives_and_is_repeated_only_as_it_was(tmp_path: Path) -> None:
    chance = random.Random(draw_seed())
    url = f"sqlite:///{tmp_path / 'papers.db'}"
    with MailReceiver(SLOW_S) as receiver, Nursery() as nursery, Books(url) as books:
        anchor = plan_for_readers(url, READERS, sets=SETS)
        job = Job(url, 0, anchor, workers=CONNECTIONS, smtp=receiver.port)
        worker = nursery.start(job)
        wait_until_claimed(books)
        kills = 0
        while kills < KILLS and books.count_open():
            time.sleep(chance.uniform(0, LULL_S))
            nursery.kill(worker)
            kills += 1
            worker = nursery.start(job)
        wait_until_settled(books, 60 + READERS / 10)
        nursery.stop(worker)
        arrivals = receiver.arrivals()
        lines, histories = books.lines(), books.histories()
        leads = {row[0]: row[1] for row in books.rows("SELECT id, lead_id FROM deliveries")}
    keys = {line.id: line.key for line in lines}
    mails = Counter(arrival.key for arrival in arrivals)
    repeated = sum(mails.values()) - len(mails)
    print(f"{len(lines)} deliveries in {len(mails)} mails, {kills} kills, {repeated} repeated")
    assert len({(arrival.key, arrival.digest) for arrival in arrivals}) == len(mails)
    for line in lines:
        check_history(histories[line.id], line)
        lead = leads[line.id]
        times = mails[keys[line.id if lead is None else int(str(lead))]]
        assert line.state == DeliveryState.SENT
        assert 1 <= times <= 1 + line.repeats, line
    assert len(lines) == SETS * READERS
    assert len(mails) == READERS, "a reader got two mails"
    assert REPEATS <= repeated <= kills * CONNECTIONS
