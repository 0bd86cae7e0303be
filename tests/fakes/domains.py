"""What one process knows of domains by itself, as `StoreDomains` does for all of a database."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from bot.adapters.smtp.domains import LONGEST_PAUSE, THE_RELAY

_MOST_DOUBLINGS: Final = 10


@dataclass(slots=True)
class _Domain:
    """`turns` are those given to deliveries that had to wait; `next_turn` is free."""

    until: float = 0.0
    trips: int = 0
    next_turn: float = 0.0
    turns: dict[str, float] = field(default_factory=dict)


class OwnDomains:
    """What one process knows: each of several finds out by itself, at one mail a connection."""

    def __init__(self, per_minute: int = 0, clock: Callable[[], float] = time.monotonic) -> None:
        """`per_minute` bounds mails to one domain (0: no bound); `clock` tells seconds."""
        self._between = 60.0 / per_minute if per_minute else 0.0
        self._clock = clock
        self._lock = threading.Lock()
        self._known: dict[str, _Domain] = {}

    def hold(self, domain: str, key: str) -> float:
        """Give a delivery its turn, or say how long to wait for it; whoever waits keeps its place.

        The relay has no turns, only pauses.
        """
        now = self._clock()
        with self._lock:
            known = self._known.get(domain)
            if known is not None and now < known.until:
                return known.until - now
            if not self._between or domain == THE_RELAY:
                return 0.0
            known = self._known.setdefault(domain, _Domain())
            turn = known.turns.pop(key, None)
            if turn is None:
                turn = max(now, known.next_turn)
                known.next_turn = turn + self._between
            if turn <= now:
                return 0.0
            # A delivery that was called off meanwhile never comes back for its turn.
            known.turns = {each: at for each, at in known.turns.items() if at > now - 60}
            known.turns[key] = turn
            return turn - now

    def trip(self, domain: str, seconds: float, reason: str) -> float:  # noqa: ARG002 - as all do
        """Leave a domain alone for `seconds`, twice as long each time again, an hour at most."""
        now = self._clock()
        with self._lock:
            known = self._known.setdefault(domain, _Domain())
            # Of several that are refused at the same time only the first counts.
            if now >= known.until:
                doubled = seconds * 2 ** min(known.trips, _MOST_DOUBLINGS)
                known.until = now + min(doubled, LONGEST_PAUSE)
                known.trips += 1
            return known.until - now

    def clear(self, domain: str) -> None:
        """Begin with short pauses again."""
        with self._lock:
            known = self._known.get(domain)
            if known is not None and known.trips:
                known.until, known.trips = 0.0, 0
