"""The ledger: deliveries are claimed before anything leaves and settled by who claimed them."""

from collections.abc import Mapping
from datetime import datetime
from functools import cached_property

from sqlalchemy import or_, select, update

from bot.adapters.store.changes import LEAVE, SETTLE
from bot.adapters.store.claiming import ChangedError, check, is_plain
from bot.adapters.store.database import Database
from bot.adapters.store.followers import leave_beside, settle_beside
from bot.adapters.store.parts import save_part
from bot.adapters.store.recent import Recent
from bot.adapters.store.rows import storable, to_micros
from bot.adapters.store.tables import deliveries, editions, subscriptions
from bot.adapters.store.taking import Taking
from bot.adapters.store.waiting import (
    FREE,
    WITH_EDITION,
    is_due,
    is_wanted,
    is_wanted_by_followers,
)
from bot.core.editions import Delivery, DeliveryState, DestinationKind
from bot.core.records import Busy, Claim, Due
from bot.core.retrying import NO_PACES, Pace

_SETTLED = frozenset({DeliveryState.SENT, DeliveryState.FAILED, DeliveryState.CANCELLED})
_BAD = frozenset({DeliveryState.RETRY, DeliveryState.UNKNOWN})
# Whether something may have arrived; of what failed that stays as it was.
_WIRED = {
    DeliveryState.SENT: False,
    DeliveryState.RETRY: False,
    DeliveryState.UNKNOWN: True,
}


class Deliveries(Database):
    """Claim and settle; whatever changes a delivery's state is written to its history with it."""

    def due_deliveries(self, now: datetime) -> tuple[Due, ...]:
        """Return the deliveries that may be claimed now, oldest edition first."""
        due = (
            select(deliveries.c.id, deliveries.c.state, deliveries.c.attempt)
            .select_from(WITH_EDITION)
            .where(is_due(to_micros(now)), or_(is_wanted(), is_wanted_by_followers()))
            .order_by(editions.c.day, deliveries.c.id)
        )
        with self.reading() as connection:
            return tuple(
                Due(number, DeliveryState(state), attempt)
                for number, state, attempt in connection.execute(due).all()
            )

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
        try:
            with self.briefly() as connection:
                found = {"number": delivery_id, "now": to_micros(now)}
                row = FREE.first(connection, found)
                if row is None or (seen is not None and row.attempt != seen):
                    return None
                if not (row.wanted or row.removed or row.kind == DestinationKind.EMAIL):
                    return None
                if self.is_sqlite or is_plain(row, pace):
                    return self._taking.take(
                        connection, row, pace, now=now, lease_until=lease_until
                    )
            with self.writing() as connection:
                return self._taking.take(connection, row, pace, now=now, lease_until=lease_until)
        except ChangedError:
            return None

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
        delivery = claim.delivery
        detail = f"leaving, message {part}" if part else "leaving"
        values = {
            **_name(delivery),
            "more": int(again),
            "until": to_micros(lease_until) if lease_until else None,
            "fixed": storable(draft) if draft else None,
        }
        said = f"{detail}; it may repeat an earlier one" if again else detail
        # Nothing may leave before it stands on the disk that it does; what is claimed or settled
        # in vain is claimed or looked for again.
        lasts = self.writing() if part or claim.beside else self.briefly(lasting=True)
        with lasts as connection:
            leaves = LEAVE.make(
                connection,
                values,
                state=DeliveryState.SENDING,
                attempt=delivery.attempt,
                at=at,
                detail=said,
            )
            if leaves and part:
                save_part(connection, delivery.id, part, at)
            if leaves and claim.beside:
                leave_beside(connection, delivery.id, more=int(again), at=at, said=said)
        return leaves

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
        subscription is paused with it, where it is. False where a later attempt has taken over, or
        this one is settled already. Raise StoreError for a transition that
        `core.editions.allows` refuses.
        """
        delivery = claim.delivery
        check(delivery.id, DeliveryState.SENDING, state)
        values = {
            **_name(delivery),
            "to": state.value,
            "wire": _WIRED.get(state),
            "next": to_micros(retry_at) if retry_at else None,
            "end": to_micros(at) if state in _SETTLED else None,
            "bad": int(state in _BAD),
            "later": 0,
        }
        with self.writing() if pause or claim.beside else self.briefly() as connection:
            settled = SETTLE.make(
                connection, values, state=state, attempt=delivery.attempt, at=at, detail=detail
            )
            if settled and pause:
                of_mail = select(deliveries.c.subscription_id).where(
                    or_(deliveries.c.id == delivery.id, deliveries.c.lead_id == delivery.id)
                )
                connection.execute(
                    update(subscriptions)
                    .where(
                        subscriptions.c.id.in_(of_mail),
                        ~subscriptions.c.paused,
                    )
                    .values(paused=True, reason=pause, paused_until=None)
                )
            if settled and claim.beside:
                ended = state in _SETTLED
                settle_beside(
                    connection, claim, state, at=at, detail=detail, retry_at=retry_at, ended=ended
                )
        return settled

    def defer(
        self, claim: Claim, at: datetime, *, until: datetime, detail: str, unknown: bool
    ) -> bool:
        """Give back a claim that its destination had no time for: it failed in nothing.

        It cannot be claimed before `until`. `unknown`: what an earlier attempt sent may have
        arrived. False where a later attempt has taken over.
        """
        delivery = claim.delivery
        state = DeliveryState.UNKNOWN if unknown else DeliveryState.RETRY
        values = {
            **_name(delivery),
            "to": state.value,
            "wire": unknown,
            "next": to_micros(until),
            "end": None,
            "bad": 0,
            "later": 1,
        }
        with self.writing() if claim.beside else self.briefly() as connection:
            deferred = SETTLE.make(
                connection, values, state=state, attempt=delivery.attempt, at=at, detail=detail
            )
            if deferred and claim.beside:
                settle_beside(
                    connection,
                    claim,
                    state,
                    at=at,
                    detail=detail,
                    retry_at=until,
                    ended=False,
                    deferred=True,
                )
        return deferred

    @cached_property
    def _taking(self) -> Taking:
        return Taking(Recent())


def _name(delivery: Delivery) -> dict[str, object]:
    """Name a delivery in the attempt that is this process's."""
    return {"number": delivery.id, "mine": delivery.attempt}
