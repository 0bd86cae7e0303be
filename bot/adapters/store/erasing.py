"""Removing a person from the database: what names an address is found, called off and overwritten.

What was sent stays on record, but not to whom.
"""

import math
import re
from collections.abc import Collection
from datetime import datetime, timedelta
from pathlib import PurePath
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Row,
    Select,
    bindparam,
    delete,
    func,
    literal,
    select,
    tuple_,
    update,
)

from bot.adapters.store.database import Database
from bot.adapters.store.events import append_event
from bot.adapters.store.faults import translated
from bot.adapters.store.mail_tables import bounces, consents, subscribers
from bot.adapters.store.rows import from_micros, to_micros
from bot.adapters.store.tables import (
    deliveries,
    delivery_events,
    seen_events,
    subscriptions,
    throttle,
)
from bot.core.addresses import hash_address, key_of
from bot.core.editions import TRANSITIONS, DeliveryState, Destination, DestinationKind
from bot.core.records import Traces
from bot.core.subscribers import name_asking
from bot.errors import UserError

# What stands in an address's place; a number follows, as no two may be alike.
ERASED = "erased"

_OPEN = [state.value for state, after in TRANSITIONS.items() if DeliveryState.CANCELLED in after]
_UNSETTLED = [*_OPEN, DeliveryState.SENDING.value]


class Erasing(Database):
    """Find and erase what names an address."""

    def find_traces(self, address: str) -> Traces:
        """Say what the database holds of an address, in whatever spelling.

        E-mail addresses are compared whatever their case: the part before the @ could matter, but
        no mail system in use tells two people apart by it. Folders are compared as paths, all
        else to the letter.
        """
        with self.reading() as connection:
            return _find_traces(connection, address)

    def erase(self, address: str, at: datetime) -> Traces:
        """Erase an address: end its subscriptions, call off its open deliveries, overwrite it.

        Its settled deliveries stay, to "erased" and a number, and so do their histories without
        it. Whoever read by mail is removed with what they agreed to; that an address gets no mail
        stays, known by a hash. Returns what there was. Raise UserError, and change nothing, while
        something is on its way there.
        """
        with self.writing() as connection:
            overwrite_deleted(connection)
            traces = _find_traces(connection, address)
            if traces.places:
                # Whoever changes what an address gets locks this row first, as a claim does.
                connection.execute(_who(address).with_for_update())
                _erase(connection, traces.places, at)
                _forget_reader(connection, address)
        if self.is_sqlite:
            self._empty_log()
        return traces

    def _empty_log(self) -> None:
        """Write what SQLite's log holds into the file, as it held what was overwritten, too."""
        with translated(self.url), self._engine.connect() as connection:
            driver = connection.connection.cursor()
            try:
                driver.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            finally:
                driver.close()


def overwrite_deleted(connection: Connection) -> None:
    """Let SQLite overwrite what this connection deletes, instead of only forgetting where it is.

    https://www.sqlite.org/pragma.html#pragma_secure_delete
    """
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql("PRAGMA secure_delete=ON")


def find_places(connection: Connection, address: str) -> tuple[Destination, ...]:
    """Find an address in all its spellings and kinds."""
    named = select(subscriptions.c.kind, subscriptions.c.address).union(
        select(deliveries.c.kind, deliveries.c.address),
        select(literal(DestinationKind.EMAIL.value), subscribers.c.address).where(
            subscribers.c.key == key_of(address)
        ),
    )
    known = (Destination(DestinationKind(kind), at) for kind, at in connection.execute(named).all())
    return tuple(sorted((place for place in known if _is_same(place, address)), key=str))


def _find_traces(connection: Connection, address: str) -> Traces:
    places = find_places(connection, address)
    if not places:
        return Traces()
    here = is_at(deliveries, places)
    counted = {
        "subscriptions": select(func.count()).where(is_at(subscriptions, places)),
        "deliveries": select(func.count()).where(here),
        "open": select(func.count()).where(here, deliveries.c.state.in_(_UNSETTLED)),
        "steps": select(func.count())
        .select_from(delivery_events)
        .where(delivery_events.c.delivery_id.in_(select(deliveries.c.id).where(here))),
        "subscribers": select(func.count()).where(subscribers.c.key == key_of(address)),
        "consents": select(func.count()).where(consents.c.subscriber_id.in_(_who(address))),
    }
    return Traces(
        places, **{name: connection.execute(one).scalar_one() for name, one in counted.items()}
    )


def _is_same(place: Destination, address: str) -> bool:
    if place.kind is DestinationKind.EMAIL:
        return place.address.casefold() == address.strip().casefold()
    if place.kind is DestinationKind.FOLDER:
        return PurePath(place.address) == PurePath(address.strip())
    return place.address == address.strip()


