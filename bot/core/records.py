"""What a store hands back: papers with their prepared text, and what became of them."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

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
class Sighting:
    """One entry of one announcement: when and where a paper was announced, as what."""

    day: date
    category: str
    kind: AnnounceType
    version: int


@dataclass(frozen=True, slots=True)
class Showing:
    """An edition in which a paper stood, and what became of one of its deliveries.

    `destination` and `state` are None for an edition that was planned for no destination.
    """

    set_name: str
    day: date
    keywords: tuple[str, ...]
    destination: Destination | None
    state: DeliveryState | None
    detail: str
    at: datetime | None


@dataclass(frozen=True, slots=True)
class Claim:
    """A delivery taken by this process, with what is to be sent.

    `in_doubt`: an earlier attempt may have arrived. `attempt` is this claim's number.
    """

    delivery: Delivery
    edition: Edition
    in_doubt: bool


@dataclass(frozen=True, slots=True)
class Sent:
    """Proof of arrival: what the destination calls the delivery (a path, a message's id)."""

    reference: str


class CannotTell(StrEnum):
    """A destination that cannot say whether something arrived (mail)."""

    CANNOT_TELL = "cannot tell"
