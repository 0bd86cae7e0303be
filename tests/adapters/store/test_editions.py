from dataclasses import replace
from datetime import timedelta

import pytest

from bot.adapters.store import Store
from bot.core.editions import DeliveryState
from bot.core.papers import AnnounceType
from bot.core.records import Showing, Span, Step
from bot.errors import StoreError
from tests.adapters.store.made_up import (
    CATS,
    CHANNEL,
    DAY,
    MAIL,
    MINUTE,
    NOW,
    announce,
    due_ids,
    dump,
    freeze,
    make_edition,
    make_paper,
    save,
    take,
)

NEXT_DAY = DAY + timedelta(days=1)


def test_an_edition_is_frozen_once_a_day_and_set(store: Store, database_url: str) -> None:
    one, two = make_paper(1), make_paper(2)
    save(store, announce(one, two))
    planned = freeze(
        store, CATS, make_edition(one), [(MAIL, NOW), (CHANNEL, NOW), (MAIL, NOW)], NOW
    )
    assert planned
    assert [delivery.destination for delivery in planned] == [MAIL, CHANNEL]
    assert len({delivery.key for delivery in planned}) == 2
    before = dump(database_url)
    assert freeze(store, CATS, make_edition(two), [(MAIL, NOW)], NOW) is None
    assert dump(database_url) == before


def test_an_edition_without_papers_is_kept_but_plans_no_delivery(store: Store) -> None:
    assert freeze(store, CATS, make_edition(), [(MAIL, NOW)], NOW) == ()
    assert store.edition_spans()[CATS.key] == Span(DAY, DAY, NOW)
    assert due_ids(store, NOW) == ()


def test_sets_are_told_apart_by_owner_and_name(store: Store) -> None:
    paper = make_paper()
    save(store, announce(paper))
    theirs = replace(CATS, owner="U123")
    assert freeze(store, CATS, make_edition(paper), [(MAIL, NOW)], NOW)
    assert theirs.key not in store.edition_spans()
    assert theirs.key not in store.shown_keys([paper.base_id])
    assert freeze(store, theirs, make_edition(paper), [(MAIL, NOW)], NOW)


def test_the_days_of_a_set_are_its_first_and_last_editions(store: Store) -> None:
    assert store.edition_spans() == {}
    for day in (NEXT_DAY, DAY - timedelta(days=30), DAY):
        freeze(store, CATS, make_edition(day=day), [], NOW)
    assert store.edition_spans() == {CATS.key: Span(DAY - timedelta(days=30), NEXT_DAY, NOW)}


def test_shown_keys_name_papers_and_single_versions_of_replacements(store: Store) -> None:
    new, replaced = make_paper(1), make_paper(2, 3)
    save(store, announce(new))
    save(store, announce(replaced, day=NEXT_DAY, kind=AnnounceType.REPLACE))
    freeze(store, CATS, make_edition(new), [], NOW)
    edition = make_edition(replaced, day=NEXT_DAY, kind=AnnounceType.REPLACE)
    freeze(store, CATS, edition, [], NOW)
    shown = store.shown_keys([new.base_id, replaced.base_id, "2512.00003"])
    assert shown == {CATS.key: {new.base_id, f"{replaced.base_id}v3"}}
    assert store.shown_keys([]) == {}


def test_a_set_never_shows_the_same_key_in_two_editions(store: Store, database_url: str) -> None:
    one, two = make_paper(1), make_paper(2)
    save(store, announce(one, two))
    assert freeze(store, CATS, make_edition(one), [(MAIL, NOW)], NOW)
    before = dump(database_url)
    with pytest.raises(StoreError, match="publish again"):
        freeze(store, CATS, make_edition(two, one, day=NEXT_DAY), [(MAIL, NOW)], NOW)
    assert dump(database_url) == before


def test_a_frozen_edition_keeps_the_text_and_categories_of_its_day(store: Store) -> None:
    first, other = make_paper(1), make_paper(2)
    save(store, announce(first, other))
    edition = make_edition(other, first)
    (delivery,) = freeze(store, CATS, edition, [(MAIL, NOW)], NOW) or ()
    second = make_paper(1, 2, title="Another title", abstract="Now about dogs.")
    save(store, announce(second, day=NEXT_DAY, kind=AnnounceType.REPLACE))
    crossed = replace(other, categories=(*other.categories, "stat.ML"))
    save(store, announce(crossed, category="stat.ML", day=NEXT_DAY, kind=AnnounceType.CROSS))
    claim = take(store, delivery.id, NOW)
    assert claim
    assert claim.edition == edition


def test_showings_say_where_a_paper_stood_and_what_became_of_it(store: Store) -> None:
    paper = make_paper()
    save(store, announce(paper))
    lions = replace(CATS, name="Lions")
    (delivery,) = freeze(store, lions, make_edition(paper, day=NEXT_DAY), [(MAIL, NOW)], NOW) or ()
    freeze(store, CATS, make_edition(paper), [], NOW)
    number, planned = delivery.id, Step(NOW, DeliveryState.PENDING, 0, "planned")
    assert store.load_showings(paper.base_id) == (
        Showing("Cats", DAY, ("cat",), None, None, "", None, set_owner="config"),
        Showing(
            "Lions",
            NEXT_DAY,
            ("cat",),
            MAIL,
            DeliveryState.PENDING,
            "planned",
            NOW,
            number,
            (planned,),
            lions.owner,
        ),
    )
    claim = take(store, delivery.id, NOW + MINUTE)
    assert claim
    store.settle(claim, DeliveryState.FAILED, at=NOW + MINUTE, detail="no such address")
    steps = (
        planned,
        Step(NOW + MINUTE, DeliveryState.SENDING, 1, "claimed"),
        Step(NOW + MINUTE, DeliveryState.FAILED, 1, "no such address"),
    )
    assert store.load_showings(paper.base_id)[1] == Showing(
        "Lions",
        NEXT_DAY,
        ("cat",),
        MAIL,
        DeliveryState.FAILED,
        "no such address",
        NOW + MINUTE,
        number,
        steps,
        lions.owner,
    )
    assert store.load_showings("2512.99999") == ()


def test_what_leaves_next_for_a_subscription_comes_as_one_digest(store: Store) -> None:
    one, two, three = make_paper(1), make_paper(2), make_paper(3)
    save(store, announce(one, three))
    save(store, announce(two, day=NEXT_DAY))
    lions = replace(CATS, name="Lions")
    later, last = NOW + MINUTE, NOW + 2 * MINUTE
    freeze(store, CATS, make_edition(one), [(MAIL, later), (CHANNEL, NOW)])
    freeze(store, CATS, make_edition(two, day=NEXT_DAY), [(MAIL, later)])
    freeze(store, lions, make_edition(three), [(MAIL, last)])
    numbers = {(each.set_name, each.destination): each.id for each in store.load_subscriptions()}
    found = store.load_waiting(numbers["Cats", MAIL])
    assert found is not None
    assert {item.paper for item in found[0].items} == {one, two}
    assert (found[0].since, found[0].day, found[1]) == (DAY, NEXT_DAY, later)
    channel = numbers["Cats", CHANNEL]
    assert store.load_waiting(channel) == (make_edition(one), NOW)
    claim = take(store, next(each for each in due_ids(store, NOW)))
    assert claim
    assert claim.delivery.destination == CHANNEL
    assert store.load_waiting(channel) is None
    assert store.load_waiting(99) is None
