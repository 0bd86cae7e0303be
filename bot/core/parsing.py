"""Query text and keyword sets -> Query; every refusal has a position and says what would work."""

import re
from collections.abc import Callable

from bot.core import taxonomy
from bot.core.keyword_sets import KeywordSet, MatchMode
from bot.core.papers import ArxivId
from bot.core.phrasing import LONGEST_PHRASE, build_patterns, name_singular, read_patterns
from bot.core.query import (
    AllOf,
    AnyOf,
    Expression,
    HasId,
    InCategory,
    Phrase,
    Query,
    Substring,
    build_query,
    negate,
)
from bot.core.tokens import FIELD, FIELDS, OPERATORS, Token, check_length, cite, split_tokens
from bot.errors import QueryError, UserError

DEEPEST_NESTING = 50

_OPERATOR = re.compile(r"(?<!\S)(?:AND|OR|NOT)(?!\S)")
# Nothing in such a keyword means anything but itself; by far most keywords are so.
_PLAIN = re.compile(r"(?:[\w\s.,;!?/&+#'’–-]|:(?=\s|$))+")


def parse_query(text: str) -> Query:
    """Read a query; raise QueryError with the 1-based position of the fault and what would work.

    Grammar, loosest first: OR, AND, NOT, brackets; words without an operator between them are one
    phrase, and a field (`ti: abs: au: cat: comment: id:`) holds for the phrase behind it.
    """
    return build_query(text, _Parser(text).parse())


def parse_set(keyword_set: KeywordSet) -> Query:
    """Read a keyword set's keywords or query, and what it excludes, into one query.

    Raise QueryError for the first keyword that cannot be read.
    """
    wanted: Expression
    if keyword_set.query:
        wanted = parse_query(keyword_set.query).expression
        text = keyword_set.query
    else:
        if not keyword_set.keywords or () in keyword_set.keywords:
            message = f"set {keyword_set.name!r} lacks a keyword: add one, or a query"
            raise QueryError(keyword_set.name, 1, message)
        alternatives = tuple(
            _combine(AllOf, tuple(parse_keyword(part, keyword_set.match) for part in parts))
            for parts in keyword_set.keywords
        )
        wanted = _combine(AnyOf, alternatives)
        text = " OR ".join(keyword_set.summary.keywords)
    if keyword_set.exclude:
        unwanted = tuple(
            negate(parse_keyword(part, keyword_set.match)) for part in keyword_set.exclude
        )
        wanted = AllOf((wanted, *unwanted))
    return build_query(text, wanted)


def parse_keyword(text: str, match: MatchMode = MatchMode.WORDS) -> Expression:
    """Read one keyword of a set: a phrase, with a field before it where wanted; no operators."""
    if not text.strip():
        raise QueryError(text, 1, "an empty keyword would match everything: remove it")
    check_length(text)
    if match is MatchMode.SUBSTRING:
        return Substring(text, text.lower())
    if _PLAIN.fullmatch(text) and not _OPERATOR.search(text) and not FIELD.search(text):
        words = build_patterns(text)
        if 0 < len(words) <= LONGEST_PHRASE:
            bare = text.strip()
            return Phrase(bare, name_singular(bare, words))
    for token in split_tokens(text):
        if token.kind in (*OPERATORS, "(", ")"):
            message = (
                f"{cite(text)} holds `{token.text}` at position {token.position}: a keyword is "
                "plain words; write a query for operators and brackets, or quotes around it"
            )
            raise QueryError(text, token.position, message)
    return _Parser(text).parse()


def _combine(kind: type[AllOf] | type[AnyOf], parts: tuple[Expression, ...]) -> Expression:
    return parts[0] if len(parts) == 1 else kind(parts)


