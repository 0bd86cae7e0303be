"""What people of Slack are answered from, and who of them sees what; changes nothing itself.

A workspace never sees what is another's, and a direct message's subscriptions are its owner's
alone. What a person must not see is answered exactly like what never was.
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Protocol, TypeAlias

from bot.core.editions import Destination, DestinationKind, Edition
from bot.core.keyword_sets import KeywordSet, SetKey
from bot.core.papers import Paper
from bot.core.records import LedgerLine, Mark, MarkedPaper, PreparedDay
from bot.core.slack_names import HOME, Person, SlackPlace, parse_owner, parse_place, workspace_owner
from bot.core.subscriptions import CONFIG, OPERATOR, Subscription
from bot.flows.asking import PaperStore
from bot.flows.permitting import Workspaces, missing_subscription
from bot.flows.subscribing import SetStore
from bot.flows.subscribing_to import SubscriptionStore

# Databases count no further, and people type anything.
_HIGHEST_ID = 2**31 - 1

Hidden: TypeAlias = Callable[[Person], Collection[str]]


class DeskStore(PaperStore, SetStore, SubscriptionStore, Protocol):
    """What answering people of Slack needs to read and to keep."""

    def add_set(self, keyword_set: KeywordSet, /) -> bool:
        """Add a set, even one removed before; False where its owner has one of that name."""
        ...

    def load_subscription(self, subscription_id: int, /) -> Subscription | None:
        """Load one subscription by its number; None where there is none or it was removed."""
        ...

    def load_workspace_subscriptions(self, team: str, /) -> tuple[Subscription, ...]:
        """Load those to conversations of a Slack workspace, HOME included, oldest first."""
        ...

    def pause_subscription(
        self,
        subscription_id: int,
        /,
        *,
        paused: bool,
        reason: str = "",
        until: datetime | None = None,
    ) -> bool:
        """Pause a subscription or let it go on; `until` is when the pause ends by itself."""
        ...

    def next_dues(self, subscription_ids: Collection[int], /) -> Mapping[int, datetime]:
        """Return when what waits for each of these may leave first; others are left out."""
        ...

    def last_deliveries(self, subscription_ids: Collection[int], /) -> Mapping[int, LedgerLine]:
        """Load the newest delivery of each of these that was begun; others are left out."""
        ...

    def load_waiting(self, subscription_id: int, /) -> tuple[Edition, datetime] | None:
        """Load what leaves next for a subscription, and from when on; None: nothing waits."""
        ...

    def newest_day(self, categories: Iterable[str], /) -> date | None:
        """Return the newest day on which any of these categories announced a paper."""
        ...

    def load_day(self, day: date, categories: Iterable[str], /) -> PreparedDay:
        """Load what these categories announced on that day, merged; empty where nothing was."""
        ...

    def count(self) -> int:
        """Count the papers stored."""
        ...

    def load_papers(self, base_ids: Iterable[str], /) -> Mapping[str, Paper]:
        """Load papers at their latest versions, by base id; those not stored are left out."""
        ...

    def save_mark(
        self, person: Person, mark: Mark, base_id: str, at: datetime, /, *, place: str = ""
    ) -> bool:
        """Mark a paper; False where it was marked so before."""
        ...

    def remove_mark(self, person: Person, mark: Mark, base_id: str, /) -> bool:
        """Take a mark back, wherever it was for; False where there was none."""
        ...

    def load_marks(self, person: Person, mark: Mark, /) -> tuple[MarkedPaper, ...]:
        """Load the papers that a person marked, newest first."""
        ...


def hide_nothing(_person: Person) -> Collection[str]:
    """Keep no conversation from anybody."""
    return ()


@dataclass(frozen=True, slots=True)
class Desk:
    """Where people of Slack come with what they want: all that answers are made from.

    `configured` are the configuration's keyword sets, `categories` all that are followed. `home` is
    the workspace whose conversations the configuration names ("": none). New subscriptions have the
    `timezone`. `hidden` names the conversations of which a person must not learn: private ones that
    they are not in.
    """

    store: DeskStore
    workspaces: Workspaces
    configured: Sequence[KeywordSet] = ()
    categories: Sequence[str] = ()
    home: str = ""
    timezone: str = "UTC"
    hidden: Hidden = hide_nothing


def visible_sets(desk: Desk, person: Person) -> tuple[KeywordSet, ...]:
    """Load the keyword sets that a person sees: their workspace's, then the operator's."""
    return (
        *desk.store.load_sets(workspace_owner(person.team)),
        *desk.configured,
        *desk.store.load_sets(OPERATOR),
    )


def index_sets(desk: Desk, person: Person) -> dict[SetKey, KeywordSet]:
    """Load the keyword sets that a person sees by their keys."""
    return {each.key: each for each in visible_sets(desk, person)}


def is_open_owner(owner: str, person: Person) -> bool:
    """Whether a person sees an owner's keyword sets."""
    return owner in (CONFIG, OPERATOR) or parse_owner(owner) == person.team


def visible_subscriptions(desk: Desk, person: Person) -> tuple[Subscription, ...]:
    """Load the subscriptions that a person sees, oldest first.

    Those are their workspace's but for direct messages that are another's, for conversations that
    are hidden from them, and for sets that are another workspace's.
    """
    found = workspace_subscriptions(desk, person)
    hidden = frozenset(desk.hidden(person)) if found else frozenset[str]()
    seen = (each for each in found if _is_visible(desk, person, each, hidden))
    return tuple(sorted(seen, key=lambda each: each.id))


def workspace_subscriptions(desk: Desk, person: Person) -> tuple[Subscription, ...]:
    """Load what goes to conversations of a person's workspace, whether or not they see it."""
    found = desk.store.load_workspace_subscriptions(person.team)
    at_home = person.team == desk.home
    return (*found, *desk.store.load_workspace_subscriptions(HOME)) if at_home else found


def find_subscription(desk: Desk, person: Person, subscription_id: int) -> Subscription:
    """Find a subscription that a person sees; raise RefusedError, alike for whatever else it is."""
    if 0 < subscription_id <= _HIGHEST_ID:
        found = desk.store.load_subscription(subscription_id)
        if found and _is_visible(desk, person, found, None):
            return found
    raise missing_subscription(subscription_id)


def place_of(desk: Desk, person: Person, destination: Destination) -> SlackPlace | None:
    """Read a destination as a conversation of a person's workspace; None where it is none."""
    if destination.kind is not DestinationKind.CHANNEL:
        return None
    place = parse_place(destination.address)
    at_home = place.team == HOME and person.team == desk.home
    return place if at_home or place.team == person.team else None


def _is_visible(
    desk: Desk, person: Person, subscription: Subscription, hidden: Collection[str] | None
) -> bool:
    """Whether a person sees a subscription; `hidden` None: that is still to be asked."""
    place = place_of(desk, person, subscription.destination)
    if place is None or not is_open_owner(subscription.set_owner, person):
        return False
    if subscription.origin == person.origin:
        return True
    if place.is_direct:
        return False
    return place.channel not in (desk.hidden(person) if hidden is None else hidden)
