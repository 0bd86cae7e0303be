"""The end of `/papers subscribe ...`: when digests come; what stands before it is not read."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Final, TypeVar

from bot.core.schedule import (
    WEEKDAYS,
    Rhythm,
    nearest_timezone,
    parse_clock,
    parse_rhythm,
    parse_timezone,
)
from bot.core.typed import Typed, Word, cite_typed
from bot.errors import CommandError, UserError

_AT, _ON, _ZONE = "at", "on", "tz"
_SHORT_DAYS: Final = tuple(name[:3].casefold() for name in WEEKDAYS)
_DAYS: Final = (*(name.casefold() for name in WEEKDAYS), *_SHORT_DAYS)
_KNOWN: Final = (_AT, *Rhythm, _ZONE)
# `at` before such a word is meant as a time wherever it stands; before other numbers, at the end.
_CLOCK: Final = re.compile(r"\d{1,2}:\d\d|\d{1,2}[ap]m$")
_NUMBER: Final = re.compile(r"\d")
_HALVES: Final = ("am", "pm")
_LOOSE_CLOCK: Final = re.compile(
    r"(?P<hour>\d{1,2})(?:[:.h]?(?P<minute>\d\d))?h? ?(?P<half>[ap]m)?\W*"
)
_NOON: Final = 12
_MOST_OF_A_ZONE: Final = 3
_NEARLY: Final = 0.8
_LACKS: Final = {_AT: ("a time", "at 09:00"), _ZONE: ("a time zone", "tz Europe/Berlin")}

_Value = TypeVar("_Value")


@dataclass(frozen=True, slots=True)
class Options:
    """When digests are to come, in canonical words; "" where nothing was said of it."""

    at: str = ""
    on: str = ""
    timezone: str = ""


def split_options(typed: Typed, words: Sequence[Word]) -> tuple[int, Options]:
    """Return how many of the words come before the options, 0 where an option comes first.

    `at` is one only before a time, and a rhythm only where nothing but options follows; raise
    CommandError for an option that cannot be read.
    """
    return _Options(typed, words).read()


class _Options:
    """The words of one command, looked at from their end."""

    def __init__(self, typed: Typed, words: Sequence[Word]) -> None:
        self.typed = typed
        self.words = words
        self.plain = [word.plain for word in words]
        self.found: dict[str, str] = {}

    def read(self) -> tuple[int, Options]:
        start = place = self._find_start()
        if start > 1 and self.plain[start - 1] in (_AT, _ZONE):
            raise self._lacking(start - 1)
        while start and place < len(self.words):
            place = self._read_option(place)
        return start, Options(*(self.found.get(name, "") for name in (_AT, _ON, _ZONE)))

    def _find_start(self) -> int:
        """Find the first word from which on there are options alone."""
        count = len(self.words)
        certain = next((place for place in range(count) if self._is_certain(place)), count)
        # From the back: whether options lead from a word to the first that is one for certain.
        leading = {certain}
        for place in range(certain - 1, 0, -1):
            if place + (self._measure(place) or count) in leading:
                leading.add(place)
        return min(leading)

    def _is_certain(self, place: int) -> bool:
        if place + 1 == len(self.words):
            return False
        if self.plain[place] == _AT:
            return _CLOCK.match(self.words[place + 1].bare) is not None
        return self.plain[place] == _ZONE

    def _measure(self, place: int) -> int:
        """Count the words of the time or rhythm that begins at a word; 0 where none does."""
        if self.plain[place] == _ON:
            rhythm = self._measure_rhythm(place + 1)
            return rhythm and 1 + rhythm
        if self.plain[place] != _AT:
            return self._measure_rhythm(place)
        value = self.words[place + 1 : place + 3]
        if not value or not _NUMBER.match(value[0].bare):
            return 0
        return 2 + (value[-1].bare in _HALVES)

    def _measure_rhythm(self, place: int) -> int:
        match self.plain[place : place + 3]:
            case ["daily" | "weekdays", *_]:
                return 1
            case ["weekly", "on", day] if _nearest_day(day):
                return 3
            case ["weekly", day, *_] if _nearest_day(day):
                return 2
            case ["weekly", *_]:
                return 1
        return 0

    def _read_option(self, place: int) -> int:
        """Read the option that begins at a word, and return where the next one does."""
        length = self._measure(place)
        word = self.plain[place]
        if word == _ZONE:
            length = self._read_timezone(place)
        elif word == _AT:
            if place + 1 == len(self.words):
                raise self._lacking(place)
            length = length or 2
            self._keep(_AT, place, self._read_clock(place + 1, length - 1))
        elif length:
            self._keep(_ON, place, self._read_rhythm(place, length))
        else:
            raise self._stray(place)
        return place + length

    def _keep(self, name: str, place: int, value: str) -> None:
        if name in self.found:
            word = self.words[place]
            message = (
                f"{cite_typed(word.text)} at position {word.position} comes on top of"
                f" `{self._say(name)}`: keep one of them"
            )
            raise self.typed.fault(word.position, message)
        self.found[name] = value

    def _say(self, name: str) -> str:
        return self.found[name] if name == _ON else f"{name} {self.found[name]}"

    def _read_clock(self, place: int, length: int) -> str:
        text = " ".join(word.bare for word in self.words[place : place + length])
        at = _try(parse_clock, text)
        if at is not None:
            return f"{at:%H:%M}"
        meant = _guess_clock(text)
        hint = f"did you mean `{meant}`?" if meant else "write it like `09:00`"
        raise self._wrong(place, length, "a time of day", hint)

    def _read_rhythm(self, place: int, length: int) -> str:
        words = self.plain[place : place + length]
        if words[0] == _ON:
            words = words[1:]
        read = _try(parse_rhythm, " ".join(words))
        if read is None:
            hint = f"did you mean `{_nearest_day(words[-1])}`?"
            raise self._wrong(place + length - 1, 1, "a weekday", hint)
        rhythm, weekday = read
        return rhythm.value if weekday is None else f"{rhythm.value} {_SHORT_DAYS[weekday]}"

    def _read_timezone(self, place: int) -> int:
        first = last = place + 1
        while last < len(self.words) and last - first < _MOST_OF_A_ZONE:
            if self.plain[last] in (_AT, _ZONE) or self._measure(last):
                break
            last += 1
        if last == first:
            raise self._lacking(place)
        for end in range(last, first, -1):
            name = _try(parse_timezone, self._join(first, end))
            if name is not None:
                self._keep(_ZONE, place, name)
                return end - place
        meant = nearest_timezone(self._join(first, last))
        hint = f"did you mean `{meant}`?" if meant else "write it like `Europe/Berlin`"
        raise self._wrong(first, last - first, "a time zone", hint)

    def _join(self, start: int, end: int) -> str:
        return " ".join(word.bare for word in self.words[start:end])

    def _wrong(self, place: int, length: int, what: str, hint: str) -> CommandError:
        position = self.words[place].position
        shown = cite_typed(" ".join(word.text for word in self.words[place : place + length]))
        return self.typed.fault(position, f"{shown} at position {position} is not {what}: {hint}")

    def _lacking(self, place: int) -> CommandError:
        position = self.words[place].position
        what, example = _LACKS[self.plain[place]]
        message = (
            f"`{self.plain[place]}` at position {position} lacks {what}: write it like `{example}`,"
            " or put quotes around what it belongs to"
        )
        return self.typed.fault(position, message)

    def _stray(self, place: int) -> CommandError:
        """Say what is wrong with a word that stands among options and is none."""
        word = self.plain[place]
        day = _nearest_day(word)
        close = [f"weekly {day}"] if day else get_close_matches(word, _KNOWN, n=1)
        hint = (
            f"did you mean `{close[0]}`?"
            if close
            else "write `at 09:00`, `daily`, `weekdays`, `weekly mon` or `tz Europe/Berlin`"
        )
        return self._wrong(place, 1, "part of a schedule", hint)


def _nearest_day(word: str) -> str:
    """Name the weekday, in three letters, that a word is or may be meant to be; "" for none."""
    if len(word) < len(_SHORT_DAYS[0]):
        return ""
    for name in _DAYS:
        if name.startswith(word):
            return name[:3]
    close = get_close_matches(word, _DAYS, n=1, cutoff=_NEARLY)
    return close[0][:3] if close else ""


def _guess_clock(text: str) -> str:
    """Say which time of day may be meant by one that is written otherwise; "" for none."""
    found = _LOOSE_CLOCK.fullmatch(text)
    if found is None:
        return ""
    hour = int(found["hour"])
    if found["half"]:
        hour = hour % _NOON + _NOON * (found["half"] == "pm")
    guess = f"{hour:02}:{found['minute'] or '00'}"
    return guess if _try(parse_clock, guess) else ""


def _try(parse: Callable[[str], _Value], text: str) -> _Value | None:
    try:
        return parse(text)
    except UserError:
        return None
