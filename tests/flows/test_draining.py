import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.editions import DeliveryState
from bot.core.records import Due
from bot.errors import StoreError
from bot.flows.deliver import Outcome, Result
from bot.flows.draining import Drain
from bot.flows.picking import Patience
from tests.fakes.clocks import StillClock

if TYPE_CHECKING:
    from bot.flows.draining import DueStore

NOW = datetime(2026, 6, 2, 9, tzinfo=UTC)
SENT = Outcome(Result.SENT)
AWAY = StoreError("the database cannot be reached")
# Short waits for tests: how often to look into the ledger, and how long to wait for anything.
IDLE = 0.01
PATIENCE = 20.0


class PassingClock:
    """Time that passes by itself, from a made-up day on."""

    def __init__(self) -> None:
        self._began = time.monotonic()

    def now(self) -> datetime:
        return NOW + timedelta(seconds=self.elapsed())

    def elapsed(self) -> float:
        return time.monotonic() - self._began


@dataclass
class SmallLedger:
    """Deliveries that are due until they are settled; each look may fail first."""

    due: dict[int, Due] = field(default_factory=dict)
    fails: list[StoreError] = field(default_factory=list)
    looks: int = 0

    def add(self, *numbers: int, state: DeliveryState = DeliveryState.PENDING) -> None:
        self.due |= {number: Due(number, state, 0) for number in numbers}

    def settle(self, number: int) -> Outcome:
        del self.due[number]
        return SENT

    def due_deliveries(self, now: datetime) -> tuple[Due, ...]:
        assert now.tzinfo
        self.looks += 1
        if self.fails:
            raise self.fails.pop(0)
        return tuple(self.due.values())


@dataclass
class Heard:
    """What a drain said, in order."""

    outcomes: list[tuple[int, Outcome]] = field(default_factory=list)
    troubles: list[StoreError] = field(default_factory=list)

    def report(self, number: int, outcome: Outcome) -> None:
        self.outcomes.append((number, outcome))

    @property
    def counts(self) -> Counter[int]:
        return Counter(number for number, _ in self.outcomes)


@pytest.fixture
def ledger() -> SmallLedger:
    return SmallLedger()


@pytest.fixture
def heard() -> Heard:
    return Heard()


def build(
    ledger: SmallLedger,
    heard: Heard,
    deliver_one: Callable[[int], Outcome] | None = None,
    *,
    workers: int = 2,
    grace: float = PATIENCE,
    idle: float = IDLE,
    look_after: timedelta = timedelta(0),
    chance: Callable[[], float] = lambda: 0.0,
) -> Drain:
    return Drain(
        ledger,
        lambda number, _seen: (deliver_one or ledger.settle)(number),
        PassingClock(),
        workers=workers,
        look_after=look_after,
        report=heard.report,
        trouble=heard.troubles.append,
        idle=idle,
        grace=grace,
        chance=chance,
    )


@contextmanager
def running(drain: Drain, wake: threading.Event | None = None) -> Iterator[threading.Event]:
    """Run a drain beside the test, and stop it at the end."""
    stop = threading.Event()
    thread = threading.Thread(target=drain.run, args=[stop, wake], daemon=True)
    thread.start()
    try:
        yield stop
    finally:
        stop.set()
        thread.join(PATIENCE)
        assert not thread.is_alive()


def wait_until(come: Callable[[], bool]) -> None:
    until = time.monotonic() + PATIENCE
    while not come():
        assert time.monotonic() < until
        time.sleep(0.002)


def test_delivers_what_is_due_and_what_comes_later(ledger: SmallLedger, heard: Heard) -> None:
    ledger.add(1, 2, 3)
    with running(build(ledger, heard)):
        wait_until(lambda: len(heard.outcomes) == 3)
        ledger.add(4)
        wait_until(lambda: len(heard.outcomes) == 4)
    assert heard.counts == Counter([1, 2, 3, 4])
    assert {outcome for _, outcome in heard.outcomes} == {SENT}
    assert heard.troubles == []


