"""Made-up subscriptions and what else flows hand to Slack's surfaces."""

from collections.abc import Callable
from datetime import UTC, date, datetime, time

import pytest

from bot.core.answers import Explanation, Trial, Verdict
from bot.core.desk import Listed
from bot.core.editions import (
    Delivery,
    DeliveryState,
    Destination,
    DestinationKind,
    Edition,
    Field,
    Hit,
)
from bot.core.keyword_sets import KeywordSet
from bot.core.papers import AnnounceType
from bot.core.records import LedgerLine, Showing, Sighting, Step
from bot.core.schedule import Rhythm, Schedule
from bot.core.subscriptions import Subscription

DAY = date(2025, 12, 4)
DUE = datetime(2025, 12, 5, 8, tzinfo=UTC)
BERLIN = Schedule(Rhythm.WEEKDAYS, time(9), "Europe/Berlin")


@pytest.fixture(scope="session")
def build_subscription() -> Callable[..., Subscription]:
    def build(number: int = 7, name: str = "MLLM", **changes: object) -> Subscription:
        place = changes.pop("address", "T0123/C0456")
        facts: dict[str, object] = {
            "schedule": BERLIN,
            "origin": "slack:T0123/U0456",
            "destination": Destination(DestinationKind.CHANNEL, str(place)),
            **changes,
        }
        return Subscription("slack:T0123", name, id=number, **facts)  # type: ignore[arg-type]

    return build


@pytest.fixture(scope="session")
def build_set() -> Callable[..., KeywordSet]:
    def build(name: str = "MLLM", **changes: object) -> KeywordSet:
        facts: dict[str, object] = {
            "keywords": (("VLM",), ("LLM", "image")),
            "owner": "slack:T0123",
            **changes,
        }
        return KeywordSet(name, **facts)  # type: ignore[arg-type]

    return build


@pytest.fixture(scope="session")
def build_last() -> Callable[..., LedgerLine]:
    def build(state: DeliveryState = DeliveryState.SENT, detail: str = "1.2") -> LedgerLine:
        destination = Destination(DestinationKind.CHANNEL, "T0123/C0456")
        step = Step(datetime(2025, 12, 4, 8, 2, tzinfo=UTC), state, 1, detail)
        delivery = Delivery(3, 2, destination, state, 1, "key")
        return LedgerLine(delivery, "MLLM", (DAY,), None, 0, step)

    return build


@pytest.fixture(scope="session")
def build_listed(
    build_subscription: Callable[..., Subscription],
    build_set: Callable[..., KeywordSet],
    build_last: Callable[..., LedgerLine],
) -> Callable[..., Listed]:
    def build(number: int = 7, name: str = "MLLM", **changes: object) -> Listed:
        subscription = build_subscription(number, name, **changes)
        return Listed(subscription, build_set(name), DUE, build_last(), mine=True)

    return build


@pytest.fixture(scope="session")
def trial(edition: Edition) -> Trial:
    return Trial(
        since=date(2025, 11, 5),
        days=20,
        read=7600,
        matched=412,
        per_day=((date(2025, 12, 3), 12), (DAY, 400)),
        keywords=(("VLM", 400), ("LLM,image", 20)),
        samples=edition.items[:2],
    )


@pytest.fixture(scope="session")
def told(edition: Edition) -> Explanation:
    destination = Destination(DestinationKind.CHANNEL, "T0123/C0456")
    words = Hit("VLM", Field.TITLE, 0, 3, "VLMs")
    at = datetime(2025, 12, 4, 9, tzinfo=UTC)
    return Explanation(
        edition.items[0].paper,
        (
            Sighting(DAY, "cs.LG", AnnounceType.NEW, 1),
            Sighting(DAY, "cs.CV", AnnounceType.CROSS, 1),
        ),
        (
            Verdict("MLLM", matched=True, hits=(words,)),
            Verdict(
                "Rain", matched=False, hits=(), missing=("rain",), notes=("the set is paused",)
            ),
            Verdict("Fog", matched=False, hits=(words,), excluded=(words,)),
        ),
        (
            Showing("MLLM", DAY, ("VLM",), destination, DeliveryState.SENT, "", at, 3),
            Showing("Fog", DAY, ("VLM",), destination, DeliveryState.FAILED, "is archived", at, 4),
            Showing("Rain", DAY, (), None, None, "", None),
        ),
    )
