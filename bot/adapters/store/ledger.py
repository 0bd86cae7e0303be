"""Reading the ledger: what was planned, what became of it, and who must look again."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, case, func, select, update

from bot.adapters.store.database import Database
from bot.adapters.store.events import append_event
from bot.adapters.store.followers import is_fixed, release, retry_beside
from bot.adapters.store.planning import covered_editions
from bot.adapters.store.rows import chunked, from_micros, to_micros
from bot.adapters.store.tables import deliveries, delivery_events, editions, sets, subscriptions
from bot.core.editions import (
    Delivery,
    DeliveryState,
    Destination,
    DestinationKind,
    allows,
)
from bot.core.records import Hold, LedgerLine, Step

_WAITING = [
    state.value for state in (DeliveryState.PENDING, DeliveryState.RETRY, DeliveryState.UNKNOWN)
]
_BEGUN = [
    state.value
    for state in DeliveryState
    if state not in (DeliveryState.PENDING, DeliveryState.CANCELLED)
]
_TRIED = [DeliveryState.RETRY.value, DeliveryState.UNKNOWN.value]
_HELD = frozenset({*_WAITING, DeliveryState.FAILED.value})
_AT_ONCE = 1000


class Ledger(Database):
    """List deliveries with their histories; take up again what had failed."""

    def list_deliveries(
        self, *, states: Sequence[DeliveryState] = (), address: str = "", limit: int = 50
    ) -> tuple[LedgerLine, ...]:
        """List the newest deliveries first, at most `limit`; `states` empty means every state."""
        wanted = _lines().order_by(deliveries.c.id.desc()).limit(limit)
        if states:
            wanted = wanted.where(deliveries.c.state.in_([state.value for state in states]))
        if address:
            wanted = wanted.where(deliveries.c.address == address)
        with self.reading() as connection:
            return _read(connection, wanted)

    def load_delivery(self, delivery_id: int) -> tuple[LedgerLine, tuple[Step, ...]] | None:
        """Load one delivery with its whole history, oldest step first; None: there is none."""
        with self.reading() as connection:
            found = _read(connection, _lines().where(deliveries.c.id == delivery_id))
            if not found:
                return None
            return found[0], load_steps(connection, [delivery_id]).get(delivery_id, ())

    def count_waiting(self, subscription_id: int) -> int:
        """Count a subscription's deliveries that wait for their first or for another try."""
        waiting = select(func.count()).where(
            deliveries.c.subscription_id == subscription_id, is_waiting()
        )
        with self.reading() as connection:
            return connection.execute(waiting).scalar_one()

    def next_dues(self, subscription_ids: Collection[int]) -> Mapping[int, datetime]:
        """Return when what waits for each of these may leave first; others are left out."""
        first = _find_by_subscription(func.min(case((is_waiting(), deliveries.c.due_at))))
        with self.reading() as connection:
            found = _load_by_subscription(connection, first, subscription_ids)
        return {number: from_micros(due) for number, due in found.items()}

    def last_deliveries(self, subscription_ids: Collection[int]) -> Mapping[int, LedgerLine]:
        """Load the newest delivery of each of these that was begun; others are left out."""
        is_begun = deliveries.c.state.in_(_BEGUN)
        newest = _find_by_subscription(func.max(case((is_begun, deliveries.c.id))))
        found: dict[int, LedgerLine] = {}
        with self.reading() as connection:
            ids = _load_by_subscription(connection, newest, subscription_ids)
            of = {delivery_id: number for number, delivery_id in ids.items()}
            for some in chunked(list(of), _AT_ONCE):
                lines = _read(connection, _lines().where(deliveries.c.id.in_(some)))
                found |= {of[line.delivery.id]: line for line in lines}
        return found

    def change_delivery(
        self,
        delivery_id: int,
        state: DeliveryState,
        at: datetime,
        detail: str,
        *,
        again: bool = False,
    ) -> bool:
        """Do what a person asks for: try a delivery again at once, or call it off.

        `again`: what may have arrived is sent again without a look, which is counted. False where
        its state does not allow that, or somebody is at it.
        """
        wanted = select(deliveries).where(deliveries.c.id == delivery_id).with_for_update()
        with self.writing() as connection:
            row = connection.execute(wanted).first()
            if row is None:
                return False
            before = DeliveryState(row.state)
            if before is DeliveryState.SENDING or not allows(before, state):
                return False
            # A mail that may have left stays what it was, whichever of its sets is asked for.
            if row.lead_id is not None and (before is not DeliveryState.FAILED or is_fixed(row)):
                return False
            ended = state is DeliveryState.CANCELLED
            repeats = again and row.wired
            connection.execute(
                update(deliveries)
                .where(deliveries.c.id == delivery_id)
                .values(
                    state=state.value,
                    due_at=None if ended else to_micros(at),
                    settled_at=to_micros(at) if ended else None,
                    wired=row.wired and not repeats,
                    repeats=row.repeats + int(repeats),
                    lead_id=None,
                )
            )
            said = f"{detail}; it may repeat an earlier one" if repeats else detail
            append_event(
                connection, delivery_id, state=state, attempt=row.attempt, at=at, detail=said
            )
            if ended:
                freed = release(connection, [delivery_id], at)
            else:
                beside = retry_beside(connection, row, at=at, detail=said, repeats=repeats)
                freed = [delivery_id, *beside]
            self.enqueue(connection, [(number, at) for number in freed])
        return True

    def hasten_delivery(self, delivery_id: int, at: datetime, detail: str) -> bool:
        """Let a delivery that waits to be tried again be due now; False where it does not wait."""
        hasten = (
            update(deliveries)
            .where(
                deliveries.c.id == delivery_id,
                deliveries.c.state.in_(_TRIED),
                deliveries.c.lead_id.is_(None),
            )
            .values(due_at=to_micros(at))
            .returning(deliveries.c.state, deliveries.c.attempt)
        )
        with self.writing() as connection:
            row = connection.execute(hasten).first()
            if row is None:
                return False
            append_event(
                connection,
                delivery_id,
                state=DeliveryState(row.state),
                attempt=row.attempt,
                at=at,
                detail=detail,
            )
            self.enqueue(connection, [(delivery_id, at)])
        return True