@pytest.mark.parametrize("idle", [IDLE, PATIENCE / 20])
def test_whoever_finds_deliveries_taken_goes_on_elsewhere(
    ledger: SmallLedger, heard: Heard, idle: float
) -> None:
    def deliver_one(number: int) -> Outcome:
        time.sleep(2 * IDLE)
        outcome = ledger.settle(number)
        return Outcome(Result.SKIPPED) if number == 1 else outcome

    ledger.add(*range(1, 11))
    drain = build(ledger, heard, deliver_one, workers=1, idle=idle, chance=lambda: 0.5)
    with running(drain):
        wait_until(lambda: len(heard.outcomes) == 10)
    # The thread that delivers may have begun the next one already.
    assert [number for number, _ in heard.outcomes] in (
        [1, 2, 7, 8, 9, 10, 3, 4, 5, 6],
        [1, 6, 7, 8, 9, 10, 2, 3, 4, 5],
    )


def test_what_went_out_in_another_ones_mail_was_not_taken_by_anybody_else(
    ledger: SmallLedger, heard: Heard
) -> None:
    def deliver_one(number: int) -> Outcome:
        outcome = ledger.settle(number)
        if number == 1:
            return replace(outcome, beside=(2, 3))
        return Outcome(Result.SKIPPED) if number in (2, 3) else outcome

    ledger.add(*range(1, 11))
    drain = build(ledger, heard, deliver_one, workers=1, idle=PATIENCE / 20, chance=lambda: 0.5)
    with running(drain):
        wait_until(lambda: len(heard.outcomes) == 10)
    assert [number for number, _ in heard.outcomes] == list(range(1, 11))


def test_never_delivers_more_than_so_many_at_once(ledger: SmallLedger, heard: Heard) -> None:
    lock, now, most = threading.Lock(), [0], [0]

    def deliver_one(number: int) -> Outcome:
        with lock:
            now[0] += 1
            most[0] = max(most[0], now[0])
        time.sleep(0.005)
        with lock:
            now[0] -= 1
        return ledger.settle(number)

    ledger.add(*range(30))
    with running(build(ledger, heard, deliver_one, workers=3)):
        wait_until(lambda: len(heard.outcomes) == 30)
    assert most == [3]


def test_one_that_takes_long_holds_up_no_other_and_is_not_begun_twice(
    ledger: SmallLedger, heard: Heard
) -> None:
    let_go, begun = threading.Event(), Counter[int]()

    def deliver_one(number: int) -> Outcome:
        begun[number] += 1
        if number == 0:
            assert let_go.wait(PATIENCE)
        return ledger.settle(number)

    ledger.add(*range(20))
    with running(build(ledger, heard, deliver_one)):
        wait_until(lambda: len(heard.outcomes) == 19)
        looks = ledger.looks
        wait_until(lambda: ledger.looks > looks + 3)
        let_go.set()
        wait_until(lambda: len(heard.outcomes) == 20)
    assert set(begun.values()) == {1}


def fail(_number: int) -> Outcome:
    msg = "no such thing"
    raise KeyError(msg)


def leave(_number: int) -> Outcome:
    raise SystemExit(3)


POISON: dict[str, Callable[[int], Outcome]] = {
    "raises": fail,
    "exits": leave,
    "cannot be claimed": lambda _: Outcome(Result.LATER, detail="the database is locked"),
    "belongs to another": lambda _: Outcome(Result.SKIPPED),
    "is always busy": lambda _: Outcome(Result.BUSY, again=NOW + timedelta(days=1)),
    "was busy": lambda _: Outcome(Result.BUSY, again=NOW - timedelta(days=1)),
}


@pytest.mark.parametrize("poison", POISON.values(), ids=POISON)
@pytest.mark.parametrize("workers", [1, 3])
def test_a_poisoned_delivery_starves_no_other(
    ledger: SmallLedger, heard: Heard, poison: Callable[[int], Outcome], workers: int
) -> None:
    ledger.add(*range(-5, 0))

    def deliver_one(number: int) -> Outcome:
        return poison(number) if number < 0 else ledger.settle(number)

    with running(build(ledger, heard, deliver_one, workers=workers)):
        for batch in range(5):
            ledger.add(*range(10 * batch, 10 * batch + 10))
            wait_until(lambda: not any(number >= 0 for number in ledger.due))
        wait_until(lambda: min(heard.counts[number] for number in range(-5, 0)) > 1)
    counts = heard.counts
    assert all(counts[number] == 1 for number in range(50))


