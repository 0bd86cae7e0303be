from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import create_engine, text

from bot.adapters.store import Store
from bot.core.announcing import name_batch
from bot.core.editions import BatchState, CategoryReceipt
from bot.core.papers import Announcement, AnnounceType, Entry, Paper
from bot.core.words import prepare
from tests.adapters.store.made_up import (
    DAY,
    NOW,
    announce,
    dump,
    line_of,
    make_paper,
    save,
)

NEXT_DAY = DAY + timedelta(days=1)
MANY_EXAMPLES = settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


def load(store: Store, base_id: str) -> Paper:
    stored = store.load_paper(base_id)
    assert stored
    assert stored.prepared == prepare(stored.paper)
    return stored.paper


def test_papers_come_back_as_they_were_announced(store: Store) -> None:
    one, two = make_paper(1), make_paper(2, title="Die Größe der Kätzchen $x<y$", comments="")
    assert save(store, announce(one, two)) == 2
    assert [load(store, paper.base_id) for paper in (one, two)] == [one, two]
    assert store.load_paper("2512.99999") is None
    assert store.count() == 2


def test_what_no_database_can_hold_is_replaced_not_refused(store: Store) -> None:
    bad = replace(make_paper(), title="nul \0 here", abstract="half \ud800 a pair")
    save(store, announce(bad))
    paper = load(store, bad.base_id)
    assert (paper.title, paper.abstract) == ("nul \ufffd here", "half ? a pair")


def test_the_same_batch_twice_changes_nothing(store: Store, database_url: str) -> None:
    batch = announce(make_paper(1), make_paper(2, 3))
    save(store, batch)
    before = dump(database_url)
    assert save(store, batch, NOW + timedelta(hours=1)) == 0
    assert dump(database_url) == before


def test_a_later_batch_of_the_day_adds_what_is_new(store: Store) -> None:
    save(store, announce(make_paper(1)))
    assert save(store, announce(make_paper(1), make_paper(2))) == 1
    (line,) = store.receipts(DAY, ["cs.CV"])
    assert (line.announced, line.read, line.stored) == (2, 2, 2)
    assert store.count_papers(DAY, ["cs.CV"]) == 2


def test_a_newer_version_replaces_the_text_and_an_older_one_never_does(store: Store) -> None:
    first, second = make_paper(1, 1, title="Lions"), make_paper(1, 2, title="Tigers")
    save(store, announce(second, kind=AnnounceType.REPLACE))
    assert save(store, announce(first, day=DAY - timedelta(days=3))) == 1
    assert load(store, first.base_id) == second
    assert not store.search("lions", 9)
    third = replace(second, version=3, title="Leopards")
    assert save(store, announce(third, day=NEXT_DAY, kind=AnnounceType.REPLACE)) == 1
    assert load(store, first.base_id) == third
    assert [found.paper for found in store.search("leopards", 9)] == [third]
    assert not store.search("tigers", 9)


def test_the_first_day_is_the_earliest_announcement(store: Store) -> None:
    paper = make_paper()
    save(store, announce(paper))
    save(store, announce(paper, day=DAY - timedelta(days=9)))
    save(store, announce(paper, day=NEXT_DAY, category="cs.AI", kind=AnnounceType.CROSS))
    stored = store.load_paper(paper.base_id)
    assert stored
    assert stored.first_day == DAY - timedelta(days=9)


def test_a_cross_listing_adds_its_category_to_the_paper(store: Store) -> None:
    paper = make_paper(categories=("cs.CV",))
    save(store, announce(paper))
    listed = replace(paper, categories=("cs.CV", "stat.ML"))
    batch = announce(listed, category="stat.ML", day=NEXT_DAY, kind=AnnounceType.CROSS)
    assert save(store, batch) == 0
    assert load(store, paper.base_id) == listed
    save(store, announce(paper))
    assert load(store, paper.base_id) == listed


@given(order=st.permutations([1, 2, 3, 4]), together=st.booleans())
@MANY_EXAMPLES
def test_the_order_in_which_versions_arrive_does_not_matter(
    store: Store, order: list[int], *, together: bool
) -> None:
    number = store.count() + 1
    versions = [make_paper(number, version, abstract=f"Version {version}.") for version in order]
    days = {paper.version: DAY + timedelta(days=10 * number + paper.version) for paper in versions}
    if together:
        assert save(store, announce(*versions, kind=AnnounceType.REPLACE)) == 4
    for paper in versions:
        save(store, announce(paper, day=days[paper.version], kind=AnnounceType.REPLACE))
    base_id = versions[0].base_id
    assert load(store, base_id) == make_paper(number, 4, abstract="Version 4.")
    for paper in versions:
        (item,) = store.load_day(days[paper.version], ["cs.CV"]).listing.items
        assert item.paper == paper


