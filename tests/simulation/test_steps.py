"""Clocks that are set back, steps of any length, two clocks at once: all arrives once."""

import random
from collections.abc import Sequence
from datetime import date, time, timedelta
from itertools import cycle, islice
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import given, settings
from hypothesis import strategies as st

from bot.adapters.store import open_store
from bot.core.editions import Destination, DestinationKind
from bot.core.keyword_sets import KeywordSet
from bot.core.papers import AnnounceType
from bot.core.polling import announcement_days
from bot.core.schedule import Rhythm, Schedule
from bot.core.subscriptions import Subscription
from tests.fakes.clocks import StillClock
from tests.simulation.arxiv import DAY, Arxiv, midnight
from tests.simulation.batches import CATEGORIES, announce_all, draw_incidents, make_up
from tests.simulation.running import (
    HOUR,
    MINUTE,
    Bot,
    arrivals,
    check_arrivals,
    move,
    open_inboxes,
)
from tests.simulation.truth import find_demands

# Over the night of Sunday 1 November New York's clocks go back by an hour.
FIRST, LAST = date(2026, 10, 26), date(2026, 11, 11)
DAYS = announcement_days(FIRST - DAY, LAST)
FAULTY = DAYS[1:7]
SETS = (
    KeywordSet("Clouds", (("cloud",), ("rain", "snow"), ("folding",))),
    KeywordSet("Versions", (("wave",), ("robot",)), types=tuple(AnnounceType)),
)
SCHEDULES = {
    Destination(DestinationKind.FOLDER, "digests"): Schedule(),
    Destination(DestinationKind.EMAIL, "lab@berlin.example"): Schedule(
        Rhythm.WEEKDAYS, time(9), "Europe/Berlin"
    ),
    Destination(DestinationKind.CHANNEL, "#fridays"): Schedule(
        Rhythm.WEEKLY, timezone="America/New_York", weekday=4, quiet=(time(22), time(6))
    ),
}

TURNS = 80

# How far the clocks go, which of the two bots takes its turn, and how far its hands are off.
STEPS = st.lists(
    st.tuples(
        st.integers(1, 14 * 60).map(lambda minutes: minutes * MINUTE),
        st.booleans(),
        st.sampled_from((timedelta(), timedelta(), -HOUR)),
    ),
    min_size=2,
    max_size=12,
)


@given(steps=STEPS, seed=st.integers(0, 2**32))
@settings(max_examples=6)
def test_whatever_the_clocks_do_everything_arrives_once(
    steps: Sequence[tuple[timedelta, bool, timedelta]], seed: int
) -> None:
    draw = random.Random(seed)  # noqa: S311 - nothing secret
    batches = announce_all(DAYS, make_up(len(DAYS), 8, draw), draw)
    start = midnight(FIRST) + MINUTE
    arxiv = Arxiv(
        StillClock(start),
        CATEGORIES,
        batches,
        draw_incidents(FAULTY, 0.3, draw),
        page_fails=lambda *_: draw.random() < 0.1,
    )
    inboxes = open_inboxes(arxiv.clock, draw, 0.1)
    with TemporaryDirectory() as folder, open_store(f"sqlite:///{Path(folder, 'p.db')}") as store:
        subscriptions = [
            store.save_subscription(Subscription(*each.key, place, schedule), start)
            for each in SETS
            for place, schedule in SCHEDULES.items()
        ]
        bots = [Bot(store, arxiv, StillClock(start), SETS, inboxes, draw) for _ in range(2)]
        bots[0].turn()
        for length, second, off in islice(cycle(steps), TURNS):
            move(length, arxiv.clock, *(bot.clock for bot in bots))
            if arxiv.clock.now() > midnight(LAST):
                break
            bots[second].clock.set(arxiv.clock.now() + off)
            bots[second].turn()
        # At last all clocks are right, and each weekly digest has its turn.
        for bot in bots:
            bot.clock.set(arxiv.clock.now())
        while arxiv.clock.now() < midnight(LAST) + 9 * DAY:
            bots[0].turn()
            move(6 * HOUR, arxiv.clock, *(bot.clock for bot in bots))
    check_arrivals(find_demands(batches, SETS, CATEGORIES), subscriptions, arrivals(inboxes))
