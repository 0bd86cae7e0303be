"""When the next request to arXiv may go; what is requested is not known here.

arXiv asks for one request every three seconds over one connection, across all machines of one
operator: https://info.arxiv.org/help/api/tou.html
"""

from collections.abc import Callable
from threading import Lock
from typing import Protocol


class Throttle(Protocol):
    """Spaces requests; shared by whatever talks to arXiv."""

    def wait(self) -> None:
        """Return when a request may go, having taken its turn."""
        ...


class IntervalThrottle:
    """A throttle for the threads of one process; other processes have no part in it."""

    def __init__(
        self, seconds: float, *, clock: Callable[[], float], sleep: Callable[[float], None]
    ) -> None:
        """`seconds` lie between the starts of two requests; `clock` is a monotonic one."""
        self._seconds = seconds
        self._clock = clock
        self._sleep = sleep
        self._next = clock()
        self._lock = Lock()

    def wait(self) -> None:
        """Sleep until `seconds` after the turn before this one."""
        # The lock is held while sleeping: a second thread queues for the turn after this one.
        with self._lock:
            pause = self._next - self._clock()
            if pause > 0:
                self._sleep(pause)
            self._next = self._clock() + self._seconds
