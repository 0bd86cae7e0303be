"""A quarter of a year with arXiv's and the destinations' faults, a clock change, a week away."""

import random
import sys
import time as stopwatch
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import groupby, pairwise
from zoneinfo import ZoneInfo

import pytest

from bot.adapters.store import open_store
from bot.config import load_settings
from bot.core.editions import DeliveryState, Destination, DestinationKind
from bot.core.keyword_sets import KeywordSet
from bot.core.papers import AnnounceType
from bot.core.polling import announcement_days
from bot.core.records import LedgerLine
from bot.core.schedule import Rhythm, Schedule
from bot.core.subscriptions import Subscription
from tests.fakes.clocks import StillClock
from tests.simulation.arxiv import DAY, Arxiv, FailingPages, Incident, midnight
from tests.simulation.batches import (
    CATEGORIES,
    SHARED,
    Draft,
    announce_all,
    draw_incidents,
    draw_real,
    make_up,
)
from tests.simulation.inboxes import Arrival, Inbox
from tests.simulation.running import (
    Bot,
    arrivals,
    check_arrivals,
    move,
    next_step,
    open_inboxes,
    shown_keys,
    sort_by_destination,
)
from tests.simulation.truth import Demands, find_demands

SEED = 20_261_005
FIRST, LAST = date(2026, 10, 5), date(2027, 1, 5)
HOLIDAYS = {date(2026, 11, 27), date(2026, 12, 25), date(2026, 12, 29), date(2026, 12, 31)}
DAYS = [day for day in announcement_days(FIRST - DAY, LAST) if day not in HOLIDAYS]
# Nobody runs from Wednesday to Wednesday; the days whose batches change meanwhile are missed.
AWAY = datetime(2026, 11, 11, 2, 30, tzinfo=UTC)
BACK = AWAY + timedelta(days=7, hours=12)
MISSED = (date(2026, 11, 11), date(2026, 11, 18))
END = midnight(LAST + timedelta(days=9))
# A batch that is mended later joins the next edition, so the last days have no faults; nor have
# those on both sides of the absence: the edition after it brings all that was missed, and no more.
SOUND = {day for day in DAYS if day >= LAST - timedelta(days=12)} | {date(2026, 11, 10), MISSED[1]}
AT_NINE = Schedule(at=time(9), timezone="Europe/Berlin")

SCHEDULES = {
    Destination(DestinationKind.FOLDER, "digests"): Schedule(),
    Destination(DestinationKind.EMAIL, "lab@berlin.example"): AT_NINE,
    Destination(DestinationKind.CHANNEL, "#new-york"): Schedule(
        Rhythm.WEEKDAYS, timezone="America/New_York", quiet=(time(19), time(7))
    ),
    Destination(DestinationKind.CHANNEL, "#fridays"): Schedule(
        Rhythm.WEEKLY, time(16), "Europe/Berlin", weekday=4, quiet=(time(18), time(8))
    ),
    Destination(DestinationKind.EMAIL, "lab@tokyo.example"): Schedule(
        at=time(8, 30), timezone="Asia/Tokyo", quiet=(time(12), time(13))
    ),
}
OWN_SETS = (
    KeywordSet("Clouds", (("cloud",), ("rain", "snow"), ("folding",)), exclude=("mapping waves",)),
    KeywordSet("Grasping", query="grasp* OR robot* AND NOT ti:survey", categories=("cs.RO",)),
    KeywordSet(
        "Versions",
        (("benchmark*",), ("wave",), ("vision",)),
        types=(AnnounceType.REPLACE, AnnounceType.REPLACE_CROSS),
    ),
)


@dataclass(frozen=True)
class Quarter:
    """What happened; `lines` is the ledger by delivery key."""

    demands: Demands
    incidents: Mapping[tuple[str, date], Incident]
    subscriptions: tuple[Subscription, ...]
    arrived: list[Arrival]
    inboxes: Mapping[DestinationKind, Inbox]
    lines: Mapping[str, LedgerLine]

    def each(self, *, weekly: bool) -> Iterator[tuple[Subscription, list[Arrival]]]:
        """Yield subscriptions with what arrived for them."""
        came = sort_by_destination(self.arrived, self.subscriptions)
        for subscription in self.subscriptions:
            if (subscription.schedule.rhythm is Rhythm.WEEKLY) is weekly:
                yield subscription, came[subscription.id]

    def has_fault(self, day: date) -> bool:
        """Whether a feed had a fault on that day, or nobody was there."""
        away = MISSED[0] <= day <= MISSED[1]
        return away or any((category, day) in self.incidents for category in CATEGORIES)


def real_drafts(draw: random.Random) -> list[list[Draft]]:
    return draw_real(len(DAYS), 7, draw)


def made_up_drafts(draw: random.Random) -> list[list[Draft]]:
    return make_up(len(DAYS), 12, draw)


def load_sets() -> tuple[KeywordSet, ...]:
    """Load some of the reference's sets and some of another kind."""
    return (*load_settings(SHARED / "reference-topics.toml", {}).sets[:3], *OWN_SETS[1:])


