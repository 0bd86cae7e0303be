"""What the crash tests share: the nursery of workers, what is to be delivered, and the verdict."""

import json
import os
import random
import signal
import time
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import date, timedelta
from itertools import groupby, pairwise
from types import TracebackType
from typing import Self

from sqlalchemy import create_engine, text

from bot.adapters.queue import attach
from bot.adapters.store import Store, open_store
from bot.core.editions import (
    BatchState,
    CategoryReceipt,
    DeliveryState,
    Destination,
    DestinationKind,
    allows,
)
from bot.core.keyword_sets import KeywordSet
from bot.core.papers import Announcement, AnnounceType, Entry, Paper
from bot.core.subscriptions import PERSON, Subscription
from bot.flows.publish import publish
from tests.adapters.store.made_up import agree
from tests.crash.receiver import Arrival
from tests.crash.worker import FastClock, Job
from tests.fakes.processes import ModuleProcess

FULL = os.environ.get("PAPERS_CRASH") == "full"
CLOUDS = KeywordSet("Clouds", keywords=(("cloud",),))
_FIRST_DAY = date(2025, 1, 1)
_CATEGORY = "cs.CV"


def draw_seed() -> int:
    """Take the seed from PAPERS_CRASH_SEED, or a new one; print it."""
    seed = int(os.environ.get("PAPERS_CRASH_SEED") or random.randrange(1 << 32))
    print(f"PAPERS_CRASH_SEED={seed}")
    return seed


class Nursery(ModuleProcess):
    """Starts workers and ends them: `python -m tests.crash.worker`, told by lines of JSON."""

    def __init__(self) -> None:
        super().__init__("tests.crash.worker", alone=True)

    def start(self, job: Job) -> int:
        """Start a worker; return its process id."""
        return self._tell({"start": asdict(job)})

    def kill(self, worker: int) -> None:
        """Kill a worker that lives."""
        assert self._tell({"end": worker, "signal": int(signal.SIGKILL)}) == -signal.SIGKILL

    def stop(self, worker: int) -> None:
        """Ask a worker to stop, and wait until it has in good order."""
        assert self._tell({"end": worker, "signal": int(signal.SIGTERM)}) == 0

    def _tell(self, wish: dict[str, object]) -> int:
        return int(self.say(json.dumps(wish)))


