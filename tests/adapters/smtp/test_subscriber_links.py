"""Links in the mails of people who subscribed themselves, and only there."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from bot.adapters.seals import Seals
from bot.adapters.smtp.sender import OperatorLinks
from bot.adapters.smtp.subscriber_links import SubscriberLinks
from bot.core.editions import Edition, SetSummary
from bot.core.schedule import Schedule
from bot.core.subscribers import Reader, Subscriber, SubscriberState
from bot.flows.reader_links import read_leaving, read_preferences, write_leaving, write_preferences
from tests.adapters.store.made_up import make_edition, make_paper

ADA = "ada@lab.example"
NOW = datetime(2025, 12, 4, 6, tzinfo=UTC)
SEALS = Seals("k" * 32)
KNOWN = Subscriber(
    7, "Ada@lab.example", ADA, SubscriberState.CONFIRMED, "n" * 16, Schedule(), NOW,
    confirmed_at=NOW,
)  # fmt: skip
CATS = make_edition(make_paper())
DOGS = replace(CATS, set=SetSummary("D" * 80, ("dog",), ()))


class KnownReaders:
    """Knows one reader, with subscriptions by the names of sets; keeps what was asked."""

    def __init__(self, numbers: dict[str, int], reader: Subscriber = KNOWN) -> None:
        self.numbers = numbers
        self.reader = reader
        self.asked: list[tuple[str, list[str]]] = []

    def find_reader(self, address: str, names: Sequence[str]) -> Reader | None:
        self.asked.append((address, list(names)))
        found = tuple(self.numbers[name] for name in names if name in self.numbers)
        return Reader(self.reader, found) if found else None


def build(readers: KnownReaders) -> SubscriberLinks:
    return SubscriberLinks(
        readers,
        OperatorLinks("lab@lab.example", "https://p.example", lambda edition, _: f"/{edition.day}"),
        "https://p.example",
        preferences=lambda known: write_preferences(SEALS, known),
        leaving=lambda known, number: write_leaving(SEALS, known, number),
    )


def token_of(url: str) -> str:
    return url.rpartition("/")[2]


def test_a_subscriber_is_told_why_and_can_change_or_end_it() -> None:
    readers = KnownReaders({"Cats": 3})
    links = build(readers)
    who = links.recipient(ADA, [CATS])
    assert who.why == (
        "You get this because Ada@lab.example subscribed on Thursday 4 December 2025 at p.example."
    )
    assert who.address == ADA
    assert who.preferences_url.startswith("https://p.example/preferences/")
    assert read_preferences(SEALS, token_of(who.preferences_url)) == (7, "n" * 16)
    assert who.unsubscribe_url.startswith("https://p.example/u/")
    assert read_leaving(SEALS, token_of(who.unsubscribe_url)).subscription_id == 3
    assert who.unsubscribe_mailto == ""
    assert readers.asked == [(ADA, ["Cats"])]
    assert links.recipient(ADA, [CATS]) == who
    assert links.page(CATS, "key") == "/2025-12-04"


@pytest.mark.parametrize(
    ("editions", "numbers", "number"),
    [
        ((CATS, CATS), {"Cats": 3}, 3),
        ((CATS, DOGS), {"Cats": 3, "D" * 80: 4}, 0),
        ((CATS, DOGS), {"Cats": 3}, 0),
        ((DOGS,), {"D" * 80: 4}, 4),
    ],
)
def test_a_mail_of_several_sets_ends_all_and_of_one_that_one(
    editions: tuple[Edition, ...], numbers: dict[str, int], number: int
) -> None:
    url = build(KnownReaders(numbers)).recipient(ADA, editions).unsubscribe_url
    assert read_leaving(SEALS, token_of(url)).subscription_id == number
    assert len(url) < 200


def test_who_did_not_subscribe_is_referred_to_the_operator() -> None:
    who = build(KnownReaders({})).recipient(ADA, [CATS])
    assert who.why.startswith("You get this because the operator")
    assert (who.unsubscribe_url, who.preferences_url) == ("", "")


def test_a_day_that_is_not_known_is_left_out() -> None:
    readers = KnownReaders({"Cats": 3}, replace(KNOWN, confirmed_at=None))
    assert build(readers).recipient(ADA, [CATS]).why == (
        "You get this because Ada@lab.example subscribed at p.example."
    )
