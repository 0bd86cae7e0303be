"""The ledger: deliveries are claimed before anything leaves and settled by who claimed them."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from functools import cached_property
from typing import Any

from sqlalchemy import (
    BigInteger,
    BindParameter,
    Boolean,
    ColumnElement,
    Connection,
    Engine,
    Integer,
    Row,
    and_,
    bindparam,
    exists,
    func,
    or_,
    select,
    update,
)

from bot.adapters.store.changes import Change
from bot.adapters.store.database import Database
from bot.adapters.store.events import append_event
from bot.adapters.store.faults import translated
from bot.adapters.store.frozen import load_edition
from bot.adapters.store.pacing import find_busy
from bot.adapters.store.recent import Recent
from bot.adapters.store.rows import to_micros
from bot.adapters.store.tables import deliveries, editions, joined_editions, sets, subscriptions
from bot.core.editions import (
    Delivery,
    DeliveryState,
    Destination,
    DestinationKind,
    Edition,
    allows,
)
from bot.core.joining import join_editions
from bot.core.records import Busy, Claim, Due
from bot.core.retrying import NO_PACES, Pace
from bot.errors import StoreError

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
    ) -> Claim | Busy | None:
        """Commit `sending` with attempt + 1 and a lease before anything leaves.

        Claimable are pending deliveries, those to be retried and unknown ones whose time has come,
        and those whose lease has run out: in doubt where they had left the machine. None where
        somebody else has it, it is settled, or its subscription or set is paused; one whose
        subscription was removed is cancelled. Busy where `pace` of its kind forbids it now: it is
        due again at that time.
        """
        with self.writing() as connection:
            row = connection.execute(_FREE, {"number": delivery_id, "now": to_micros(now)}).first()
            if row is None or not (row.wanted or row.removed):
                return None
            before = _expire(connection, row, now)
            if row.removed:
                _cancel(connection, row, before, now)
                return None
            busy = find_busy(connection, row, pace.get(row.kind), now)
            if busy is not None:
                connection.execute(
                    update(deliveries)
                    .where(deliveries.c.id == delivery_id)
                    .values(state=before.value, lease_until=None, due_at=to_micros(busy.until))
                )
                return busy
            delivery = _take(connection, row, before, now=now, lease_until=lease_until)
            edition = self._load(connection, row)
        return Claim(
            delivery,
            edition,
            in_doubt=row.wired,
            lease_until=lease_until,
            failures=row.failures,
        )

    def leave(self, claim: Claim, at: datetime, *, again: bool) -> bool:
        """Commit that the claim's sending is about to leave this machine.

        `again`: it may repeat an earlier one, which is counted. False where a later attempt has
        taken over.
        """
        delivery = claim.delivery
        with self._alone() as connection:
            return _LEAVE.make(
                connection,
                {**_name(delivery), "more": int(again)},
                state=DeliveryState.SENDING,
                attempt=delivery.attempt,
                at=at,
                detail="leaving; it may repeat an earlier one" if again else "leaving",
            )

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
        _check(delivery.id, DeliveryState.SENDING, state)
        values = {
            **_name(delivery),
            "to": state.value,
            "wire": _WIRED.get(state),
            "next": to_micros(retry_at) if retry_at else None,
            "end": to_micros(at) if state in _SETTLED else None,
            "bad": int(state in _BAD),
        }
        with self.writing() if pause else self._alone() as connection:
            settled = _SETTLE.make(
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
                    .values(paused=True, reason=pause)
                )
        return settled

    @contextmanager
    def _alone(self) -> Iterator[Connection]:
        """Open a transaction for one statement, which PostgreSQL commits by itself."""
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

    def _load(self, connection: Connection, row: Row[Any]) -> Edition:
        """Load what a delivery brings; an edition that many get is read once."""
        if row.joined:
            return load_editions(connection, row.id, row.edition_id)
        return self._recent.get(
            (row.edition_id, row.frozen_at), lambda: load_edition(connection, row.edition_id)
        )


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


def load_editions(connection: Connection, delivery_id: int, newest: int) -> Edition:
    """Load all that a delivery brings, as one digest."""
    others = connection.execute(
        select(joined_editions.c.edition_id).where(joined_editions.c.delivery_id == delivery_id)
    ).scalars()
    found = [load_edition(connection, number) for number in (*others, newest)]
    return join_editions(sorted(found, key=lambda edition: edition.day))


def _expire(connection: Connection, row: Row[Any], now: datetime) -> DeliveryState:
    """Say in the history what a lease that ran out leaves behind; return the state it is in."""
    state = DeliveryState(row.state)
    if state is not DeliveryState.SENDING:
        return state
    state, detail = DeliveryState.RETRY, "the lease ran out before anything left"
    if row.wired:
        state, detail = DeliveryState.UNKNOWN, "the lease ran out: it may have arrived"
    append_event(connection, row.id, state=state, attempt=row.attempt, at=now, detail=detail)
    return state


def _cancel(connection: Connection, row: Row[Any], before: DeliveryState, now: datetime) -> None:
    _check(row.id, before, DeliveryState.CANCELLED)
    connection.execute(
        update(deliveries)
        .where(deliveries.c.id == row.id)
        .values(
            state=DeliveryState.CANCELLED.value,
            lease_until=None,
            due_at=None,
            settled_at=to_micros(now),
        )
    )
    append_event(
        connection,
        row.id,
        state=DeliveryState.CANCELLED,
        attempt=row.attempt,
        at=now,
        detail="the subscription was removed",
    )


def _take(
    connection: Connection,
    row: Row[Any],
    before: DeliveryState,
    *,
    now: datetime,
    lease_until: datetime,
) -> Delivery:
    _check(row.id, before, DeliveryState.SENDING)
    attempt = row.attempt + 1
    _TAKE.make(
        connection,
        {"number": row.id, "next": attempt, "until": to_micros(lease_until)},
        state=DeliveryState.SENDING,
        attempt=attempt,
        at=now,
        detail="claimed",
    )
    return Delivery(
        id=row.id,
        edition_id=row.edition_id,
        destination=Destination(DestinationKind(row.kind), row.address),
        state=DeliveryState.SENDING,
        attempt=attempt,
        key=row.key,
    )


def _name(delivery: Delivery) -> dict[str, object]:
    """Name a delivery in the attempt that is this process's."""
    return {"number": delivery.id, "mine": delivery.attempt}


