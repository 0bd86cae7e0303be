import threading
from dataclasses import dataclass, field

from bot.adapters.arxiv.throttle import IntervalThrottle, Throttle


@dataclass
class Stopwatch:
    """A clock that moves only when somebody sleeps."""

    now: float = 100.0
    naps: list[float] = field(default_factory=list)

    def clock(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.naps.append(seconds)
        self.now += seconds


def test_the_first_request_goes_at_once_and_the_next_after_the_interval() -> None:
    watch = Stopwatch()
    throttle: Throttle = IntervalThrottle(3, clock=watch.clock, sleep=watch.sleep)
    throttle.wait()
    assert watch.naps == []
    throttle.wait()
    watch.now += 1
    throttle.wait()
    assert watch.naps == [3, 2]


def test_a_request_after_a_long_pause_goes_at_once_and_saves_nothing_up() -> None:
    watch = Stopwatch()
    throttle = IntervalThrottle(3, clock=watch.clock, sleep=watch.sleep)
    throttle.wait()
    watch.now += 60
    throttle.wait()
    throttle.wait()
    assert watch.naps == [3]


def test_threads_take_turns() -> None:
    watch = Stopwatch()
    throttle = IntervalThrottle(3, clock=watch.clock, sleep=watch.sleep)
    threads = [threading.Thread(target=throttle.wait) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert watch.naps == [3] * 19
