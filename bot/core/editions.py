"""Editions, receipts and deliveries: what is frozen, what was counted, which steps are allowed."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from types import MappingProxyType

from bot.core.papers import AnnounceType, Paper, age_key


class Field(StrEnum):
    """The part of a paper in which a keyword hit words."""

    TITLE = "title"
    ABSTRACT = "abstract"
    AUTHORS = "authors"
    COMMENTS = "comments"
    CATEGORIES = "categories"
    ID = "id"


@dataclass(frozen=True, slots=True)
class Hit:
    """One keyword that hit words of one field.

    `start` and `end` are character offsets into the field's display text (`core.latex.to_text` of
    title or abstract; for authors, of the names joined by ", "); `words` is that slice. Fields
    that are compared as a whole (categories, id) have offsets 0 and 0.
    """

    keyword: str
    field: Field
    start: int
    end: int
    words: str


@dataclass(frozen=True, slots=True)
class Item:
    """One paper of an edition: what it was announced as, where, and why it is here.

    `kinds` maps each followed category that announced the paper to what it was announced as there;
    `kind` is the first of them in the order of AnnounceType.
    """

    paper: Paper
    kind: AnnounceType
    hits: tuple[Hit, ...]
    kinds: Mapping[str, AnnounceType] = field(default_factory=lambda: MappingProxyType({}))

    @property
    def keywords(self) -> tuple[str, ...]:
        """The keywords that hit, each once, in the order of the keyword set."""
        return tuple(dict.fromkeys(hit.keyword for hit in self.hits))


class BatchState(StrEnum):
    """What became of one category on one day, told apart as promise 1 asks."""

    COMPLETE = "complete"
    EMPTY = "empty"
    STALE = "stale"
    LATE = "late"
    TRUNCATED = "truncated"
    PARTIAL = "partial"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class CategoryReceipt:
    """What one category announced on one day and what was read and stored of it.

    `announced`, `read`, `new`, `cross` and `replaced` count entries; `stored` counts papers or
    versions that the database did not hold before. `problems` are sentences for people.
    """

    category: str
    day: date
    state: BatchState
    announced: int = 0
    read: int = 0
    new: int = 0
    cross: int = 0
    replaced: int = 0
    stored: int = 0
    problems: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Receipt:
    """What a day's announcement held over all followed categories, each paper counted once.

    `announced` and `read` count papers (not entries); they differ where entries could not be read.
    """

    day: date
    announced: int
    read: int
    categories: tuple[CategoryReceipt, ...] = ()

    @property
    def problems(self) -> tuple[str, ...]:
        """What is wrong, a sentence each, in the order of the categories."""
        return tuple(problem for line in self.categories for problem in line.problems)


@dataclass(frozen=True, slots=True)
class SetSummary:
    """A keyword set as a digest shows it: its name and its query in the words of its owner.

    `keywords` holds one string a keyword (the parts of an all-of list joined by ","); a set made
    from a query has that query as its only keyword.
    """

    name: str
    keywords: tuple[str, ...]
    exclude: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Edition:
    """One keyword set's digest of one announcement day, frozen: papers and why each is here.

    `items` are in the order in which every destination shows them. `earlier` counts papers that
    matched but stood in an earlier edition of this set. `since` is the first day of a digest of
    several announcement days (a catch-up, a weekly round-up); None: `day` alone.
    """

    set: SetSummary
    day: date
    items: tuple[Item, ...]
    receipt: Receipt
    earlier: int = 0
    since: date | None = None


@dataclass(frozen=True, slots=True)
class DayListing:
    """Everything one day's announcement held, whether or not a keyword set wanted it.

    `items` have no hits; they are in the order of `reading_order`.
    """

    day: date
    items: tuple[Item, ...]
    receipt: Receipt


def reading_order(items: Iterable[Item]) -> tuple[Item, ...]:
    """Order papers as the reference system does: by their categories, then id, both descending."""
    return tuple(
        sorted(items, key=lambda it: (it.paper.categories, age_key(it.paper.base_id)), reverse=True)
    )


class DestinationKind(StrEnum):
    """Where an edition can go."""

    CHANNEL = "channel"
    EMAIL = "email"
    FOLDER = "folder"


@dataclass(frozen=True, slots=True)
class Destination:
    """A Slack channel or DM, an e-mail address, or a folder."""

    kind: DestinationKind
    address: str

    def __str__(self) -> str:
        """Name the destination in a sentence."""
        return self.address if self.kind is DestinationKind.EMAIL else f"{self.kind} {self.address}"


class DeliveryState(StrEnum):
    """Where a delivery stands."""

    PENDING = "pending"
    SENDING = "sending"
    SENT = "sent"
    RETRY = "retry"
    UNKNOWN = "unknown"
    FAILED = "failed"
    CANCELLED = "cancelled"


# A claim commits `sending` before anything leaves. Whoever finds its lease expired retries what
# had not left the machine and looks for the rest, so `sending` never goes back to `pending`.
# A failed delivery is tried again only where a person asks for it.
TRANSITIONS: Mapping[DeliveryState, frozenset[DeliveryState]] = MappingProxyType(
    {
        DeliveryState.PENDING: frozenset({DeliveryState.SENDING, DeliveryState.CANCELLED}),
        DeliveryState.SENDING: frozenset(
            {
                DeliveryState.SENT,
                DeliveryState.RETRY,
                DeliveryState.UNKNOWN,
                DeliveryState.FAILED,
            }
        ),
        DeliveryState.RETRY: frozenset({DeliveryState.SENDING, DeliveryState.CANCELLED}),
        DeliveryState.UNKNOWN: frozenset(
            {DeliveryState.SENDING, DeliveryState.FAILED, DeliveryState.CANCELLED}
        ),
        DeliveryState.SENT: frozenset(),
        DeliveryState.FAILED: frozenset({DeliveryState.RETRY}),
        DeliveryState.CANCELLED: frozenset(),
    }
)


def allows(before: DeliveryState, after: DeliveryState) -> bool:
    """Whether a delivery may go from one state to another."""
    return after in TRANSITIONS[before]


@dataclass(frozen=True, slots=True)
class Delivery:
    """One edition to one destination: the unit that is sent once.

    `key` is opaque and unique: a destination that can be asked is asked for it after a crash.
    `attempt` counts claims, from 0 before the first.
    """

    id: int
    edition_id: int
    destination: Destination
    state: DeliveryState
    attempt: int
    key: str
