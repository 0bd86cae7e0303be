"""Domain types <-> what a row can hold; knows the tables' columns but runs no statement."""

import json
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import Any, TypeVar

from bot.adapters.store.tables import papers, receipts
from bot.core.editions import BatchState, CategoryReceipt
from bot.core.papers import Paper
from bot.core.records import StoredPaper
from bot.core.words import VERSION, Prepared, prepare

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)

Thing = TypeVar("Thing")

# In the order in which `paper_of` and `stored_paper_of` read them.
PAPER_COLUMNS = (
    papers.c.base_id,
    papers.c.version,
    papers.c.title,
    papers.c.authors,
    papers.c.abstract,
    papers.c.categories,
    papers.c.comments,
    papers.c.doi,
    papers.c.journal_ref,
)
STORED_COLUMNS = (
    *PAPER_COLUMNS,
    papers.c.first_day,
    papers.c.prepared_version,
    papers.c.prepared_text,
    papers.c.prepared_marks,
)
LINE_COLUMNS = (
    receipts.c.category,
    receipts.c.day,
    receipts.c.state,
    receipts.c.announced,
    receipts.c.read,
    receipts.c.new,
    receipts.c.cross,
    receipts.c.replaced,
    receipts.c.stored,
    receipts.c.problems,
)


def chunked(things: Sequence[Thing], size: int) -> Iterator[Sequence[Thing]]:
    """Cut a sequence into pieces: databases bound the number of a statement's parameters."""
    for start in range(0, len(things), size):
        yield things[start : start + size]


def to_micros(at: datetime) -> int:
    """Write a time as microseconds since 1970 in UTC; a time without a zone is a TypeError."""
    return (at - _EPOCH) // _MICROSECOND


def from_micros(micros: int) -> datetime:
    """Read `to_micros` back, in UTC."""
    return _EPOCH + micros * _MICROSECOND


def storable(text: str) -> str:
    """Replace what a database cannot hold: NUL (PostgreSQL) and lone surrogates (UTF-8)."""
    if "\0" in text:
        text = text.replace("\0", "\ufffd")
    return text if text.isascii() else text.encode("utf-8", "replace").decode("utf-8")


def to_json(value: object) -> str:
    """Write JSON that people can read in the database, too."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def clean_paper(paper: Paper) -> Paper:
    """Make every text of a paper storable."""
    return Paper(
        base_id=paper.base_id,
        version=paper.version,
        title=storable(paper.title),
        authors=tuple(map(storable, paper.authors)),
        abstract=storable(paper.abstract),
        categories=paper.categories,
        comments=storable(paper.comments),
        doi=storable(paper.doi),
        journal_ref=storable(paper.journal_ref),
    )


def paper_values(paper: Paper, prepared: Prepared) -> dict[str, object]:
    """Lay a paper out for its row in `papers`, all but the day it was first announced."""
    return {
        "base_id": paper.base_id,
        "version": paper.version,
        "title": paper.title,
        "authors": to_json(paper.authors),
        "abstract": paper.abstract,
        "categories": to_json(paper.categories),
        "comments": paper.comments,
        "doi": paper.doi,
        "journal_ref": paper.journal_ref,
        "prepared_version": VERSION,
        "prepared_text": prepared.text,
        "prepared_marks": prepared.marks,
    }


@lru_cache(maxsize=4096)
def categories_of(text: str) -> tuple[str, ...]:
    """Read a row's categories; few lists of them exist, and they come again and again."""
    return tuple(json.loads(text))


def paper_of(row: Sequence[Any]) -> Paper:
    """Read a paper from a row that starts with PAPER_COLUMNS."""
    base_id, version, title, authors, abstract, categories, comments, doi, journal_ref = row[:9]
    return Paper(
        base_id,
        version,
        title,
        tuple(json.loads(authors)),
        abstract,
        categories_of(categories),
        comments,
        doi,
        journal_ref,
    )


def stored_paper_of(row: Sequence[Any]) -> StoredPaper:
    """Read a paper from a row of STORED_COLUMNS; prepare it anew where that was another way."""
    first_day, prepared_version, text, marks = row[9:13]
    paper = paper_of(row)
    prepared = Prepared(text, marks) if prepared_version == VERSION else prepare(paper)
    return StoredPaper(paper, prepared, date.fromisoformat(first_day))


def paper_record(paper: Paper) -> str:
    """Write a whole paper as JSON, for a version whose text is not the current one."""
    return to_json(
        [
            paper.base_id,
            paper.version,
            paper.title,
            paper.authors,
            paper.abstract,
            paper.categories,
            paper.comments,
            paper.doi,
            paper.journal_ref,
        ]
    )


def paper_of_record(record: str) -> Paper:
    """Read `paper_record` back."""
    base_id, version, title, authors, abstract, categories, *rest = json.loads(record)
    return Paper(base_id, version, title, tuple(authors), abstract, tuple(categories), *rest)


def line_values(line: CategoryReceipt) -> dict[str, object]:
    """Lay a category's receipt out for its row, all but the time."""
    return {
        "category": line.category,
        "day": line.day.isoformat(),
        "state": line.state.value,
        "announced": line.announced,
        "read": line.read,
        "new": line.new,
        "cross": line.cross,
        "replaced": line.replaced,
        "stored": line.stored,
        "problems": to_json([storable(problem) for problem in line.problems]),
    }


def line_of(row: Sequence[Any]) -> CategoryReceipt:
    """Read a category's receipt from LINE_COLUMNS."""
    category, day, state, announced, read, new, cross, replaced, stored, problems = row
    return CategoryReceipt(
        category,
        date.fromisoformat(day),
        BatchState(state),
        announced,
        read,
        new,
        cross,
        replaced,
        stored,
        tuple(json.loads(problems)),
    )
