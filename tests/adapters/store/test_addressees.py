"""What is asked of a mail's reader when a delivery is claimed."""

from datetime import timedelta

import pytest

from bot.adapters.store import Store
from bot.core.editions import DeliveryState, Destination, DestinationKind
from bot.core.records import Busy
from bot.core.subscriptions import CONFIG
from tests.adapters.store.made_up import (
    CATS,
    DAY,
    MINUTE,
    NOW,
    agree,
    announce,
    due_ids,
    freeze,
    make_edition,
    make_paper,
    save,
    suppress,
    take,
)
from tests.adapters.store.test_bundling import ADA, load, plan

HOUR = timedelta(hours=1)


def test_a_suppressed_address_gets_nothing_whoever_wants_it_to(store: Store) -> None:
    agree(store, ADA)
    (asked,) = plan(store, "Owls")
    (configured,) = plan(store, "Dogs", address=ADA.lower(), origin=CONFIG)
    suppress(store, ADA, "complaint")
    for number in (asked, configured):
        assert take(store, number) is None
        line, steps = load(store, number)
        assert line.delivery.state is DeliveryState.CANCELLED
        assert steps[-1].detail == "the address is suppressed: complaint"
        assert steps[-1].at == NOW


@pytest.mark.parametrize(
    ("state", "why"),
    [
        ("pending", "the reader has not confirmed it"),
        ("left", "the reader has unsubscribed"),
        ("", "nobody has agreed to it"),
    ],
)
def test_what_a_person_asked_for_goes_out_only_while_that_person_agrees(
    store: Store, state: str, why: str
) -> None:
    if state:
        agree(store, ADA, state)
    (number,) = plan(store, "Owls")
    assert due_ids(store, NOW) == (number,)
    assert take(store, number) is None
    line, steps = load(store, number)
    assert line.delivery.state is DeliveryState.CANCELLED
    assert steps[-1].detail == why
    assert due_ids(store, NOW) == ()


def test_nobody_else_has_to_agree(store: Store) -> None:
    (number,) = plan(store, "Owls", origin=CONFIG)
    claimed = take(store, number)
    assert claimed
    assert claimed.beside == ()


def test_whoever_wants_none_for_a_while_gets_it_then(store: Store) -> None:
    agree(store, ADA, paused_until=NOW + HOUR)
    numbers = plan(store)
    for number in numbers:
        assert store.claim(number, NOW, NOW + MINUTE) == Busy(NOW + HOUR)
    assert due_ids(store, NOW) == ()
    assert due_ids(store, NOW + HOUR) == tuple(numbers)
    claimed = take(store, numbers[0], NOW + HOUR)
    assert claimed
    assert len(claimed.together) == len(numbers)


def test_other_kinds_ask_nobody(store: Store) -> None:
    paper = make_paper()
    save(store, announce(paper))
    folder = Destination(DestinationKind.FOLDER, ADA)
    suppress(store, ADA)
    (delivery,) = freeze(store, CATS, make_edition(paper, day=DAY), [(folder, NOW)]) or ()
    assert take(store, delivery.id)
