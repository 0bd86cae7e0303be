"""A process is killed at every point of a delivery, and of the next one that looks after it."""

import json
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count

import pytest

from bot.adapters.store import open_store
from bot.core.editions import DestinationKind
from bot.core.records import Claim
from bot.flows.deliver import deliver_due
from bot.flows.passage import TogetherSender
from tests.crash.points import TERMS, LaterClock
from tests.crash.receiver import Arrival, Receiver
from tests.crash.running import Books, Line, begin, judge, plan_for_readers
from tests.crash.senders import TOGETHER, build_senders
from tests.fakes.processes import ROOT
from tests.fakes.trails import FreeTrail

# What every first attempt goes through, in this order; statements and commits stand in between.
FLOW = [
    "before the claim",
    "after the claim",
    "connected",
    "before the leave",
    "after the leave",
    "left",
    "half-way through the body",
    "after the body",
    "answered",
    "before the settle",
    "after the settle",
]
# What an earlier attempt left behind: nothing, a doubt about what never went, one about what did.
EARLIER = ("", "left", "arrived")
MOST_POINTS = 64
# What was sent by who died is read by then, in seconds.
READ_S = 0.5


@contextmanager
def dying(url: str, port: int) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.crash.points", url, str(port)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
    )
    try:
        yield process
    finally:
        process.communicate("")
    assert process.returncode == 0


def die(process: subprocess.Popen[str], line: Line, hours: int, point: int | str) -> str:
    """Deliver until that point; return its name, "" where the delivery ended before."""
    assert process.stdin
    assert process.stdout
    process.stdin.write(json.dumps([line.id, hours, point]) + "\n")
    process.stdin.flush()
    return process.stdout.readline().removesuffix("\n")


def die_at_each(process: subprocess.Popen[str], lines: list[Line], hours: int) -> dict[str, str]:
    """Die at the first point of the first delivery, at the second of the second, and so on.

    Return the points' names by the deliveries' keys; the last one has ended: "".
    """
    points: dict[str, str] = {}
    for number, line in zip(count(1), lines, strict=False):
        points[line.key] = die(process, line, hours, number)
        if not points[line.key]:
            return points
    raise AssertionError(points)


def begin_all(url: str, port: int, *, arrive: bool) -> None:
    """Leave everything behind as a process that dies then does: when it left, or had all sent."""
    senders, clock = build_senders(port), LaterClock(1)
    with open_store(url) as store:
        for due in store.due_deliveries(clock.now()):
            now = clock.now()
            claim = store.claim(due.id, now, now + TERMS.lease, TERMS.paces)
            if claim is None:
                # It is in the mail of another one.
                continue
            assert isinstance(claim, Claim)
            assert store.leave(claim, now, again=False)
            if arrive:
                delivery = claim.delivery
                sender = senders[delivery.destination.kind]
                if claim.beside:
                    assert isinstance(sender, TogetherSender)
                    sender.send_together(
                        claim.together, delivery.destination, delivery.key, FreeTrail()
                    )
                else:
                    sender.send(claim.edition, delivery.destination, delivery.key, FreeTrail())


def place(points: dict[str, str], key: str) -> tuple[bool, bool, bool]:
    """Say how far the attempt at this delivery came: it had left, all arrived, it was settled."""
    keys, names = list(points), list(points.values())
    return tuple(  # type: ignore[return-value]
        key in points and name in names and keys.index(key) >= names.index(name)
        for name in ("after the leave", "after the body", "after the settle")
    )


@pytest.mark.parametrize("earlier", EARLIER)
def test_whoever_dies_at_any_point_the_next_one_brings_it_to_its_end(
    database_url: str, earlier: str
) -> None:
    with Receiver() as receiver, Books(database_url) as books:
        with begin(database_url, size=2 * MOST_POINTS) as planner:
            planner.plan()
        if earlier:
            begin_all(database_url, receiver.port, arrive=earlier == "arrived")
        lines = books.lines()
        points: dict[str, dict[str, str]] = {}
        with dying(database_url, receiver.port) as process:
            for kind in (DestinationKind.CHANNEL, DestinationKind.EMAIL):
                of_kind = [line for line in lines if line.kind == kind]
                points[kind] = die_at_each(process, of_kind, 2)
                if not earlier:
                    names = list(points[kind].values())
                    print(names)
                    assert [name for name in names if name in FLOW] == FLOW
                    within = {name.split(": ")[0] for name in names if ": " in name}
                    assert within == {"claim", "leave", "settle"}
        time.sleep(READ_S)
        before = receiver.counts()
        with open_store(database_url) as store:
            deliver_due(store, build_senders(receiver.port), LaterClock(3), TERMS)
        verdict = judge(books, receiver.arrivals())
        assert (verdict.lost, verdict.repeated) == (0, 0)
        after = receiver.counts()
        for line in books.lines():
            left, arrived, settled = place(points[line.kind], line.key)
            doubted = bool(earlier)
            if line.kind == DestinationKind.CHANNEL:
                # Asked first, so that what is there is not sent again.
                expected = (int(earlier == "arrived" or arrived), 1, 0)
            else:
                there = int(earlier == "arrived") + int(arrived)
                again = int(doubted and left) + int(not settled and (doubted or left))
                expected = (there, there + int(not settled), again)
            told = points[line.kind].get(line.key, "not begun")
            assert (before[line.key], after[line.key], line.repeats) == expected, told


def part(arrivals: list[Arrival]) -> list[Arrival]:
    """Say of each set's delivery when it arrived, whatever else came with it."""
    return [
        Arrival(key, arrival.digest, arrival.at)
        for arrival in arrivals
        for key in arrival.key.split(TOGETHER)
    ]


@pytest.mark.parametrize("earlier", EARLIER)
def test_whoever_dies_with_several_sets_in_one_mail_loses_none_and_repeats_it_as_it_was(
    database_url: str, earlier: str
) -> None:
    with Receiver() as receiver, Books(database_url) as books:
        plan_for_readers(database_url, MOST_POINTS, sets=3)
        if earlier:
            begin_all(database_url, receiver.port, arrive=earlier == "arrived")
        lines = books.lines()
        addresses = {row[0]: row[1] for row in books.rows("SELECT id, address FROM deliveries")}
        leads = {addresses[line.id]: line for line in reversed(lines)}
        with dying(database_url, receiver.port) as process:
            points = die_at_each(process, list(leads.values()), 2)
        print(list(points.values()))
        assert [name for name in points.values() if name in FLOW] == FLOW
        time.sleep(READ_S)
        before = Counter(arrival.key for arrival in part(receiver.arrivals()))
        with open_store(database_url) as store:
            deliver_due(store, build_senders(receiver.port), LaterClock(3), TERMS)
        arrivals = receiver.arrivals()
        assert all(len(arrival.key.split(TOGETHER)) == 3 for arrival in arrivals)
        assert judge(books, part(arrivals)).lost == 0
        after = Counter(arrival.key for arrival in part(arrivals))
        for line in books.lines():
            key = leads[addresses[line.id]].key
            left, arrived, settled = place(points, key)
            doubted = bool(earlier)
            there = int(earlier == "arrived") + int(arrived)
            again = int(doubted and left) + int(not settled and (doubted or left))
            expected = (there, there + int(not settled), again)
            told = points.get(key, "not begun")
            assert (before[line.key], after[line.key], line.repeats) == expected, told
