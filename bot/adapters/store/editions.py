"""Editions in the database: frozen once, with their deliveries, and never recomputed."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from uuid import uuid4

from sqlalchemy import Connection, and_, func, insert, select
from sqlalchemy.exc import IntegrityError

from bot.adapters.store.database import Database, insert_into
from bot.adapters.store.events import append_event
from bot.adapters.store.frozen import hits_record, receipt_record, showing_of, summary_record
from bot.adapters.store.rows import chunked, storable, to_json, to_micros
from bot.adapters.store.tables import deliveries, delivery_events, edition_papers, editions, sets
from bot.core.announcing import delivery_key
from bot.core.editions import Delivery, DeliveryState, Destination, Edition
from bot.core.keyword_sets import KeywordSet
from bot.core.records import Showing
from bot.errors import StoreError

_AT_ONCE = 5000


class Editions(Database):
    """Freeze editions; say which papers they held."""

    def edition_days(self, keyword_set: KeywordSet) -> tuple[date, date] | None:
        """Return the days of a set's first and last editions, if it has any."""
        days = (
            select(func.min(editions.c.day), func.max(editions.c.day))
            .join_from(editions, sets)
            .where(sets.c.owner == keyword_set.owner, sets.c.name == keyword_set.name)
        )
        with self.reading() as connection:
            first, last = connection.execute(days).one()
        return (date.fromisoformat(first), date.fromisoformat(last)) if first else None

    def shown_keys(self, keyword_set: KeywordSet, keys: Iterable[str]) -> frozenset[str]:
        """Return which of these delivery keys stood in any edition of the set."""
        shown = select(edition_papers.c.delivery_key).join_from(edition_papers, sets)
        of_set = shown.where(sets.c.owner == keyword_set.owner, sets.c.name == keyword_set.name)
        found: set[str] = set()
        with self.reading() as connection:
            for some in chunked(list(keys), _AT_ONCE):
                wanted = of_set.where(edition_papers.c.delivery_key.in_(some))
                found.update(connection.execute(wanted).scalars())
        return frozenset(found)

    def save_edition(
        self,
        keyword_set: KeywordSet,
        edition: Edition,
        destinations: Sequence[tuple[Destination, datetime]],
        at: datetime,
    ) -> tuple[Delivery, ...] | None:
        """Freeze an edition and plan its deliveries, due at their moments, in one transaction.

        Sets are told apart by owner and name. None where the set already has an edition of that
        day: nothing is changed then. An edition without papers is kept but plans no delivery.
        Raise StoreError where a paper stood in another edition of the set: a set shows each
        `core.announcing.delivery_key` once.
        """
        with self.writing() as connection:
            set_id = _find_set(connection, keyword_set)
            edition_id = _add_edition(connection, set_id, edition, at)
            if edition_id is None:
                return None
            if not edition.items:
                return ()
            try:
                _add_papers(connection, set_id, edition_id, edition)
            except IntegrityError as error:
                msg = (
                    f"the edition of {keyword_set.name!r} for {edition.day} cannot be kept: one of"
                    " its papers is not stored, or another edition just showed it; publish again"
                )
                raise StoreError(msg) from error
            return tuple(
                _plan(connection, edition_id, destination, due=due, at=at)
                for destination, due in dict(destinations).items()
            )

    def load_showings(self, base_id: str) -> tuple[Showing, ...]:
        """Load the editions in which a paper stood, oldest first."""
        last = (
            select(func.max(delivery_events.c.id))
            .where(delivery_events.c.delivery_id == deliveries.c.id)
            .correlate(deliveries)
            .scalar_subquery()
        )
        shown = (
            select(
                sets.c.name,
                editions.c.day,
                edition_papers.c.hits,
                deliveries.c.kind,
                deliveries.c.address,
                deliveries.c.state,
                delivery_events.c.detail,
                delivery_events.c.at,
            )
            .select_from(
                edition_papers.join(editions, editions.c.id == edition_papers.c.edition_id)
                .join(sets, sets.c.id == editions.c.set_id)
                .outerjoin(deliveries, deliveries.c.edition_id == editions.c.id)
                .outerjoin(
                    delivery_events,
                    and_(
                        delivery_events.c.delivery_id == deliveries.c.id,
                        delivery_events.c.id == last,
                    ),
                )
            )
            .where(edition_papers.c.base_id == base_id)
            .order_by(editions.c.day, editions.c.id, deliveries.c.id)
        )
        with self.reading() as connection:
            return tuple(showing_of(row) for row in connection.execute(shown).all())


def _find_set(connection: Connection, keyword_set: KeywordSet) -> int:
    """Return a set's id; a set that lives in the config file gets a row without definition."""
    named = select(sets.c.id).where(
        sets.c.owner == keyword_set.owner, sets.c.name == keyword_set.name
    )
    known = connection.execute(named).scalar()
    if known is not None:
        return int(known)
    row = {"owner": keyword_set.owner, "name": keyword_set.name, "paused": False, "removed": False}
    connection.execute(insert_into(connection, sets).values(row).on_conflict_do_nothing())
    return int(connection.execute(named).scalar_one())


def _add_edition(connection: Connection, set_id: int, edition: Edition, at: datetime) -> int | None:
    row = {
        "set_id": set_id,
        "day": edition.day.isoformat(),
        "earlier": edition.earlier,
        "at": to_micros(at),
        "summary": summary_record(edition.set),
        "receipt": receipt_record(edition.receipt),
    }
    added = (
        insert_into(connection, editions)
        .values(row)
        .on_conflict_do_nothing()
        .returning(editions.c.id)
    )
    return connection.execute(added).scalar()


def _add_papers(connection: Connection, set_id: int, edition_id: int, edition: Edition) -> None:
    rows = [
        {
            "edition_id": edition_id,
            "position": position,
            "set_id": set_id,
            "delivery_key": delivery_key(item),
            "base_id": item.paper.base_id,
            "version": item.paper.version,
            "kind": item.kind.value,
            "categories": to_json(item.paper.categories),
            "kinds": to_json(dict(item.kinds)),
            "hits": hits_record(item.hits),
        }
        for position, item in enumerate(edition.items)
    ]
    connection.execute(insert(edition_papers), rows)


def _plan(
    connection: Connection,
    edition_id: int,
    destination: Destination,
    *,
    due: datetime,
    at: datetime,
) -> Delivery:
    key = uuid4().hex
    row = {
        "edition_id": edition_id,
        "kind": destination.kind.value,
        "address": storable(destination.address),
        "state": DeliveryState.PENDING.value,
        "attempt": 0,
        "key": key,
        "due_at": to_micros(due),
    }
    planned = insert(deliveries).values(row).returning(deliveries.c.id)
    delivery_id = connection.execute(planned).scalar_one()
    append_event(
        connection,
        delivery_id,
        state=DeliveryState.PENDING,
        attempt=0,
        at=at,
        detail="planned",
    )
    return Delivery(delivery_id, edition_id, destination, DeliveryState.PENDING, 0, key)
