"""Many queries over many papers: one pass over each paper's text, then the boolean part."""

from collections.abc import Callable, Sequence

from ahocorasick_rs import AhoCorasick

from bot.core import taxonomy
from bot.core.finding import PhraseFinder
from bot.core.papers import Paper
from bot.core.query import (
    AllOf,
    AnyOf,
    Expression,
    InCategory,
    Not,
    Phrase,
    Query,
    Substring,
    Term,
    find_triggers,
)
from bot.core.words import Prepared

_Test = Callable[[set[int]], bool]


class Matcher:
    """An automaton over every term of many queries; build it once, use it for every paper."""

    def __init__(self, queries: Sequence[Query]) -> None:
        """Compile the queries; `match` names them by their index."""
        self.queries = tuple(queries)
        self.terms: dict[Term, int] = {}
        # By term: the queries that it settles alone, and those whose test it calls for.
        self._settles: list[list[int]] = []
        self._calls: dict[int, list[int]] = {}
        self._tests: dict[int, _Test] = {}
        for index, query in enumerate(self.queries):
            self._add_query(index, query.expression)
        phrases: list[tuple[int, Phrase]] = []
        substrings: dict[str, list[int]] = {}
        self._by_category: dict[str, list[int]] = {}
        self._by_id: dict[str, list[int]] = {}
        for term, number in self.terms.items():
            if isinstance(term, Phrase):
                phrases.append((number, term))
            elif isinstance(term, Substring):
                substrings.setdefault(term.lowered, []).append(number)
            elif isinstance(term, InCategory):
                self._by_category.setdefault(term.pattern, []).append(number)
            else:
                self._by_id.setdefault(term.base_id, []).append(number)
        self.finder = PhraseFinder(phrases)
        self._substring_terms = tuple(substrings.values())
        self._substrings = AhoCorasick(list(substrings)) if substrings else None

    def match(self, paper: Paper, prepared: Prepared) -> set[int]:
        """Return the indexes of the queries that a paper matches."""
        held = self.find_held(paper, prepared)
        settles, calls = self._settles, self._calls
        matched: set[int] = set().union(*[settles[term] for term in held if settles[term]])
        called: set[int] = set().union(*[calls[term] for term in held & calls.keys()])
        called -= matched
        tests = self._tests
        matched.update(index for index in called if tests[index](held))
        return matched

    def find_held(self, paper: Paper, prepared: Prepared) -> set[int]:
        """Return the numbers of all terms that a paper holds."""
        held = self.finder.find(prepared)
        if self._by_category:
            for pattern, numbers in self._by_category.items():
                if any(taxonomy.matches(pattern, category) for category in paper.categories):
                    held.update(numbers)
        held.update(self._by_id.get(paper.base_id, ()))
        if self._substrings is not None:
            raw = f"{paper.title} {paper.abstract}".lower()
            for literal in {
                hit[0] for hit in self._substrings.find_matches_as_indexes(raw, overlapping=True)
            }:
                held.update(self._substring_terms[literal])
        return held

    def _add_query(self, index: int, expression: Expression) -> None:
        """Note which terms settle a query and which only call for its test."""
        rest: list[AllOf | AnyOf | Not] = []
        for part in expression.parts if isinstance(expression, AnyOf) else (expression,):
            if isinstance(part, AllOf | AnyOf | Not):
                rest.append(part)
            else:
                self._settles[self._number(part)].append(index)
        if not rest:
            return
        remainder = AnyOf(tuple(rest)) if len(rest) > 1 else rest[0]
        triggers = find_triggers(remainder)
        for term in triggers or ():
            self._calls.setdefault(self._number(term), []).append(index)
        self._tests[index] = self._compile(remainder)

    def _number(self, term: Term) -> int:
        """Return a term's number; equal terms share one."""
        number = self.terms.setdefault(term, len(self._settles))
        if number == len(self._settles):
            self._settles.append([])
        return number

    def _compile(self, expression: AllOf | AnyOf | Not) -> _Test:
        """Make a function of an expression; plain lists of terms become set operations."""
        if isinstance(expression, Not):
            absent = self._number(expression.part)
            return lambda held: absent not in held
        terms = frozenset(
            self._number(part)
            for part in expression.parts
            if not isinstance(part, AllOf | AnyOf | Not)
        )
        tests = [
            self._compile(part)
            for part in expression.parts
            if isinstance(part, AllOf | AnyOf | Not)
        ]
        if isinstance(expression, AnyOf):
            return lambda held: not terms.isdisjoint(held) or any(test(held) for test in tests)
        return lambda held: terms <= held and all(test(held) for test in tests)
