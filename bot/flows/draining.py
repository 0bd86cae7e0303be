"""Drain the ledger in this process: a few deliveries at once, for as long as that is wanted.

Threads only; nothing here knows a database or a destination.
"""

import threading
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from queue import Empty, SimpleQueue
from typing import Protocol

from bot.core.editions import DeliveryState
from bot.core.records import Due
from bot.errors import StoreError
from bot.flows.deliver import Outcome, Result
from bot.flows.passage import Clock

# A delivery, and the attempt in which it was listed: what was begun since is left alone.
DeliverOne = Callable[[int, int], Outcome]

# No pause between two tries is longer, in seconds.
_LONGEST_PAUSE = 60.0
_MOST_DOUBLINGS = 10
# So many deliveries are handed out for each thread, so that none waits for the next one.
_AHEAD = 3


class DueStore(Protocol):
    """The ledger, as far as draining it goes."""

    def due_deliveries(self, now: datetime) -> tuple[Due, ...]:
        """Return the deliveries that may be claimed now, oldest edition first."""
        ...


# What may be on its way: a request that nobody waits for any more may still be carried out.
_MAYBE_ON_ITS_WAY = frozenset({DeliveryState.SENDING, DeliveryState.UNKNOWN})


class Patience:
    """Protects what may be on its way from a clock that jumps ahead and so ends every wait."""

    def __init__(self, clock: Clock, look_after: timedelta) -> None:
        """`look_after` is how long a delivery in doubt is watched before anybody may act on it."""
        self._clock = clock
        self._look_after = look_after.total_seconds()
        self._first_seen: dict[Due, float] = {}

    def ripe(self, due: Sequence[Due]) -> tuple[Due, ...]:
        """Pass what may be claimed, of those in doubt what this process has seen for long enough.

        `due` is all that is due now: what is not in it is forgotten. How long is told in seconds
        that nobody sets, from the first sight of the delivery in its present attempt.
        """
        now = self._clock.elapsed()
        self._first_seen = {
            each: self._first_seen.get(each, now) for each in due if each.state in _MAYBE_ON_ITS_WAY
        }
        return tuple(
            each
            for each in due
            if each not in self._first_seen or now - self._first_seen[each] >= self._look_after
        )


class Drain:
    """Delivers whatever the ledger says is due, at most `workers` deliveries at once.

    One delivery never stops or starves the others: whatever it raises ends with it, and what
    stays due however often it is tried is tried ever more seldom, while the rest goes on.
    """

    def __init__(
        self,
        store: DueStore,
        deliver_one: DeliverOne,
        clock: Clock,
        *,
        workers: int,
        look_after: timedelta,
        report: Callable[[int, Outcome], None],
        trouble: Callable[[StoreError], None],
        idle: float = 1.0,
        grace: float = 10.0,
        chance: Callable[[], float] = lambda: 0.0,
    ) -> None:
        """`report` hears what became of each delivery, `trouble` that the ledger fails.

        Both are called by the thread that drains. `idle`: seconds between two looks into the
        ledger while nothing happens. `grace`: seconds that deliveries on their way get when it is
        told to stop. `chance` draws numbers from 0 to 1 (excluded).
        """
        self._store = store
        self._deliver_one = deliver_one
        self._clock = clock
        self._workers = workers
        self._look_after = look_after
        self._report = report
        self._trouble = trouble
        self._idle = idle
        self._grace = grace
        self._chance = chance

    def run(self, stop: threading.Event, wake: threading.Event | None = None) -> None:
        """Deliver until `stop` is set; look into the ledger at once where `wake` is set.

        `stop` alone is seen within `idle` seconds. Nothing new is begun then, and what is on its
        way after `grace` seconds is left to its lease, as after a crash. A ledger that fails is
        waited for.
        """
        wake = wake or threading.Event()
        crew = _Crew(self._deliver_one, self._workers, wake, stop)
        patience = Patience(self._clock, self._look_after)
        holds = _Holds(self._clock, self._idle)
        others = _Others(self._clock, self._idle, self._chance)
        waiting: deque[Due] = deque()
        failures, look_at = 0, self._clock.elapsed()
        while not stop.is_set():
            wake.clear()
            for number, outcome in crew.landed():
                holds.add(number, outcome)
                self._report(number, outcome)
                others.meet(outcome)
            if others.are_ahead():
                waiting.clear()
            # A list is worked through before the next is asked for, so that everybody gets a turn.
            if not waiting and self._clock.elapsed() >= look_at:
                try:
                    due = self._store.due_deliveries(self._clock.now())
                except StoreError as error:
                    look_at = self._clock.elapsed() + _pause_after(failures, self._idle)
                    failures += 1
                    self._trouble(error)
                else:
                    failures = 0
                    free = holds.pass_on(patience.ripe(due))
                    waiting.extend(each for each in free if each.id not in crew.busy)
                    waiting.rotate(-others.choose_start(len(waiting)))
            while waiting and len(crew.busy) < _AHEAD * self._workers and not stop.is_set():
                crew.send(waiting.popleft())
            wake.wait(self._idle if waiting else holds.shorten(self._idle))
        self._end(crew)

    def drain_once(self) -> tuple[Outcome, ...]:
        """Deliver everything that is due now and return what became of it, in the ledger's order.

        Ended leases are taken up at once: a process that comes and goes cannot watch them. Raise
        StoreError where the ledger cannot be read.
        """
        due = self._store.due_deliveries(self._clock.now())
        workers = min(self._workers, len(due))
        crew = _Crew(self._deliver_one, workers, threading.Event(), threading.Event())
        for each in due:
            crew.send(each)
        outcomes = {}
        while crew.busy:
            for number, outcome in crew.land():
                outcomes[number] = outcome
                self._report(number, outcome)
        crew.dismiss()
        return tuple(outcomes[each.id] for each in due)

    def _end(self, crew: "_Crew") -> None:
        """Wait for those on their way, but not for ever."""
        crew.dismiss()
        until = self._clock.elapsed() + self._grace
        while crew.busy:
            try:
                landed = crew.land(max(until - self._clock.elapsed(), 0))
            except Empty:
                return
            for number, outcome in landed:
                self._report(number, outcome)


