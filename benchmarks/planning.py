"""Measure the planning of one day's deliveries, beside plain INSERTs of the same rows.

python -m benchmarks.planning [--runs N] [--postgresql URL] [sqlite] [postgresql]

10,000 subscriptions, (a) of 100 sets, (b) of 10,000 sets of one each, in three schedules, through
flows.publish.publish. Matching (building the matcher, matching, saying why) is shown apart; all
else is planning. The rival is one executemany a table through the bare driver, in one transaction,
in the same database. Without a URL of a user who may create databases (or DATABASE_URL) a private
PostgreSQL is started from the machine's own programs. Times are medians of several runs.
"""

import argparse
import os
import sqlite3
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from datetime import time as clock_time
from pathlib import Path
from typing import Any

import psycopg
from sqlalchemy import create_engine, delete, make_url, select, text

from benchmarks.data import PAPERS, draw_sets, load_papers
from benchmarks.ledger import find_server, fresh_database
from bot.adapters.store import open_store
from bot.adapters.store.tables import (
    deliveries,
    delivery_events,
    edition_papers,
    editions,
    metadata,
)
from bot.core.editions import Destination, DestinationKind
from bot.core.keyword_sets import KeywordSet
from bot.core.papers import Announcement, AnnounceType, Entry
from bot.core.schedule import Rhythm, Schedule
from bot.core.subscriptions import Subscription
from bot.flows import publish as publishing
from bot.flows.ingest import build_line

SUBSCRIPTIONS = 10_000
CASES = {"100 sets x 100": 100, "10,000 sets x 1": 10_000}
DAY_OF_PAPERS = 1_100
SEED = 20_260_602
RUNS = 3
MOST_SECONDS = 3.0
CATEGORY = "cs.CL"
DAY = date(2026, 6, 2)
NOW = datetime(2026, 6, 2, 4, 1, tzinfo=UTC)
SCHEDULES = (
    Schedule(),
    Schedule(at=clock_time(9), timezone="Europe/Berlin"),
    Schedule(Rhythm.WEEKLY, timezone="America/New_York", weekday=4),
)
# In the order in which they may be filled.
TABLES = (editions, edition_papers, deliveries, delivery_events)


def main() -> None:
    """Run everything and print a table; fail where planning takes too long."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("databases", nargs="*", metavar="DATABASE", help="sqlite, postgresql")
    parser.add_argument("--runs", type=int, default=RUNS)
    parser.add_argument("--papers", type=Path, default=PAPERS)
    parser.add_argument("--postgresql", metavar="URL", default=os.environ.get("DATABASE_URL"))
    arguments = parser.parse_args()
    unknown = set(arguments.databases) - set(DATABASES)
    if unknown:
        parser.error(f"no database {', '.join(unknown)}: there are {', '.join(DATABASES)}")
    where = arguments.papers if arguments.papers.exists() else "made-up papers"
    print(
        f"Python {sys.version.split()[0]}, {os.cpu_count()} cores, papers: {where}, seed {SEED},"
        f" {SUBSCRIPTIONS} subscriptions, {DAY_OF_PAPERS} papers, medians of {arguments.runs}"
    )
    print(
        f"  {'':<28} {'matching':>9} {'planning':>9} {'loading':>9} {'saving':>9}"
        f" {'rival':>9} {'rows':>8}"
    )
    slow = False
    for name in arguments.databases or DATABASES:
        with DATABASES[name](arguments.postgresql) as fresh:
            for case, number in CASES.items():
                runs = measure(fresh, draw_day(arguments.papers, number), arguments.runs)
                figures = {
                    column: statistics.median(getattr(each, column) for each in runs)
                    for column in ("matching", "planning", "loading", "saving", "rival")
                }
                shown = "".join(f" {seconds:>8.2f}s" for seconds in figures.values())
                print(f"  {f'{name}, {case}':<28}{shown} {runs[0].rows:>8}")
                slow = slow or figures["planning"] > MOST_SECONDS
    print(f"  {'':<28} {'':>9} {f'at most {MOST_SECONDS:.0f} s':>9}")
    sys.exit(int(slow))


@dataclass(frozen=True, slots=True)
class Run:
    """Seconds; `loading` and `saving` are the database's parts of planning."""

    matching: float
    planning: float
    loading: float
    saving: float
    rival: float
    rows: int


