"""What readers look up: editions by set and day, papers a day, where a paper stood."""

from collections.abc import Collection, Mapping
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Select, func, select, tuple_

from bot.adapters.store.database import Database
from bot.adapters.store.frozen import load_edition, load_hits
from bot.adapters.store.rows import STORED_COLUMNS, from_micros, stored_paper_of
from bot.adapters.store.search import find_newest, parse_words
from bot.adapters.store.tables import edition_papers, editions, papers, sets, versions
from bot.core.archive import Appearance, Issue, Placed, Seen
from bot.core.editions import Edition
from bot.core.keyword_sets import SetKey
from bot.core.records import StoredPaper


class Archive(Database):
    """Load frozen editions and what is known of a paper; each statement reads an index."""

    def latest_issues(self, keys: Collection[SetKey]) -> Mapping[SetKey, Issue]:
        """Return the newest edition of each of these sets that has papers."""
        other = editions.alias()
        newest = (
            select(func.max(other.c.day))
            .where(
                other.c.set_id == sets.c.id,
                select(edition_papers.c.position)
                .where(edition_papers.c.edition_id == other.c.id)
                .exists(),
            )
            .correlate(sets)
            .scalar_subquery()
        )
        found = self._issues(_issues().where(_is_of(keys), editions.c.day == newest))
        return {issue.set_key: issue for issue in found}

    def list_issues(
        self, key: SetKey, *, before: date | None = None, limit: int = 30
    ) -> tuple[Issue, ...]:
        """List a set's editions that have papers, newest first; of days `before` one where given.

        At most `limit`.
        """
        wanted = (
            _issues()
            .where(_is_of([key]), _has_papers())
            .order_by(editions.c.day.desc())
            .limit(limit)
        )
        if before is not None:
            wanted = wanted.where(editions.c.day < before.isoformat())
        return self._issues(wanted)

    def find_issue(self, key: SetKey, day: date) -> Placed | None:
        """Find a set's edition of a day, even one without papers; None where there is none.

        Its neighbours are the nearest that have papers.
        """
        other = editions.alias()

        def neighbour(nearest: ColumnElement[Any], side: ColumnElement[bool]) -> ColumnElement[Any]:
            full = (
                select(edition_papers.c.position)
                .where(edition_papers.c.edition_id == other.c.id)
                .exists()
            )
            found = select(nearest).where(other.c.set_id == editions.c.set_id, side, full)
            return found.correlate(editions).scalar_subquery()

        wanted = _issues(
            neighbour(func.max(other.c.day), other.c.day < editions.c.day),
            neighbour(func.min(other.c.day), other.c.day > editions.c.day),
        ).where(_is_of([key]), editions.c.day == day.isoformat())
        with self.reading() as connection:
            row = connection.execute(wanted).first()
        if row is None:
            return None
        before, after = (date.fromisoformat(each) if each else None for each in row[7:9])
        return Placed(_issue_of(row), before, after)

    def load_frozen(self, edition_id: int) -> Edition:
        """Load an edition as it was frozen, with the papers' text of that time."""
        with self.reading() as connection:
            return load_edition(connection, edition_id)

    def papers_by_day(
        self, keys: Collection[SetKey], since: date
    ) -> Mapping[SetKey, tuple[tuple[date, int], ...]]:
        """Count the papers of these sets' editions of each day from `since` on, oldest first."""
        counted = (
            select(sets.c.owner, sets.c.name, editions.c.day, func.count())
            .select_from(
                editions.join(sets, sets.c.id == editions.c.set_id).join(
                    edition_papers, edition_papers.c.edition_id == editions.c.id
                )
            )
            .where(_is_of(keys), editions.c.day >= since.isoformat())
            .group_by(sets.c.owner, sets.c.name, editions.c.day)
            .order_by(editions.c.day)
        )
        found: dict[SetKey, list[tuple[date, int]]] = {}
        with self.reading() as connection:
            for owner, name, day, number in connection.execute(counted).all():
                found.setdefault((owner, name), []).append((date.fromisoformat(day), number))
        return {key: tuple(days) for key, days in found.items()}

    def load_seen(self, base_id: str) -> tuple[Seen, ...]:
        """Load the versions of a paper that were seen, oldest first."""
        seen = (
            select(versions.c.version, versions.c.seen_day)
            .where(versions.c.base_id == base_id)
            .order_by(versions.c.version)
        )
        with self.reading() as connection:
            rows = connection.execute(seen).all()
        return tuple(Seen(version, date.fromisoformat(day)) for version, day in rows)

    def load_appearances(self, base_id: str, keys: Collection[SetKey]) -> tuple[Appearance, ...]:
        """Load the editions of these sets in which a paper stood, oldest first."""
        stood = (
            select(sets.c.owner, sets.c.name, editions.c.day, edition_papers.c.hits)
            .select_from(
                edition_papers.join(editions, editions.c.id == edition_papers.c.edition_id).join(
                    sets, sets.c.id == editions.c.set_id
                )
            )
            .where(edition_papers.c.base_id == base_id, _is_of(keys))
            .order_by(editions.c.day, editions.c.id)
        )
        with self.reading() as connection:
            rows = connection.execute(stood).all()
        return tuple(
            Appearance((owner, name), date.fromisoformat(day), load_hits(hits))
            for owner, name, day, hits in rows
        )

    def search_newest(self, words: str, limit: int) -> tuple[StoredPaper, ...]:
        """Find papers by full text as `search` does, but the newest instead of the best.

        Raise UserError where nothing searchable is left.
        """
        terms = parse_words(words)
        with self.reading() as connection:
            ids = find_newest(connection, terms, limit)
            wanted = select(papers.c.id, *STORED_COLUMNS).where(papers.c.id.in_(ids))
            rows = {row[0]: row[1:] for row in connection.execute(wanted).all()}
        return tuple(stored_paper_of(rows[number]) for number in ids)

    def _issues(self, wanted: Select[Any]) -> tuple[Issue, ...]:
        with self.reading() as connection:
            return tuple(map(_issue_of, connection.execute(wanted).all()))


def _issues(*more: ColumnElement[Any]) -> Select[Any]:
    """Select what `_issue_of` reads, and more columns after it."""
    number = (
        select(func.count())
        .select_from(edition_papers)
        .where(edition_papers.c.edition_id == editions.c.id)
        .correlate(editions)
        .scalar_subquery()
    )
    return select(
        editions.c.id,
        sets.c.owner,
        sets.c.name,
        editions.c.day,
        editions.c.since,
        editions.c.at,
        number,
        *more,
    ).join_from(editions, sets)


def _is_of(keys: Collection[SetKey]) -> ColumnElement[bool]:
    return tuple_(sets.c.owner, sets.c.name).in_(list(keys))


def _has_papers() -> ColumnElement[bool]:
    return (
        select(edition_papers.c.position)
        .where(edition_papers.c.edition_id == editions.c.id)
        .correlate(editions)
        .exists()
    )


def _issue_of(row: Any) -> Issue:  # noqa: ANN401 - a row of SQLAlchemy
    number, owner, name, day, since, at, count = row[:7]
    return Issue(
        number,
        (owner, name),
        date.fromisoformat(day),
        date.fromisoformat(since) if since else None,
        from_micros(at),
        count,
    )
