"""A change of a delivery and the line of its history that says so: always made together."""

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import (
    BigInteger,
    Boolean,
    Connection,
    Integer,
    Text,
    Update,
    bindparam,
    func,
    insert,
    select,
    update,
)

from bot.adapters.store.prepared import Prepared
from bot.adapters.store.rows import storable, to_micros
from bot.adapters.store.tables import deliveries, delivery_events
from bot.core.editions import DeliveryState

_LINE = {
    delivery_events.c.at: bindparam("line_at", type_=BigInteger),
    delivery_events.c.state: bindparam("line_state", type_=Text),
    delivery_events.c.attempt: bindparam("line_attempt", type_=Integer),
    delivery_events.c.detail: bindparam("line_detail", type_=Text),
}
_DELIVERY = delivery_events.c.delivery_id


class Change:
    """An UPDATE of one delivery, built once as it is made often."""

    def __init__(self, change: Update) -> None:
        """`change` may have parameters."""
        change = change.returning(deliveries.c.id)
        line = insert(delivery_events).values({_DELIVERY: bindparam("line_of"), **_LINE})
        self._change, self._line = Prepared(change), Prepared(line)
        # PostgreSQL makes both in one statement, which spares a way there and back.
        changed = change.cte("changed")
        self._both = (
            insert(delivery_events)
            .from_select([_DELIVERY, *_LINE], select(changed.c.id, *_LINE.values()))
            .returning(_DELIVERY)
        )

    def make(
        self,
        connection: Connection,
        values: Mapping[str, object],
        *,
        state: DeliveryState,
        attempt: int,
        at: datetime,
        detail: str,
    ) -> bool:
        """Change the delivery and add the line; False where no delivery is as `change` asks."""
        line = {
            "line_at": to_micros(at),
            "line_state": state.value,
            "line_attempt": attempt,
            "line_detail": storable(detail),
        }
        if connection.dialect.name != "sqlite":
            return connection.execute(self._both, {**values, **line}).first() is not None
        changed = self._change.first(connection, values)
        if changed is not None:
            self._line.count(connection, {**line, "line_of": changed.id})
        return changed is not None


# Built once: to build a statement takes longer than to have it run.
# A delivery as it was when it was read. That it was not `wired` says that it may be sent without
# a look, so it must not have left since.
_AS_SEEN = (
    deliveries.c.id == bindparam("number"),
    deliveries.c.attempt == bindparam("mine"),
    deliveries.c.state == bindparam("before"),
    deliveries.c.edition_id == bindparam("edition"),
    deliveries.c.wired == bindparam("left"),
)
LOCK = Prepared(select(deliveries.c.id).where(*_AS_SEEN).with_for_update())
_SEEN = update(deliveries).where(*_AS_SEEN)
BEGIN = Change(
    _SEEN.values(
        state=DeliveryState.SENDING.value,
        attempt=bindparam("next"),
        lease_until=bindparam("until"),
        due_at=None,
    )
)
CANCEL = Change(
    _SEEN.values(
        state=DeliveryState.CANCELLED.value,
        lease_until=None,
        due_at=None,
        settled_at=bindparam("end"),
    )
)
PUT_OFF = Prepared(_SEEN.values(state=bindparam("to"), lease_until=None, due_at=bindparam("next")))
_MINE = update(deliveries).where(
    deliveries.c.id == bindparam("number"),
    deliveries.c.attempt == bindparam("mine"),
    deliveries.c.state == DeliveryState.SENDING.value,
)
LEAVE = Change(
    _MINE.values(
        wired=True,
        repeats=deliveries.c.repeats + bindparam("more"),
        lease_until=func.coalesce(bindparam("until", type_=BigInteger), deliveries.c.lease_until),
        draft=func.coalesce(bindparam("fixed", type_=Text), deliveries.c.draft),
    )
)
SETTLE = Change(
    _MINE.values(
        state=bindparam("to"),
        wired=func.coalesce(bindparam("wire", type_=Boolean), deliveries.c.wired),
        lease_until=None,
        due_at=bindparam("next"),
        settled_at=bindparam("end"),
        failures=deliveries.c.failures + bindparam("bad", type_=Integer),
        deferrals=func.coalesce(deliveries.c.deferrals, 0) + bindparam("later", type_=Integer),
    )
)
