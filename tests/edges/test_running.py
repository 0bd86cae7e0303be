import os
import signal
import threading
import time

import pytest

from bot.edges.running import run_roles
from bot.errors import StoreError
from tests.fakes.logs import RecordingLog


def wait(stop: threading.Event) -> None:
    assert stop.wait(20)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_stops_every_role(number: signal.Signals) -> None:
    before = signal.getsignal(number)
    ended: list[str] = []

    def send(stop: threading.Event) -> None:
        os.kill(os.getpid(), number)
        wait(stop)
        ended.append("send")

    def wait_too(stop: threading.Event) -> None:
        wait(stop)
        ended.append("wait")

    lines = RecordingLog()
    assert run_roles({"one": send, "two": wait_too}, lines)
    assert sorted(ended) == ["send", "wait"]
    assert lines.lines == [("stopping", {"what": number.name})]
    assert signal.getsignal(number) is before


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (StoreError("the database is gone"), "the database is gone"),
        (KeyError("x"), "KeyError: 'x'"),
    ],
)
def test_a_role_that_fails_stops_the_others_and_is_said(error: Exception, said: str) -> None:
    def fail(_stop: threading.Event) -> None:
        raise error

    lines = RecordingLog()
    assert not run_roles({"clock": fail, "worker": wait}, lines)
    assert lines.lines == [("stopped", {"where": "clock", "problem": said})]


def test_a_role_that_does_not_end_is_left() -> None:
    stop = threading.Event()
    stop.set()
    lines = RecordingLog()
    began = time.monotonic()
    assert run_roles({"slow": lambda _stop: time.sleep(5)}, lines, stop=stop, grace_seconds=0.2)
    assert time.monotonic() - began < 3
    assert lines.lines[0][1]["where"] == "slow"
