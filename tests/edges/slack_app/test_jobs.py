import threading
from collections.abc import Callable

from bot.edges.slack_app.jobs import Jobs
from tests.fakes.logs import RecordingLog

WAIT = 10.0


class Gate:
    """Work that says that it was begun and waits until it may end."""

    def __init__(self) -> None:
        self.begun, self.open = threading.Event(), threading.Event()

    def __call__(self) -> None:
        self.begun.set()
        assert self.open.wait(WAIT)


def hand(jobs: Jobs, line: str, work: Callable[[], None], *, slot: str | None = None) -> None:
    assert jobs.admit()
    jobs.start(line, "work", work, slot=slot)


def test_one_line_is_done_in_order_and_never_at_once() -> None:
    jobs, done, at_it = Jobs(RecordingLog()), list[int](), threading.Lock()

    def work(number: int) -> None:
        with at_it:
            done.append(number)

    for number in range(100):
        hand(jobs, "ada", lambda number=number: work(number))  # type: ignore[misc]
    assert jobs.stop(WAIT)
    assert done == list(range(100))


def test_a_person_who_waits_keeps_nobody_else_waiting() -> None:
    jobs, gate, others = Jobs(RecordingLog(), threads=2), Gate(), threading.Event()
    hand(jobs, "ada", gate)
    for _ in range(5):
        hand(jobs, "ada", lambda: None)
    hand(jobs, "ben", others.set)
    assert others.wait(WAIT)
    gate.open.set()
    assert jobs.stop(WAIT)


def test_there_is_room_for_so_many_and_a_place_may_be_given_back() -> None:
    jobs, gate = Jobs(RecordingLog(), threads=1, room=2), Gate()
    hand(jobs, "ada", gate)
    assert jobs.admit()
    assert not jobs.admit()
    jobs.leave()
    hand(jobs, "ben", lambda: None)
    assert not jobs.admit()
    gate.open.set()
    assert jobs.stop(WAIT)
    assert not jobs.admit()


def test_only_the_newest_of_a_slot_is_done() -> None:
    jobs, gate, done = Jobs(RecordingLog(), threads=1, room=4), Gate(), list[str]()
    hand(jobs, "ada", gate)
    assert gate.begun.wait(WAIT)
    hand(jobs, "ada", lambda: done.append("other"))
    for number in range(10):
        hand(jobs, "ada", lambda number=number: done.append(str(number)), slot="preview")  # type: ignore[misc]
    gate.open.set()
    assert jobs.stop(WAIT)
    assert done == ["other", "9"]


def test_a_job_that_fails_is_logged_and_the_next_is_done() -> None:
    log, done = RecordingLog(), threading.Event()
    jobs = Jobs(log, threads=1)

    def fail() -> None:
        msg = "broken"
        raise ValueError(msg)

    hand(jobs, "ada", fail)
    hand(jobs, "ada", done.set)
    assert jobs.stop(WAIT)
    assert done.is_set()
    assert log.levels == ["error"]
    assert log.lines[0][1]["what"] == "work"


def test_what_does_not_end_in_time_is_left_and_said_so() -> None:
    log, gate, done = RecordingLog(), Gate(), list[int]()
    jobs = Jobs(log, threads=1)
    hand(jobs, "ada", gate)
    hand(jobs, "ada", lambda: done.append(1))
    assert gate.begun.wait(WAIT)
    assert not jobs.stop(0.05)
    gate.open.set()
    assert log.lines == [("left", {"where": "slack", "what": "not done in time", "jobs": 2})]
    assert done == []


def test_threads_are_started_only_for_work() -> None:
    jobs = Jobs(RecordingLog(), threads=3)
    before = threading.active_count()
    assert jobs.admit()
    assert threading.active_count() == before
    jobs.leave()
    assert jobs.stop(0)
