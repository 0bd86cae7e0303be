"""Subscriptions: which set's editions go where, and when; nothing here keeps or sends them."""

from dataclasses import dataclass, field
from datetime import datetime

from bot.core.editions import Destination, Edition
from bot.core.keyword_sets import KeywordSet, SetKey
from bot.core.schedule import Schedule, Slot

# Who asked for a subscription: the config file's come and go with it; a person's is by mail, and
# holds for as long as the address agrees to it.
CONFIG, OPERATOR, PERSON = "config", "operator", "person"


@dataclass(frozen=True, slots=True)
class Subscription:
    """A keyword set's editions to one destination; `id` is 0 until it is saved.

    `set_owner` and `set_name` say whose set. `origin` says who asked for the subscription. While
    `paused` nothing is planned for it and nothing planned leaves; `reason` says why, where it was
    not a person's wish, and `until` when the pause ends by itself (None: when somebody ends it).
    """

    set_owner: str
    set_name: str
    destination: Destination
    schedule: Schedule = field(default_factory=Schedule)
    origin: str = OPERATOR
    paused: bool = False
    reason: str = ""
    id: int = 0
    until: datetime | None = None

    @property
    def set_key(self) -> SetKey:
        """Whose set it is of, and its name."""
        return self.set_owner, self.set_name


@dataclass(frozen=True, slots=True)
class Plan:
    """That an edition is to be delivered for a subscription, and when."""

    subscription: Subscription
    slot: Slot


@dataclass(frozen=True, slots=True)
class Frozen:
    """An edition to be kept for a set, with all the deliveries that it is planned for."""

    keyword_set: KeywordSet
    edition: Edition
    plans: tuple[Plan, ...] = ()
