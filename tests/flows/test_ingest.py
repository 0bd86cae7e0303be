from dataclasses import replace
from datetime import date, timedelta

import pytest

from bot.core.editions import BatchState, CategoryReceipt
from bot.core.papers import Announcement, AnnounceType
from bot.errors import SourceError
from bot.flows.ingest import Ingest, build_line
from tests.fakes.papers import DAY, NOW, announce, make_paper
from tests.fakes.sources import Canned, CannedSource
from tests.fakes.stores import MemoryStore

YESTERDAY, TOMORROW = DAY - timedelta(days=1), DAY + timedelta(days=1)
DOWN = SourceError("https://arxiv.example/rss/cs.RO", "answered 503")
THURSDAY = "Thursday 4 December 2025"
ONE, TWO, THREE = make_paper(1), make_paper(2), make_paper(3)


def ingest(
    store: MemoryStore, answers: dict[str, Canned], day: date | None = DAY
) -> tuple[CategoryReceipt, ...]:
    receipt = Ingest(CannedSource(answers), store).run(day, tuple(answers), NOW)
    assert receipt is not None
    return receipt.categories


@pytest.mark.parametrize(
    ("answer", "state", "counts"),
    [
        (announce(ONE, TWO), BatchState.COMPLETE, (2, 2, 2, 2)),
        (announce(), BatchState.EMPTY, (0, 0, 0, 0)),
        (announce(ONE, truncated=True), BatchState.TRUNCATED, (1, 1, 1, 1)),
        (announce(ONE, unread=2), BatchState.PARTIAL, (3, 1, 1, 1)),
        (announce(unread=2), BatchState.PARTIAL, (2, 0, 0, 0)),
        (announce(ONE, day=YESTERDAY), BatchState.LATE, (0, 0, 0, 0)),
        (announce(ONE, day=TOMORROW), BatchState.FAILED, (0, 0, 0, 0)),
        (DOWN, BatchState.FAILED, (0, 0, 0, 0)),
    ],
)
def test_tells_what_became_of_a_category(
    answer: Canned, state: BatchState, counts: tuple[int, ...]
) -> None:
    store = MemoryStore()
    (line,) = ingest(store, {"cs.CV": answer})
    assert (line.day, line.state) == (DAY, state)
    assert (line.announced, line.read, line.new, line.stored) == counts
    assert store.receipts(DAY, ["cs.CV"]) == (line,)


@pytest.mark.parametrize(
    ("answer", "problem"),
    [
        (DOWN, "https://arxiv.example/rss/cs.RO: answered 503"),
        (
            announce(ONE, day=YESTERDAY),
            f"cs.CV still serves Wednesday 3 December 2025; {THURSDAY} is not there yet",
        ),
        (
            announce(ONE, day=TOMORROW),
            f"cs.CV serves Friday 5 December 2025; {THURSDAY} is no longer in the feed",
        ),
        (announce(ONE, unread=1, faults=["entry 2 has no title"]), "entry 2 has no title"),
    ],
)
def test_says_what_is_wrong_in_a_sentence(answer: Canned, problem: str) -> None:
    (line,) = ingest(MemoryStore(), {"cs.CV": answer})
    assert line.problems == (problem,)


def test_counts_each_kind_of_entry() -> None:
    mixed = Announcement(
        "cs.CV",
        DAY,
        "https://arxiv.example/rss/cs.CV",
        4,
        tuple(
            announce(make_paper(number), kind=kind).entries[0]
            for number, kind in enumerate(AnnounceType)
        ),
    )
    line = build_line(mixed, frozenset())
    assert (line.new, line.cross, line.replaced) == (1, 1, 2)


@pytest.mark.parametrize(
    "again",
    [
        announce(ONE, TWO),
        announce(ONE, unread=1),
        announce(TWO, unread=1, truncated=True),
        announce(replace(ONE, version=2), TWO),
    ],
    ids=["entry for entry", "with one unreadable", "cut", "with a newer version"],
)
def test_yesterdays_batch_under_todays_date_is_stale_and_not_stored(again: Announcement) -> None:
    store = MemoryStore()
    ingest(store, {"cs.CV": announce(ONE, TWO, day=YESTERDAY)}, YESTERDAY)
    (line,) = ingest(store, {"cs.CV": again})
    assert line.state is BatchState.STALE
    assert line.stored == 0
    assert "repeats its batch before under Thursday 4 December 2025" in line.problems[0]
    assert store.newest_day(["cs.CV"]) == YESTERDAY


def test_a_stale_category_is_known_as_stale_on_the_second_day_too() -> None:
    store = MemoryStore()
    for day in (YESTERDAY, DAY, TOMORROW):
        (line,) = ingest(store, {"cs.CV": announce(ONE, day=day)}, day)
    assert line.state is BatchState.STALE


def test_a_batch_that_shares_entries_with_the_one_before_is_not_stale() -> None:
    store = MemoryStore()
    ingest(store, {"cs.CV": announce(ONE, TWO, day=YESTERDAY)}, YESTERDAY)
    (line,) = ingest(store, {"cs.CV": announce(TWO, THREE)})
    assert line.state is BatchState.COMPLETE


