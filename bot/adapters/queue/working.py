"""Work for the queue in threads, until told to stop; the part that needs no Procrastinate yet."""

import contextlib
import threading
import time
from collections.abc import Callable
from concurrent.futures import Executor, Future
from datetime import datetime
from queue import SimpleQueue
from typing import ParamSpec, Protocol, TypeVar

from bot.adapters.queue.schema import require
from bot.adapters.store.database import parse_url
from bot.adapters.timing import SystemClock
from bot.errors import StoreError

_LOOK_SECONDS = 0.2
# Clocks of machines may differ by this much; for more there is the sweep.
_LONGEST_EARLY = 5.0


class Outcome(Protocol):
    """What became of a delivery, as far as the queue needs to know."""

    @property
    def again(self) -> datetime | None:
        """When to try again, where that is known."""
        ...


P = ParamSpec("P")
R = TypeVar("R")
Told = TypeVar("Told", bound=Outcome)


def run_worker(
    url: str,
    deliver_one: Callable[[int], Told],
    *,
    workers: int,
    stop: threading.Event,
    report: Callable[[int, Told], None],
    trouble: Callable[[StoreError], None],
    grace: float = 8.0,
) -> None:
    """Deliver what the queue names until `stop` is set, at most `workers` deliveries at once.

    A delivery whose outcome says when to try again gets a job for that time. `report` hears each
    outcome, `trouble` what went wrong; both may be called by several threads. A database that is
    away is waited for. Once `stop` is set nothing is begun, and what is on its way after `grace`
    seconds is left to its lease, as after a crash. Raise StoreError where Procrastinate is not
    installed.
    """
    require()
    from bot.adapters.queue.worker import Worker  # noqa: PLC0415 - start-up stays light

    clock = SystemClock()

    def attempt(number: int, at: int) -> datetime | None:
        # The database's clock says that it is time; this machine's may be a little behind.
        early = at / 1e6 - clock.now().timestamp()
        if early > 0:
            time.sleep(min(early, _LONGEST_EARLY))
        try:
            outcome = deliver_one(number)
        except Exception as error:  # noqa: BLE001 - one bad delivery never stops the others
            trouble(StoreError(f"delivery {number}: {type(error).__name__}: {error}"))
            return None
        report(number, outcome)
        return outcome.again

    # These outlive a lost connection, so that there are never more deliveries than threads.
    threads = Threads(workers)
    worker = Worker(parse_url(url), attempt, threads, workers, stop, trouble, grace)
    service = Future[None]()
    # The worker waits for its last deliveries, but the process does not wait for the worker.
    threading.Thread(target=worker.run, args=[service], name="queue", daemon=True).start()
    while not service.done() and not stop.wait(_LOOK_SECONDS):
        pass
    with contextlib.suppress(TimeoutError):
        service.result(grace + 2 * _LOOK_SECONDS)
    threads.shutdown(wait=False)


class Threads(Executor):
    """Daemon threads: unlike ThreadPoolExecutor's they never keep the process alive."""

    def __init__(self, number: int) -> None:
        """Start all of them."""
        self._number = number
        self._calls: SimpleQueue[Callable[[], None] | None] = SimpleQueue()
        for count in range(number):
            threading.Thread(target=self._work, name=f"delivering-{count}", daemon=True).start()

    def submit(self, fn: Callable[P, R], /, *args: P.args, **kwargs: P.kwargs) -> Future[R]:
        """Have a function called in one of the threads."""
        future = Future[R]()

        def call() -> None:
            if not future.set_running_or_notify_cancel():
                return
            try:
                future.set_result(fn(*args, **kwargs))
            except BaseException as error:  # noqa: BLE001 - raised again by who waits for it
                future.set_exception(error)

        self._calls.put(call)
        return future

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:  # noqa: ARG002, FBT001, FBT002 - Executor's signature
        """Let each thread end after the call it is at; wait for none."""
        for _ in range(self._number):
            self._calls.put(None)

    def _work(self) -> None:
        while (call := self._calls.get()) is not None:
            call()
