import threading
import time
from pathlib import Path

import pytest

from bot.adapters.store import SharedThrottle, Store, open_store
from bot.adapters.store.throttle import Slot
from bot.errors import StoreError


class Clock:
    """A clock that moves only while somebody sleeps, and can be set."""

    def __init__(self, now: float = 1_765_000_000.0) -> None:
        self.now = now
        self.slept: list[float] = []

    def read(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.slept.append(round(seconds, 3))
        self.now += seconds


def make_throttle(store: Store, clock: Clock, name: str = "arxiv") -> SharedThrottle:
    return SharedThrottle(store, name, 3.0, now=clock.read, sleep=clock.sleep)


def test_the_first_goes_at_once_and_the_next_an_interval_later(store: Store) -> None:
    clock = Clock()
    throttle = make_throttle(store, clock)
    for _ in range(3):
        throttle.wait()
    assert clock.slept == [3.0, 3.0]


def test_nobody_waits_after_a_long_pause(store: Store) -> None:
    clock = Clock()
    throttle = make_throttle(store, clock)
    throttle.wait()
    clock.now += 60
    throttle.wait()
    assert clock.slept == []


def test_two_of_one_name_take_turns_and_another_name_does_not_wait(store: Store) -> None:
    clock = Clock()
    make_throttle(store, clock).wait()
    make_throttle(store, clock).wait()
    make_throttle(store, clock, "elsewhere").wait()
    assert clock.slept == [3.0]


def test_a_clock_set_back_by_a_day_stalls_nobody(store: Store) -> None:
    clock = Clock()
    throttle = make_throttle(store, clock)
    throttle.wait()
    clock.now -= 86_400
    throttle.wait()
    throttle.wait()
    assert clock.slept == [3.0]


def test_a_clock_set_back_a_little_is_waited_for(store: Store) -> None:
    clock = Clock()
    throttle = make_throttle(store, clock)
    throttle.wait()
    clock.now -= 10
    throttle.wait()
    assert clock.slept == [13.0]


def test_one_at_a_time_reads_from_arxiv_whoever_shares_the_database(database_url: str) -> None:
    busy: list[int] = []
    most: list[int] = []

    def read() -> None:
        with open_store(database_url) as store, store.hold_turn():
            busy.append(1)
            most.append(len(busy))
            time.sleep(0.05)
            busy.pop()

    readers = [threading.Thread(target=read) for _ in range(4)]
    for reader in readers:
        reader.start()
    for reader in readers:
        reader.join()
    assert most == [1, 1, 1, 1]


def test_a_turn_is_over_after_an_error(store: Store) -> None:
    with pytest.raises(ZeroDivisionError), store.hold_turn():
        _ = 1 / 0
    with store.hold_turn():
        pass


def test_a_turn_that_cannot_be_had_is_said_in_a_sentence(tmp_path: Path) -> None:
    with open_store(f"sqlite:///{tmp_path}/papers.db") as store:
        (tmp_path / "papers.db-lock").mkdir()
        refused = pytest.raises(StoreError, match=r"papers\.db-lock cannot be written")
        with refused, store.hold_turn():
            pass


def test_a_slot_is_taken_only_where_it_comes_soon_enough(store: Store) -> None:
    now = 1_765_000_000.0
    assert store.take_slot("post", 10.0, now, within_s=5) == Slot(now, taken=True)
    assert store.take_slot("post", 10.0, now, within_s=5) == Slot(now + 10, taken=False)
    assert store.take_slot("post", 10.0, now + 6, within_s=5) == Slot(now + 10, taken=True)
    assert store.take_slot("post", 10.0, now + 6, within_s=60) == Slot(now + 20, taken=True)
    assert store.take_slot("other", 10.0, now, within_s=5) == Slot(now, taken=True)
    assert store.take_slot("post", 10.0, now + 999, within_s=0) == Slot(now + 999, taken=True)


def test_no_slot_is_given_away_before_a_hold_ends(store: Store) -> None:
    now = 1_765_000_000.0
    store.hold_slots("post", now + 100, now)
    store.hold_slots("post", now + 50, now)
    assert store.find_hold("post", now) == now + 100
    assert store.find_hold("other", now) == now
    assert store.take_slot("post", 1.0, now, within_s=30) == Slot(now + 100, taken=False)
    assert store.take_slot("post", 1.0, now, within_s=300) == Slot(now + 100, taken=True)
    assert store.take_slot("post", 1.0, now, within_s=300) == Slot(now + 101, taken=True)
    assert store.find_hold("post", now + 100) == now + 100
    assert store.take_slot("other", 1.0, now, within_s=0) == Slot(now, taken=True)


def test_slots_and_holds_of_before_a_clock_was_set_back_do_not_count(store: Store) -> None:
    now = 1_765_000_000.0
    store.take_slot("post", 1.0, now + 3600, within_s=0)
    assert store.take_slot("post", 1.0, now, within_s=0).taken
    store.hold_slots("post", now + 2 * 86_400, now + 86_400)
    assert store.find_hold("post", now) == now
    store.hold_slots("post", now + 10, now)
    assert store.find_hold("post", now) == now + 10


def test_no_slot_is_given_away_twice(store: Store) -> None:
    now = 1_765_000_000.0
    taken: list[float] = []

    def take_some() -> None:
        taken.extend(store.take_slot("post", 0.25, now, within_s=1e9).at for _ in range(20))

    threads = [threading.Thread(target=take_some) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(taken) == [now + 0.25 * each for each in range(80)]
