"""The ledger: deliveries are claimed before anything leaves and settled by who claimed them."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from functools import cached_property
from typing import Any

from sqlalchemy import (
    BigInteger,
    BindParameter,
    ColumnElement,
    Connection,
    Engine,
    Row,
    and_,
    bindparam,
    exists,
    or_,
    select,
    update,
)

from bot.adapters.store.changes import LEAVE, SETTLE
from bot.adapters.store.claiming import (
    ChangedError,
    begin,
    cancel,
    check,
    expire,
    find_quiet,
    is_plain,
    put_off,
)
from bot.adapters.store.database import Database
from bot.adapters.store.faults import translated
from bot.adapters.store.pacing import find_busy
from bot.adapters.store.parts import load_parts, save_part
from bot.adapters.store.recent import Recent
from bot.adapters.store.rows import to_micros
from bot.adapters.store.tables import deliveries, editions, joined_editions, sets, subscriptions
from bot.core.editions import Delivery, DeliveryState
from bot.core.records import NO_PARTS, Busy, Claim, Due
from bot.core.retrying import NO_PACES, Pace

_WAITING = (DeliveryState.PENDING, DeliveryState.UNKNOWN, DeliveryState.RETRY)
_SETTLED = frozenset({DeliveryState.SENT, DeliveryState.FAILED, DeliveryState.CANCELLED})
_BAD = frozenset({DeliveryState.RETRY, DeliveryState.UNKNOWN})
# Whether something may have arrived; of what failed that stays as it was.
_WIRED = {
    DeliveryState.SENT: False,
    DeliveryState.RETRY: False,
    DeliveryState.UNKNOWN: True,
}
_WITH_SUBSCRIPTION = deliveries.join(
    subscriptions, subscriptions.c.id == deliveries.c.subscription_id
).join(sets, sets.c.id == subscriptions.c.set_id)


class Deliveries(Database):
    """Claim and settle; whatever changes a delivery's state is written to its history with it."""

    def due_deliveries(self, now: datetime) -> tuple[Due, ...]:
        """Return the deliveries that may be claimed now, oldest edition first."""
        due = (
            select(deliveries.c.id, deliveries.c.state, deliveries.c.attempt)
            .select_from(
                _WITH_SUBSCRIPTION.join(editions, editions.c.id == deliveries.c.edition_id)
            )
            .where(is_due(to_micros(now)), is_wanted())
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

        Only the attempt that was `seen` is followed by another: whoever listed a delivery before
        it was begun has not watched for how long that one has been on its way. None: any.
        """
        try:
            with self._alone() as connection:
                found = {"number": delivery_id, "now": to_micros(now)}
                row = connection.execute(_FREE, found).first()
                if row is None or not (row.wanted or row.removed):
                    return None
                if seen is not None and row.attempt != seen:
                    return None
                if self.is_sqlite or is_plain(row, pace):
                    return self._take(connection, row, pace, now=now, lease_until=lease_until)
            with self.writing() as connection:
                return self._take(connection, row, pace, now=now, lease_until=lease_until)
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
    ) -> bool:
        """Commit that the claim's sending, or a part of it, is about to leave this machine.

        `again`: it may repeat an earlier one, which is counted. `lease_until` renews the lease.
        False where a later attempt has taken over.
        """
        delivery = claim.delivery
        detail = f"leaving, message {part}" if part else "leaving"
        values = {
            **_name(delivery),
            "more": int(again),
            "until": to_micros(lease_until) if lease_until else None,
        }
        with self.writing() if part else self._alone() as connection:
            leaves = LEAVE.make(
                connection,
                values,
                state=DeliveryState.SENDING,
                attempt=delivery.attempt,
                at=at,
                detail=f"{detail}; it may repeat an earlier one" if again else detail,
            )
            if leaves and part:
                save_part(connection, delivery.id, part, at)
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
        with self.writing() if pause else self._alone() as connection:
            settled = SETTLE.make(
                connection, values, state=state, attempt=delivery.attempt, at=at, detail=detail
            )
            if settled and pause:
                of_delivery = select(deliveries.c.subscription_id).where(
                    deliveries.c.id == delivery.id
                )
                connection.execute(
                    update(subscriptions)
                    .where(
                        subscriptions.c.id == of_delivery.scalar_subquery(),
                        ~subscriptions.c.paused,
                    )
                    .values(paused=True, reason=pause, paused_until=None)
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
        with self._alone() as connection:
            return SETTLE.make(
                connection, values, state=state, attempt=delivery.attempt, at=at, detail=detail
            )

    def _take(
        self,
        connection: Connection,
        row: Row[Any],
        pace: Mapping[str, Pace],
        *,
        now: datetime,
        lease_until: datetime,
    ) -> Claim | Busy | None:
        """Make of a row that was just read a claim, or what else becomes of it.

        Every statement asks for the row as it was read; raise ChangedError where it is not so.
        """
        before = expire(connection, row, now)
        if row.removed:
            cancel(connection, row, before, now)
            return None
        busy = find_quiet(row, now) or find_busy(connection, row, pace.get(row.kind), now)
        if busy is not None:
            put_off(connection, row, before, busy)
            return busy
        edition = self._recent.load(connection, row)
        return Claim(
            begin(connection, row, before, now=now, lease_until=lease_until),
            edition,
            in_doubt=row.wired,
            lease_until=lease_until,
            failures=row.failures,
            # Who sends several messages fixes first which they are.
            parts=NO_PARTS if row.draft is None else load_parts(connection, row.id),
            draft=row.draft or "",
            deferrals=row.deferrals or 0,
        )

    @contextmanager
    def _alone(self) -> Iterator[Connection]:
        """Open a transaction; on PostgreSQL each statement is one of its own."""
        if self.is_sqlite:
            with self.writing() as connection:
                yield connection
        else:
            with translated(self.url), self._committing.connect() as connection:
                yield connection

    @cached_property
    def _committing(self) -> Engine:
        return self._engine.execution_options(isolation_level="AUTOCOMMIT")

    @cached_property
    def _recent(self) -> Recent:
        return Recent()


def is_due(now: int | BindParameter[int]) -> ColumnElement[bool]:
    """Whether a delivery may be claimed at this moment, as far as its own row says."""
    return or_(
        and_(
            or_(*(deliveries.c.state == state.value for state in _WAITING)),
            or_(deliveries.c.due_at.is_(None), deliveries.c.due_at <= now),
        ),
        and_(
            deliveries.c.state == DeliveryState.SENDING.value,
            deliveries.c.lease_until <= now,
        ),
    )


def is_wanted() -> ColumnElement[bool]:
    """Whether a delivery's subscription asks for it: neither it nor its set is paused."""
    return and_(~subscriptions.c.removed, ~subscriptions.c.paused, ~sets.c.paused)


def _name(delivery: Delivery) -> dict[str, object]:
    """Name a delivery in the attempt that is this process's."""
    return {"number": delivery.id, "mine": delivery.attempt}


# Built once: to build a statement takes longer than to have it run.
_FREE = (
    select(
        deliveries,
        subscriptions.c.removed,
        subscriptions.c.schedule,
        is_wanted().label("wanted"),
        editions.c.at.label("frozen_at"),
        exists().where(joined_editions.c.delivery_id == deliveries.c.id).label("joined"),
    )
    .select_from(_WITH_SUBSCRIPTION.join(editions, editions.c.id == deliveries.c.edition_id))
    .where(deliveries.c.id == bindparam("number"), is_due(bindparam("now", type_=BigInteger)))
)
