"""Throwing away what is too old, a little at a time, so that nobody waits long for the database.

Whatever an edition shows stays, and so does what tells a category's next batch from a repetition.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date, datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    and_,
    delete,
    exists,
    func,
    not_,
    or_,
    select,
    text,
    tuple_,
)

from bot.adapters.store.database import ANNOUNCEMENTS_LOCK, Database
from bot.adapters.store.erasing import overwrite_deleted
from bot.adapters.store.measures import keep_counts
from bot.adapters.store.rows import to_micros
from bot.adapters.store.tables import (
    deliveries,
    delivery_events,
    edition_papers,
    entries,
    paper_marks,
    papers,
    receipts,
    versions,
)
from bot.core.announcing import ANNOUNCED
from bot.core.editions import DeliveryState
from bot.core.records import Mark, Pruned

_SETTLED = [
    state.value for state in (DeliveryState.SENT, DeliveryState.FAILED, DeliveryState.CANCELLED)
]
_ANNOUNCED = sorted(state.value for state in ANNOUNCED)
_UNINDEX = {
    "sqlite": text("DELETE FROM paper_search WHERE rowid = :id"),
    "postgresql": text("DELETE FROM paper_search WHERE id = :id"),
}

Batches = Sequence[tuple[str, str]]


class Retention(Database):
    """Throw away papers and histories that are older than somebody wants to keep them."""

    def prune(
        self,
        papers_before: date | None,
        history_before: datetime | None,
        at_once: int,
        rest: Callable[[float], None] = time.sleep,
    ) -> Pruned:
        """Throw away papers announced before a day, and histories settled before a moment.

        A paper goes with its versions, entries and search index, where every announcement of it is
        older and no edition holds it. Days go with their receipts. A delivery's history goes once
        it is settled; the delivery itself stays, as it says what was sent. None: for ever.

        For each category the newest batch and the newest receipt of an announced day stay however
        old they are: catching up begins after them, and a repeated batch is told by them. Each
        transaction takes at most `at_once` papers or deliveries, and between two of them it rests
        as long as the last took, in seconds.
        """
        pruned = Pruned()
        if history_before is not None:
            moment = to_micros(history_before)
            pruned = replace(pruned, steps=self._prune_steps(moment, at_once, rest))
        if papers_before is None:
            return pruned
        day = papers_before.isoformat()
        pruned = self._prune_papers(day, at_once, rest, pruned)
        with self.writing(ANNOUNCEMENTS_LOCK) as connection:
            keep_counts(connection, _is_old_receipt(day))
            gone = connection.execute(delete(receipts).where(_is_old_receipt(day)))
        return replace(pruned, receipts=gone.rowcount)

    def count_prunable(self, papers_before: date | None, history_before: datetime | None) -> Pruned:
        """Count what `prune` would throw away; change nothing."""
        counted = Pruned()
        with self.reading() as connection:
            if history_before is not None:
                steps = _settled_steps(to_micros(history_before), func.count())
                counted = replace(counted, steps=_count(connection, steps))
            if papers_before is None:
                return counted
            day = papers_before.isoformat()
            batches = _last_batches(connection, day, _load_categories(connection))
            old = select(papers.c.base_id).where(_is_old_paper(day, batches))
            return replace(
                counted,
                papers=_count(connection, select(func.count()).select_from(old.subquery())),
                versions=_count(
                    connection, select(func.count()).where(versions.c.base_id.in_(old))
                ),
                entries=_count(connection, select(func.count()).where(entries.c.base_id.in_(old))),
                receipts=_count(connection, select(func.count()).where(_is_old_receipt(day))),
            )

    def _prune_steps(self, moment: int, at_once: int, rest: Callable[[float], None]) -> int:
        total = last = 0
        while True:
            some = (
                _settled_steps(moment, delivery_events.c.delivery_id)
                .distinct()
                .where(delivery_events.c.delivery_id > last)
                .order_by(delivery_events.c.delivery_id)
                .limit(at_once)
            )
            with self.reading() as connection:
                ids = list(connection.execute(some).scalars())
            if not ids:
                return total
            last = ids[-1]
            began = time.monotonic()
            with self.writing() as connection:
                overwrite_deleted(connection)
                # One that had failed may have been taken up again meanwhile.
                settled = connection.execute(
                    select(deliveries.c.id)
                    .where(deliveries.c.id.in_(ids), _is_settled(moment))
                    .with_for_update()
                ).scalars()
                gone = connection.execute(
                    delete(delivery_events).where(delivery_events.c.delivery_id.in_(list(settled)))
                )
                total += gone.rowcount
            rest(time.monotonic() - began)

    def _prune_papers(
        self, day: str, at_once: int, rest: Callable[[float], None], pruned: Pruned
    ) -> Pruned:
        last = 0
        with self.reading() as connection:
            categories = _load_categories(connection)
        while True:
            with self.reading() as connection:
                batches = _last_batches(connection, day, categories)
                old = (
                    select(papers.c.id)
                    .where(papers.c.id > last, _is_old_paper(day, batches))
                    .order_by(papers.c.id)
                    .limit(at_once)
                )
                ids = list(connection.execute(old).scalars())
            if not ids:
                return pruned
            last = ids[-1]
            began = time.monotonic()
            # Who saves announcements waits for this, and who freezes editions for the rows.
            with self.writing(ANNOUNCEMENTS_LOCK) as connection:
                pruned = _delete_papers(connection, ids, _is_old_paper(day, batches), pruned)
            rest(time.monotonic() - began)


def _count(connection: Connection, counted: Select[Any]) -> int:
    return int(connection.execute(counted).scalar_one())


def _is_settled(moment: int) -> ColumnElement[bool]:
    return and_(deliveries.c.state.in_(_SETTLED), deliveries.c.settled_at < moment)


def _settled_steps(moment: int, wanted: ColumnElement[int]) -> Select[Any]:
    return select(wanted).join_from(delivery_events, deliveries).where(_is_settled(moment))


def _load_categories(connection: Connection) -> list[str]:
    return list(connection.execute(select(entries.c.category).distinct()).scalars())


def _last_batches(connection: Connection, day: str, categories: Sequence[str]) -> Batches:
    """Return each category's newest batch before a day, as category and day."""
    newest = (
        (category, connection.execute(_newest_before(day, category)).scalar())
        for category in categories
    )
    return [(category, last) for category, last in newest if last is not None]


