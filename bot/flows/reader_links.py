"""Links in the mails of readers: what their tokens hold, which is never an address; mails none."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from bot.core.keyword_sets import SetKey
from bot.core.subscribers import Subscriber
from bot.errors import MissingError
from bot.flows.sealing import Sealer

# How long somebody may take to confirm.
LINK_LIVES = timedelta(hours=72)

_CONFIRM, _PREFERENCES, _LEAVE = "confirm", "preferences", "unsubscribe"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_OLD = "this link is older than 72 hours: ask for another one on the set's page"


@dataclass(frozen=True, slots=True)
class Wish:
    """What a link to confirm is for; `on` is a rhythm as it was asked for."""

    subscriber_id: int
    nonce: str
    key: SetKey
    on: str
    asked_at: datetime


@dataclass(frozen=True, slots=True)
class Leaving:
    """What a link to leave ends: a subscription, or all of them for 0.

    `created_at` tells a subscriber from a later one with the same number. `nonce` was the
    subscriber's when the mail was written: the link works without it, but does not lead on then.
    """

    subscriber_id: int
    created_at: datetime
    subscription_id: int
    nonce: str


def write_wish(
    sealer: Sealer, subscriber: Subscriber, key: SetKey, on: str, asked_at: datetime
) -> str:
    """Write the token of a link to confirm."""
    return sealer.seal(_CONFIRM, subscriber.id, subscriber.nonce, *key, on, _count(asked_at))


def read_wish(sealer: Sealer, token: str, now: datetime) -> Wish:
    """Read it; raise MissingError where it is too old, or none of ours."""
    number, nonce, owner, name, on, moment = sealer.unseal(_CONFIRM, token)
    asked_at = _moment(moment)
    if now - asked_at > LINK_LIVES:
        raise MissingError(_OLD)
    return Wish(int(number), str(nonce), (str(owner), str(name)), str(on), asked_at)


def write_preferences(sealer: Sealer, subscriber: Subscriber) -> str:
    """Write the token of a subscriber's preferences; it ends when the nonce changes."""
    return sealer.seal(_PREFERENCES, subscriber.id, subscriber.nonce)


def read_preferences(sealer: Sealer, token: str) -> tuple[int, str]:
    """Read whose preferences a token is for, and the nonce; raise MissingError."""
    number, nonce = sealer.unseal(_PREFERENCES, token)
    return int(number), str(nonce)


def write_leaving(sealer: Sealer, subscriber: Subscriber, subscription_id: int) -> str:
    """Write the token of a link to leave, which never expires; 0 is for all subscriptions.

    It is short, however long a set's name is: it stands in a header, which must not be folded.
    """
    created = _count(subscriber.created_at)
    return sealer.seal(_LEAVE, subscriber.id, created, subscription_id, subscriber.nonce)


def read_leaving(sealer: Sealer, token: str) -> Leaving:
    """Read it; raise MissingError where it is none of ours."""
    number, created, subscription_id, nonce = sealer.unseal(_LEAVE, token)
    return Leaving(int(number), _moment(created), int(subscription_id), str(nonce))


def _count(moment: datetime) -> int:
    return (moment - _EPOCH) // _MICROSECOND


def _moment(micros: str | int) -> datetime:
    return _EPOCH + int(micros) * _MICROSECOND
