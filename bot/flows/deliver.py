"""Claim a delivery, send it, settle it; look before sending again what may have arrived."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Protocol

from bot.core.doubts import InDoubt
from bot.core.editions import DeliveryState, Destination, DestinationKind
from bot.core.records import Busy, CannotTell, Claim, Due, Sent
from bot.core.retrying import MOST_ATTEMPTS, NO_PACES, Pace, pause_before, pause_when_busy
from bot.errors import BotError, DeliveryError, StoreError
from bot.flows.passage import Clock, LateError, Passage, Sender, TogetherSender, TrailStore


class DeliveryStore(TrailStore, Protocol):
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
        seen: int | None = None,
    ) -> Claim | Busy | None:
        """Commit `sending` with attempt + 1 and a lease before anything leaves.

        Claimable are pending deliveries, those to be retried and unknown ones whose time has come,
        and those whose lease has run out: in doubt where they had left the machine. None where
        somebody else has it, it is settled, or its subscription or set is paused; one whose
        subscription was removed is cancelled. Busy where `pace` of its kind or the subscription's
        quiet hours forbid it now: it is due again at that time.

        E-mail is cancelled where its address is suppressed, or a person asked for it who agrees to
        it no longer, and put off while that person wants none. Whoever wants one mail for several
        sets gets with it what else may be claimed for the same address, now or within a second:
        `beside` it, following it until it is surely not there; from the moment when it may be, a
        mail stays what it is.

        Only the attempt that was `seen` is followed by another: whoever listed a delivery before
        it was begun has not watched for how long that one has been on its way. None: any.
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

    def defer(
        self, claim: Claim, at: datetime, *, until: datetime, detail: str, unknown: bool
    ) -> bool:
        """Give back a claim that its destination had no time for: it failed in nothing.

        It cannot be claimed before `until`. `unknown`: what an earlier attempt sent may have
        arrived. False where a later attempt has taken over.
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

    `again` is when to try again, where that is known; `beside` are the deliveries that share this
    one's mail and its lot.
    """

    result: Result
    destination: Destination | None = None
    detail: str = ""
    again: datetime | None = None
    beside: tuple[int, ...] = ()


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


def deliver(
    delivery_id: int,
    store: DeliveryStore,
    senders: Mapping[DestinationKind, Sender],
    clock: Clock,
    terms: Terms,
    *,
    seen: int | None = None,
) -> Outcome:
    """Bring one delivery to its destination, if it is this process's turn.

    What may have arrived before is asked for first, and sent again only where it is surely not
    there or, if the terms say so, where the destination cannot tell. What was begun since the
    attempt in which it was `seen` is left alone. Any error of one delivery ends with that delivery.
    """
    # The clock is read before the claim, so that a process frozen in between is late, too.
    began, now = clock.elapsed(), clock.now()
    try:
        claim = store.claim(delivery_id, now, now + terms.lease, terms.paces, seen)
    except StoreError as error:
        return Outcome(Result.LATER, detail=str(error))
    if claim is None:
        return Outcome(Result.SKIPPED)
    if isinstance(claim, Busy):
        return Outcome(Result.BUSY, again=claim.until)
    passage = Passage(claim, store, clock, lease=terms.lease, margin=terms.margin, began=began)
    outcome = _Attempt(claim, store, clock, terms, passage).run(senders)
    return replace(outcome, beside=tuple(each.delivery_id for each in claim.beside))


def deliver_due(
    store: DeliveryStore,
    senders: Mapping[DestinationKind, Sender],
    clock: Clock,
    terms: Terms,
) -> tuple[Outcome, ...]:
    """Deliver everything that is due now, one after another, oldest edition first."""
    outcomes: list[Outcome] = []
    brought: set[int] = set()
    for each in store.due_deliveries(clock.now()):
        if each.id not in brought:
            outcomes.append(deliver(each.id, store, senders, clock, terms))
            brought.update(outcomes[-1].beside)
    return tuple(outcomes)


@dataclass(frozen=True, slots=True)
class _Attempt:
    """One claim on its way."""

    claim: Claim
    store: DeliveryStore
    clock: Clock
    terms: Terms
    passage: Passage

    def run(self, senders: Mapping[DestinationKind, Sender]) -> Outcome:
        """Send and settle."""
        try:
            sent, result = self._send(senders)
        except LateError:
            return Outcome(Result.SKIPPED, self.claim.delivery.destination)
        except DeliveryError as error:
            return self._settle_error(error)
        except BotError as error:
            return self._settle_error(DeliveryError(str(error), unknown=self.passage.left))
        except Exception as error:  # noqa: BLE001 - one bad delivery never stops the others
            reason = f"{type(error).__name__}: {error}"
            return self._settle_error(DeliveryError(reason, unknown=self.passage.left))
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
        if self.passage.doubtful:
            try:
                found = sender.find(
                    self.claim.edition, delivery.destination, delivery.key, self.passage
                )
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
            self.passage.doubtful = found is CannotTell.CANNOT_TELL
        begun = delivery.attempt - self.claim.deferrals
        if begun > MOST_ATTEMPTS:
            message = f"it was begun {begun - 1} times and never known to arrive"
            raise DeliveryError(message, permanent=True)
        if not self.claim.beside:
            sent = sender.send(self.claim.edition, delivery.destination, delivery.key, self.passage)
            return sent, Result.SENT
        if not isinstance(sender, TogetherSender):
            message = f"nothing here sends several sets to {delivery.destination} at once"
            raise DeliveryError(message)
        together = self.claim.together
        return (
            sender.send_together(together, delivery.destination, delivery.key, self.passage),
            Result.SENT,
        )

    def _settle_error(self, error: DeliveryError) -> Outcome:
        """Record a failed attempt: for good, in doubt, or for another try."""
        delivery = self.claim.delivery
        detail = str(error)
        unknown = error.unknown or self.passage.doubtful
        state = DeliveryState.UNKNOWN if unknown else DeliveryState.RETRY
        if error.gone:
            return self._settle(state, Result.PAUSED, detail=detail, pause=detail)
        if error.busy:
            busy = pause_when_busy(self.terms.chance(), error.retry_after)
            return self._defer(Result.BUSY, busy, detail, unknown=unknown)
        # Of several messages some more are there, so it has not failed again and again.
        advanced = self.passage.advanced
        wait = None
        if not error.permanent:
            wait = pause_before(
                delivery.destination.kind,
                1 if advanced else self.claim.failures + 1,
                self.terms.chance(),
                error.retry_after,
            )
        if wait is None:
            if unknown:
                detail = f"{detail}; it may have arrived, and is not tried again"
            return self._settle(DeliveryState.FAILED, Result.FAILED, detail=detail)
        result = Result.UNKNOWN if unknown else Result.LATER
        if advanced:
            return self._defer(result, wait, detail, unknown=unknown)
        return self._settle(state, result, detail=detail, again=self.clock.now() + wait)

    def _defer(self, result: Result, wait: timedelta, detail: str, *, unknown: bool) -> Outcome:
        """Leave a destination alone for a while; that counts as no failure."""
        destination = self.claim.delivery.destination
        now = self.clock.now()
        again = now + wait
        try:
            deferred = self.store.defer(
                self.claim, now, until=again, detail=detail, unknown=unknown
            )
        except StoreError as error:
            return Outcome(Result.UNKNOWN, destination, f"{detail}; {error}")
        return Outcome(result if deferred else Result.SKIPPED, destination, detail, again)

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
    return DeliveryError(str(error), unknown=True, retry_after=error.retry_after, busy=error.busy)
