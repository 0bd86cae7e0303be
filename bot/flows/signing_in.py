"""Operators sign in by a link that is mailed to them and works once; nobody learns who is one."""

from collections.abc import Callable, Collection
from datetime import UTC, datetime, timedelta
from typing import Protocol

from bot.errors import MissingError
from bot.flows.sealing import Sealer

# Whoever can run the program on its machine is an operator, too.
COMMAND_LINE = "the command line"
LINK_LIVES = timedelta(minutes=15)
_AGAIN = timedelta(minutes=1)
_KIND = "sign-in"


class OnceStore(Protocol):
    """Remembers what is done once."""

    def take_turn(self, name: str, now: datetime, every: timedelta) -> bool:
        """Take a turn that all processes together take at most once within `every`."""
        ...

    def see_event(self, name: str, at: datetime) -> bool:
        """Remember an event for a day; False where it was seen before."""
        ...


def write_link(sealer: Sealer, operator: str, nonce: str, now: datetime) -> str:
    """Write the token of a link that signs an operator in; `nonce` is another one each time."""
    return sealer.seal(_KIND, operator, nonce, int(now.timestamp()))


def ask_for_link(
    store: OnceStore,
    sealer: Sealer,
    operators: Collection[str],
    address: str,
    *,
    nonce: str,
    now: datetime,
    send: Callable[[str, str], None],
) -> None:
    """Mail a link to an operator, once a minute at most; do nothing for anybody else.

    `send` takes the address and the link's token.
    """
    wanted = address.strip().casefold()
    for operator in operators:
        if operator.casefold() == wanted:
            if store.take_turn(f"sign-in {operator}", now, _AGAIN):
                send(operator, write_link(sealer, operator, nonce, now))
            return


def check_link(sealer: Sealer, operators: Collection[str], token: str, now: datetime) -> None:
    """See whether a link could sign somebody in; raise MissingError that says what to do."""
    _read(sealer, operators, token, now)


def enter(
    store: OnceStore, sealer: Sealer, operators: Collection[str], token: str, now: datetime
) -> str:
    """Use a link, and return who signed in; raise MissingError where it is old or was used."""
    operator, nonce = _read(sealer, operators, token, now)
    if not store.see_event(f"sign-in {nonce}", now):
        msg = "this link was used before: ask for another one"
        raise MissingError(msg)
    return operator


def _read(sealer: Sealer, operators: Collection[str], token: str, now: datetime) -> tuple[str, str]:
    operator, nonce, moment = sealer.unseal(_KIND, token)
    age = now - datetime.fromtimestamp(int(moment), UTC)
    if age > LINK_LIVES:
        msg = "this link is older than 15 minutes: ask for another one"
        raise MissingError(msg)
    if operator not in {*operators, COMMAND_LINE}:
        msg = "this link is for somebody who is no operator any more"
        raise MissingError(msg)
    return str(operator), str(nonce)
