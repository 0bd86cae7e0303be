"""Full-text search: which words are indexed where, and what a person's words ask for.

Both databases get the words that `core.words` makes, ready folded, so that both find the same
papers. A phrase never crosses two fields or two authors. Hyphenated words are a phrase, or the
one joined word: "multi-modal" finds "multi modal" and "multimodal".
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy import Connection, text

from bot.core.words import Prepared, Section, split_words
from bot.errors import UserError

# Common words hit a third of all papers, and ranking them all takes long: the newest that hit are.
RANKED = 1000
_MOST_WORDS = 32
_LONGEST_WORD = 200

# A word holds letters, digits and these; "|" parts authors.
_SPECIAL = ".+#"
_BAR = "|"
_SEPARATORS = {
    code: " " for code in range(128) if not chr(code).isalnum() and chr(code) not in _SPECIAL + _BAR
}

# Field -> its section of a prepared text, the one with its compounds as one word, and PostgreSQL's
# letter for its weight.
_FIELDS: tuple[tuple[str, Section, Section | None, str], ...] = (
    ("title", Section.TITLE, Section.TITLE_JOINED, "A"),
    ("abstract", Section.ABSTRACT, Section.ABSTRACT_JOINED, "D"),
    ("authors", Section.AUTHORS, None, "B"),
    ("comments", Section.COMMENTS, None, "C"),
)

# An index of prefixes would make "le*" faster and every insertion three times as slow.
# Tokens are split at ASCII signs only, since the words come folded and parted by single spaces:
# https://www.sqlite.org/fts5.html#ascii_tokenizer
_SQLITE_TABLE = (
    (
        "CREATE VIRTUAL TABLE paper_search USING fts5(title, abstract, authors, comments,"
        " tokenize=\"ascii tokenchars '.+#|'\")"
    ),
)
# Rows stay uncompressed in the table while they fit a page: ranking reads hundreds of them.
_POSTGRESQL_TABLE = (
    (
        "CREATE TABLE paper_search (id INTEGER CONSTRAINT pk_paper_search PRIMARY KEY"
        " CONSTRAINT fk_paper_search_id REFERENCES papers (id), words TSVECTOR NOT NULL)"
        " WITH (toast_tuple_target = 8160)"
    ),
    "CREATE INDEX ix_paper_search_words ON paper_search USING gin (words)",
)

_SQLITE_INDEX = text(
    "INSERT OR REPLACE INTO paper_search (rowid, title, abstract, authors, comments)"
    " SELECT id, :title, :abstract, :authors, :comments FROM papers WHERE base_id = :base_id"
)
_POSTGRESQL_INDEX = text(
    "INSERT INTO paper_search (id, words)"
    " SELECT papers.id, CAST(given.words AS tsvector)"
    " FROM unnest(CAST(:base_ids AS text[]), CAST(:words AS text[])) AS given (base_id, words)"
    " JOIN papers ON papers.base_id = given.base_id"
    " ON CONFLICT (id) DO UPDATE SET words = EXCLUDED.words"
)
_SQLITE_FIND = text(
    "SELECT found.id FROM ("
    " SELECT rowid AS id, bm25(paper_search, 5.0, 1.0, 2.0, 1.0) AS score"
    " FROM paper_search WHERE paper_search MATCH :asked ORDER BY rowid DESC LIMIT :ranked"
    ") AS found ORDER BY found.score, found.id DESC LIMIT :most"
)
_POSTGRESQL_FIND = text(
    "SELECT found.id FROM ("
    " SELECT id, words FROM paper_search WHERE words @@ CAST(:asked AS tsquery)"
    " ORDER BY id DESC LIMIT :ranked"
    ") AS found ORDER BY ts_rank('{0.2, 0.2, 0.4, 1.0}', found.words, CAST(:asked AS tsquery), 1)"
    " DESC, found.id DESC LIMIT :most"
)

_SQLITE_NEWEST = text(
    "SELECT rowid FROM paper_search WHERE paper_search MATCH :asked ORDER BY rowid DESC LIMIT :most"
)
_POSTGRESQL_NEWEST = text(
    "SELECT id FROM paper_search WHERE words @@ CAST(:asked AS tsquery)"
    " ORDER BY id DESC LIMIT :most"
)


@dataclass(frozen=True, slots=True)
class Term:
    """Words that must follow each other, or `joined` as one; `prefix`: the last may go on."""

    words: tuple[str, ...]
    prefix: bool
    joined: str = ""


def create_index(connection: Connection) -> None:
    """Make the index's table."""
    sqlite = connection.dialect.name == "sqlite"
    for statement in _SQLITE_TABLE if sqlite else _POSTGRESQL_TABLE:
        connection.exec_driver_sql(statement)