def test_the_real_batch_after_a_stale_one_is_read() -> None:
    store = MemoryStore()
    ingest(store, {"cs.CV": announce(ONE, day=YESTERDAY)}, YESTERDAY)
    ingest(store, {"cs.CV": announce(ONE)})
    (line,) = ingest(store, {"cs.CV": announce(TWO)})
    assert (line.state, line.read) == (BatchState.COMPLETE, 1)


def test_one_categorys_fault_never_stops_the_others() -> None:
    store = MemoryStore()
    answers: dict[str, Canned] = {
        "cs.RO": DOWN,
        "cs.CV": announce(ONE),
        "cs.LG": announce(category="cs.LG", unread=1),
        "cs.AI": announce(TWO, category="cs.AI"),
    }
    states = [line.state for line in ingest(store, answers)]
    assert states == ["failed", "complete", "partial", "complete"]


def test_without_a_day_the_newest_counts_and_the_others_are_late() -> None:
    store = MemoryStore()
    heard: list[CategoryReceipt] = []
    source = CannedSource(
        {"cs.CV": announce(ONE, day=YESTERDAY), "cs.RO": announce(TWO, category="cs.RO")}
    )
    receipt = Ingest(source, store, heard.append).run(None, ("cs.CV", "cs.RO", "cs.LG"), NOW)
    assert receipt is not None
    assert (receipt.day, receipt.announced, receipt.read) == (DAY, 1, 1)
    assert [line.state for line in receipt.categories] == ["late", "complete", "failed"]
    assert [(line.category, line.day, line.state) for line in heard] == [
        ("cs.CV", YESTERDAY, "complete"),
        ("cs.RO", DAY, "complete"),
        ("cs.CV", DAY, "late"),
        ("cs.LG", DAY, "failed"),
    ]
    assert store.count_papers(YESTERDAY, ["cs.CV"]) == 1


def test_where_nothing_answers_there_is_no_receipt_but_every_problem_is_heard() -> None:
    store = MemoryStore()
    heard: list[CategoryReceipt] = []
    ingest = Ingest(CannedSource({"cs.CV": DOWN, "cs.RO": DOWN}), store, heard.append)
    assert ingest.run(None, ("cs.CV", "cs.RO"), NOW) is None
    assert [(line.category, line.state) for line in heard] == [
        ("cs.CV", "failed"),
        ("cs.RO", "failed"),
    ]
    assert store.lines == {}


def test_where_nothing_answers_for_a_named_day_the_receipt_says_so() -> None:
    (line,) = ingest(MemoryStore(), {"cs.CV": DOWN})
    assert line.state is BatchState.FAILED


def test_the_same_batch_twice_changes_nothing() -> None:
    store = MemoryStore()
    (first,) = ingest(store, {"cs.CV": announce(ONE, TWO)})
    (second,) = ingest(store, {"cs.CV": announce(ONE, TWO)})
    assert (first.stored, second.stored) == (2, 0)
    assert store.count() == 2
    assert store.receipts(DAY, ["cs.CV"]) == (first,)


@pytest.mark.parametrize(
    "worse",
    [
        DOWN,
        announce(THREE, day=TOMORROW),
        announce(make_paper(4), day=YESTERDAY),
        announce(ONE, unread=1),
        announce(),
        announce(make_paper(9)),
    ],
    ids=["failed", "gone by", "late", "partial", "empty", "stale"],
)
def test_what_was_read_stays_read_whatever_a_later_run_gets(worse: Canned) -> None:
    store = MemoryStore()
    ingest(store, {"cs.CV": announce(make_paper(9), day=YESTERDAY)}, YESTERDAY)
    ingest(store, {"cs.CV": announce(ONE, TWO)})
    receipt = Ingest(CannedSource({"cs.CV": worse}), store).run(DAY, ("cs.CV",), NOW)
    assert receipt is not None
    assert (receipt.announced, receipt.read) == (2, 2)
    (line,) = receipt.categories
    assert (line.state, line.read, line.stored) == (BatchState.COMPLETE, 2, 0)


def test_the_receipt_counts_each_paper_once_and_each_unreadable_entry() -> None:
    answers = {
        "cs.CV": announce(ONE, TWO),
        "cs.RO": announce(TWO, category="cs.RO", kind=AnnounceType.CROSS, unread=1),
    }
    receipt = Ingest(CannedSource(answers), MemoryStore()).run(DAY, ("cs.CV", "cs.RO"), NOW)
    assert receipt is not None
    assert (receipt.announced, receipt.read) == (3, 2)


def test_asks_for_the_day_that_was_named() -> None:
    source = CannedSource({"cs.CV": [announce(ONE, day=YESTERDAY), announce(TWO)]})
    receipt = Ingest(source, MemoryStore()).run(YESTERDAY, ("cs.CV",), NOW)
    assert receipt is not None
    assert receipt.day == YESTERDAY
    assert source.asked == [("cs.CV", YESTERDAY)]
