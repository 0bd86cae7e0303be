"""Text as people type it: spaces, quotes, digits and unseen signs made plain, positions kept."""

import unicodedata
from dataclasses import dataclass
from typing import Final

from bot.core.tokens import CLOSING, cite
from bot.errors import CommandError

# Control characters, format characters (zero-width and direction marks), halves of characters.
_UNSEEN: Final = frozenset({"Cc", "Cf", "Cs"})
# Around a whole text these are quotes; inside one they are apostrophes.
_SINGLE: Final = {"'": "'’", "‘": "’'", "`": "`´"}


@dataclass(frozen=True, slots=True)
class Word:
    """A run without spaces outside quotes; `position` is 1-based, in the text as it was typed."""

    text: str
    position: int

    @property
    def plain(self) -> str:
        """The word as commands are compared: lower case, ASCII digits and signs."""
        return narrow(self.text).casefold()

    @property
    def inner(self) -> str | None:
        """What stands between the quotes around the whole word; None where there are none."""
        return unquote(self.text)

    @property
    def bare(self) -> str:
        """The word as values are read: without quotes around it, otherwise plain."""
        inner = self.inner
        return self.plain if inner is None else narrow(inner.strip()).casefold()


@dataclass(frozen=True, slots=True)
class Typed:
    """A text in which every run of spaces is one space and nothing is unseen.

    `places` are its characters' 1-based positions in `original`, and behind them the one after
    the last.
    """

    original: str
    text: str
    places: tuple[int, ...]

    @property
    def end(self) -> int:
        """The position right behind all that was typed."""
        return self.places[-1]

    def fault(self, position: int, message: str) -> CommandError:
        """Make the error for a fault at a position of the original text."""
        return CommandError(self.original, position, message)

    def split(self, start: int) -> tuple[Word, ...]:
        """Split what stands behind index `start` of `text`; CommandError for an open quote.

        The first word may be a text in single quotes too.
        """
        words: list[Word] = []
        place = self._skip(start)
        while place < len(self.text):
            end = None if words else _close_single(self.text, place)
            end = self._find_end(place) if end is None else end + 1
            words.append(Word(self.text[place:end], self.places[place]))
            place = self._skip(end)
        return tuple(words)

    def _skip(self, place: int) -> int:
        return place + self.text.startswith(" ", place)

    def _find_end(self, place: int) -> int:
        while place < len(self.text) and self.text[place] != " ":
            if self.text[place] in CLOSING:
                end = _close(self.text, place)
                if end is None:
                    at, closer = self.places[place], CLOSING[self.text[place]][0]
                    message = f"the quote at position {at} is never closed: add {closer}"
                    raise self.fault(at, message)
                place = end
            place += 1
        return place


def parse_typed(text: str) -> Typed:
    """Make a typed text plain; quotes, case and wide characters stay as they are."""
    signs: list[str] = []
    places: list[int] = []
    for place, sign in enumerate(text, 1):
        if sign.isspace():
            if not signs or signs[-1] == " ":
                continue
            signs.append(" ")
        elif unicodedata.category(sign) in _UNSEEN:
            continue
        else:
            signs.append(sign)
        places.append(place)
    if signs and signs[-1] == " ":
        del signs[-1], places[-1]
    return Typed(text, "".join(signs), (*places, places[-1] + 1 if places else 1))


def narrow(text: str) -> str:
    """Write wide and other compatible characters as the plain ones, any digits as ASCII's.

    >>> narrow("０９：３０"), narrow("٠٩:٣٠")
    ('09:30', '09:30')
    """
    return "".join(
        str(unicodedata.decimal(sign)) if sign.isdecimal() else sign
        for sign in unicodedata.normalize("NFKC", text)
    )


def unquote(text: str) -> str | None:
    """Return what stands between the quotes around a whole text; None where there are none."""
    end = _close_single(text, 0) if text[:1] in _SINGLE else _close(text, 0)
    return text[1:end] if end is not None and end == len(text) - 1 else None


def straighten(text: str) -> str:
    """Write quotes of any kind as straight ones, but for those that hold others.

    What follows a quote that nothing closes stays as it is.

    >>> straighten('„multi finger“ OR «the "other" hand»')
    '"multi finger" OR «the "other" hand»'
    """
    pieces: list[str] = []
    place = 0
    while place < len(text):
        if text[place] not in CLOSING:
            pieces.append(text[place])
        elif (end := _close(text, place)) is None:
            return "".join((*pieces, text[place:]))
        else:
            inside = text[place + 1 : end]
            held = any(closer in inside for closer in CLOSING['"'])
            pieces.append(text[place : end + 1] if held else f'"{inside}"')
            place = end
        place += 1
    return "".join(pieces)


def cite_typed(text: str) -> str:
    """Quote in a message what was typed, without the sign that would end the quotation."""
    return cite(text.replace("`", "'"))


def _close(text: str, place: int) -> int | None:
    """Find what closes the quote at `place`; None where there is no quote, or none closes it."""
    closers = CLOSING.get(text[place : place + 1], "")
    found = [end for closer in closers if (end := text.find(closer, place + 1)) > 0]
    return min(found, default=None)


def _close_single(text: str, place: int) -> int | None:
    """Find the single quote at a word's end that closes the one at `place`; None as `_close`."""
    closers = _SINGLE.get(text[place], "")
    for end in range(place + 1, len(text) if closers else place):
        if text[end] in closers and text[end + 1 : end + 2] in ("", " "):
            return end
    return None
