"""Where a keyword set's editions go, and when: subscribe, change, pause, resume, remove."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Protocol, TypeVar

from bot.config.values import is_email
from bot.core.editions import Destination, DestinationKind
from bot.core.keyword_sets import KeywordSet
from bot.core.schedule import Schedule, parse_clock, parse_quiet, parse_rhythm, parse_timezone
from bot.core.subscriptions import CONFIG, OPERATOR, Subscription
from bot.errors import UserError

# Clears a part of a schedule that may be missing.
NONE = "none"
# So many ids are named to someone who writes another one.
_MOST_NAMED = 20

_Part = TypeVar("_Part")


class SubscriptionStore(Protocol):
    """The subscriptions of the database, those of the config file among them."""

    def load_subscriptions(self) -> tuple[Subscription, ...]:
        """Load every subscription that was not removed, paused ones included, oldest first."""
        ...

    def save_subscription(self, subscription: Subscription, at: datetime, /) -> Subscription:
        """Add a subscription, or change the one of that set and destination; return it as saved.

        One that was removed before is back.
        """
        ...

    def pause_subscription(
        self, subscription_id: int, /, *, paused: bool, reason: str = ""
    ) -> bool:
        """Pause a subscription or let it go on; False where there is none, or it is so already."""
        ...

    def remove_subscription(self, subscription_id: int, at: datetime, /) -> bool:
        """Remove a subscription and call off its open deliveries; False where there is none."""
        ...

    def count_waiting(self, subscription_id: int, /) -> int:
        """Count a subscription's deliveries that wait for their first or for another try."""
        ...


@dataclass(frozen=True, slots=True)
class Wish:
    """When digests should come, as a person wrote it; an empty text leaves that part as it is.

    `at` is a clock time and `quiet` a span of the day, either of them "none" to have none; `on` is
    a rhythm.
    """

    at: str = ""
    on: str = ""
    timezone: str = ""
    quiet: str = ""


@dataclass(frozen=True, slots=True)
class Change:
    """A subscription as it is now, and as it was before; None: it is new.

    `waiting` counts its digests that were planned before and had not gone out.
    """

    subscription: Subscription
    before: Subscription | None
    waiting: int = 0


def subscribe(
    store: SubscriptionStore,
    keyword_set: KeywordSet,
    destination: Destination,
    wish: Wish,
    *,
    timezone: str,
    at: datetime,
) -> Change:
    """Subscribe a destination to a set, or change that subscription where there is one.

    `timezone` is for new ones that wish no other. Raise UserError for a wish that cannot be read,
    and for what the config file says otherwise.
    """
    known = find_place(store.load_subscriptions(), keyword_set, destination)
    if known is not None:
        return _reschedule(store, known, build_schedule(wish, known.schedule), at)
    fresh = Subscription(
        keyword_set.owner,
        keyword_set.name,
        destination,
        build_schedule(wish, Schedule(timezone=timezone)),
        origin=OPERATOR,
    )
    return Change(store.save_subscription(fresh, at), None)


def change_subscription(
    store: SubscriptionStore, subscription_id: int, wish: Wish, at: datetime
) -> Change:
    """Change when a subscription's digests come; those planned already keep their time."""
    known = find_subscription(store, subscription_id)
    if wish == Wish():
        msg = "say what to change: the time, the rhythm, the time zone or the quiet hours"
        raise UserError(msg)
    return _reschedule(store, known, build_schedule(wish, known.schedule), at)


def pause_subscription(store: SubscriptionStore, subscription_id: int) -> Change:
    """Let nothing more leave for a subscription until it is resumed."""
    return _pause(store, subscription_id, paused=True)


def resume_subscription(store: SubscriptionStore, subscription_id: int) -> Change:
    """Let a paused subscription go on; what waited is delivered."""
    return _pause(store, subscription_id, paused=False)