def _check(delivery_id: int, before: DeliveryState, after: DeliveryState) -> None:
    if not allows(before, after):
        msg = f"delivery {delivery_id} cannot go from {before} to {after}; nothing was changed"
        raise StoreError(msg)


# Built once: to build a statement takes longer than to have it run.
_FREE = (
    select(
        deliveries,
        subscriptions.c.removed,
        is_wanted().label("wanted"),
        editions.c.at.label("frozen_at"),
        exists().where(joined_editions.c.delivery_id == deliveries.c.id).label("joined"),
    )
    .select_from(_WITH_SUBSCRIPTION.join(editions, editions.c.id == deliveries.c.edition_id))
    .where(deliveries.c.id == bindparam("number"), is_due(bindparam("now", type_=BigInteger)))
    .with_for_update(of=deliveries)
)
_TAKE = Change(
    update(deliveries)
    .where(deliveries.c.id == bindparam("number"))
    .values(
        state=DeliveryState.SENDING.value,
        attempt=bindparam("next"),
        lease_until=bindparam("until"),
        due_at=None,
    )
)
_MINE = update(deliveries).where(
    deliveries.c.id == bindparam("number"),
    deliveries.c.attempt == bindparam("mine"),
    deliveries.c.state == DeliveryState.SENDING.value,
)
_LEAVE = Change(_MINE.values(wired=True, repeats=deliveries.c.repeats + bindparam("more")))
_SETTLE = Change(
    _MINE.values(
        state=bindparam("to"),
        wired=func.coalesce(bindparam("wire", type_=Boolean), deliveries.c.wired),
        lease_until=None,
        due_at=bindparam("next"),
        settled_at=bindparam("end"),
        failures=deliveries.c.failures + bindparam("bad", type_=Integer),
    )
)
