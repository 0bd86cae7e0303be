"""Nobody runs for a third of a year: arXiv has pages of the last 90 days only."""

import random
from datetime import date, timedelta
from pathlib import Path

import pytest

from bot.adapters.store import open_store
from bot.core.editions import Destination, DestinationKind
from bot.core.keyword_sets import KeywordSet
from bot.core.polling import announcement_days
from bot.core.subscriptions import Subscription
from bot.flows.ingest import Ingest
from tests.fakes.clocks import StillClock
from tests.simulation.arxiv import DAY, Arxiv, Batches, Feeds, midnight
from tests.simulation.batches import CATEGORIES, announce_all, make_up
from tests.simulation.inboxes import Arrival
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

FIRST = date(2026, 2, 27)
AWAY = FIRST + timedelta(days=3)
BACK = AWAY + timedelta(days=120)
LAST = BACK + timedelta(days=2)
DAYS = announcement_days(FIRST - DAY, LAST)
# What was replaced so long ago is not known any more.
CLOUDS = KeywordSet("Clouds", (("cloud",), ("rain", "snow"), ("folding",)))
PLACES = [
    Destination(DestinationKind.FOLDER, "digests"),
    Destination(DestinationKind.EMAIL, "lab@lab.example"),
]


@pytest.fixture
def batches() -> Batches:
    draw = random.Random(7)  # noqa: S311 - nothing secret
    return announce_all(DAYS, make_up(len(DAYS), 3, draw), draw)


def live(
    batches: Batches, folder: Path, *, older_fails_until: date = FIRST, fetch_first: bool = False
) -> list[Arrival]:
    """Run for three days, be away, run for three more; check that all came, and return it.

    `fetch_first`: after the absence somebody asks for the newest day before the clock does.
    """
    start = midnight(FIRST) + MINUTE
    arxiv, clock = Arxiv(StillClock(start), CATEGORIES, batches), StillClock(start)
    draw = random.Random(7)  # noqa: S311 - nothing secret
    inboxes = open_inboxes(clock, draw, 0.0)
    with open_store(f"sqlite:///{folder / 'papers.db'}") as store:
        subscriptions = [
            store.save_subscription(Subscription(*CLOUDS.key, place), start) for place in PLACES
        ]
        bot = Bot(store, arxiv, clock, [CLOUDS], inboxes, draw)
        while clock.now() < midnight(LAST + DAY):
            arxiv.older_fails = clock.now() < midnight(older_fails_until)
            if not midnight(AWAY) <= clock.now() < midnight(BACK):
                if fetch_first and clock.now() < midnight(BACK) + HOUR:
                    Ingest(Feeds(arxiv), store).run(None, CATEGORIES, clock.now())
                bot.turn()
            move(HOUR, clock, arxiv.clock)
    arrived = arrivals(inboxes)
    check_arrivals(find_demands(batches, [CLOUDS], CATEGORIES), subscriptions, arrived)
    return arrived


def test_after_120_days_one_digest_brings_them_all(batches: Batches, tmp_path: Path) -> None:
    arrived = live(batches, tmp_path)
    for place in PLACES:
        spans = [
            (each.edition.since, each.edition.day) for each in arrived if each.destination == place
        ]
        assert [span for span in spans if span[0]] == [(AWAY, BACK)]
        assert [day for _, day in spans].count(BACK) == 1


def test_whoever_fetches_the_newest_day_first_loses_no_day(
    batches: Batches, tmp_path: Path
) -> None:
    arrived = live(batches, tmp_path, fetch_first=True)
    assert [each.edition.since for each in arrived if each.edition.since] == [AWAY] * len(PLACES)


def test_what_cannot_be_had_at_first_comes_with_the_next_digest(
    batches: Batches, tmp_path: Path
) -> None:
    arrived = live(batches, tmp_path, older_fails_until=BACK + DAY)
    spans = [
        (each.edition.since, each.edition.day)
        for each in arrived
        if each.destination == PLACES[0] and each.edition.since
    ]
    oldest_page = BACK - timedelta(days=90)
    assert [day for _, day in spans] == [BACK, BACK + DAY]
    assert [since >= oldest_page for since, _ in spans] == [True, False]