@pytest.fixture(
    scope="module",
    params=[
        pytest.param((made_up_drafts, lambda: OWN_SETS), id="made-up"),
        pytest.param(
            (real_drafts, load_sets),
            id="real",
            marks=pytest.mark.skipif(
                not SHARED.exists(), reason="../shared/arxiv holds real papers and is not here"
            ),
        ),
    ],
)
def quarter(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Quarter:
    """Let a quarter of a year go by."""
    make_drafts: Callable[[random.Random], list[list[Draft]]]
    make_drafts, make_sets = request.param
    begun = stopwatch.monotonic()
    draw = random.Random(SEED)  # noqa: S311 - nothing secret
    batches = announce_all(DAYS, make_drafts(draw), draw)
    start = midnight(FIRST) + timedelta(minutes=1)
    clock = StillClock(start)
    incidents = draw_incidents([day for day in DAYS[1:] if day not in SOUND], 0.25, draw)
    arxiv = Arxiv(StillClock(start), CATEGORIES, batches, incidents, FailingPages(draw, 0.1))
    sets: tuple[KeywordSet, ...] = make_sets()
    path = tmp_path_factory.mktemp("quarter") / "papers.db"
    with open_store(f"sqlite:///{path}") as store:
        subscriptions = tuple(
            store.save_subscription(Subscription(*each.key, place, schedule), start)
            for each in sets
            for place, schedule in SCHEDULES.items()
        )
        bot = Bot(store, arxiv, clock, sets, open_inboxes(clock, draw, 0.08), draw)
        while clock.now() < END:
            if not AWAY <= clock.now() < BACK:
                bot.turn()
            move(next_step(clock.now()), clock, arxiv.clock)
        lines = {line.delivery.key: line for line in store.list_deliveries(limit=100_000)}
    failures = sum(inbox.failures.total() for inbox in bot.inboxes.values())
    sys.stdout.write(
        f"\n{len(DAYS)} announcements of {len(batches.papers)} papers in {len(CATEGORIES)} feeds"
        f" with {len(incidents)} faults; {bot.turns} turns, {arxiv.feeds_read} feeds and"
        f" {arxiv.pages_read} pages read; {len(lines)} digests with {failures} failures:"
        f" {stopwatch.monotonic() - begun:.1f} s\n"
    )
    return Quarter(
        demands=find_demands(batches, sets, CATEGORIES),
        incidents=incidents,
        subscriptions=subscriptions,
        arrived=arrivals(bot.inboxes),
        inboxes=bot.inboxes,
        lines=lines,
    )


def test_everything_announced_reaches_every_destination_once(quarter: Quarter) -> None:
    assert {line.delivery.state for line in quarter.lines.values()} == {DeliveryState.SENT}
    check_arrivals(quarter.demands, quarter.subscriptions, quarter.arrived)
    assert all(any(wanted.values()) for wanted in quarter.demands.values())


def test_mail_that_may_have_come_twice_is_counted(quarter: Quarter) -> None:
    came = Counter(arrival.key for arrival in quarter.inboxes[DestinationKind.EMAIL].arrivals)
    assert max(came.values()) > 1
    assert all(number - 1 <= quarter.lines[key].repeats for key, number in came.items())


def test_after_a_week_away_each_destination_gets_one_catch_up(quarter: Quarter) -> None:
    for subscription, came in quarter.each(weekly=False):
        days = quarter.demands[subscription.set_owner, subscription.set_name]
        missed = [day for day in days if MISSED[0] <= day < MISSED[1]]
        (digest,) = (each for each in came if MISSED[0] <= each.edition.day <= MISSED[1])
        assert (digest.edition.since, digest.edition.day) == (min(missed), MISSED[1])
        assert set(shown_keys([digest])) >= set().union(*(days[day] for day in missed))
        hits = [len(item.keywords) for item in digest.edition.items]
        assert hits == sorted(hits, reverse=True)


def test_no_other_digest_is_of_several_days_unless_a_feed_was_at_fault(quarter: Quarter) -> None:
    for _, came in quarter.each(weekly=False):
        for arrival in came:
            since = arrival.edition.since
            assert since is None or quarter.has_fault(since)


def test_two_digests_of_a_set_come_on_one_day_only_where_something_failed(
    quarter: Quarter,
) -> None:
    for subscription, came in quarter.each(weekly=False):
        zone = ZoneInfo(subscription.schedule.timezone)
        for _, of_day in groupby(came, key=lambda arrival: arrival.at.astimezone(zone).date()):
            *others, _last = of_day
            for arrival in others:
                was_tried_again = quarter.lines[arrival.key].delivery.attempt > 1
                assert was_tried_again or quarter.has_fault(arrival.edition.day)


def test_a_weekly_digest_comes_once_a_week(quarter: Quarter) -> None:
    for subscription, came in quarter.each(weekly=True):
        zone = ZoneInfo(subscription.schedule.timezone)
        fridays = []
        for arrival in came:
            local = arrival.at.astimezone(zone) - timedelta(hours=16)
            fridays.append(local.date() - timedelta(days=(local.weekday() - 4) % 7))
        assert all(before < after for before, after in pairwise(fridays))
        assert len(fridays) > 8
        on_time = [arrival for arrival in came if quarter.lines[arrival.key].delivery.attempt == 1]
        assert sum(arrival.at.astimezone(zone).weekday() != 4 for arrival in on_time) <= 1


def test_no_digest_comes_before_its_time(quarter: Quarter) -> None:
    for subscription, came in quarter.each(weekly=False):
        schedule = subscription.schedule
        zone = ZoneInfo(schedule.timezone)
        for arrival in came:
            opens = datetime.combine(arrival.edition.day, schedule.at or time(), zone)
            assert arrival.at >= opens or schedule.at is None


def test_nothing_comes_in_quiet_hours(quarter: Quarter) -> None:
    for weekly in (False, True):
        for subscription, came in quarter.each(weekly=weekly):
            schedule = subscription.schedule
            if schedule.quiet:
                begin, end = schedule.quiet
                for arrival in came:
                    clock = arrival.at.astimezone(ZoneInfo(schedule.timezone)).time()
                    is_quiet = begin <= clock < end if begin < end else not end <= clock < begin
                    assert not is_quiet, (subscription, arrival.at, arrival.edition.day)
