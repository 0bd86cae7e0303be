"""Remove a person from what is kept: subscriptions end, and records no longer say to whom."""

from collections.abc import Callable
from datetime import datetime
from typing import Protocol

from bot.core.records import Traces
from bot.errors import UserError


class ErasingStore(Protocol):
    """What erasing needs of the database."""

    def find_traces(self, address: str) -> Traces:
        """Say what the database holds of an address, in whatever spelling."""
        ...

    def erase(self, address: str, at: datetime) -> Traces:
        """Erase an address: end its subscriptions, call off its open deliveries, overwrite it.

        Raise UserError, and change nothing, while something is on its way there.
        """
        ...


def erase(
    store: ErasingStore,
    address: str,
    at: datetime,
    *,
    lines: tuple[int, ...] = (),
    agrees: Callable[[Traces], bool],
) -> Traces | None:
    """Erase an address once somebody `agrees` to what goes; None: that was not so.

    `lines` are those of the config file that name it: while there are any it would come back, so
    UserError says which to take out. Nothing is changed then, nor where there is no such address.
    """
    address = address.strip()
    if not address:
        msg = "name the e-mail address, channel or folder to erase"
        raise UserError(msg)
    if lines:
        *others, last = map(str, lines)
        named = f"{', '.join(others)} and {last}" if others else last
        msg = (
            f"the configuration file names {address} on line{'s' if len(lines) > 1 else ''} {named}"
            ": take that out, restart what runs with it, then erase again; nothing was changed"
        )
        raise UserError(msg)
    traces = store.find_traces(address)
    if not traces.places:
        return traces
    return store.erase(address, at) if agrees(traces) else None
