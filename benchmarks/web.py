"""How many requests a second the site answers, with 100,000 papers stored.

Each figure stands beside that of /healthz, which no page can beat, in the same run. wrk
(apt-get install wrk) asks over 32 connections, on this machine alone.

    python -m benchmarks.web [--papers 100000] [--seconds 10] [--database FILE]
"""

import argparse
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import islice
from pathlib import Path

from benchmarks.data import PAPERS, load_papers, make_papers
from bot.adapters.store import Store, open_store
from bot.core.editions import BatchState, CategoryReceipt
from bot.core.keyword_sets import KeywordSet
from bot.core.papers import Announcement, AnnounceType, Entry, Paper
from bot.flows.publish import publish

A_DAY = 400
LAST = date(2025, 12, 4)
SET = KeywordSet("Measured", keywords=(("language model",), ("ba",)))
TARGET, TARGET_CONDITIONAL, TARGET_MS = 300, 900, 250
CONFIG = """
[database]
url = "sqlite:///{database}"
[arxiv]
categories = ["cs.CL"]
[[sets]]
name = "Measured"
keywords = ["language model", "ba"]
public = true
"""


def number_papers(papers: int) -> Iterator[Paper]:
    """Yield so many papers with ids of their own, real texts again and again."""
    known = list(load_papers(PAPERS, papers)) if PAPERS.exists() else list(make_papers(2000))
    for count in range(papers):
        month, number = divmod(count, 90_000)
        name = f"24{month + 1:02}.{number + 10_000:05}"
        yield replace(known[count % len(known)], base_id=name, categories=("cs.CL",))


def fill(store: Store, papers: int) -> None:
    """Store papers, 400 a day, and publish the last 30 days."""
    days = -(-papers // A_DAY)
    coming = number_papers(papers)
    for back in range(days - 1, -1, -1):
        day = LAST - timedelta(days=back)
        entries = tuple(Entry(paper, AnnounceType.NEW) for paper in islice(coming, A_DAY))
        number = len(entries)
        announcement = Announcement("cs.CL", day, "https://arxiv.example/", number, entries)
        line = CategoryReceipt("cs.CL", day, BatchState.COMPLETE, number, number, number)
        at = datetime(day.year, day.month, day.day, 1, tzinfo=UTC)
        store.save_announcement(announcement, line, at)
        if back < 30:
            publish(day, [SET], store, categories=("cs.CL",), now=at)


def measure(url: str, seconds: int, *headers: str) -> tuple[float, float, int]:
    """Return requests a second, the 99th percentile in milliseconds, and bad answers."""
    command = ["wrk", "-t1", "-c32", f"-d{seconds}s", "--latency"]
    command += [part for header in headers for part in ("-H", header)]
    told = subprocess.run([*command, url], capture_output=True, text=True, check=True).stdout
    rate = float(re.search(r"Requests/sec:\s+([\d.]+)", told)[1])  # type: ignore[index]
    slow = re.search(r"99%\s+([\d.]+)(us|ms|s)", told)
    bad = re.search(r"Non-2xx or 3xx responses: (\d+)", told)
    assert slow
    scale = {"us": 0.001, "ms": 1.0, "s": 1000.0}[slow[2]]
    return rate, float(slow[1]) * scale, int(bad[1]) if bad else 0


def serve(folder: Path, database: Path) -> tuple[subprocess.Popen[bytes], str]:
    """Start `papers web` and wait until it answers."""
    config = folder / "config.toml"
    config.write_text(CONFIG.format(database=database))
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "bot", "web", "--config", str(config), "--port", str(port)]
    process = subprocess.Popen(command, stderr=subprocess.DEVNULL)
    home = f"http://127.0.0.1:{port}"
    for _ in range(200):
        try:
            urllib.request.urlopen(f"{home}/healthz").close()  # noqa: S310 - our own
        except OSError:
            time.sleep(0.1)
        else:
            return process, home
    sys.exit("the site does not answer")


def main() -> None:
    """Measure and compare with the targets."""
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    options.add_argument("--papers", type=int, default=100_000)
    options.add_argument("--seconds", type=int, default=10)
    options.add_argument("--database", type=Path)
    asked = options.parse_args()
    if not shutil.which("wrk"):
        sys.exit("wrk is not installed: apt-get install wrk")
    with tempfile.TemporaryDirectory() as name:
        database = asked.database or Path(name) / "papers.db"
        with open_store(f"sqlite:///{database}") as store:
            if not store.count():
                fill(store, asked.papers)
            print(f"{store.count()} papers stored")
        process, home = serve(Path(name), database)
        try:
            edition = f"{home}/sets/Measured/{LAST.isoformat()}"
            with urllib.request.urlopen(edition) as answer:  # noqa: S310 - our own
                size, tag = len(answer.read()), answer.headers["ETag"]
            print(f"an edition's page has {size / 1024:.0f} KB")
            figures = {}
            for title, url, headers in (
                ("/healthz", f"{home}/healthz", ()),
                ("an edition", edition, ()),
                ("an edition, packed", edition, ("Accept-Encoding: gzip",)),
                ("an edition, known already", edition, (f"If-None-Match: {tag}",)),
                ("a set", f"{home}/sets/Measured", ()),
                ("the list of sets", f"{home}/", ()),
                ("a feed", f"{home}/sets/Measured/feed.atom", ()),
                ("a search", f"{home}/search?q=language+model", ()),
            ):
                rate, slow, bad = measure(url, asked.seconds, *headers)
                figures[title] = rate
                print(f"{title:28} {rate:8.0f} requests/s  p99 {slow:7.1f} ms  {bad} bad")
                if title == "an edition":
                    assert slow < TARGET_MS, slow
            assert figures["an edition"] >= TARGET
            assert figures["an edition, known already"] >= TARGET_CONDITIONAL
        finally:
            process.terminate()
            process.wait(10)


if __name__ == "__main__":
    main()
