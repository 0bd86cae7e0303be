"""Who is left alone by all processes together, and whose turn it is, on a real database."""

from datetime import UTC, datetime
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest

from bot.adapters.smtp.domains import THE_RELAY
from bot.adapters.smtp.shared_domains import StoreDomains
from bot.adapters.store import Store
from bot.core.bounces import DomainPause
from bot.errors import StoreError

if TYPE_CHECKING:
    from bot.adapters.smtp.domains import Domains
    from bot.adapters.smtp.shared_domains import PauseStore, Turn


class Seconds:
    """A clock of seconds that a test moves."""

    def __init__(self) -> None:
        self.now = 1_764_000_000.0

    def __call__(self) -> float:
        return self.now


class CountingStore:
    """A store that counts how often it is asked, and can be out of order."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.asked = 0
        self.broken = False

    def _ask(self) -> None:
        self.asked += 1
        if self.broken:
            msg = "the database is locked"
            raise StoreError(msg)

    def load_domain_pauses(self) -> tuple[DomainPause, ...]:
        self._ask()
        return self.store.load_domain_pauses()

    def trip_domain(
        self, domain: str, seconds: float, longest: float, reason: str, now: datetime
    ) -> DomainPause:
        self._ask()
        return self.store.trip_domain(domain, seconds, longest, reason, now)

    def clear_domain(self, domain: str, now: datetime | None = None) -> bool:
        self._ask()
        return self.store.clear_domain(domain, now)

    def take_slot(self, name: str, interval_s: float, now: float, *, within_s: float) -> "Turn":
        self._ask()
        return self.store.take_slot(name, interval_s, now, within_s=within_s)


if TYPE_CHECKING:

    def _check(store: Store) -> "tuple[Domains, PauseStore, PauseStore]":
        return StoreDomains(store), store, CountingStore(store)


@pytest.fixture
def seconds() -> Seconds:
    return Seconds()


@pytest.fixture
def counting(store: Store) -> CountingStore:
    return CountingStore(store)


def test_a_rest_that_one_process_was_asked_for_is_kept_by_all(
    store: Store, seconds: Seconds
) -> None:
    one, other = (StoreDomains(store, now=seconds) for _ in range(2))
    assert other.hold("a.example", "1") == 0
    assert one.trip("a.example", 300, "421 busy") == 300
    assert one.hold("a.example", "1") == 300
    seconds.now += 5
    assert other.hold("a.example", "1") == 295
    assert other.hold("b.example", "1") == 0
    assert other.hold(THE_RELAY, "1") == 0
    (paused,) = store.load_domain_pauses()
    assert (paused.domain, paused.reason, paused.trips) == ("a.example", "421 busy", 1)
    assert paused.until == datetime.fromtimestamp(seconds.now + 295, UTC)
    seconds.now += 295
    assert other.hold("a.example", "1") == 0


def test_a_mail_costs_no_query(counting: CountingStore, seconds: Seconds) -> None:
    domains = StoreDomains(counting, now=seconds)
    for number in range(1000):
        for name in (THE_RELAY, f"{number % 100}.example"):
            assert domains.hold(name, str(number)) == 0
            domains.clear(name)
    assert counting.asked == 1
    seconds.now += 5
    domains.hold("a.example", "x")
    assert counting.asked == 2


def test_whoever_asks_again_is_left_alone_longer_whichever_process_it_tells(
    store: Store, seconds: Seconds
) -> None:
    both = [StoreDomains(store, now=seconds) for _ in range(2)]
    pauses = []
    for turn in range(12):
        assert both[turn % 2].trip("a.example", 300, "busy") == both[1 - turn % 2].trip(
            "a.example", 300, "busy"
        )
        pauses.append(both[turn % 2].hold("a.example", "1"))
        seconds.now += pauses[-1]
    assert pauses[:5] == [300, 600, 1200, 2400, 3600]
    assert set(pauses[5:]) == {3600}


def test_a_domain_that_takes_mail_after_its_pause_begins_with_short_ones_again(
    store: Store, seconds: Seconds
) -> None:
    domains = StoreDomains(store, now=seconds)
    domains.trip("a.example", 300, "busy")
    domains.clear("a.example")
    assert domains.hold("a.example", "1") == 300
    seconds.now += 300
    assert domains.trip("a.example", 300, "busy") == 600
    seconds.now += 600
    domains.clear("a.example")
    assert store.load_domain_pauses() == ()
    assert domains.trip("a.example", 300, "busy") == 300


def test_a_mail_on_its_way_ends_no_pause_that_another_process_began(
    store: Store, seconds: Seconds
) -> None:
    one, other = (StoreDomains(store, now=seconds) for _ in range(2))
    one.trip("a.example", 300, "busy")
    seconds.now += 300
    assert other.hold("a.example", "1") == 0
    one.trip("a.example", 300, "busy")
    other.clear("a.example")
    assert len(store.load_domain_pauses()) == 1


def test_a_pause_from_before_the_clock_was_set_back_is_void(store: Store, seconds: Seconds) -> None:
    domains = StoreDomains(store, now=seconds)
    domains.trip("a.example", 300, "busy")
    seconds.now -= 86_400
    assert domains.hold("a.example", "1") == 0
    domains.clear("a.example")
    assert store.load_domain_pauses() == ()


def test_without_the_database_what_was_known_counts_on(
    counting: CountingStore, seconds: Seconds
) -> None:
    domains = StoreDomains(counting, 60, seconds)
    domains.trip("a.example", 300, "busy")
    counting.broken = True
    seconds.now += 10
    assert domains.hold("a.example", "1") == 290
    assert domains.hold("b.example", "1") == 0
    assert domains.trip("c.example", 60, "busy") == 60
    assert domains.hold("c.example", "1") == 60
    seconds.now += 300
    domains.clear("a.example")
    assert domains.hold("a.example", "1") == 0


def test_mail_to_one_domain_keeps_its_pace_over_all_processes(
    store: Store, seconds: Seconds
) -> None:
    """Sixty a minute together: of two that send all they may, each gets some turns."""
    begin = seconds.now
    both = [StoreDomains(store, 60, seconds) for _ in range(2)]
    due = {(turn % 2, str(turn)): begin for turn in range(40)}
    sent: list[float] = []
    while due:
        (which, key), at = min(due.items(), key=lambda each: each[1])
        seconds.now = max(seconds.now, at)
        wait = both[which].hold("a.example", key)
        if wait:
            due[which, key] = seconds.now + wait
        else:
            del due[which, key]
            sent.append(seconds.now - begin)
    assert all(later - earlier >= 0.999 for earlier, later in pairwise(sent))
    assert sent[-1] <= 45
    assert both[0].hold(THE_RELAY, "x") == 0


def test_whoever_waits_is_told_a_time_of_its_own_and_the_rest_are_forgotten(
    store: Store, seconds: Seconds
) -> None:
    domains = StoreDomains(store, 60, seconds)
    assert [round(domains.hold("a.example", str(key))) for key in range(5)] == [0, 1, 2, 3, 4]
    assert domains.hold("b.example", "x") == 0
    seconds.now += 200
    assert domains.hold("a.example", "a") == 0
    assert round(domains.hold("a.example", "1")) == 1
