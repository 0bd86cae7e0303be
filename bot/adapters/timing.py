"""The machine's clocks; nothing else in the program asks what time it is, but edges."""

import time
from datetime import UTC, datetime


class SystemClock:
    """The time of day, and seconds that go on while the machine sleeps.

    Linux's CLOCK_BOOTTIME counts a suspended machine's time, CLOCK_MONOTONIC does not:
    https://man7.org/linux/man-pages/man2/clock_gettime.2.html
    """

    def __init__(self) -> None:
        """Choose the best clock that this system has."""
        self._kind = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)

    def now(self) -> datetime:
        """Return the time of day in UTC."""
        return datetime.now(UTC)

    def elapsed(self) -> float:
        """Return seconds since some moment, never set back."""
        return time.clock_gettime(self._kind)
