"""Where the words that a person searched for stand in a paper; finds no papers itself."""

import re
from collections.abc import Iterator

from bot.core.editions import Field, Hit
from bot.core.explaining import show_field
from bot.core.papers import Paper
from bot.core.words import Word, split_words

_FIELDS = (Field.TITLE, Field.ABSTRACT, Field.AUTHORS)
_QUOTES = re.compile("[“”„‟«»]")


def highlight(paper: Paper, words: str) -> tuple[Hit, ...]:
    """Return where words that were searched for stand in title, abstract and authors.

    They are read as the search reads them: each word for itself, "quoted words" and hyphenated
    ones as a phrase or written as one word, a `*` at a word's end for whatever follows.
    """
    phrases = tuple(_read_phrases(_QUOTES.sub('"', words)))
    return tuple(
        Hit(" ".join(phrase), field, start, end, text[start:end])
        for field in _FIELDS
        for text in (show_field(paper, field),)
        for stands in (split_words(text),)
        for phrase, prefix in phrases
        for start, end in _find(stands, phrase, prefix=prefix)
    )


def _read_phrases(words: str) -> Iterator[tuple[tuple[str, ...], bool]]:
    """Yield what must stand side by side, and whether its last word may go on."""
    for number, part in enumerate(words.split('"')):
        group: list[Word] = []
        for word in split_words(part):
            if group and number % 2 == 0 and not word.joined:
                yield from _spell(group, part)
                group = []
            group.append(word)
        if group:
            yield from _spell(group, part)


def _spell(group: list[Word], part: str) -> Iterator[tuple[tuple[str, ...], bool]]:
    prefix = part.startswith("*", group[-1].end)
    folded = tuple(word.folded for word in group)
    yield folded, prefix
    if len(folded) > 1:
        yield ("".join(folded),), prefix


def _find(
    stands: list[Word], phrase: tuple[str, ...], *, prefix: bool
) -> Iterator[tuple[int, int]]:
    last = len(phrase) - 1
    for at in range(len(stands) - last):
        if all(
            stands[at + place].folded.startswith(wanted)
            if prefix and place == last
            else stands[at + place].folded == wanted
            for place, wanted in enumerate(phrase)
        ):
            yield stands[at].start, stands[at + last].end
