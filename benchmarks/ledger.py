"""Measure deliveries a second through the real ledger, beside a task queue that does nothing.

python -m benchmarks.ledger [--deliveries N] [--runs N] [--postgresql URL]

Nothing is sent: the receiver says that it leaves, and that it has arrived. Without a URL of a user
who may create databases a private PostgreSQL is started from the machine's own programs, with its
usual settings. Rates are medians of several runs; ours and the bare queue's alternate.
"""

import argparse
import asyncio
import os
import pwd
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import procrastinate.worker
from sqlalchemy import create_engine, make_url, text

from bot.adapters.queue import attach, ensure_schema, run_worker
from bot.adapters.store import Store, open_store
from bot.adapters.timing import SystemClock
from bot.core.editions import (
    BatchState,
    CategoryReceipt,
    DeliveryState,
    Destination,
    DestinationKind,
    Edition,
    Field,
    Hit,
    Item,
    Receipt,
    SetSummary,
)
from bot.core.keyword_sets import KeywordSet
from bot.core.papers import Announcement, AnnounceType, Entry, Paper
from bot.core.records import Sent
from bot.core.schedule import Slot
from bot.core.subscriptions import Frozen, Plan, Subscription
from bot.flows.deliver import Outcome, Result, Terms, deliver
from bot.flows.draining import Drain

DELIVERIES = 2_000
EDITIONS = 10
PAPERS = 10
AT_ONCE = 4
PROCESSES = (1, 2, 4)
RUNS = 3
DAY = date(2026, 6, 2)
NO_OP = "benchmark"
_LOOK_SECONDS = 0.05


class NullSender:
    """Receives nothing, but keeps the ledger's rules."""

    def send(
        self,
        edition: Edition,  # noqa: ARG002 - a sender's signature
        destination: Destination,  # noqa: ARG002
        key: str,
        leave: Callable[[], None],
    ) -> Sent:
        """Leave, and arrive at once."""
        leave()
        return Sent(key)

    def find(self, edition: Edition, destination: Destination, key: str, trail: object) -> None:
        """Say that nothing is there."""


