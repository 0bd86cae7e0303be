"""Text behind `/papers` -> Command; every refusal has a position and says what would work."""

import re
from collections.abc import Callable, Mapping, Sequence
from difflib import get_close_matches
from typing import Final

from bot.core.command_options import split_options
from bot.core.commands import (
    COMMANDS,
    NAME,
    Command,
    Edit,
    Help,
    List,
    Pause,
    Preview,
    Remove,
    Resume,
    Saved,
    Search,
    Subscribe,
    Today,
    Try,
    Why,
)
from bot.core.papers import ArxivId
from bot.core.tokens import CLOSING
from bot.core.typed import Typed, Word, cite_typed, narrow, parse_typed, straighten, unquote
from bot.errors import CommandError, UserError

LONGEST_COMMAND: Final = 5_000

_WORD: Final = re.compile(r"[^ #\"“”„«»]*")
# Numbers of subscriptions; longer ones are nobody's, and no database would take them.
_NUMBER: Final = re.compile(r"#?([1-9][0-9]{0,8})")
_NEAR_NUMBER: Final = re.compile(r"(?<![0-9])0*([1-9][0-9]{0,8})(?![0-9])")
# Slack writes links as <https://...> or <https://...|text>:
# https://docs.slack.dev/messaging/formatting-message-text
_LINK: Final = re.compile(r"<([^<>|]*)(?:\|[^<>]*)?>")
_BETWEEN_IDS: Final = re.compile(r"[ ,;?#&|<>]+")
_AROUND: Final = "()[].,;:!\"'“”"

_NUMBERED: Final[Mapping[str, Callable[[int], Command]]] = {
    "pause": Pause,
    "resume": Resume,
    "remove": Remove,
    "edit": Edit,
    "preview": Preview,
}
# What a command cannot do without, and what that may be.
_NEEDS: Final[Mapping[str, tuple[str, tuple[str, ...]]]] = {
    "today": ("a set's name", ("MLLM",)),
    "search": ("words to look for", ("dexterous grasping",)),
    "try": ("a query", ('"vision language model"',)),
    "subscribe": ("a set's name or a query", ("MLLM", '"vision language model"')),
    "why": ("an arXiv id", ("2512.03874",)),
    **dict.fromkeys(_NUMBERED, ("a subscription's number", ("7",))),
}
# What other programs call these, for "did you mean".
_OTHER_WORDS: Final = {
    "unsubscribe": "remove",
    "delete": "remove",
    "unfollow": "remove",
    "follow": "subscribe",
    "add": "subscribe",
    "mute": "pause",
    "stop": "pause",
    "unmute": "resume",
    "continue": "resume",
    "find": "search",
    "test": "try",
    "change": "edit",
    "show": "preview",
    "explain": "why",
    "subscriptions": "list",
    "bookmarks": "saved",
}
_NAMES: Final = {usage.name: usage.name for usage in COMMANDS} | _OTHER_WORDS
_ALONE: Final[Mapping[str, Callable[[], Command]]] = {"list": List, "saved": Saved}


def parse_command(text: str, name: str = NAME) -> Command:
    """Read what stands behind the command's name; raise CommandError with the fault's position.

    Runs of any spaces are one, unseen characters are none, quotes of any kind are quotes. `name`
    is how the command is called in messages.
    """
    if len(text) > LONGEST_COMMAND:
        message = (
            f"the command has {len(text):,} characters and at most {LONGEST_COMMAND:,} can be"
            " read: write less"
        )
        raise CommandError(text, LONGEST_COMMAND + 1, message)
    return _Reader(parse_typed(text), name).read()


