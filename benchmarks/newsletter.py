"""A day's digests for 10,000 readers, from the ledger to a mail server, beside Postfix's sender.

python -m benchmarks.newsletter [--readers 10000] [--sets 500] [--connections 20] [--workers 2]

Needs smtp-sink and smtp-source (apt-get install postfix). The readers have agreed, and each set's
edition goes to as many of them; every mail has a key and links of its own, so no two are alike.
Each worker does what `papers worker` does on SQLite: it claims, composes, sends and settles. The
clock runs from the first mail that is claimed to the last that is settled. smtp-source sends as
many mails of the same mean size over as many connections, three times, of which the median counts.
At least a tenth of its rate is needed, and less than 300 MB, of all workers together.
"""

import argparse
import json
import os
import sqlite3
import subprocess
import sys
import tempfile
import time
from contextlib import closing
from datetime import UTC, date, datetime
from pathlib import Path
from statistics import median

from sqlalchemy import insert

from benchmarks.data import PAPERS, draw_sets, load_papers
from benchmarks.mail import PATH, open_sink
from bot.adapters.store import Store
from bot.adapters.store.mail_tables import subscribers
from bot.adapters.store.rows import to_micros
from bot.adapters.store.subscriptions import schedule_record
from bot.app import App
from bot.config import parse_settings
from bot.core.editions import Destination, DestinationKind
from bot.core.keyword_sets import KeywordSet
from bot.core.papers import Announcement, AnnounceType, Entry
from bot.core.schedule import Schedule
from bot.core.subscribers import SubscriberState
from bot.core.subscriptions import PERSON, Subscription
from bot.flows.ingest import build_line
from bot.flows.publish import publish

DAY = date(2026, 6, 2)
NOW = datetime(2026, 6, 2, 4, 1, tzinfo=UTC)
CATEGORY = "cs.CL"
DAY_OF_PAPERS = 1_100
KEYWORDS = 2
SEED = 20_260_602
LEAST, MOST_MB = 0.1, 300
RUNS = 3
SENT = "SELECT count(*) FROM deliveries WHERE state = 'sent'"
TIMES = "SELECT min(at), max(at) FROM delivery_events WHERE detail != 'planned'"
CONFIG = """
[bot]
contact = "lab@lab.example"
base_url = "https://papers.lab.example"

[database]
url = "sqlite:///{folder}/papers.db"

[deliveries]
workers = {threads}
mail_connections = {connections}

[mail]
relay = "smtp://127.0.0.1:{port}"
from = "digest@lab.example"
bounces = "bounces@lab.example"
"""


def main() -> None:
    """Print the figures; fail where ours is too slow or takes too much."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--papers", type=Path, default=PAPERS)
    parser.add_argument("--readers", type=int, default=10_000)
    parser.add_argument("--sets", type=int, default=500)
    parser.add_argument("--connections", type=int, default=20)
    parser.add_argument("--workers", type=int, default=2)
    arguments = parser.parse_args()
    where = arguments.papers if arguments.papers.exists() else "made-up papers"
    print(f"Python {sys.version.split()[0]}, {os.cpu_count()} cores, papers: {where}, seed {SEED}")
    with tempfile.TemporaryDirectory() as folder:
        with open_app(folder, 0, 1, 1) as app:
            sets = draw_day(app.store, arguments.papers, arguments.sets)
            plan(app.store, sets, arguments.readers)
        ours, size, memory = send(folder, arguments.connections, arguments.workers)
    theirs = median(
        measure_rival(arguments.readers, size, arguments.connections) for _ in range(RUNS)
    )
    print(
        f"{arguments.readers} digests of {arguments.sets} sets, {size} bytes on average,"
        f" {arguments.connections} connections, {arguments.workers} workers\n"
        f"mails a second: {ours:.0f} composed and sent, smtp-source {theirs:.0f}"
        f" ({ours / theirs:.2f}x, at least {LEAST}x); {memory:.0f} MB (less than {MOST_MB})"
    )
    sys.exit(int(ours / theirs < LEAST or memory >= MOST_MB))


def open_app(folder: str, port: int, connections: int, workers: int) -> App:
    """Wire the program as a configuration does."""
    text = CONFIG.format(
        folder=folder, port=port or 25, connections=connections, threads=connections // workers
    )
    return App(parse_settings(text, "config.toml", {"PAPERS_SECRET_KEY": "s" * 32}))


def draw_day(store: Store, path: Path, number: int) -> list[KeywordSet]:
    """Announce a day's papers; return sets of which each finds some of them."""
    papers = list(load_papers(path))
    day = papers[:: max(len(papers) // DAY_OF_PAPERS, 1)][:DAY_OF_PAPERS]
    entries = tuple(Entry(paper, AnnounceType.NEW) for paper in day)
    announcement = Announcement(CATEGORY, DAY, "benchmark", len(entries), entries)
    store.save_announcement(announcement, build_line(announcement, frozenset()), NOW)
    return draw_sets(day, number, SEED, keywords=KEYWORDS)


def plan(store: Store, sets: list[KeywordSet], readers: int) -> None:
    """Have so many people agree to a set each, and publish the day."""
    addresses = [f"reader{number}@example.org" for number in range(readers)]
    with store.writing() as connection:
        connection.execute(
            insert(subscribers),
            [
                {
                    "address": address,
                    "key": address,
                    "state": SubscriberState.CONFIRMED.value,
                    "nonce": f"nonce {address}",
                    "bundled": True,
                    "schedule": schedule_record(Schedule()),
                    "created_at": to_micros(NOW),
                    "confirmed_at": to_micros(NOW),
                }
                for address in addresses
            ],
        )
    wanted = [
        Subscription(
            *sets[number % len(sets)].key,
            Destination(DestinationKind.EMAIL, address),
            origin=PERSON,
        )
        for number, address in enumerate(addresses)
    ]
    store.sync_subscriptions(PERSON, wanted, NOW)
    published = publish(DAY, sets, store, categories=[CATEGORY], now=NOW)
    assert sum(len(each.deliveries) for each in published) == readers


def send(folder: str, connections: int, workers: int) -> tuple[float, int, float]:
    """Send all that is due; return mails a second, their mean size and megabytes of memory."""
    command = [sys.executable, "-m", "benchmarks.newsletter_worker", folder]
    with open_sink() as port, open_app(folder, port, connections, workers) as app:
        due = len(app.store.due_deliveries(app.clock.now()))
        started = [
            subprocess.Popen(
                [*command, str(port), str(connections), str(workers)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
            )
            for _ in range(workers)
        ]
        with closing(sqlite3.connect(f"{folder}/papers.db")) as database:
            while database.execute(SENT).fetchone()[0] < due:
                assert all(each.poll() is None for each in started), "a worker ended"
                time.sleep(0.5)
            begun, ended = database.execute(TIMES).fetchone()
        said = [json.loads(each.communicate()[0]) for each in started]
    took = (ended - begun) / 1e6
    sizes = sum(size for size, _ in said)
    return due / took, sizes // due, sum(memory for _, memory in said)


def measure_rival(mails: int, size: int, connections: int) -> float:
    """Return how many mails of that size smtp-source sends a second, each connection kept."""
    with open_sink() as port:
        command = ["smtp-source", "-d", "-s", str(connections), "-m", str(mails)]
        began = time.perf_counter()
        subprocess.run(
            [*command, "-l", str(size), f"127.0.0.1:{port}"], check=True, env={"PATH": PATH}
        )
        return mails / (time.perf_counter() - began)


if __name__ == "__main__":
    main()
