"""One of several racing processes: `python -m tests.adapters.store.racing VERB URL NUMBER`.

It says "ready", waits for a line, acts at once and prints what came of it as JSON.
"""

import json
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

from bot.adapters.store import SharedThrottle, Store, open_store
from bot.core.editions import DeliveryState, DestinationKind
from bot.core.keyword_sets import KeywordSet
from bot.core.records import Claim
from bot.core.retrying import Pace
from bot.core.subscriptions import CONFIG, Subscription
from bot.flows.publish import publish
from tests.adapters.store.made_up import (
    CATS,
    CHANNEL,
    DAY,
    MAIL,
    MINUTE,
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
SETS = [KeywordSet(f"Cats {number}", keywords=(("cat",),)) for number in range(50)]
PACES = {
    "at-once": Pace(at_once=3),
    "alone": Pace(alone=True),
    "interval": Pace(interval=60 * MINUTE),
}


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
        return VERBS[verb](store, number)


def _save(store: Store, number: int) -> int:
    category = ("cs.CV", "cs.RO")[number % 2]
    return save(store, announce(*(make_paper(n) for n in range(1, 41)), category=category))


def _freeze(store: Store) -> list[int] | None:
    planned = freeze(store, CATS, make_edition(make_paper()), [(MAIL, NOW), (CHANNEL, NOW)], NOW)
    return None if planned is None else [delivery.id for delivery in planned]


def _claim(store: Store) -> list[int]:
    claims = [take(store, due) for due in due_ids(store, NOW)]
    return [claim.delivery.id for claim in claims if claim]


def _claim_mail(store: Store) -> list[list[int]]:
    """Claim what a reader of bundles gets, and have it arrive."""
    mails = []
    for number in due_ids(store, NOW):
        claim = take(store, number)
        if claim:
            assert store.leave(claim, NOW, again=False)
            assert store.settle(claim, DeliveryState.SENT, at=NOW, detail="there")
            mails.append([each.delivery_id for each in claim.together])
    return mails


def _wait(store: Store) -> list[float]:
    throttle = SharedThrottle(store, "arxiv", INTERVAL_S)
    return [_time_of(throttle) for _ in range(WAITS)]


def _sync(store: Store) -> list[int]:
    wanted = [Subscription(*CATS.key, place, origin=CONFIG) for place in (MAIL, CHANNEL)]
    return [each.id for each in store.sync_subscriptions(CONFIG, wanted, NOW)]


def _publish(store: Store, day: date) -> list[int]:
    published = publish(day, SETS, store, categories=["cs.CV"], now=NOW)
    return [delivery.id for each in published for delivery in each.deliveries]


def _claim_at_pace(store: Store, name: str) -> list[str]:
    """Claim all that may be claimed; what keeps an interval is done at once."""
    addresses = []
    for number in due_ids(store, NOW):
        claim = store.claim(number, NOW, NOW + MINUTE, {DestinationKind.CHANNEL: PACES[name]})
        if isinstance(claim, Claim):
            addresses.append(claim.delivery.destination.address)
            if name == "interval":
                assert store.settle(claim, DeliveryState.SENT, at=NOW, detail="there")
    return addresses


def _time_of(throttle: SharedThrottle) -> float:
    throttle.wait()
    return time.time()


def _wait_for_the_start() -> None:
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    sys.stdin.readline()


VERBS: dict[str, Callable[[Store, int], object]] = {
    "save": _save,
    "publish": lambda store, _: _freeze(store),
    "claim": lambda store, _: _claim(store),
    "claim mail": lambda store, _: _claim_mail(store),
    "wait": lambda store, _: _wait(store),
    "sync": lambda store, _: _sync(store),
    "plan": lambda store, _: _publish(store, DAY),
    "plan two days": lambda store, number: _publish(store, DAY + timedelta(days=number % 2)),
    "at-once": lambda store, _: _claim_at_pace(store, "at-once"),
    "alone": lambda store, _: _claim_at_pace(store, "alone"),
    "interval": lambda store, _: _claim_at_pace(store, "interval"),
}

if __name__ == "__main__":
    sys.stdout.write(json.dumps(act(sys.argv[1], sys.argv[2], int(sys.argv[3]))))
