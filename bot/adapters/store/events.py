"""The ledger's history: one line for every step of every delivery, only ever added."""

from datetime import datetime

from sqlalchemy import Connection, insert

from bot.adapters.store.rows import storable, to_micros
from bot.adapters.store.tables import delivery_events
from bot.core.editions import DeliveryState


def append_event(
    connection: Connection,
    delivery_id: int,
    *,
    state: DeliveryState,
    attempt: int,
    at: datetime,
    detail: str,
) -> None:
    """Add a line to a delivery's history, in the transaction that changes its state."""
    row = {
        "delivery_id": delivery_id,
        "at": to_micros(at),
        "state": state.value,
        "attempt": attempt,
        "detail": storable(detail),
    }
    connection.execute(insert(delivery_events).values(row))
