"""Claim a delivery, send it, settle it; look before sending again what may have arrived."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Protocol

from bot.core.doubts import InDoubt
from bot.core.editions import DeliveryState, Destination, DestinationKind, Edition
from bot.core.records import Busy, CannotTell, Claim, Due, Sent
from bot.core.retrying import MOST_ATTEMPTS, NO_PACES, Pace, pause_before
from bot.errors import BotError, DeliveryError, StoreError


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

    def send(
        self, edition: Edition, destination: Destination, key: str, leave: Callable[[], None]
    ) -> Sent:
        """Deliver once; raise DeliveryError(permanent | unknown | retry_after | gone).

        Call `leave` right before the first byte that may make the delivery visible leaves, when
        all else is ready; let through what it raises.
        """
        ...

    def find(
        self, edition: Edition, destination: Destination, key: str
    ) -> Sent | CannotTell | None:
        """Say whether the delivery of this key has arrived; raise DeliveryError where unclear."""
        ...


class DeliveryStore(Protocol):
    """The ledger: what deliver needs to remember."""

    def due_deliveries(self, now: datetime) -> tuple[Due, ...]:
        """Return the deliveries that may be claimed now, oldest edition first."""
        ...

    def claim(
        self,
        delivery_id: int,
        now: datetime,
        lease_until: datetime,
        pace: Mapping[str, Pace] = NO_PACES,
    ) -> Claim | Busy | None:
        """Commit `sending` with attempt + 1 and a lease before anything leaves.

        Claimable are pending deliveries, those to be retried and unknown ones whose time has come,
        and those whose lease has run out: in doubt where they had left the machine. None where
        somebody else has it, it is settled, or its subscription or set is paused; one whose
        subscription was removed is cancelled. Busy where `pace` of its kind or the subscription's
        quiet hours forbid it now: it is due again at that time.
        """
        ...

    def leave(self, claim: Claim, at: datetime, *, again: bool) -> bool:
        """Commit that the claim's sending is about to leave this machine.

        `again`: it may repeat an earlier one, which is counted. False where a later attempt has
        taken over.
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
        pause: str = "",
    ) -> bool:
        """Record the outcome and append it to the history, only for the attempt of this claim.

        It cannot be claimed again before `retry_at` (None: at once). `pause` says why its
        subscription is paused with it, where it is. False where a later attempt has taken over.
        Raise StoreError for a transition that `core.editions.allows` refuses.
        """
        ...


class Result(StrEnum):
    """How one attempt to deliver ended."""

    SENT = "sent"
    FOUND = "found there already"
    LATER = "to be tried again"
    UNKNOWN = "in doubt"
    FAILED = "failed"
    PAUSED = "paused"
    SKIPPED = "left to another process"
    BUSY = "waiting its turn"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one delivery: where it went, and what the destination or the error said.

    `again` is when to try again, where that is known.
    """

    result: Result
    destination: Destination | None = None
    detail: str = ""
    again: datetime | None = None


@dataclass(frozen=True, slots=True)
class Terms:
    """What an operator chose, and what a test makes shorter.

    A claim may send only in the first part of its lease, so that what it sent has arrived, or the
    connection has timed out, before anybody looks for it: `margin` is longer than any time-out of
    a sender.
    """

    lease: timedelta = timedelta(minutes=5)
    margin: timedelta = timedelta(minutes=2)
    in_doubt: InDoubt = InDoubt.RESEND
    paces: Mapping[str, Pace] = field(default_factory=lambda: NO_PACES)
    chance: Callable[[], float] = lambda: 0.0


class _LateError(Exception):
    """This claim is no longer this process's: nothing was sent."""


def deliver(
    delivery_id: int,
    store: DeliveryStore,
    senders: Mapping[DestinationKind, Sender],
    clock: Clock,
    terms: Terms,
) -> Outcome:
    """Bring one delivery to its destination, if it is this process's turn.

    What may have arrived before is asked for first, and sent again only where it is surely not
    there or, if the terms say so, where the destination cannot tell. Any error of one delivery
    ends with that delivery.
    """
    # The clock is read before the claim, so that a process frozen in between is late, too.
    began, now = clock.elapsed(), clock.now()
    try:
        claim = store.claim(delivery_id, now, now + terms.lease, terms.paces)
    except StoreError as error:
        return Outcome(Result.LATER, detail=str(error))
    if claim is None:
        return Outcome(Result.SKIPPED)
    if isinstance(claim, Busy):
        return Outcome(Result.BUSY, again=claim.until)
    return _Attempt(claim, store, clock, terms, began).run(senders)


def deliver_due(
    store: DeliveryStore,
    senders: Mapping[DestinationKind, Sender],
    clock: Clock,
    terms: Terms,
) -> tuple[Outcome, ...]:
    """Deliver everything that is due now, one after another, oldest edition first."""
    due = store.due_deliveries(clock.now())
    return tuple(deliver(each.id, store, senders, clock, terms) for each in due)


