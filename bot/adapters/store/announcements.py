"""Announcements in the database: what each category announced each day, and what became of it."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import date, datetime

from sqlalchemy import Connection, and_, distinct, func, insert, select, update

from bot.adapters.store.database import ANNOUNCEMENTS_LOCK, Database, insert_into
from bot.adapters.store.rows import (
    LINE_COLUMNS,
    STORED_COLUMNS,
    from_micros,
    line_of,
    line_values,
    paper_of_record,
    stored_paper_of,
    to_micros,
)
from bot.adapters.store.tables import entries, papers, receipts, versions
from bot.adapters.store.versions import save_papers
from bot.core.announcing import ANNOUNCED, Batch, build_receipt, merge_entries
from bot.core.editions import BatchState, CategoryReceipt, DayListing
from bot.core.papers import Announcement, AnnounceType, Entry, Paper
from bot.core.records import PreparedDay
from bot.core.words import Prepared, prepare

_ANNOUNCED = sorted(state.value for state in ANNOUNCED)


class Announcements(Database):
    """Save announcements whole and load days merged over categories."""

    def batch_before(self, category: str, day: date) -> Batch:
        """Return the category's newest batch older than `day`; empty where there is none."""
        before = (
            select(func.max(entries.c.day))
            .where(entries.c.category == category, entries.c.day < day.isoformat())
            .scalar_subquery()
        )
        batch = select(entries.c.base_id, entries.c.kind).where(
            entries.c.category == category, entries.c.day == before
        )
        with self.reading() as connection:
            return frozenset(
                (base_id, AnnounceType(kind)) for base_id, kind in connection.execute(batch).all()
            )

    def save_announcement(
        self, announcement: Announcement, line: CategoryReceipt, at: datetime
    ) -> int:
        """Store papers, versions, entries and the receipt in one transaction.

        Return how many papers or versions are new. Saving the same batch twice changes nothing,
        an older version never replaces a newer one's text, and a later reading that got fewer
        entries does not replace the receipt of a better one.
        """
        with self.writing(ANNOUNCEMENTS_LOCK) as connection:
            came = (entry.paper for entry in announcement.entries)
            stored = save_papers(connection, came, announcement.day)
            _save_entries(connection, announcement)
            before = _load_line(connection, line.category, line.day)
            total = stored + (before.stored if before else 0)
            if before and before.state in ANNOUNCED and line.read < before.read:
                line = before
            _write_line(connection, replace(line, stored=total), before, at)
        return stored

    def save_receipt(self, line: CategoryReceipt, at: datetime) -> None:
        """Remember that a category's batch of a day was not read, unless it was read before."""
        with self.writing(ANNOUNCEMENTS_LOCK) as connection:
            before = _load_line(connection, line.category, line.day)
            if before is None or before.state not in ANNOUNCED:
                _write_line(connection, line, before, at)

    def receipts(self, day: date, categories: Iterable[str]) -> tuple[CategoryReceipt, ...]:
        """Load what is known of these categories on that day, in their order."""
        with self.reading() as connection:
            return _load_lines(connection, day, list(categories))

    def states_since(
        self, day: date, categories: Iterable[str]
    ) -> Mapping[tuple[str, date], BatchState]:
        """Return the states of these categories' batches of that day and all after it."""
        known = select(receipts.c.category, receipts.c.day, receipts.c.state).where(
            receipts.c.category.in_(list(categories)), receipts.c.day >= day.isoformat()
        )
        with self.reading() as connection:
            return {
                (category, date.fromisoformat(of)): BatchState(state)
                for category, of, state in connection.execute(known).all()
            }

    def receipts_since(self, day: date, categories: Iterable[str]) -> tuple[CategoryReceipt, ...]:
        """Load what is known of these categories on that day and later; oldest first."""
        wanted = list(categories)
        known = select(*LINE_COLUMNS).where(
            receipts.c.category.in_(wanted), receipts.c.day >= day.isoformat()
        )
        with self.reading() as connection:
            lines = [line_of(row) for row in connection.execute(known).all()]
        return tuple(sorted(lines, key=lambda line: (line.day, wanted.index(line.category))))

    def count_papers(self, day: date, categories: Iterable[str]) -> int:
        """Count the papers that these categories announced on that day, each once."""
        counted = select(func.count(distinct(entries.c.base_id))).where(
            entries.c.category.in_(list(categories)), entries.c.day == day.isoformat()
        )
        with self.reading() as connection:
            return connection.execute(counted).scalar_one()

    def newest_day(self, categories: Iterable[str]) -> date | None:
        """Return the newest day on which any of these categories announced a paper."""
        newest = select(func.max(entries.c.day)).where(entries.c.category.in_(list(categories)))
        with self.reading() as connection:
            return _read_day(connection.execute(newest).scalar())

    def last_announced(self, category: str) -> date | None:
        """Return the newest day whose own batch of this category was read, even an empty one."""
        last = select(func.max(receipts.c.day)).where(
            receipts.c.category == category, receipts.c.state.in_(_ANNOUNCED)
        )
        with self.reading() as connection:
            return _read_day(connection.execute(last).scalar())

    def first_announced(self, categories: Iterable[str]) -> Mapping[str, date]:
        """Return the oldest day whose own batch was read, for each category of which one was."""
        followed = list(categories)
        first = (
            select(receipts.c.category, func.min(receipts.c.day))
            .where(receipts.c.category.in_(followed), receipts.c.state.in_(_ANNOUNCED))
            .group_by(receipts.c.category)
        )
        with self.reading() as connection:
            found = {category: day for category, day in connection.execute(first).all()}  # noqa: C416 - rows are not pairs to mypy
        return {each: date.fromisoformat(found[each]) for each in followed if each in found}

    def first_read_since(self, moment: datetime, categories: Iterable[str]) -> date | None:
        """Return the oldest day of which something was read at this moment or later."""
        first = select(func.min(receipts.c.day)).where(
            receipts.c.category.in_(list(categories)),
            receipts.c.state.in_(_ANNOUNCED),
            receipts.c.at >= to_micros(moment),
        )
        with self.reading() as connection:
            return _read_day(connection.execute(first).scalar())

    def first_read_at(self, day: date, categories: Iterable[str]) -> datetime | None:
        """Return when the first of these categories' batches of a day was read."""
        first = select(func.min(receipts.c.at)).where(
            receipts.c.category.in_(list(categories)),
            receipts.c.state.in_(_ANNOUNCED),
            receipts.c.read > 0,
            receipts.c.day == day.isoformat(),
        )
        with self.reading() as connection:
            at = connection.execute(first).scalar()
        return None if at is None else from_micros(at)

    def load_day(self, day: date, categories: Iterable[str]) -> PreparedDay:
        """Load what these categories announced on that day, merged; empty where nothing was.

        Every paper has the text of the version that was announced, whatever came after it.
        """
        followed = list(categories)
        with self.reading() as connection:
            lines = _load_lines(connection, day, followed)
            announced = _load_entries(connection, day, followed)
            texts = _load_texts(connection, day, followed)
        items = merge_entries(
            (category, Entry(texts[base_id, version][0], kind))
            for category, base_id, version, kind in announced
        )
        prepared = {}
        for item in items:
            paper = item.paper
            prepared[paper.base_id] = texts[paper.base_id, paper.version][1] or prepare(paper)
        receipt = build_receipt(day, lines, len(items))
        return PreparedDay(DayListing(day, items, receipt), prepared)


