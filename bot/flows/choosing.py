"""What subscribers do by links of their mails: look, choose, take their data, leave, be forgotten.

Looking changes nothing, and doing twice changes no more than once.
"""

import json
from collections.abc import Callable, Collection, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, date, datetime, time
from typing import Protocol
from zoneinfo import ZoneInfo

from bot.core.keyword_sets import KeywordSet, SetKey
from bot.core.records import Traces
from bot.core.schedule import (
    WEEKDAYS,
    Rhythm,
    Schedule,
    describe_schedule,
    parse_clock,
    parse_rhythm,
    parse_timezone,
)
from bot.core.subscribers import (
    Choices,
    Chosen,
    Decision,
    Held,
    SetChoice,
    Subscriber,
    SubscriberState,
    Wanted,
)
from bot.core.subscriptions import Subscription
from bot.errors import MissingError, UserError
from bot.flows.passage import Clock
from bot.flows.reader_links import (
    read_leaving,
    read_preferences,
    write_preferences,
)
from bot.flows.sealing import Sealer

_LONGEST_FIELD = 80
GONE = "nothing is kept of this address any more, so nothing is mailed to it"
REVOKED = "this link was replaced by a newer one: use the one in the newest mail"


class ChoosingStore(Protocol):
    """What is kept of subscribers."""

    def load_subscriber(self, number: int, /) -> Subscriber | None:
        """Load a subscriber by number."""
        ...

    def load_chosen(self, number: int, /) -> tuple[Subscription, ...]:
        """Load what a person subscribed to by mail and did not leave, oldest first."""
        ...

    def find_chosen(self, number: int, subscription_id: int, /) -> Subscription | None:
        """Find one subscription of a person's own by its number, left or not."""
        ...

    def change_subscriber(
        self, number: int, nonce: str, decision: Decision, /, *, at: datetime, proof: str
    ) -> bool:
        """Make a person's subscriptions what they want; False where the link is not theirs."""
        ...

    def leave_subscriber(
        self,
        number: int,
        created_at: datetime,
        subscription_id: int,
        /,
        *,
        at: datetime,
        proof: str,
    ) -> bool:
        """End one subscription of a person, or all of them for 0; False where there was none."""
        ...

    def load_held(self, address: str, /) -> Held:
        """Load all that names an e-mail address, or is known by its hash."""
        ...

    def erase(self, address: str, at: datetime, /) -> Traces:
        """Erase an address; UserError while something is on its way there."""
        ...


@dataclass(frozen=True, slots=True)
class Offer:
    """What whoever runs the bot offers: the sets that everybody may subscribe to now.

    `about` says what a set looks for. `timezone` is for those who wish no other. `mailed` are the
    keys of addresses that the configuration names itself, `contact` is whom to ask ("": nobody).
    """

    sets: Callable[[], Sequence[KeywordSet]]
    about: Callable[[KeywordSet], str]
    timezone: str = "UTC"
    mailed: Collection[str] = ()
    contact: str = ""