def test_what_is_raised_is_reported(ledger: SmallLedger, heard: Heard) -> None:
    ledger.add(1)
    with running(build(ledger, heard, fail)):
        wait_until(lambda: len(heard.outcomes) > 1)
    assert heard.outcomes[0] == (1, Outcome(Result.LATER, detail="KeyError: 'no such thing'"))


def test_what_stays_due_is_tried_ever_more_seldom(ledger: SmallLedger, heard: Heard) -> None:
    tried: list[float] = []

    def deliver_one(_number: int) -> Outcome:
        tried.append(time.monotonic())
        return Outcome(Result.LATER)

    ledger.add(1)
    with running(build(ledger, heard, deliver_one, idle=0.02)):
        wait_until(lambda: len(tried) == 5)
    waits = [after - before for before, after in pairwise(tried)]
    assert all(wait >= 0.02 * 2**count for count, wait in enumerate(waits))


def test_what_came_and_went_is_not_held_up_when_it_comes_again(
    ledger: SmallLedger, heard: Heard
) -> None:
    wake = threading.Event()
    with running(build(ledger, heard, idle=0.05), wake):
        for count in range(1, 6):
            ledger.add(1)
            wake.set()
            wait_until(lambda: len(heard.outcomes) == count)  # noqa: B023 - waited for here
            looks = ledger.looks
            wait_until(lambda: ledger.looks > looks)  # noqa: B023 - the same


@pytest.mark.parametrize("wait", [0.05, 0.2])
def test_one_that_waits_its_turn_is_tried_when_that_comes(
    ledger: SmallLedger, heard: Heard, wait: float
) -> None:
    clock = PassingClock()
    tried: list[float] = []

    def deliver_one(number: int) -> Outcome:
        tried.append(clock.elapsed())
        if len(tried) < 3:
            return Outcome(Result.BUSY, again=clock.now() + timedelta(seconds=wait))
        return ledger.settle(number)

    wake = threading.Event()
    ledger.add(1)
    with running(build(ledger, heard, deliver_one, idle=60.0), wake) as stop:
        wait_until(lambda: len(tried) == 3)
        stop.set()
        wake.set()
    waits = [after - before for before, after in pairwise(tried)]
    assert all(wait <= each < 5.0 for each in waits)


def test_looks_at_once_when_it_is_woken(ledger: SmallLedger, heard: Heard) -> None:
    wake = threading.Event()
    with running(build(ledger, heard, idle=60.0), wake) as stop:
        wait_until(lambda: ledger.looks > 0)
        ledger.add(1)
        wake.set()
        wait_until(lambda: len(heard.outcomes) == 1)
        stop.set()
        wake.set()


def test_a_ledger_that_fails_is_reported_and_waited_for(ledger: SmallLedger, heard: Heard) -> None:
    ledger.add(1)
    ledger.fails = [AWAY] * 4
    began = time.monotonic()
    with running(build(ledger, heard)):
        wait_until(lambda: len(heard.outcomes) == 1)
    assert heard.troubles == [AWAY] * 4
    assert time.monotonic() - began >= IDLE * (1 + 2 + 4 + 8)


def test_the_ledgers_pauses_begin_short_again_after_it_was_there(
    ledger: SmallLedger, heard: Heard
) -> None:
    with running(build(ledger, heard)):
        for _ in range(30):
            ledger.fails = [AWAY]
            looks = ledger.looks
            wait_until(lambda: ledger.looks > looks + 1)  # noqa: B023 - waited for here
    assert heard.troubles == [AWAY] * 30


def test_deliveries_go_on_while_the_ledger_cannot_be_asked(
    ledger: SmallLedger, heard: Heard
) -> None:
    ledger.add(*range(6))

    def deliver_one(number: int) -> Outcome:
        ledger.fails = [AWAY]
        return ledger.settle(number)

    with running(build(ledger, heard, deliver_one, idle=0.05)):
        wait_until(lambda: len(heard.outcomes) == 6)
    assert ledger.looks <= 3


