"""Domains that all processes of a database leave alone together; sends nothing."""

import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final, Protocol

from bot.adapters.smtp.domains import LONGEST_PAUSE, THE_RELAY
from bot.core.bounces import DomainPause
from bot.errors import StoreError

# How old what is known of pauses may be: a mail costs no query, and a pause is heard of soon.
_FRESH: Final = 5.0
_TIDY: Final = 60.0


class Turn(Protocol):
    """The next time at which a mail may go, in Unix seconds; `taken`: it is the asker's."""

    @property
    def at(self) -> float:
        """When it is."""
        ...

    @property
    def taken(self) -> bool:
        """Whether it is the asker's."""
        ...


class PauseStore(Protocol):
    """What processes share."""

    def load_domain_pauses(self) -> tuple[DomainPause, ...]:
        """Load the domains that are left alone, or were and took no mail since."""
        ...

    def trip_domain(
        self, domain: str, seconds: float, longest: float, reason: str, now: datetime
    ) -> DomainPause:
        """Leave a domain alone, twice as long each time in a row, `longest` seconds at most."""
        ...

    def clear_domain(self, domain: str, now: datetime | None = None) -> bool:
        """Know that a domain takes mail; with `now` only where its pause is over by then."""
        ...

    def take_slot(self, name: str, interval_s: float, now: float, *, within_s: float) -> Turn:
        """Take the next free slot of `name` if it comes within so many seconds, else only tell."""
        ...


@dataclass(slots=True)
class _Queue:
    """Deliveries of this process that were told to come back for a domain, and when.

    `last` is when the next that has to wait is told to come; `swept` when this was last tidied.
    """

    last: float = 0.0
    swept: float = 0.0
    waiting: dict[str, float] = field(default_factory=dict)


class StoreDomains:
    """What all processes know together, of pauses some seconds late.

    Where the database fails, what was known before counts on: it says so elsewhere.
    """

    def __init__(
        self, store: PauseStore, per_minute: int = 0, now: Callable[[], float] = time.time
    ) -> None:
        """`per_minute` bounds mails to one domain, of all processes together (0: no bound)."""
        self._store = store
        self._between = 60.0 / per_minute if per_minute else 0.0
        self._now = now
        self._lock = threading.Lock()
        self._asked: float | None = None
        self._known: dict[str, float] = {}
        self._queues: dict[str, _Queue] = {}

    def hold(self, domain: str, key: str) -> float:
        """Give a delivery its turn, or say how long to wait for it.

        The relay has no turns, only pauses.
        """
        now = self._now()
        with self._lock:
            self._refresh(now)
            until = self._known.get(domain, now)
        # What is further ahead was written before the clock was set back.
        if now < until <= now + LONGEST_PAUSE:
            return until - now
        if not self._between or domain == THE_RELAY:
            return 0.0
        return self._take_turn(domain, key, now)

    def trip(self, domain: str, seconds: float, reason: str) -> float:
        """Leave a domain alone for `seconds`, twice as long each time again, an hour at most."""
        now = self._now()
        until = now + seconds
        with suppress(StoreError):
            at = datetime.fromtimestamp(now, UTC)
            paused = self._store.trip_domain(domain, seconds, LONGEST_PAUSE, reason, at)
            until = paused.until.timestamp()
        with self._lock:
            self._known[domain] = until
        return max(0.0, until - now)

    def clear(self, domain: str) -> None:
        """Begin with short pauses again, once the one that there is has ended.

        A mail that was on its way when its domain was paused ends no pause.
        """
        now = self._now()
        with self._lock:
            until = self._known.get(domain)
            if until is None or now < until <= now + LONGEST_PAUSE:
                return
            del self._known[domain]
        with suppress(StoreError):
            # One that was written before the clock was set back is over, too.
            over = datetime.fromtimestamp(max(now, until), UTC)
            self._store.clear_domain(domain, over)

    def _refresh(self, now: float) -> None:
        if self._asked is not None and 0 <= now - self._asked < _FRESH:
            return
        self._asked = now
        with suppress(StoreError):
            pauses = self._store.load_domain_pauses()
            self._known = {each.domain: each.until.timestamp() for each in pauses}

    def _take_turn(self, domain: str, key: str, now: float) -> float:
        """Take a turn that has come; else come back when those who were told before have gone.

        Turns are the store's, so that no process takes another's; only the guess when to ask
        again is this one's own.
        """
        try:
            turn = self._store.take_slot(f"mail to {domain}", self._between, now, within_s=0.0)
        except StoreError:
            return 0.0
        with self._lock:
            queue = self._queues.setdefault(domain, _Queue())
            _sweep(queue, now)
            waited = queue.waiting.pop(key, None) is not None
            if turn.taken:
                return 0.0
            at = turn.at
            if not waited:
                at = max(at, queue.last)
                queue.last = at + self._between
            queue.waiting[key] = at
            return at - now


def _sweep(queue: _Queue, now: float) -> None:
    """Forget deliveries that were called off meanwhile, and never come back."""
    if abs(now - queue.swept) > _TIDY:
        queue.swept = now
        queue.waiting = {key: at for key, at in queue.waiting.items() if at > now - _TIDY}