PAPERS = st.builds(
    make_paper,
    number=st.integers(1, 5),
    version=st.integers(1, 3),
    title=st.text(max_size=8),
    abstract=st.text(max_size=8),
)
BATCHES = st.builds(
    lambda papers, category, day, kind: announce(*papers, category=category, day=day, kind=kind),
    st.lists(PAPERS, max_size=4),
    st.sampled_from(["cs.CV", "cs.RO"]),
    st.dates(DAY, DAY + timedelta(days=2)),
    st.sampled_from(AnnounceType),
)


@given(batches=st.lists(BATCHES, max_size=4))
@MANY_EXAMPLES
def test_any_batches_twice_are_the_same_as_once(
    store: Store, database_url: str, batches: list[Announcement]
) -> None:
    for batch in batches:
        save(store, batch)
    before = dump(database_url)
    for batch in reversed(batches):
        assert save(store, batch) == 0
    after = dump(database_url)
    # A receipt tells of the better reading, and of equal ones of the later.
    del before["receipts"], after["receipts"]
    assert after == before


def test_a_day_is_merged_over_categories(store: Store) -> None:
    crossed = make_paper(1, categories=("cs.CV", "cs.RO"))
    alone = make_paper(2, categories=("cs.RO",))
    save(store, announce(crossed))
    robots = Announcement(
        "cs.RO",
        DAY,
        "https://arxiv.example/",
        3,
        (Entry(crossed, AnnounceType.CROSS), Entry(alone, AnnounceType.NEW)),
    )
    store.save_announcement(robots, replace(line_of(robots), state=BatchState.PARTIAL), NOW)
    day = store.load_day(DAY, ["cs.CV", "cs.RO", "cs.LG"])
    assert [item.paper for item in day.listing.items] == [alone, crossed]
    assert day.listing.items[1].kind is AnnounceType.NEW
    assert day.listing.items[1].kinds == {"cs.CV": AnnounceType.NEW, "cs.RO": AnnounceType.CROSS}
    assert day.prepared == {paper.base_id: prepare(paper) for paper in (crossed, alone)}
    assert (day.listing.receipt.announced, day.listing.receipt.read) == (3, 2)
    assert [line.category for line in day.listing.receipt.categories] == ["cs.CV", "cs.RO"]
    assert store.count_papers(DAY, ["cs.CV", "cs.RO"]) == 2
    assert store.count_papers(DAY, ["cs.RO"]) == 2
    assert store.count_papers(DAY, []) == 0


def test_a_day_without_announcements_is_empty(store: Store) -> None:
    day = store.load_day(DAY, ["cs.CV"])
    assert (day.listing.items, day.listing.receipt.categories, dict(day.prepared)) == ((), (), {})


def test_an_old_day_keeps_the_text_that_was_announced(store: Store) -> None:
    first, second = make_paper(1, 1, title="Lions"), make_paper(1, 2, title="Tigers")
    save(store, announce(first))
    save(store, announce(second, day=NEXT_DAY, kind=AnnounceType.REPLACE))
    day = store.load_day(DAY, ["cs.CV"])
    assert [item.paper for item in day.listing.items] == [first]
    assert day.prepared == {first.base_id: prepare(first)}


def test_of_two_kinds_in_one_category_the_first_counts_and_both_are_kept(store: Store) -> None:
    paper = make_paper()
    kinds = (AnnounceType.REPLACE_CROSS, AnnounceType.CROSS)
    batch = replace(announce(paper), entries=tuple(Entry(paper, kind) for kind in kinds))
    save(store, batch)
    (item,) = store.load_day(DAY, ["cs.CV"]).listing.items
    assert (item.kind, dict(item.kinds)) == (AnnounceType.CROSS, {"cs.CV": AnnounceType.CROSS})
    assert store.batch_before("cs.CV", NEXT_DAY) == name_batch(batch.entries)


