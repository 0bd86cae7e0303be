"""Papers and their versions on the way in: the newest text is current, older ones are archived."""

from collections.abc import Iterable
from datetime import date

from sqlalchemy import Connection, bindparam, insert, select, update

from bot.adapters.store.rows import (
    PAPER_COLUMNS,
    chunked,
    clean_paper,
    paper_of,
    paper_record,
    paper_values,
    to_json,
)
from bot.adapters.store.search import index_papers
from bot.adapters.store.tables import papers, versions
from bot.core.papers import Paper
from bot.core.words import Prepared, prepare

_AT_ONCE = 1000
_UPDATE = update(papers).where(papers.c.base_id == bindparam("at_base_id"))
_ARCHIVE = update(versions).where(
    versions.c.base_id == bindparam("at_base_id"), versions.c.version == bindparam("at_version")
)


def save_papers(connection: Connection, came: Iterable[Paper], day: date) -> int:
    """Store what is new of these papers; return how many papers or versions that are.

    Nobody else may store papers meanwhile. Where a version is known, its text stays; only the
    categories of the current one grow, as cross-listings add some without a new version.
    """
    batch: dict[tuple[str, int], Paper] = {}
    for paper in came:
        batch.setdefault((paper.base_id, paper.version), paper)
    current, known = _load_known(connection, sorted({base_id for base_id, _ in batch}))
    newest: dict[str, Paper] = {}
    for paper in batch.values():
        if paper.base_id not in newest or paper.version > newest[paper.base_id].version:
            newest[paper.base_id] = paper
    changes = _Changes(day)
    for base_id, paper in newest.items():
        changes.add_newest(clean_paper(paper), current.get(base_id))
    for (base_id, version), paper in batch.items():
        if (base_id, version) not in known and version < _top_version(
            newest[base_id], current.get(base_id)
        ):
            changes.add_older(clean_paper(paper))
    changes.write(connection)
    return len(batch.keys() - known)


def _load_known(
    connection: Connection, base_ids: list[str]
) -> tuple[dict[str, tuple[Paper, str]], set[tuple[str, int]]]:
    """Load current papers with their first days by base id, and all (base id, version) held."""
    current: dict[str, tuple[Paper, str]] = {}
    known: set[tuple[str, int]] = set()
    for some in chunked(base_ids, _AT_ONCE):
        texts = select(*PAPER_COLUMNS, papers.c.first_day).where(papers.c.base_id.in_(some))
        current |= {row[0]: (paper_of(row), row[9]) for row in connection.execute(texts).all()}
        held = select(versions.c.base_id, versions.c.version).where(versions.c.base_id.in_(some))
        known |= {(base_id, version) for base_id, version in connection.execute(held).all()}
    return current, known


def _top_version(newest: Paper, before: tuple[Paper, str] | None) -> int:
    return max(newest.version, before[0].version) if before else newest.version


class _Changes:
    """What is to be written, collected so that each kind is one statement."""

    def __init__(self, day: date) -> None:
        self._day = day.isoformat()
        self._added: list[dict[str, object]] = []
        self._replaced: list[dict[str, object]] = []
        self._archived: list[dict[str, object]] = []
        self._seen: list[dict[str, object]] = []
        self._grown: list[dict[str, object]] = []
        self._earlier: list[dict[str, object]] = []
        self._indexed: dict[str, Prepared] = {}

    def add_newest(self, paper: Paper, before: tuple[Paper, str] | None) -> None:
        """Take the batch's highest version of a paper, given what is current, if anything."""
        if before is None:
            self._make_current(paper, self._added, {"first_day": self._day})
            return
        old, first_day = before
        if self._day < first_day:
            self._earlier.append({"at_base_id": paper.base_id, "first_day": self._day})
        if paper.version > old.version:
            self._archived.append(
                {
                    "at_base_id": old.base_id,
                    "at_version": old.version,
                    "record": paper_record(old),
                }
            )
            self._make_current(paper, self._replaced, {"at_base_id": paper.base_id})
        elif paper.version == old.version:
            more = tuple(c for c in paper.categories if c not in old.categories)
            if more:
                grown = to_json(old.categories + more)
                self._grown.append({"at_base_id": old.base_id, "categories": grown})

    def add_older(self, paper: Paper) -> None:
        """Take a version that is not the current one."""
        self._see(paper, paper_record(paper))

    def write(self, connection: Connection) -> None:
        """Write it all."""
        statements = (
            (insert(papers), self._added),
            (_ARCHIVE, self._archived),
            (_UPDATE, self._replaced),
            (_UPDATE, self._grown),
            (_UPDATE, self._earlier),
            (insert(versions), self._seen),
        )
        for statement, rows in statements:
            if rows:
                connection.execute(statement, rows)
        index_papers(connection, self._indexed)

    def _make_current(
        self, paper: Paper, where: list[dict[str, object]], more: dict[str, object]
    ) -> None:
        prepared = prepare(paper)
        where.append({**paper_values(paper, prepared), **more})
        self._indexed[paper.base_id] = prepared
        self._see(paper, None)

    def _see(self, paper: Paper, record: str | None) -> None:
        self._seen.append(
            {
                "base_id": paper.base_id,
                "version": paper.version,
                "seen_day": self._day,
                "record": record,
            }
        )
