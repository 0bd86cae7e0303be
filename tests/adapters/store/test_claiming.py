"""What others do between the reading of a delivery and its claim; SQLite lets nobody in between."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import event

from bot.adapters.store import Store, open_store
from bot.core.editions import DeliveryState, Destination, DestinationKind
from bot.core.records import Busy, Claim
from bot.core.retrying import Pace
from bot.core.schedule import Slot
from bot.core.subscriptions import Frozen, Plan
from tests.adapters.store.made_up import (
    CATS,
    DAY,
    MAIL,
    MINUTE,
    NOW,
    announce,
    freeze,
    make_edition,
    make_paper,
    save,
    take,
)

PAPERS = [make_paper(number) for number in range(3)]
NO_PACES: dict[str, Pace] = {}
PACED: dict[str, Pace] = {DestinationKind.EMAIL: Pace(at_once=4)}
LATER = NOW + 2 * MINUTE


@pytest.fixture
def stores(postgresql_url: str) -> Iterator[tuple[Store, Store]]:
    with open_store(postgresql_url) as one, open_store(postgresql_url) as other:
        save(one, announce(*PAPERS))
        yield one, other


def plan(store: Store, due: Any = NOW) -> int:  # noqa: ANN401 - a time
    (delivery,) = freeze(store, CATS, make_edition(PAPERS[0]), [(MAIL, due)], NOW) or ()
    return delivery.id


@contextmanager
def between(store: Store, act: Callable[[], object]) -> Iterator[None]:
    """Do something right after this store's next reading of a delivery."""
    acted: list[object] = []

    def after(*told: Any) -> None:  # noqa: ANN401 - SQLAlchemy's own
        if not acted and told[2].startswith("SELECT deliveries.id"):
            acted.append(None)
            acted.append(act())

    event.listen(store._engine, "after_cursor_execute", after)  # noqa: SLF001 - there is no other way in
    yield
    event.remove(store._engine, "after_cursor_execute", after)  # noqa: SLF001
    assert acted


@pytest.mark.parametrize("pace", [NO_PACES, PACED], ids=["plain", "paced"])
def test_two_who_read_the_same_make_one_claim(
    stores: tuple[Store, Store], pace: dict[str, Pace]
) -> None:
    one, other = stores
    number = plan(one)
    with between(other, lambda: take(one, number)):
        assert other.claim(number, NOW, NOW + MINUTE, pace) is None
    loaded = one.load_delivery(number)
    assert loaded
    assert [step.detail for step in loaded[1]] == ["planned", "claimed"]


def test_one_that_leaves_after_its_lease_is_not_sent_again_without_a_look(
    stores: tuple[Store, Store],
) -> None:
    """The first worker is late, but says that it leaves before the second takes over."""
    one, other = stores
    number = plan(one)
    claim = take(one, number)
    assert claim
    with between(other, lambda: one.leave(claim, LATER, again=False)):
        assert other.claim(number, LATER, LATER + MINUTE) is None
    again = other.claim(number, LATER, LATER + MINUTE)
    assert isinstance(again, Claim)
    assert again.in_doubt
    loaded = one.load_delivery(number)
    assert loaded
    assert [step.state for step in loaded[1]] == [
        DeliveryState.PENDING,
        DeliveryState.SENDING,
        DeliveryState.SENDING,
        DeliveryState.UNKNOWN,
        DeliveryState.SENDING,
    ]


@pytest.mark.parametrize("pace", [NO_PACES, PACED], ids=["plain", "paced"])
def test_an_edition_that_joins_meanwhile_is_not_left_out(
    stores: tuple[Store, Store], pace: dict[str, Pace]
) -> None:
    """The planner's clock is behind, so that to it the delivery is still to come."""
    one, other = stores
    number = plan(one)
    (subscription,) = one.load_subscriptions()
    day = DAY + timedelta(days=1)
    joins = Frozen(CATS, make_edition(PAPERS[1], day=day), (Plan(subscription, Slot(DAY, NOW)),))
    with between(other, lambda: one.save_editions([joins], NOW - MINUTE)):
        assert other.claim(number, NOW, NOW + MINUTE, pace) is None
    claim = other.claim(number, NOW, NOW + MINUTE, pace)
    assert isinstance(claim, Claim)
    assert {item.paper for item in claim.edition.items} == set(PAPERS[:2])
    assert isinstance(claim.edition.day, date)


