"""Phrases as strings that an automaton can find in a prepared text, and what to check of a hit."""

import re
from enum import IntEnum
from functools import lru_cache
from itertools import combinations
from typing import NamedTuple

from bot.core.editions import Field
from bot.core.plurals import find_plural, find_singulars
from bot.core.query import Pattern, Phrase

# Between words the gap is closed where both carry meaning: nobody writes "stateof". Where the
# keyword has a hyphen it is always closed: "on-line" is "online".
_GLUE_WORDS = frozenset(
    (
        *("a", "an", "and", "as", "at", "by", "for", "from", "in", "is", "of", "on", "or", "the"),
        *("to", "via", "vs", "with", "without"),
    )
)
# First parts behind which a joined keyword is looked for in two words as well. Counted in titles
# and abstracts of 30,000 papers: two second parts or more, of four letters or more, stand behind
# each with a hyphen, with a space and joined; all of them with a space in three texts or more,
# and joined in four or more. Left out: above, any, by, in, on, over and well, which stand before
# any word, and what means something else apart ("frame works", "high light").
_FIRST_PART = re.compile(
    "back|bert|bit|change|cross|data|deep|down|ego|end|fine|free|game|graph|human|image|inter|key|"
    "large|lip|long|look|low|meta|multi|non|point|post|pre|pseudo|real|role|run|semi|side|step|"
    "sub|super|swin|time|ultra|under|up|video|view|web"
)
# A phrase of five words is written in every way; of a longer one, with the fewest changes.
_MOST_FORMS = 16
_SHORTEST_PLURAL = 3
_SHORTEST_REST = 4
_STAR = "*"


class Tail(IntEnum):
    """What may follow the last letter of a literal: nothing to look at, or a plural's end."""

    ANY = 0
    PLURAL = 1


class Literal(NamedTuple):
    """A string to find in a prepared text, and what makes the place a hit.

    `capitals` are the offsets, from the start of `text`, of words that must be marked; -1 is the
    word that the hit begins in the middle of (behind a leading wildcard).
    """

    text: str
    tail: Tail
    capitals: tuple[int, ...] = ()


class Row(NamedTuple):
    """Words side by side, wildcards among them, to compare one by one where `literal` stands.

    `words` keep their wildcards; `literal` is found in the one at `anchor`. `plural`: the last may
    have a plural's end. `capitals` says which must be marked.
    """

    literal: str
    anchor: int
    words: tuple[str, ...]
    plural: bool
    capitals: tuple[bool, ...]


def build_literals(phrase: Phrase) -> list[Literal]:
    """Write out every form of a phrase without inner wildcards: hyphenated, joined, plural."""
    patterns = phrase.words
    people = phrase.field is Field.AUTHORS
    start = "" if patterns[0].open_left else " "
    last = patterns[-1]
    capitals = tuple([word.capitals for word in patterns])
    form = ([word.folded for word in patterns], capitals if True in capitals else ())
    whole = last.folded
    endings = (
        ((whole, Tail.ANY),) if last.open_right else _number_forms(whole, last.capitals, people)
    )
    literals: list[Literal] = []
    for words, marked in _write_forms(form, patterns):
        body = start + " ".join(words)
        offsets = _find_capitals(words, marked, start) if marked else ()
        if words[-1].endswith(whole):
            # Joined or not, its last part is what has a plural; there are few last parts.
            body = body.removesuffix(whole)
            forms = endings
        else:
            body = body.removesuffix(words[-1])
            forms = _number_forms(words[-1], last.capitals, people)
            if last.open_right:
                forms = ((words[-1], Tail.ANY),)
        literals += [Literal(body + ending, tail, offsets) for ending, tail in forms]
    return literals


def build_rows(phrase: Phrase) -> list[Row]:
    """Write out every form of a phrase with inner wildcards."""
    people = phrase.field is Field.AUTHORS
    form = (
        [
            _STAR * pattern.open_left + pattern.folded + _STAR * pattern.open_right
            for pattern in phrase.words
        ],
        tuple([pattern.capitals for pattern in phrase.words]),
    )
    rows: list[Row] = []
    for words, capitals in _write_forms(form, phrase.words):
        last = words[-1]
        endings: tuple[tuple[str, Tail], ...] = ((last, Tail.ANY),)
        if not last.endswith(_STAR):
            endings = _number_forms(last, phrase.words[-1].capitals, people)
        for ending, tail in endings:
            written = (*words[:-1], ending.rstrip())
            anchor = max(range(len(written)), key=lambda index: len(written[index].strip(_STAR)))
            literal = written[anchor].strip(_STAR)
            if not written[anchor].startswith(_STAR):
                literal = f" {literal}"
            rows.append(Row(literal, anchor, written, tail is Tail.PLURAL, capitals))
    return rows