class _Parser:
    """Recursive descent over the tokens of one query."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.tokens = split_tokens(text)
        self.place = 0
        self.depth = 0
        self.open: list[int] = []
        self.field = ""

    def parse(self) -> Expression:
        """Read the whole query."""
        if not self.tokens:
            raise self._fault(1, "the query is empty: write words that papers must hold")
        expression = self._read_any()
        token = self._peek()
        if token.kind == ")":
            raise self._unopened(token.position)
        return expression

    def _peek(self) -> Token:
        if self.place < len(self.tokens):
            return self.tokens[self.place]
        return Token("end", "", len(self.text.rstrip()) + 1)

    def _take(self) -> Token:
        token = self._peek()
        self.place += 1
        return token

    def _fault(self, position: int, message: str) -> QueryError:
        return QueryError(self.text, position, message)

    def _read_any(self) -> Expression:
        parts = [self._read_all()]
        while self._peek().kind == "OR":
            self._take()
            parts.append(self._read_all())
        return _combine(AnyOf, tuple(parts))

    def _read_all(self) -> Expression:
        parts = [self._read_one()]
        while True:
            token = self._peek()
            if token.kind == "AND":
                self._take()
            elif token.kind in ("text", "field", "("):
                shown = cite(f"{token.text}:" if token.kind == "field" else token.text)
                raise self._fault(
                    token.position,
                    f"{shown} at position {token.position} follows without an operator: "
                    "put AND or OR before it",
                )
            elif token.kind != "NOT":
                return _combine(AllOf, tuple(parts))
            parts.append(self._read_one())

    def _read_one(self) -> Expression:
        token = self._take()
        if token.kind == "NOT":
            return negate(self._nest(self._read_one))
        if token.kind == "(":
            return self._read_bracket(token)
        if token.kind == "field":
            return self._read_field(token)
        if token.kind == "text":
            self.place -= 1
            return self._read_phrase()
        raise self._missing(token)

    def _nest(self, read: Callable[[], Expression]) -> Expression:
        self.depth += 1
        if self.depth > DEEPEST_NESTING:
            position = self._peek().position
            raise self._fault(
                position,
                f"brackets and NOTs are nested more than {DEEPEST_NESTING} deep at position "
                f"{position}: write it flatter",
            )
        expression = read()
        self.depth -= 1
        return expression

    def _missing(self, token: Token) -> QueryError:
        """Say what is missing where `token` stands instead of a term."""
        if token.kind == "end" and self.open:
            return self._unclosed()
        before = self.tokens[self.place - 2] if self.place > 1 else None
        at = token.position
        if token.kind == "end":
            return self._fault(
                at,
                f"{cite(self.text.strip())} ends with an operator at position {at}: "
                "add a word after it",
            )
        if before is not None and before.kind in OPERATORS:
            return self._fault(
                at,
                f"`{before.text}` is followed by `{token.text}` at position {at}: "
                "put a word between them",
            )
        if token.kind in ("AND", "OR"):
            return self._fault(
                at,
                f"`{token.text}` at position {at} has nothing before it: add a word, "
                f'or write "{token.text.lower()}" in quotes to look for the word',
            )
        if self.open:
            return self._fault(
                at, f"there is nothing in the bracket before position {at}: add a word"
            )
        return self._unopened(at)

    def _read_bracket(self, opening: Token) -> Expression:
        self.open.append(opening.position)
        expression = self._nest(self._read_any)
        if self._take().kind != ")":
            raise self._unclosed()
        self.open.pop()
        return expression

    def _unclosed(self) -> QueryError:
        position = self.open[-1]
        return self._fault(position, f"the bracket at position {position} is never closed: add )")

    def _unopened(self, position: int) -> QueryError:
        return self._fault(
            position, f"the bracket at position {position} closes nothing: remove it"
        )

    def _read_field(self, token: Token) -> Expression:
        following = self._peek()
        if self.field:
            raise self._fault(
                token.position,
                f"`{token.text}:` at position {token.position} stands inside "
                f"`{self.field}:(...)`: a word has one field, so remove one of them",
            )
        if following.kind == "(":
            self.field = token.text
            expression = self._read_bracket(self._take())
            self.field = ""
            return expression
        if following.kind != "text":
            raise self._fault(
                following.position,
                f"`{token.text}:` has nothing to look for at position {following.position}: "
                "write the word right behind the colon",
            )
        self.field = token.text
        expression = self._read_phrase()
        self.field = ""
        return expression

    def _read_phrase(self) -> Expression:
        """Read texts without an operator between them as one phrase of the field in force."""
        field = self.field
        first = self._take()
        if field in ("cat", "id"):
            return self._read_whole(first, field)
        pieces = [first]
        while self._peek().kind == "text":
            pieces.append(self._take())
        words = tuple(
            word
            for piece in pieces
            for word in read_patterns(self.text, piece, people=field == "au")
        )
        if len(words) > LONGEST_PHRASE:
            raise self._fault(
                first.position,
                f"the phrase at position {first.position} has {len(words)} words and at most "
                f"{LONGEST_PHRASE} can be read: put AND between parts of it",
            )
        shown = " ".join(piece.text.strip() for piece in pieces)
        if field != "au":
            words = name_singular(pieces[-1].text.strip(), words)
        if field:
            return Phrase(f"{field}:{shown}", words, FIELDS[field])
        return Phrase(shown, words)

    def _read_whole(self, token: Token, field: str) -> Expression:
        """Read a category or an id, which is compared as a whole."""
        at, value = token.position, token.text.strip()
        if field == "id":
            try:
                return HasId(f"id:{value}", ArxivId.parse(value).base)
            except UserError as error:
                message = (
                    f"{cite(value)} at position {at} is not an arXiv id: "
                    "write it like `id:2512.03874` or `id:hep-th/9901001`"
                )
                raise self._fault(at, message) from error
        archive = re.sub(r"\.?\*$", "", value)
        if archive != value and archive.lower() in taxonomy.ARCHIVES:
            return InCategory(f"cat:{value}", f"{archive.lower()}.*")
        if not taxonomy.is_known(value):
            close = taxonomy.nearest(value)
            meant = f"did you mean `cat:{close}`?" if close else "write it like `cat:cs.CV`"
            raise self._fault(
                at, f"{cite(value)} at position {at} is not an arXiv category: {meant}"
            )
        return InCategory(f"cat:{value}", taxonomy.canonical(value))
