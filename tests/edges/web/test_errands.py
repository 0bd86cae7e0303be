"""Work for which no request waits."""

import threading

from bot.edges.web.errands import Errands


def test_what_was_begun_is_finished_and_what_fails_is_told() -> None:
    told: list[str] = []
    done: list[int] = []
    errands = Errands(told.append)
    errands.run(lambda: done.append(1))
    errands.run(lambda: done.append(1 // 0))
    errands.run(lambda: done.append(2))
    errands.close()
    assert sorted(done) == [1, 2]
    assert told == ["ZeroDivisionError: integer division or modulo by zero"]


def test_nobody_waits_for_what_is_too_much_or_takes_too_long() -> None:
    told: list[str] = []
    begun, go_on = threading.Semaphore(0), threading.Event()
    errands = Errands(told.append, most=4)

    def wait() -> None:
        begun.release()
        go_on.wait(10)

    for _ in range(5):
        errands.run(wait)
    assert told == ["4 errands wait already, so one was left undone"]
    for _ in range(2):
        assert begun.acquire(timeout=10)
    threading.Timer(0.3, go_on.set).start()
    errands.close(0.05)
    assert told[1:] == ["2 errands were left undone, as the site stopped"]
