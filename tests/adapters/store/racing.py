"""One of several racing processes: `python -m tests.adapters.store.racing VERB URL NUMBER`.

It says "ready", waits for a line, acts at once and prints what came of it as JSON.
"""

import json
import subprocess
import sys
import time
from pathlib import Path

from bot.adapters.store import SharedThrottle, open_store
from tests.adapters.store.made_up import (
    CATS,
    CHANNEL,
    MAIL,
    NOW,
    announce,
    due_ids,
    freeze,
    make_edition,
    make_paper,
    save,
    take,
)

INTERVAL_S = 0.05
WAITS = 5


def race(verb: str, url: str, racers: int = 8) -> list[object]:
    """Let that many processes do the same at once; return what each of them printed."""
    command = [sys.executable, "-m", "tests.adapters.store.racing", verb, url]
    started = [
        subprocess.Popen(
            [*command, str(number)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=Path(__file__).parents[3],
        )
        for number in range(racers)
    ]
    for racer in started:
        assert racer.stdout
        assert racer.stdout.readline() == "ready\n"
    for racer in started:
        assert racer.stdin
        racer.stdin.write("go\n")
        racer.stdin.flush()
    said = [racer.communicate(timeout=60)[0] for racer in started]
    assert [racer.returncode for racer in started] == [0] * racers
    return [json.loads(line) for line in said]


def act(verb: str, url: str, number: int) -> object:
    if verb == "open":
        _wait_for_the_start()
        with open_store(url) as store:
            return store.count()
    with open_store(url) as store:
        store.count()
        _wait_for_the_start()
        if verb == "save":
            category = ("cs.CV", "cs.RO")[number % 2]
            batch = announce(*(make_paper(n) for n in range(1, 41)), category=category)
            return save(store, batch)
        if verb == "publish":
            planned = freeze(
                store, CATS, make_edition(make_paper()), [(MAIL, NOW), (CHANNEL, NOW)], NOW
            )
            return None if planned is None else [delivery.id for delivery in planned]
        if verb == "claim":
            claims = [take(store, due) for due in due_ids(store, NOW)]
            return [claim.delivery.id for claim in claims if claim]
        if verb == "wait":
            throttle = SharedThrottle(store, "arxiv", INTERVAL_S)
            return [_time_of(throttle) for _ in range(WAITS)]
    raise ValueError(verb)


def _time_of(throttle: SharedThrottle) -> float:
    throttle.wait()
    return time.time()


def _wait_for_the_start() -> None:
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    sys.stdin.readline()


if __name__ == "__main__":
    sys.stdout.write(json.dumps(act(sys.argv[1], sys.argv[2], int(sys.argv[3]))))