def test_one_that_is_settled_meanwhile_is_not_put_off(stores: tuple[Store, Store]) -> None:
    one, other = stores
    number = plan(one)
    paper = make_paper(9)
    save(one, announce(paper, category="cs.RO"))
    place = Destination(DestinationKind.EMAIL, "other@lab.example")
    (else_where,) = (
        freeze(one, CATS, make_edition(paper, day=DAY + timedelta(days=1)), [(place, NOW)], NOW)
        or ()
    )
    assert take(one, else_where.id)
    full: dict[str, Pace] = {DestinationKind.EMAIL: Pace(at_once=1)}

    def settle() -> None:
        claim = take(one, number)
        assert claim
        one.settle(claim, DeliveryState.SENT, at=NOW, detail="there")

    with between(other, settle):
        assert other.claim(number, NOW, NOW + MINUTE, full) is None
    loaded = one.load_delivery(number)
    assert loaded
    assert loaded[0].delivery.state is DeliveryState.SENT
    assert loaded[0].due is None


def test_what_must_wait_is_put_off_as_it_is(stores: tuple[Store, Store]) -> None:
    one, other = stores
    number = plan(one)
    claim = take(one, number)
    assert claim
    save(one, announce(make_paper(9), category="cs.RO"))
    place = Destination(DestinationKind.EMAIL, "other@lab.example")
    edition = make_edition(make_paper(9), day=DAY + timedelta(days=1))
    (second,) = freeze(one, CATS, edition, [(place, NOW)], NOW) or ()
    busy = other.claim(second.id, NOW, NOW + MINUTE, {DestinationKind.EMAIL: Pace(at_once=1)})
    assert isinstance(busy, Busy)
    loaded = one.load_delivery(second.id)
    assert loaded
    assert loaded[0].delivery.state is DeliveryState.PENDING
    assert loaded[0].due == busy.until


def test_one_whose_subscription_goes_meanwhile_is_called_off_once(
    stores: tuple[Store, Store],
) -> None:
    one, other = stores
    number = plan(one)
    claim = take(one, number)
    assert claim
    (subscription,) = one.load_subscriptions()
    assert one.remove_subscription(subscription.id, NOW)
    with between(other, lambda: one.claim(number, LATER, LATER + MINUTE)):
        assert other.claim(number, LATER, LATER + MINUTE) is None
    loaded = one.load_delivery(number)
    assert loaded
    assert [step.state for step in loaded[1]][-2:] == [
        DeliveryState.RETRY,
        DeliveryState.CANCELLED,
    ]
    assert [step.state for step in loaded[1]].count(DeliveryState.CANCELLED) == 1


def test_an_edition_that_cannot_be_read_is_not_claimed(
    stores: tuple[Store, Store],
) -> None:
    one, other = stores
    number = plan(one)
    with one.writing() as connection:
        connection.exec_driver_sql("UPDATE editions SET summary = 'not JSON'")
    with pytest.raises(ValueError, match="Expecting value"):
        other.claim(number, NOW, NOW + MINUTE)
    loaded = one.load_delivery(number)
    assert loaded
    assert (loaded[0].delivery.state, loaded[0].delivery.attempt) == (DeliveryState.PENDING, 0)


def test_only_the_attempt_that_was_seen_is_followed_by_another(store: Store) -> None:
    save(store, announce(make_paper()))
    planned = freeze(store, CATS, make_edition(make_paper()), [(MAIL, NOW)])
    assert planned
    number = planned[0].id
    assert isinstance(store.claim(number, NOW, NOW + MINUTE, seen=0), Claim)
    assert store.claim(number, LATER, LATER + MINUTE, seen=0) is None
    assert isinstance(store.claim(number, LATER, LATER + MINUTE, seen=1), Claim)