def main() -> None:
    """Run everything and print a table; fail where ours is less than half as fast as the queue."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--deliveries", type=int, default=DELIVERIES)
    parser.add_argument("--runs", type=int, default=RUNS)
    parser.add_argument("--postgresql", metavar="URL")
    arguments = parser.parse_args()
    number, runs = arguments.deliveries, arguments.runs
    print(
        f"Python {sys.version.split()[0]}, {os.cpu_count()} cores, {number} deliveries of"
        f" {PAPERS} papers, {AT_ONCE} at once a process, medians of {runs}"
    )
    print(f"  {'':<36} {'ours':>10} {'bare':>10} {'ratio':>7}")
    rates = [drain_sqlite(number) for _ in range(runs)]
    print(f"  {'SQLite, in one process':<36} {statistics.median(rates):>8.0f}/s {'':>10} {'':>7}")
    slow = False
    with find_server(arguments.postgresql) as server:
        for processes in PROCESSES:
            ours, bare = [], []
            for _ in range(runs):
                bare.append(run_postgresql(server, "bare", number, processes))
                ours.append(run_postgresql(server, "ours", number, processes))
            mine, other = statistics.median(ours), statistics.median(bare)
            name = f"PostgreSQL, {processes} process{'es' if processes > 1 else ''}"
            print(f"  {name:<36} {mine:>8.0f}/s {other:>8.0f}/s {mine / other:>7.2f}")
            slow = slow or mine / other < 0.5
    print(f"  {'':<36} {'':>10} {'':>10} at least 0.5")
    sys.exit(int(slow))


def drain_sqlite(number: int) -> float:
    """Return deliveries a second of one process that drains an SQLite file."""
    with tempfile.TemporaryDirectory() as folder, open_store(f"sqlite:///{folder}/p.db") as store:
        plan(store, number)
        stop, done = threading.Event(), []

        def report(_delivery: int, outcome: Outcome) -> None:
            assert outcome.result is Result.SENT, outcome
            done.append(outcome)
            if len(done) == number:
                stop.set()

        deliver_one = build_deliver_one(store)
        drain = Drain(
            store,
            lambda number, _seen: deliver_one(number),
            SystemClock(),
            workers=AT_ONCE,
            look_after=timedelta(minutes=2),
            report=report,
            trouble=fail,
        )
        begun = time.perf_counter()
        drain.run(stop)
        took = time.perf_counter() - begun
        assert len(store.list_deliveries(states=[DeliveryState.SENT], limit=2 * number)) == number
    return number / took


def run_postgresql(server: str, kind: str, number: int, processes: int) -> float:
    """Return jobs a second of so many worker processes, ready before the clock starts."""
    with fresh_database(server) as url:
        ensure_schema(url)
        workers = [
            subprocess.Popen(
                [
                    sys.executable,
                    "-c",
                    f"from benchmarks import ledger as l; l.work_{kind}({url!r})",
                ],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
            )
            for _ in range(processes)
        ]
        engine = create_engine(url)
        try:
            if kind == "ours":
                with open_store(url) as store:
                    assert attach(store)
                    plan(store, number)
            else:
                with engine.begin() as connection:
                    connection.execute(_DEFER_BARE, {"number": number})
            for worker in workers:
                assert worker.stdout is not None
                assert worker.stdout.readline() == b"ready\n"
            begun = time.perf_counter()
            for worker in workers:
                assert worker.stdin is not None
                worker.stdin.write(b"go\n")
                worker.stdin.flush()
            with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
                while connection.execute(_LEFT[kind]).scalar_one():
                    assert all(worker.poll() is None for worker in workers)
                    time.sleep(_LOOK_SECONDS)
            took = time.perf_counter() - begun
        finally:
            for worker in workers:
                worker.communicate(timeout=30)
            engine.dispose()
    return number / took


def work_ours(url: str) -> None:
    """Work for the queue as `papers worker` does, until told to end."""
    with open_store(url) as store:
        stop = threading.Event()
        deliver_one = build_deliver_one(store)

        def report(_delivery: int, outcome: Outcome) -> None:
            if outcome.result is not Result.SENT:
                fail(outcome)

        wait_for_start()
        at_end_of_input(stop.set)
        run_worker(url, deliver_one, workers=AT_ONCE, stop=stop, report=report, trouble=fail)


def work_bare(url: str) -> None:
    """Let Procrastinate alone run jobs that do nothing, until told to end."""
    conninfo = make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
    app = procrastinate.App(connector=procrastinate.PsycopgConnector(conninfo=conninfo))

    @app.task(name=NO_OP, queue=NO_OP)
    async def nothing(number: int) -> None:
        del number

    async def serve() -> None:
        async with app.open_async():
            worker = procrastinate.worker.Worker(
                app,
                queues=[NO_OP],
                concurrency=AT_ONCE,
                delete_jobs="always",
                install_signal_handlers=False,
            )
            loop = asyncio.get_running_loop()
            at_end_of_input(lambda: loop.call_soon_threadsafe(worker.stop))
            await worker.run()  # type: ignore[no-untyped-call] # Procrastinate left this one out

    wait_for_start()
    asyncio.run(serve())


def wait_for_start() -> None:
    """Say that this process is ready, and wait for the others."""
    print("ready", flush=True)
    sys.stdin.readline()


def at_end_of_input(act: Callable[[], object]) -> None:
    """Do something as soon as whoever started this process has no more to say."""

    def wait() -> None:
        sys.stdin.read()
        act()

    threading.Thread(target=wait, daemon=True).start()


def build_deliver_one(store: Store) -> Callable[[int], Outcome]:
    """Return what brings one delivery to nobody."""
    senders = {DestinationKind.FOLDER: NullSender()}
    clock, terms = SystemClock(), Terms()
    return lambda number: deliver(number, store, senders, clock, terms)


def fail(what: object) -> None:
    """End this process: nothing may go wrong in a measurement."""
    print(what, file=sys.stderr)
    os._exit(1)


def plan(store: Store, number: int) -> None:
    """Plan so many deliveries, of a few editions, in folders that nobody ever makes."""
    now = datetime.now(UTC)
    papers = [make_paper(count) for count in range(EDITIONS * PAPERS)]
    entries = tuple(Entry(paper, AnnounceType.NEW) for paper in papers)
    line = CategoryReceipt("cs.CL", DAY, BatchState.COMPLETE, len(entries), len(entries))
    store.save_announcement(Announcement("cs.CL", DAY, "", len(entries), entries), line, now)
    frozen = []
    for count in range(EDITIONS):
        keyword_set = KeywordSet(f"Set {count}", keywords=(("queue",),))
        subscriptions = store.sync_subscriptions(
            keyword_set.name,
            [
                Subscription(
                    keyword_set.owner,
                    keyword_set.name,
                    Destination(DestinationKind.FOLDER, f"folder {each}"),
                    origin=keyword_set.name,
                )
                for each in range(count, number, EDITIONS)
            ],
            now,
        )
        shown = papers[count * PAPERS : (count + 1) * PAPERS]
        edition = Edition(
            SetSummary(keyword_set.name, ("queue",)),
            DAY,
            tuple(
                Item(each, AnnounceType.NEW, (Hit("queue", Field.TITLE, 2, 7, "queue"),))
                for each in shown
            ),
            Receipt(DAY, len(papers), len(papers), (line,)),
        )
        slot = Slot(DAY, now)
        frozen.append(
            Frozen(keyword_set, edition, tuple(Plan(each, slot) for each in subscriptions))
        )
    planned = store.save_editions(frozen, now)
    assert sum(len(each or ()) for each in planned) == number


def make_paper(count: int) -> Paper:
    """Make a paper up, as long as real ones are."""
    return Paper(
        base_id=f"2606.{count:05}",
        version=1,
        title=f"A queue of {count} letters, each delivered once",
        authors=("Ada Example", "Bo Sample", "Cy Someone"),
        abstract="We put letters in a queue and look for them at its other end. " * 20,
        categories=("cs.CL", "cs.DC"),
    )


@contextmanager
def find_server(named: str | None) -> Iterator[str]:
    """Give the URL of a PostgreSQL server's own database."""
    if named:
        yield (
            make_url(named)
            .set(drivername="postgresql+psycopg")
            .render_as_string(hide_password=False)
        )
        return
    programs = max(Path("/usr/lib/postgresql").glob("*/bin"))
    # A socket's path must be short, so it is not below the usual folder for such things.
    folder = Path(tempfile.mkdtemp(prefix="papers-pg-"))
    # It refuses to run as root.
    user = "nobody" if os.geteuid() == 0 else None
    if user:
        shutil.chown(folder, user)
    control: list[str | Path] = [programs / "pg_ctl", "-D", folder / "data", "-w"]
    settings = f"-k {folder} -h '' -c max_connections=100"
    try:
        run_as(user, programs / "initdb", "-D", folder / "data", "-U", "papers", "-A", "trust")
        run_as(user, *control, "-l", folder / "log", "-o", settings, "start")
        try:
            yield f"postgresql+psycopg://papers@/postgres?host={folder}"
        finally:
            run_as(user, *control, "-m", "fast", "stop")
    finally:
        shutil.rmtree(folder)


