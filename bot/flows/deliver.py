"""Claim a delivery, send it, settle it; look before sending again what may have arrived."""

from datetime import datetime
from typing import Protocol

from bot.core.editions import DeliveryState, Destination, Edition
from bot.core.records import CannotTell, Claim, Sent


class Sender(Protocol):
    """One kind of destination."""

    def send(self, edition: Edition, destination: Destination, key: str) -> Sent:
        """Deliver once; raise DeliveryError(permanent | unknown | retry_after)."""
        ...

    def find(
        self, edition: Edition, destination: Destination, key: str
    ) -> Sent | CannotTell | None:
        """Say whether the delivery of this key has arrived; raise DeliveryError where unclear."""
        ...


class DeliveryStore(Protocol):
    """The ledger: what deliver needs to remember."""

    def due_deliveries(self, now: datetime) -> tuple[int, ...]:
        """Return the ids of deliveries that may be claimed now, oldest edition first."""
        ...

    def claim(self, delivery_id: int, now: datetime, lease_until: datetime) -> Claim | None:
        """Commit `sending` with attempt + 1 and a lease before anything leaves.

        Claimable are pending and unknown deliveries, those to be retried whose time has come, and
        those whose lease has run out (in doubt). None where somebody else has it or it is settled.
        """
        ...

    def settle(
        self,
        claim: Claim,
        state: DeliveryState,
        *,
        at: datetime,
        detail: str,
        retry_at: datetime | None = None,
    ) -> bool:
        """Record the outcome and append it to the history, only for the attempt of this claim.

        False where a later attempt has taken over. Raise StoreError for a transition that
        `core.editions.allows` refuses.
        """
        ...
