"""Figures of what was announced and delivered, as a store counts them; nothing here judges them."""

from dataclasses import dataclass
from datetime import datetime

from bot.core.editions import BatchState, DeliveryState, Destination, DestinationKind

# Upper bounds, in seconds, of the times from planning to arrival that are told apart: a second to
# an hour for what leaves at once, up to a week for what waits for its schedule.
LATENCIES = (1, 5, 15, 60, 300, 900, 3600, 14_400, 43_200, 86_400, 259_200, 604_800)


@dataclass(frozen=True, slots=True)
class Backlog:
    """What the ledger still has to do, and what it gave up.

    `due` counts deliveries that could be claimed, the oldest of them since `since`. `in_doubt`
    counts those that may have arrived, `failed` those that failed lately.
    """

    due: int = 0
    since: datetime | None = None
    in_doubt: int = 0
    failed: int = 0


@dataclass(frozen=True, slots=True)
class Pause:
    """A subscription that the program paused, and why."""

    id: int
    set_name: str
    destination: Destination
    reason: str


@dataclass(frozen=True, slots=True)
class Arrivals:
    """The deliveries of one kind that arrived in some time.

    `within` counts those that took no longer than each of LATENCIES, so it never falls; `seconds`
    is what all of them took together.
    """

    kind: DestinationKind
    count: int
    within: tuple[int, ...]
    seconds: float
    repeats: int

    def __add__(self, other: "Arrivals") -> "Arrivals":
        """Add the arrivals of another time."""
        return Arrivals(
            self.kind,
            self.count + other.count,
            tuple(mine + theirs for mine, theirs in zip(self.within, other.within, strict=True)),
            self.seconds + other.seconds,
            self.repeats + other.repeats,
        )


@dataclass(frozen=True, slots=True)
class Standing:
    """How many deliveries of a kind are in a state, and how often they may have been repeated."""

    kind: DestinationKind
    state: DeliveryState
    count: int
    repeats: int


@dataclass(frozen=True, slots=True)
class Announced:
    """What one category announced in all: the batches that held anything, and their entries."""

    category: str
    announcements: int
    new: int
    cross: int
    replaced: int


@dataclass(frozen=True, slots=True)
class ReceiptCount:
    """How many receipts of a category are in a state."""

    category: str
    state: BatchState
    count: int