@dataclass(slots=True)
class Planner:
    """Publishes editions, a wave of deliveries each, to as many channels as addresses of mail."""

    store: Store
    clock: FastClock
    size: int
    planned: int = 0
    _waves: int = 0

    def subscribe(self) -> None:
        now = self.clock.now()
        for number in range(self.size // 2):
            for destination in (
                Destination(DestinationKind.CHANNEL, f"#room-{number}"),
                Destination(DestinationKind.EMAIL, f"person-{number}@lab.example"),
            ):
                self.store.save_subscription(Subscription(*CLOUDS.key, destination), now)

    def plan(self, sets: Sequence[KeywordSet] = (CLOUDS,), size: int = 0) -> None:
        """Publish the next edition of each set, for so many destinations (0: all there are)."""
        size = size or self.size
        self._waves += 1
        now = self.clock.now()
        day = _FIRST_DAY + timedelta(days=self._waves)
        paper = Paper(
            base_id=f"2501.{self._waves:05d}",
            version=1,
            title=f"Counting clouds, part {self._waves}",
            authors=("Ada Example", "Bo Sample"),
            abstract="We count each cloud from below. " * 20,
            categories=(_CATEGORY,),
        )
        entries = (Entry(paper, AnnounceType.NEW),)
        self.store.save_announcement(
            Announcement(_CATEGORY, day, "https://arxiv.example/", 1, entries),
            CategoryReceipt(_CATEGORY, day, BatchState.COMPLETE, 1, 1, new=1),
            now,
        )
        problems: list[str] = []
        published = publish(
            day, sets, self.store, categories=[_CATEGORY], now=now, report=problems.append
        )
        assert not problems, problems
        assert [len(each.deliveries) for each in published] == [size] * len(sets)
        self.planned += size * len(sets)


def plan_for_readers(url: str, readers: int, *, sets: int) -> float:
    """Publish that many sets for each of these readers, who want them as one mail.

    Return the anchor of the tests' time.
    """
    several = [KeywordSet(f"Clouds {number}", keywords=(("cloud",),)) for number in range(sets)]
    with open_store(url) as store:
        attach(store)
        planner = Planner(store, FastClock(time.time()), 0)
        now = planner.clock.now()
        for number in range(readers):
            place = Destination(DestinationKind.EMAIL, f"reader-{number}@lab.example")
            agree(store, place.address)
            for each in several:
                wanted = Subscription(*each.key, place, origin=PERSON)
                store.save_subscription(wanted, now)
        planner.plan(several, readers)
        return planner.clock.anchor


@dataclass(frozen=True, slots=True)
class Line:
    """One delivery as the database has it."""

    id: int
    key: str
    kind: str
    state: str
    attempt: int
    repeats: int


class Books:
    """The ledger as its tables have it, read by nobody's code but the tests'."""

    def __init__(self, url: str) -> None:
        self._engine = create_engine(url, pool_pre_ping=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._engine.dispose()

    def rows(self, statement: str) -> list[tuple[object, ...]]:
        with self._engine.connect() as connection:
            return [tuple(row) for row in connection.execute(text(statement))]

    def lines(self) -> list[Line]:
        lines = "SELECT id, key, kind, state, attempt, repeats FROM deliveries ORDER BY id"
        return [Line(*row) for row in self.rows(lines)]  # type: ignore[arg-type]

    def count_open(self) -> int:
        """How many deliveries are not settled."""
        left = "SELECT count(*) FROM deliveries WHERE state IN"
        ((count,),) = self.rows(f"{left} ('pending', 'sending', 'retry', 'unknown')")
        return int(str(count))

    def claimed(self) -> set[tuple[int, int]]:
        """Deliveries, with their attempts, that somebody is at."""
        return set(self.rows("SELECT id, attempt FROM deliveries WHERE state = 'sending'"))  # type: ignore[arg-type]

    def left(self) -> set[tuple[int, int]]:
        """Deliveries, with their attempts, that have left and are not settled."""
        left = "SELECT id, attempt FROM deliveries WHERE state = 'sending' AND wired"
        return set(self.rows(left))  # type: ignore[arg-type]

    def doubted(self) -> set[tuple[int, int]]:
        """Deliveries, with their attempts, whose lease ran out after they had left."""
        lapsed = "SELECT delivery_id, attempt FROM delivery_events WHERE state = 'unknown'"
        return set(self.rows(f"{lapsed} AND detail LIKE 'the lease ran out%'"))  # type: ignore[arg-type]

    def lapsed(self) -> set[tuple[int, int]]:
        """Deliveries, with their attempts, whose lease ran out."""
        lapsed = "SELECT delivery_id, attempt FROM delivery_events"
        return set(self.rows(f"{lapsed} WHERE detail LIKE 'the lease ran out%'"))  # type: ignore[arg-type]

    def histories(self) -> dict[int, list[tuple[DeliveryState, int, str]]]:
        """Every delivery's steps, oldest first: state, attempt, detail."""
        steps = "SELECT delivery_id, state, attempt, detail FROM delivery_events"
        rows = self.rows(f"{steps} ORDER BY delivery_id, id")
        return {
            int(str(number)): [
                (DeliveryState(str(state)), int(str(attempt)), str(detail))
                for _, state, attempt, detail in of_one
            ]
            for number, of_one in groupby(rows, key=lambda row: row[0])
        }


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a run came to; `repeated` and `repeats` are what the receiver saw more than once.

    `repeated`: at destinations that can be asked; `repeats`: at those that cannot; `counted`: what
    the ledger says of the latter.
    """

    deliveries: int
    lost: int
    repeated: int
    repeats: int
    counted: int


def judge(books: Books, arrivals: Sequence[Arrival]) -> Verdict:
    """Hold the ledger against what arrived; raise AssertionError for what must never be."""
    lines, histories = books.lines(), books.histories()
    for line in lines:
        check_history(histories[line.id], line)
    known = {line.key: line for line in lines}
    seen = Counter(arrival.key for arrival in arrivals)
    assert seen.keys() <= known.keys(), "something arrived that nobody planned"
    digests = {(arrival.key, arrival.digest) for arrival in arrivals}
    assert len(digests) == len(seen), "a repeat has other bytes"
    for line in lines:
        if line.kind == DestinationKind.EMAIL:
            assert line.repeats >= seen[line.key] - 1, f"an uncounted repeat: {line}"
    asked = [line for line in lines if line.kind == DestinationKind.CHANNEL]
    unasked = [line for line in lines if line.kind == DestinationKind.EMAIL]
    return Verdict(
        deliveries=len(lines),
        lost=sum(line.state != DeliveryState.SENT or not seen[line.key] for line in lines),
        repeated=sum(max(0, seen[line.key] - 1) for line in asked),
        repeats=sum(max(0, seen[line.key] - 1) for line in unasked),
        counted=sum(line.repeats for line in unasked),
    )


def check_history(steps: Sequence[tuple[DeliveryState, int, str]], line: Line) -> None:
    """See that a history is a walk along allowed transitions that ends where the row is."""
    assert steps[0][:2] == (DeliveryState.PENDING, 0), (line, steps)
    for (before, attempt, _), (after, number, detail) in pairwise(steps):
        if after is before:
            # An attempt that leaves stays what it is.
            assert after is DeliveryState.SENDING, (line, steps)
            assert detail.startswith("leaving"), (line, steps)
        else:
            assert allows(before, after), (line, steps)
        claimed = after is DeliveryState.SENDING and after is not before
        assert number == attempt + claimed, (line, steps)
    assert (steps[-1][0], steps[-1][1]) == (line.state, line.attempt), (line, steps)


@contextmanager
def begin(url: str, *, size: int = 100) -> Iterator[Planner]:
    """Open the database for planning, with its subscriptions; fast time begins now."""
    with open_store(url) as store:
        attach(store)
        planner = Planner(store, FastClock(time.time()), size)
        planner.subscribe()
        yield planner


def wait_until_claimed(books: Books, before: Collection[tuple[int, int]] = ()) -> float:
    """Wait until somebody begins what was not begun `before`; return how many seconds that took."""
    began = time.monotonic()
    while books.claimed() <= set(before):
        assert time.monotonic() < began + 60, "nobody delivers"
        time.sleep(0.01)
    return time.monotonic() - began


def wait_until_settled(books: Books, seconds: float) -> None:
    """Wait until every delivery is settled; raise AssertionError where that takes too long."""
    until = time.monotonic() + seconds
    while left := books.count_open():
        assert time.monotonic() < until, f"{left} deliveries are still open"
        time.sleep(0.1)
