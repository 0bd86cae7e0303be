"""Claim a delivery, send it, settle it; look before sending again what may have arrived."""

from collections.abc import Mapping
from dataclasses import dataclass
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


class Result(StrEnum):
    """How one attempt to deliver ended."""

    SENT = "sent"
    FOUND = "found there already"
    LATER = "to be tried again"
    UNKNOWN = "in doubt"
    FAILED = "failed"
    SKIPPED = "left to another process"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one delivery: where it went, and what the destination or the error said."""

    result: Result
    destination: Destination | None = None
    detail: str = ""


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
        return Outcome(Result.SKIPPED)
    destination = claim.delivery.destination
    try:
        sent, found = _send(claim, senders[destination.kind])
    except DeliveryError as error:
        return _settle_error(claim, error, store, now)
    except BotError as error:
        return _settle_error(claim, DeliveryError(str(error)), store, now)
    except Exception as error:  # noqa: BLE001 - one bad delivery never stops the others
        reason = f"{type(error).__name__}: {error}"
        return _settle_error(claim, DeliveryError(reason, unknown=True), store, now)
    store.settle(claim, DeliveryState.SENT, at=now, detail=sent.reference)
    return Outcome(Result.FOUND if found else Result.SENT, destination, sent.reference)


def deliver_due(
    store: DeliveryStore, senders: Mapping[DestinationKind, Sender], now: datetime
) -> tuple[Outcome, ...]:
    """Deliver everything that is due, one after another, oldest edition first."""
    return tuple(deliver(each, store, senders, now) for each in store.due_deliveries(now))


def _send(claim: Claim, sender: Sender) -> tuple[Sent, bool]:
    """Send, or find what an earlier attempt sent; say which."""
    delivery = claim.delivery
    if claim.in_doubt:
        found = sender.find(claim.edition, delivery.destination, delivery.key)
        if isinstance(found, Sent):
            return found, True
    return sender.send(claim.edition, delivery.destination, delivery.key), False


def _settle_error(
    claim: Claim, error: DeliveryError, store: DeliveryStore, now: datetime
) -> Outcome:
    """Record a failed attempt: in doubt, for good, or for another try."""
    attempt = claim.delivery.attempt
    detail = str(error)
    destination = claim.delivery.destination
    if error.unknown:
        store.settle(claim, DeliveryState.UNKNOWN, at=now, detail=detail)
        return Outcome(Result.UNKNOWN, destination, detail)
    if error.permanent or attempt > len(BACK_OFF):
        store.settle(claim, DeliveryState.FAILED, at=now, detail=detail)
        return Outcome(Result.FAILED, destination, detail)
    wait = BACK_OFF[attempt - 1]
    if error.retry_after is not None:
        wait = max(wait, timedelta(seconds=error.retry_after))
    store.settle(claim, DeliveryState.RETRY, at=now, detail=detail, retry_at=now + wait)
    return Outcome(Result.LATER, destination, detail)
