"""Drain the ledger in this process: a few deliveries at once, for as long as that is wanted.

Threads only; nothing here knows a database or a destination.
"""

import threading
from collections import deque
from collections.abc import Callable, Iterable
from contextlib import suppress
from datetime import datetime, timedelta
from queue import Empty, SimpleQueue
from typing import Protocol

from bot.core.records import Due
from bot.errors import StoreError
from bot.flows.deliver import Outcome, Result
from bot.flows.passage import Clock
from bot.flows.picking import Holds, Others, Patience, pause_after

# A delivery, and the attempt in which it was listed: what was begun since is left alone.
DeliverOne = Callable[[int, int], Outcome]

# So many deliveries are handed out for each thread, so that none waits for the next one.
_AHEAD = 3


class DueStore(Protocol):
    """The ledger, as far as draining it goes."""

    def due_deliveries(self, now: datetime) -> tuple[Due, ...]:
        """Return the deliveries that may be claimed now, oldest edition first."""
        ...


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
        holds = Holds(self._clock, self._idle)
        others = Others(self._clock, self._idle, self._chance)
        waiting: deque[Due] = deque()
        failures, look_at = 0, self._clock.elapsed()
        while not stop.is_set():
            wake.clear()
            for number, outcome in crew.landed():
                holds.add(number, outcome)
                self._report(number, outcome)
                others.meet(number, outcome)
            others.make_way(waiting, crew.recall)
            # A list is worked through before the next is asked for, so that everybody gets a turn.
            if not waiting and self._clock.elapsed() >= look_at:
                try:
                    due = self._store.due_deliveries(self._clock.now())
                except StoreError as error:
                    look_at = self._clock.elapsed() + pause_after(failures, self._idle)
                    failures += 1
                    self._trouble(error)
                else:
                    failures = 0
                    free = holds.pass_on(patience.ripe(due))
                    waiting.extend(each for each in free if each.id not in crew.busy)
                    others.order(waiting)
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

    def recall(self) -> list[Due]:
        """Take back what nobody has begun, in the order in which it was sent."""
        taken: list[Due | None] = []
        with suppress(Empty):
            while True:
                taken.append(self._orders.get_nowait())
        orders = [due for due in taken if due is not None]
        self.busy.difference_update(due.id for due in orders)
        return orders

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
