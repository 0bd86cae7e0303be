"""Where phrases stand in a prepared text: one automaton for all, then a look at each hit."""

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

from ahocorasick_rs import AhoCorasick

from bot.core.editions import Field
from bot.core.patterns import (
    Literal,
    Row,
    Tail,
    build_literals,
    build_rows,
    has_inner_wildcard,
)
from bot.core.plurals import ES_ENDS
from bot.core.query import Phrase
from bot.core.words import SECTION_FIELDS, Prepared, Section

# A phrase without a field is looked for in both.
_TEXT_FIELDS = frozenset({Field.TITLE, Field.ABSTRACT})
_LINE_END = re.compile("\n")


@dataclass(frozen=True, slots=True)
class Span:
    """One hit of one phrase: offsets into the prepared text, of whole words."""

    phrase: int
    start: int
    end: int
    section: Section


class _Check(NamedTuple):
    """What a literal's hit has to pass to be a hit of the phrase of that number."""

    phrase: int
    fields: frozenset[Field]
    literal: Literal
    row: Row | None = None


class _Table:
    """Literals by how much has to be looked at when one is hit.

    `sure` and `plural` hold literals that say all about a phrase without a field or capitals, and
    are by far the most, so each has just a number: that of its phrase, or -1 - n where the phrases
    of `shared[n]` have it in common. `careful` holds all others.
    """

    def __init__(self) -> None:
        self.sure: dict[str, int] = {}
        self.plural: dict[str, int] = {}
        self.shared: list[list[int]] = []
        self.careful: dict[str, list[_Check]] = {}

    def add(self, number: int, phrase: Phrase, fields: frozenset[Field]) -> None:
        """Add every literal of a phrase."""
        if has_inner_wildcard(phrase):
            for row in build_rows(phrase):
                check = _Check(number, fields, Literal(row.literal, Tail.ANY), row)
                self.careful.setdefault(row.literal, []).append(check)
            return
        plain = fields is _TEXT_FIELDS
        for literal in build_literals(phrase):
            text, tail, marked = literal
            if marked or not plain:
                check = _Check(number, fields, literal)
                self.careful.setdefault(text, []).append(check)
                continue
            table = self.plural if tail else self.sure
            known = table.setdefault(text, number)
            if known < 0:
                self.shared[-1 - known].append(number)
            elif known != number:
                self.shared.append([known, number])
                table[text] = -len(self.shared)


class PhraseFinder:
    """Finds many phrases in one pass; `phrases` pairs each with the number to report."""

    def __init__(self, phrases: Iterable[tuple[int, Phrase]]) -> None:
        """Build the automata: one for titles and abstracts, one for authors and comments."""
        main, people = _Table(), _Table()
        for number, phrase in phrases:
            fields = _TEXT_FIELDS if phrase.field is None else frozenset({phrase.field})
            (main if fields <= _TEXT_FIELDS else people).add(number, phrase, fields)
        self._main = _Automaton(main)
        self._people = _Automaton(people)

    def find(self, prepared: Prepared) -> set[int]:
        """Return the numbers of the phrases that a paper holds."""
        main, people = _split(prepared.text)
        found = self._main.find(_View(main, 0, prepared.marks))
        if self._people.is_empty:
            return found
        view = _View(people, Section.AUTHORS, prepared.marks, len(main))
        return found | self._people.find(view)

    def find_spans(self, prepared: Prepared) -> list[Span]:
        """Return every place where a phrase stands."""
        main, people = _split(prepared.text)
        view = _View(people, Section.AUTHORS, prepared.marks, len(main))
        return [
            *self._main.find_spans(_View(main, 0, prepared.marks)),
            *self._people.find_spans(view),
        ]


def _split(text: str) -> tuple[str, str]:
    """Part the sections of titles and abstracts from those of authors and comments."""
    end = -1
    for _section in range(Section.AUTHORS):
        end = text.index("\n", end + 1)
    return text[: end + 1], text[end + 1 :]


class _View:
    """Some sections of one prepared text; what only few hits need is worked out when asked for."""

    __slots__ = ("_ends", "_first", "_marked", "_marks", "_offset", "text")

    def __init__(self, text: str, first: int, marks: str, offset: int = 0) -> None:
        self.text = text
        self._first = first
        self._marks = marks
        self._offset = offset
        self._marked: frozenset[int] | None = None
        self._ends: list[int] = []

    def is_marked(self, place: int) -> bool:
        """Whether the word at this place of the view has two capitals or more."""
        if self._marked is None:
            self._marked = frozenset(map(int, self._marks.split()))
        return place + self._offset in self._marked

    def section_at(self, place: int) -> Section:
        """Return the section that this place of the view lies in."""
        if not self._ends:
            self._ends = [found.end() for found in _LINE_END.finditer(self.text)]
        return Section(self._first + bisect_right(self._ends, place))

    def absolute(self, phrase: int, start: int, end: int) -> Span:
        """Make a span of the whole prepared text."""
        return Span(phrase, start + self._offset, end + self._offset, self.section_at(start))