def is_waiting() -> ColumnElement[bool]:
    """Whether a delivery waits for its first or for another try."""
    return deliveries.c.state.in_(_WAITING)


def _find_by_subscription(figure: ColumnElement[Any]) -> Select[Any]:
    """Select a figure of each subscription's deliveries; one that is null where there is none."""
    # A condition on states would have SQLite read all that were ever sent: of a subscription there
    # are few.
    return select(deliveries.c.subscription_id, figure).group_by(deliveries.c.subscription_id)


def _load_by_subscription(
    connection: Connection, figures: Select[Any], subscription_ids: Collection[int]
) -> dict[int, int]:
    found: dict[int, int] = {}
    for some in chunked(list(subscription_ids), _AT_ONCE):
        wanted = figures.where(deliveries.c.subscription_id.in_(some))
        figured = connection.execute(wanted).all()
        found |= {number: figure for number, figure in figured if figure is not None}
    return found


def load_steps(connection: Connection, delivery_ids: Iterable[int]) -> dict[int, tuple[Step, ...]]:
    """Load the histories of deliveries, oldest step first; none for those that have none."""
    found: dict[int, list[Step]] = {}
    for some in chunked(list(delivery_ids), _AT_ONCE):
        steps = (
            select(
                delivery_events.c.delivery_id,
                delivery_events.c.at,
                delivery_events.c.state,
                delivery_events.c.attempt,
                delivery_events.c.detail,
            )
            .where(delivery_events.c.delivery_id.in_(some))
            .order_by(delivery_events.c.id)
        )
        for number, *step in connection.execute(steps).all():
            found.setdefault(number, []).append(_step_of(step))
    return {number: tuple(steps) for number, steps in found.items()}


def _lines() -> Select[Any]:
    last = (
        select(func.max(delivery_events.c.id))
        .where(delivery_events.c.delivery_id == deliveries.c.id)
        .correlate(deliveries)
        .scalar_subquery()
    )
    return select(
        deliveries,
        sets.c.name.label("set_name"),
        sets.c.paused.label("set_paused"),
        subscriptions.c.paused,
        subscriptions.c.removed,
        delivery_events.c.at,
        delivery_events.c.state.label("last_state"),
        delivery_events.c.attempt.label("last_attempt"),
        delivery_events.c.detail,
    ).select_from(
        deliveries.join(subscriptions, subscriptions.c.id == deliveries.c.subscription_id)
        .join(sets, sets.c.id == subscriptions.c.set_id)
        .outerjoin(delivery_events, delivery_events.c.id == last)
    )


def _read(connection: Connection, lines: Select[Any]) -> tuple[LedgerLine, ...]:
    rows = connection.execute(lines).all()
    covered = covered_editions().subquery()
    days: dict[int, list[date]] = {}
    found = (
        select(covered.c.delivery_id, editions.c.day)
        .join_from(covered, editions, editions.c.id == covered.c.edition_id)
        .order_by(editions.c.day)
    )
    for some in chunked([row.id for row in rows], _AT_ONCE):
        wanted = found.where(covered.c.delivery_id.in_(some))
        for number, day in connection.execute(wanted).all():
            days.setdefault(number, []).append(date.fromisoformat(day))
    return tuple(_line_of(row, days[row.id]) for row in rows)


def _line_of(row: Any, days: Sequence[date]) -> LedgerLine:  # noqa: ANN401 - a row of SQLAlchemy
    delivery = Delivery(
        id=row.id,
        edition_id=row.edition_id,
        destination=Destination(DestinationKind(row.kind), row.address),
        state=DeliveryState(row.state),
        attempt=row.attempt,
        key=row.key,
    )
    # Its history may have been thrown away as too old.
    last = None
    if row.at is not None:
        last = _step_of((row.at, row.last_state, row.last_attempt, row.detail))
    return LedgerLine(
        delivery=delivery,
        set_name=row.set_name,
        days=tuple(days),
        due=None if row.due_at is None else from_micros(row.due_at),
        repeats=row.repeats,
        last=last,
        held=_find_hold(row),
        lead=row.lead_id,
    )


def _find_hold(row: Any) -> Hold | None:  # noqa: ANN401 - a row of SQLAlchemy
    if row.state not in _HELD:
        return None
    if row.removed:
        return Hold.REMOVED
    if row.paused:
        return Hold.PAUSED
    return Hold.SET_PAUSED if row.set_paused else None


def _step_of(row: Sequence[Any]) -> Step:
    at, state, attempt, detail = row
    return Step(from_micros(at), DeliveryState(state), attempt, detail)
