"""Days of announcements in eight channels of a Slack: each matched paper once and in order.

Workers are real processes and Slack is another one, over the wire. They are killed, and every third
of Slack's answers is lost after the message was posted.
"""

import random
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

import pytest

from bot.adapters.arxiv.folder import FolderSource
from bot.adapters.queue import attach
from bot.adapters.store import Store, open_store
from bot.config import load_settings
from bot.core.editions import DeliveryState, Destination, DestinationKind
from bot.core.keyword_sets import DEFAULT_TYPES, KeywordSet
from bot.core.papers import Announcement
from bot.core.subscriptions import Subscription
from bot.flows.ingest import Ingest
from bot.flows.publish import publish
from bot.render.view import build_edition_view
from tests.crash.running import (
    FULL,
    Books,
    Nursery,
    draw_seed,
    wait_until_claimed,
    wait_until_settled,
)
from tests.crash.worker import FastClock, Job
from tests.fakes.papers import announce, make_paper
from tests.fakes.slack_api import LOST, Rule
from tests.fakes.slack_api.process import Posted, SlackProcess
from tests.fakes.sources import CannedSource

SHARED = Path(__file__).parents[3] / "shared" / "arxiv"
DAYS = ("2025-12-01", "2025-12-03", "2025-12-04", "2025-12-05", "2025-12-06", "2025-12-08")
CHANNELS = 8
TEAM = "T0LAB"
KILLS = 30
SECONDS = 240

# What each channel is to get: papers in the order in which a digest shows them, by day.
Wanted = dict[str, list[list[str]]]


@dataclass(frozen=True, slots=True)
class World:
    """Sets with a channel each, and what was announced on each day."""

    sets: tuple[KeywordSet, ...]
    categories: tuple[str, ...]
    days: tuple[tuple[date, Mapping[str, Announcement]], ...]

    def channel(self, number: int) -> str:
        return f"C0ROOM{number}"

    @property
    def rooms(self) -> list[tuple[str, str]]:
        """Every channel's id and name."""
        return [(self.channel(number), f"room-{number}") for number in range(CHANNELS)]


def load_world() -> World:
    settings = load_settings(SHARED / "reference-topics.toml", {})
    days = []
    for name in DAYS:
        source, day = FolderSource(SHARED / "days" / name / "feeds"), date.fromisoformat(name)
        days.append((day, {each: source.read(each, day) for each in settings.categories}))
    # A new version may overtake the digest that has the paper, which is then here already.
    sets = tuple(replace(each, types=DEFAULT_TYPES) for each in settings.sets[:CHANNELS])
    return World(sets, settings.categories, tuple(days))


def make_up_world() -> World:
    """Make up three days, on each of which some papers are for several channels."""
    words = [f"cloud{number}" for number in range(CHANNELS)]
    sets = tuple(KeywordSet(word.capitalize(), keywords=((word,),)) for word in words)
    days = []
    for place in range(3):
        day = date(2025, 12, 1 + place)
        papers = [
            make_paper(
                100 * place + number, abstract=f"On {words[number % 8]}, {words[number % 5]}."
            )
            for number in range(1, 60)
        ]
        days.append((day, {"cs.CV": announce(*papers, day=day)}))
    return World(sets, ("cs.CV",), tuple(days))


needs_real = pytest.mark.skipif(
    not SHARED.exists(), reason="../shared/arxiv holds real papers and is not here"
)


@pytest.fixture
def slack() -> Iterator[SlackProcess]:
    with SlackProcess() as running:
        yield running


def subscribe(world: World, store: Store, clock: FastClock) -> None:
    for number, keyword_set in enumerate(world.sets):
        place = Destination(DestinationKind.CHANNEL, f"{TEAM}/{world.channel(number)}")
        store.save_subscription(Subscription(*keyword_set.key, place), clock.now())


def publish_day(world: World, place: int, store: Store, clock: FastClock, wanted: Wanted) -> None:
    day, batches = world.days[place]
    Ingest(CannedSource(dict(batches)), store).run(day, world.categories, clock.now())
    problems: list[str] = []
    for each in publish(
        day,
        world.sets,
        store,
        categories=world.categories,
        now=clock.now(),
        report=problems.append,
    ):
        if each.edition.items:
            number = [known.name for known in world.sets].index(each.edition.set.name)
            papers = build_edition_view(each.edition).papers
            wanted.setdefault(world.channel(number), []).append(
                [paper.item.paper.base_id for paper in papers]
            )
    assert not problems


