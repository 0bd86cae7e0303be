from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, timedelta

import pytest

from bot.core.editions import BatchState, CategoryReceipt, Destination, DestinationKind
from bot.core.keyword_sets import KeywordSet
from bot.core.papers import Announcement
from bot.core.subscriptions import Subscription
from bot.errors import SourceError
from bot.flows.following import PATIENCE, Following
from tests.fakes.papers import announce, make_paper
from tests.fakes.stores import MemoryStore

# Wednesday to Friday; the feeds change at midnight in New York, which is five hours behind UTC.
WED, THU, FRI = (date(2025, 12, day) for day in (3, 4, 5))
MIDNIGHT = timedelta(hours=5)
MINUTE = timedelta(minutes=1)
ARXIV = "https://arxiv.example"
CATEGORIES = ("cs.CV", "cs.RO")
CLOUDS = KeywordSet("Clouds", keywords=(("cloud",),))
ROBOTS = KeywordSet("Robots", keywords=(("cloud",),), categories=("cs.RO",))
FOLDER = Destination(DestinationKind.FOLDER, "digests")


class Arxiv:
    """Serves what a test put there; counts what it is asked for."""

    def __init__(self) -> None:
        self.feeds: dict[str, Announcement] = {}
        self.pages: dict[tuple[str, date], Announcement] = {}
        self.older: dict[tuple[str, date], Announcement] = {}
        self.asked: list[str] = []

    def read(self, category: str, day: date | None) -> Announcement:  # noqa: ARG002 - as arXiv does
        self.asked.append(category)
        if category not in self.feeds:
            raise SourceError(ARXIV, "answered 503")
        return self.feeds[category]


class Pages:
    """The catch-up pages of an Arxiv."""

    def __init__(self, arxiv: Arxiv) -> None:
        self.arxiv = arxiv
        self.asked: list[tuple[str, date]] = []

    def read(self, category: str, day: date | None) -> Announcement:
        assert day
        self.asked.append((category, day))
        if (category, day) not in self.arxiv.pages:
            raise SourceError(ARXIV, "answered 503")
        return self.arxiv.pages[category, day]

    def read_older(self, category: str, since: date, until: date) -> Iterator[Announcement]:
        for (of, day), announcement in sorted(self.arxiv.older.items()):
            if of == category and since <= day <= until:
                yield announcement


@pytest.fixture
def arxiv() -> Arxiv:
    return Arxiv()


@pytest.fixture
def store() -> MemoryStore:
    store = MemoryStore()
    for each in (CLOUDS, ROBOTS):
        store.save_subscription(Subscription(*each.key, FOLDER), at(WED))
    return store


def at(day: date, after: timedelta = timedelta()) -> datetime:
    """Return a moment after midnight of a day in New York."""
    return datetime.combine(day, datetime.min.time(), UTC) + MIDNIGHT + after


def follow(
    arxiv: Arxiv, store: MemoryStore, now: datetime, pages: Pages | None = None
) -> list[tuple[str, date, int]]:
    """Take one turn; return what was published: set, day, papers."""
    following = Following(arxiv, pages or Pages(arxiv), store)
    return [
        (each.edition.set.name, each.edition.day, len(each.edition.items))
        for each in following.turn([CLOUDS, ROBOTS], CATEGORIES, now)
    ]


def batches(day: date, **numbers: int) -> Mapping[str, Announcement]:
    names = {"cv": "cs.CV", "ro": "cs.RO"}
    return {
        names[key]: announce(make_paper(number), category=names[key], day=day)
        for key, number in numbers.items()
    }


def states(store: MemoryStore, day: date) -> list[BatchState]:
    return [line.state for line in store.receipts(day, CATEGORIES)]


def test_publishes_as_soon_as_every_category_of_a_set_is_read(
    arxiv: Arxiv, store: MemoryStore
) -> None:
    arxiv.feeds = {**batches(WED, cv=1), **batches(THU, ro=2)}
    assert follow(arxiv, store, at(THU, MINUTE)) == [("Robots", THU, 1)]
    assert states(store, THU) == [BatchState.LATE, BatchState.COMPLETE]
    arxiv.feeds |= batches(THU, cv=3)
    assert follow(arxiv, store, at(THU, 11 * MINUTE)) == [("Clouds", THU, 2)]
    assert len(store.ledger) == 2
    assert follow(arxiv, store, at(THU, 21 * MINUTE)) == []


def test_asks_every_ten_minutes_until_a_batch_moved_and_then_no_more(
    arxiv: Arxiv, store: MemoryStore
) -> None:
    arxiv.feeds = {**batches(WED, cv=1), **batches(THU, ro=2)}
    for minutes in range(0, 60, 5):
        follow(arxiv, store, at(THU, minutes * MINUTE))
    assert (arxiv.asked.count("cs.CV"), arxiv.asked.count("cs.RO")) == (6, 1)


def test_before_midnight_yesterdays_batch_is_not_late(arxiv: Arxiv, store: MemoryStore) -> None:
    arxiv.feeds = dict(batches(WED, cv=1, ro=2))
    follow(arxiv, store, at(THU, -60 * MINUTE))
    assert states(store, THU) == []
    assert states(store, WED) == [BatchState.COMPLETE, BatchState.COMPLETE]


def test_two_clocks_ask_as_often_as_one(arxiv: Arxiv, store: MemoryStore) -> None:
    arxiv.feeds = dict(batches(WED, cv=1, ro=2))
    for minutes in range(0, 30, 5):
        follow(arxiv, store, at(THU, minutes * MINUTE))
        follow(arxiv, store, at(THU, minutes * MINUTE))
    assert len(arxiv.asked) == 6


