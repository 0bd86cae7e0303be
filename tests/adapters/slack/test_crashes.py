"""A process that dies between any two steps of a delivery leaves what the next one finishes."""

import contextlib
import random
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from bot.adapters.store import Store
from bot.core.slack_names import SlackPlace
from bot.flows.deliver import Outcome, Result
from tests.adapters.slack.lab import CLOUDS, Lab, check_thread, ids, make_papers
from tests.fakes.slack_api import MISCHIEF, Channel, Rule

PAPERS = make_papers(30)
MESSAGES = 4


class KilledError(BaseException):
    """The process ends here."""


class DyingStore:
    """A store whose process dies right before or after one of its calls, told by its number."""

    def __init__(self, store: Store, dies_at: int) -> None:
        self._store = store
        self._dies_at = dies_at
        self.points: list[str] = []

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - whatever the store has
        found = getattr(self._store, name)
        return self._watch(name, found) if callable(found) else found

    def _watch(self, name: str, call: Callable[..., Any]) -> Callable[..., Any]:
        def watched(*arguments: object, **named: object) -> object:
            self._pass(f"before {name}")
            told = call(*arguments, **named)
            self._pass(f"after {name}")
            return told

        return watched

    def _pass(self, point: str) -> None:
        self.points.append(point)
        if len(self.points) == self._dies_at:
            raise KilledError(point)


def die(lab: Lab, number: int, dies_at: int) -> list[str]:
    """Make an attempt that dies at that point; return the points it passed."""
    dying = DyingStore(lab.store, dies_at)
    with contextlib.suppress(KilledError):
        lab.deliver(number, lab.sender(store=dying), store=dying)
    return dying.points


@pytest.fixture
def points(lab: Lab) -> list[str]:
    """Name the points that a delivery passes which nothing stops."""
    number = lab.plan(PAPERS)
    passed = die(lab, number, dies_at=0)
    check_thread(lab, PAPERS)
    return passed


def finish(lab: Lab, number: int, channel: Channel | None = None) -> Outcome:
    """Make the attempt that nothing stops, and look at what is there then."""
    outcome = lab.deliver(number)
    assert outcome.result in (Result.SENT, Result.FOUND, Result.SKIPPED)
    assert lab.states(number)[-1] == "sent"
    there = channel or lab.papers
    check_thread(lab, PAPERS, there)
    remembered = lab.store.load_discussed(SlackPlace("T0LAB", there.id), ids(PAPERS))
    assert sorted(remembered) == ids(PAPERS)
    replies = {message.ts for message in there.everything if message.thread_ts}
    assert set(remembered.values()) == replies
    return outcome


def test_wherever_a_process_dies_each_message_is_there_once_and_in_order(
    lab: Lab, points: list[str]
) -> None:
    assert points.count("before leave") == points.count("after arrive") == MESSAGES
    looks, results = 0, set()
    for dies_at in range(1, len(points) + 1):
        channel = lab.team.add_channel(f"C0N{dies_at}", f"papers-{dies_at}")
        number = lab.plan(
            PAPERS,
            address=f"T0LAB/{channel.id}",
            keyword_set=replace(CLOUDS, name=f"Clouds {dies_at}"),
        )
        assert die(lab, number, dies_at)[-1] == points[dies_at - 1]
        before = len(lab.slack.calls())
        results.add(finish(lab, number, channel).result)
        looks += any(
            call.arguments.get("include_all_metadata") for call in lab.slack.calls()[before:]
        )
    # Of each message there is a moment before it is posted and one after, both without a record.
    assert looks == 2 * MESSAGES
    assert results == {Result.SENT, Result.FOUND, Result.SKIPPED}


@pytest.mark.parametrize("seed", range(12))
def test_processes_that_die_one_after_another_leave_nothing_twice(lab: Lab, seed: int) -> None:
    chance = random.Random(seed)  # noqa: S311 - nothing secret
    number = lab.plan(PAPERS)
    for _ in range(8):
        die(lab, number, chance.randint(1, 40))
    finish(lab, number)


@pytest.mark.parametrize("seed", range(12))
def test_processes_die_while_slack_misbehaves(lab: Lab, seed: int) -> None:
    chance = random.Random(seed)  # noqa: S311 - nothing secret
    number = lab.plan(PAPERS)
    lab.slack.misbehave(Rule(MISCHIEF, method="*", chance=0.3, seed=seed))
    for _ in range(4):
        die(lab, number, chance.randint(10, 60))
    lab.slack.behave()
    lab.slack.advance(60)
    finish(lab, number)
