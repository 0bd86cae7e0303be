from dataclasses import replace
from datetime import timedelta

from bot.core.editions import (
    BatchState,
    CategoryReceipt,
    Edition,
    Field,
    Hit,
    Item,
    Receipt,
    SetSummary,
)
from bot.core.joining import join_editions, join_receipts
from bot.core.papers import AnnounceType
from tests.fakes.papers import DAY, make_paper

NEXT = DAY + timedelta(days=1)
SUMMARY = SetSummary("Clouds", ("cloud", "rain"))


def item(number: int, *keywords: str, version: int = 1) -> Item:
    hits = tuple(Hit(keyword, Field.TITLE, 0, 5, keyword) for keyword in keywords)
    return Item(replace(make_paper(number), version=version), AnnounceType.NEW, hits)


def line(
    state: BatchState = BatchState.COMPLETE, *problems: str, category: str = "cs.CV", count: int = 1
) -> CategoryReceipt:
    return CategoryReceipt(
        category, DAY, state, count, count, count, 0, 0, count, problems=problems
    )


def edition(*items: Item, number: int = 0) -> Edition:
    day = DAY + timedelta(days=number)
    return Edition(SUMMARY, day, items, Receipt(day, 10, 9, (line(),)), earlier=1)


def test_one_edition_alone_stays_as_it_is() -> None:
    alone = edition(item(1, "cloud"))
    assert join_editions([alone]) is alone


def test_papers_of_several_days_are_ranked_by_keywords_and_come_once_as_they_came_first() -> None:
    both = item(1, "cloud", "rain")
    joined = join_editions(
        [
            edition(both, item(2, "rain")),
            edition(item(3, "rain"), item(1, "cloud", version=2), number=1),
        ]
    )
    assert [each.paper.base_id for each in joined.items] == [
        "2512.00001",
        "2512.00003",
        "2512.00002",
    ]
    assert joined.items[0] == both
    assert (joined.since, joined.day, joined.earlier) == (DAY, NEXT, 2)
    assert (joined.receipt.announced, joined.receipt.read) == (20, 18)


def test_a_digest_of_digests_goes_back_to_the_first_day_of_all() -> None:
    first = replace(edition(), since=DAY - timedelta(days=5))
    assert join_editions([first, edition(number=1)]).since == DAY - timedelta(days=5)


def test_receipts_add_up_and_say_the_worst_and_each_problem_once() -> None:
    late = line(BatchState.LATE, "it was late", count=0)
    joined = join_receipts(
        [
            Receipt(DAY, 3, 3, (line(count=3), late, line(category="cs.RO"))),
            Receipt(NEXT, 2, 2, (line(BatchState.LATE, "it was late", count=2),)),
        ]
    )
    assert (joined.day, joined.announced, joined.read) == (NEXT, 5, 5)
    computer_vision, robots = joined.categories
    assert (computer_vision.state, computer_vision.announced) == (BatchState.LATE, 5)
    assert (computer_vision.new, computer_vision.stored) == (5, 5)
    assert computer_vision.problems == ("it was late",)
    assert (robots.category, robots.state) == ("cs.RO", BatchState.COMPLETE)
