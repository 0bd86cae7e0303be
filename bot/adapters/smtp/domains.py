"""Which domain is left alone for a while, and how fast mail goes to each; sends nothing."""

from typing import Final, Protocol

# The name under which the relay itself stands among the domains.
THE_RELAY: Final = ""

LONGEST_PAUSE: Final = 3600.0


class Domains(Protocol):
    """What all that sends asks before it sends, and tells afterwards.

    Where several processes send, one that they share spares a domain that asked for a rest from
    each of them finding out by itself.
    """

    def hold(self, domain: str, key: str) -> float:
        """Return for how many seconds to leave a domain alone; 0: this delivery's turn is now."""
        ...

    def trip(self, domain: str, seconds: float, reason: str) -> float:
        """Leave a domain alone, longer each time until it takes mail again; return for how long."""
        ...

    def clear(self, domain: str) -> None:
        """Know that a domain takes mail."""
        ...
