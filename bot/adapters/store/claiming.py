"""What becomes of a delivery that was just read: claimed, put off or called off.

Each change asks for the row as it was read, so that nothing needs to be locked meanwhile.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row

from bot.adapters.store.changes import BEGIN, CANCEL, LOCK, PUT_OFF
from bot.adapters.store.events import append_event
from bot.adapters.store.rows import to_micros
from bot.adapters.store.subscriptions import schedule_of
from bot.core.editions import Delivery, DeliveryState, Destination, DestinationKind, allows
from bot.core.records import Busy
from bot.core.retrying import Pace
from bot.core.schedule import leave_quiet
from bot.errors import StoreError


class ChangedError(Exception):
    """Somebody else changed the delivery since it was read."""


def expire(connection: Connection, row: Row[Any], now: datetime) -> DeliveryState:
    """Say in the history what a lease that ran out leaves behind; return the state it is in."""
    state = DeliveryState(row.state)
    if state is not DeliveryState.SENDING:
        return state
    state, detail = DeliveryState.RETRY, "the lease ran out before anything left"
    if row.wired:
        state, detail = DeliveryState.UNKNOWN, "the lease ran out: it may have arrived"
    append_event(connection, row.id, state=state, attempt=row.attempt, at=now, detail=detail)
    return state


def is_plain(row: Row[Any], pace: Mapping[str, Pace]) -> bool:
    """Whether one statement claims it: no lease ended, nothing is called off, no pace is kept.

    Who reads mail is always asked.
    """
    return not (
        row.removed
        or row.state == DeliveryState.SENDING.value
        or row.kind in pace
        or row.kind == DestinationKind.EMAIL.value
    )


def find_quiet(row: Row[*tuple[Any, ...]], now: datetime) -> Busy | None:
    """Say until when the quiet hours of a delivery's subscription last; None: it may go.

    It was planned for a time that is not quiet, but a failure, a long line or a machine that was
    off may bring it into quiet hours.
    """
    until = leave_quiet(schedule_of(row.schedule), now)
    return Busy(until) if until > now else None


def lock(connection: Connection, row: Row[Any]) -> None:
    """Keep everybody else from changing a delivery; raise ChangedError where somebody did."""
    if LOCK.first(connection, _seen(row)) is None:
        raise ChangedError


def cancel(
    connection: Connection,
    row: Row[Any],
    before: DeliveryState,
    now: datetime,
    detail: str = "the subscription was removed",
) -> None:
    """Call a delivery off that nobody wants any more; raise ChangedError."""
    check(row.id, before, DeliveryState.CANCELLED)
    cancelled = CANCEL.make(
        connection,
        {**_seen(row), "end": to_micros(now)},
        state=DeliveryState.CANCELLED,
        attempt=row.attempt,
        at=now,
        detail=detail,
    )
    if not cancelled:
        raise ChangedError


def put_off(connection: Connection, row: Row[Any], before: DeliveryState, busy: Busy) -> None:
    """Let a delivery be due again when it may go; raise ChangedError."""
    later = {**_seen(row), "to": before.value, "next": to_micros(busy.until)}
    if not PUT_OFF.count(connection, later):
        raise ChangedError


def begin(
    connection: Connection,
    row: Row[Any],
    before: DeliveryState,
    *,
    now: datetime,
    lease_until: datetime,
) -> Delivery:
    """Begin the next attempt; raise ChangedError."""
    check(row.id, before, DeliveryState.SENDING)
    attempt = row.attempt + 1
    begun = BEGIN.make(
        connection,
        {**_seen(row), "next": attempt, "until": to_micros(lease_until)},
        state=DeliveryState.SENDING,
        attempt=attempt,
        at=now,
        detail="claimed",
    )
    if not begun:
        raise ChangedError
    return Delivery(
        id=row.id,
        edition_id=row.edition_id,
        destination=Destination(DestinationKind(row.kind), row.address),
        state=DeliveryState.SENDING,
        attempt=attempt,
        key=row.key,
    )


def check(delivery_id: int, before: DeliveryState, after: DeliveryState) -> None:
    """Raise StoreError for a transition that `core.editions.allows` refuses."""
    if not allows(before, after):
        msg = f"delivery {delivery_id} cannot go from {before} to {after}; nothing was changed"
        raise StoreError(msg)


def _seen(row: Row[Any]) -> dict[str, object]:
    """Name a delivery as it was read."""
    return {
        "number": row.id,
        "mine": row.attempt,
        "before": row.state,
        "edition": row.edition_id,
        "left": row.wired,
    }
