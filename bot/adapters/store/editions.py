"""Editions in the database: frozen once, with their deliveries, and never recomputed."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, Table, func, insert, select
from sqlalchemy.exc import DBAPIError, IntegrityError

from bot.adapters.store.database import Database, insert_into
from bot.adapters.store.frozen import hits_record, receipt_record, showing_of, summary_record
from bot.adapters.store.ledger import is_waiting, load_steps
from bot.adapters.store.owners import find_sets
from bot.adapters.store.planning import covered_editions, plan_deliveries
from bot.adapters.store.recent import load_joined
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
        with self.writing() as connection:
            kept = _add_editions(connection, frozen, at)
            _add_papers(connection, kept.values())
            plans = [
                (each.id, each.frozen.plans if each.frozen.edition.items else ())
                for each in kept.values()
            ]
            made = plan_deliveries(connection, plans, at)
            due = [(delivery.id, moment) for each in made.values() for delivery, moment in each]
            if due:
                self.enqueue(connection, due)
        return tuple(
            tuple(delivery for delivery, _ in made[kept[place].id]) if place in kept else None
            for place in range(len(frozen))
        )

    def load_waiting(self, subscription_id: int) -> tuple[Edition, datetime] | None:
        """Load what leaves next for a subscription, and from when on; None: nothing waits."""
        waiting = (
            select(deliveries.c.id, deliveries.c.edition_id, deliveries.c.due_at)
            .where(deliveries.c.subscription_id == subscription_id, is_waiting())
            .order_by(deliveries.c.due_at, deliveries.c.id)
            .limit(1)
        )
        with self.reading() as connection:
            row = connection.execute(waiting).first()
            if row is None:
                return None
            return load_joined(connection, row.id, row.edition_id), from_micros(row.due_at)

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
                sets.c.owner,
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


@dataclass(frozen=True, slots=True)
class _Kept:
    """An edition that was just frozen, with the ids of its set and of itself."""

    set_id: int
    id: int
    frozen: Frozen


def _add_editions(
    connection: Connection, frozen: Sequence[Frozen], at: datetime
) -> dict[int, _Kept]:
    """Add the editions of days that their sets have none of; return those, by their places."""
    ids = find_sets(connection, (each.keyword_set.key for each in frozen))
    receipts: dict[int, str] = {}
    rows: dict[tuple[int, str], dict[str, object]] = {}
    places: dict[tuple[int, str], int] = {}
    for place, each in enumerate(frozen):
        edition = each.edition
        key = ids[each.keyword_set.key], edition.day.isoformat()
        if key in places:
            continue
        places[key] = place
        # Most editions of a day have the very same receipt.
        receipt = id(edition.receipt)
        if receipt not in receipts:
            receipts[receipt] = receipt_record(edition.receipt)
        rows[key] = {
            "set_id": key[0],
            "day": key[1],
            "earlier": edition.earlier,
            "at": to_micros(at),
            "summary": summary_record(edition.set),
            "receipt": receipts[receipt],
            "since": edition.since.isoformat() if edition.since else None,
        }
    if not rows:
        return {}
    add = (
        insert_into(connection, editions)
        .on_conflict_do_nothing()
        .returning(editions.c.set_id, editions.c.day, editions.c.id)
    )
    # In one order for all, so that no two who publish the same wait for each other.
    added = connection.execute(add, [rows[key] for key in sorted(rows)]).all()
    numbers = {(set_id, day): number for set_id, day, number in added}
    return {
        place: _Kept(key[0], numbers[key], frozen[place])
        for key, place in places.items()
        if key in numbers
    }


def _add_papers(connection: Connection, kept: Collection[_Kept]) -> None:
    """Add what stands in editions; many of them show the same papers."""
    categories: dict[tuple[str, ...], str] = {}
    kinds: dict[tuple[tuple[str, str], ...], str] = {}
    rows = []
    for each in kept:
        for position, item in enumerate(each.frozen.edition.items):
            paper = item.paper
            called = tuple(item.kinds.items())
            if called not in kinds:
                kinds[called] = to_json(dict(called))
            if paper.categories not in categories:
                categories[paper.categories] = to_json(paper.categories)
            rows.append(
                {
                    "edition_id": each.id,
                    "position": position,
                    "set_id": each.set_id,
                    "delivery_key": delivery_key(item),
                    "base_id": paper.base_id,
                    "version": paper.version,
                    "kind": item.kind.value,
                    "categories": categories[paper.categories],
                    "kinds": kinds[called],
                    "hits": hits_record(item.hits),
                }
            )
    if not rows:
        return
    try:
        if connection.dialect.name == "sqlite":
            connection.execute(insert(edition_papers), rows)
        else:
            _copy(connection, edition_papers, rows)
    except IntegrityError as error:
        msg = (
            f"{_name(kept)} cannot be kept: one of its papers is not stored, or another edition"
            " just showed it; publish again"
        )
        raise StoreError(msg) from error


def _copy(connection: Connection, table: Table, rows: Sequence[Mapping[str, object]]) -> None:
    """Bring rows to PostgreSQL in half the time that INSERTs take.

    SQLAlchemy has no COPY, so its errors are made here:
    https://www.psycopg.org/psycopg3/docs/basic/copy.html
    """
    names = list(rows[0])
    statement = f"COPY {table.name} ({', '.join(names)}) FROM STDIN"
    driver = connection.dialect.loaded_dbapi
    cursor: Any = connection.connection.cursor()
    try:
        with cursor, cursor.copy(statement) as copy:
            for row in rows:
                copy.write_row([row[name] for name in names])
    except driver.IntegrityError as error:
        raise IntegrityError(statement, None, error) from error
    except driver.Error as error:
        raise DBAPIError(statement, None, error) from error


def _name(kept: Collection[_Kept]) -> str:
    first = next(iter(kept)).frozen
    if len(kept) > 1:
        return f"one of {len(kept)} editions for {first.edition.day}"
    return f"the edition of {first.keyword_set.name!r} for {first.edition.day}"
