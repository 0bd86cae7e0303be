"""Deliveries in several messages: whoever dies when, each message arrives once and in order."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest

from bot.core.editions import DeliveryState, Destination, DestinationKind, Edition
from bot.core.records import Claim, Sent
from bot.core.trail import Trail
from bot.errors import DeliveryError, StoreError
from bot.flows.deliver import Outcome, Result, Terms, deliver
from bot.flows.passage import LateError, Passage
from tests.fakes.clocks import StillClock
from tests.fakes.papers import NOW
from tests.fakes.stores import MemoryStore
from tests.flows.test_deliver import plan

CHANNEL = Destination(DestinationKind.CHANNEL, "T01/C01")
MESSAGES = 4
TERMS = Terms()
ENOUGH = timedelta(hours=1)


class KilledError(BaseException):
    """The process ends here."""


class Thread:
    """A channel that takes several messages of each delivery, and can be looked at.

    `step` hears each point that a sending passes.
    """

    def __init__(self, step: Callable[[str], None] = lambda _point: None) -> None:
        self.posted: list[tuple[str, int, str]] = []
        self.step = step
        self.looks = 0

    def send(self, edition: Edition, destination: Destination, key: str, trail: Trail, /) -> Sent:
        del edition, destination
        if not trail.draft:
            trail.fix(f"draft of attempt {len(self.posted)}")
        self.step("fixed")
        for number in range(1, MESSAGES + 1):
            part = trail.parts.get(number)
            if part is not None and part.reference:
                continue
            if part is not None:
                self.looks += 1
                if any(posted[:2] == (key, number) for posted in self.posted):
                    trail.arrived(number, f"ts {number}")
                    continue
            self.step(f"{number} before")
            trail(number)
            self.step(f"{number} left")
            self.posted.append((key, number, trail.draft))
            self.step(f"{number} posted")
            trail.arrived(number, f"ts {number}")
            self.step(f"{number} arrived")
        return Sent(f"ts of {key}")

    def find(
        self, edition: Edition, destination: Destination, key: str, trail: Trail, /
    ) -> Sent | None:
        del edition, destination
        there = [part for part in trail.parts.values() if part.reference]
        return Sent(f"ts of {key}") if len(there) == MESSAGES else None


def run(store: MemoryStore, thread: Thread, clock: StillClock) -> Outcome:
    return deliver(1, store, {DestinationKind.CHANNEL: thread}, clock, TERMS)


@pytest.fixture
def store() -> MemoryStore:
    planned = MemoryStore()
    plan(planned, CHANNEL)
    return planned


def test_each_message_is_a_step_of_its_own(store: MemoryStore) -> None:
    thread = Thread()
    assert run(store, thread, StillClock(NOW)).result is Result.SENT
    assert [number for _, number, _ in thread.posted] == [1, 2, 3, 4]
    assert {part.reference for part in store.ledger[1].parts.values()} == {
        "ts 1",
        "ts 2",
        "ts 3",
        "ts 4",
    }
    assert thread.looks == 0


def points() -> list[str]:
    passed: list[str] = []
    store = MemoryStore()
    plan(store, CHANNEL)
    run(store, Thread(passed.append), StillClock(NOW))
    return passed


@pytest.mark.parametrize("point", points())
def test_whoever_dies_at_any_point_no_message_comes_twice(store: MemoryStore, point: str) -> None:
    clock = StillClock(NOW)

    def die(passed: str) -> None:
        if passed == point:
            raise KilledError

    thread = Thread(die)
    with pytest.raises(KilledError):
        run(store, thread, clock)
    clock.advance(ENOUGH)
    thread.step = lambda _point: None
    outcome = run(store, thread, clock)
    assert outcome.result in (Result.SENT, Result.FOUND)
    assert [number for _, number, _ in thread.posted] == [1, 2, 3, 4]
    assert len({draft for _, _, draft in thread.posted}) == 1
    assert store.ledger[1].delivery.state is DeliveryState.SENT


def test_a_message_that_is_refused_is_sent_again_and_none_before_it(store: MemoryStore) -> None:
    clock = StillClock(NOW)

    def refuse(passed: str) -> None:
        if passed == "3 before":
            message = "ratelimited"
            raise DeliveryError(message, retry_after=5)

    thread = Thread(refuse)
    assert run(store, thread, clock).result is Result.LATER
    clock.advance(ENOUGH)
    thread.step = lambda _point: None
    assert run(store, thread, clock).result is Result.SENT
    assert [number for _, number, _ in thread.posted] == [1, 2, 3, 4]
    assert thread.looks == 0


def test_a_long_thread_is_not_given_up_while_it_grows(store: MemoryStore) -> None:
    clock = StillClock(NOW)

    def fail_after_each(passed: str) -> None:
        if passed.endswith("posted"):
            message = "no answer"
            raise DeliveryError(message, unknown=True)

    thread = Thread(fail_after_each)
    for _ in range(MESSAGES):
        outcome = run(store, thread, clock)
        assert outcome.result is Result.UNKNOWN
        clock.advance(timedelta(minutes=2))
    assert run(store, thread, clock).result in (Result.SENT, Result.FOUND)
    assert [number for _, number, _ in thread.posted] == [1, 2, 3, 4]
    # The first message's, before which nothing had arrived.
    assert store.ledger[1].failures == 1


def test_what_has_arrived_leaves_no_doubt_behind_another_messages_fault(store: MemoryStore) -> None:
    def fail(passed: str) -> None:
        if passed == "3 before":
            message = "a fault of ours"
            raise RuntimeError(message)

    assert run(store, Thread(fail), StillClock(NOW)).result is Result.LATER


def test_a_long_thread_keeps_its_lease(store: MemoryStore) -> None:
    clock = StillClock(NOW)
    thread = Thread(
        lambda passed: clock.advance(TERMS.lease / 3 if "arrived" in passed else 0 * TERMS.lease)
    )
    assert run(store, thread, clock).result is Result.SENT
    assert len(thread.posted) == MESSAGES


def test_who_slept_too_long_between_two_messages_sends_no_more(store: MemoryStore) -> None:
    clock = StillClock(NOW)
    thread = Thread(
        lambda passed: clock.advance(TERMS.lease if passed == "2 arrived" else 0 * TERMS.lease)
    )
    assert run(store, thread, clock).result is Result.SKIPPED
    assert [number for _, number, _ in thread.posted] == [1, 2]


class LostStore(MemoryStore):
    """Somebody else takes the delivery over at the call of this name."""

    def __init__(self, call: str) -> None:
        super().__init__()
        self.call = call

    def arrive(self, claim: Claim, part: int, reference: str) -> bool:
        return self.call != "arrive" and super().arrive(claim, part, reference)

    def leave(self, claim: Claim, at: datetime, **more: Any) -> bool:  # noqa: ANN401 - as it is
        return self.call != "leave" and super().leave(claim, at, **more)


@pytest.mark.parametrize(("call", "posted"), [("leave", 0), ("arrive", 1)])
def test_who_was_taken_over_says_nothing_more(call: str, posted: int) -> None:
    store = LostStore(call)
    plan(store, CHANNEL)
    thread = Thread()
    assert run(store, thread, StillClock(NOW)).result is Result.SKIPPED
    assert len(thread.posted) == posted


def test_what_left_cannot_be_changed(store: MemoryStore) -> None:
    clock = StillClock(NOW)
    claim = store.claim(1, NOW, NOW + TERMS.lease)
    assert isinstance(claim, Claim)
    passage = Passage(claim, store, clock, lease=TERMS.lease, margin=TERMS.margin, began=0.0)
    passage(1)
    with pytest.raises(StoreError, match="what it sends cannot change now"):
        passage.fix("another draft")


def test_a_part_that_leaves_again_keeps_the_time_at_which_it_first_did(store: MemoryStore) -> None:
    clock = StillClock(NOW)
    claim = store.claim(1, NOW, NOW + TERMS.lease)
    assert isinstance(claim, Claim)
    passage = Passage(claim, store, clock, lease=TERMS.lease, margin=TERMS.margin, began=0.0)
    passage(1)
    clock.advance(timedelta(seconds=5))
    passage(1)
    assert passage.parts[1].at == NOW
    clock.advance(TERMS.lease)
    with pytest.raises(LateError):
        passage(1)
