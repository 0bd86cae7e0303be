"""What a query is: terms and how they are combined; says nothing of how they are found."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

from bot.core.editions import Field
from bot.core.tokens import cite
from bot.errors import QueryError


class Pattern(NamedTuple):
    """One word of a term: folded, open at an end where a wildcard stood.

    `capitals`: the keyword is in capitals, so the text's word must hold two or more. `joined`:
    only a hyphen parts it from the word before it.
    """

    folded: str
    capitals: bool = False
    open_left: bool = False
    open_right: bool = False
    joined: bool = False


@dataclass(frozen=True, slots=True)
class Phrase:
    """Words that stand side by side; `text` is the keyword as its owner wrote it.

    `field` None means title or abstract.
    """

    text: str
    words: tuple[Pattern, ...]
    field: Field | None = None


@dataclass(frozen=True, slots=True)
class InCategory:
    """Any of a paper's categories; `pattern` is a category, an archive or `archive.*`."""

    text: str
    pattern: str


@dataclass(frozen=True, slots=True)
class HasId:
    """The paper of this base id."""

    text: str
    base_id: str


@dataclass(frozen=True, slots=True)
class Substring:
    """The reference system's rule: `lowered` stands anywhere in title + " " + abstract."""

    text: str
    lowered: str


Term = Phrase | InCategory | HasId | Substring


@dataclass(frozen=True, slots=True)
class AllOf:
    """Every part matches."""

    parts: tuple["Expression", ...]


@dataclass(frozen=True, slots=True)
class AnyOf:
    """At least one part matches."""

    parts: tuple["Expression", ...]


@dataclass(frozen=True, slots=True)
class Not:
    """The term does not match; what is built of terms is negated by `negate`."""

    part: Term


Expression = Term | AllOf | AnyOf | Not


@dataclass(frozen=True, slots=True)
class Query:
    """A query that can be matched: some term of it must hit for it to match."""

    text: str
    expression: Expression


def negate(expression: Expression) -> Expression:
    """Return what holds wherever the expression does not; in it, terms alone are negated."""
    if isinstance(expression, Not):
        return expression.part
    if isinstance(expression, AnyOf):
        return AllOf(tuple(map(negate, expression.parts)))
    if isinstance(expression, AllOf):
        return AnyOf(tuple(map(negate, expression.parts)))
    return Not(expression)


def find_terms(expression: Expression) -> Iterator[tuple[Term, bool]]:
    """Yield every term in the order written, with whether papers should hold it."""
    stack = [expression]
    while stack:
        part = stack.pop()
        if isinstance(part, AllOf | AnyOf):
            stack.extend(reversed(part.parts))
        elif isinstance(part, Not):
            yield part.part, False
        else:
            yield part, True


def find_triggers(expression: Expression) -> frozenset[Term] | None:
    """Return terms of which one at least hits whenever the expression matches; None: none such.

    Of the parts of an AllOf the one with the fewest terms will do.
    """
    if isinstance(expression, AnyOf):
        several = [find_triggers(part) for part in expression.parts]
        found = [each for each in several if each is not None]
        return frozenset().union(*found) if len(found) == len(several) else None
    if isinstance(expression, AllOf):
        candidates = [find_triggers(part) for part in expression.parts]
        return min((each for each in candidates if each is not None), key=len, default=None)
    if isinstance(expression, Not):
        return None
    return frozenset({expression})


def build_query(text: str, expression: Expression) -> Query:
    """Make a query of an expression; raise QueryError where it would match almost everything."""
    if not _needs_a_hit(expression):
        message = (
            f"{cite(text)} would match almost every paper, as leaving out is enough for it: "
            "write a word that papers must hold before each NOT, as in `LLM NOT survey`"
        )
        raise QueryError(text, 1, message)
    return Query(text, expression)


def _needs_a_hit(expression: Expression) -> bool:
    """Whether some term has to hit for the expression to hold."""
    if isinstance(expression, AnyOf):
        return all(map(_needs_a_hit, expression.parts))
    if isinstance(expression, AllOf):
        return any(map(_needs_a_hit, expression.parts))
    return not isinstance(expression, Not)
