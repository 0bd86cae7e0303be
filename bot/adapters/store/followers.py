"""Deliveries that go out in another one's mail: they follow it, their lead, whatever becomes of it.

Each change is made in the transaction that changes the lead, after it, so that a lead and its
followers always say the same and are locked in one order.
"""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, bindparam, func, or_, select, update

from bot.adapters.store.events import append_events
from bot.adapters.store.prepared import Prepared
from bot.adapters.store.rows import to_micros
from bot.adapters.store.tables import deliveries, subscriptions
from bot.adapters.store.waiting import BROUGHT, WITH_EDITION
from bot.core.editions import DeliveryState
from bot.core.records import Claim

_UNSETTLED = [
    state.value for state in (DeliveryState.SENDING, DeliveryState.RETRY, DeliveryState.UNKNOWN)
]
_TRIED = [DeliveryState.RETRY.value, DeliveryState.UNKNOWN.value]
CALLED_OFF = "goes out by itself: delivery {lead}, in whose mail it was, was called off"

# Built once: to build a statement takes longer than to have it run.
_FOLLOWERS = Prepared(
    select(deliveries, *BROUGHT)
    .select_from(WITH_EDITION)
    .where(
        deliveries.c.lead_id == bindparam("lead"),
        or_(*(deliveries.c.state == state for state in _UNSETTLED)),
    )
    .order_by(deliveries.c.id)
)


def find_followers(connection: Connection, lead: int) -> Sequence[Row[Any]]:
    """Load what goes out in a delivery's mail and is not settled."""
    return _FOLLOWERS.all(connection, {"lead": lead})


def is_fixed(row: Row[*tuple[Any, ...]]) -> bool:
    """Whether a delivery's mail may have left before: then it stays what it was."""
    return bool(row.wired or row.repeats)


def move(
    connection: Connection,
    lead: int,
    before: DeliveryState,
    after: DeliveryState,
    *,
    at: datetime,
    detail: str,
    **values: object,
) -> Sequence[int]:
    """Bring a lead's followers from one state to another; return their numbers."""
    moved = connection.execute(
        update(deliveries)
        .where(deliveries.c.lead_id == lead, deliveries.c.state == before.value)
        .values(state=after.value, **values)
        .returning(deliveries.c.id, deliveries.c.attempt)
    ).all()
    named = sorted((row.id, row.attempt) for row in moved)
    append_events(connection, named, state=after, at=at, detail=detail)
    return [number for number, _ in named]


def leave_beside(connection: Connection, lead: int, *, more: int, at: datetime, said: str) -> None:
    """Let the followers leave with their lead; `more` sendings may repeat earlier ones."""
    move(
        connection,
        lead,
        DeliveryState.SENDING,
        DeliveryState.SENDING,
        at=at,
        detail=f"{said}, in the mail of delivery {lead}",
        wired=True,
        repeats=deliveries.c.repeats + more,
    )


def settle_beside(
    connection: Connection,
    claim: Claim,
    state: DeliveryState,
    *,
    at: datetime,
    detail: str,
    retry_at: datetime | None,
    ended: bool,
    deferred: bool = False,
) -> None:
    """Let the followers end an attempt as their lead did.

    What surely is not there goes its own way from `retry_at` on, so that each may be looked at
    anew; the next claim of one brings those together that are still wanted.
    """
    lead = claim.delivery.id
    mail = select(deliveries.c.wired, deliveries.c.repeats).where(deliveries.c.id == lead)
    now = connection.execute(mail).one()
    values: dict[str, object] = {"wired": now.wired}
    if state is DeliveryState.RETRY and not is_fixed(now):
        values |= {"lead_id": None, "due_at": to_micros(retry_at or at)}
    if ended:
        values["settled_at"] = to_micros(at)
    elif deferred:
        values["deferrals"] = func.coalesce(deliveries.c.deferrals, 0) + 1
    else:
        values["failures"] = deliveries.c.failures + 1
    move(
        connection,
        lead,
        DeliveryState.SENDING,
        state,
        at=at,
        detail=f"in the mail of delivery {lead}: {detail}",
        **values,
    )


def expire_beside(
    connection: Connection, lead: int, state: DeliveryState, *, at: datetime, keeps: bool
) -> None:
    """Say what the ended lease of a lead left behind; whom it does not keep is free."""
    values = {} if keeps else {"lead_id": None, "due_at": to_micros(at)}
    detail = f"the lease of delivery {lead}, in whose mail it goes out, ran out"
    move(connection, lead, DeliveryState.SENDING, state, at=at, detail=detail, **values)


def cancel_beside(
    connection: Connection, lead: int, before: DeliveryState, *, at: datetime, detail: str
) -> None:
    """Call the followers off with their lead, for a reason that is theirs, too."""
    values = {"due_at": None, "settled_at": to_micros(at)}
    move(connection, lead, before, DeliveryState.CANCELLED, at=at, detail=detail, **values)


def release(connection: Connection, leads: Collection[int], at: datetime) -> Sequence[int]:
    """Let what followed deliveries that are called off go its own way; return their numbers.

    It stays in doubt where it was. What nobody subscribes to any more is called off as well.
    """
    found = (
        select(deliveries.c.id, deliveries.c.lead_id, deliveries.c.state, deliveries.c.attempt)
        .add_columns(subscriptions.c.removed)
        .join_from(deliveries, subscriptions)
        .where(deliveries.c.lead_id.in_(leads), deliveries.c.state.in_(_TRIED))
        .order_by(deliveries.c.id)
    )
    released = []
    for row in connection.execute(found).all():
        state, detail = DeliveryState(row.state), CALLED_OFF.format(lead=row.lead_id)
        values: dict[str, object] = {"lead_id": None, "due_at": to_micros(at)}
        if row.removed:
            state, detail = DeliveryState.CANCELLED, "the subscription was removed"
            values = {"state": state.value, "due_at": None, "settled_at": to_micros(at)}
        else:
            released.append(row.id)
        connection.execute(update(deliveries).where(deliveries.c.id == row.id).values(**values))
        append_events(connection, [(row.id, row.attempt)], state=state, at=at, detail=detail)
    return released


def retry_beside(
    connection: Connection, lead: Row[Any], *, at: datetime, detail: str, repeats: bool
) -> Sequence[int]:
    """Try again what failed in a mail that somebody wants tried again; return who goes alone."""
    kept = is_fixed(lead)
    values: dict[str, object] = {"settled_at": None}
    if not kept:
        values |= {"lead_id": None, "due_at": to_micros(at)}
    elif repeats:
        values |= {"wired": False, "repeats": deliveries.c.repeats + 1}
    before, after = DeliveryState.FAILED, DeliveryState.RETRY
    moved = move(connection, lead.id, before, after, at=at, detail=detail, **values)
    return [] if kept else moved