class Choosing:
    """Does what links of subscribers ask for; MissingError for what we did not write."""

    def __init__(self, store: ChoosingStore, sealer: Sealer, offer: Offer, clock: Clock) -> None:
        """Serve subscribers of this store."""
        self._chosen = store
        self._sealer = sealer
        self._offer = offer
        self._clock = clock

    def show_choices(self, token: str) -> Choices:
        """Say what a person has chosen, and may choose."""
        known = self._find(token)
        schedule = known.schedule
        had = {each.set_key for each in self._chosen.load_chosen(known.id)}
        about = {each.key: self._offer.about(each) for each in self._offer.sets()}
        paused = known.paused_until is not None and known.paused_until > self._clock.now()
        return Choices(
            known.address,
            tuple(
                SetChoice(name, key in had, about.get(key, "not offered any more"))
                for name, key in self._name_sets(had).items()
            ),
            on=_write_rhythm(schedule),
            at=schedule.at.isoformat("minutes") if schedule.at else "",
            timezone=schedule.timezone,
            bundled=known.bundled,
            until=known.paused_until.astimezone(ZoneInfo(schedule.timezone)).date()
            if known.paused_until is not None and paused
            else None,
        )

    def choose(self, token: str, chosen: Chosen) -> None:
        """Change what a person has chosen; raise UserError for what cannot be read."""
        known = self._find(token)
        for text in (chosen.on, chosen.at, chosen.timezone):
            _check_length(text)
        had = {each.set_key for each in self._chosen.load_chosen(known.id)}
        names = self._name_sets(had)
        for name in chosen.sets:
            if name not in names:
                msg = f"there is no set {name[:_LONGEST_FIELD]!r} to choose: load the page again"
                raise UserError(msg)
        rhythm, weekday = parse_rhythm(chosen.on) if chosen.on.strip() else (Rhythm.DAILY, None)
        schedule = replace(
            known.schedule,
            rhythm=rhythm,
            weekday=weekday,
            at=parse_clock(chosen.at) if chosen.at.strip() else None,
            timezone=parse_timezone(chosen.timezone),
        )
        now = self._clock.now()
        decision = Decision(
            frozenset(names[name] for name in chosen.sets),
            schedule,
            chosen.bundled,
            _find_end(chosen.until, ZoneInfo(schedule.timezone), now),
        )
        proof = "chosen on the page of a link that was mailed to the address"
        if not self._chosen.change_subscriber(known.id, known.nonce, decision, at=now, proof=proof):
            raise MissingError(REVOKED)

    def export(self, token: str) -> str:
        """Write all that is held of a person as JSON."""
        return write_held(self._chosen.load_held(self._find(token).address))

    def erase(self, token: str) -> None:
        """Remove all that is held of a person; UserError while a digest is on its way."""
        known = self._find(token)
        if known.key in self._offer.mailed:
            ask = f": write to {self._offer.contact}" if self._offer.contact else ": ask them"
            msg = f"whoever runs this bot has it write to {known.address}, whoever subscribes{ask}"
            raise UserError(msg)
        self._chosen.erase(known.address, self._clock.now())

    def show_leaving(self, token: str) -> Wanted:
        """Say what a link to leave would end."""
        link = read_leaving(self._sealer, token)
        known = self._chosen.load_subscriber(link.subscriber_id)
        if known is None or known.created_at != link.created_at:
            raise MissingError(GONE)
        preferences = ""
        if known.nonce == link.nonce:
            preferences = write_preferences(self._sealer, known)
        if not link.subscription_id:
            return Wanted(known.address, (), preferences)
        ended = self._chosen.find_chosen(known.id, link.subscription_id)
        if ended is None:
            msg = "nothing comes by this subscription any more"
            raise MissingError(msg)
        return Wanted(known.address, (ended.set_name,), preferences)

    def leave(self, token: str) -> None:
        """End what a link to leave is for; a preferences token ends everything.

        For whoever left or was erased since nothing is done.
        """
        now = self._clock.now()
        try:
            link = read_leaving(self._sealer, token)
        except MissingError:
            known = self._find(token)
            proof = "asked for on the page of preferences"
            self._chosen.leave_subscriber(known.id, known.created_at, 0, at=now, proof=proof)
            return
        self._chosen.leave_subscriber(
            link.subscriber_id,
            link.created_at,
            link.subscription_id,
            at=now,
            proof="asked for by a link to unsubscribe",
        )

    def _find(self, token: str) -> Subscriber:
        """Find whose preferences these are; raise MissingError."""
        number, nonce = read_preferences(self._sealer, token)
        known = self._chosen.load_subscriber(number)
        if known is None:
            raise MissingError(GONE)
        # Who never confirmed has none: nobody else's link leads to somebody's address.
        if known.nonce != nonce or known.state is SubscriberState.PENDING:
            raise MissingError(REVOKED)
        return known

    def _name_sets(self, had: Collection[SetKey]) -> dict[str, SetKey]:
        """Name what may be chosen: what is offered, and what a person has."""
        names = {each.name: each.key for each in self._offer.sets()}
        for key in sorted(set(had) - set(names.values())):
            names[key[1] if key[1] not in names else "/".join(key)] = key
        return names


def write_held(held: Held) -> str:
    """Write what is held of an address as JSON, for people and for programs."""
    known = held.subscriber
    data = {
        "subscriber": {
            "address": known.address,
            "state": known.state,
            "schedule": describe_schedule(known.schedule),
            "one_mail_for_several_sets": known.bundled,
            "paused_until": known.paused_until,
            "created_at": known.created_at,
            "confirmed_at": known.confirmed_at,
        }
        if known is not None
        else None,
        "subscriptions": [
            {
                "set": each.set_name,
                "address": each.destination.address,
                "schedule": describe_schedule(each.schedule),
                "asked_for_by": each.origin,
                "paused": each.paused,
                "paused_until": each.until,
                "reason": each.reason,
            }
            for each in held.subscriptions
        ],
        "consent": [asdict(each) for each in held.consents],
        "digests": [asdict(each) for each in held.sent],
        "returned_mail": [asdict(each) for each in held.bounces],
        "no_mail": asdict(held.suppression) if held.suppression is not None else None,
    }
    return json.dumps(data, ensure_ascii=False, indent=2, default=_plain) + "\n"


def _plain(value: date) -> str:
    """Write what JSON has no form for, which is moments and days alone."""
    return value.isoformat()


def _check_length(text: str) -> None:
    if len(text) > _LONGEST_FIELD:
        msg = f"{text[:_LONGEST_FIELD]!r}… is longer than what any field here takes"
        raise UserError(msg)


def _write_rhythm(schedule: Schedule) -> str:
    """Write a rhythm as `parse_rhythm` reads it."""
    if schedule.rhythm is Rhythm.WEEKLY and schedule.weekday:
        return f"{schedule.rhythm} {WEEKDAYS[schedule.weekday][:3].casefold()}"
    return schedule.rhythm.value


def _find_end(until: date | None, zone: ZoneInfo, now: datetime) -> datetime | None:
    """Return when a pause ends: as its last day begins there."""
    if until is None:
        return None
    if until <= now.astimezone(zone).date():
        msg = f"{until.isoformat()} is not to come any more: choose a later day, or none"
        raise UserError(msg)
    return datetime.combine(until, time(), zone).astimezone(UTC)