def run_as(user: str | None, *command: str | Path) -> None:
    """Run one of PostgreSQL's programs."""
    subprocess.run(
        command,
        check=True,
        user=user,
        group=pwd.getpwnam(user).pw_gid if user else None,
        extra_groups=[] if user else None,
        cwd="/",
        stdout=subprocess.DEVNULL,
    )


@contextmanager
def fresh_database(server: str) -> Iterator[str]:
    """Give the URL of a database of its own, and drop it afterwards."""
    name = f"papers_{uuid4().hex}"
    engine = create_engine(server, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
    try:
        yield make_url(server).set(database=name).render_as_string(hide_password=False)
    finally:
        with engine.connect() as connection:
            connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
        engine.dispose()


_DEFER_BARE = text("""
SELECT procrastinate_defer_jobs_v1(ARRAY(
  SELECT ROW('benchmark', 'benchmark', 0, NULL, 'benchmark:' || number,
             jsonb_build_object('number', number), now())::procrastinate_job_to_defer_v1
    FROM generate_series(1, :number) AS number))
""")
_LEFT = {
    "bare": text("SELECT count(*) FROM procrastinate_jobs WHERE queue_name = 'benchmark'"),
    "ours": text("SELECT count(*) FROM deliveries WHERE state <> 'sent'"),
}

if __name__ == "__main__":
    main()
