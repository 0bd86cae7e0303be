"""The ledger's history: one line for every step of every delivery, only ever added."""

from collections.abc import Iterable
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
    append_events(connection, [(delivery_id, attempt)], state=state, at=at, detail=detail)


def append_events(
    connection: Connection,
    deliveries: Iterable[tuple[int, int]],
    *,
    state: DeliveryState,
    at: datetime,
    detail: str,
) -> None:
    """Add the same line to the histories of deliveries, each given with its attempt's number."""
    rows = [
        {
            "delivery_id": delivery_id,
            "at": to_micros(at),
            "state": state.value,
            "attempt": attempt,
            "detail": storable(detail),
        }
        for delivery_id, attempt in deliveries
    ]
    if rows:
        connection.execute(insert(delivery_events), rows)