class _Reader:
    """Reads one command: its first word, then what that word wants behind it."""

    def __init__(self, typed: Typed, name: str) -> None:
        self.typed = typed
        self.name = name
        self.start = next(_WORD.finditer(typed.text)).end()
        self.verb = narrow(typed.text[: self.start]).casefold()

    def read(self) -> Command:
        if not self.typed.text:
            return Help()
        readers: dict[str, Callable[[], Command]] = {
            "help": Help,
            "today": self._read_today,
            "search": self._read_search,
            "try": self._read_try,
            "subscribe": self._read_subscribe,
            "why": self._read_why,
        }
        if self.verb in readers:
            return readers[self.verb]()
        if self.verb in _NUMBERED:
            return _NUMBERED[self.verb](self._read_number())
        if self.verb in _ALONE:
            self._end(self.typed.split(self.start), f"write `{self.name} {self.verb}` alone")
            return _ALONE[self.verb]()
        raise self._unknown()

    def _read_today(self) -> Today:
        words = self.typed.split(self.start)
        return Today(self._settle(words)[0]) if words else Today()

    def _read_search(self) -> Search:
        words = straighten(self.typed.text[self.start :].strip())
        if not words:
            raise self._missing()
        return Search(words)

    def _read_try(self) -> Try:
        words = self.typed.split(self.start)
        if not words:
            raise self._missing()
        query, quoted = self._settle(words)
        return Try(query, quoted=quoted)

    def _read_subscribe(self) -> Subscribe:
        words = self.typed.split(self.start)
        count, options = split_options(self.typed, words)
        if not count:
            raise self._misplaced(words[0]) if words else self._missing()
        what, quoted = self._settle(words[:count])
        return Subscribe(what, options.at, options.on, options.timezone, quoted=quoted)

    def _read_number(self) -> int:
        words = self.typed.split(self.start)
        if not words:
            raise self._missing()
        self._end(words[1:], f"`{self.verb}` takes one number")
        found = _NUMBER.fullmatch(words[0].bare)
        if found is None:
            near = _NEAR_NUMBER.search(words[0].bare)
            hint = (
                f"did you mean `{near[1]}`?"
                if near
                else f"write it like `7`, as `{self.name} list` shows them"
            )
            raise self._wrong(words[0].text, words[0].position, "a subscription's number", hint)
        return int(found[1])

    def _read_why(self) -> Why:
        words = self.typed.split(self.start)
        if not words:
            raise self._missing()
        shown = " ".join(word.text for word in words)
        asked = narrow(" ".join(word.text if word.inner is None else word.inner for word in words))
        asked = _LINK.sub(r"\1", asked).replace(": ", ":")
        found = _find_id(asked)
        if found:
            return Why(found)
        near = next(filter(None, map(_find_id, _BETWEEN_IDS.split(asked))), "")
        hint = f"did you mean `{near}`?" if near else "write it like `2512.03874`"
        raise self._wrong(shown, words[0].position, "an arXiv id", hint)

    def _settle(self, words: Sequence[Word]) -> tuple[str, bool]:
        """Return what the words say, and whether they are one text in quotes, without those."""
        text = " ".join(word.text for word in words)
        inner = unquote(text) if len(words) == 1 else None
        if inner is None:
            return straighten(text), False
        inner = inner.strip()
        if not inner:
            at = words[0].position
            message = (
                f"the quotes at position {at} hold nothing: write {_NEEDS[self.verb][0]} in them"
            )
            raise self.typed.fault(at, message)
        # Between double quotes there may be a name that has quotes in it.
        return (inner if text[0] in CLOSING else straighten(inner)), True

    def _end(self, rest: Sequence[Word], hint: str) -> None:
        if rest:
            raise self._wrong(rest[0].text, rest[0].position, "expected there", hint)

    def _wrong(self, shown: str, position: int, what: str, hint: str) -> CommandError:
        message = f"{cite_typed(shown)} at position {position} is not {what}: {hint}"
        return self.typed.fault(position, message)

    def _missing(self) -> CommandError:
        what, examples = _NEEDS[self.verb]
        written = " or ".join(f"`{self.name} {self.verb} {example}`" for example in examples)
        message = f"`{self.verb}` needs {what}: write {written}"
        return self.typed.fault(self.typed.end, message)

    def _misplaced(self, word: Word) -> CommandError:
        what, (example, _) = _NEEDS[self.verb]
        message = (
            f"`{self.verb}` needs {what} before {cite_typed(word.text)} at position"
            f" {word.position}: write `{self.name} {self.verb} {example} at 09:00`, or put quotes"
            " around a text that begins so"
        )
        return self.typed.fault(word.position, message)

    def _unknown(self) -> CommandError:
        text = self.typed.text
        shown = cite_typed(text.split(" ")[0] if self.verb else text)
        close = get_close_matches(self.verb, _NAMES, n=1)
        hint = (
            f"did you mean `{_NAMES[close[0]]}`?"
            if close
            else f"`{self.name} help` shows what there is, and `{self.name} search` finds papers"
        )
        return self.typed.fault(self.typed.places[0], f"{shown} is not a command: {hint}")


def _find_id(text: str) -> str:
    """Read a paper's id as people write it; "" where a text is none."""
    try:
        return str(ArxivId.parse(text.strip(_AROUND)))
    except UserError:
        return ""