def check_channels(wanted: Wanted, posted: Sequence[Posted]) -> None:
    """Each channel has a message a digest, and below it each paper once and in order."""
    for channel, digests in wanted.items():
        here = [each for each in posted if each.channel == channel]
        threads: dict[str, list[Posted]] = {}
        for each in here:
            threads.setdefault(each.thread_ts or each.ts, []).append(each)
        shown = {first(papers): papers for papers in map(shown_papers, threads.values())}
        assert shown.keys() == {first(papers) for papers in digests}, channel
        for papers in digests:
            got = shown[first(papers)]
            assert got == papers, (channel, set(papers) ^ set(got), len(papers), len(got))
        for thread in threads.values():
            assert len({each.payload["key"] for each in thread}) == 1
            parts = [each.payload["part"] for each in thread]
            assert parts == list(range(1, len(thread) + 1)), channel
    assert {each.channel for each in posted} == set(wanted)


def first(papers: Sequence[str]) -> str:
    return papers[0] if papers else ""


def shown_papers(thread: Sequence[Posted]) -> list[str]:
    return [
        block["accessory"]["options"][0]["value"].partition(":")[2]
        for each in thread
        for block in each.blocks
        if block.get("accessory", {}).get("type") == "overflow"
    ]


@pytest.mark.parametrize(
    ("make_world", "database_url", "kills"),
    [
        (make_up_world, "sqlite", KILLS),
        (make_up_world, "postgresql", KILLS),
        pytest.param(load_world, "sqlite", 0, marks=needs_real),
        pytest.param(load_world, "postgresql", KILLS, marks=needs_real),
        *([pytest.param(load_world, "sqlite", KILLS, marks=needs_real)] if FULL else ()),
    ],
    indirect=["database_url"],
)
def test_every_matched_paper_reaches_its_channel_once_and_in_order(
    make_world: Callable[[], World], slack: SlackProcess, database_url: str, kills: int
) -> None:
    world = make_world()
    assert len(world.sets) == CHANNELS
    seed = draw_seed()
    chance = random.Random(seed)
    token = slack.add_team(TEAM, world.rooms)
    if kills:
        slack.misbehave(Rule(LOST, method="chat.postMessage", every=3))
    clock, wanted = FastClock(time.time()), Wanted()
    crew = 1 if database_url.startswith("sqlite") else 3
    with (
        Nursery() as nursery,
        Books(database_url) as books,
        open_store(database_url) as store,
    ):
        attach(store)
        subscribe(world, store, clock)
        job = Job(database_url, 9, clock.anchor, slack=slack.url, token=token)
        waiting = list(range(len(world.days)))
        publish_day(world, waiting.pop(0), store, clock, wanted)
        workers = [nursery.start(job) for _ in range(crew)]
        wait_until_claimed(books)
        killed = 0
        until = time.monotonic() + SECONDS
        while waiting or killed < kills:
            assert time.monotonic() < until
            if waiting and (killed >= kills or books.count_open() < CHANNELS // 2):
                publish_day(world, waiting.pop(0), store, clock, wanted)
            elif killed < kills and books.count_open():
                time.sleep(chance.uniform(0.05, 0.5))
                victim = chance.randrange(crew)
                nursery.kill(workers[victim])
                workers[victim] = nursery.start(job)
                killed += 1
            elif not waiting:
                break
            else:
                time.sleep(0.05)
        wait_until_settled(books, SECONDS)
        for worker in workers:
            nursery.stop(worker)
        lines = store.list_deliveries(limit=1000)
    assert {line.delivery.state for line in lines} == {DeliveryState.SENT}
    posted = slack.posted()
    check_channels(wanted, posted)
    lost = sum(drop == "acted" for *_, drop in slack.calls())
    print(f"{len(lines)} digests, {len(posted)} messages, {killed} kills, {lost} answers lost")
    assert lost >= (len(posted) // 4 if kills else 0)
    assert killed >= kills // 2, "too few were killed: this proves little"


def test_a_thread_that_was_cut_in_the_middle_is_completed_by_another_process(
    slack: SlackProcess, database_url: str
) -> None:
    world = make_up_world()
    token = slack.add_team(
        TEAM, [(world.channel(number), f"r{number}") for number in range(CHANNELS)]
    )
    clock, wanted = FastClock(time.time()), Wanted()
    with (
        Nursery() as nursery,
        Books(database_url) as books,
        open_store(database_url) as store,
    ):
        attach(store)
        subscribe(world, store, clock)
        publish_day(world, 0, store, clock, wanted)
        job = Job(database_url, 9, clock.anchor, slack=slack.url, token=token, workers=1)
        worker = nursery.start(job)
        while len(slack.posted()) < 2:
            time.sleep(0.005)
        nursery.kill(worker)
        begun = len(slack.posted())
        worker = nursery.start(job)
        wait_until_settled(books, SECONDS)
        nursery.stop(worker)
    check_channels(wanted, slack.posted())
    assert begun >= 2
