"""Phrases as strings that an automaton can find in a prepared text, and what to check of a hit."""

import re
from enum import IntEnum
from functools import lru_cache
from typing import NamedTuple

from bot.core.editions import Field
from bot.core.query import Phrase

# Compounds are written joined where both parts carry meaning; nobody writes "stateof".
_GLUE_WORDS = frozenset(
    (
        *("a", "an", "and", "as", "at", "by", "for", "from", "in", "is", "of", "on", "or", "the"),
        *("to", "via", "vs", "with", "without"),
    )
)
# First parts that arXiv's authors write with a hyphen, a space or joined alike, as counted in
# 30,000 abstracts; only behind these is a joined keyword looked for in two words.
_FIRST_PARTS = re.compile(
    "anti|audio|auto|bi|co|cross|data|deep|down|few|fine|hyper|image|inter|intra|key|large|life|"
    "long|low|macro|meta|micro|mid|multi|nano|neuro|non|open|out|over|photo|point|post|pre|pseudo|"
    "quasi|real|self|semi|sub|super|test|text|time|trans|tri|ultra|un|under|video|web|zero"
)
_SHORTEST_PLURAL = 3
_SHORTEST_SINGULAR = 4
_SHORTEST_REST = 4
_SIBILANTS = ("s", "x", "z", "ch", "sh")
_NEVER_PLURAL = ("ss", "us", "is", "ics", "news", "series", "means", "species")


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


def build_literals(phrase: Phrase) -> list[Literal]:
    """Write out every form of a phrase without inner wildcards: hyphenated, joined, plural."""
    patterns = phrase.words
    people = phrase.field is Field.AUTHORS
    start = "" if patterns[0].open_left else " "
    last = patterns[-1]
    capitals = tuple([word.capitals for word in patterns])
    form = ([word.folded for word in patterns], capitals if True in capitals else ())
    literals: list[Literal] = []
    for words, marked in _join_forms(form, open_left=patterns[0].open_left):
        body = start
        for word in words[:-1]:
            body += word + " "
        offsets = _find_capitals(words, marked, start) if marked else ()
        if last.open_right:
            literals.append(Literal(body + words[-1], Tail.ANY, offsets))
        else:
            for ending, tail in _number_forms(words[-1], last.capitals, people):
                literals.append(Literal(body + ending, tail, offsets))
    return literals


def build_regex(phrase: Phrase) -> tuple[Literal, re.Pattern[str]]:
    """Write a phrase with inner wildcards as its longest fixed word and a regular expression.

    The expression finds the whole phrase, without the spaces around it.
    """
    longest = max(phrase.words, key=lambda word: len(word.folded))
    body = " ".join(
        ("[^ |\n]*" if word.open_left else "")
        + re.escape(word.folded)
        + ("[^ |\n]*" if word.open_right else "")
        for word in phrase.words
    )
    plural = "" if phrase.field is Field.AUTHORS else "(?:e?s)?"
    return Literal(longest.folded, Tail.ANY), re.compile(rf"(?<= ){body}{plural}(?= )")


def has_inner_wildcard(phrase: Phrase) -> bool:
    """Whether a wildcard stands between two words of the phrase."""
    words = phrase.words
    return any(word.open_left for word in words[1:]) or any(word.open_right for word in words[:-1])


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


def _join_forms(form: _Form, *, open_left: bool) -> list[_Form]:
    """Write a phrase with none, each and all of its gaps closed, and known compounds opened."""
    words, capitals = form
    forms = [form]
    if len(words) > 1:
        gaps = [
            gap
            for gap in range(1, len(words))
            if words[gap] not in _GLUE_WORDS and words[gap - 1] not in _GLUE_WORDS
        ]
        forms += [_close(form, gap) for gap in gaps]
        if len(gaps) > 1:
            closed = form
            for gap in reversed(gaps):
                closed = _close(closed, gap)
            forms.append(closed)
    for index, word in enumerate(words):
        parts = _open(word)
        if parts and not (open_left and not index) and not (capitals and capitals[index]):
            opened = [*words[:index], *parts, *words[index + 1 :]]
            marked = capitals and (*capitals[:index], False, *capitals[index:])
            forms.append((opened, marked))
    return forms


def _close(form: _Form, gap: int) -> _Form:
    """Write the words before and behind a gap as one."""
    words, capitals = form
    closed = [*words[: gap - 1], words[gap - 1] + words[gap], *words[gap + 1 :]]
    if not capitals:
        return closed, ()
    either = capitals[gap - 1] or capitals[gap]
    return closed, (*capitals[: gap - 1], either, *capitals[gap + 1 :])


@lru_cache(maxsize=4096)
def _open(word: str) -> tuple[str, ...]:
    """Part a joined compound behind a known first part: "multimodal" is "multi modal"."""
    found = _FIRST_PARTS.match(word)
    if found is None or len(word) - found.end() < _SHORTEST_REST:
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
    plural = _irregular_plural(word)
    if plural:
        forms.append((f"{plural} ", Tail.ANY))
    singular = _singular(word)
    if singular:
        forms.append((f"{singular} ", Tail.ANY))
    return tuple(forms)


def _irregular_plural(word: str) -> str:
    """Return the plural that is more than an added s or es, or ""."""
    if word.endswith("y") and word[-2:-1] not in "aeiou":
        return f"{word[:-1]}ies"
    if word.endswith("sis"):
        return f"{word[:-2]}es"
    if word.endswith(("ix", "ex")):
        return f"{word[:-2]}ices"
    return ""


def _singular(word: str) -> str:
    """Return the singular of a word that is surely a plural, or "".

    Short words are left alone: "news" is not the plural of "new".
    """
    if len(word) <= _SHORTEST_SINGULAR or not word.endswith("s") or word.endswith(_NEVER_PLURAL):
        return ""
    if word.endswith("ies"):
        return f"{word[:-3]}y"
    return word[:-1]
