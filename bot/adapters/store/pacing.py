"""How fast deliveries go over all processes together: looked at in the transaction of a claim."""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import BigInteger, Connection, Row, bindparam, func, select, text

from bot.adapters.store.database import insert_into
from bot.adapters.store.prepared import Prepared
from bot.adapters.store.rows import from_micros, to_micros
from bot.adapters.store.tables import deliveries, throttle
from bot.core.editions import DeliveryState
from bot.core.records import Busy
from bot.core.retrying import LOOK_AGAIN, Pace

# One claim of a kind at a time counts those on their way; the second number tells the kinds apart.
_PACE_LOCK = 7_120_004
# Built once: to build a statement takes longer than to have it run.
_COUNT = select(func.count().label("sending")).where(
    deliveries.c.kind == bindparam("of_kind"),
    deliveries.c.state == DeliveryState.SENDING.value,
    deliveries.c.lease_until > bindparam("moment", type_=BigInteger),
    deliveries.c.id != bindparam("number"),
)
_SENDING = Prepared(_COUNT)
_HERE = Prepared(_COUNT.where(deliveries.c.address == bindparam("place")))


def find_busy(
    connection: Connection, row: Row[Any], pace: Pace | None, now: datetime
) -> Busy | None:
    """Say until when a delivery must wait for others of its address or kind; None: it may go.

    Where it may, its address's interval begins.
    """
    if pace is None or not (pace.alone or pace.at_once or pace.interval):
        return None
    if connection.dialect.name != "sqlite":
        locked = text("SELECT pg_advisory_xact_lock(:lock, hashtext(:kind))")
        connection.execute(locked, {"lock": _PACE_LOCK, "kind": row.kind})
    this = {"of_kind": row.kind, "moment": to_micros(now), "number": row.id}
    if pace.at_once and _SENDING.first(connection, this).sending >= pace.at_once:
        return Busy(now + LOOK_AGAIN)
    if pace.alone and _HERE.first(connection, {**this, "place": row.address}).sending:
        return Busy(now + LOOK_AGAIN)
    return _find_turn(connection, f"{row.kind} {row.address}", pace.interval, now)


def _find_turn(
    connection: Connection, name: str, interval: timedelta, now: datetime
) -> Busy | None:
    if not interval:
        return None
    moment = to_micros(now)
    length = interval // timedelta(microseconds=1)
    known = connection.execute(select(throttle.c.next_at).where(throttle.c.name == name)).scalar()
    # A time further ahead than one interval was written before the clock was set back.
    if known is not None and moment < known <= moment + length:
        return Busy(from_micros(known))
    begin = insert_into(connection, throttle).values(name=name, next_at=moment + length)
    connection.execute(
        begin.on_conflict_do_update(
            index_elements=[throttle.c.name], set_={"next_at": moment + length}
        )
    )
    return None