def test_after_stop_nothing_is_begun_and_what_is_on_its_way_ends(
    ledger: SmallLedger, heard: Heard
) -> None:
    let_go, begun = threading.Event(), list[int]()

    def deliver_one(number: int) -> Outcome:
        begun.append(number)
        assert let_go.wait(PATIENCE)
        return ledger.settle(number)

    ledger.add(*range(10))
    with running(build(ledger, heard, deliver_one)) as stop:
        wait_until(lambda: len(begun) == 2)
        stop.set()
        time.sleep(5 * IDLE)
        let_go.set()
    assert sorted(begun) == [0, 1]
    assert sorted(heard.outcomes) == [(0, SENT), (1, SENT)]


def test_a_stop_between_two_deliveries_is_seen(ledger: SmallLedger, heard: Heard) -> None:
    stop = threading.Event()
    ledger.add(1, 2, 3)
    drain = build(ledger, heard, workers=3)
    listed = ledger.due_deliveries

    def look_and_stop(now: datetime) -> tuple[Due, ...]:
        stop.set()
        return listed(now)

    ledger.due_deliveries = look_and_stop  # type: ignore[method-assign]
    drain.run(stop)
    assert heard.outcomes == []
    assert len(ledger.due) == 3


def test_what_does_not_end_in_time_is_left_as_it_is(ledger: SmallLedger, heard: Heard) -> None:
    let_go, begun = threading.Event(), threading.Event()

    def deliver_one(_number: int) -> Outcome:
        begun.set()
        assert let_go.wait(PATIENCE)
        return SENT

    ledger.add(1)
    drain, stop = build(ledger, heard, deliver_one, grace=0.1), threading.Event()
    thread = threading.Thread(target=drain.run, args=[stop])
    thread.start()
    assert begun.wait(PATIENCE)
    stop.set()
    began = time.monotonic()
    thread.join(PATIENCE)
    assert 0.05 < time.monotonic() - began < PATIENCE / 2
    assert heard.outcomes == []
    let_go.set()


def test_a_delivery_that_never_ends_does_not_keep_the_process_alive() -> None:
    program = """
import threading, time
from datetime import timedelta
from bot.flows.draining import Drain
from tests.flows.test_draining import PassingClock, SmallLedger
ledger, stop = SmallLedger(), threading.Event()
ledger.add(1, 2)
def deliver_one(number, seen):
    stop.set()
    time.sleep(600)
Drain(
    ledger, deliver_one, PassingClock(), workers=2, look_after=timedelta(0),
    report=print, trouble=print, idle=0.01, grace=0.1,
).run(stop)
print("left")
"""
    ended = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=False
    )
    assert (ended.stdout, ended.stderr, ended.returncode) == ("left\n", "", 0)


def test_draining_once_delivers_all_that_is_due_and_tells_it_in_order(
    ledger: SmallLedger, heard: Heard
) -> None:
    barrier = threading.Barrier(2, timeout=PATIENCE)

    def deliver_one(number: int) -> Outcome:
        barrier.wait()
        return fail(number) if number == 3 else replace(ledger.settle(number), detail=str(number))

    ledger.add(4, 3, 2)
    ledger.add(1, state=DeliveryState.SENDING)
    outcomes = build(ledger, heard, deliver_one, look_after=timedelta(days=1)).drain_once()
    assert [outcome.detail for outcome in outcomes] == ["4", "KeyError: 'no such thing'", "2", "1"]
    assert sorted(number for number, _ in heard.outcomes) == [1, 2, 3, 4]
    assert ledger.looks == 1


def test_draining_once_with_nothing_due_does_nothing(ledger: SmallLedger, heard: Heard) -> None:
    assert build(ledger, heard).drain_once() == ()


def test_draining_once_says_that_the_ledger_fails(ledger: SmallLedger, heard: Heard) -> None:
    ledger.fails = [AWAY]
    with pytest.raises(StoreError):
        build(ledger, heard).drain_once()


