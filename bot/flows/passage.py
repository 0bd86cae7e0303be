"""The ledger's side of one attempt: what left, what arrived, whether it is still in time."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Protocol, runtime_checkable

from bot.core.editions import Destination, Edition
from bot.core.records import CannotTell, Claim, Enclosed, Part, Sent
from bot.core.trail import Trail
from bot.errors import StoreError


class Clock(Protocol):
    """The time, told twice: clocks are set, and machines sleep."""

    def now(self) -> datetime:
        """Return the time of day, with its zone."""
        ...

    def elapsed(self) -> float:
        """Return seconds that nobody sets back or forward, a sleeping machine's included."""
        ...


class Sender(Protocol):
    """One kind of destination."""

    def send(self, edition: Edition, destination: Destination, key: str, trail: Trail, /) -> Sent:
        """Deliver once; raise DeliveryError(permanent | unknown | retry_after | gone).

        Call `trail` when all else is ready. Of a delivery in several messages, send those that
        have no reference yet, after a look for each that may have arrived.
        """
        ...

    def find(
        self, edition: Edition, destination: Destination, key: str, trail: Trail, /
    ) -> Sent | CannotTell | None:
        """Say whether the delivery of this key has arrived; raise DeliveryError where unclear.

        None where it is not there as a whole: then it is sent, or what is missing of it.
        """
        ...


@runtime_checkable
class TogetherSender(Sender, Protocol):
    """One kind of destination that takes several sets' editions as one."""

    def send_together(
        self, enclosed: Sequence[Enclosed], destination: Destination, key: str, trail: Trail, /
    ) -> Sent:
        """Deliver all of them once, as `send` does one; `key` names the whole."""
        ...


class TrailStore(Protocol):
    """What the ledger keeps of a sending on its way."""

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
        """Commit that the claim's sending, or a part of it, is about to leave this machine.

        `again`: it may repeat an earlier one, which is counted. `lease_until` renews the lease.
        `draft` is kept with it, for later attempts to send alike; "": what was kept before stays.
        False where a later attempt has taken over.
        """
        ...

    def arrive(self, claim: Claim, part: int, reference: str) -> bool:
        """Commit that a part has arrived; False where a later attempt has taken over."""
        ...


class LateError(Exception):
    """This claim is no longer this process's: nothing was sent."""


class Passage:
    """The trail of one claim.

    `doubtful`: an earlier attempt may have arrived; `left`: something of this one may have, and
    nobody knows yet; `advanced`: a message more is known to be there than before.
    """

    def __init__(
        self,
        claim: Claim,
        store: TrailStore,
        clock: Clock,
        *,
        lease: timedelta,
        margin: timedelta,
        began: float,
    ) -> None:
        """`began` is the clock's `elapsed` before the claim was made."""
        self.doubtful = claim.in_doubt
        self.left = False
        self.advanced = False
        self.parts: dict[int, Part] = dict(claim.parts)
        self.draft = self._kept = claim.draft
        self._claim = claim
        self._store = store
        self._clock = clock
        self._lease = lease
        self._margin = margin
        self._began = began
        self._lease_until = claim.lease_until

    def __call__(self, part: int = 0) -> None:
        """Record that it leaves, then look at the clocks once more: nothing comes after that."""
        if self.is_late():
            raise LateError
        # The clock is read before the lease is renewed, so that a process frozen then is late, too.
        elapsed, now = self._clock.elapsed(), self._clock.now()
        lease_until = now + self._lease if part else None
        if not self._store.leave(
            self._claim,
            now,
            again=self.doubtful,
            part=part,
            lease_until=lease_until,
            draft="" if self.draft == self._kept else self.draft,
        ):
            raise LateError
        self._kept = self.draft
        if lease_until is not None:
            self._began, self._lease_until = elapsed, lease_until
            self.parts.setdefault(part, Part(part, "", now))
        if self.is_late():
            raise LateError
        self.left = True

    def arrived(self, part: int, reference: str) -> None:
        """Record a part's arrival; what else left of this attempt has arrived before it."""
        self.parts[part] = Part(part, reference, self.parts[part].at)
        if not self._store.arrive(self._claim, part, reference):
            raise LateError
        self.left, self.advanced = False, True

    def fix(self, draft: str) -> None:
        """Have every attempt send this alike, from the one of which something leaves first."""
        if self.parts or self.left:
            msg = f"delivery {self._claim.delivery.id} has left: what it sends cannot change now"
            raise StoreError(msg)
        self.draft = draft

    def is_late(self) -> bool:
        """Whether too little of the lease is left, by either clock."""
        allowed = self._lease - self._margin
        if self._clock.elapsed() - self._began > allowed.total_seconds():
            return True
        return self._clock.now() > self._lease_until - self._margin