def remove_subscription(store: SubscriptionStore, subscription_id: int, at: datetime) -> Change:
    """Remove a subscription and call off what waited; UserError for one of the config file."""
    known = find_subscription(store, subscription_id)
    if known.origin == CONFIG:
        raise UserError(_refuse(known, "take it out"))
    waiting = store.count_waiting(subscription_id)
    store.remove_subscription(subscription_id, at)
    return Change(known, known, waiting)


def find_subscription(store: SubscriptionStore, subscription_id: int) -> Subscription:
    """Find a subscription by its number; raise UserError that names those there are."""
    every = store.load_subscriptions()
    for known in every:
        if known.id == subscription_id:
            return known
    msg = f"there is no subscription {subscription_id}: {_name_ids(each.id for each in every)}"
    raise UserError(msg)


def find_place(
    every: Iterable[Subscription], keyword_set: KeywordSet, destination: Destination
) -> Subscription | None:
    """Find a set's subscription to a destination, however its mail domain is written."""
    for known in every:
        same_set = known.set_key == keyword_set.key
        if same_set and _fold(known.destination) == _fold(destination):
            return known
    return None


def parse_destination(kind: DestinationKind, address: str) -> Destination:
    """Read where digests are to go; raise UserError for what is no address.

    A mail domain means the same in any case and is kept in lower case. What stands before its @ is
    left as it is, since only its own server knows: https://www.rfc-editor.org/rfc/rfc5321#section-2.4
    """
    address = address.strip()
    if not address or not address.isprintable():
        msg = f"the {kind} is empty or holds control characters: name one"
        raise UserError(msg)
    if kind is DestinationKind.EMAIL and not is_email(address):
        msg = f"{address!r} is not an e-mail address: write it like lab@lab.example"
        raise UserError(msg)
    return _fold(Destination(kind, address))


def build_schedule(wish: Wish, before: Schedule) -> Schedule:
    """Apply a wish to a schedule; raise UserError for a part that cannot be read."""
    schedule = replace(
        before,
        at=_choose(wish.at, before.at, parse_clock),
        quiet=_choose(wish.quiet, before.quiet, parse_quiet),
        timezone=parse_timezone(wish.timezone) if wish.timezone.strip() else before.timezone,
    )
    if not wish.on.strip():
        return schedule
    rhythm, weekday = parse_rhythm(wish.on)
    return replace(schedule, rhythm=rhythm, weekday=weekday)


def _choose(text: str, before: _Part | None, parse: Callable[[str], _Part]) -> _Part | None:
    text = text.strip()
    if not text:
        return before
    return None if text.casefold() == NONE else parse(text)


def _reschedule(
    store: SubscriptionStore, known: Subscription, schedule: Schedule, at: datetime
) -> Change:
    if schedule == known.schedule:
        return Change(known, known)
    if known.origin == CONFIG:
        raise UserError(_refuse(known, "change it"))
    waiting = store.count_waiting(known.id)
    return Change(store.save_subscription(replace(known, schedule=schedule), at), known, waiting)


def _pause(store: SubscriptionStore, subscription_id: int, *, paused: bool) -> Change:
    known = find_subscription(store, subscription_id)
    store.pause_subscription(subscription_id, paused=paused)
    # A pause that would end by itself lasts from now on, unless it ends now.
    is_so = known.paused is paused and known.until is None
    after = known if is_so else replace(known, paused=paused, reason="", until=None)
    return Change(after, known, store.count_waiting(subscription_id))


def _refuse(known: Subscription, what: str) -> str:
    return (
        f"subscription {known.id} ({known.set_name} to {known.destination}) stands in the"
        f" configuration file: {what} there"
    )


def _fold(destination: Destination) -> Destination:
    if destination.kind is not DestinationKind.EMAIL:
        return destination
    name, _, domain = destination.address.rpartition("@")
    return replace(destination, address=f"{name}@{domain.lower()}")


def _name_ids(ids: Iterable[int]) -> str:
    known = list(ids)
    if not known:
        return "there are none yet"
    named = ", ".join(map(str, known[:_MOST_NAMED]))
    return f"there {'is' if len(known) == 1 else 'are'} {named}" + (
        " and more" if len(known) > _MOST_NAMED else ""
    )
