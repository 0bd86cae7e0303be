"""Measure digests to a Slack: against what its rates allow, and what their blocks cost to build.

python -m benchmarks.slack [--channels N] [--papers N] [--speed N] [--workers N]

Slack is the tests' fake, in a process of its own, which counts time `speed` times as fast and
refuses whatever comes too fast, as Slack does: one message a second in a channel, and the
configuration's posts a minute in a workspace. Building is shown beside slack_sdk's own models,
which make a section of title and abstract a paper and look after no limit of a message.
Acknowledgements are those of `/papers list` over either transport, one after the other, while the
database is free and while another process has locked it; beside them, over HTTP, the same server's
answer to a page that does not exist.
"""

import argparse
import os
import sqlite3
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from contextlib import closing
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import httpx
from slack_sdk.models.blocks import MarkdownTextObject, SectionBlock

from benchmarks.data import PAPERS, load_papers
from bot.adapters.slack.client import SlackClients
from bot.adapters.slack.history import PaperReader
from bot.adapters.slack.places import Places
from bot.adapters.slack.rates import POST, Rates
from bot.adapters.slack.sender import SlackSender
from bot.adapters.store import Store, open_store
from bot.adapters.timing import SystemClock
from bot.config.slack import Transport
from bot.core.editions import (
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
from bot.core.retrying import Pace
from bot.core.schedule import Slot
from bot.core.subscriptions import Frozen, Plan, Subscription
from bot.flows.deliver import Outcome, Result, Terms, deliver
from bot.flows.draining import Drain
from bot.flows.ingest import build_line
from bot.render import view
from bot.render.slack.digest import build_digest
from tests.edges.slack_app.conftest import Lab, run_lab
from tests.fakes.slack_api.process import Posted, SlackProcess
from tests.fakes.slack_api.rates import Rates as SlacksRates

CHANNELS, PAPERS_EACH = 500, 33
SPEED, WORKERS = 4.0, 8
PER_MINUTE = 240
CHANNEL_EVERY_S = 1.05
MOST_RATIO, MOST_MS, MOST_ACK_MS = 1.15, 1.0, 100.0
ACKS, ACKS_LOCKED = 300, 100
DAY = date(2026, 6, 2)
CATEGORY = "cs.CL"
TEAM = "T0LAB"
LAB = KeywordSet("Language models", keywords=(("language model",), ("benchmark",)))
RUNS = 5


def main() -> None:
    """Run everything and print a table; fail where a figure is beyond its bound."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--channels", type=int, default=CHANNELS)
    parser.add_argument("--papers", type=int, default=PAPERS_EACH)
    parser.add_argument("--speed", type=float, default=SPEED)
    parser.add_argument("--workers", type=int, default=WORKERS)
    parser.add_argument("--from", dest="path", type=Path, default=PAPERS)
    arguments = parser.parse_args()
    papers = draw_papers(arguments.path, arguments.papers)
    print(f"Python {sys.version.split()[0]}, {os.cpu_count()} cores, {len(papers)} papers a digest")
    built, plain = measure_building(make_edition(papers))
    print(f"  building a digest: {built:.2f} ms a paper; plain sections: {plain:.2f} ms")
    slowest = max(measure_acks(transport) for transport in Transport)
    ratio = measure_posting(papers, arguments.channels, arguments.speed, arguments.workers)
    sys.exit(int(built > MOST_MS or ratio > MOST_RATIO or slowest > MOST_ACK_MS))


def measure_building(edition: Edition) -> tuple[float, float]:
    """Return milliseconds a paper, ours and plain; each run reads every paper anew."""
    ours, rivals = [], []
    for _ in range(RUNS):
        view.display.cache_clear()
        view.display_names.cache_clear()
        began = time.perf_counter()
        build_digest(edition, key="benchmark", set_ref="config/Language models", subscription_id=7)
        ours.append(time.perf_counter() - began)
        began = time.perf_counter()
        for item in edition.items:
            build_plainly(item.paper)
        rivals.append(time.perf_counter() - began)
    each = 1000 / len(edition.items)
    return statistics.median(ours) * each, statistics.median(rivals) * each


def build_plainly(paper: Paper) -> dict[str, object]:
    """Build a paper as slack_sdk's own models do."""
    text = f"*<{paper.url}|{paper.title[:300]}>*\n{', '.join(paper.authors)[:300]}"
    block = SectionBlock(text=MarkdownTextObject(text=f"{text}\n{paper.abstract[:400]}"))
    built: dict[str, object] = block.to_dict()
    return built


def measure_acks(transport: Transport) -> float:
    """Return the 99th percentile of acknowledgements while the database is locked, in ms."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "papers.db"
        with run_lab(f"sqlite:///{path}", transport) as lab:
            lab.ada.command("/papers help", lab.papers).wait_response(1)
            free = [time_ack(lab) for _ in range(ACKS)]
            missing = time_missing(lab) if transport is Transport.HTTP else []
            with closing(sqlite3.connect(path, isolation_level=None)) as other:
                other.execute("BEGIN EXCLUSIVE")
                locked = [time_ack(lab) for _ in range(ACKS_LOCKED)]
                other.execute("ROLLBACK")
    print(
        f"  acknowledged over {transport}, median and 99th percentile: {say(free)};"
        f" database locked: {say(locked)}" + (f"; no such page: {say(missing)}" if missing else "")
    )
    return percentile(locked)


def time_ack(lab: Lab) -> float:
    """Type a command; return milliseconds until it is acknowledged."""
    done = lab.ada.command("/papers list", lab.papers)
    assert done.ack.ok
    return done.ack.seconds * 1000


def time_missing(lab: Lab) -> list[float]:
    """Ask for a page that does not exist, as often as for commands."""
    took = []
    with httpx.Client() as client:
        for _ in range(ACKS):
            began = time.perf_counter()
            assert client.get(f"{lab.slack.events_url}/nothing").status_code == 404
            took.append((time.perf_counter() - began) * 1000)
    return took


def percentile(figures: Sequence[float]) -> float:
    """Return the 99th percentile."""
    return statistics.quantiles(figures, n=100)[98]


def say(figures: Sequence[float]) -> str:
    """Say a median and a 99th percentile."""
    return f"{statistics.median(figures):.1f} and {percentile(figures):.1f} ms"


def measure_posting(papers: Sequence[Paper], channels: int, speed: float, workers: int) -> float:
    """Deliver to every channel; return how much longer that takes than the rates ask for."""
    # Nothing of the fake's is taken before its time but for the way there: that is not scaled.
    rates = SlacksRates(team_per_minute=PER_MINUTE, grace=0.01 * speed)
    with (
        SlackProcess(rates, speed=speed, retry_after="float", check=False) as slack,
        tempfile.TemporaryDirectory() as folder,
        open_store(f"sqlite:///{folder}/papers.db") as store,
    ):
        token = slack.add_team(TEAM, [(name_channel(n), f"room-{n}") for n in range(channels)])
        plan(store, papers, channels)
        began = time.monotonic()
        drain(store, build_sender(store, slack.url, token, speed), channels, workers, speed)
        took = (time.monotonic() - began) * speed
        posted = slack.posted()
        refused = sum(status == 429 for method, _, status, *_ in slack.calls() if method == POST)
    assert {each.payload["part"] for each in posted} >= {1, 2}
    assert len({(each.channel, each.payload["part"]) for each in posted}) == len(posted)
    allowed = allow(posted)
    ratio = took / allowed
    print(
        f"  {channels} channels, {len(posted)} messages, {workers} at once: {took:.0f} s of"
        f" Slack's; the rates ask for {allowed:.0f} s: {ratio:.2f}x (at most {MOST_RATIO});"
        f" {refused} refused as too fast"
    )
    return ratio


def allow(posted: Sequence[Posted]) -> float:
    """Return how many seconds the rates ask for: all of the workspace, or one channel alone."""
    longest = max(each.payload["part"] for each in posted)
    return max(len(posted) * 60 / PER_MINUTE, float(longest))


def build_sender(store: Store, url: str, token: str, speed: float) -> SlackSender:
    """Build what posts, with its rates as much faster as the fake's."""
    rates = Rates(store, PER_MINUTE * speed, channel_every_s=CHANNEL_EVERY_S / speed)
    clients = SlackClients(rates, api_url=url, home_token=token)
    return SlackSender(clients, Places(clients), PaperReader(clients, store), store)


def drain(store: Store, sender: SlackSender, number: int, workers: int, speed: float) -> None:
    """Deliver all, as a process on SQLite does."""
    stop, done = threading.Event(), []
    clock = SystemClock()
    pace = Pace(interval=timedelta(seconds=1 / speed), alone=True)
    terms = Terms(paces={DestinationKind.CHANNEL: pace})

    def report(_number: int, outcome: Outcome) -> None:
        if outcome.result is Result.BUSY:
            return
        assert outcome.result is Result.SENT, outcome
        done.append(outcome)
        if len(done) == number:
            stop.set()

    Drain(
        store,
        lambda each, seen: deliver(
            each, store, {DestinationKind.CHANNEL: sender}, clock, terms, seen=seen
        ),
        clock,
        workers=workers,
        look_after=timedelta(minutes=2),
        report=report,
        trouble=fail,
        idle=0.1,
    ).run(stop)


def fail(what: object) -> None:
    """End this process: nothing may go wrong in a measurement."""
    print(what, file=sys.stderr)
    os._exit(1)


def plan(store: Store, papers: Sequence[Paper], channels: int) -> None:
    """Plan a digest of these papers for every channel."""
    now = datetime.now(UTC)
    entries = tuple(Entry(paper, AnnounceType.NEW) for paper in papers)
    announcement = Announcement(CATEGORY, DAY, "benchmark", len(entries), entries)
    store.save_announcement(announcement, build_line(announcement, frozenset()), now)
    subscriptions = store.sync_subscriptions(
        "benchmark",
        [
            Subscription(
                *LAB.key, Destination(DestinationKind.CHANNEL, f"{TEAM}/{name_channel(number)}")
            )
            for number in range(channels)
        ],
        now,
    )
    plans = tuple(Plan(each, Slot(DAY, now)) for each in subscriptions)
    (planned,) = store.save_editions([Frozen(LAB, make_edition(papers), plans)], now)
    assert len(planned or ()) == channels


def make_edition(papers: Sequence[Paper]) -> Edition:
    """Make an edition in which a word of each title was hit."""
    items = tuple(
        Item(paper, AnnounceType.NEW, (Hit("benchmark", Field.TITLE, 0, 4, paper.title[:4]),))
        for paper in papers
    )
    receipt = Receipt(DAY, len(items), len(items))
    return Edition(SetSummary(LAB.name, ("language model", "benchmark")), DAY, items, receipt)


def draw_papers(path: Path, number: int) -> tuple[Paper, ...]:
    """Draw so many papers from all over a file, or from made-up ones."""
    known = list(load_papers(path))
    drawn = known[:: max(len(known) // number, 1)][:number]
    return tuple(replace(paper, categories=(CATEGORY, *paper.categories[1:])) for paper in drawn)


def name_channel(number: int) -> str:
    """Name a channel as Slack does."""
    return f"C0{number:05}"


if __name__ == "__main__":
    main()
