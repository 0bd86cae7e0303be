"""Who reads by mail: each change is one, whoever does what at the same time."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import pytest

from bot.adapters.store import Store
from bot.core.addresses import hash_address, parse_address
from bot.core.editions import DeliveryState, Destination, DestinationKind
from bot.core.records import Traces
from bot.core.schedule import Rhythm, Schedule
from bot.core.subscribers import (
    Decision,
    Deed,
    ImportOutcome,
    Subscriber,
    SubscriberState,
    name_asking,
)
from bot.core.subscriptions import CONFIG, OPERATOR, PERSON, Subscription
from tests.adapters.store.made_up import (
    CATS,
    MINUTE,
    NOW,
    announce,
    dump,
    freeze,
    make_edition,
    make_paper,
    save,
)

ADA = parse_address("Ada@lab.example")
WEEKLY = Schedule(Rhythm.WEEKLY, timezone="Europe/Berlin", weekday=2)
KEY = CATS.key
DOGS = (CONFIG, "Dogs")
PROOF = "confirmed by a link"


def ask(store: Store) -> Subscriber:
    return store.add_pending(ADA, "nonce", WEEKLY, NOW)


def confirm(store: Store, known: Subscriber) -> bool:
    return store.confirm_subscriber(
        *(known.id, known.nonce, KEY, WEEKLY), asked_at=NOW, at=NOW + MINUTE, proof=PROOF
    )


def join(store: Store) -> Subscriber:
    assert confirm(store, ask(store))
    known = store.find_subscriber(ADA.text)
    assert known
    return known


def places(store: Store) -> list[tuple[str, str, str]]:
    return [
        (each.set_name, each.destination.address, each.origin)
        for each in store.load_subscriptions()
    ]


def test_an_address_waits_until_it_confirms(store: Store) -> None:
    asked = ask(store)
    assert (asked.state, asked.confirmed_at) == (SubscriberState.PENDING, None)
    later = store.add_pending(parse_address("ada@LAB.example"), "other", Schedule(), NOW + MINUTE)
    assert (later.id, later.nonce, later.address) == (asked.id, "nonce", "ada@lab.example")
    assert places(store) == []
    known = join(store)
    assert (known.state, known.confirmed_at, known.schedule) == (
        SubscriberState.CONFIRMED, NOW + MINUTE, WEEKLY
    )  # fmt: skip
    assert store.load_subscriber(known.id) == store.find_subscriber(" ADA@lab.example") == known
    assert store.add_pending(ADA, "other", Schedule(), NOW + 2 * MINUTE) == known
    assert store.list_subscribers() == ((known, ("Cats",)),)
    assert [each.set_name for each in store.load_chosen(known.id)] == ["Cats"]
    assert store.load_chosen(99) == ()
    assert store.load_subscriber(99) is None
    assert store.find_chosen(99, 1) is None


def test_whoever_never_confirms_is_forgotten_and_nobody_else(store: Store) -> None:
    store.take_turn("ask somebody 0", NOW, MINUTE)
    store.take_turn("another turn", NOW, MINUTE)
    ask(store)
    assert store.forget_unconfirmed(NOW) == 0
    join(store)
    store.add_pending(parse_address("bo@lab.example"), "n", WEEKLY, NOW)
    assert store.forget_unconfirmed(NOW + MINUTE) == 1
    assert [each.address for each, _ in store.list_subscribers()] == [ADA.text]
    assert store.taken_turns(["ask somebody 0", "another turn"]) == {"another turn"}


def test_many_who_confirm_at_once_begin_it_once(store: Store) -> None:
    known = ask(store)
    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(lambda _: confirm(store, known), range(8)))
    assert len(store.load_subscriptions()) == 1
    assert len(store.load_held(ADA.text).consents) == 1


def test_what_others_wanted_mailed_is_left_alone(store: Store) -> None:
    other = Destination(DestinationKind.EMAIL, "ada@lab.example")
    theirs = store.save_subscription(Subscription(*KEY, other, origin=OPERATOR), NOW)
    known = join(store)
    assert places(store) == [("Cats", "ada@lab.example", OPERATOR)]
    assert store.load_chosen(known.id) == ()
    decision = Decision({DOGS}, WEEKLY, bundled=False, until=NOW + timedelta(days=9))
    assert store.change_subscriber(known.id, "nonce", decision, at=NOW + MINUTE, proof="")
    assert store.load_subscription(theirs.id) == theirs
    assert not store.leave_subscriber(known.id, NOW, theirs.id, at=NOW + MINUTE, proof="")
    assert store.leave_subscriber(known.id, NOW, 0, at=NOW + MINUTE, proof="")
    assert places(store) == [("Cats", "ada@lab.example", OPERATOR)]


def test_who_has_only_what_others_wanted_can_leave_still(store: Store) -> None:
    other = Destination(DestinationKind.EMAIL, ADA.text)
    store.save_subscription(Subscription(*KEY, other, origin=CONFIG), NOW)
    known = join(store)
    assert store.leave_subscriber(known.id, NOW, 0, at=NOW, proof="")
    left = store.load_subscriber(known.id)
    assert left
    assert left.state is SubscriberState.LEFT
    assert not store.leave_subscriber(known.id, NOW, 0, at=NOW, proof="")
    assert places(store) == [("Cats", ADA.text, CONFIG)]


def test_links_of_others_change_nothing(store: Store, database_url: str) -> None:
    known = join(store)
    before = dump(database_url)
    decision = Decision((), Schedule(), bundled=False)
    for number, nonce in ((known.id, "old"), (99, "nonce")):
        assert not store.change_subscriber(number, nonce, decision, at=NOW, proof="")
        stranger = replace(known, id=number, nonce=nonce)
        assert not confirm(store, stranger)
    for number, created in ((known.id, NOW - MINUTE), (99, NOW)):
        assert not store.leave_subscriber(number, created, 0, at=NOW, proof="")
    assert not store.renew_nonce(99, "new")
    assert dump(database_url) == before


def test_leaving_calls_off_what_waits(store: Store) -> None:
    known = join(store)
    paper = make_paper()
    save(store, announce(paper))
    (own,) = store.load_subscriptions()
    (planned,) = freeze(store, CATS, make_edition(paper), [(own.destination, NOW)]) or ()
    # Made for a test's own subscription, which this one is again.
    store.save_subscription(replace(own, origin=PERSON), NOW)
    assert store.leave_subscriber(known.id, known.created_at, own.id, at=NOW, proof="")
    found = store.load_delivery(planned.id)
    assert found
    assert (found[0].delivery.state, found[1][-1].detail) == (
        DeliveryState.CANCELLED, "the reader unsubscribed"
    )  # fmt: skip
    sent = store.load_held(ADA.text).sent
    assert [(line.set_name, line.state, line.address) for line in sent] == [
        ("Cats", "cancelled", ADA.text)
    ]


def test_a_reader_is_found_by_what_the_mail_holds(store: Store) -> None:
    assert store.find_reader(ADA.text, ["Cats"]) is None
    ask(store)
    assert store.find_reader(ADA.text, ["Cats"]) is None
    known = join(store)
    found = store.find_reader("ada@LAB.example", ["Cats", "Dogs"])
    assert found
    assert (found.subscriber, found.subscriptions) == (known, (1,))
    assert store.find_reader(ADA.text, ["Dogs"]) is None
    store.leave_subscriber(known.id, known.created_at, 0, at=NOW, proof="")
    assert store.find_reader(ADA.text, ["Cats"]) is None


def test_an_import_confirms_who_was_only_asked_for(store: Store) -> None:
    ask(store)
    outcome = store.import_subscriber(
        *(ADA, KEY, Schedule(), "other"), agreed_at=NOW, at=NOW + MINUTE, proof="a list"
    )
    assert outcome is ImportOutcome.ADDED
    (known, names), *_ = store.list_subscribers()
    assert (known.state, known.confirmed_at, names) == (SubscriberState.CONFIRMED, NOW, ("Cats",))
    assert store.load_held(ADA.text).consents[0].what is Deed.IMPORTED


def test_an_erased_person_leaves_nothing_but_a_suppression(store: Store, database_url: str) -> None:
    join(store)
    assert store.suppress(hash_address(ADA.text), "complaint", NOW)
    store.see_event(name_asking(ADA.text), NOW)
    where = Destination(DestinationKind.EMAIL, ADA.text)
    traces = Traces((where,), subscriptions=1, subscribers=1, consents=1)
    assert store.find_traces("ada@lab.example") == traces
    assert store.erase("ada@lab.example", NOW) == traces
    rows = dump(database_url)
    assert "ada" not in repr(rows).casefold()
    assert (rows["subscribers"], rows["consents"], rows["seen_events"]) == ([], [], [])
    assert len(store.list_suppressions()) == 1
    assert store.find_traces("ada@lab.example") == Traces()
    held = store.load_held(ADA.text)
    assert (held.subscriber, held.subscriptions) == (None, ())
    assert held.suppression
    assert held.suppression.reason == "complaint"


def test_who_only_was_asked_for_is_erased_too(store: Store) -> None:
    ask(store)
    assert store.erase(ADA.text, NOW).subscribers == 1
    assert store.list_subscribers() == ()


@pytest.mark.parametrize("reason", ["complaint", "a\0b"])
def test_an_address_is_suppressed_once_and_let_go(store: Store, reason: str) -> None:
    known = hash_address(ADA.text)
    assert store.find_suppression(known) is None
    assert store.suppress(known, reason, NOW)
    assert not store.suppress(known, "another reason", NOW + MINUTE)
    (kept,) = store.list_suppressions()
    assert (kept.hash, kept.reason, kept.at) == (known, reason.replace("\0", "\ufffd"), NOW)
    assert store.find_suppression(known) == kept
    assert store.unsuppress(known)
    assert not store.unsuppress(known)


def test_places_are_taken_one_after_the_other(store: Store) -> None:
    taken = [store.take_place("ask", 4.0, 8.0, NOW) for _ in range(5)]
    assert taken == [True, True, True, False, False]
    assert store.take_place("ask", 4.0, 8.0, NOW + timedelta(seconds=4))