def index_papers(connection: Connection, prepared: dict[str, Prepared]) -> None:
    """Put papers (by base id, their rows exist) into the index, in place of what was there."""
    if not prepared:
        return
    if connection.dialect.name == "sqlite":
        rows = [{"base_id": key, **_columns(made)} for key, made in prepared.items()]
        connection.execute(_SQLITE_INDEX, rows)
    else:
        vectors = [_vector(made) for made in prepared.values()]
        connection.execute(_POSTGRESQL_INDEX, {"base_ids": list(prepared), "words": vectors})


def find_papers(connection: Connection, terms: tuple[Term, ...], limit: int) -> list[int]:
    """Return the row ids of the papers that hold all terms, best first."""
    bounds = {"ranked": max(RANKED, limit), "most": limit}
    if connection.dialect.name == "sqlite":
        asked = " AND ".join(map(_fts5, terms))
        found = connection.execute(_SQLITE_FIND, {"asked": asked, **bounds})
    else:
        asked = " & ".join(map(_tsquery, terms))
        # The driver prepares what it runs often, and a plan for any words is bad for common ones.
        connection.exec_driver_sql("SET LOCAL plan_cache_mode = force_custom_plan")
        found = connection.execute(_POSTGRESQL_FIND, {"asked": asked, **bounds})
    return list(found.scalars())


def find_newest(connection: Connection, terms: tuple[Term, ...], limit: int) -> list[int]:
    """Return the row ids of the papers that hold all terms, those stored last first."""
    if connection.dialect.name == "sqlite":
        asked, wanted = " AND ".join(map(_fts5, terms)), _SQLITE_NEWEST
    else:
        asked, wanted = " & ".join(map(_tsquery, terms)), _POSTGRESQL_NEWEST
        connection.exec_driver_sql("SET LOCAL plan_cache_mode = force_custom_plan")
    return list(connection.execute(wanted, {"asked": asked, "most": limit}).scalars())


def parse_words(words: str) -> tuple[Term, ...]:
    """Read what a person searches for; raise UserError where nothing searchable is left."""
    terms = tuple(_read_terms(re.sub("[“”„‟«»]", '"', words)))
    if not terms:
        msg = f"{words[:80]!r} holds no word to search for: write letters or digits"
        raise UserError(msg)
    if sum(len(term.words) for term in terms) > _MOST_WORDS:
        msg = f"that is too much to search for at once: write at most {_MOST_WORDS} words"
        raise UserError(msg)
    return terms


def _read_terms(words: str) -> Iterator[Term]:
    for number, part in enumerate(words.split('"')):
        quoted = number % 2 == 1
        group: list[str] = []
        end = 0
        for word in split_words(part):
            if group and not quoted and not word.joined:
                yield _build_term(group, quoted=quoted, prefix=part.startswith("*", end))
                group = []
            group.extend(_tokens(word.folded))
            end = word.end
        if group:
            yield _build_term(group, quoted=quoted, prefix=part.startswith("*", end))


def _build_term(group: list[str], *, quoted: bool, prefix: bool) -> Term:
    joined = "" if quoted or len(group) == 1 else "".join(group)[:_LONGEST_WORD]
    return Term(tuple(group), prefix, joined)


def _tokens(folded: str) -> list[str]:
    """Split folded text as both indexes do; compatibility forms may fold to several words."""
    return [word[:_LONGEST_WORD] for word in folded.translate(_SEPARATORS).lower().split()]


def _fts5(term: Term) -> str:
    star = " *" if term.prefix else ""
    phrase = f'"{" ".join(term.words)}"{star}'
    return f'({phrase} OR "{term.joined}"{star})' if term.joined else phrase


def _tsquery(term: Term) -> str:
    star = ":*" if term.prefix else ""
    phrase = " <-> ".join(f"'{word}'" for word in term.words) + star
    return f"({phrase} | '{term.joined}'{star})" if term.joined else f"({phrase})"


def _fields(prepared: Prepared) -> Iterator[tuple[str, list[str], str]]:
    """Yield each field's words; compounds that stand nowhere as one word follow, each alone."""
    sections = prepared.text.split("\n")
    for name, section, joined, weight in _FIELDS:
        words = _tokens(sections[section])
        if joined is not None:
            known = {*words, _BAR}
            compounds = dict.fromkeys(_tokens(sections[joined]))
            for compound in compounds:
                if compound not in known:
                    words += (_BAR, compound)
        yield name, words, weight


def _columns(prepared: Prepared) -> dict[str, str]:
    return {name: " ".join(words) for name, words, _ in _fields(prepared)}


def _vector(prepared: Prepared) -> str:
    """Write a tsvector: each word with its places, in single quotes that no word can hold."""
    places: dict[str, list[str]] = {}
    place = 0
    for _, words, weight in _fields(prepared):
        for word in words:
            place += 1
            if word != _BAR:
                places.setdefault(word, []).append(f"{place}{weight}")
        place += 1
    return " ".join(f"'{word}':{','.join(at)}" for word, at in places.items())
