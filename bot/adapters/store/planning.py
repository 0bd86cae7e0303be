"""Deliveries as they are planned: one for each slot of a subscription, joined where not yet due."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from uuid import uuid4

from sqlalchemy import CompoundSelect, Connection, bindparam, insert, select, update

from bot.adapters.store.events import append_events
from bot.adapters.store.rows import chunked, storable, to_micros
from bot.adapters.store.tables import deliveries, joined_editions, subscriptions
from bot.core.editions import Delivery, DeliveryState
from bot.core.subscriptions import Plan

_AT_ONCE = 500


def plan_deliveries(
    connection: Connection, editions: Sequence[tuple[int, Sequence[Plan]]], at: datetime
) -> dict[int, list[tuple[Delivery, datetime]]]:
    """Plan editions' deliveries, in the transaction that froze them; return the new ones of each.

    Each comes with the moment from which it may leave. Of one subscription's editions the later
    ones join what was planned for the earlier ones, as if they came in another transaction.
    """
    made: dict[int, list[tuple[Delivery, datetime]]] = {number: [] for number, _ in editions}
    wave: dict[int, tuple[int, Plan]] = {}
    for edition_id, plans in editions:
        # A destination is delivered to once, however often it is named.
        by_id = {plan.subscription.id: plan for plan in plans}
        if not wave.keys().isdisjoint(by_id):
            _plan_wave(connection, wave, at, made)
            wave = {}
        wave |= {number: (edition_id, plan) for number, plan in by_id.items()}
    if wave:
        _plan_wave(connection, wave, at, made)
    return made


def _plan_wave(
    connection: Connection,
    wave: Mapping[int, tuple[int, Plan]],
    at: datetime,
    made: Mapping[int, list[tuple[Delivery, datetime]]],
) -> None:
    """Plan one edition for each of these subscriptions: join what waits for the slot, or add it."""
    slots = {
        number: plan.slot.day.isoformat()
        for number, (_, plan) in wave.items()
        if plan.slot.due > at
    }
    joined = _find_joinable(connection, slots, at) if slots else {}
    _join(connection, {joined[number]: wave[number][0] for number in wave if number in joined}, at)
    new = [planned for number, planned in wave.items() if number not in joined]
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
            "failures": 0,
            "wired": False,
            "key": uuid4().hex,
            "due_at": to_micros(plan.slot.due),
            "planned_at": to_micros(plan.slot.due),
        }
        for edition_id, plan in new
    ]
    if not rows:
        return
    connection.execute(insert(deliveries), rows)
    ids = _load_ids(connection, {edition_id for edition_id, _ in new})
    append_events(
        connection,
        ((ids[row["key"]], 0) for row in rows),
        state=DeliveryState.PENDING,
        at=at,
        detail="planned",
    )
    for (edition_id, plan), row in zip(new, rows, strict=True):
        key = str(row["key"])
        delivery = Delivery(
            id=ids[key],
            edition_id=edition_id,
            destination=plan.subscription.destination,
            state=DeliveryState.PENDING,
            attempt=0,
            key=key,
        )
        made[edition_id].append((delivery, plan.slot.due))


def _load_ids(connection: Connection, edition_ids: Iterable[int]) -> dict[object, int]:
    """Return the ids of editions' deliveries by their keys."""
    # PostgreSQL takes three times as long where it is to return them with the INSERT.
    found: dict[object, int] = {}
    for some in chunked(sorted(edition_ids), _AT_ONCE):
        known = select(deliveries.c.key, deliveries.c.id).where(deliveries.c.edition_id.in_(some))
        found |= {key: number for key, number in connection.execute(known).all()}  # noqa: C416 - rows are not pairs to mypy
    return found


def covered_editions() -> CompoundSelect[tuple[int, int]]:
    """Select `delivery_id, edition_id` of every edition that some delivery brings."""
    newest = select(deliveries.c.id.label("delivery_id"), deliveries.c.edition_id)
    return newest.union_all(select(joined_editions.c.delivery_id, joined_editions.c.edition_id))


def _find_joinable(
    connection: Connection, slots: Mapping[int, str], at: datetime
) -> dict[int, int]:
    """Return, by subscription, the delivery of its slot that nobody has begun."""
    found: dict[int, int] = {}
    # In one order for all, so that no two who plan for the same wait for each other.
    for some in chunked(sorted(slots), _AT_ONCE):
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


def _join(connection: Connection, joined: Mapping[int, int], at: datetime) -> None:
    """Let deliveries bring another edition, too, which becomes the one they are known by."""
    if not joined:
        return
    before: list[dict[str, int]] = []
    for some in chunked(list(joined), _AT_ONCE):
        known = select(deliveries.c.id, deliveries.c.edition_id).where(deliveries.c.id.in_(some))
        before += [
            {"delivery_id": number, "edition_id": edition_id}
            for number, edition_id in connection.execute(known).all()
        ]
    connection.execute(insert(joined_editions), before)
    connection.execute(
        update(deliveries)
        .where(deliveries.c.id == bindparam("number"))
        .values(edition_id=bindparam("edition")),
        [{"number": number, "edition": edition_id} for number, edition_id in joined.items()],
    )
    append_events(
        connection,
        ((number, 0) for number in joined),
        state=DeliveryState.PENDING,
        at=at,
        detail="joined by another day's edition",
    )
