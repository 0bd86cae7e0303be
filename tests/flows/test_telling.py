"""Whose digests were paused hears of it, where that was a person of Slack."""

from dataclasses import replace

import pytest

from bot.core.editions import Delivery, DeliveryState, Destination, DestinationKind
from bot.core.records import LedgerLine, Step
from bot.core.slack_names import Person
from bot.core.subscriptions import CONFIG, OPERATOR, Subscription
from bot.errors import SourceError, StoreError
from bot.flows.deliver import Outcome, Result
from bot.flows.telling import PlanStore, tell_of_pause

PLACE = Destination(DestinationKind.CHANNEL, "T0LAB/C0PAPERS")
ADA = Person("T0LAB", "U0ADA")
MINE = Subscription(
    "slack:T0LAB", "Clouds", PLACE, origin=ADA.origin, paused=True, reason="archived", id=7
)
PAUSED = Outcome(Result.PAUSED, PLACE, "archived")
LINE = LedgerLine(
    Delivery(3, 1, PLACE, DeliveryState.RETRY, 1, "key-3"), "Clouds", (), None, 0, None
)


class Plans:
    """One delivery, and for whom it was planned."""

    def __init__(self, subscription: Subscription | None, *, fails: bool = False) -> None:
        self.subscription = subscription
        self.fails = fails

    def load_delivery(self, delivery_id: int) -> tuple[LedgerLine, tuple[Step, ...]] | None:
        if self.fails:
            msg = "papers.db is locked"
            raise StoreError(msg)
        return (LINE, ()) if delivery_id == LINE.delivery.id else None

    def subscription_of(self, delivery_key: str) -> Subscription | None:
        return self.subscription if delivery_key == LINE.delivery.key else None


def tell(store: PlanStore, outcome: Outcome = PAUSED, number: int = 3) -> list[tuple[object, ...]]:
    told: list[tuple[object, ...]] = []
    heard = tell_of_pause(
        number, outcome, store, lambda person, paused: told.append((person, paused))
    )
    assert heard is bool(told)
    return told


def test_who_asked_for_it_is_told() -> None:
    assert tell(Plans(MINE)) == [(ADA, MINE)]


@pytest.mark.parametrize("result", [each for each in Result if each is not Result.PAUSED])
def test_nobody_is_told_of_anything_else(result: Result) -> None:
    assert tell(Plans(MINE), replace(PAUSED, result=result)) == []


@pytest.mark.parametrize(
    "subscription",
    [
        None,
        replace(MINE, origin=CONFIG),
        replace(MINE, origin=OPERATOR),
        # Somebody let it go on meanwhile.
        replace(MINE, paused=False),
    ],
)
def test_where_there_is_nobody_to_tell_nobody_is(subscription: Subscription | None) -> None:
    assert tell(Plans(subscription)) == []


def test_a_delivery_that_is_gone_is_nobodys() -> None:
    assert tell(Plans(MINE), number=4) == []


def test_whatever_fails_over_it_ends_there() -> None:
    assert tell(Plans(MINE, fails=True)) == []

    def refuse(person: Person, paused: Subscription) -> None:
        raise SourceError(person.origin, paused.reason)

    assert not tell_of_pause(3, PAUSED, Plans(MINE), refuse)
