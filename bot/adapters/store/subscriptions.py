"""Subscriptions: kept as long as their deliveries are, so removed ones are only marked."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime, time
from functools import lru_cache
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, bindparam, or_, select, update

from bot.adapters.store.database import Database, insert_into
from bot.adapters.store.events import append_events
from bot.adapters.store.followers import release
from bot.adapters.store.owners import find_set
from bot.adapters.store.prepared import Prepared
from bot.adapters.store.rows import from_micros, storable, to_json, to_micros
from bot.adapters.store.tables import deliveries, sets, subscriptions
from bot.core.editions import TRANSITIONS, DeliveryState, Destination, DestinationKind
from bot.core.schedule import Rhythm, Schedule
from bot.core.slack_names import parse_place
from bot.core.subscriptions import Subscription

# The states in which a delivery can be called off.
_OPEN = [state.value for state, after in TRANSITIONS.items() if DeliveryState.CANCELLED in after]
_COLUMNS = (
    sets.c.owner,
    sets.c.name,
    subscriptions.c.kind,
    subscriptions.c.address,
    subscriptions.c.schedule,
    subscriptions.c.origin,
    subscriptions.c.paused,
    subscriptions.c.reason,
    subscriptions.c.id,
    subscriptions.c.paused_until,
)


_OF_DELIVERY = Prepared(
    select(*_COLUMNS)
    .join_from(subscriptions, sets)
    .join(deliveries, deliveries.c.subscription_id == subscriptions.c.id)
    .where(deliveries.c.key == bindparam("key"))
)


class Subscriptions(Database):
    """Keep subscriptions by set and destination."""

    def load_subscriptions(self) -> tuple[Subscription, ...]:
        """Load every subscription that was not removed, paused ones included, oldest first."""
        with self.reading() as connection:
            return find_subscriptions(connection, ~subscriptions.c.removed)

    def load_subscription(self, subscription_id: int) -> Subscription | None:
        """Load one subscription by its number; None where there is none or it was removed."""
        wanted = subscriptions.c.id == subscription_id
        with self.reading() as connection:
            return next(
                iter(find_subscriptions(connection, wanted & ~subscriptions.c.removed)), None
            )

    def load_workspace_subscriptions(self, team: str) -> tuple[Subscription, ...]:
        """Load those to conversations of a Slack workspace, HOME included, oldest first.

        Paused ones are included, removed ones are not.
        """
        address = subscriptions.c.address
        # Names of conversations hold no slash; the rest is for `parse_place`.
        near = address.startswith(f"{team}/", autoescape=True) if team else ~address.contains("/")
        is_channel = subscriptions.c.kind == DestinationKind.CHANNEL.value
        with self.reading() as connection:
            found = find_subscriptions(connection, and_(is_channel, ~subscriptions.c.removed, near))
        return tuple(each for each in found if parse_place(each.destination.address).team == team)

    def subscription_of(self, delivery_key: str) -> Subscription | None:
        """Load the subscription for which a delivery was planned, removed or not."""
        with self.glancing() as connection:
            found = _OF_DELIVERY.first(connection, {"key": delivery_key})
        return None if found is None else _subscription_of(found)

    def save_subscription(self, subscription: Subscription, at: datetime) -> Subscription:
        """Add a subscription, or change the one of that set and destination; return it as saved.

        One that was removed before is back.
        """
        with self.writing() as connection:
            return put_subscription(connection, subscription, at)

    def sync_subscriptions(
        self, origin: str, wanted: Iterable[Subscription], at: datetime
    ) -> tuple[Subscription, ...]:
        """Make the subscriptions of an origin those that are wanted; return them as they are now.

        What is there already keeps its pause and its reason. What is no longer wanted is removed,
        and its open deliveries are called off. A subscription that somebody else asked for stays
        theirs.
        """
        with self.writing() as connection:
            known = {
                _name(each): each
                for each in find_subscriptions(connection, ~subscriptions.c.removed)
            }
            kept = []
            for each in wanted:
                before = known.get(_name(each))
                if before is None:
                    before = put_subscription(connection, each, at)
                elif before.origin == origin and before.schedule != each.schedule:
                    before = put_subscription(
                        connection, replace(before, schedule=each.schedule), at
                    )
                kept.append(before)
            ids = {each.id for each in kept}
            gone = [
                each.id for each in known.values() if each.origin == origin and each.id not in ids
            ]
            for number in gone:
                remove_subscriptions(
                    connection,
                    subscriptions.c.id == number,
                    at=at,
                    detail=f"the subscription was removed from the {origin}",
                )
        return tuple(kept)

    def pause_subscription(
        self,
        subscription_id: int,
        *,
        paused: bool,
        reason: str = "",
        until: datetime | None = None,
    ) -> bool:
        """Pause a subscription or let it go on; False where there is none, or it is so already.

        `until` is when the pause ends by itself; a pause that has begun gets it, too.
        """
        end = to_micros(until) if paused and until else None
        other = or_(
            subscriptions.c.paused != paused, subscriptions.c.paused_until.is_distinct_from(end)
        )
        change = (
            update(subscriptions)
            .where(
                subscriptions.c.id == subscription_id,
                ~subscriptions.c.removed,
                other,
            )
            .values(paused=paused, reason=storable(reason), paused_until=end)
        )
        with self.writing() as connection:
            return bool(connection.execute(change).rowcount)

    def end_pauses(self, now: datetime) -> tuple[int, ...]:
        """Let those go on whose pause has come to its end; return their numbers."""
        over = select(subscriptions.c.id).where(
            subscriptions.c.paused, subscriptions.c.paused_until <= to_micros(now)
        )
        with self.reading() as connection:
            ids = list(connection.execute(over).scalars())
        if not ids:
            return ()
        end = (
            update(subscriptions)
            .where(subscriptions.c.id.in_(ids), subscriptions.c.paused_until <= to_micros(now))
            .values(paused=False, reason="", paused_until=None)
            .returning(subscriptions.c.id)
        )
        with self.writing() as connection:
            return tuple(sorted(connection.execute(end).scalars()))

    def remove_subscription(self, subscription_id: int, at: datetime) -> bool:
        """Remove a subscription and call off its open deliveries; False where there is none."""
        with self.writing() as connection:
            return bool(
                remove_subscriptions(
                    connection,
                    subscriptions.c.id == subscription_id,
                    at=at,
                    detail="the subscription was removed",
                )
            )


def remove_subscriptions(
    connection: Connection, which: ColumnElement[bool], *, at: datetime, detail: str
) -> int:
    """Mark subscriptions as removed and call off their open deliveries; return how many."""
    remove = (
        update(subscriptions)
        .where(which, ~subscriptions.c.removed)
        .values(removed=True)
        .returning(subscriptions.c.id)
    )
    removed = list(connection.execute(remove).scalars())
    for number in removed:
        cancel = (
            update(deliveries)
            .where(
                deliveries.c.subscription_id == number,
                deliveries.c.state.in_(_OPEN),
                # What may have left in another one's mail stays a part of it.
                deliveries.c.lead_id.is_(None),
            )
            .values(state=DeliveryState.CANCELLED.value, due_at=None, settled_at=to_micros(at))
            .returning(deliveries.c.id, deliveries.c.attempt)
        )
        cancelled = connection.execute(cancel).all()
        append_events(
            connection,
            [(row.id, row.attempt) for row in cancelled],
            state=DeliveryState.CANCELLED,
            at=at,
            detail=detail,
        )
        if cancelled:
            release(connection, [row.id for row in cancelled], at)
    return len(removed)


def find_subscriptions(
    connection: Connection, which: ColumnElement[bool]
) -> tuple[Subscription, ...]:
    """Load subscriptions, oldest first."""
    found = (
        select(*_COLUMNS).join_from(subscriptions, sets).where(which).order_by(subscriptions.c.id)
    )
    return tuple(_subscription_of(row) for row in connection.execute(found).all())


def put_subscription(
    connection: Connection, subscription: Subscription, at: datetime
) -> Subscription:
    """Add a subscription, or change the one of that set and destination; return it as saved."""
    set_id = find_set(connection, *subscription.set_key)
    values = {
        "origin": subscription.origin,
        "paused": subscription.paused,
        "removed": False,
        "reason": storable(subscription.reason),
        "schedule": schedule_record(subscription.schedule),
        "paused_until": to_micros(subscription.until) if subscription.until else None,
    }
    save = insert_into(connection, subscriptions).values(
        set_id=set_id,
        kind=subscription.destination.kind.value,
        address=storable(subscription.destination.address),
        at=to_micros(at),
        **values,
    )
    named = [subscriptions.c.set_id, subscriptions.c.kind, subscriptions.c.address]
    saved = save.on_conflict_do_update(index_elements=named, set_=values)
    number = connection.execute(saved.returning(subscriptions.c.id)).scalar_one()
    (found,) = find_subscriptions(connection, subscriptions.c.id == number)
    return found


def _name(subscription: Subscription) -> tuple[str, str, Destination]:
    return subscription.set_owner, subscription.set_name, subscription.destination


def schedule_record(schedule: Schedule) -> str:
    """Write a schedule as JSON: rhythm, time, time zone, weekday, quiet hours."""
    quiet = [each.isoformat("minutes") for each in schedule.quiet] if schedule.quiet else None
    at = schedule.at.isoformat("minutes") if schedule.at else None
    return to_json([schedule.rhythm.value, at, schedule.timezone, schedule.weekday, quiet])


# Few schedules exist, and thousands of people have them.
@lru_cache(maxsize=1024)
def schedule_of(record: str) -> Schedule:
    """Read `schedule_record` back."""
    rhythm, at, timezone, weekday, quiet = json.loads(record)
    begin, end = map(time.fromisoformat, quiet) if quiet else (None, None)
    return Schedule(
        rhythm=Rhythm(rhythm),
        at=time.fromisoformat(at) if at else None,
        timezone=timezone,
        weekday=weekday,
        quiet=(begin, end) if begin is not None and end is not None else None,
    )


def _subscription_of(row: Sequence[Any]) -> Subscription:
    owner, name, kind, address, schedule, origin, paused, reason, number, until = row
    return Subscription(
        set_owner=owner,
        set_name=name,
        destination=Destination(DestinationKind(kind), address),
        schedule=schedule_of(schedule),
        origin=origin,
        paused=paused,
        reason=reason,
        id=number,
        until=None if until is None else from_micros(until),
    )
