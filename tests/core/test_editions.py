from itertools import pairwise, product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.editions import (
    TRANSITIONS,
    BatchState,
    CategoryReceipt,
    DeliveryState,
    Destination,
    DestinationKind,
    Field,
    Hit,
    Item,
    Receipt,
    allows,
    reading_order,
)
from bot.core.papers import AnnounceType, Paper
from tests.fakes.papers import DAY, make_paper

ALLOWED = {
    ("pending", "sending"),
    ("pending", "cancelled"),
    ("sending", "sent"),
    ("sending", "retry"),
    ("sending", "unknown"),
    ("sending", "failed"),
    ("retry", "sending"),
    ("retry", "cancelled"),
    ("unknown", "sending"),
    ("unknown", "failed"),
    ("unknown", "cancelled"),
    ("failed", "retry"),
}


@pytest.mark.parametrize(("before", "after"), [*product(DeliveryState, DeliveryState)])
def test_a_delivery_takes_only_allowed_steps(before: DeliveryState, after: DeliveryState) -> None:
    assert allows(before, after) == ((before.value, after.value) in ALLOWED)


def test_every_state_has_its_transitions_and_nobody_can_change_them() -> None:
    assert set(TRANSITIONS) == set(DeliveryState)
    assert {state.value for state, after in TRANSITIONS.items() if not after} == {
        *("sent", "cancelled"),
    }
    with pytest.raises(TypeError):
        TRANSITIONS[DeliveryState.SENT] = frozenset()  # type: ignore[index]


@given(st.lists(st.sampled_from(DeliveryState), max_size=8))
def test_what_was_sent_or_called_off_is_never_sent_again(wished: list[DeliveryState]) -> None:
    state = DeliveryState.PENDING
    path = [state]
    for each in wished:
        if allows(state, each):
            state = each
            path.append(each)
    for final in (DeliveryState.SENT, DeliveryState.CANCELLED):
        assert final not in path[:-1]
    before_sent = [one for one, two in pairwise(path) if two == "sent"]
    assert set(before_sent) <= {DeliveryState.SENDING}
    assert DeliveryState.PENDING not in path[1:]


def item(base_id: str, *categories: str) -> Item:
    paper = Paper(base_id, 1, "A title", (), "", categories)
    return Item(paper, AnnounceType.NEW, ())


def test_papers_are_read_by_categories_then_id_both_descending() -> None:
    items = [
        item("2512.00002", "cs.RO"),
        item("2512.00001", "cs.RO", "cs.AI"),
        item("2512.00009", "cs.CV", "cs.RO"),
        item("2512.00010", "cs.CV"),
        item("2512.00003", "cs.CV"),
        item("0704.0001", "cs.CV"),
        item("cs/0703001", "cs.CV"),
        item("cs/9912001", "cs.CV"),
        item("2512.00001", "cs.AI", "cs.RO"),
    ]
    ordered = [(each.paper.categories, each.paper.base_id) for each in reading_order(items)]
    assert ordered == [
        (("cs.RO", "cs.AI"), "2512.00001"),
        (("cs.RO",), "2512.00002"),
        (("cs.CV", "cs.RO"), "2512.00009"),
        (("cs.CV",), "2512.00010"),
        (("cs.CV",), "2512.00003"),
        (("cs.CV",), "0704.0001"),
        (("cs.CV",), "cs/0703001"),
        (("cs.CV",), "cs/9912001"),
        (("cs.AI", "cs.RO"), "2512.00001"),
    ]
    assert reading_order(reversed(items)) == reading_order(items)
    assert reading_order([]) == ()


def test_a_keyword_is_named_once_in_the_order_of_its_set() -> None:
    hits = tuple(
        Hit(keyword, Field.TITLE, place, place + 1, "x")
        for place, keyword in enumerate(["VLM", "RAG", "VLM", "map"])
    )
    assert Item(make_paper(), AnnounceType.NEW, hits).keywords == ("VLM", "RAG", "map")


def test_a_receipt_tells_the_problems_of_its_categories_in_order() -> None:
    lines = (
        CategoryReceipt("cs.CV", DAY, BatchState.LATE, problems=("one", "two")),
        CategoryReceipt("cs.RO", DAY, BatchState.COMPLETE),
        CategoryReceipt("cs.AI", DAY, BatchState.FAILED, problems=("three",)),
    )
    assert Receipt(DAY, 0, 0, lines).problems == ("one", "two", "three")


@pytest.mark.parametrize(
    ("kind", "address", "named"),
    [
        (DestinationKind.CHANNEL, "#papers", "channel #papers"),
        (DestinationKind.EMAIL, "lab@lab.example", "lab@lab.example"),
        (DestinationKind.FOLDER, "digests", "folder digests"),
    ],
)
def test_a_destination_is_named_in_a_sentence(
    kind: DestinationKind, address: str, named: str
) -> None:
    assert str(Destination(kind, address)) == named
