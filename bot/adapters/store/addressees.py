"""Whether whoever a mail is for still agrees to it: asked in the transaction of a claim.

Nothing here changes what a person agreed to.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, Row, bindparam, select

from bot.adapters.store.mail_tables import subscribers, suppressions
from bot.adapters.store.prepared import Prepared
from bot.adapters.store.rows import from_micros
from bot.core.addresses import hash_address, key_of
from bot.core.records import Busy
from bot.core.subscribers import SubscriberState
from bot.core.subscriptions import PERSON

_REFUSALS: Final = {
    SubscriberState.PENDING: "the reader has not confirmed it",
    SubscriberState.LEFT: "the reader has unsubscribed",
}


@dataclass(frozen=True, slots=True)
class Addressee:
    """What a mail's reader says: `refused` is why it must not go out, `busy` until when it waits.

    `bundled`: several sets at one time come in one mail.
    """

    refused: str = ""
    busy: Busy | None = None
    bundled: bool = False


_SUPPRESSED = Prepared(
    select(suppressions.c.reason).where(suppressions.c.hash == bindparam("hash"))
)
# Whoever holds this row is alone in changing what the address gets, and in gathering it.
_SUBSCRIBER = Prepared(
    select(subscribers.c.state, subscribers.c.bundled, subscribers.c.paused_until)
    .where(subscribers.c.key == bindparam("key"))
    .with_for_update()
)


def find_addressee(connection: Connection, row: Row[Any], now: datetime) -> Addressee:
    """Ask whether a delivery by mail may go to its address now; `row` has its `origin`, too.

    An address that is suppressed gets nothing, whoever wants it to. What a person asked for by
    mail goes out only while that person agrees.
    """
    found = None
    if row.origin == PERSON:
        found = _SUBSCRIBER.first(connection, {"key": key_of(row.address)})
    suppressed = _SUPPRESSED.first(connection, {"hash": hash_address(row.address)})
    if suppressed is not None:
        return Addressee(f"the address is suppressed: {suppressed.reason}")
    if row.origin != PERSON:
        return Addressee()
    if found is None:
        return Addressee("nobody has agreed to it")
    state = SubscriberState(found.state)
    if state in _REFUSALS:
        return Addressee(_REFUSALS[state])
    until = None if found.paused_until is None else from_micros(found.paused_until)
    busy = Busy(until) if until is not None and until > now else None
    return Addressee(busy=busy, bundled=found.bundled)
