"""The ledger: deliveries are claimed before anything leaves and settled by who claimed them."""

from datetime import datetime

from sqlalchemy import ColumnElement, and_, or_, select, update

from bot.adapters.store.database import Database
from bot.adapters.store.events import append_event
from bot.adapters.store.frozen import load_edition
from bot.adapters.store.rows import to_micros
from bot.adapters.store.tables import deliveries, editions
from bot.core.editions import (
    Delivery,
    DeliveryState,
    Destination,
    DestinationKind,
    allows,
)
from bot.core.records import Claim
from bot.errors import StoreError

_WAITING = (DeliveryState.PENDING, DeliveryState.UNKNOWN, DeliveryState.RETRY)


class Deliveries(Database):
    """Claim and settle; whatever changes a delivery's state is written to its history with it."""

    def due_deliveries(self, now: datetime) -> tuple[int, ...]:
        """Return the ids of deliveries that may be claimed now, oldest edition first."""
        due = (
            select(deliveries.c.id)
            .join_from(deliveries, editions)
            .where(_is_due(to_micros(now)))
            .order_by(editions.c.day, deliveries.c.id)
        )
        with self.reading() as connection:
            return tuple(connection.execute(due).scalars())

    def claim(self, delivery_id: int, now: datetime, lease_until: datetime) -> Claim | None:
        """Commit `sending` with attempt + 1 and a lease before anything leaves.

        Claimable are pending and unknown deliveries, those to be retried whose time has come, and
        those whose lease has run out (in doubt). None where somebody else has it or it is settled.
        """
        free = (
            select(
                deliveries.c.edition_id,
                deliveries.c.kind,
                deliveries.c.address,
                deliveries.c.state,
                deliveries.c.attempt,
                deliveries.c.key,
            )
            .where(deliveries.c.id == delivery_id, _is_due(to_micros(now)))
            .with_for_update()
        )
        with self.writing() as connection:
            row = connection.execute(free).first()
            if row is None:
                return None
            before = DeliveryState(row.state)
            if before is DeliveryState.SENDING:
                before = DeliveryState.UNKNOWN
                append_event(
                    connection,
                    delivery_id,
                    state=before,
                    attempt=row.attempt,
                    at=now,
                    detail="the lease ran out: it may have arrived",
                )
            _check(delivery_id, before, DeliveryState.SENDING)
            attempt = row.attempt + 1
            connection.execute(
                update(deliveries)
                .where(deliveries.c.id == delivery_id)
                .values(
                    state=DeliveryState.SENDING.value,
                    attempt=attempt,
                    lease_until=to_micros(lease_until),
                    due_at=None,
                )
            )
            append_event(
                connection,
                delivery_id,
                state=DeliveryState.SENDING,
                attempt=attempt,
                at=now,
                detail="claimed",
            )
            edition = load_edition(connection, row.edition_id)
        delivery = Delivery(
            id=delivery_id,
            edition_id=row.edition_id,
            destination=Destination(DestinationKind(row.kind), row.address),
            state=DeliveryState.SENDING,
            attempt=attempt,
            key=row.key,
        )
        return Claim(delivery, edition, in_doubt=before is DeliveryState.UNKNOWN)

    def settle(
        self,
        claim: Claim,
        state: DeliveryState,
        *,
        at: datetime,
        detail: str,
        retry_at: datetime | None = None,
    ) -> bool:
        """Record the outcome and append it to the history, only for the attempt of this claim.

        False where a later attempt has taken over, or this one is settled already. Raise
        StoreError for a transition that `core.editions.allows` refuses.
        """
        delivery = claim.delivery
        _check(delivery.id, DeliveryState.SENDING, state)
        with self.writing() as connection:
            settled = connection.execute(
                update(deliveries)
                .where(
                    deliveries.c.id == delivery.id,
                    deliveries.c.attempt == delivery.attempt,
                    deliveries.c.state == DeliveryState.SENDING.value,
                )
                .values(
                    state=state.value,
                    lease_until=None,
                    due_at=to_micros(retry_at) if retry_at else None,
                )
            )
            if settled.rowcount == 0:
                return False
            append_event(
                connection,
                delivery.id,
                state=state,
                attempt=delivery.attempt,
                at=at,
                detail=detail,
            )
        return True


def _is_due(now: int) -> ColumnElement[bool]:
    return or_(
        and_(
            deliveries.c.state.in_([state.value for state in _WAITING]),
            or_(deliveries.c.due_at.is_(None), deliveries.c.due_at <= now),
        ),
        and_(
            deliveries.c.state == DeliveryState.SENDING.value,
            deliveries.c.lease_until <= now,
        ),
    )


def _check(delivery_id: int, before: DeliveryState, after: DeliveryState) -> None:
    if not allows(before, after):
        msg = f"delivery {delivery_id} cannot go from {before} to {after}; nothing was changed"
        raise StoreError(msg)
