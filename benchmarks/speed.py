"""Measure what has a target, each figure beside a rival in the same run.

python -m benchmarks.speed [matching many-sets start digest memory search]

Times are medians of several runs; machines are noisy, so ratios say more than seconds.
"""

import argparse
import os
import resource
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from itertools import islice
from pathlib import Path

from ahocorasick_rs import AhoCorasick

from benchmarks.data import PAPERS, SHARED, draw_sets, load_papers, repeat_papers
from bot.adapters.store import Store, open_store
from bot.core.keyword_sets import KeywordSet
from bot.core.matching import Matcher
from bot.core.papers import Announcement, AnnounceType, Entry, Paper
from bot.core.words import Prepared, prepare
from bot.flows.ingest import build_line
from bot.flows.publish import build_editions, build_matcher

DAY_OF_PAPERS = 1_100
SETS = 10_000
STORED = 100_000
SEED = 20_260_602
FEEDS = SHARED / "days" / "2025-12-04" / "feeds"
TOPICS = SHARED / "reference-topics.toml"


def main() -> None:
    """Run the benchmarks named, or all of them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(BENCHMARKS))
    parser.add_argument("--papers", type=Path, default=PAPERS)
    parser.add_argument("--fill", metavar="URL", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.fill:
        fill_store(arguments.fill, arguments.papers)
        return
    unknown = set(arguments.names) - set(BENCHMARKS)
    if unknown:
        parser.error(f"no benchmark {', '.join(unknown)}: there are {', '.join(BENCHMARKS)}")
    where = arguments.papers if arguments.papers.exists() else "made-up papers"
    print(f"Python {sys.version.split()[0]}, {os.cpu_count()} cores, papers: {where}, seed {SEED}")
    for name in arguments.names or BENCHMARKS:
        print(f"\n{name}")
        for figure, ours, rival, target in BENCHMARKS[name](arguments.papers):
            print(f"  {figure:<44} {ours:>12}  {rival:<38} {target}")


Row = tuple[str, str, str, str]


def measure(work: Callable[..., object], *arguments: object, runs: int = 5) -> float:
    """Return the median time of several runs, in seconds."""
    times = []
    for _ in range(runs):
        begun = time.perf_counter()
        work(*arguments)
        times.append(time.perf_counter() - begun)
    return statistics.median(times)


def measure_process(command: list[str], runs: int = 7) -> tuple[float, float]:
    """Return a process's median time in seconds and its peak memory in MB; a new folder a run."""
    times = []
    for _ in range(runs):
        with tempfile.TemporaryDirectory() as folder:
            begun = time.perf_counter()
            subprocess.run(command, cwd=folder, check=False, capture_output=True)
            times.append(time.perf_counter() - begun)
    return statistics.median(times), peak_memory(command)


def peak_memory(command: list[str]) -> float:
    """Return the peak memory of a process in MB; asked of a process that waits for it alone."""
    code = (
        "import resource, subprocess, sys;"
        "subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL);"
        "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)"
    )
    with tempfile.TemporaryDirectory() as folder:
        told = subprocess.run(
            [sys.executable, "-c", code, *command], cwd=folder, check=True, capture_output=True
        )
    return int(told.stdout) / 1024


def scan_bare(bare: AhoCorasick, texts: list[str]) -> None:
    """Let a bare automaton find every keyword in every text, and do nothing with it."""
    for text in texts:
        bare.find_matches_as_indexes(text, overlapping=True)


def match(matcher: Matcher, papers: list[tuple[Paper, Prepared]]) -> int:
    """Match papers and count the pairs of paper and set."""
    return sum(len(matcher.match(paper, prepared)) for paper, prepared in papers)


def reference_rule(sets: list[KeywordSet], papers: list[Paper]) -> int:
    """Match as the reference system does: every keyword against every paper's lower-cased text."""
    return sum(
        any(
            all(part.lower() in f"{paper.title} {paper.abstract}".lower() for part in parts)
            for parts in keyword_set.keywords
        )
        for paper in papers
        for keyword_set in sets
    )


