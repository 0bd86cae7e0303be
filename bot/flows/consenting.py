"""People subscribe by mail: whoever asks hears the same, and only the address itself can confirm.

What depends on an address is done where nobody waits for it, so that how long an answer takes does
not tell whether the address is known.
"""

from collections.abc import Callable
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from ipaddress import IPv6Address, ip_address, ip_network
from typing import TYPE_CHECKING, Protocol

from bot.core.addresses import Address, hash_address, parse_address
from bot.core.keyword_sets import KeywordSet, SetKey
from bot.core.schedule import Schedule, describe_schedule, parse_rhythm
from bot.core.subscribers import (
    Subscriber,
    SubscriberState,
    Suppression,
    Wanted,
    name_asking,
)
from bot.errors import BotError, DeliveryError, MissingError
from bot.flows.choosing import GONE, REVOKED, Choosing, ChoosingStore, Offer
from bot.flows.passage import Clock
from bot.flows.reader_links import (
    LINK_LIVES,
    Wish,
    read_wish,
    write_preferences,
    write_wish,
)
from bot.flows.reading import find_set
from bot.flows.sealing import Sealer

if TYPE_CHECKING:
    from collections.abc import Iterator

# So often in an hour may one source ask, whatever for.
MOST_AN_HOUR = 5
# All together: fifteen at once, then one every four seconds, which is thirty in any minute.
_APART, _AHEAD = 4.0, 56.0
_HOUR = timedelta(hours=1)


class ConsentStore(ChoosingStore, Protocol):
    """What is kept of subscribers, and of who asked how often."""

    def take_turn(self, name: str, now: datetime, every: timedelta, /) -> bool:
        """Take a turn that all processes together take at most once within `every`."""
        ...

    def take_place(self, name: str, apart_s: float, ahead_s: float, now: datetime, /) -> bool:
        """Take one of the places that are so far apart, unless all so far ahead are taken."""
        ...

    def see_event(self, name: str, at: datetime, /) -> bool:
        """Remember an event for a day; False where it was seen before."""
        ...

    def forget_event(self, name: str, /) -> None:
        """Forget an event that could not be dealt with."""
        ...

    def find_suppression(self, address_hash: str, /) -> Suppression | None:
        """Find why an address gets no mail; None: it may."""
        ...

    def forget_unconfirmed(self, before: datetime, /) -> int:
        """Remove addresses that were asked for before a moment and never confirmed."""
        ...

    def add_pending(
        self, address: Address, nonce: str, schedule: Schedule, at: datetime, /
    ) -> Subscriber:
        """Keep an address until it confirms; return it as it is, which may be confirmed already."""
        ...

    def confirm_subscriber(
        self,
        number: int,
        nonce: str,
        key: SetKey,
        schedule: Schedule,
        /,
        *,
        asked_at: datetime,
        at: datetime,
        proof: str,
    ) -> bool:
        """Begin what a person asked for; False where the person left it after asking."""
        ...


class Notices(Protocol):
    """The two mails that come of asking; each raises DeliveryError as a sender does."""

    def ask_to_confirm(self, address: str, set_name: str, schedule: str, token: str) -> None:
        """Mail a link to confirm; `schedule` is in words."""
        ...

    def show_preferences(self, address: str, set_name: str, token: str) -> None:
        """Mail a link to the preferences, to a subscriber who asked again."""
        ...


@dataclass(frozen=True, slots=True)
class Means:
    """How it is done: `later` runs work where nobody waits for it, `report` hears what failed.

    `new_nonce` makes a text that nobody guesses.
    """

    notices: Notices
    new_nonce: Callable[[], str]
    later: Callable[[Callable[[], None]], None]
    report: Callable[[str], None]


