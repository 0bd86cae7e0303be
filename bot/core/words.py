"""Text as the matcher sees it: folded words, one space apart, in sections; and the way back.

A keyword and a paper go through the same folding, so what matching must not mind (case, accents,
hyphens, punctuation) is gone before anything is compared.
"""

import re
import unicodedata
from dataclasses import dataclass
from enum import IntEnum
from functools import lru_cache
from itertools import accumulate
from typing import NamedTuple

from bot.core.editions import Field
from bot.core.latex import to_text
from bot.core.papers import Paper

# Raise it whenever `prepare` gives another result for the same paper: stored papers are then
# prepared anew.
VERSION = 1

# A word is letters and digits with combining marks, apostrophes and decimal points inside, and
# the symbols that belong to it at its end: C++, F#.
_LETTER = r"[^\W_]"
_WORD = re.compile(
    rf"({_LETTER}+(?:[\u0300-\u036f]+{_LETTER}*|(?<=\d)\.(?=\d){_LETTER}+|['’ʼ]{_LETTER}+)*"
    r"(?:\+\+(?!\w)|(?<=\b[A-Za-z])\#(?!\w))?)"
)
# What parts the runs of a section, and what ends it; neither stands in a word.
_BETWEEN = " |"
_END = " \n"
_JOINERS = frozenset("-‐‑–_")
_POSSESSIVE = ("'s", "’s", "ʼs")
_APOSTROPHES = re.compile("['’ʼ]")
_SPELLED = str.maketrans(
    dict(zip("øłđðħıæœþς", ("o", "l", "d", "d", "h", "i", "ae", "oe", "th", "σ"), strict=True))
)
CAPITALS = 2
_PAIR = 2
_AROUND = 4
_NEAR = 2
_LONGEST_COMPOUND = 8
# Nobody writes longer words; what is longer is data, and is compared by its beginning.
LONGEST_WORD = 100


class Section(IntEnum):
    """The parts of a prepared text, in their order; the joined ones hold compounds as one word."""

    TITLE = 0
    ABSTRACT = 1
    TITLE_JOINED = 2
    ABSTRACT_JOINED = 3
    AUTHORS = 4
    COMMENTS = 5


SECTION_FIELDS = {
    Section.TITLE: Field.TITLE,
    Section.ABSTRACT: Field.ABSTRACT,
    Section.TITLE_JOINED: Field.TITLE,
    Section.ABSTRACT_JOINED: Field.ABSTRACT,
    Section.AUTHORS: Field.AUTHORS,
    Section.COMMENTS: Field.COMMENTS,
}


@dataclass(frozen=True, slots=True)
class Prepared:
    """A paper's text, ready to be scanned; made by `prepare`, stored beside the paper.

    `text` is the six sections of `Section`, each on a line of its own, words between single
    spaces. `marks` lists the offsets of words with two capitals or more, as decimal numbers.
    """

    text: str
    marks: str


class Word(NamedTuple):
    """One word of a text: folded, and where it stands there; a tuple, as millions are made.

    `capitals` counts its capital letters; `joined` says that only a hyphen parts it from the word
    before it.
    """

    folded: str
    start: int
    end: int
    capitals: int
    joined: bool


class Place(NamedTuple):
    """A word of a prepared text: its offset there, and the slice of the field it stands for."""

    offset: int
    section: Section
    start: int
    end: int


def fold(word: str) -> str:
    """Fold case, accents and compatibility forms of a word; "Poincaré" and "poincare" are one."""
    if word.isascii():
        return word.lower()
    # Compatibility forms first: a script capital has no small letter of its own.
    plain = unicodedata.normalize("NFKD", word).casefold()
    apart = unicodedata.normalize("NFKD", plain)
    # Some single characters stand for a whole phrase, U+FDFA for one; a word holds no space.
    bare = "".join(c for c in apart if not (unicodedata.combining(c) or c.isspace()))
    # An accent that is written as a letter of its own (U+FF9E) stands for itself.
    return bare.translate(_SPELLED) or word


def split_words(text: str) -> list[Word]:
    """Split plain text into words; offsets are characters of `text`."""
    words: list[Word] = []
    pieces = _WORD.split(text)  # gap, word, gap, word, ..., gap
    start = len(pieces[0])
    gap = ""
    for place in range(1, len(pieces), 2):
        raw = pieces[place]
        end = start + len(raw)
        after = pieces[place + 1]
        following = end + len(after)
        if not raw.isalnum():
            if raw.endswith(_POSSESSIVE):
                raw = raw[:-2]
                end -= 2
            raw = _APOSTROPHES.sub("", raw)
        lower = raw.lower()
        capitals = 0 if raw == lower else sum(map(str.isupper, raw))
        folded = lower if raw.isascii() else fold(raw)
        words.append(Word(folded[:LONGEST_WORD], start, end, capitals, gap in _JOINERS))
        start, gap = following, after
    return words


