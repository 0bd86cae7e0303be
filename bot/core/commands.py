"""What can be typed behind `/papers`: the commands, and how each is written; reads no text."""

from dataclasses import dataclass
from typing import Final

NAME: Final = "/papers"
"""What the command is called where the configuration says nothing else."""


@dataclass(frozen=True, slots=True)
class Help:
    """Show what can be asked for."""


@dataclass(frozen=True, slots=True)
class Today:
    """Show what the newest day brings; `set_name` is "" for all sets."""

    set_name: str = ""


@dataclass(frozen=True, slots=True)
class Search:
    """Find stored papers by words."""

    words: str


@dataclass(frozen=True, slots=True)
class Try:
    """Show what a query would have brought; `quoted`: quotes stood around all of it."""

    query: str
    quoted: bool = False


@dataclass(frozen=True, slots=True)
class Subscribe:
    """Send a set's digests here; `what` is the set's name, or else a query.

    `quoted`: quotes stood around all of `what`, which it does not hold. `at`, `on` and `timezone`
    are what `core.schedule` reads, "" where nothing was said of them.
    """

    what: str
    at: str = ""
    on: str = ""
    timezone: str = ""
    quoted: bool = False


@dataclass(frozen=True, slots=True)
class List:
    """Show the subscriptions."""


@dataclass(frozen=True, slots=True)
class Pause:
    """Let nothing more leave for a subscription."""

    id: int


@dataclass(frozen=True, slots=True)
class Resume:
    """Let a subscription go on."""

    id: int


@dataclass(frozen=True, slots=True)
class Remove:
    """End a subscription."""

    id: int


@dataclass(frozen=True, slots=True)
class Edit:
    """Change a subscription."""

    id: int


@dataclass(frozen=True, slots=True)
class Preview:
    """Show what a subscription's next digest would hold."""

    id: int


@dataclass(frozen=True, slots=True)
class Why:
    """Say why a paper matched or not; `arxiv_id` is one as `ArxivId` writes it."""

    arxiv_id: str


@dataclass(frozen=True, slots=True)
class Saved:
    """Show the papers that the person saved."""


Command = (
    Help
    | Today
    | Search
    | Try
    | Subscribe
    | List
    | Pause
    | Resume
    | Remove
    | Edit
    | Preview
    | Why
    | Saved
)


@dataclass(frozen=True, slots=True)
class Usage:
    """A command's name, what may follow it, and what it does, in one line."""

    name: str
    follows: str
    does: str


_ID: Final = "ID"
COMMANDS: Final = (
    Usage("help", "", "this help, and what is subscribed here"),
    Usage("today", "[set]", "what the newest announcement brings, for every set or for one"),
    Usage("search", "words", "find papers by the words in them"),
    Usage("try", "query", "what a query would have brought over the last 30 days"),
    Usage(
        "subscribe",
        "set-or-query [at 09:00] [daily|weekdays|weekly mon] [tz Europe/Berlin]",
        "send digests to this conversation, or change when they come",
    ),
    Usage("list", "", "the subscriptions, each with its ID"),
    Usage("pause", _ID, "send nothing more for a subscription until it is resumed"),
    Usage("resume", _ID, "let a paused subscription go on"),
    Usage("remove", _ID, "end a subscription"),
    Usage("edit", _ID, "change what a subscription looks for, and when it comes"),
    Usage("preview", _ID, "what a subscription's next digest would hold"),
    Usage("why", "arxiv-id", "why a paper matched or not, and where it was sent"),
    Usage("saved", "", "the papers that you saved"),
)


def usage_lines(name: str = NAME) -> tuple[tuple[str, str], ...]:
    """Say how every command is typed, and what it does."""
    return tuple(
        (f"{name} {usage.name} {usage.follows}".rstrip(), usage.does) for usage in COMMANDS
    )
