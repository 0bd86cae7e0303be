from collections.abc import Callable

import pytest

from bot.core.editions import Edition, Item
from bot.core.papers import AnnounceType
from bot.render import filtering
from bot.render.filtering import Filter, filter_edition, is_known
from bot.render.paths import Paths

BuildItem = Callable[..., Item]
BuildEdition = Callable[..., Edition]


def ids(edition: Edition, wanted: Filter) -> list[str]:
    part = filter_edition(edition, wanted, Paths())
    return [paper.item.paper.base_id for group in part.groups for paper in group.papers]


def test_an_edition_is_cut_by_kind_and_category(edition: Edition) -> None:
    assert len(ids(edition, Filter())) == len(edition.items)
    assert ids(edition, Filter(kind="replaced")) == ["2511.00103", "2511.00102"]
    assert ids(edition, Filter(category="cs.LG")) == ["2512.00106"]
    assert ids(edition, Filter(category="cs.LG", kind="replaced")) == []


def test_choices_say_how_many_they_leave_and_keep_the_other_one(edition: Edition) -> None:
    part = filter_edition(edition, Filter(category="cs.CV"), Paths())
    assert [(each.label, each.papers, each.current) for each in part.kinds] == [
        ("all", 5, True),
        ("new", 2, False),
        ("cross-listed", 1, False),
        ("replaced", 2, False),
    ]
    assert part.kinds[1].href == "/sets/Clouds/2025-12-04?category=cs.CV&kind=new"
    assert [(each.label, each.papers, each.current) for each in part.categories] == [
        ("every category", 6, False),
        ("cs.CV", 5, True),
        ("cs.LG", 1, False),
    ]
    assert part.categories[0].href == "/sets/Clouds/2025-12-04"


def test_a_signed_link_stays_one(edition: Edition) -> None:
    part = filter_edition(edition, Filter(), Paths(), token="abc")  # noqa: S106 - no secret
    assert {each.href.partition("?")[0] for each in part.kinds} == {"/r/abc"}


def test_where_all_are_alike_there_is_nothing_to_choose(
    build_item: BuildItem, build_edition: BuildEdition
) -> None:
    part = filter_edition(build_edition([build_item()]), Filter(), Paths())
    assert (part.kinds, part.categories, part.pages) == ((), (), 1)
    item = build_item(categories=("cs.AI",))
    bare = Item(item.paper, item.kind, item.hits)
    part = filter_edition(build_edition([bare, build_item()]), Filter(), Paths())
    assert [each.label for each in part.categories] == ["every category", "cs.AI", "cs.CV"]


def test_many_papers_come_in_pages(
    build_item: BuildItem, build_edition: BuildEdition, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(filtering, "PAGE", 3)
    kinds = [AnnounceType.NEW] * 4 + [AnnounceType.CROSS] * 3
    edition = build_edition([build_item(f"2512.{n:05d}", kind=k) for n, k in enumerate(kinds)])
    pages = [filter_edition(edition, Filter(page=number), Paths()) for number in (1, 2, 3, 9)]
    sizes = [[(group.label, len(group.papers)) for group in part.groups] for part in pages]
    assert sizes == [
        [("New", 3)],
        [("New", 1), ("Cross-listed", 2)],
        [("Cross-listed", 1)],
        [("Cross-listed", 1)],
    ]
    assert [(part.page, part.pages) for part in pages] == [(1, 3), (2, 3), (3, 3), (3, 3)]
    assert pages[1].groups[0].total == 4
    assert pages[0].turn(2) == "/sets/Clouds/2025-12-04?page=2"
    assert sorted(paper for number in (1, 2, 3) for paper in ids(edition, Filter(page=number))) == [
        f"2512.{number:05d}" for number in range(7)
    ]


@pytest.mark.parametrize(
    ("wanted", "known"),
    [
        (Filter(), True),
        (Filter(category="cs.LG"), True),
        (Filter(category="cs.LG", kind="replaced"), True),
        (Filter(category="cs.XX"), False),
        (Filter(kind="old"), False),
        (Filter(page=2), False),
        (Filter(page=0), False),
    ],
)
def test_only_parts_that_there_are_are_known(
    edition: Edition, wanted: Filter, *, known: bool
) -> None:
    assert is_known(edition, wanted) is known
    assert bool(wanted) is (wanted != Filter())
