"""Claim a delivery, send it, settle it; look before sending again what may have arrived."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Protocol

from bot.core.editions import DeliveryState, Destination, DestinationKind, Edition
from bot.core.records import CannotTell, Claim, Sent
from bot.errors import BotError, DeliveryError

LEASE = timedelta(minutes=5)
# How long to wait after each failed attempt; then the delivery has failed.
BACK_OFF = (
    timedelta(minutes=1),
    timedelta(minutes=5),
    timedelta(minutes=15),
    timedelta(hours=1),
    timedelta(hours=6),
)


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


class Outcome(StrEnum):
    """What became of one call of deliver."""

    SENT = "sent"
    FOUND = "found"
    LATER = "later"
    FAILED = "failed"
    UNKNOWN = "unknown"
    SKIPPED = "skipped"


def deliver(
    delivery_id: int,
    store: DeliveryStore,
    senders: Mapping[DestinationKind, Sender],
    now: datetime,
) -> Outcome:
    """Bring one delivery to its destination, if it is this process's turn.

    What may have arrived before is asked for first, and sent again only where it is surely not
    there or the destination cannot tell. Any error of one delivery ends with that delivery.
    """
    claim = store.claim(delivery_id, now, now + LEASE)
    if claim is None:
        return Outcome.SKIPPED
    destination = claim.delivery.destination
    sender = senders[destination.kind]
    try:
        if claim.in_doubt:
            found = sender.find(claim.edition, destination, claim.delivery.key)
            if isinstance(found, Sent):
                store.settle(claim, DeliveryState.SENT, at=now, detail=f"found {found.reference}")
                return Outcome.FOUND
        sent = sender.send(claim.edition, destination, claim.delivery.key)
    except DeliveryError as error:
        return _settle_error(claim, error, store, now)
    except BotError as error:
        return _settle_error(claim, DeliveryError(str(error)), store, now)
    except Exception as error:  # noqa: BLE001 - one bad delivery never stops the others
        reason = f"{type(error).__name__}: {error}"
        return _settle_error(claim, DeliveryError(reason, unknown=True), store, now)
    store.settle(claim, DeliveryState.SENT, at=now, detail=sent.reference)
    return Outcome.SENT


def _settle_error(
    claim: Claim, error: DeliveryError, store: DeliveryStore, now: datetime
) -> Outcome:
    """Record a failed attempt: for good, for another try, or in doubt."""
    attempt = claim.delivery.attempt
    detail = str(error)
    if error.unknown:
        store.settle(claim, DeliveryState.UNKNOWN, at=now, detail=detail)
        return Outcome.UNKNOWN
    if error.permanent or attempt > len(BACK_OFF):
        store.settle(claim, DeliveryState.FAILED, at=now, detail=detail)
        return Outcome.FAILED
    wait = BACK_OFF[attempt - 1]
    if error.retry_after is not None:
        wait = max(wait, timedelta(seconds=error.retry_after))
    store.settle(claim, DeliveryState.RETRY, at=now, detail=detail, retry_at=now + wait)
    return Outcome.LATER