def prepare(paper: Paper) -> Prepared:
    """Prepare a paper's title, abstract, authors and comments for matching."""
    parts: list[str] = []
    marks: list[str] = []
    length = 0
    for _section, runs in _lay_out(paper):
        for number, run in enumerate(runs):
            if number:
                parts.append(_BETWEEN)
                length += len(_BETWEEN)
            for word in run:
                length += 1
                if word.capitals >= CAPITALS:
                    marks.append(str(length))
                length += len(word.folded)
            parts += [f" {word.folded}" for word in run]
        parts.append(_END)
        length += len(_END)
    return Prepared("".join(parts), " ".join(marks))


@lru_cache(maxsize=512)
def find_places(paper: Paper) -> tuple[Place, ...]:
    """Say which slice of which field each word of `prepare(paper).text` stands for, by offset."""
    places: list[Place] = []
    length = 0
    for section, runs in _lay_out(paper):
        for number, run in enumerate(runs):
            length += len(_BETWEEN) if number else 0
            for word in run:
                places.append(Place(length + 1, section, word.start, word.end))
                length += 1 + len(word.folded)
        length += len(_END)
    return tuple(places)


def _lay_out(paper: Paper) -> tuple[tuple[Section, list[list[Word]]], ...]:
    """Arrange a paper's words in sections; a phrase stays within one run of a section."""
    title = split_words(to_text(paper.title))
    abstract = split_words(to_text(paper.abstract))
    names = []
    offset = 0
    for author in paper.authors:
        name = to_text(author)
        names.append([_shift(word, offset) for word in split_words(name)])
        offset += len(name) + len(", ")
    return (
        (Section.TITLE, [title]),
        (Section.ABSTRACT, [abstract]),
        (Section.TITLE_JOINED, _join_compounds(title)),
        (Section.ABSTRACT_JOINED, _join_compounds(abstract)),
        (Section.AUTHORS, names),
        (Section.COMMENTS, [split_words(to_text(paper.comments))]),
    )


def _shift(word: Word, by: int) -> Word:
    return Word(word.folded, word.start + by, word.end + by, word.capitals, word.joined)


def _join_compounds(words: list[Word]) -> list[list[Word]]:
    """Write hyphenated compounds as one word, with the words around them.

    So "multi-modal reasoning" is found by "multimodal reasoning" too. Where another compound is
    near, each is also joined alone: "open-ended grid-world" holds "ended gridworld". Of compounds
    of three parts and more each neighbouring pair is joined alone: "2d-grid-world maps" holds
    "gridworld maps".
    """
    if not any(word.joined for word in words):
        return []
    units: list[list[Word]] = []
    for word in words:
        if word.joined and len(units[-1]) < _LONGEST_COMPOUND:
            units[-1].append(word)
        else:
            units.append([word])
    compounds = [index for index, unit in enumerate(units) if len(unit) > 1]
    runs: list[list[Word]] = []
    covered = 0
    for index in compounds:
        start = max(index - _AROUND, covered)
        if start > covered or not runs:
            runs.append([])
        covered = min(index + _AROUND + 1, len(units))
        runs[-1].extend(_glue(unit) for unit in units[start:covered])
    starts = [0, *accumulate(map(len, units))]
    for number, index in enumerate(compounds):
        start, stop = starts[index], starts[index + 1]
        near = compounds[max(number - 1, 0) : number + 2]
        if any(0 < abs(other - index) <= _NEAR for other in near):
            runs.append(_join_alone(words, start, stop, _NEAR))
        if stop - start > _PAIR:
            pairs = range(start, stop - 1)
            runs += [_join_alone(words, first, first + _PAIR, 1) for first in pairs]
    return runs


def _join_alone(words: list[Word], start: int, stop: int, around: int) -> list[Word]:
    """Write some words as one, between words as they stand."""
    joined = _glue(words[start:stop])
    return [*words[max(start - around, 0) : start], joined, *words[stop : stop + around]]


def _glue(parts: list[Word]) -> Word:
    if len(parts) == 1:
        return parts[0]
    return Word(
        "".join(part.folded for part in parts),
        parts[0].start,
        parts[-1].end,
        sum(part.capitals for part in parts),
        joined=False,
    )
