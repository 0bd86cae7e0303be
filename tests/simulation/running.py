"""papers-bot in a simulated world: its clocks are moved, it takes its turns, it delivers."""

import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from bot.adapters.store import Store
from bot.core.announcing import delivery_key
from bot.core.editions import DestinationKind
from bot.core.keyword_sets import KeywordSet
from bot.core.retrying import Pace
from bot.core.subscriptions import Subscription
from bot.flows.deliver import Result, Terms, deliver_due
from bot.flows.following import Following
from bot.flows.publish import Published
from tests.fakes.clocks import StillClock
from tests.simulation.arxiv import EASTERN, Arxiv, Feeds, Pages
from tests.simulation.inboxes import Arrival, Inbox
from tests.simulation.truth import Demands

SECOND = timedelta(seconds=1)
MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
# In New York.
_SATURDAY = 5
_MORNING, _EVENING = 8, 22
# As long as others' turns keep something from being sent, so many more looks are taken.
_MOST_LOOKS = 60


@dataclass
class Bot:
    """One process with a clock of its own; several may share a store and the inboxes."""

    store: Store
    arxiv: Arxiv
    clock: StillClock
    sets: Sequence[KeywordSet]
    inboxes: dict[DestinationKind, Inbox]
    draw: random.Random
    published: list[Published] = field(default_factory=list)
    turns: int = 0

    def turn(self) -> None:
        """Follow, publish and deliver all that is due now."""
        following = Following(Feeds(self.arxiv), Pages(self.arxiv), self.store)
        self.turns += 1
        self.published += following.turn(self.sets, self.arxiv.categories, self.clock.now())
        terms = Terms(
            paces={DestinationKind.CHANNEL: Pace(interval=SECOND, alone=True)},
            chance=self.draw.random,
        )
        for _ in range(_MOST_LOOKS):
            outcomes = deliver_due(self.store, self.inboxes, self.clock, terms)
            if all(outcome.result is not Result.BUSY for outcome in outcomes):
                return
            move(SECOND, self.clock, self.arxiv.clock)


def open_inboxes(
    clock: StillClock, draw: random.Random, rate: float
) -> dict[DestinationKind, Inbox]:
    return {kind: Inbox(kind, clock.now, draw, rate) for kind in DestinationKind}


def move(time: timedelta, *clocks: StillClock) -> None:
    """Let time go by, once for each clock however often it is named."""
    for clock in {id(clock): clock for clock in clocks}.values():
        clock.advance(time)


def next_step(now: datetime) -> timedelta:
    """Return ten minutes when batches come, an hour around it, more by day and at weekends."""
    local = now.astimezone(EASTERN)
    if local.weekday() >= _SATURDAY:
        return 3 * HOUR
    if local.hour == 0:
        return 10 * MINUTE
    return 2 * HOUR if _MORNING <= local.hour < _EVENING else HOUR


def arrivals(inboxes: dict[DestinationKind, Inbox]) -> list[Arrival]:
    """Return what arrived, each delivery once, in its order; assert that it may have come so.

    What can be asked is never sent twice; mail that is repeated is the same digest.
    """
    found: dict[str, Arrival] = {}
    for inbox in inboxes.values():
        for each in inbox.arrivals:
            first = found.setdefault(each.key, each)
            assert first is each or not inbox.is_askable
            assert first.edition == each.edition
    return sorted(found.values(), key=lambda each: each.at)


def sort_by_destination(
    arrived: Sequence[Arrival], subscriptions: Sequence[Subscription]
) -> dict[int, list[Arrival]]:
    """Return, by subscription, what arrived for it."""
    return {
        each.id: [
            arrival
            for arrival in arrived
            if arrival.destination == each.destination and arrival.edition.set.name == each.set_name
        ]
        for each in subscriptions
    }


def shown_keys(arrived: Sequence[Arrival]) -> list[str]:
    return [delivery_key(item) for each in arrived for item in each.edition.items]


def check_arrivals(
    demands: Demands, subscriptions: Sequence[Subscription], arrived: Sequence[Arrival]
) -> None:
    """Assert that each destination got all that is demanded, each once, and nothing else."""
    came = sort_by_destination(arrived, subscriptions)
    assert sum(map(len, came.values())) == len(arrived)
    for each in subscriptions:
        wanted = set().union(*demands[each.set_owner, each.set_name].values())
        got = shown_keys(came[each.id])
        assert len(got) == len(set(got)), (each, sorted({key for key in got if got.count(key) > 1}))
        assert set(got) == wanted, (each, wanted - set(got), set(got) - wanted)