class _Automaton:
    """The literals of a table, numbered: the sure ones first, then plurals, then careful ones."""

    def __init__(self, table: _Table) -> None:
        self._sure = len(table.sure)
        self._phrases = [*table.sure.values(), *table.plural.values()]
        self._shared = table.shared
        self._checks = list(table.careful.values())
        literals = [*table.sure, *table.plural, *table.careful]
        self._automaton = AhoCorasick(literals) if literals else None

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to find."""
        return self._automaton is None

    def find(self, view: _View) -> set[int]:
        """Return the phrases that stand in the view.

        A day's papers have a million hits where there are many sets, so the usual look stands in
        this one loop.
        """
        if self._automaton is None:
            return set()
        text, sure, plain = view.text, self._sure, len(self._phrases)
        held: set[int] = set()
        found: set[int] = set()
        for literal, start, end in self._automaton.find_matches_as_indexes(text, overlapping=True):
            if literal < sure:
                held.add(literal)
            elif literal < plain:
                after = text[end]
                if after == " " or (after in "es" and _ends_plural(text, end)):
                    held.add(literal)
            else:
                found.update(
                    check.phrase
                    for check in self._checks[literal - plain]
                    if check.phrase not in found and _look(check, view, start, end)
                )
        found.update(map(self._phrases.__getitem__, held))
        several = [number for number in found if number < 0]
        found.difference_update(several)
        return found.union(*[self._shared[-1 - number] for number in several])

    def find_spans(self, view: _View) -> Iterator[Span]:
        """Yield every place at which a phrase stands in the view."""
        if self._automaton is None:
            return
        plain = len(self._phrases)
        for literal, start, end in self._automaton.find_matches_as_indexes(
            view.text, overlapping=True
        ):
            if literal >= plain:
                for check in self._checks[literal - plain]:
                    place = _look(check, view, start, end)
                    if place is not None:
                        yield view.absolute(check.phrase, *place)
            elif literal < self._sure or _tail_holds(view.text, end, Tail.PLURAL):
                first, last = _widen(view.text, start, end)
                number = self._phrases[literal]
                for phrase in (number,) if number >= 0 else self._shared[-1 - number]:
                    yield view.absolute(phrase, first, last)


def _ends_plural(text: str, end: int) -> bool:
    """Whether the word goes on by a plural's ending alone."""
    if text.startswith("s ", end):
        return True
    return text.startswith("es ", end) and text[end - 1] in ES_ENDS


def _tail_holds(text: str, end: int, tail: Tail) -> bool:
    """Whether what follows a hit's last letter is allowed there."""
    return tail is Tail.ANY or text[end] == " " or _ends_plural(text, end)


def _widen(text: str, start: int, end: int) -> tuple[int, int]:
    """Widen a hit to whole words, without the spaces around them."""
    first = start + 1 if text[start] == " " else text.rfind(" ", 0, start) + 1
    return first, text.index(" ", end - 1)


def _look(check: _Check, view: _View, start: int, end: int) -> tuple[int, int] | None:
    """Return where the words of the phrase begin and end, if a literal's hit is one of it."""
    if check.row is not None:
        place = _compare(check.row, view, start, end)
    elif _tail_holds(view.text, end, check.literal.tail) and _marks_hold(
        check.literal, view, start
    ):
        place = _widen(view.text, start, end)
    else:
        place = None
    if place is None or check.fields is _TEXT_FIELDS:
        return place
    return place if SECTION_FIELDS[view.section_at(start)] in check.fields else None


def _marks_hold(literal: Literal, view: _View, start: int) -> bool:
    """Whether the words that a literal wants in capitals have two capitals or more."""
    return all(
        view.is_marked(view.text.rfind(" ", 0, start) + 1 if offset < 0 else start + offset)
        for offset in literal.capitals
    )


def _compare(row: Row, view: _View, start: int, end: int) -> tuple[int, int] | None:
    """Compare words one by one, forwards from the one in which a hit lies, then backwards."""
    text = view.text
    anchor, after = _widen(text, start, end)
    first, last = anchor, after
    for index in range(row.anchor, len(row.words)):
        if index > row.anchor:
            anchor, after = last + 1, text.find(" ", last + 1)
            last = after
        if not _fits(row, index, view, anchor, after):
            return None
    for index in range(row.anchor - 1, -1, -1):
        anchor, after = text.rfind(" ", 0, first - 1) + 1, first - 1
        first = anchor
        if not _fits(row, index, view, anchor, after):
            return None
    return first, last


def _fits(row: Row, index: int, view: _View, start: int, end: int) -> bool:
    """Whether the text's word between `start` and `end` is the row's word of that index."""
    wanted = row.words[index]
    body = wanted.strip("*")
    word = view.text[start:end]
    if row.capitals[index] and not view.is_marked(start):
        return False
    if wanted.endswith("*"):
        return body in word if wanted.startswith("*") else word.startswith(body)
    forms = [body]
    if row.plural and index == len(row.words) - 1:
        forms += [f"{body}s", f"{body}es"] if body[-1] in ES_ENDS else [f"{body}s"]
    return word.endswith(tuple(forms)) if wanted.startswith("*") else word in forms