def is_at(table: Any, places: Collection[Destination]) -> ColumnElement[bool]:  # noqa: ANN401 - a table
    """Hold for the rows of a table that name one of these places."""
    names = [(place.kind.value, place.address) for place in places]
    return tuple_(table.c.kind, table.c.address).in_(names)


def _erase(connection: Connection, places: Collection[Destination], at: datetime) -> None:
    here = is_at(subscriptions, places)
    ended = connection.execute(
        select(subscriptions.c.id, subscriptions.c.reason).where(here).with_for_update()
    ).all()
    named = connection.execute(
        select(deliveries).where(is_at(deliveries, places)).with_for_update()
    ).all()
    _check_still(named, at)
    for row in named:
        if row.state in _UNSETTLED:
            _call_off(connection, row, at)
    _scrub_histories(connection, places)
    for row in ended:
        connection.execute(
            update(subscriptions)
            .where(subscriptions.c.id == row.id)
            .values(removed=True, address=_erased(row.id), reason=scrub(row.reason, places))
        )
    for number in {row.subscription_id for row in named}:
        connection.execute(
            update(deliveries)
            .where(deliveries.c.subscription_id == number, is_at(deliveries, places))
            .values(address=_erased(number))
        )
    turns = [f"{place.kind} {place.address}" for place in places]
    connection.execute(delete(throttle).where(throttle.c.name.in_(turns)))


def _who(address: str) -> Select[tuple[int]]:
    return select(subscribers.c.id).where(subscribers.c.key == key_of(address))


def _forget_reader(connection: Connection, address: str) -> None:
    """Remove who read by mail, and what came back from there."""
    connection.execute(delete(consents).where(consents.c.subscriber_id.in_(_who(address))))
    connection.execute(delete(subscribers).where(subscribers.c.key == key_of(address)))
    connection.execute(delete(bounces).where(bounces.c.hash == hash_address(address)))
    connection.execute(delete(seen_events).where(seen_events.c.name == name_asking(address)))


def _erased(number: int) -> str:
    return f"{ERASED} {number}"


def _check_still(named: Collection[Row[Any]], at: datetime) -> None:
    """Refuse while somebody sends: what comes of it is written down afterwards."""
    sending = [
        row.lease_until
        for row in named
        if row.state == DeliveryState.SENDING.value
        # What goes out in another one's mail has no lease of its own.
        and row.lease_until is not None
        and row.lease_until > to_micros(at)
    ]
    if sending:
        left = math.ceil((from_micros(max(sending)) - at) / timedelta(minutes=1))
        msg = (
            "a digest is on its way there right now, so nothing was erased: do it again in"
            f" {left} minute{'s' if left > 1 else ''}"
        )
        raise UserError(msg)


def _call_off(connection: Connection, row: Row[Any], at: datetime) -> None:
    """Cancel an open delivery; of one whose lease ran out, its history says so first."""
    steps = [(DeliveryState.CANCELLED, "the address was erased")]
    if row.state == DeliveryState.SENDING.value:
        state = DeliveryState.UNKNOWN if row.wired else DeliveryState.RETRY
        steps.insert(0, (state, "the lease ran out"))
    connection.execute(
        update(deliveries)
        .where(deliveries.c.id == row.id)
        .values(
            state=DeliveryState.CANCELLED.value,
            lease_until=None,
            due_at=None,
            settled_at=to_micros(at),
        )
    )
    for state, detail in steps:
        append_event(connection, row.id, state=state, attempt=row.attempt, at=at, detail=detail)


def _scrub_histories(connection: Connection, places: Collection[Destination]) -> None:
    of_place = select(deliveries.c.id).where(is_at(deliveries, places))
    said = select(delivery_events.c.id, delivery_events.c.detail).where(
        delivery_events.c.delivery_id.in_(of_place)
    )
    changed = [
        {"at_id": number, "scrubbed": scrubbed}
        for number, detail in connection.execute(said).all()
        if (scrubbed := scrub(detail, places)) != detail
    ]
    if changed:
        write = (
            update(delivery_events)
            .where(delivery_events.c.id == bindparam("at_id"))
            .values(detail=bindparam("scrubbed"))
        )
        connection.execute(write, changed)


def scrub(text: str, places: Collection[Destination]) -> str:
    """Take addresses out of a text; of an e-mail address also what stands before its @.

    >>> ada = Destination(DestinationKind.EMAIL, "ada@lab.example")
    >>> scrub("<Ada@lab.example>: no ada here", [ada])
    '<erased>: no erased here'
    """
    for place in places:
        parts = [place.address]
        if place.kind is DestinationKind.EMAIL:
            parts.append(place.address.rpartition("@")[0])
        for part in parts:
            text = re.sub(rf"(?<!\w){re.escape(part)}(?!\w)", ERASED, text, flags=re.IGNORECASE)
    return text
