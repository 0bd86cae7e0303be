"""A clock that stands still until a test moves it, or sets it, which are two things."""

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bot.flows.passage import Clock


class StillClock:
    """Time goes by with `advance`; `set` only turns the hands."""

    def __init__(self, now: datetime) -> None:
        self._now = now
        self._elapsed = 0.0

    def now(self) -> datetime:
        return self._now

    def elapsed(self) -> float:
        return self._elapsed

    def advance(self, time: timedelta) -> None:
        self._now += time
        self._elapsed += time.total_seconds()

    def set(self, now: datetime) -> None:
        self._now = now


if TYPE_CHECKING:
    _CLOCK: Clock = StillClock(datetime.now().astimezone())
