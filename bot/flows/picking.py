"""Which of the deliveries that are due may be tried now, and where to begin; delivers nothing."""

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta

from bot.core.editions import DeliveryState
from bot.core.records import Due
from bot.flows.deliver import Outcome, Result
from bot.flows.passage import Clock

# No pause between two tries is longer, in seconds.
_LONGEST_PAUSE = 60.0
_MOST_DOUBLINGS = 10
# What may be on its way: a request that nobody waits for any more may still be carried out.
_MAYBE_ON_ITS_WAY = frozenset({DeliveryState.SENDING, DeliveryState.UNKNOWN})


class Patience:
    """Protects what may be on its way from a clock that jumps ahead and so ends every wait."""

    def __init__(self, clock: Clock, look_after: timedelta) -> None:
        """`look_after` is how long a delivery in doubt is watched before anybody may act on it."""
        self._clock = clock
        self._look_after = look_after.total_seconds()
        self._first_seen: dict[Due, float] = {}

    def ripe(self, due: Sequence[Due]) -> tuple[Due, ...]:
        """Pass what may be claimed, of those in doubt what this process has seen for long enough.

        `due` is all that is due now: what is not in it is forgotten. How long is told in seconds
        that nobody sets, from the first sight of the delivery in its present attempt.
        """
        now = self._clock.elapsed()
        self._first_seen = {
            each: self._first_seen.get(each, now) for each in due if each.state in _MAYBE_ON_ITS_WAY
        }
        return tuple(
            each
            for each in due
            if each not in self._first_seen or now - self._first_seen[each] >= self._look_after
        )


class Others:
    """Other processes that drain the same ledger, as far as they are met.

    Whoever works through the same list in the same order finds one delivery after the other taken,
    so it goes on somewhere else.
    """

    def __init__(self, clock: Clock, idle: float, chance: Callable[[], float]) -> None:
        """Keep a list for `idle` seconds at least, whoever is met."""
        self._clock = clock
        self._idle = idle
        self._chance = chance
        self._listed_at = clock.elapsed()
        self._met = False
        self._brought: set[int] = set()

    def meet(self, number: int, outcome: Outcome) -> None:
        """Hear what became of a delivery; what went out in another one's mail is nobody else's."""
        self._brought.update(outcome.beside)
        if outcome.result is Result.SKIPPED and number not in self._brought:
            self._met = True

    def make_way(self, waiting: deque[Due], recall: Callable[[], list[Due]]) -> None:
        """Go on elsewhere in the list where somebody was met; forget it once it is old."""
        if not self._met:
            return
        recalled = recall()
        if self._clock.elapsed() - self._listed_at >= self._idle:
            waiting.clear()
        else:
            waiting.extendleft(reversed(recalled))
            self._jump(waiting)

    def order(self, waiting: deque[Due]) -> None:
        """Begin a new list: at its beginning, unless somebody was met just now."""
        self._listed_at = self._clock.elapsed()
        self._brought.clear()
        if self._met:
            self._jump(waiting)

    def _jump(self, waiting: deque[Due]) -> None:
        self._met = False
        waiting.rotate(-int(self._chance() * len(waiting)))


@dataclass(slots=True)
class _Hold:
    """A delivery that was tried `tries` times and is left alone `until` then."""

    tries: int
    until: float


class Holds:
    """What stays due after a try waits, so that it is not tried again and again without a rest."""

    def __init__(self, clock: Clock, idle: float) -> None:
        """`idle` is the first wait, in seconds; it doubles from try to try."""
        self._clock = clock
        self._idle = idle
        self._holds: dict[int, _Hold] = {}

    def add(self, number: int, outcome: Outcome) -> None:
        """Remember a try.

        Where it said when to try again, the ledger knows that, too, so what is listed earlier is
        hardly held up: a person may have asked for it.
        """
        hold = self._holds.setdefault(number, _Hold(0, 0.0))
        wait = pause_after(hold.tries, self._idle)
        hold.tries += 1
        if outcome.again is not None:
            told = (outcome.again - self._clock.now()).total_seconds()
            if told > 0:
                hold.tries, wait = 0, min(told, self._idle)
        hold.until = self._clock.elapsed() + wait

    def pass_on(self, due: Sequence[Due]) -> list[Due]:
        """Return those that need not wait; forget those that are no longer listed."""
        now = self._clock.elapsed()
        listed = [each.id for each in due]
        self._holds = {number: self._holds[number] for number in listed if number in self._holds}
        return [
            each for each in due if each.id not in self._holds or self._holds[each.id].until <= now
        ]

    def shorten(self, wait: float) -> float:
        """Return how long to wait so that none waits longer than it must, in seconds."""
        now = self._clock.elapsed()
        ends = (hold.until - now for hold in self._holds.values())
        return min([wait, *(end for end in ends if end > 0)])


def pause_after(failures: int, idle: float) -> float:
    """Return how long to wait after so many failures, in seconds."""
    return min(idle * 2.0 ** min(failures, _MOST_DOUBLINGS), _LONGEST_PAUSE)