def test_a_category_that_stays_away_is_waited_for_two_hours_and_comes_with_the_next_edition(
    arxiv: Arxiv, store: MemoryStore
) -> None:
    arxiv.feeds = dict(batches(THU, ro=2))
    assert follow(arxiv, store, at(THU, MINUTE)) == [("Robots", THU, 1)]
    assert follow(arxiv, store, at(THU, PATIENCE)) == []
    assert follow(arxiv, store, at(THU, MINUTE + PATIENCE)) == [("Clouds", THU, 1)]
    arxiv.feeds = dict(batches(FRI, cv=4, ro=5))
    arxiv.pages["cs.CV", THU] = batches(THU, cv=3)["cs.CV"]
    assert follow(arxiv, store, at(FRI, MINUTE)) == [("Clouds", FRI, 3), ("Robots", FRI, 1)]


def test_an_empty_category_is_waited_for_half_an_hour(arxiv: Arxiv, store: MemoryStore) -> None:
    arxiv.feeds = {**batches(THU, ro=2), "cs.CV": announce(day=THU)}
    assert follow(arxiv, store, at(THU, MINUTE)) == [("Robots", THU, 1)]
    assert follow(arxiv, store, at(THU, 29 * MINUTE)) == []
    assert follow(arxiv, store, at(THU, 31 * MINUTE)) == [("Clouds", THU, 1)]


def test_a_holiday_publishes_nothing_and_is_no_gap(arxiv: Arxiv, store: MemoryStore) -> None:
    arxiv.feeds = {"cs.CV": announce(day=THU), "cs.RO": announce(category="cs.RO", day=THU)}
    for hours in range(20):
        assert follow(arxiv, store, at(THU, timedelta(hours=hours))) == []
    arxiv.pages = {(of, THU): announce(category=of, day=THU) for of in CATEGORIES}
    arxiv.feeds = dict(batches(FRI, cv=1, ro=2))
    assert follow(arxiv, store, at(FRI)) == [("Clouds", FRI, 2), ("Robots", FRI, 1)]


def test_after_days_of_downtime_all_is_read_before_one_edition_is_published(
    arxiv: Arxiv, store: MemoryStore
) -> None:
    arxiv.feeds = dict(batches(WED, cv=1, ro=2))
    follow(arxiv, store, at(WED))
    days = [THU, FRI, FRI + timedelta(days=3), FRI + timedelta(days=4)]
    for number, day in enumerate(days[:-1], 10):
        for key, announcement in batches(day, cv=number, ro=number + 10).items():
            arxiv.pages[key, day] = announcement
    arxiv.feeds = dict(batches(days[-1], cv=30, ro=31))
    missing = arxiv.pages.pop(("cs.RO", THU))
    assert follow(arxiv, store, at(days[-1])) == []
    arxiv.pages["cs.RO", THU] = missing
    now = at(days[-1], 61 * MINUTE)
    assert follow(arxiv, store, now) == [("Clouds", days[-1], 8), ("Robots", days[-1], 4)]
    assert len(store.ledger) == 4
    assert store.editions_of(CLOUDS)[-1].since == THU


def test_what_no_page_has_any_more_is_read_from_elsewhere_once_a_day(
    arxiv: Arxiv, store: MemoryStore
) -> None:
    arxiv.feeds = dict(batches(WED, cv=1, ro=2))
    follow(arxiv, store, at(WED))
    back = WED + timedelta(days=182)
    arxiv.older["cs.CV", THU] = batches(THU, cv=3)["cs.CV"]
    arxiv.feeds = dict(batches(back, cv=4, ro=5))
    heard: list[CategoryReceipt] = []
    Following(arxiv, Pages(arxiv), store, report=heard.append).read_older(CATEGORIES, at(back))
    assert [(line.category, line.day, line.read) for line in heard] == [("cs.CV", THU, 1)]
    heard.clear()
    Following(arxiv, Pages(arxiv), store, report=heard.append).read_older(CATEGORIES, at(back))
    assert heard == []


def test_where_all_older_days_are_known_nobody_is_asked_for_them(
    arxiv: Arxiv, store: MemoryStore
) -> None:
    arxiv.feeds = dict(batches(THU, cv=1, ro=2))
    follow(arxiv, store, at(THU))
    # That Thursday is the newest day that no page has any more.
    back = THU + timedelta(days=91)
    arxiv.older["cs.CV", THU] = batches(THU, cv=3)["cs.CV"]
    heard: list[CategoryReceipt] = []
    Following(arxiv, Pages(arxiv), store, report=heard.append).read_older(CATEGORIES, at(back))
    assert heard == []


def test_a_new_set_gets_the_newest_day_at_once(arxiv: Arxiv, store: MemoryStore) -> None:
    arxiv.feeds = dict(batches(THU, cv=1, ro=2))
    follow(arxiv, store, at(THU))
    late = KeywordSet("Late", keywords=(("cloud",),))
    following = Following(arxiv, Pages(arxiv), store)
    (published,) = following.turn([CLOUDS, ROBOTS, late], CATEGORIES, at(THU, timedelta(hours=9)))
    assert (published.edition.set.name, published.edition.day) == ("Late", THU)


def test_before_anything_is_announced_nothing_is_published(
    arxiv: Arxiv, store: MemoryStore
) -> None:
    assert follow(arxiv, store, at(THU)) == []


def test_a_paused_set_is_frozen_and_delivered_to_nobody(arxiv: Arxiv, store: MemoryStore) -> None:
    arxiv.feeds = dict(batches(THU, cv=1, ro=2))
    paused = KeywordSet("Clouds", keywords=(("cloud",),), paused=True)
    following = Following(arxiv, Pages(arxiv), store)
    (published,) = following.turn([paused], CATEGORIES, at(THU))
    assert published.deliveries == ()
    assert store.ledger == {}
