import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from bot.edges.clock import Ticker
from bot.errors import SourceError
from tests.fakes.logs import RecordingLog

HOUR = 3600


class Hands:
    """A clock that can be set."""

    def __init__(self) -> None:
        self.set_by = 0.0

    def wall(self) -> float:
        return time.time() + self.set_by


@contextmanager
def ticking(ticker: Ticker) -> Iterator[None]:
    stop = threading.Event()
    thread = threading.Thread(target=ticker.run, args=(stop,))
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join(10)
        assert not thread.is_alive()


def wait_until(true: Callable[[], bool], seconds: float = 30) -> None:
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_calls_at_once_and_then_every_so_often() -> None:
    calls: list[float] = []
    ticker = Ticker(RecordingLog())
    ticker.add("count", 1, lambda: calls.append(time.monotonic()))
    with ticking(ticker):
        wait_until(lambda: len(calls) >= 3)
    assert calls[2] - calls[0] > 1.5


def test_when_the_clock_is_set_either_way_every_job_is_due_at_once() -> None:
    calls: list[str] = []
    lines, hands = RecordingLog(), Hands()
    ticker = Ticker(lines, wall=hands.wall)
    ticker.add("hourly", HOUR, lambda: calls.append("called"))
    with ticking(ticker):
        wait_until(lambda: len(calls) == 1)
        hands.set_by = -HOUR
        wait_until(lambda: len(calls) == 2)
        hands.set_by = HOUR
        wait_until(lambda: len(calls) == 3)
        time.sleep(1.5)
    assert len(calls) == 3
    assert lines.lines == [
        ("clock moved", {"seconds": -HOUR}),
        ("clock moved", {"seconds": 2 * HOUR}),
    ]


def test_a_job_in_trouble_says_so_once_and_is_called_again() -> None:
    calls: list[str] = []
    lines = RecordingLog()

    def fail() -> None:
        calls.append("called")
        if len(calls) < 3:
            raise SourceError("https://arxiv.example", "answered 503")  # noqa: EM101 - a URL
        message = "a mistake of ours"
        raise ValueError(message)

    ticker = Ticker(lines)
    ticker.add("follow", 1, fail)
    with ticking(ticker):
        wait_until(lambda: len(calls) >= 4)
    assert [fields["problem"] for _, fields in lines.lines] == [
        "https://arxiv.example: answered 503",
        "ValueError: a mistake of ours",
    ]
    assert {fields["job"] for _, fields in lines.lines} == {"follow"}


def test_a_job_never_runs_twice_at_once() -> None:
    running = 0
    most = 0

    def dawdle() -> None:
        nonlocal running, most
        running += 1
        most = max(most, running)
        time.sleep(1.5)
        running -= 1

    ticker = Ticker(RecordingLog())
    ticker.add("slow", 1, dawdle)
    with ticking(ticker):
        time.sleep(4)
    assert most == 1