def draw_day(path: Path, number: int) -> tuple[list[KeywordSet], Announcement]:
    """Draw a day's papers, and sets of which each finds one of them or some."""
    papers = list(load_papers(path))
    day = papers[:: max(len(papers) // DAY_OF_PAPERS, 1)][:DAY_OF_PAPERS]
    entries = tuple(Entry(paper, AnnounceType.NEW) for paper in day)
    announcement = Announcement(CATEGORY, DAY, "benchmark", len(entries), entries)
    return draw_sets(day, number, SEED, keywords=1), announcement


def measure(fresh: "Fresh", day: tuple[list[KeywordSet], Announcement], number: int) -> list[Run]:
    """Publish a day so many times, each in a database of its own."""
    runs = []
    for _ in range(number):
        with fresh() as url:
            runs.append(run(url, *day))
    return runs


def run(url: str, sets: Sequence[KeywordSet], announcement: Announcement) -> Run:
    """Publish a day once, in an empty database."""
    with open_store(url) as store:
        store.save_announcement(announcement, build_line(announcement, frozenset()), NOW)
        each = SUBSCRIPTIONS // len(sets)
        wanted = (
            Subscription(
                *keyword_set.key,
                Destination(DestinationKind.EMAIL, f"person{number}@lab.example"),
                SCHEDULES[number % len(SCHEDULES)],
            )
            for keyword_set in sets
            for number in range(each)
        )
        store.sync_subscriptions("operator", wanted, NOW)
        matching, loading, saving = Stopwatch(), Stopwatch(), Stopwatch()
        with (
            matching.around(publishing, "build_matcher", "build_editions"),
            loading.around(store, "load_day", "edition_spans", "shown_keys", "load_subscriptions"),
            saving.around(store, "save_editions"),
        ):
            begun = time.perf_counter()
            published = publishing.publish(DAY, sets, store, categories=[CATEGORY], now=NOW)
            took = time.perf_counter() - begun
        assert sum(len(each.deliveries) for each in published) == SUBSCRIPTIONS
    rival, rows = measure_rival(url)
    return Run(
        matching.seconds, took - matching.seconds, loading.seconds, saving.seconds, rival, rows
    )


class Stopwatch:
    """Adds up the time that calls take."""

    def __init__(self) -> None:
        """Nothing was called yet."""
        self.seconds = 0.0

    @contextmanager
    def around(self, owner: object, *names: str) -> Iterator[None]:
        """Measure these functions of a module, or methods of an object, for a while."""
        before = {name: getattr(owner, name) for name in names}
        for name, function in before.items():
            setattr(owner, name, self._timed(function))
        try:
            yield
        finally:
            for name, function in before.items():
                setattr(owner, name, function)

    def _timed(self, function: Callable[..., Any]) -> Callable[..., Any]:
        def timed(*arguments: Any, **named: Any) -> Any:  # noqa: ANN401 - whatever it takes
            begun = time.perf_counter()
            try:
                return function(*arguments, **named)
            finally:
                self.seconds += time.perf_counter() - begun

        return timed


def measure_rival(url: str) -> tuple[float, int]:
    """Take all rows out again and put them back by plain INSERTs; return seconds and rows."""
    engine = create_engine(make_url(url))
    with engine.begin() as connection:
        rows = {
            table.name: [tuple(row) for row in connection.execute(select(table))]
            for table in TABLES
        }
        if connection.dialect.name == "sqlite":
            for table in reversed(TABLES):
                connection.execute(delete(table))
        else:
            connection.execute(text("TRUNCATE editions, deliveries CASCADE"))
    engine.dispose()
    fill = fill_sqlite if url.startswith("sqlite") else fill_postgresql
    return fill(url, rows), sum(map(len, rows.values()))


Rows = dict[str, list[tuple[Any, ...]]]


def fill_sqlite(url: str, rows: Rows) -> float:
    """Insert rows by table; return seconds."""
    with closing(sqlite3.connect(make_url(url).database or "", isolation_level=None)) as plain:
        plain.execute("PRAGMA foreign_keys=ON")
        plain.execute("PRAGMA synchronous=FULL")
        begun = time.perf_counter()
        plain.execute("BEGIN IMMEDIATE")
        for name, some in rows.items():
            plain.executemany(build_insert(name, "?"), some)
        plain.execute("COMMIT")
        return time.perf_counter() - begun


def fill_postgresql(url: str, rows: Rows) -> float:
    """Insert rows by table; return seconds."""
    conninfo = make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(conninfo) as plain, plain.cursor() as cursor:
        begun = time.perf_counter()
        for name, some in rows.items():
            cursor.executemany(build_insert(name, "%s").encode(), some)
        plain.commit()
        return time.perf_counter() - begun


def build_insert(name: str, mark: str) -> str:
    """Write the INSERT of a whole row."""
    columns = metadata.tables[name].c.keys()
    marks = ", ".join([mark] * len(columns))
    return f"INSERT INTO {name} ({', '.join(columns)}) VALUES ({marks})"  # noqa: S608 - our own


Fresh = Callable[[], AbstractContextManager[str]]


@contextmanager
def find_files(_named: str | None) -> Iterator[Fresh]:
    """Give what makes SQLite files."""

    @contextmanager
    def fresh() -> Iterator[str]:
        with tempfile.TemporaryDirectory() as folder:
            yield f"sqlite:///{folder}/papers.db"

    yield fresh


@contextmanager
def find_databases(named: str | None) -> Iterator[Fresh]:
    """Give what makes databases on a PostgreSQL server."""
    with find_server(named) as server:
        yield lambda: fresh_database(server)


DATABASES: dict[str, Callable[[str | None], AbstractContextManager[Fresh]]] = {
    "sqlite": find_files,
    "postgresql": find_databases,
}

if __name__ == "__main__":
    main()
