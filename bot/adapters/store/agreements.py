"""The rows of people who read by mail, and of what they agreed to; decides nothing.

Whoever changes what an address gets locks its row first, as a claim of a mail does.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, and_, func, select, update

from bot.adapters.store.database import insert_into
from bot.adapters.store.mail_tables import consents, subscribers
from bot.adapters.store.owners import find_set
from bot.adapters.store.rows import from_micros, storable, to_micros
from bot.adapters.store.subscriptions import (
    find_subscriptions,
    put_subscription,
    remove_subscriptions,
    schedule_of,
    schedule_record,
)
from bot.adapters.store.tables import sets, subscriptions
from bot.core.addresses import Address, key_of
from bot.core.editions import Destination, DestinationKind
from bot.core.keyword_sets import SetKey
from bot.core.schedule import Schedule
from bot.core.subscribers import ConsentLine, Deed, Subscriber, SubscriberState
from bot.core.subscriptions import PERSON, Subscription

_LEFT_IT = "the reader unsubscribed"


def find_subscriber(
    connection: Connection, which: ColumnElement[bool], *, locks: bool = False
) -> Subscriber | None:
    """Find the one subscriber for whom this holds.

    `locks` keeps everybody else from changing what the address gets.
    """
    wanted = select(subscribers).where(which)
    row = connection.execute(wanted.with_for_update() if locks else wanted).first()
    return subscriber_of(row) if row is not None else None


def lock_subscriber(connection: Connection, number: int) -> Subscriber | None:
    """Load a subscriber and keep everybody else from changing what the address gets."""
    return find_subscriber(connection, subscribers.c.id == number, locks=True)


def pending_record(
    address: Address, nonce: str, schedule: Schedule, at: datetime
) -> dict[str, object]:
    """Write the row of an address that has not confirmed yet."""
    return {
        "address": address.text,
        "key": address.key,
        "state": SubscriberState.PENDING.value,
        "nonce": nonce,
        "bundled": True,
        "schedule": schedule_record(schedule),
        "created_at": to_micros(at),
    }


def see_confirmed(
    connection: Connection, subscriber: Subscriber, schedule: Schedule, at: datetime
) -> Subscriber:
    """Let whoever had not confirmed have done so, with this schedule; return the subscriber."""
    if subscriber.state is SubscriberState.CONFIRMED:
        return subscriber
    change_row(
        connection,
        subscriber,
        state=SubscriberState.CONFIRMED.value,
        confirmed_at=to_micros(at),
        schedule=schedule_record(schedule),
    )
    return replace(subscriber, schedule=schedule)


def subscriber_of(row: Row[Any]) -> Subscriber:
    """Read a row of `subscribers`."""
    return Subscriber(
        id=row.id,
        address=row.address,
        key=row.key,
        state=SubscriberState(row.state),
        nonce=row.nonce,
        schedule=schedule_of(row.schedule),
        created_at=from_micros(row.created_at),
        bundled=row.bundled,
        confirmed_at=None if row.confirmed_at is None else from_micros(row.confirmed_at),
        paused_until=None if row.paused_until is None else from_micros(row.paused_until),
    )


def change_row(connection: Connection, subscriber: Subscriber, **values: object) -> None:
    """Change a subscriber's own row."""
    change = update(subscribers).where(subscribers.c.id == subscriber.id)
    connection.execute(change.values(**values))


def is_own(subscriber: Subscriber) -> ColumnElement[bool]:
    """Hold for what this person subscribed to by mail, removed or not."""
    return and_(
        subscriptions.c.kind == DestinationKind.EMAIL.value,
        subscriptions.c.address == subscriber.address,
        subscriptions.c.origin == PERSON,
    )


def load_chosen(connection: Connection, subscriber: Subscriber) -> tuple[Subscription, ...]:
    """Load what a person is subscribed to by their own wish."""
    return find_subscriptions(connection, is_own(subscriber) & ~subscriptions.c.removed)


def subscribe(connection: Connection, subscriber: Subscriber, key: SetKey, at: datetime) -> bool:
    """Subscribe a person to a set; False where that is so, by whoever's wish."""
    set_id = find_set(connection, *key)
    known = select(subscriptions.c.address).where(
        subscriptions.c.set_id == set_id,
        subscriptions.c.kind == DestinationKind.EMAIL.value,
        ~subscriptions.c.removed,
        # Others' are few and may be spelled otherwise.
        (subscriptions.c.origin != PERSON) | (subscriptions.c.address == subscriber.address),
    )
    if any(key_of(each) == subscriber.key for each in connection.execute(known).scalars()):
        return False
    until = subscriber.paused_until
    wished = Subscription(
        *key,
        Destination(DestinationKind.EMAIL, subscriber.address),
        subscriber.schedule,
        origin=PERSON,
        paused=until is not None and until > at,
        until=until if until is not None and until > at else None,
    )
    put_subscription(connection, wished, at)
    return True


def unsubscribe(
    connection: Connection, subscriber: Subscriber, chosen: Sequence[Subscription], at: datetime
) -> None:
    """End some of a person's subscriptions; whoever has none left has left."""
    for each in chosen:
        which = is_own(subscriber) & (subscriptions.c.id == each.id)
        remove_subscriptions(connection, which, at=at, detail=_LEFT_IT)
    if not load_chosen(connection, subscriber):
        change_row(connection, subscriber, state=SubscriberState.LEFT.value)


def append_consent(
    connection: Connection,
    subscriber: Subscriber,
    what: Deed,
    set_name: str,
    *,
    at: datetime,
    proof: str,
) -> None:
    """Add a line to the history of what a person agreed to."""
    line = insert_into(connection, consents).values(
        subscriber_id=subscriber.id,
        at=to_micros(at),
        what=what.value,
        set_name=set_name,
        proof=storable(proof),
    )
    connection.execute(line)


def load_consents(connection: Connection, subscriber: Subscriber) -> tuple[ConsentLine, ...]:
    """Load the history of what a person agreed to, oldest first."""
    lines = (
        select(consents)
        .where(consents.c.subscriber_id == subscriber.id)
        .order_by(consents.c.at, consents.c.id)
    )
    return tuple(
        ConsentLine(from_micros(row.at), Deed(row.what), row.set_name, row.proof)
        for row in connection.execute(lines).all()
    )


def did(
    connection: Connection, subscriber: Subscriber, what: Deed, set_name: str, since: datetime
) -> bool:
    """Whether a person did this to a set, or to all, since a moment."""
    found = select(func.count()).where(
        consents.c.subscriber_id == subscriber.id,
        consents.c.what == what.value,
        consents.c.set_name.in_(("", set_name)),
        consents.c.at >= to_micros(since),
    )
    return bool(connection.execute(found).scalar_one())


def load_set_names(connection: Connection) -> dict[str, tuple[str, ...]]:
    """Load which sets each address gets by its own wish."""
    found = (
        select(subscriptions.c.address, sets.c.name)
        .join_from(subscriptions, sets)
        .where(
            subscriptions.c.kind == DestinationKind.EMAIL.value,
            subscriptions.c.origin == PERSON,
            ~subscriptions.c.removed,
        )
        .order_by(sets.c.name)
    )
    names: dict[str, tuple[str, ...]] = {}
    for address, name in connection.execute(found).all():
        names[address] = (*names.get(address, ()), name)
    return names
