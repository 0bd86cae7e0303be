"""One of the newsletter benchmark's workers: FOLDER PORT CONNECTIONS WORKERS; run by `newsletter`.

It ends with its standard input, and prints how many bytes it sent and its megabytes of memory.
"""

import json
import os
import random
import sys
import threading
from collections.abc import Callable
from pathlib import Path

from benchmarks.newsletter import open_app
from bot.app import App
from bot.flows.deliver import Outcome, Result
from bot.flows.draining import Drain


def main() -> None:
    """Drain the ledger until there is no more input."""
    folder, port, connections, workers = sys.argv[1:]
    sizes: list[int] = []
    with open_app(folder, int(port), int(connections), int(workers)) as app:
        count_sizes(app, sizes)
        stop, wake = threading.Event(), threading.Event()

        def wait() -> None:
            sys.stdin.read()
            stop.set()
            wake.set()

        threading.Thread(target=wait, daemon=True).start()
        drain = Drain(
            app.store,
            app.deliver_one,
            app.clock,
            workers=app.settings.workers,
            look_after=app.terms.margin,
            report=report,
            trouble=fail,
            chance=random.random,
        )
        drain.run(stop, wake)
    print(json.dumps([sum(sizes), read_peak()]))


def read_peak() -> float:
    """Read this process's most memory in megabytes; ru_maxrss would count its parent's, too."""
    status = Path("/proc/self/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0]) / 1024


def report(_delivery: int, outcome: Outcome) -> None:
    """Let nothing go wrong: another worker may have been first, that is all."""
    if outcome.result not in (Result.SENT, Result.SKIPPED):
        fail(outcome)


def count_sizes(app: App, sizes: list[int]) -> None:
    """Note how long each mail is."""
    mailer = app.mail.mailer
    hand_over = mailer.send

    def note(address: str, key: str, size: int, leave: Callable[[], bytes]) -> str:
        sizes.append(size)
        return hand_over(address, key, size, leave)

    mailer.send = note  # type: ignore[method-assign]


def fail(what: object) -> None:
    """End this process: nothing may go wrong in a measurement."""
    print(what, file=sys.stderr)
    os._exit(1)


if __name__ == "__main__":
    main()
