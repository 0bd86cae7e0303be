"""Editions in the database: frozen once, with their deliveries, and never recomputed."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime

from sqlalchemy import Connection, func, insert, select
from sqlalchemy.exc import IntegrityError

from bot.adapters.store.database import Database, insert_into
from bot.adapters.store.frozen import hits_record, receipt_record, showing_of, summary_record
from bot.adapters.store.ledger import load_steps
from bot.adapters.store.owners import find_set
from bot.adapters.store.planning import covered_editions, plan_deliveries
from bot.adapters.store.rows import chunked, from_micros, to_json, to_micros
from bot.adapters.store.tables import deliveries, edition_papers, editions, sets
from bot.core.announcing import delivery_key
from bot.core.editions import Delivery, Edition
from bot.core.keyword_sets import SetKey
from bot.core.records import Showing, Span
from bot.core.subscriptions import Frozen
from bot.errors import StoreError

_AT_ONCE = 5000


class Editions(Database):
    """Freeze editions; say which papers they held."""

    def edition_spans(self) -> Mapping[SetKey, Span]:
        """Return, for every set that has editions, their first and last days and when that was."""
        spans = (
            select(
                sets.c.owner,
                sets.c.name,
                func.min(editions.c.day),
                func.max(editions.c.day),
                func.max(editions.c.at),
            )
            .join_from(editions, sets)
            .group_by(sets.c.owner, sets.c.name)
        )
        with self.reading() as connection:
            return {
                (owner, name): Span(
                    date.fromisoformat(first), date.fromisoformat(last), from_micros(at)
                )
                for owner, name, first, last, at in connection.execute(spans).all()
            }

    def shown_keys(self, base_ids: Iterable[str]) -> Mapping[SetKey, frozenset[str]]:
        """Return the delivery keys under which these papers stood in editions, set by set."""
        shown = select(sets.c.owner, sets.c.name, edition_papers.c.delivery_key).join_from(
            edition_papers, sets
        )
        found: dict[SetKey, set[str]] = {}
        with self.reading() as connection:
            for some in chunked(list(base_ids), _AT_ONCE):
                wanted = shown.where(edition_papers.c.base_id.in_(some))
                for owner, name, key in connection.execute(wanted).all():
                    found.setdefault((owner, name), set()).add(key)
        return {key: frozenset(shown) for key, shown in found.items()}

    def save_editions(
        self, frozen: Sequence[Frozen], at: datetime
    ) -> tuple[tuple[Delivery, ...] | None, ...]:
        """Freeze editions and plan their deliveries, all in one transaction.

        The result has a member for each of `frozen`: None where the set (told by owner and name)
        already has an edition of that day, of which nothing is changed then. An edition without
        papers is kept but plans no delivery. A plan of a slot for which its subscription has a
        delivery that is not due yet joins that one and makes none.
        Raise StoreError where a paper stood in another edition of a set: a set shows each
        `core.announcing.delivery_key` once. Nothing is kept then.
        """
        planned: list[tuple[Delivery, ...] | None] = []
        with self.writing() as connection:
            for each in frozen:
                set_id = find_set(connection, each.keyword_set.owner, each.keyword_set.name)
                edition_id = _add_edition(connection, set_id, each.edition, at)
                if edition_id is None:
                    planned.append(None)
                    continue
                if each.edition.items:
                    _add_papers(connection, set_id, edition_id, each)
                    made = plan_deliveries(connection, edition_id, each.plans, at)
                    self.enqueue(connection, [(one.id, due) for one, due in made])
                    planned.append(tuple(delivery for delivery, _ in made))
                else:
                    planned.append(())
        return tuple(planned)

    def load_showings(self, base_id: str) -> tuple[Showing, ...]:
        """Load the editions in which a paper stood, oldest first."""
        covered = covered_editions().subquery()
        shown = (
            select(
                sets.c.name,
                editions.c.day,
                edition_papers.c.hits,
                deliveries.c.kind,
                deliveries.c.address,
                deliveries.c.state,
                deliveries.c.id,
            )
            .select_from(
                edition_papers.join(editions, editions.c.id == edition_papers.c.edition_id)
                .join(sets, sets.c.id == editions.c.set_id)
                .outerjoin(covered, covered.c.edition_id == editions.c.id)
                .outerjoin(deliveries, deliveries.c.id == covered.c.delivery_id)
            )
            .where(edition_papers.c.base_id == base_id)
            .order_by(editions.c.day, editions.c.id, deliveries.c.id)
        )
        with self.reading() as connection:
            rows = connection.execute(shown).all()
            steps = load_steps(connection, {row.id for row in rows if row.id is not None})
        return tuple(showing_of(row, steps.get(row.id, ())) for row in rows)


def _add_edition(connection: Connection, set_id: int, edition: Edition, at: datetime) -> int | None:
    row = {
        "set_id": set_id,
        "day": edition.day.isoformat(),
        "earlier": edition.earlier,
        "at": to_micros(at),
        "summary": summary_record(edition.set),
        "receipt": receipt_record(edition.receipt),
        "since": edition.since.isoformat() if edition.since else None,
    }
    added = (
        insert_into(connection, editions)
        .values(row)
        .on_conflict_do_nothing()
        .returning(editions.c.id)
    )
    return connection.execute(added).scalar()


def _add_papers(connection: Connection, set_id: int, edition_id: int, frozen: Frozen) -> None:
    edition = frozen.edition
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
    try:
        connection.execute(insert(edition_papers), rows)
    except IntegrityError as error:
        msg = (
            f"the edition of {frozen.keyword_set.name!r} for {edition.day} cannot be kept: one of"
            " its papers is not stored, or another edition just showed it; publish again"
        )
        raise StoreError(msg) from error