def has_inner_wildcard(phrase: Phrase) -> bool:
    """Whether a wildcard stands between two words of the phrase."""
    words = phrase.words
    return True in [word.open_left for word in words[1:]] or True in [
        word.open_right for word in words[:-1]
    ]


# The words of a phrase in one way of writing it, and which are in capitals; () if none is.
_Form = tuple[list[str], tuple[bool, ...]]


def _find_capitals(words: list[str], capitals: tuple[bool, ...], start: str) -> tuple[int, ...]:
    """Return the offsets at which words in capitals begin; see Literal."""
    offset = len(start)
    offsets = []
    for index, word in enumerate(words):
        if capitals[index]:
            offsets.append(offset if index or start else -1)
        offset += len(word) + 1
    return tuple(offsets)


def _write_forms(form: _Form, patterns: tuple[Pattern, ...]) -> list[_Form]:
    """Write a phrase in every way: gaps closed, known compounds opened; the fewest changes first.

    A change is a gap's number, or the complement of a compound's: ~0 opens the first word.
    """
    changes: list[int] = []
    opened: list[int] = []
    before = None
    for index, pattern in enumerate(patterns):
        word = pattern.folded
        if (
            before is not None
            and (pattern.joined or (word not in _GLUE_WORDS and before.folded not in _GLUE_WORDS))
            and not (pattern.open_left or before.open_right)
        ):
            changes.append(index)
        if _open(word) and not (pattern.open_left or pattern.capitals):
            opened.append(~index)
        before = pattern
    forms = [form]
    if not opened and len(changes) <= 1:
        return forms + [_close(form, gap) for gap in changes]
    changes += opened
    for number in range(1, len(changes) + 1):
        for chosen in combinations(changes, number):
            if len(forms) == _MOST_FORMS:
                return forms
            if not any(~gap in chosen or ~(gap - 1) in chosen for gap in chosen if gap > 0):
                forms.append(_rewrite(form, chosen))
    return forms


def _rewrite(form: _Form, changes: tuple[int, ...]) -> _Form:
    """Make several changes to a form, from its end to its start, so that numbers stay right."""
    for change in sorted(changes, key=lambda each: max(each, ~each), reverse=True):
        form = _close(form, change) if change > 0 else _part(form, ~change)
    return form


def _close(form: _Form, gap: int) -> _Form:
    """Write the words before and behind a gap as one."""
    words, capitals = form
    closed = [*words[: gap - 1], words[gap - 1] + words[gap], *words[gap + 1 :]]
    if not capitals:
        return closed, ()
    either = capitals[gap - 1] or capitals[gap]
    return closed, (*capitals[: gap - 1], either, *capitals[gap + 1 :])


def _part(form: _Form, index: int) -> _Form:
    """Write a compound as two words."""
    words, capitals = form
    parted = [*words[:index], *_open(words[index]), *words[index + 1 :]]
    return parted, capitals and (*capitals[:index], False, *capitals[index:])


@lru_cache(maxsize=4096)
def _open(word: str) -> tuple[str, ...]:
    """Part a joined compound behind a known first part: "multimodal" is "multi modal"."""
    found = _FIRST_PART.match(word)
    if found is None or len(word.rstrip(_STAR)) - found.end() < _SHORTEST_REST:
        return ()
    return (found.group(), word[found.end() :])


@lru_cache(maxsize=4096)
def _number_forms(
    word: str,
    capitals: bool,  # noqa: FBT001 - a cached function's keywords are slow
    people: bool,  # noqa: FBT001
) -> tuple[tuple[str, Tail], ...]:
    """Return the endings of a literal that count as its last word: itself, plural, singular.

    An ending with a space behind it needs no further look.
    """
    if people or not word[-1].isalnum() or not (len(word) >= _SHORTEST_PLURAL or capitals):
        return ((f"{word} ", Tail.ANY),)
    forms = [(word, Tail.PLURAL)]
    plural = find_plural(word)
    if plural:
        forms.append((f"{plural} ", Tail.ANY))
    # "ATLAS" is no plural; "LLMs" came as the singular.
    singulars = () if capitals else find_singulars(word)
    return (*forms, *[(f"{singular} ", Tail.ANY) for singular in singulars])