class _Crew:
    """Threads that deliver. They are daemons, so that none of them keeps the process alive."""

    def __init__(
        self, deliver_one: DeliverOne, size: int, wake: threading.Event, stop: threading.Event
    ) -> None:
        """`wake` is set whenever there is something to see to; after `stop` nothing is begun."""
        self.busy: set[int] = set()
        self._deliver_one = deliver_one
        self._size = size
        self._wake = wake
        self._stop = stop
        self._orders: SimpleQueue[Due | None] = SimpleQueue()
        self._landed: SimpleQueue[tuple[int, Outcome | None]] = SimpleQueue()
        for count in range(size):
            threading.Thread(target=self._work, name=f"delivering-{count}", daemon=True).start()

    def send(self, due: Due) -> None:
        """Have a delivery made."""
        self.busy.add(due.id)
        self._orders.put(due)

    def land(self, timeout: float | None = None) -> list[tuple[int, Outcome]]:
        """Wait for the next delivery to be done; raise Empty where that takes longer.

        Returns nothing of one that was not begun.
        """
        number, outcome = self._landed.get(timeout=timeout)
        self.busy.remove(number)
        return [] if outcome is None else [(number, outcome)]

    def landed(self) -> Iterable[tuple[int, Outcome]]:
        """Yield the deliveries that are done."""
        while not self._landed.empty():
            yield from self.land()

    def dismiss(self) -> None:
        """Let every thread end once it is done."""
        for _ in range(self._size):
            self._orders.put(None)

    def _work(self) -> None:
        while (due := self._orders.get()) is not None:
            if self._stop.is_set():
                self._landed.put((due.id, None))
                continue
            try:
                outcome = self._deliver_one(due.id, due.attempt)
            except BaseException as error:  # noqa: BLE001 - one bad delivery never stops the others
                outcome = Outcome(Result.LATER, detail=f"{type(error).__name__}: {error}")
            self._landed.put((due.id, outcome))
            # While there is enough to do, whoever drains need not look.
            if outcome.result is not Result.SENT or self._orders.qsize() < self._size:
                self._wake.set()


class _Others:
    """Other processes that drain the same ledger, as far as they are met.

    Whoever works through the same list in the same order finds one delivery after the other taken,
    so the next list is begun somewhere else.
    """

    def __init__(self, clock: Clock, idle: float, chance: Callable[[], float]) -> None:
        """Keep lists for `idle` seconds at least, whoever is met."""
        self._clock = clock
        self._idle = idle
        self._chance = chance
        self._listed_at = clock.elapsed()
        self._met = False

    def meet(self, outcome: Outcome) -> None:
        """Hear what became of a delivery."""
        self._met = self._met or outcome.result is Result.SKIPPED

    def are_ahead(self) -> bool:
        """Whether the list is no longer worth much."""
        return self._met and self._clock.elapsed() - self._listed_at >= self._idle

    def choose_start(self, size: int) -> int:
        """Say where to begin a new list: at its beginning, unless somebody else was met."""
        met, self._met, self._listed_at = self._met, False, self._clock.elapsed()
        return int(self._chance() * size) if met else 0


@dataclass(slots=True)
class _Hold:
    """A delivery that was tried `tries` times and is left alone `until` then."""

    tries: int
    until: float


class _Holds:
    """What stays due after a try waits, so that it is not tried again and again without a rest."""

    def __init__(self, clock: Clock, idle: float) -> None:
        """`idle` is the first wait, in seconds; it doubles from try to try."""
        self._clock = clock
        self._idle = idle
        self._holds: dict[int, _Hold] = {}

    def add(self, number: int, outcome: Outcome) -> None:
        """Remember a try.

        Where it said when to try again, the ledger knows that, too, so what is listed earlier is
        hardly held up: a person may have asked for it.
        """
        hold = self._holds.setdefault(number, _Hold(0, 0.0))
        wait = _pause_after(hold.tries, self._idle)
        hold.tries += 1
        if outcome.again is not None:
            told = (outcome.again - self._clock.now()).total_seconds()
            if told > 0:
                hold.tries, wait = 0, min(told, self._idle)
        hold.until = self._clock.elapsed() + wait

    def pass_on(self, due: Sequence[Due]) -> list[Due]:
        """Return those that need not wait; forget those that are no longer listed."""
        now = self._clock.elapsed()
        listed = [each.id for each in due]
        self._holds = {number: self._holds[number] for number in listed if number in self._holds}
        return [
            each for each in due if each.id not in self._holds or self._holds[each.id].until <= now
        ]

    def shorten(self, wait: float) -> float:
        """Return how long to wait so that none waits longer than it must, in seconds."""
        now = self._clock.elapsed()
        ends = (hold.until - now for hold in self._holds.values())
        return min([wait, *(end for end in ends if end > 0)])


def _pause_after(failures: int, idle: float) -> float:
    """Return how long to wait after so many failures, in seconds."""
    return min(idle * 2.0 ** min(failures, _MOST_DOUBLINGS), _LONGEST_PAUSE)
