"""What flows hand to Slack's surfaces: lists, changes, forms; no wording and no blocks are here."""

from dataclasses import dataclass
from datetime import date, datetime, time
from enum import StrEnum

from bot.core.answers import Trial
from bot.core.editions import Edition
from bot.core.keyword_sets import DEFAULT_TYPES, KeywordSet, SetKey
from bot.core.papers import AnnounceType, Paper
from bot.core.records import LedgerLine, StoredPaper
from bot.core.schedule import Rhythm
from bot.core.subscriptions import Subscription

# Parts of a keyword that must all match, as a form writes them on one line.
AND = " + "


@dataclass(frozen=True, slots=True)
class Listed:
    """A subscription as it is listed.

    `keyword_set` is None where its set was removed. `next_due` is when its next digest leaves;
    None where none is planned and its schedule says no time. `last` is the newest of its
    deliveries; `mine` whether the person who looks asked for it.
    """

    subscription: Subscription
    keyword_set: KeywordSet | None
    next_due: datetime | None = None
    last: LedgerLine | None = None
    mine: bool = False


class Deed(StrEnum):
    """What was done to a subscription."""

    SUBSCRIBED = "subscribed"
    CHANGED = "changed"
    PAUSED = "paused"
    MUTED = "muted"
    RESUMED = "resumed"
    REMOVED = "removed"


@dataclass(frozen=True, slots=True)
class Done:
    """A subscription as it is now, and as it was before; None: it is new.

    Where both are equal nothing had to be done. `waiting` counts its digests that were planned and
    had not gone out. `trial` is what its set would have brought lately, for those that say so.
    """

    deed: Deed
    subscription: Subscription
    before: Subscription | None
    keyword_set: KeywordSet | None = None
    waiting: int = 0
    trial: Trial | None = None


@dataclass(frozen=True, slots=True)
class Today:
    """What the newest stored day brings, an edition a set; `day` None: nothing is stored yet."""

    day: date | None
    editions: tuple[Edition, ...] = ()


@dataclass(frozen=True, slots=True)
class Preview:
    """What a subscription's next digest would hold.

    `due` is when it leaves; None: nothing waits for it, and `edition` is of the newest stored day.
    """

    subscription: Subscription
    edition: Edition
    due: datetime | None = None


@dataclass(frozen=True, slots=True)
class Found:
    """What a search found, best first, among so many stored papers."""

    words: str
    papers: tuple[StoredPaper, ...]
    stored: int


@dataclass(frozen=True, slots=True)
class Saved:
    """A paper that a person saved, and when."""

    paper: Paper
    at: datetime


@dataclass(frozen=True, slots=True)
class Kept:
    """What became of papers that a person wanted saved; `unknown` are ids that are not stored."""

    saved: tuple[Paper, ...] = ()
    already: tuple[Paper, ...] = ()
    unknown: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class HomeView:
    """What a person's App Home shows.

    `others` are this workspace's subscriptions that somebody else asked for, none of them in a
    direct message; `sets` all that are visible here; `saved` newest first. `saved_count` counts
    all, where `saved` holds fewer.
    """

    mine: tuple[Listed, ...] = ()
    others: tuple[Listed, ...] = ()
    sets: tuple[KeywordSet, ...] = ()
    saved: tuple[Saved, ...] = ()
    saved_count: int = 0


@dataclass(frozen=True, slots=True)
class EditorForm:
    """A keyword set with its subscriptions as the editor shows it: what stands in its fields.

    `set_ref` names the set that is changed; "": a new one. `keywords` and `exclude` are texts of
    one line an alternative; a set has keywords or a `query`. `destinations` are conversations of
    the workspace. `channel` is where the editor was opened; "": nowhere in particular.
    """

    set_ref: str = ""
    name: str = ""
    keywords: str = ""
    query: str = ""
    exclude: str = ""
    categories: tuple[str, ...] = ()
    types: tuple[AnnounceType, ...] = DEFAULT_TYPES
    rhythm: Rhythm = Rhythm.DAILY
    weekday: int | None = None
    at: time | None = None
    timezone: str = "UTC"
    destinations: tuple[str, ...] = ()
    channel: str = ""


@dataclass(frozen=True, slots=True)
class ScheduleForm:
    """When a subscription's digests come, as its editor shows it.

    `set_name` and `place` (a conversation, or what else its destination is called) say whose.
    """

    subscription_id: int
    set_name: str
    place: str
    rhythm: Rhythm = Rhythm.DAILY
    weekday: int | None = None
    at: time | None = None
    timezone: str = "UTC"
    channel: str = ""


def write_ref(keyword_set: KeywordSet) -> str:
    """Name a set in a button's value or a view's metadata: its owner and name.

    >>> write_ref(KeywordSet("MLLM", owner="slack:T0123"))
    'slack:T0123/MLLM'
    """
    return f"{keyword_set.owner}/{keyword_set.name}"


def parse_ref(ref: str) -> SetKey | None:
    """Read a set's owner and name; None where the text is none of `write_ref`'s.

    Anybody can forge one: whether its owner's sets are to be seen is for the caller to find out.
    """
    owner, slash, name = ref.partition("/")
    return (owner, name) if owner and slash and name else None


def parse_keywords(text: str) -> tuple[tuple[str, ...], ...]:
    r"""Read keywords, an alternative a line, its parts that must all match joined by " + ".

    >>> parse_keywords("VLM\nLLM + image")
    (('VLM',), ('LLM', 'image'))
    """
    lines = (tuple(filter(None, map(str.strip, line.split(AND)))) for line in text.splitlines())
    return tuple(dict.fromkeys(filter(None, lines)))


def write_keywords(keywords: tuple[tuple[str, ...], ...]) -> str:
    """Write keywords as `parse_keywords` reads them."""
    return "\n".join(AND.join(parts) for parts in keywords)


def parse_excluded(text: str) -> tuple[str, ...]:
    """Read what a set leaves out, one a line."""
    return tuple(dict.fromkeys(filter(None, map(str.strip, text.splitlines()))))


def write_excluded(exclude: tuple[str, ...]) -> str:
    """Write what a set leaves out as `parse_excluded` reads it."""
    return "\n".join(exclude)
