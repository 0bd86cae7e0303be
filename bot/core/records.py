"""What a store hands back: papers with their prepared text, and what became of them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from types import MappingProxyType

from bot.core.editions import DayListing, Delivery, DeliveryState, Destination, Edition
from bot.core.papers import AnnounceType, Paper
from bot.core.words import Prepared


@dataclass(frozen=True, slots=True)
class StoredPaper:
    """A paper of the database with its prepared text and the day it was first announced."""

    paper: Paper
    prepared: Prepared
    first_day: date


@dataclass(frozen=True, slots=True)
class PreparedDay:
    """A day's announcement, ready to be matched: `prepared` is keyed by base id."""

    listing: DayListing
    prepared: Mapping[str, Prepared]


@dataclass(frozen=True, slots=True)
class Span:
    """The days of a set's first and last editions, and when the last was frozen."""

    first: date
    last: date
    at: datetime


@dataclass(frozen=True, slots=True)
class Sighting:
    """One entry of one announcement: when and where a paper was announced, as what."""

    day: date
    category: str
    kind: AnnounceType
    version: int


@dataclass(frozen=True, slots=True)
class Step:
    """One line of a delivery's history."""

    at: datetime
    state: DeliveryState
    attempt: int
    detail: str


@dataclass(frozen=True, slots=True)
class Showing:
    """An edition in which a paper stood, and what became of one of its deliveries.

    `set_owner` and `set_name` say whose edition. `destination`, `state` and `delivery_id` are None
    for an edition that was planned for no destination. `detail` and `at` are those of the last of
    its `steps`, which are oldest first; all are empty where the history was thrown away as too old.
    """

    set_name: str
    day: date
    keywords: tuple[str, ...]
    destination: Destination | None
    state: DeliveryState | None
    detail: str
    at: datetime | None
    delivery_id: int | None = None
    steps: tuple[Step, ...] = ()
    set_owner: str = ""


@dataclass(frozen=True, slots=True)
class Part:
    """One message of a delivery that is several: when it left, and what its destination calls it.

    `reference` is "" where nobody knows whether it arrived.
    """

    number: int
    reference: str
    at: datetime


NO_PARTS: Mapping[int, Part] = MappingProxyType({})


# One mail bears no more sets' editions than this.
MOST_TOGETHER = 40


@dataclass(frozen=True, slots=True)
class Enclosed:
    """An edition as it goes out in a mail, with the number and the key of its own delivery."""

    edition: Edition
    key: str
    delivery_id: int


@dataclass(frozen=True, slots=True)
class Claim:
    """A delivery taken by this process, with what is to be sent.

    `in_doubt`: an earlier attempt may have arrived. The delivery's `attempt` is this claim's
    number. From `lease_until` on others may take it over. `failures` counts earlier attempts that
    ended badly; those that only died are not among them, nor the `deferrals` for which the
    destination had no time. `parts` and `draft` are what earlier attempts left: messages by number,
    and what all attempts send alike. `beside` is what goes out in the same mail and follows this
    delivery, whatever becomes of it.
    """

    delivery: Delivery
    edition: Edition
    in_doubt: bool
    lease_until: datetime
    failures: int = 0
    parts: Mapping[int, Part] = field(default_factory=lambda: NO_PARTS)
    draft: str = ""
    deferrals: int = 0
    beside: tuple[Enclosed, ...] = ()

    @property
    def together(self) -> tuple[Enclosed, ...]:
        """All that goes out, its own edition among it, by the names of the sets."""
        own = Enclosed(self.edition, self.delivery.key, self.delivery.id)
        return tuple(sorted((own, *self.beside), key=_place_in_a_mail))


def _place_in_a_mail(enclosed: Enclosed) -> tuple[str, str, str]:
    name = enclosed.edition.set.name
    return name.casefold(), name, enclosed.key


@dataclass(frozen=True, slots=True)
class Busy:
    """The destination's pace, or its quiet hours, do not allow a delivery before `until`."""

    until: datetime


@dataclass(frozen=True, slots=True)
class Due:
    """A delivery that may be claimed: `state` is `sending` where a lease ran out."""

    id: int
    state: DeliveryState
    attempt: int


class Hold(StrEnum):
    """Why a delivery does not leave."""

    REMOVED = "its subscription was removed"
    PAUSED = "its subscription is paused"
    SET_PAUSED = "its keyword set is paused"


@dataclass(frozen=True, slots=True)
class LedgerLine:
    """A delivery as the ledger lists it.

    `days` are those of its editions, oldest first. `due` is when it may next be tried; None where
    it need not be. `repeats` counts sendings that may have repeated an earlier one. `last` is the
    last step of its history; None where that was thrown away as too old. `held` says what keeps it
    here although it is due. `lead` is the delivery in whose mail it goes out, or went.
    """

    delivery: Delivery
    set_name: str
    days: tuple[date, ...]
    due: datetime | None
    repeats: int
    last: Step | None
    held: Hold | None = None
    lead: int | None = None


@dataclass(frozen=True, slots=True)
class Sent:
    """Proof of arrival: what the destination calls the delivery (a path, a message's id)."""

    reference: str


class CannotTell(StrEnum):
    """A destination that cannot say whether something arrived (mail)."""

    CANNOT_TELL = "cannot tell"


class Mark(StrEnum):
    """What a person says of a paper: it is kept for later, or it was not for their channel."""

    SAVED = "saved"
    UNWANTED = "unwanted"


@dataclass(frozen=True, slots=True)
class MarkedPaper:
    """A paper that a person marked: when, and for which conversation ("": for themselves)."""

    base_id: str
    place: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Pruned:
    """What was thrown away as too old: papers with their versions and entries, receipts, steps."""

    papers: int = 0
    versions: int = 0
    entries: int = 0
    receipts: int = 0
    steps: int = 0

    def __bool__(self) -> bool:
        """Whether anything was."""
        return any((self.papers, self.versions, self.entries, self.receipts, self.steps))


@dataclass(frozen=True, slots=True)
class Traces:
    """What the database holds of an address.

    `places` are all its spellings and kinds. `subscriptions` and `deliveries` count those that
    name it; `open` those of the deliveries that have not left for good; `steps` the lines of
    their histories. `subscribers` is 1 where it is somebody's who subscribed by mail, `consents`
    counts the lines about what they agreed to.
    """

    places: tuple[Destination, ...] = ()
    subscriptions: int = 0
    deliveries: int = 0
    open: int = 0
    steps: int = 0
    subscribers: int = 0
    consents: int = 0