def _read_day(day: str | None) -> date | None:
    return date.fromisoformat(day) if day else None


def _load_line(connection: Connection, category: str, day: date) -> CategoryReceipt | None:
    return next(iter(_load_lines(connection, day, [category])), None)


def _load_lines(
    connection: Connection, day: date, categories: list[str]
) -> tuple[CategoryReceipt, ...]:
    known = select(*LINE_COLUMNS).where(
        receipts.c.category.in_(categories), receipts.c.day == day.isoformat()
    )
    lines = {row[0]: line_of(row) for row in connection.execute(known).all()}
    return tuple(lines[category] for category in categories if category in lines)


def _write_line(
    connection: Connection, line: CategoryReceipt, before: CategoryReceipt | None, at: datetime
) -> None:
    """Write a receipt with its time, unless that is all that would change."""
    if line == before:
        return
    values = {**line_values(line), "at": to_micros(at)}
    if before is None:
        connection.execute(insert(receipts).values(values))
        return
    connection.execute(
        update(receipts)
        .where(receipts.c.category == line.category, receipts.c.day == line.day.isoformat())
        .values(values)
    )


def _save_entries(connection: Connection, announcement: Announcement) -> None:
    rows = [
        {
            "category": announcement.category,
            "day": announcement.day.isoformat(),
            "base_id": entry.paper.base_id,
            "version": entry.paper.version,
            "kind": entry.kind.value,
        }
        for entry in announcement.entries
    ]
    if rows:
        connection.execute(insert_into(connection, entries).on_conflict_do_nothing(), rows)


def _load_entries(
    connection: Connection, day: date, categories: list[str]
) -> list[tuple[str, str, int, AnnounceType]]:
    """Load a day's entries, in the categories' order."""
    announced = (
        select(entries.c.category, entries.c.base_id, entries.c.version, entries.c.kind)
        .where(entries.c.category.in_(categories), entries.c.day == day.isoformat())
        .order_by(entries.c.base_id, entries.c.version, entries.c.kind)
    )
    found = [
        (category, base_id, version, AnnounceType(kind))
        for category, base_id, version, kind in connection.execute(announced).all()
    ]
    return sorted(found, key=lambda entry: categories.index(entry[0]))


def _load_texts(
    connection: Connection, day: date, categories: list[str]
) -> dict[tuple[str, int], tuple[Paper, Prepared | None]]:
    """Load the text of every version announced, with its prepared text where that is stored."""
    announced = and_(entries.c.category.in_(categories), entries.c.day == day.isoformat())
    ids = select(entries.c.base_id).where(announced)
    texts: dict[tuple[str, int], tuple[Paper, Prepared | None]] = {}
    for row in connection.execute(select(*STORED_COLUMNS).where(papers.c.base_id.in_(ids))).all():
        stored = stored_paper_of(row)
        texts[stored.paper.base_id, stored.paper.version] = (stored.paper, stored.prepared)
    archived = (
        select(versions.c.base_id, versions.c.version, versions.c.record)
        .join_from(
            entries,
            versions,
            and_(versions.c.base_id == entries.c.base_id, versions.c.version == entries.c.version),
        )
        .where(announced, versions.c.record.is_not(None))
        .distinct()
    )
    for base_id, version, record in connection.execute(archived).all():
        texts[base_id, version] = (paper_of_record(record), None)
    return texts