@dataclass(slots=True)
class _Attempt:
    """One claim on its way.

    `doubtful`: an earlier attempt may have arrived; `left`: this one may have.
    """

    claim: Claim
    store: DeliveryStore
    clock: Clock
    terms: Terms
    began: float
    doubtful: bool = False
    left: bool = False

    def run(self, senders: Mapping[DestinationKind, Sender]) -> Outcome:
        """Send and settle."""
        self.doubtful = self.claim.in_doubt
        try:
            sent, result = self._send(senders)
        except _LateError:
            return Outcome(Result.SKIPPED, self.claim.delivery.destination)
        except DeliveryError as error:
            return self._settle_error(error)
        except BotError as error:
            return self._settle_error(DeliveryError(str(error), unknown=self.left))
        except Exception as error:  # noqa: BLE001 - one bad delivery never stops the others
            reason = f"{type(error).__name__}: {error}"
            return self._settle_error(DeliveryError(reason, unknown=self.left))
        settled = self._settle(DeliveryState.SENT, result, detail=sent.reference)
        # It is there, whoever else tries meanwhile: that one looks before it sends.
        return replace(settled, result=result) if settled.result is Result.SKIPPED else settled

    def _send(self, senders: Mapping[DestinationKind, Sender]) -> tuple[Sent, Result]:
        """Send, or find what an earlier attempt sent."""
        delivery = self.claim.delivery
        sender = senders.get(delivery.destination.kind)
        if sender is None:
            message = f"nothing here delivers to {delivery.destination}: set that up, or remove it"
            raise DeliveryError(message)
        if self.doubtful:
            try:
                found = sender.find(self.claim.edition, delivery.destination, delivery.key)
            except BotError as error:
                raise _keep_doubt(error) from error
            if isinstance(found, Sent):
                return found, Result.FOUND
            if found is CannotTell.CANNOT_TELL and self.terms.in_doubt is InDoubt.HOLD:
                message = (
                    "nobody can ask whether it arrived: held, as [deliveries] in_doubt says"
                    f" (`papers deliveries retry {delivery.id}` sends it again)"
                )
                raise DeliveryError(message, permanent=True)
            self.doubtful = found is CannotTell.CANNOT_TELL
        if delivery.attempt > MOST_ATTEMPTS:
            message = f"it was begun {delivery.attempt - 1} times and never known to arrive"
            raise DeliveryError(message, permanent=True)
        return (
            sender.send(self.claim.edition, delivery.destination, delivery.key, self._leave),
            Result.SENT,
        )

    def _leave(self) -> None:
        """Record that it leaves, then look at the clocks once more: nothing comes after that."""
        if self._is_late() or not self.store.leave(
            self.claim, self.clock.now(), again=self.doubtful
        ):
            raise _LateError
        if self._is_late():
            raise _LateError
        self.left = True

    def _is_late(self) -> bool:
        """Whether too little of the lease is left, by either clock."""
        allowed = self.terms.lease - self.terms.margin
        if self.clock.elapsed() - self.began > allowed.total_seconds():
            return True
        return self.clock.now() > self.claim.lease_until - self.terms.margin

    def _settle_error(self, error: DeliveryError) -> Outcome:
        """Record a failed attempt: for good, in doubt, or for another try."""
        delivery = self.claim.delivery
        detail = str(error)
        unknown = error.unknown or self.doubtful
        state = DeliveryState.UNKNOWN if unknown else DeliveryState.RETRY
        if error.gone:
            return self._settle(state, Result.PAUSED, detail=detail, pause=detail)
        wait = None
        if not error.permanent:
            wait = pause_before(
                delivery.destination.kind,
                self.claim.failures + 1,
                self.terms.chance(),
                error.retry_after,
            )
        if wait is None:
            if unknown:
                detail = f"{detail}; it may have arrived, and is not tried again"
            return self._settle(DeliveryState.FAILED, Result.FAILED, detail=detail)
        result = Result.UNKNOWN if unknown else Result.LATER
        return self._settle(state, result, detail=detail, again=self.clock.now() + wait)

    def _settle(
        self,
        state: DeliveryState,
        result: Result,
        *,
        detail: str,
        again: datetime | None = None,
        pause: str = "",
    ) -> Outcome:
        """Record an outcome; where that fails, the claim's lease sees to it that somebody looks."""
        destination = self.claim.delivery.destination
        try:
            settled = self.store.settle(
                self.claim,
                state,
                at=self.clock.now(),
                detail=detail,
                retry_at=again,
                pause=pause,
            )
        except StoreError as error:
            return Outcome(Result.UNKNOWN, destination, f"{detail}; {error}")
        return Outcome(result if settled else Result.SKIPPED, destination, detail, again)


def _keep_doubt(error: BotError) -> DeliveryError:
    """Where looking failed, what was in doubt still is, so that it is looked for again."""
    if not isinstance(error, DeliveryError):
        return DeliveryError(str(error), unknown=True)
    if error.permanent or error.gone:
        return error
    return DeliveryError(str(error), unknown=True, retry_after=error.retry_after)
