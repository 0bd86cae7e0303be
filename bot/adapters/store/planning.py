"""Deliveries as they are planned: one for each slot of a subscription, joined where not yet due."""

from collections.abc import Sequence
from datetime import datetime
from uuid import uuid4

from sqlalchemy import CompoundSelect, Connection, insert, select, update

from bot.adapters.store.events import append_events
from bot.adapters.store.rows import chunked, storable, to_micros
from bot.adapters.store.tables import deliveries, joined_editions, subscriptions
from bot.core.editions import Delivery, DeliveryState
from bot.core.subscriptions import Plan

_AT_ONCE = 500


def plan_deliveries(
    connection: Connection, edition_id: int, plans: Sequence[Plan], at: datetime
) -> list[tuple[Delivery, datetime]]:
    """Plan an edition's deliveries, in the transaction that froze it; return the new ones.

    Each comes with the moment from which it may leave.
    """
    # A destination is delivered to once, however often it is named.
    by_id = {plan.subscription.id: plan for plan in plans}
    fresh = {number: plan for number, plan in by_id.items() if plan.slot.due <= at}
    waiting = [plan for number, plan in by_id.items() if number not in fresh]
    joined = _find_joinable(connection, waiting, at) if waiting else {}
    _join(connection, edition_id, list(joined.values()), at)
    new = [plan for number, plan in by_id.items() if number not in joined]
    rows = [
        {
            "edition_id": edition_id,
            "subscription_id": plan.subscription.id,
            "kind": plan.subscription.destination.kind.value,
            "address": storable(plan.subscription.destination.address),
            "slot": plan.slot.day.isoformat(),
            "state": DeliveryState.PENDING.value,
            "attempt": 0,
            "repeats": 0,
            "wired": False,
            "key": uuid4().hex,
            "due_at": to_micros(plan.slot.due),
            "planned_at": to_micros(plan.slot.due),
        }
        for plan in new
    ]
    if not rows:
        return []
    add = insert(deliveries).returning(deliveries.c.id, sort_by_parameter_order=True)
    ids = list(connection.execute(add, rows).scalars())
    append_events(
        connection,
        ((number, 0) for number in ids),
        state=DeliveryState.PENDING,
        at=at,
        detail="planned",
    )
    return [
        (
            Delivery(
                id=number,
                edition_id=edition_id,
                destination=plan.subscription.destination,
                state=DeliveryState.PENDING,
                attempt=0,
                key=str(row["key"]),
            ),
            plan.slot.due,
        )
        for number, plan, row in zip(ids, new, rows, strict=True)
    ]


def covered_editions() -> CompoundSelect[tuple[int, int]]:
    """Select `delivery_id, edition_id` of every edition that some delivery brings."""
    newest = select(deliveries.c.id.label("delivery_id"), deliveries.c.edition_id)
    return newest.union_all(select(joined_editions.c.delivery_id, joined_editions.c.edition_id))


def _find_joinable(connection: Connection, plans: Sequence[Plan], at: datetime) -> dict[int, int]:
    """Return, by subscription, the delivery of the same slot that nobody has begun."""
    slots = {plan.subscription.id: plan.slot.day.isoformat() for plan in plans}
    found: dict[int, int] = {}
    for some in chunked(list(slots), _AT_ONCE):
        # Whoever plans for a subscription holds its row, so that two make one delivery of a slot.
        connection.execute(
            select(subscriptions.c.id)
            .where(subscriptions.c.id.in_(some))
            .order_by(subscriptions.c.id)
            .with_for_update()
        )
        waiting = (
            select(deliveries.c.id, deliveries.c.subscription_id, deliveries.c.slot)
            .where(
                deliveries.c.subscription_id.in_(some),
                deliveries.c.state == DeliveryState.PENDING.value,
                deliveries.c.due_at > to_micros(at),
            )
            .with_for_update()
        )
        found |= {
            subscription_id: number
            for number, subscription_id, slot in connection.execute(waiting).all()
            if slots[subscription_id] == slot
        }
    return found


def _join(connection: Connection, edition_id: int, joined: Sequence[int], at: datetime) -> None:
    """Let deliveries bring this edition too; it becomes their newest where it is."""
    for number in joined:
        before = connection.execute(
            select(deliveries.c.edition_id).where(deliveries.c.id == number)
        ).scalar_one()
        connection.execute(insert(joined_editions).values(delivery_id=number, edition_id=before))
        connection.execute(
            update(deliveries).where(deliveries.c.id == number).values(edition_id=edition_id)
        )
    append_events(
        connection,
        ((number, 0) for number in joined),
        state=DeliveryState.PENDING,
        at=at,
        detail="joined by another day's edition",
    )
