"""Counting for health and metrics, cheaply: each statement reads an index or a small table.

Sent deliveries, nearly all that a database holds, are read only from a moment on: whoever measures
again and again keeps the figures of before, which cannot change.
"""

from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, and_, case, func, or_, select

from bot.adapters.store.database import Database, insert_into
from bot.adapters.store.rows import from_micros, to_micros
from bot.adapters.store.tables import (
    counters,
    deliveries,
    edition_papers,
    editions,
    receipts,
    sets,
    subscriptions,
)
from bot.adapters.store.waiting import is_due, is_wanted
from bot.core.announcing import ANNOUNCED
from bot.core.editions import BatchState, DeliveryState, Destination, DestinationKind
from bot.core.figures import (
    LATENCIES,
    Announced,
    Arrivals,
    Backlog,
    Pause,
    ReceiptCount,
    Standing,
)

# How far back a failure is worth a look.
FAILED_LATELY = timedelta(days=7)

_MICROS = 1_000_000
_OPEN = [
    DeliveryState.PENDING.value,
    DeliveryState.SENDING.value,
    DeliveryState.RETRY.value,
    DeliveryState.UNKNOWN.value,
]
_NOT_SENT = [state.value for state in DeliveryState if state is not DeliveryState.SENT]
_ANNOUNCED = sorted(state.value for state in ANNOUNCED)
# Where the counts of receipts are kept that were thrown away, in the order of `_announced`.
_KEPT = ("old announcements", "old new", "old cross", "old replaced")


class Measures(Database):
    """Count what is there, what is due, and what arrived when."""

    def load_backlog(self, now: datetime) -> Backlog:
        """Count what may be claimed now, what is in doubt, and what failed in the last week."""
        since = func.coalesce(
            deliveries.c.due_at, deliveries.c.lease_until, deliveries.c.planned_at
        )
        due = (
            select(func.count(), func.min(since))
            .select_from(
                deliveries.join(
                    subscriptions, subscriptions.c.id == deliveries.c.subscription_id
                ).join(sets, sets.c.id == subscriptions.c.set_id)
            )
            .where(deliveries.c.state.in_(_OPEN), is_due(to_micros(now)), is_wanted())
        )
        # A lease that ran out after the delivery had left leaves it in doubt.
        crashed = and_(
            deliveries.c.state == DeliveryState.SENDING.value,
            deliveries.c.wired,
            deliveries.c.lease_until <= to_micros(now),
        )
        in_doubt = or_(deliveries.c.state == DeliveryState.UNKNOWN.value, crashed)
        failed = and_(
            deliveries.c.state == DeliveryState.FAILED.value,
            deliveries.c.settled_at > to_micros(now - FAILED_LATELY),
        )
        with self.reading() as connection:
            number, oldest = connection.execute(due).one()
            return Backlog(
                due=number,
                since=None if oldest is None else from_micros(oldest),
                in_doubt=_count(connection, deliveries.c.state.in_(_OPEN), in_doubt),
                failed=_count(connection, failed),
            )

    def load_pauses(self) -> tuple[Pause, ...]:
        """Load the subscriptions that were paused for a reason, oldest first."""
        paused = (
            select(
                subscriptions.c.id,
                sets.c.name,
                subscriptions.c.kind,
                subscriptions.c.address,
                subscriptions.c.reason,
            )
            .join_from(subscriptions, sets)
            .where(~subscriptions.c.removed, subscriptions.c.paused, subscriptions.c.reason != "")
            .order_by(subscriptions.c.id)
        )
        with self.reading() as connection:
            return tuple(
                Pause(number, name, Destination(DestinationKind(kind), address), reason)
                for number, name, kind, address, reason in connection.execute(paused).all()
            )

    def count_arrivals(self, after: datetime | None, until: datetime) -> tuple[Arrivals, ...]:
        """Count what was sent after one moment (None: ever) and up to another, kind by kind."""
        arrived = _arrivals(after).where(deliveries.c.settled_at <= to_micros(until))
        with self.reading() as connection:
            return _read_arrivals(connection, arrived)

    def count_deliveries(
        self, after: datetime
    ) -> tuple[tuple[Arrivals, ...], tuple[Standing, ...]]:
        """Count what was sent after a moment, and all that is in other states, at one moment."""
        standing = (
            select(
                deliveries.c.kind,
                deliveries.c.state,
                func.count(),
                func.sum(deliveries.c.repeats),
            )
            .where(deliveries.c.state.in_(_NOT_SENT))
            .group_by(deliveries.c.kind, deliveries.c.state)
        )
        with self.reading() as connection:
            arrivals = _read_arrivals(connection, _arrivals(after))
            return arrivals, tuple(
                Standing(DestinationKind(kind), DeliveryState(state), number, int(repeats))
                for kind, state, number, repeats in connection.execute(standing).all()
            )

    def find_edition(self, before: datetime) -> int:
        """Return the number of the newest edition that was frozen before a moment; 0: none was."""
        # Newest first, so that only those of after that moment are looked at.
        newest = (
            select(editions.c.id)
            .where(editions.c.at < to_micros(before))
            .order_by(editions.c.id.desc())
            .limit(1)
        )
        with self.reading() as connection:
            return connection.execute(newest).scalar() or 0

    def count_matches(self, after: int, until: int | None = None) -> int:
        """Count the papers of the editions numbered above `after` and up to `until`."""
        counted = select(func.count()).where(edition_papers.c.edition_id > after)
        if until is not None:
            counted = counted.where(edition_papers.c.edition_id <= until)
        with self.reading() as connection:
            return connection.execute(counted).scalar_one()

    def count_announced(self) -> tuple[Announced, ...]:
        """Count what each category announced, by the receipts of what was read.

        Receipts that were thrown away count still, as `keep_counts` saw to it.
        """
        kept = select(counters.c.name, counters.c.label, counters.c.count).where(
            counters.c.name.in_(_KEPT)
        )
        numbers: dict[str, list[int]] = {}
        with self.reading() as connection:
            for category, *counted in connection.execute(_announced()).all():
                numbers[category] = list(map(int, counted))
            for name, category, count in connection.execute(kept).all():
                numbers.setdefault(category, [0] * len(_KEPT))[_KEPT.index(name)] += count
        return tuple(Announced(category, *numbers[category]) for category in sorted(numbers))

    def count_receipts(self, since: date) -> tuple[ReceiptCount, ...]:
        """Count the receipts of this day and later by category and state."""
        counted = (
            select(receipts.c.category, receipts.c.state, func.count())
            .where(receipts.c.day >= since.isoformat())
            .group_by(receipts.c.category, receipts.c.state)
            .order_by(receipts.c.category, receipts.c.state)
        )
        with self.reading() as connection:
            return tuple(
                ReceiptCount(category, BatchState(state), number)
                for category, state, number in connection.execute(counted).all()
            )


