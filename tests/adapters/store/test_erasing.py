"""An address is taken out of everything, and nothing else changes."""

from datetime import timedelta
from pathlib import Path

import pytest

from bot.adapters.store import Store, open_store
from bot.adapters.store.erasing import scrub
from bot.core.editions import DeliveryState, Destination, DestinationKind, Edition
from bot.core.keyword_sets import KeywordSet
from bot.core.records import Traces
from bot.core.retrying import Pace
from bot.core.schedule import Slot
from bot.core.subscriptions import Frozen, Plan, Subscription
from bot.errors import UserError
from tests.adapters.store.made_up import (
    CATS,
    CHANNEL,
    DAY,
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

ADA = Destination(DestinationKind.EMAIL, "ada@lab.example")
BO = Destination(DestinationKind.EMAIL, "bo@lab.example")
DOGS = KeywordSet("Dogs", keywords=(("dog",),), owner="operator")
PENDING, SENDING, SENT, RETRY, UNKNOWN, FAILED, CANCELLED = DeliveryState


def plan(store: Store, number: int, *places: Destination) -> list[int]:
    edition = announced(store, number)
    return [each.id for each in freeze(store, CATS, edition, [(one, NOW) for one in places]) or ()]


def announced(store: Store, number: int) -> Edition:
    paper, day = make_paper(number), DAY + timedelta(days=number)
    save(store, announce(paper, day=day))
    return make_edition(paper, day=day)


def bring(store: Store, number: int, state: DeliveryState, detail: str = "") -> int:
    """Bring a delivery to Ada into a state."""
    (delivery_id,) = plan(store, number, ADA)
    if state is CANCELLED:
        store.change_delivery(delivery_id, state, NOW, detail)
    elif state is not PENDING:
        claim = take(store, delivery_id)
        assert claim
        assert store.leave(claim, NOW, again=False)
        if state is not SENDING:
            assert store.settle(claim, state, at=NOW, detail=detail)
    return delivery_id


def holds(url: str, *words: str) -> list[str]:
    """Return those of the words that any row holds."""
    text = repr(dump(url)).casefold()
    return [word for word in words if word.casefold() in text]


def test_what_is_held_of_an_address_is_told_and_left_alone(store: Store, database_url: str) -> None:
    for number, state in enumerate(DeliveryState, 1):
        bring(store, number, state, "to ada")
    before = dump(database_url)
    steps = sum(len((store.load_delivery(number) or (0, ()))[1]) for number in range(1, 8))
    assert store.find_traces("ADA@lab.example ") == Traces((ADA,), 1, 7, 4, steps)
    assert store.find_traces("nobody@lab.example") == Traces()
    assert dump(database_url) == before


def test_an_address_is_nowhere_any_more_and_what_was_sent_is_on_record(
    store: Store, database_url: str
) -> None:
    said = "550 <Ada@LAB.example>: ada is unknown"
    for number, state in enumerate((PENDING, SENT, RETRY, UNKNOWN, FAILED, CANCELLED), 1):
        bring(store, number, state, said)
    (subscription,) = store.load_subscriptions()
    store.pause_subscription(subscription.id, paused=True, reason=said)
    store.save_set(DOGS)
    store.save_subscription(Subscription(*DOGS.key, ADA), NOW)
    at = NOW + MINUTE
    traces = store.erase(ADA.address, at)
    assert (traces.places, traces.subscriptions, traces.deliveries, traces.open) == (
        (ADA,),
        2,
        6,
        3,
    )
    assert holds(database_url, "ada@", "ada is", "lab.example") == []
    assert store.load_subscriptions() == ()
    assert due_ids(store, at) == ()
    lines = {line.delivery.id: line for line in store.list_deliveries()}
    assert {line.delivery.destination.address for line in lines.values()} == {"erased 1"}
    assert [lines[number].delivery.state for number in range(1, 7)] == [
        CANCELLED, SENT, CANCELLED, CANCELLED, FAILED, CANCELLED
    ]  # fmt: skip
    found = store.load_delivery(3)
    assert found
    assert [(step.state, step.detail) for step in found[1][-2:]] == [
        (RETRY, "550 <erased>: erased is unknown"),
        (CANCELLED, "the address was erased"),
    ]
    assert store.find_traces(ADA.address) == store.erase(ADA.address, at) == Traces()


def test_nobody_else_is_touched(store: Store, database_url: str) -> None:
    plan(store, 1, BO, CHANNEL)
    before = dump(database_url)
    plan(store, 2, ADA)
    store.erase(ADA.address, NOW)
    store.erase("lab.example", NOW)
    after = dump(database_url)
    for table in ("subscriptions", "deliveries", "delivery_events"):
        kept = [row for row in after[table] if row in before[table]]
        assert kept == before[table]
    assert len(store.load_subscriptions()) == 2


def test_every_spelling_goes_even_where_one_set_was_sent_to_both(
    store: Store, database_url: str
) -> None:
    other = Destination(DestinationKind.EMAIL, "Ada@Lab.Example")
    plan(store, 1, ADA, other)
    assert store.erase("ada@LAB.EXAMPLE", NOW).places == (other, ADA)
    assert holds(database_url, "ada@") == []
    addresses = [line.delivery.destination.address for line in store.list_deliveries()]
    assert sorted(addresses) == ["erased 1", "erased 2"]


@pytest.mark.parametrize(
    ("kind", "address", "asked", "same"),
    [
        (DestinationKind.FOLDER, "digests/cats", "digests//cats/", True),
        (DestinationKind.FOLDER, "digests", "Digests", False),
        (DestinationKind.CHANNEL, "#papers", " #papers", True),
        (DestinationKind.CHANNEL, "#papers", "#Papers", False),
        (DestinationKind.CHANNEL, "#papers", "papers", False),
        (DestinationKind.EMAIL, "ada@lab.example", "Ada@Lab.example", True),
        (DestinationKind.EMAIL, "ada@lab.example", "ada+papers@lab.example", False),
    ],
)
def test_places_are_compared_as_their_kind_asks(
    store: Store, kind: DestinationKind, address: str, asked: str, *, same: bool
) -> None:
    plan(store, 1, Destination(kind, address))
    assert bool(store.find_traces(asked).places) is same
    assert bool(store.erase(asked, NOW).places) is same
    assert bool(store.load_subscriptions()) is not same


def test_a_removed_subscription_is_erased_too(store: Store, database_url: str) -> None:
    (delivery_id,) = plan(store, 1, ADA)
    assert store.remove_subscription(1, NOW)
    assert store.erase(ADA.address, NOW) == Traces((ADA,), 1, 1, 0, 2)
    assert holds(database_url, "ada@") == []
    assert len((store.load_delivery(delivery_id) or (0, ()))[1]) == 2


def test_whoever_was_erased_may_subscribe_again(store: Store) -> None:
    plan(store, 1, ADA)
    store.erase(ADA.address, NOW)
    plan(store, 2, ADA)
    assert [each.destination for each in store.load_subscriptions()] == [ADA]
    assert store.erase(ADA.address, NOW).deliveries == 1


def test_what_was_planned_with_an_address_read_before_goes_with_the_next_erasure(
    store: Store, database_url: str
) -> None:
    plan(store, 1, ADA)
    (read_before,) = store.load_subscriptions()
    store.erase(ADA.address, NOW)
    plans = (Plan(read_before, Slot(DAY, NOW)),)
    (planned,) = store.save_editions([Frozen(CATS, announced(store, 2), plans)], NOW)
    assert planned
    assert take(store, planned[0].id) is None
    assert store.erase(ADA.address, NOW) == Traces((ADA,), 0, 1, 0, 2)
    assert holds(database_url, "ada@") == []


def test_nothing_is_erased_while_something_is_on_its_way(store: Store, database_url: str) -> None:
    bring(store, 1, SENT)
    bring(store, 2, SENDING)
    before = dump(database_url)
    with pytest.raises(UserError, match=r"so nothing was erased: do it again in 1 minute$"):
        store.erase(ADA.address, NOW)
    with pytest.raises(UserError, match=r"do it again in 2 minutes$"):
        store.erase(ADA.address, NOW - MINUTE / 2)
    assert dump(database_url) == before


@pytest.mark.parametrize("left", [False, True])
def test_what_a_process_died_over_is_called_off(store: Store, *, left: bool) -> None:
    (delivery_id,) = plan(store, 1, ADA)
    claim = take(store, delivery_id)
    assert claim
    if left:
        assert store.leave(claim, NOW, again=False)
    at = NOW + MINUTE
    assert store.erase(ADA.address, at).open == 1
    found = store.load_delivery(delivery_id)
    assert found
    last = [(step.state, step.detail) for step in found[1][-2:]]
    assert last == [
        (UNKNOWN if left else RETRY, "the lease ran out"),
        (CANCELLED, "the address was erased"),
    ]
    assert not store.settle(claim, SENT, at=at, detail="ada@lab.example")


def test_the_pace_of_an_address_is_forgotten(store: Store, database_url: str) -> None:
    (delivery_id,) = plan(store, 1, ADA)
    pace = {"email": Pace(interval=MINUTE)}
    claim = store.claim(delivery_id, NOW, NOW + MINUTE, pace)
    assert claim
    assert dump(database_url)["throttle"]
    store.erase(ADA.address, NOW + 2 * MINUTE)
    assert dump(database_url)["throttle"] == []


def test_the_files_of_sqlite_hold_it_no_more(tmp_path: Path) -> None:
    with open_store(f"sqlite:///{tmp_path / 'papers.db'}") as store:
        for number in range(1, 30):
            bring(store, number, SENT, "250 accepted for ada@lab.example " * 20)
        assert any(b"ada@lab" in file.read_bytes() for file in tmp_path.iterdir())
        store.erase(ADA.address, NOW)
        assert not any(b"ada@lab" in file.read_bytes() for file in tmp_path.iterdir())


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("<ADA@Lab.example>", "<erased>"),
        ("mailbox ada: full", "mailbox erased: full"),
        ("adam, ada_b, Canada", "adam, ada_b, Canada"),
        ("adam@lab.example", "adam@lab.example"),
        ("", ""),
    ],
)
def test_an_address_and_its_first_half_are_taken_out_of_a_text(text: str, said: str) -> None:
    assert scrub(text, [ADA]) == said


def test_other_addresses_are_taken_out_whole() -> None:
    assert scrub("posted to #papers, #papers-2", [CHANNEL]) == "posted to erased, erased-2"
    folder = Destination(DestinationKind.FOLDER, "home/ada")
    assert scrub("home/ada/2025-12-04/Cats.md", [folder]) == "erased/2025-12-04/Cats.md"
