"""Claim a delivery, send it, settle it; look before sending again what may have arrived."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Protocol

from bot.core.editions import DeliveryState, Destination, DestinationKind, Edition
from bot.core.records import CannotTell, Claim, Sent
from bot.errors import BotError, DeliveryError, StoreError

LEASE = timedelta(minutes=5)
# How long to wait after each failed attempt, certain or not; then the delivery has failed.
BACK_OFF = (
    timedelta(minutes=1),
    timedelta(minutes=5),
    timedelta(minutes=15),
    timedelta(hours=1),
    timedelta(hours=6),
)
# No destination is waited for longer, whatever it asks for.
LONGEST_WAIT = timedelta(days=1)


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

        Claimable are pending deliveries, those to be retried and unknown ones whose time has come,
        and those whose lease has run out (in doubt). None where somebody else has it or it is
        settled.
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

        It cannot be claimed again before `retry_at` (None: at once). False where a later attempt
        has taken over. Raise StoreError for a transition that
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
    try:
        claim = store.claim(delivery_id, now, now + LEASE)
    except StoreError as error:
        return Outcome(Result.LATER, detail=str(error))
    if claim is None:
        return Outcome(Result.SKIPPED)
    try:
        sent, found = _send(claim, senders)
    except DeliveryError as error:
        return _settle_error(claim, error, store, now)
    except BotError as error:
        return _settle_error(claim, DeliveryError(str(error)), store, now)
    except Exception as error:  # noqa: BLE001 - one bad delivery never stops the others
        reason = f"{type(error).__name__}: {error}"
        return _settle_error(claim, DeliveryError(reason, unknown=True), store, now)
    result = Result.FOUND if found else Result.SENT
    settled = _settle(
        claim, DeliveryState.SENT, result, detail=sent.reference, store=store, now=now
    )
    # It is there, whoever else tries meanwhile: that one looks before it sends.
    return replace(settled, result=result) if settled.result is Result.SKIPPED else settled


def deliver_due(
    store: DeliveryStore,
    senders: Mapping[DestinationKind, Sender],
    now: datetime,
    clock: Callable[[], datetime] | None = None,
) -> tuple[Outcome, ...]:
    """Deliver everything that is due at `now`, one after another, oldest edition first.

    `clock` says when each one is claimed. Without it that is `now` for all, so do without only
    where all of them together surely take less than LEASE: a lease that began too early may run
    out while its delivery is on the way, and another process would take that one over.
    """
    due = store.due_deliveries(now)
    return tuple(deliver(each, store, senders, clock() if clock else now) for each in due)


def _send(claim: Claim, senders: Mapping[DestinationKind, Sender]) -> tuple[Sent, bool]:
    """Send, or find what an earlier attempt sent; say which."""
    delivery = claim.delivery
    sender = senders.get(delivery.destination.kind)
    if sender is None:
        message = f"nothing here delivers to {delivery.destination}: set that up, or remove it"
        raise DeliveryError(message, unknown=claim.in_doubt)
    if claim.in_doubt:
        try:
            found = sender.find(claim.edition, delivery.destination, delivery.key)
        except BotError as error:
            raise _keep_doubt(error) from error
        if isinstance(found, Sent):
            return found, True
        if delivery.attempt > len(BACK_OFF) + 1:
            message = f"it was begun {delivery.attempt - 1} times and never known to arrive"
            raise DeliveryError(message, permanent=True)
    return sender.send(claim.edition, delivery.destination, delivery.key), False


def _keep_doubt(error: BotError) -> DeliveryError:
    """Where looking failed, what was in doubt still is, so that it is looked for again."""
    if not isinstance(error, DeliveryError):
        return DeliveryError(str(error), unknown=True)
    if error.permanent:
        return error
    return DeliveryError(str(error), unknown=True, retry_after=error.retry_after)


def _settle_error(
    claim: Claim, error: DeliveryError, store: DeliveryStore, now: datetime
) -> Outcome:
    """Record a failed attempt: for good, in doubt, or for another try."""
    attempt = claim.delivery.attempt
    detail = str(error)
    if error.permanent or attempt > len(BACK_OFF):
        if error.unknown:
            detail = f"{detail}; it may have arrived, and is not tried again"
        return _settle(
            claim, DeliveryState.FAILED, Result.FAILED, detail=detail, store=store, now=now
        )
    wait = BACK_OFF[attempt - 1]
    if error.retry_after is not None:
        asked = min(LONGEST_WAIT.total_seconds(), error.retry_after)
        wait = max(wait, timedelta(seconds=asked))
    state, result = DeliveryState.RETRY, Result.LATER
    if error.unknown:
        state, result = DeliveryState.UNKNOWN, Result.UNKNOWN
    return _settle(claim, state, result, detail=detail, store=store, now=now, retry_at=now + wait)


def _settle(
    claim: Claim,
    state: DeliveryState,
    result: Result,
    *,
    detail: str,
    store: DeliveryStore,
    now: datetime,
    retry_at: datetime | None = None,
) -> Outcome:
    """Record an outcome; where that fails, the claim's lease sees to it that somebody looks."""
    destination = claim.delivery.destination
    try:
        settled = store.settle(claim, state, at=now, detail=detail, retry_at=retry_at)
    except StoreError as error:
        return Outcome(Result.UNKNOWN, destination, f"{detail}; {error}")
    return Outcome(result if settled else Result.SKIPPED, destination, detail)
