"""The rules of product.md, "Matching", as slowly and plainly as they can be written.

A keyword is compared with every run of a text's words. Nothing here is shared with the program.
"""

import unicodedata
from collections.abc import Iterator
from itertools import pairwise, product
from typing import NamedTuple

HYPHENS = "-–_"
FUNCTION_WORDS = {"of", "in", "the"}
# Of all first parts behind which a joined keyword is also looked for in two words, those that the
# vocabulary below has.
OPENED = {"multiagent": ("multi", "agent"), "underwater": ("under", "water")}
PLURALS = {"analysis": "analyses"}


class Word(NamedTuple):
    """A word as it was written, and what parts it from the one before."""

    written: str
    gap: str

    @property
    def folded(self) -> str:
        apart = unicodedata.normalize("NFD", self.written.lower())
        return "".join(char for char in apart if not unicodedata.combining(char))

    @property
    def capitals(self) -> int:
        return sum(char.isupper() for char in self.written)

    @property
    def hyphenated(self) -> bool:
        return len(self.gap) == 1 and self.gap in HYPHENS


class Wanted(NamedTuple):
    """A word of a keyword; `tied`: only a hyphen or nothing parts it from the one before."""

    folded: str
    in_capitals: bool
    left: bool
    right: bool
    tied: bool
    parted: bool = False


def split(text: str) -> list[Word]:
    """Split a text where neither letters nor digits stand; a possessive is not of the word."""
    words: list[Word] = []
    written = gap = ""
    for char in f"{text.replace(chr(39) + 's', '')} ":
        if char.isalnum() or unicodedata.combining(char):
            written += char
        else:
            if written:
                words.append(Word(written, gap))
                written = gap = ""
            gap += char
    return words


def holds(text: str, keyword: str) -> bool:
    """Whether a text holds a keyword."""
    words = split(text)
    return any(
        _follow(wanted, words[start:]) for wanted in _read(keyword) for start in range(len(words))
    )


def _read(keyword: str) -> Iterator[list[Wanted]]:
    """Read a keyword, and again with each of its known compounds in two words."""
    words = split(keyword.replace("*", "\u2468"))  # a sign that counts as a digit
    choices = []
    for place, word in enumerate(words):
        bare = word.written.strip("\u2468")
        left, right = word.written[0] == "\u2468", word.written[-1] == "\u2468"
        stem = bare.removesuffix("s")
        if place == len(words) - 1 and bare != stem and _in_capitals(stem) and not right:
            bare = stem
        tied = word.hyphenated
        folded = Word(bare, "").folded
        one = Wanted(folded, _in_capitals(bare), left, right, tied)
        options = [[one]]
        if folded in OPENED and not left and not one.in_capitals:
            first, second = OPENED[folded]
            options.append(
                [
                    one._replace(folded=first, right=False),
                    one._replace(folded=second, tied=False, parted=True),
                ]
            )
        choices.append(options)
    for chosen in product(*choices):
        yield [wanted for words_ in chosen for wanted in words_]


def _in_capitals(word: str) -> bool:
    return word.isupper() and Word(word, "").capitals >= 2


def _follow(wanted: list[Wanted], words: list[Word]) -> bool:
    """Whether the words begin with what is wanted, hyphens and joints aside."""
    if not wanted:
        return True
    return any(
        _is_same(wanted[:count], words[:length], last=count == len(wanted))
        and _follow(wanted[count:], words[length:])
        for count in range(1, len(wanted) + 1)
        for length in range(1, len(words) + 1)
    )


def _is_same(wanted: list[Wanted], words: list[Word], *, last: bool) -> bool:
    """Whether some wanted words, joined, are some of the text's words, joined."""
    for one, two in pairwise(wanted):
        meant = one.folded not in FUNCTION_WORDS and two.folded not in FUNCTION_WORDS
        if one.right or two.left or two.parted or not (two.tied or meant):
            return False
    if not all(word.hyphenated for word in words[1:]):
        return False
    if any(word.in_capitals for word in wanted) and sum(word.capitals for word in words) < 2:
        return False
    keyword = "".join(word.folded for word in wanted)
    found = "".join(word.folded for word in words)
    left, right = wanted[0].left, wanted[-1].right
    if right:
        return keyword in found if left else found.startswith(keyword)
    endings = [found[start:] for start in range(len(found))] if left else [found]
    if not last:
        return keyword in endings
    return any(_is_plural(keyword, each, capitals=wanted[-1].in_capitals) for each in endings)


def _is_plural(keyword: str, found: str, *, capitals: bool) -> bool:
    """Whether two words are one but for the number."""
    if found == keyword:
        return True
    if len(keyword) < 3 and not capitals:
        return False
    if found in _plurals(keyword):
        return True
    surely = len(keyword) > 4 and not keyword.endswith(("ss", "us", "is")) and not capitals
    return surely and keyword in _plurals(found)


def _plurals(word: str) -> set[str]:
    plurals = {f"{word}s", PLURALS.get(word, f"{word}s")}
    if word.endswith(("s", "x", "z", "h", "o")):
        plurals.add(f"{word}es")
    if word.endswith("y") and word[-2:-1] not in tuple("aeiou"):
        plurals.add(f"{word[:-1]}ies")
    return plurals
