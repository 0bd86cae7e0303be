"""Deliveries in several messages: what left, what arrived, what all attempts send alike."""

from datetime import datetime

from sqlalchemy import Connection, bindparam, exists, select, update

from bot.adapters.store.database import Database, insert_into
from bot.adapters.store.rows import from_micros, storable, to_micros
from bot.adapters.store.tables import deliveries, delivery_parts
from bot.core.editions import DeliveryState
from bot.core.records import Claim, Part


class Parts(Database):
    """Keep what arrived of a sending, while it is still its process's."""

    def arrive(self, claim: Claim, part: int, reference: str) -> bool:
        """Commit that a part has arrived; False where a later attempt has taken over."""
        with self.writing() as connection:
            arrived = connection.execute(
                _ARRIVE, {**_name(claim), "part": part, "called": storable(reference)}
            )
            return bool(arrived.rowcount)


def save_part(connection: Connection, delivery_id: int, part: int, at: datetime) -> None:
    """Record that a part leaves, in the transaction that says so in the ledger."""
    leaving = insert_into(connection, delivery_parts).values(
        delivery_id=delivery_id, number=part, at=to_micros(at), reference=""
    )
    connection.execute(leaving.on_conflict_do_nothing())


def load_parts(connection: Connection, delivery_id: int) -> dict[int, Part]:
    """Load what left of a delivery, by number."""
    left = (
        select(delivery_parts.c.number, delivery_parts.c.reference, delivery_parts.c.at)
        .where(delivery_parts.c.delivery_id == delivery_id)
        .order_by(delivery_parts.c.number)
    )
    return {
        number: Part(number, reference, from_micros(at))
        for number, reference, at in connection.execute(left).all()
    }


def _name(claim: Claim) -> dict[str, object]:
    return {"delivery": claim.delivery.id, "mine": claim.delivery.attempt}


_IS_MINE = (
    deliveries.c.id == bindparam("delivery"),
    deliveries.c.attempt == bindparam("mine"),
    deliveries.c.state == DeliveryState.SENDING.value,
)
_ARRIVE = (
    update(delivery_parts)
    .where(
        delivery_parts.c.delivery_id == bindparam("delivery"),
        delivery_parts.c.number == bindparam("part"),
        exists().where(*_IS_MINE).correlate(delivery_parts),
    )
    .values(reference=bindparam("called"))
)
