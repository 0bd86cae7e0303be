"""Words of a query -> the patterns of a phrase; knows nothing of operators, brackets or fields."""

import re
from functools import lru_cache

from bot.core.latex import to_text
from bot.core.query import Pattern
from bot.core.tokens import Token, cite
from bot.core.words import CAPITALS, LONGEST_WORD, Word, split_words
from bot.errors import QueryError

SHORTEST_STEM = 2
LONGEST_PHRASE = 50

# Words that need no splitting into more than space and hyphen part: the same, but quicker.
_SIMPLE = re.compile(r"[A-Za-z0-9]+(?:[ -][A-Za-z0-9]+)*")
_PLURAL_OF_CAPITALS = re.compile(r"(?<![^\W_])(?=(?:[0-9]*[A-Z]){2})[A-Z0-9]+s$")


def build_patterns(text: str) -> tuple[Pattern, ...]:
    """Make the patterns of plain words without wildcards; () where `text` holds no word."""
    if _SIMPLE.fullmatch(text):
        return tuple([_build_pattern(word) for word in text.replace("-", " -").split()])
    shown = to_text(text)
    return tuple(
        Pattern(word.folded, is_in_capitals(word, shown), joined=word.joined)
        for word in split_words(shown)
    )


@lru_cache(maxsize=65_536)
def _build_pattern(word: str) -> Pattern:
    """Make the pattern of one word of ASCII letters and digits, with the hyphen before it."""
    bare = word.removeprefix("-")
    capitals = bare.isupper() and sum(map(str.isupper, bare)) >= CAPITALS
    return Pattern(bare.lower()[:LONGEST_WORD], capitals, joined=bare != word)


def is_in_capitals(word: Word, text: str) -> bool:
    """Whether a word of `text` has two letters or more, all of them capitals."""
    return word.capitals >= CAPITALS and text[word.start : word.end].isupper()


def name_singular(text: str, patterns: tuple[Pattern, ...]) -> tuple[Pattern, ...]:
    """Take a last word such as "LLMs" for the plural of a keyword in capitals, which it is."""
    if not (text.endswith("s") and _PLURAL_OF_CAPITALS.search(text)):
        return patterns
    return (*patterns[:-1], patterns[-1]._replace(folded=patterns[-1].folded[:-1], capitals=True))


def read_patterns(query: str, token: Token, *, people: bool) -> list[Pattern]:
    """Turn a piece of a query into patterns, wildcards at their ends; raise QueryError.

    Names of people are not in capitals, whatever their letters are.
    """
    text = to_text(token.text)
    # Where TeX was turned into text, its places are not those of the query.
    step = 1 if text == token.text else 0
    patterns: list[Pattern] = []
    stars = {place for place, sign in enumerate(text) if sign == "*"}
    inside = -2
    for word in split_words(text):
        before, after = word.start - 1, word.end
        at = token.position + before * step
        if before == inside:
            message = (
                f"the wildcard at position {at} is inside a word: "
                "put it at a word's start or end, or AND between the parts"
            )
            raise QueryError(query, at, message)
        left, right = before in stars, after in stars
        if (left or right) and len(word.folded) < SHORTEST_STEM:
            at = token.position + word.start * step
            message = (
                f"{cite(token.text)} at position {at} would match almost every paper: "
                f"a wildcard needs at least {SHORTEST_STEM} letters beside it"
            )
            raise QueryError(query, at, message)
        inside = after if right else -2
        stars -= {before, after}
        capitals = not people and is_in_capitals(word, text)
        patterns.append(Pattern(word.folded, capitals, left, right, word.joined))
    if stars:
        at = token.position + min(stars) * step
        message = f"the wildcard at position {at} stands alone: put it at a word's start or end"
        raise QueryError(query, at, message)
    if not patterns:
        at = token.position
        message = f"{cite(token.text)} at position {at} has no letters or digits to look for"
        raise QueryError(query, at, f"{message}: write a word")
    return patterns