def test_a_lease_that_ended_is_watched_before_the_delivery_is_taken_over(
    ledger: SmallLedger, heard: Heard
) -> None:
    ledger.add(1, state=DeliveryState.SENDING)
    ledger.add(2)
    began = time.monotonic()
    with running(build(ledger, heard, look_after=timedelta(seconds=0.3))):
        wait_until(lambda: len(heard.outcomes) == 2)
    assert [number for number, _ in heard.outcomes] == [2, 1]
    assert time.monotonic() - began >= 0.3


LOOK_AFTER = timedelta(minutes=2)
WAITING = [DeliveryState.PENDING, DeliveryState.RETRY]


def sending(attempt: int = 1, number: int = 1) -> Due:
    return Due(number, DeliveryState.SENDING, attempt)


@pytest.mark.parametrize("state", WAITING)
def test_patience_passes_what_waits_at_once(state: DeliveryState) -> None:
    due = Due(1, state, 1)
    assert Patience(StillClock(NOW), LOOK_AFTER).ripe([due]) == (due,)


def test_patience_watches_an_ended_lease_for_as_long_as_it_should() -> None:
    clock = StillClock(NOW)
    patience = Patience(clock, LOOK_AFTER)
    assert patience.ripe([sending()]) == ()
    clock.advance(LOOK_AFTER - timedelta(microseconds=1))
    assert patience.ripe([sending()]) == ()
    clock.advance(timedelta(microseconds=1))
    assert patience.ripe([sending()]) == (sending(),)


def test_patience_watches_what_may_still_be_carried_out() -> None:
    clock = StillClock(NOW)
    patience = Patience(clock, LOOK_AFTER)
    unknown = Due(1, DeliveryState.UNKNOWN, 1)
    assert patience.ripe([unknown]) == ()
    clock.advance(LOOK_AFTER)
    assert patience.ripe([unknown]) == (unknown,)


def test_patience_is_not_taken_in_by_a_clock_that_is_set() -> None:
    clock = StillClock(NOW)
    patience = Patience(clock, LOOK_AFTER)
    assert patience.ripe([sending()]) == ()
    clock.set(NOW + timedelta(days=1))
    assert patience.ripe([sending()]) == ()


@pytest.mark.parametrize("between", [[], [sending(attempt=2)]], ids=["gone", "another attempt"])
def test_patience_begins_anew_with_a_delivery_that_was_claimed_meanwhile(
    between: list[Due],
) -> None:
    clock = StillClock(NOW)
    patience = Patience(clock, LOOK_AFTER)
    assert patience.ripe([sending()]) == ()
    clock.advance(LOOK_AFTER)
    assert patience.ripe(between) == ()
    assert patience.ripe([sending()]) == ()


@given(st.lists(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 2)), max_size=6), max_size=12))
def test_patience_passes_exactly_what_was_seen_without_a_break_for_long_enough(
    looks: list[list[tuple[int, int]]],
) -> None:
    clock = StillClock(NOW)
    patience = Patience(clock, timedelta(minutes=3))
    for count, listed in enumerate(looks):
        due = [sending(attempt, number) for number, attempt in dict(listed).items()]
        ripe = patience.ripe(due)
        for each in due:
            last = looks[max(count - 3, 0) : count + 1]
            seen = all((each.id, each.attempt) in dict(look).items() for look in last)
            assert (each in ripe) == (seen and count >= 3)
        clock.advance(timedelta(minutes=1))


if TYPE_CHECKING:
    _STORE: DueStore = SmallLedger()


def test_whoever_delivers_hears_in_which_attempt_a_delivery_was_listed() -> None:
    ledger, heard = SmallLedger(), []
    ledger.due = {7: Due(7, DeliveryState.RETRY, 3), 8: Due(8, DeliveryState.PENDING, 0)}

    def deliver_one(number: int, seen: int) -> Outcome:
        heard.append((number, seen))
        return SENT

    drain = Drain(
        ledger,
        deliver_one,
        PassingClock(),
        workers=1,
        look_after=timedelta(0),
        report=lambda _number, _outcome: None,
        trouble=lambda _error: None,
    )
    drain.drain_once()
    assert heard == [(7, 3), (8, 0)]
