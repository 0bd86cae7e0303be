"""Digests composed and handed to a mail server a second, beside Postfix's own sender.

python -m benchmarks.mail [--mails 3000] [--sets 100] [--papers 12] [--connections 10]

Needs smtp-sink and smtp-source (apt-get install postfix). Each mail is composed anew for a reader
of its own from an edition that is loaded anew, as the ledger loads it; the sender's mails have the
same size. Targets: a mail composed in well under 1 ms, and a tenth of smtp-source's rate.
"""

import argparse
import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import UTC, date, datetime
from itertools import islice
from pathlib import Path
from types import MappingProxyType

import jinja2

from benchmarks.data import PAPERS, load_papers
from bot.adapters.smtp.mailer import Mailbox, Mailer
from bot.adapters.smtp.pool import Pool
from bot.config.mail import Relay, Security
from bot.core.editions import BatchState, CategoryReceipt, Edition, Item, Receipt, SetSummary
from bot.core.explaining import explain
from bot.core.keyword_sets import KeywordSet
from bot.core.matching import Matcher
from bot.core.papers import AnnounceType
from bot.core.parsing import parse_set
from bot.core.words import prepare
from bot.render.email import Composer, Letterhead, Recipient, Section
from bot.render.templates import build_environment
from tests.fakes.domains import OwnDomains

PATH = f"/usr/sbin:{os.environ.get('PATH', '')}"
DAY = date(2025, 12, 4)
NOW = datetime(2025, 12, 4, 8, tzinfo=UTC)


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--papers-file", type=Path, default=PAPERS)
    parser.add_argument("--mails", type=int, default=3000)
    parser.add_argument("--sets", type=int, default=100)
    parser.add_argument("--papers", type=int, default=12)
    parser.add_argument("--connections", type=int, default=10)
    arguments = parser.parse_args()
    templates = Path(__file__).parents[1] / "templates"
    composer = Composer(
        build_environment(jinja2.FileSystemLoader(templates)),
        Letterhead("digest@lab.example", base_url="https://papers.lab.example"),
    )
    editions = build_editions(arguments.papers_file, arguments.sets, arguments.papers)

    def write(number: int) -> tuple[str, bytes]:
        recipient = Recipient(
            f"reader{number}@example.org",
            "You asked for it.",
            f"https://papers.lab.example/u/{number:064x}",
            preferences_url=f"https://papers.lab.example/preferences/{number:064x}",
        )
        section = Section(load_anew(editions[number % len(editions)]))
        began = time.perf_counter()
        letter = composer.write([section], recipient, f"{number:032x}")
        spent.append(time.perf_counter() - began)
        return recipient.address, letter.dated(NOW)

    spent: list[float] = []
    sizes = [len(write(number)[1]) for number in range(arguments.sets)]
    size = sum(sizes) // len(sizes)
    print(f"first mail of each set: {1e3 * sum(spent) / len(spent):.2f} ms, {size} bytes")
    spent.clear()
    for number in range(1000):
        write(number)
    spent.sort()
    print(f"every other mail: p50 {1e3 * spent[500]:.3f} ms, p95 {1e3 * spent[950]:.3f} ms")
    with open_sink() as port:
        began = time.perf_counter()
        subprocess.run(
            [
                "smtp-source", "-d", "-s", str(arguments.connections), "-m", str(arguments.mails),
                "-l", str(size), f"127.0.0.1:{port}",
            ],
            check=True,
            env={"PATH": PATH},
        )  # fmt: skip
        theirs = arguments.mails / (time.perf_counter() - began)
    with open_sink() as port:
        pool = Pool(Relay("127.0.0.1", port, Security.NONE), "lab.example")
        mailer = Mailer(pool, OwnDomains(), Mailbox("bounces@lab.example", "s" * 32))

        def send(number: int) -> None:
            address, data = write(number)
            mailer.send(address, f"{number:032x}", len(data), lambda: data)

        began = time.perf_counter()
        with ThreadPoolExecutor(arguments.connections) as threads:
            for _ in threads.map(send, range(arguments.mails)):
                pass
        ours = arguments.mails / (time.perf_counter() - began)
        mailer.close()
    print(f"mails a second: {ours:.0f} composed and sent, smtp-source {theirs:.0f}", end="")
    print(f" ({ours / theirs:.2f}x)")


def build_editions(path: Path, sets: int, size: int) -> list[Edition]:
    """Make editions of real papers that hold one of a few words each."""
    words = ("model", "image", "learning", "graph", "robot", "language", "agent", "video")
    matcher = Matcher([parse_set(KeywordSet("words", tuple((word,) for word in words)))])
    papers = iter(load_papers(path))
    editions = []
    for number in range(sets):
        items = []
        for paper in islice(papers, size):
            hits = explain(matcher, paper, prepare(paper), [0])
            items.append(Item(paper, AnnounceType.NEW, hits.get(0, ())))
        line = CategoryReceipt("cs.CV", DAY, BatchState.COMPLETE, 400, 400)
        receipt = Receipt(DAY, 400, 400, (line,))
        summary = SetSummary(f"Set {number}", ("word",))
        editions.append(Edition(summary, DAY, tuple(items), receipt))
    return editions


def load_anew(edition: Edition) -> Edition:
    """Copy an edition as a database gives it: equal, and made of other objects."""
    return replace(
        edition,
        items=tuple(
            replace(
                item,
                paper=replace(
                    item.paper, abstract=item.paper.abstract[:1] + item.paper.abstract[1:]
                ),
                hits=tuple(replace(hit) for hit in item.hits),
                kinds=MappingProxyType(dict(item.kinds)),
            )
            for item in edition.items
        ),
    )


@contextmanager
def open_sink() -> Iterator[int]:
    """Start a server that takes any mail and forgets it; give its port."""
    program = shutil.which("smtp-sink", path=PATH)
    assert program, "smtp-sink is missing: apt-get install postfix"
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    user = ["-u", "nobody"] if os.geteuid() == 0 else []
    with subprocess.Popen([program, *user, f"127.0.0.1:{port}", "200"]) as sink:
        for _ in range(100):
            with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
                break
            time.sleep(0.05)
        yield port
        sink.kill()


if __name__ == "__main__":
    main()
