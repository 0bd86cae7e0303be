"""Query text and keyword sets -> Query; every refusal has a position and says what would work."""

import re
from collections.abc import Callable
from functools import lru_cache

from bot.core import taxonomy
from bot.core.keyword_sets import KeywordSet, MatchMode
from bot.core.latex import to_text
from bot.core.papers import ArxivId
from bot.core.query import (
    AllOf,
    AnyOf,
    Expression,
    HasId,
    InCategory,
    Not,
    Pattern,
    Phrase,
    Query,
    Substring,
    build_query,
)
from bot.core.tokens import FIELDS, OPERATORS, Token, split_tokens
from bot.core.words import CAPITALS, Word, split_words
from bot.errors import QueryError, UserError

DEEPEST_NESTING = 50
SHORTEST_STEM = 2

_OPERATOR = re.compile(r"(?<!\S)(?:AND|OR|NOT)(?!\S)")
# Nothing in such a keyword means anything but itself; by far most keywords are so.
_PLAIN = re.compile(r"[\w\s.,/&+#'’–-]+")
# Words that need no splitting into more than space and hyphen part: the same, but quicker.
_SIMPLE = re.compile(r"[A-Za-z0-9 -]+")


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
        if not keyword_set.keywords:
            message = f"set {keyword_set.name!r} has no keywords: add one or a query"
            raise QueryError(keyword_set.name, 1, message)
        alternatives = tuple(
            _combine(AllOf, tuple(parse_keyword(part, keyword_set.match) for part in parts))
            for parts in keyword_set.keywords
        )
        wanted = _combine(AnyOf, alternatives)
        text = " OR ".join(keyword_set.summary.keywords)
    if keyword_set.exclude:
        unwanted = tuple(
            Not(parse_keyword(part, keyword_set.match)) for part in keyword_set.exclude
        )
        wanted = AllOf((wanted, *unwanted))
    return build_query(text, wanted)


def parse_keyword(text: str, match: MatchMode = MatchMode.WORDS) -> Expression:
    """Read one keyword of a set: a phrase, with a field before it where wanted; no operators."""
    if match is MatchMode.SUBSTRING:
        if not text.strip():
            raise QueryError(text, 1, "an empty keyword would match everything: remove it")
        return Substring(text, text.lower())
    if _PLAIN.fullmatch(text) and not _OPERATOR.search(text):
        words = build_patterns(text)
        if words:
            return Phrase(text.strip(), words)
    for token in split_tokens(text):
        if token.kind in (*OPERATORS, "(", ")"):
            message = (
                f"{text!r} holds `{token.text}` at position {token.position}: a keyword is plain "
                "words; write `query = ...` for operators and brackets"
            )
            raise QueryError(text, token.position, message)
    return _Parser(text).parse()


def build_patterns(text: str) -> tuple[Pattern, ...]:
    """Make the patterns of plain words without wildcards."""
    if _SIMPLE.fullmatch(text):
        return tuple([_build_pattern(word) for word in text.replace("-", " ").split()])
    return tuple(Pattern(word.folded, is_in_capitals(word, text)) for word in split_words(text))


@lru_cache(maxsize=65_536)
def _build_pattern(word: str) -> Pattern:
    """Make the pattern of one word of ASCII letters and digits."""
    return Pattern(word.lower(), word.isupper() and sum(map(str.isupper, word)) >= CAPITALS)


def is_in_capitals(word: Word, text: str) -> bool:
    """Whether a word of `text` has two letters or more, all of them capitals."""
    return word.capitals >= CAPITALS and text[word.start : word.end].isupper()


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
            raise self._fault(1, "the query is empty: write the words that papers must hold")
        expression = self._read_any()
        token = self._peek()
        if token.kind == ")":
            raise self._fault(
                token.position,
                f"the bracket at position {token.position} closes nothing: remove it",
            )
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
                raise self._fault(
                    token.position,
                    f"`{token.text}` at position {token.position} follows without an operator: "
                    "put AND or OR before it",
                )
            elif token.kind != "NOT":
                return _combine(AllOf, tuple(parts))
            parts.append(self._read_one())

    def _read_one(self) -> Expression:
        token = self._take()
        if token.kind == "NOT":
            return Not(self._nest(self._read_one))
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
        if before is not None and before.kind in OPERATORS:
            if token.kind == "end":
                return self._fault(
                    at,
                    f"`{self.text.strip()}` ends with an operator at position {at}: "
                    "add a word after it",
                )
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
        if token.kind == ")":
            return self._fault(
                at, f"there is nothing in the bracket before position {at}: add a word"
            )
        return self._fault(at, f"a word is missing at position {at}: add it")

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

    def _read_field(self, token: Token) -> Expression:
        following = self._peek()
        if following.kind == "(":
            if self.field:
                raise self._fault(
                    token.position,
                    f"`{token.text}:` at position {token.position} stands inside "
                    f"`{self.field}:(...)`: a word has one field",
                )
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
        outer, self.field = self.field, token.text
        expression = self._read_phrase()
        self.field = outer
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
        words = [word for piece in pieces for word in self._read_words(piece, field)]
        shown = " ".join(piece.text for piece in pieces)
        if field:
            return Phrase(f"{field}:{shown}", tuple(words), FIELDS[field])
        return Phrase(shown, tuple(words))

    def _read_whole(self, token: Token, field: str) -> Expression:
        """Read a category or an id, which is compared as a whole."""
        at, value = token.position, token.text.strip()
        if field == "id":
            try:
                return HasId(f"id:{value}", ArxivId.parse(value).base)
            except UserError as error:
                raise self._fault(at, f"position {at}: {error}") from error
        archive = re.sub(r"\.?\*$", "", value)
        if archive != value and archive.lower() in taxonomy.ARCHIVES:
            return InCategory(f"cat:{value}", f"{archive.lower()}.*")
        if not taxonomy.is_known(value):
            close = taxonomy.nearest(value)
            meant = f"did you mean `cat:{close}`?" if close else "write it like `cat:cs.CV`"
            raise self._fault(at, f"{value!r} at position {at} is not an arXiv category: {meant}")
        return InCategory(f"cat:{value}", taxonomy.canonical(value))

    def _read_words(self, token: Token, field: str) -> list[Pattern]:
        """Turn a piece of text into patterns, wildcards at their ends."""
        text = to_text(token.text)
        patterns: list[Pattern] = []
        stars = {i for i, character in enumerate(text) if character == "*"}
        for word in split_words(text):
            left, right = word.start - 1 in stars, word.end in stars
            if left and patterns and word.start > 1 and text[word.start - 2].isalnum():
                at = token.position + word.start - 1
                raise self._fault(
                    at,
                    f"the wildcard at position {at} is inside a word: "
                    "it can stand at a word's start or end",
                )
            stars -= {word.start - 1, word.end}
            if (left or right) and len(word.folded) < SHORTEST_STEM:
                at = token.position + word.start
                raise self._fault(
                    at,
                    f"`{token.text}` at position {at} would match almost every paper: "
                    f"a wildcard needs at least {SHORTEST_STEM} letters beside it",
                )
            capitals = field != "au" and is_in_capitals(word, text)
            patterns.append(Pattern(word.folded, capitals, left, right))
        if stars:
            at = token.position + min(stars)
            raise self._fault(
                at, f"the wildcard at position {at} stands alone: put it at a word's start or end"
            )
        if not patterns:
            at = token.position
            raise self._fault(
                at, f"`{token.text}` at position {at} has no letters or digits to look for"
            )
        return patterns
