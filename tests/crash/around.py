"""A store that lets a test step in around each thing that deliver asks of it."""

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from datetime import datetime
from typing import TYPE_CHECKING

from bot.core.editions import DeliveryState
from bot.core.records import Busy, Claim, Due
from bot.core.retrying import NO_PACES, Pace

if TYPE_CHECKING:
    from bot.flows.deliver import DeliveryStore


class SurroundedStore:
    """The store itself, each call within what `around` makes of the method's name."""

    def __init__(
        self, store: "DeliveryStore", around: Callable[[str], AbstractContextManager[None]]
    ) -> None:
        self._store = store
        self._around = around

    def due_deliveries(self, now: datetime) -> tuple[Due, ...]:
        return self._store.due_deliveries(now)

    def claim(
        self,
        delivery_id: int,
        now: datetime,
        lease_until: datetime,
        pace: Mapping[str, Pace] = NO_PACES,
        seen: int | None = None,
    ) -> Claim | Busy | None:
        with self._around("claim"):
            return self._store.claim(delivery_id, now, lease_until, pace, seen)

    def leave(
        self,
        claim: Claim,
        at: datetime,
        *,
        again: bool,
        part: int = 0,
        lease_until: datetime | None = None,
        draft: str = "",
    ) -> bool:
        with self._around("leave"):
            return self._store.leave(
                claim, at, again=again, part=part, lease_until=lease_until, draft=draft
            )

    def arrive(self, claim: Claim, part: int, reference: str) -> bool:
        with self._around("arrive"):
            return self._store.arrive(claim, part, reference)

    def defer(
        self, claim: Claim, at: datetime, *, until: datetime, detail: str, unknown: bool
    ) -> bool:
        with self._around("settle"):
            return self._store.defer(claim, at, until=until, detail=detail, unknown=unknown)

    def settle(
        self,
        claim: Claim,
        state: DeliveryState,
        *,
        at: datetime,
        detail: str,
        retry_at: datetime | None = None,
        pause: str = "",
    ) -> bool:
        with self._around("settle"):
            return self._store.settle(
                claim, state, at=at, detail=detail, retry_at=retry_at, pause=pause
            )