def keep_counts(connection: Connection, which: ColumnElement[bool]) -> None:
    """Remember what these receipts count, in the transaction that throws them away.

    Totals never fall: to Prometheus a counter that falls began again at 0, so that all it counts
    is new (https://prometheus.io/docs/concepts/metric_types/#counter).
    """
    for category, *numbers in connection.execute(_announced().where(which)).all():
        for name, number in zip(_KEPT, map(int, numbers), strict=True):
            keep = insert_into(connection, counters).values(name=name, label=category, count=number)
            named = [counters.c.name, counters.c.label]
            added = {"count": counters.c.count + number}
            connection.execute(keep.on_conflict_do_update(index_elements=named, set_=added))


def _announced() -> Select[Any]:
    """Select category, announcements and their entries: new, cross-listed, replaced."""
    return (
        select(
            receipts.c.category,
            func.count().filter(receipts.c.read > 0),
            func.sum(receipts.c.new),
            func.sum(receipts.c.cross),
            func.sum(receipts.c.replaced),
        )
        .where(receipts.c.state.in_(_ANNOUNCED))
        .group_by(receipts.c.category)
    )


def _count(connection: Connection, *which: ColumnElement[bool]) -> int:
    return connection.execute(
        select(func.count()).select_from(deliveries).where(*which)
    ).scalar_one()


def _arrivals(after: datetime | None) -> Select[Any]:
    """Select kind, number, microseconds, repeats and the number within each of LATENCIES."""
    took = deliveries.c.settled_at - deliveries.c.planned_at
    within = [func.count().filter(took <= bound * _MICROS) for bound in LATENCIES]
    # A machine whose clock is behind may settle before another one planned.
    total = func.sum(case((took > 0, took), else_=0))
    arrived = (
        select(deliveries.c.kind, func.count(), total, func.sum(deliveries.c.repeats), *within)
        .where(deliveries.c.state == DeliveryState.SENT.value)
        .group_by(deliveries.c.kind)
        .order_by(deliveries.c.kind)
    )
    return arrived if after is None else arrived.where(deliveries.c.settled_at > to_micros(after))


def _read_arrivals(connection: Connection, arrived: Select[Any]) -> tuple[Arrivals, ...]:
    # Sums are Decimals on PostgreSQL.
    return tuple(
        Arrivals(DestinationKind(kind), number, tuple(within), int(took) / _MICROS, int(repeats))
        for kind, number, took, repeats, *within in connection.execute(arrived).all()
    )