def _newest_before(day: str, category: str) -> Select[Any]:
    return select(func.max(entries.c.day)).where(
        entries.c.category == category, entries.c.day < day
    )


def _is_old_paper(day: str, batches: Batches) -> ColumnElement[bool]:
    """Whether a paper was only announced before a day, in none of these batches nor an edition.

    What somebody saved is not old.
    """
    needed: ColumnElement[bool] = entries.c.day >= day
    if batches:
        needed = or_(needed, tuple_(entries.c.category, entries.c.day).in_(batches))
    return and_(
        papers.c.first_day < day,
        not_(exists().where(entries.c.base_id == papers.c.base_id, needed).correlate(papers)),
        not_(exists().where(edition_papers.c.base_id == papers.c.base_id).correlate(papers)),
        not_(
            exists()
            .where(
                paper_marks.c.base_id == papers.c.base_id,
                paper_marks.c.mark == Mark.SAVED.value,
            )
            .correlate(papers)
        ),
    )


def _is_old_receipt(day: str) -> ColumnElement[bool]:
    """Whether a receipt is of an old day, and not the one after which catching up begins.

    Days between that one and the newest may not have been read yet.
    """
    newer = receipts.alias()
    return and_(
        receipts.c.day < day,
        or_(
            receipts.c.state.not_in(_ANNOUNCED),
            exists()
            .where(
                newer.c.category == receipts.c.category,
                newer.c.day > receipts.c.day,
                newer.c.day < day,
                newer.c.state.in_(_ANNOUNCED),
            )
            .correlate(receipts),
        ),
    )


def _delete_papers(
    connection: Connection, ids: Sequence[int], still: ColumnElement[bool], pruned: Pruned
) -> Pruned:
    """Delete those of these papers that are still to go, with all that belongs to them."""
    named = select(papers.c.id, papers.c.base_id).where(papers.c.id.in_(ids)).with_for_update()
    base_ids = [row.base_id for row in connection.execute(named).all()]
    # An edition that is being frozen refers to versions, so from here on it waits.
    connection.execute(
        select(versions.c.version)
        .where(versions.c.base_id.in_(base_ids))
        .order_by(versions.c.base_id, versions.c.version)
        .with_for_update()
    )
    found = connection.execute(
        select(papers.c.id, papers.c.base_id).where(papers.c.id.in_(ids), still)
    ).all()
    if not found:
        return pruned
    base_ids = [row.base_id for row in found]
    connection.execute(_UNINDEX[connection.dialect.name], [{"id": row.id} for row in found])
    gone = {
        table.name: connection.execute(delete(table).where(table.c.base_id.in_(base_ids))).rowcount
        for table in (entries, versions, papers)
    }
    return replace(
        pruned,
        papers=pruned.papers + gone["papers"],
        versions=pruned.versions + gone["versions"],
        entries=pruned.entries + gone["entries"],
    )