def measure_matching(path: Path) -> Iterator[Row]:
    """Yield: preparing, building, and one day's papers against 10,000 sets."""
    papers = list(load_papers(path))
    sets = draw_sets(papers, SETS, SEED)
    day = papers[:: max(len(papers) // DAY_OF_PAPERS, 1)][:DAY_OF_PAPERS]
    del papers
    each = [measure(prepare, paper, runs=3) for paper in day]
    yield (
        "preparing a paper, median",
        f"{1000 * statistics.median(each):.3f} ms",
        f"slowest of {len(day)}: {1000 * max(each):.3f} ms",
        "at most 1 ms",
    )
    building = measure(build_matcher, sets, runs=3)
    keywords = sorted({parts[0].lower() for each in sets for parts in each.keywords})
    bare_building = measure(AhoCorasick, keywords, runs=3)
    yield (
        f"building the matcher, {SETS} sets",
        f"{building:.2f} s",
        f"bare automaton alone {bare_building:.2f} s",
        "at most 2 s",
    )
    matcher = build_matcher(sets)
    ready = [(paper, prepare(paper)) for paper in day]
    bare = AhoCorasick(keywords)
    texts = [prepared.text for _, prepared in ready]
    ours, scan = [], []
    for _ in range(7):
        scan.append(measure(scan_bare, bare, texts, runs=1))
        ours.append(measure(match, matcher, ready, runs=1))
    ratio = statistics.median(mine / other for mine, other in zip(ours, scan, strict=True))
    mine = statistics.median(ours)
    yield (
        f"{len(day)} papers against {SETS} sets",
        f"{mine:.3f} s",
        f"bare automaton {statistics.median(scan):.3f} s: {ratio:.1f}x",
        "at most 5x",
    )
    few = day[::50]
    theirs = measure(reference_rule, sets, few, runs=1) * len(day) / len(few)
    yield (
        "  the same",
        f"{mine:.3f} s",
        f"reference's rule {theirs:.0f} s: {theirs / mine:.0f}x faster",
        "at least 150x",
    )
    pairs = match(matcher, ready)
    yield ("  pairs of paper and set found", f"{pairs}", "", "")


def measure_many_sets(path: Path) -> Iterator[Row]:
    """Yield: 100,000 sets beside 10,000."""
    papers = list(load_papers(path))
    day = papers[:: max(len(papers) // DAY_OF_PAPERS, 1)][:DAY_OF_PAPERS]
    ready = [(paper, prepare(paper)) for paper in day]
    times = {}
    for number in (SETS, 10 * SETS):
        matcher = build_matcher(draw_sets(papers, number, SEED))
        times[number] = measure(match, matcher, ready)
        del matcher
    yield (
        f"{len(day)} papers against {10 * SETS} sets",
        f"{times[10 * SETS]:.3f} s",
        f"{SETS} sets {times[SETS]:.3f} s: {times[10 * SETS] / times[SETS]:.1f}x",
        "at most 12x",
    )


def measure_start(_path: Path) -> Iterator[Row]:
    """Yield: `papers --help`."""
    ours, memory = measure_process([sys.executable, "-m", "bot", "--help"])
    rival, _ = measure_process([sys.executable, "-c", "import click"])
    yield (
        "papers --help",
        f"{ours:.3f} s",
        f"importing click alone {rival:.3f} s",
        "at most 0.25 s",
    )
    yield ("  its memory", f"{memory:.0f} MB", "", "")


def measure_digest(_path: Path) -> Iterator[Row]:
    """Yield: a whole cold `papers digest`, six feeds and eight sets, beside a plain script."""
    if not FEEDS.exists():
        yield ("papers digest", "not run", f"needs {FEEDS}", "")
        return
    command = [sys.executable, "-m", "bot", "digest", "--config", str(TOPICS), "--source"]
    command += [str(FEEDS), "--date", "2025-12-04", "--format", "markdown"]
    ours, memory = measure_process(command)
    plain = [sys.executable, str(Path(__file__).with_name("plain.py")), str(FEEDS), str(TOPICS)]
    rival, other = measure_process(plain)
    yield (
        "papers digest, 6 feeds, 8 sets, cold",
        f"{ours:.2f} s",
        f"plain script without a database {rival:.2f} s",
        "at most 1.4 s",
    )
    yield ("  its memory", f"{memory:.0f} MB", f"plain script {other:.0f} MB", "at most 130 MB")


def measure_memory(path: Path) -> Iterator[Row]:
    """Yield: a process that has stored 100,000 papers and loaded 10,000 sets."""
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{folder}/papers.db"
        command = [sys.executable, "-m", "benchmarks.speed", "--fill", url, "--papers", str(path)]
        begun = time.perf_counter()
        told = subprocess.run(command, check=True, capture_output=True, text=True)
        took = time.perf_counter() - begun
        size = Path(folder, "papers.db").stat().st_size / 2**20
    filled, peak = told.stdout.split()
    yield (
        f"{filled} papers stored, {SETS} sets loaded",
        f"{peak} MB",
        f"the database file {size:.0f} MB, {took:.0f} s",
        "at most 400 MB",
    )


def fill_store(url: str, path: Path) -> None:
    """Store 100,000 papers day by day, load 10,000 sets, match a day; print papers and peak MB."""
    few = list(load_papers(path, 5_000))
    sets = draw_sets(few, SETS, SEED)
    categories = ("cs.CL",)
    with open_store(url) as store:
        save_papers(store, repeat_papers(few, STORED))
        del few
        matcher = build_matcher(sets)
        newest = store.newest_day(categories)
        assert newest is not None
        build_editions(store.load_day(newest, categories), sets, matcher)
        print(store.count(), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024)


def save_papers(store: Store, papers: Iterator[Paper]) -> None:
    """Save papers as announcements of a day's size, as ingest does."""
    day = date(2025, 1, 1)
    while batch := tuple(islice(papers, DAY_OF_PAPERS)):
        entries = tuple(Entry(paper, AnnounceType.NEW) for paper in batch)
        announcement = Announcement("cs.CL", day, "benchmark", len(entries), entries)
        store.save_announcement(
            announcement, build_line(announcement, frozenset()), datetime.now(UTC)
        )
        day += timedelta(days=1)


def measure_search(path: Path) -> Iterator[Row]:
    """Yield: full-text search over 100,000 papers beside a scan of the text."""
    with tempfile.TemporaryDirectory() as folder:
        with open_store(f"sqlite:///{folder}/papers.db") as store:
            save_papers(store, repeat_papers(list(load_papers(path)), STORED))
            times = {words: measure(store.search, words, 20) for words in SEARCHES}
        median = 1000 * statistics.median(times.values())
        slowest = max(times, key=times.__getitem__)
        with sqlite3.connect(f"{folder}/papers.db") as plain:
            rival = measure(scan_plain, plain, runs=3)
        plain.close()
    yield (
        f"papers search over {STORED} papers, median",
        f"{median:.1f} ms",
        f"LIKE over the table {1000 * rival:.0f} ms",
        "at most 50 ms",
    )
    yield (f"  slowest ({slowest!r})", f"{1000 * times[slowest]:.1f} ms", "", "")


def scan_plain(database: sqlite3.Connection) -> None:
    """Look for a word in every row, as without an index."""
    scan = "SELECT base_id FROM papers WHERE title || abstract LIKE ? LIMIT 20"
    database.execute(scan, ("%zyzzyva%",)).fetchall()


SEARCHES = (
    "diffusion", "vision language model", "learning", "the", "grasp*", "graph neural network",
    '"large language model"', "poincare", "robot manipulation policy", "benchmark agents",
)  # fmt: skip

BENCHMARKS: dict[str, Callable[[Path], Iterator[Row]]] = {
    "matching": measure_matching,
    "many-sets": measure_many_sets,
    "start": measure_start,
    "digest": measure_digest,
    "memory": measure_memory,
    "search": measure_search,
}

if __name__ == "__main__":
    main()
