from itertools import permutations
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.announcing import (
    ANNOUNCED,
    build_receipt,
    choose_kind,
    count_entries,
    delivery_key,
    first_kind,
    merge_entries,
    name_batch,
)
from bot.core.editions import BatchState, CategoryReceipt, Item, Receipt, reading_order
from bot.core.papers import AnnounceType, Entry
from tests.fakes.papers import DAY, make_paper

NEW, CROSS, REPLACE, REPLACE_CROSS = AnnounceType


def test_a_paper_of_two_categories_is_one_item_of_its_first_kind() -> None:
    paper = make_paper(categories=("cs.CV", "cs.RO"))
    merged = merge_entries([("cs.RO", Entry(paper, CROSS)), ("cs.CV", Entry(paper, NEW))])
    assert merged == (Item(paper, NEW, (), {"cs.RO": CROSS, "cs.CV": NEW}),)


@pytest.mark.parametrize("kinds", [*permutations(AnnounceType)])
def test_new_comes_before_cross_before_replacements(kinds: tuple[AnnounceType, ...]) -> None:
    assert first_kind(kinds) is NEW
    assert first_kind([kind for kind in kinds if kind is not NEW]) is CROSS
    assert first_kind([kind for kind in kinds if kind.is_replacement]) is REPLACE


@pytest.mark.parametrize(
    ("called", "wanted", "chosen"),
    [
        ((NEW,), (NEW, CROSS), NEW),
        ((CROSS, NEW), (NEW, CROSS), NEW),
        ((CROSS, NEW), (CROSS,), None),
        ((REPLACE_CROSS, CROSS), (NEW, CROSS), CROSS),
        ((REPLACE_CROSS, CROSS), (REPLACE, REPLACE_CROSS), REPLACE_CROSS),
        ((REPLACE, REPLACE_CROSS), (REPLACE_CROSS,), None),
        ((REPLACE,), (NEW, CROSS), None),
        ((), tuple(AnnounceType), None),
    ],
)
def test_a_paper_counts_as_what_it_is_called_first_for_those_who_want_that(
    called: tuple[AnnounceType, ...],
    wanted: tuple[AnnounceType, ...],
    chosen: AnnounceType | None,
) -> None:
    assert choose_kind(called, wanted) is chosen
    assert choose_kind(reversed(called), wanted) is chosen


@pytest.mark.parametrize("order", [*permutations((1, 2, 3))])
def test_the_highest_versions_text_stands(order: tuple[int, ...]) -> None:
    entries = [
        (f"cs.{version}", Entry(make_paper(version=version, title=f"Text {version}"), REPLACE))
        for version in order
    ]
    (item,) = merge_entries(entries)
    assert (item.paper.version, item.paper.title) == (3, "Text 3")
    assert set(item.kinds) == {"cs.1", "cs.2", "cs.3"}


def test_the_first_of_equal_versions_stands() -> None:
    one, two = make_paper(title="One"), make_paper(title="Two")
    (item,) = merge_entries([("cs.CV", Entry(one, NEW)), ("cs.RO", Entry(two, CROSS))])
    assert item.paper is one


@pytest.mark.parametrize("kinds", [(NEW, REPLACE), (REPLACE, NEW)])
def test_a_category_that_says_two_things_of_a_paper_said_the_first_kind(
    kinds: tuple[AnnounceType, ...],
) -> None:
    (item,) = merge_entries([("cs.CV", Entry(make_paper(), kind)) for kind in kinds])
    assert item.kinds == {"cs.CV": NEW}
    assert item.kind is NEW


def test_merged_items_are_in_reading_order_and_cannot_be_changed() -> None:
    entries = [
        ("cs.CV", Entry(make_paper(number, categories=categories), NEW))
        for number, categories in enumerate([("cs.AI",), ("cs.RO",), ("cs.CV",), ("cs.CV",)], 1)
    ]
    merged = merge_entries(entries)
    assert merged == reading_order(merged)
    assert [item.paper.base_id[-1] for item in merged] == ["2", "4", "3", "1"]
    with pytest.raises(TypeError):
        merged[0].kinds["cs.XX"] = NEW  # type: ignore[index]
    assert merge_entries([]) == ()


ENTRIES = st.lists(
    st.tuples(
        st.sampled_from(["cs.CV", "cs.RO", "cs.AI"]),
        st.builds(
            Entry,
            st.builds(make_paper, st.integers(1, 3), st.integers(1, 3)),
            st.sampled_from(AnnounceType),
        ),
    ),
    max_size=8,
)


@given(ENTRIES, st.randoms(use_true_random=False))
def test_the_order_of_entries_does_not_matter(
    entries: list[tuple[str, Entry]], random: Random
) -> None:
    merged = merge_entries(entries)
    assert len(merged) == len({entry.paper.base_id for _, entry in entries})
    shuffled = list(entries)
    random.shuffle(shuffled)
    assert merge_entries(shuffled) == merged


@pytest.mark.parametrize(
    ("kind", "key"),
    [
        (NEW, "2512.00001"),
        (CROSS, "2512.00001"),
        (REPLACE, "2512.00001v2"),
        (REPLACE_CROSS, "2512.00001v2"),
    ],
)
def test_a_paper_has_one_key_and_each_replacement_its_own(kind: AnnounceType, key: str) -> None:
    assert delivery_key(Item(make_paper(version=2), kind, ())) == key


def test_a_batch_is_told_by_ids_and_kinds_alone() -> None:
    one = Entry(make_paper(title="One"), NEW)
    same = Entry(make_paper(title="Changed", version=2), NEW)
    assert name_batch([one, same]) == name_batch([same]) == {("2512.00001", NEW)}
    assert name_batch([Entry(make_paper(2), NEW)]) != name_batch([one])
    assert name_batch([Entry(make_paper(), CROSS)]) != name_batch([one])
    assert name_batch([]) == frozenset()


def test_entries_are_counted_by_kind() -> None:
    kinds = (NEW, NEW, CROSS, REPLACE, REPLACE_CROSS, REPLACE)
    assert count_entries([Entry(make_paper(), kind) for kind in kinds]) == (2, 1, 3)
    assert count_entries([]) == (0, 0, 0)


def test_a_receipt_counts_papers_and_what_could_not_be_read() -> None:
    lines = (
        CategoryReceipt("cs.CV", DAY, BatchState.COMPLETE, announced=10, read=10),
        CategoryReceipt("cs.RO", DAY, BatchState.PARTIAL, announced=5, read=3),
        CategoryReceipt("cs.AI", DAY, BatchState.TRUNCATED, announced=7, read=6),
    )
    assert build_receipt(DAY, lines, 12) == Receipt(DAY, 15, 12, lines)


@pytest.mark.parametrize("state", sorted(set(BatchState) - ANNOUNCED))
def test_what_was_not_that_days_batch_counts_for_nothing(state: BatchState) -> None:
    lines = (CategoryReceipt("cs.CV", DAY, state, announced=9, read=0),)
    assert build_receipt(DAY, lines, 0) == Receipt(DAY, 0, 0, lines)


def test_a_day_of_nothing_has_a_receipt_too() -> None:
    assert build_receipt(DAY, (), 0) == Receipt(DAY, 0, 0, ())
