"""When to try again, and how fast to go: decisions about deliveries as plain data."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from types import MappingProxyType

from bot.core.editions import DestinationKind

_USUAL = (
    timedelta(minutes=1),
    timedelta(minutes=5),
    timedelta(minutes=15),
    timedelta(hours=1),
    timedelta(hours=6),
)
# Waits after each failed attempt; after the last a delivery has failed. A mail relay that is away
# is waited for most of a day: https://www.rfc-editor.org/rfc/rfc5321#section-4.5.4.1
BACK_OFF: Mapping[DestinationKind, tuple[timedelta, ...]] = MappingProxyType(
    {
        DestinationKind.CHANNEL: _USUAL,
        DestinationKind.EMAIL: (
            *_USUAL[:4],
            timedelta(hours=2),
            timedelta(hours=4),
            timedelta(hours=6),
            timedelta(hours=6),
        ),
        DestinationKind.FOLDER: _USUAL,
    }
)
# What was begun so often and never ended stops whoever begins it, so it is given up.
MOST_ATTEMPTS = 20
# After this long somebody who waits for others to be through looks again.
LOOK_AGAIN = timedelta(seconds=1)
# Who is too busy and does not say for how long is asked again after this time.
_BUSY = 30.0
# No destination is waited for longer, whatever it asks for.
LONGEST_WAIT = timedelta(days=1)
# The part of a wait that chance adds, so that what failed together is not tried again together.
_JITTER = 0.2


@dataclass(frozen=True, slots=True)
class Pace:
    """How fast deliveries of one kind may go, over all processes together.

    `interval`: between two claims for one address; `alone`: one delivery at a time to an address;
    `at_once`: deliveries on their way to all addresses of the kind (0: any number).
    """

    interval: timedelta = timedelta(0)
    alone: bool = False
    at_once: int = 0


NO_PACES: Mapping[str, Pace] = MappingProxyType({})


def pause_before(
    kind: DestinationKind, failure: int, chance: float, retry_after: float | None
) -> timedelta | None:
    """Return how long to wait after the failure of this number, from 1; None: give up.

    `chance` is from 0 to 1. `retry_after` is what the destination asked for, in seconds: never
    less than that is waited, up to a day.
    """
    waits = BACK_OFF[kind]
    if failure > len(waits):
        return None
    wait = waits[failure - 1] * (1 + _JITTER * chance)
    if retry_after is None:
        return wait
    asked = max(0.0, min(LONGEST_WAIT.total_seconds(), retry_after))
    return max(wait, timedelta(seconds=asked))


def pause_when_busy(chance: float, retry_after: float | None) -> timedelta:
    """Return how long to leave alone who has no time: as long as was asked for, up to a day.

    `chance` is from 0 to 1, and `retry_after` in seconds.
    """
    asked = _BUSY if retry_after is None else retry_after
    bounded = max(1.0, min(LONGEST_WAIT.total_seconds(), asked))
    return timedelta(seconds=bounded * (1 + _JITTER * chance))