def test_the_batch_before_is_the_newest_older_one_of_the_category(store: Store) -> None:
    assert store.batch_before("cs.CV", DAY) == frozenset()
    days = (DAY - timedelta(days=3), DAY - timedelta(days=1), DAY)
    for number, day in enumerate(days, 1):
        save(store, announce(make_paper(number), day=day))
    save(store, announce(make_paper(9), category="cs.RO", day=DAY - timedelta(days=1)))
    assert store.batch_before("cs.CV", DAY) == {("2512.00002", AnnounceType.NEW)}
    assert store.batch_before("cs.CV", days[0]) == frozenset()


LATE = CategoryReceipt("cs.CV", DAY, BatchState.LATE, problems=("not there yet",))


def test_a_receipt_that_nothing_was_read_never_hides_one_that_something_was(store: Store) -> None:
    store.save_receipt(LATE, NOW)
    assert store.receipts(DAY, ["cs.CV"]) == (LATE,)
    failed = replace(LATE, state=BatchState.FAILED, problems=("no answer",))
    store.save_receipt(failed, NOW)
    assert store.receipts(DAY, ["cs.CV"]) == (failed,)
    save(store, announce(make_paper()))
    read = store.receipts(DAY, ["cs.CV"])
    assert read[0].state is BatchState.COMPLETE
    store.save_receipt(failed, NOW)
    assert store.receipts(DAY, ["cs.CV"]) == read


@pytest.mark.parametrize("later", [(), (make_paper(1),)])
def test_a_worse_reading_of_a_day_does_not_replace_the_receipt_of_a_better(
    store: Store, later: Sequence[Paper]
) -> None:
    save(store, announce(make_paper(1), make_paper(2)))
    before = store.receipts(DAY, ["cs.CV"])
    again = announce(*later)
    store.save_announcement(again, line_of(again, BatchState.PARTIAL), NOW)
    assert store.receipts(DAY, ["cs.CV"]) == before


def test_receipts_come_in_the_order_asked_for(store: Store) -> None:
    for category in ("cs.CV", "cs.AI"):
        save(store, announce(category=category))
    lines = store.receipts(DAY, ["cs.RO", "cs.CV", "cs.AI"])
    assert [line.category for line in lines] == ["cs.CV", "cs.AI"]


def test_the_newest_day_has_papers_and_the_last_announced_may_be_empty(store: Store) -> None:
    assert store.newest_day(["cs.CV"]) is None
    assert store.last_announced("cs.CV") is None
    save(store, announce(make_paper()))
    empty = announce(day=NEXT_DAY)
    store.save_announcement(empty, line_of(empty, BatchState.EMPTY), NOW)
    store.save_receipt(replace(LATE, day=DAY + timedelta(days=2)), NOW)
    assert store.newest_day(["cs.RO", "cs.CV"]) == DAY
    assert store.newest_day(["cs.RO"]) is None
    assert store.last_announced("cs.CV") == NEXT_DAY
    assert store.first_announced(["cs.RO", "cs.CV"]) == {"cs.CV": DAY}


def test_a_big_batch_is_stored_whole(store: Store) -> None:
    papers = [make_paper(number) for number in range(1, 2501)]
    assert save(store, announce(*papers)) == 2500
    assert len(store.load_day(DAY, ["cs.CV"]).listing.items) == 2500
    assert save(store, announce(*papers)) == 0


def test_papers_prepared_another_way_are_prepared_anew(store: Store, database_url: str) -> None:
    paper = make_paper(title="Lions")
    save(store, announce(paper, make_paper(2)))
    engine = create_engine(database_url)
    with engine.begin() as connection:
        connection.execute(text("UPDATE papers SET prepared_text = 'old', prepared_version = 0"))
    engine.dispose()
    assert load(store, paper.base_id) == paper
    assert store.load_day(DAY, ["cs.CV"]).prepared[paper.base_id] == prepare(paper)
    assert store.reprepare() == 2
    assert store.reprepare() == 0
    assert load(store, paper.base_id) == paper
    assert [found.paper for found in store.search("lions", 9)] == [paper]


def test_a_time_without_a_zone_is_refused(store: Store) -> None:
    with pytest.raises(TypeError):
        save(store, announce(make_paper()), NOW.replace(tzinfo=None))
    assert store.count() == 0
    assert store.newest_day(["cs.CV"]) is None


def test_days_are_dates_whatever_the_year(store: Store) -> None:
    day = date(1991, 8, 14)
    save(store, announce(replace(make_paper(), base_id="hep-th/9108001"), day=day))
    assert store.newest_day(["cs.CV"]) == day
