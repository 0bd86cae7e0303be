"""Work for which no request waits: a few threads do it, and end in order when the site stops."""

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from threading import Lock

_THREADS = 2
_MOST_WAITING = 100
# How long what was asked for already may take once nobody else can ask.
_FINISH_SECONDS = 5.0


class Errands:
    """Runs work, a few pieces at once; what fails is reported and ends nothing else."""

    def __init__(self, report: Callable[[str], None], most: int = _MOST_WAITING) -> None:
        """Begin no thread before there is work; beyond `most` that waits, work is left undone."""
        self._report = report
        self._most = most
        self._pool = ThreadPoolExecutor(_THREADS, thread_name_prefix="errands")
        self._waiting: set[Future[None]] = set()
        self._lock = Lock()

    def run(self, work: Callable[[], None]) -> None:
        """Have work done soon."""
        with self._lock:
            self._waiting = {each for each in self._waiting if not each.done()}
            if len(self._waiting) < self._most:
                self._waiting.add(self._pool.submit(self._do, work))
                return
        self._report(f"{self._most} errands wait already, so one was left undone")

    def close(self, seconds: float = _FINISH_SECONDS) -> None:
        """Finish what was begun, and what waits where that takes so many seconds at most."""
        with self._lock:
            waiting = set(self._waiting)
        wait(waiting, seconds)
        self._pool.shutdown(wait=True, cancel_futures=True)
        left = sum(each.cancelled() for each in waiting)
        if left:
            self._report(f"{left} errands were left undone, as the site stopped")

    def _do(self, work: Callable[[], None]) -> None:
        try:
            work()
        except Exception as error:  # noqa: BLE001 - nobody else would hear of it
            self._report(f"{type(error).__name__}: {error}")