class Consenting(Choosing):
    """Subscribe, confirm, choose, leave."""

    def __init__(
        self, store: ConsentStore, sealer: Sealer, offer: Offer, clock: Clock, means: Means
    ) -> None:
        """Serve subscribers of this store."""
        super().__init__(store, sealer, offer, clock)
        self._store = store
        self._means = means

    def ask(self, address: str, set_name: str, on: str, *, source: str) -> None:
        """Mail an address a link to confirm, or to its preferences; bounded by address and source.

        Nobody learns from this whether the address is known: only one that cannot be read, and a
        set that there is not, raise UserError.
        """
        wanted = parse_address(address)
        keyword_set = find_set(self._offer.sets(), set_name)
        schedule = self._plan(on)
        if self._admits(source, self._clock.now()):
            self._means.later(lambda: self._answer(wanted, keyword_set, schedule, on))

    def show_wish(self, token: str) -> Wanted:
        """Say what a confirmation would begin."""
        wish, known = self._read(token)
        return Wanted(known.address, (wish.key[1],))

    def confirm(self, token: str) -> Wanted:
        """Begin what was asked for."""
        wish, known = self._read(token)
        given_up = self._store.find_suppression(hash_address(known.key))
        if given_up is not None:
            ask = f": write to {self._offer.contact}" if self._offer.contact else ""
            msg = f"no mail goes to this address any more ({given_up.reason}){ask}"
            raise MissingError(msg)
        begun = self._store.confirm_subscriber(
            known.id,
            known.nonce,
            wish.key,
            self._plan(wish.on),
            asked_at=wish.asked_at,
            at=self._clock.now(),
            proof=f"confirmed by the link mailed on {wish.asked_at:%Y-%m-%d %H:%M} UTC",
        )
        if not begun:
            msg = "you left after this link was mailed: ask for another one on the set's page"
            raise MissingError(msg)
        return Wanted(known.address, (wish.key[1],), write_preferences(self._sealer, known))

    def _read(self, token: str) -> tuple[Wish, Subscriber]:
        """Read a link to confirm; raise MissingError where it begins nothing any more."""
        wish = read_wish(self._sealer, token, self._clock.now())
        known = self._store.load_subscriber(wish.subscriber_id)
        if known is None:
            msg = f"{GONE}: subscribe again on the set's page"
            raise MissingError(msg)
        if known.nonce != wish.nonce:
            raise MissingError(REVOKED)
        if all(each.key != wish.key for each in self._offer.sets()):
            msg = f"{wish.key[1]!r} is not to be had by mail any more: see the list of sets"
            raise MissingError(msg)
        return wish, known

    def _plan(self, on: str) -> Schedule:
        """Make a schedule of a rhythm; raise UserError for one that cannot be read."""
        if not on.strip():
            return Schedule(timezone=self._offer.timezone)
        rhythm, weekday = parse_rhythm(on[:80])
        return Schedule(rhythm, timezone=self._offer.timezone, weekday=weekday)

    def _admits(self, source: str, now: datetime) -> bool:
        """Whether a source may ask now; all together are bounded, too."""
        # Only we can tell what was hashed.
        name = self._sealer.seal("source", _name_source(source)).rpartition(".")[2]
        turns = (f"ask {name} {number}" for number in range(MOST_AN_HOUR))
        if not any(self._store.take_turn(turn, now, _HOUR) for turn in turns):
            return False
        admitted = self._store.take_place("ask", _APART, _AHEAD, now)
        if not admitted:
            self._means.report("more than 30 a minute ask to subscribe: the rest is not answered")
        return admitted

    def _answer(
        self, wanted: Address, keyword_set: KeywordSet, schedule: Schedule, on: str
    ) -> None:
        try:
            self._mail(wanted, keyword_set, schedule, on)
        except BotError as error:
            self._means.report(f"no confirmation was mailed: {error}")

    def _mail(self, wanted: Address, keyword_set: KeywordSet, schedule: Schedule, on: str) -> None:
        now = self._clock.now()
        if self._store.find_suppression(hash_address(wanted.key)) is not None:
            return
        self._store.forget_unconfirmed(now - LINK_LIVES)
        name = name_asking(wanted.key)
        if not self._store.see_event(name, now):
            return
        with _once(self._store, name):
            known = self._store.add_pending(wanted, self._means.new_nonce(), schedule, now)
            notices = self._means.notices
            if known.state is SubscriberState.CONFIRMED:
                token = write_preferences(self._sealer, known)
                notices.show_preferences(known.address, keyword_set.name, token)
            else:
                token = write_wish(self._sealer, known, keyword_set.key, on, now)
                words = describe_schedule(schedule)
                notices.ask_to_confirm(known.address, keyword_set.name, words, token)


@contextmanager
def _once(store: ConsentStore, name: str) -> "Iterator[None]":
    """Let an address ask again where its mail surely did not leave, and might another time."""
    try:
        yield
    except BotError as error:
        if not (isinstance(error, DeliveryError) and (error.unknown or error.permanent)):
            store.forget_event(name)
        raise


def _name_source(source: str) -> str:
    """Name who asks: of IPv6 the network, as each household has one."""
    try:
        address = ip_address(source)
    except ValueError:
        return source[:80]
    if isinstance(address, IPv6Address):
        if address.ipv4_mapped is not None:
            return str(address.ipv4_mapped)
        return str(ip_network((address.packed, 64), strict=False))
    return str(address)
