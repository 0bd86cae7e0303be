"""People who read by mail: what they agreed to and chose; nothing here keeps or mails it."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from bot.core.addresses import hash_address
from bot.core.keyword_sets import SetKey
from bot.core.schedule import Schedule
from bot.core.subscriptions import Subscription


class SubscriberState(StrEnum):
    """How far an address agrees to get digests."""

    PENDING = "pending"
    CONFIRMED = "confirmed"
    LEFT = "left"


class Deed(StrEnum):
    """What a person did, as the history of consent keeps it."""

    SUBSCRIBED = "subscribed"
    IMPORTED = "imported"
    LEFT = "left"


@dataclass(frozen=True, slots=True)
class Subscriber:
    """An address that somebody asked to have digests sent to.

    `key` is how addresses are compared, `nonce` is in the links to its preferences, `schedule` that
    of all its subscriptions. `bundled`: sets that are due together come in one mail.
    """

    id: int
    address: str
    key: str
    state: SubscriberState
    nonce: str
    schedule: Schedule
    created_at: datetime
    bundled: bool = True
    confirmed_at: datetime | None = None
    paused_until: datetime | None = None


@dataclass(frozen=True, slots=True)
class ConsentLine:
    """A line of the history of consent; `set_name` is "" where it was about all sets."""

    at: datetime
    what: Deed
    set_name: str
    proof: str


@dataclass(frozen=True, slots=True)
class Suppression:
    """An address that gets no mail, known by its hash alone."""

    hash: str
    reason: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Reader:
    """Who reads a mail: `subscriptions` are the person's own of the sets that are in it."""

    subscriber: Subscriber
    subscriptions: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class SentLine:
    """A digest that was planned for an address, and what became of it."""

    set_name: str
    day: date
    state: str
    address: str
    at: datetime


@dataclass(frozen=True, slots=True)
class BounceNote:
    """What a mail server said of an address."""

    at: datetime
    verdict: str
    status: str
    detail: str


@dataclass(frozen=True, slots=True)
class Held:
    """All that is held of an address; `subscriptions` are those of others, too."""

    subscriber: Subscriber | None
    subscriptions: tuple[Subscription, ...] = ()
    consents: tuple[ConsentLine, ...] = ()
    sent: tuple[SentLine, ...] = ()
    bounces: tuple[BounceNote, ...] = ()
    suppression: Suppression | None = None


@dataclass(frozen=True, slots=True)
class Decision:
    """What a person wants from now on, whatever it was before; `until`: no mail before then."""

    sets: Collection[SetKey]
    schedule: Schedule
    bundled: bool
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Wanted:
    """Whom a link is for, and which sets it is about (none: all of them).

    `preferences` is the token of the page where that person chooses.
    """

    address: str
    sets: tuple[str, ...]
    preferences: str = ""


@dataclass(frozen=True, slots=True)
class Chosen:
    """What a person sent with the form of the preferences, as it was written."""

    sets: Collection[str]
    on: str
    at: str
    timezone: str
    bundled: bool
    until: date | None


@dataclass(frozen=True, slots=True)
class SetChoice:
    """A set that a person may have; `about` says what it looks for."""

    name: str
    subscribed: bool
    about: str = ""


@dataclass(frozen=True, slots=True)
class Choices:
    """What a person has chosen, as a form shows it: `at` is "09:00" or ""."""

    address: str
    sets: tuple[SetChoice, ...]
    on: str = "daily"
    at: str = ""
    timezone: str = "UTC"
    bundled: bool = True
    until: date | None = None


class ImportOutcome(StrEnum):
    """What became of a line of a list that was imported."""

    ADDED = "added"
    KNOWN = "already there"
    SUPPRESSED = "suppressed"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class ImportRow:
    """A line of a list with proof of consent, as it was written; `line` is its number."""

    line: int
    address: str
    set_name: str
    consent_at: str
    consent_source: str


@dataclass(frozen=True, slots=True)
class ImportLine:
    """What became of a line; `said` is why, where it was refused."""

    line: int
    address: str
    outcome: ImportOutcome
    said: str = ""


def name_asking(address: str) -> str:
    """Name the one mail a day that an address gets because somebody asked, by its hash."""
    return f"asked {hash_address(address)}"
