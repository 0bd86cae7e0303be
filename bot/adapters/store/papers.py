"""Stored papers: one by its id, all announced since a day, those that hold some words."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import date

from sqlalchemy import ColumnElement, and_, bindparam, distinct, func, or_, select, update

from bot.adapters.store.database import ANNOUNCEMENTS_LOCK, Database
from bot.adapters.store.rows import (
    PAPER_COLUMNS,
    STORED_COLUMNS,
    chunked,
    paper_of,
    stored_paper_of,
)
from bot.adapters.store.search import find_papers, index_papers, parse_words
from bot.adapters.store.tables import entries, papers
from bot.core.papers import AnnounceType, Paper
from bot.core.records import Sighting, StoredPaper
from bot.core.words import VERSION, prepare

_AT_ONCE = 200


class Papers(Database):
    """Load papers in the text they have now."""

    def count(self) -> int:
        """Count the papers stored."""
        with self.reading() as connection:
            return connection.execute(select(func.count()).select_from(papers)).scalar_one()

    def load_paper(self, base_id: str) -> StoredPaper | None:
        """Load one paper at its latest version."""
        wanted = select(*STORED_COLUMNS).where(papers.c.base_id == base_id)
        with self.reading() as connection:
            row = connection.execute(wanted).first()
        return stored_paper_of(row) if row else None

    def load_papers(self, base_ids: Iterable[str]) -> Mapping[str, Paper]:
        """Load papers at their latest versions, by base id; those not stored are left out."""
        found: dict[str, Paper] = {}
        with self.reading() as connection:
            for some in chunked(list(base_ids), _AT_ONCE):
                wanted = select(*PAPER_COLUMNS).where(papers.c.base_id.in_(some))
                found |= {row[0]: paper_of(row) for row in connection.execute(wanted).all()}
        return found

    def load_sightings(self, base_id: str) -> tuple[Sighting, ...]:
        """Load every announcement of a paper, oldest first."""
        seen = select(entries.c.day, entries.c.category, entries.c.kind, entries.c.version).where(
            entries.c.base_id == base_id
        )
        with self.reading() as connection:
            rows = sorted(tuple(row) for row in connection.execute(seen).all())
        return tuple(
            Sighting(date.fromisoformat(day), category, AnnounceType(kind), version)
            for day, category, kind, version in rows
        )

    def announced_papers(
        self, since: date, categories: Iterable[str], types: Iterable[AnnounceType]
    ) -> Iterator[tuple[date, StoredPaper]]:
        """Yield papers announced on or after `since`, once a day each, oldest day first.

        Papers come in the text they have now; the iterator holds few of them at a time and no
        transaction between them.
        """
        followed = _announced_since(since, categories)
        kinds = [kind.value for kind in types]
        listed = (
            select(entries.c.day, entries.c.base_id)
            .where(followed, entries.c.kind.in_(kinds))
            .distinct()
            .order_by(entries.c.day, entries.c.base_id)
        )
        with self.reading() as connection:
            announced = [(day, base_id) for day, base_id in connection.execute(listed).all()]
        for some in chunked(announced, _AT_ONCE):
            wanted = select(*STORED_COLUMNS).where(
                papers.c.base_id.in_({base_id for _, base_id in some})
            )
            with self.reading() as connection:
                rows = {row[0]: row for row in connection.execute(wanted).all()}
            for day, base_id in some:
                yield date.fromisoformat(day), stored_paper_of(rows[base_id])

    def count_announced_days(self, since: date, categories: Iterable[str]) -> int:
        """Count the days on or after `since` on which any of the categories announced papers."""
        counted = select(func.count(distinct(entries.c.day))).where(
            _announced_since(since, categories)
        )
        with self.reading() as connection:
            return connection.execute(counted).scalar_one()

    def search(self, words: str, limit: int) -> tuple[StoredPaper, ...]:
        """Find papers by full text, best first.

        Every word must occur (title, abstract, authors or comments), accents and case folded;
        "quoted words" and hyphenated ones are a phrase; a `*` at a word's end is a prefix. Raise
        UserError where nothing searchable is left.
        """
        terms = parse_words(words)
        with self.reading() as connection:
            ids = find_papers(connection, terms, limit)
            wanted = select(papers.c.id, *STORED_COLUMNS).where(papers.c.id.in_(ids))
            rows = {row[0]: row[1:] for row in connection.execute(wanted).all()}
        return tuple(stored_paper_of(rows[number]) for number in ids)

    def reprepare(self) -> int:
        """Prepare anew what another version of `core.words` prepared; return how many papers."""
        outdated = (
            select(*PAPER_COLUMNS)
            .where(or_(papers.c.prepared_version < VERSION, papers.c.prepared_version > VERSION))
            .limit(_AT_ONCE)
        )
        write = update(papers).where(papers.c.base_id == bindparam("at_base_id"))
        total = 0
        while True:
            with self.writing(ANNOUNCEMENTS_LOCK) as connection:
                found = [paper_of(row) for row in connection.execute(outdated).all()]
                if not found:
                    return total
                prepared = {paper.base_id: prepare(paper) for paper in found}
                rows = [
                    {
                        "at_base_id": base_id,
                        "prepared_text": made.text,
                        "prepared_marks": made.marks,
                        "prepared_version": VERSION,
                    }
                    for base_id, made in prepared.items()
                ]
                connection.execute(write, rows)
                index_papers(connection, prepared)
            total += len(found)


def _announced_since(since: date, categories: Iterable[str]) -> ColumnElement[bool]:
    return and_(entries.c.category.in_(list(categories)), entries.c.day >= since.isoformat())
