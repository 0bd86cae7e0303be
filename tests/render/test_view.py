"""What every format shows."""

from collections.abc import Callable
from datetime import date

import pytest

from bot.core.editions import DayListing, Edition, Field, Hit, Item, Receipt
from bot.core.papers import AnnounceType
from bot.render.segments import Segment, has_hit, plain
from bot.render.view import (
    IndexEntry,
    build_day_view,
    build_edition_view,
    build_paper_view,
    count,
    evidence,
    group_days,
    say_why,
)

BuildItem = Callable[..., Item]
BuildEdition = Callable[..., Edition]


def test_an_edition_says_its_name_day_counts_and_receipt(edition: Edition) -> None:
    view = build_edition_view(edition)
    assert (view.set_name, view.day, view.day_brief) == (
        "Clouds",
        "Thursday 4 December 2025",
        "4 Dec",
    )
    assert view.counts == "6 of the 376 papers announced · 3 new, 1 cross-listed, 2 replaced"
    assert view.receipt == (
        "376 announced in 2 categories, 376 read, 6 matched, 2 shown here before"
    )
    assert view.problems == ("cs.LG: arXiv answered 503.",)


def test_groups_come_in_order_and_the_best_papers_first(edition: Edition) -> None:
    view = build_edition_view(edition)
    ids = [(g.label, [p.item.paper.base_id for p in g.papers]) for g in view.groups]
    assert ids == [
        ("New", ["2512.00105", "2512.00106", "2512.00101"]),
        ("Cross-listed", ["2512.00104"]),
        ("Replaced", ["2511.00103", "2511.00102"]),
    ]
    assert view.best == view.papers[:5]


@pytest.mark.parametrize(
    ("kinds", "announced", "counts"),
    [
        (["new"], 376, "1 of the 376 papers announced · 1 new"),
        (["new"], 1, "1 of the 1 paper announced · 1 new"),
        (["cross", "replace"], 9, "2 of the 9 papers announced · 1 cross-listed, 1 replaced"),
        ([], 376, "None of the 376 papers announced"),
        ([], 0, "No papers were announced"),
        (["new"], 0, "1 paper · 1 new"),
        (["new", "replace-cross"], 1, "2 papers · 1 new, 1 replaced"),
    ],
)
def test_counts_leave_zeros_out_and_mind_the_plural(
    build_item: BuildItem,
    build_edition: BuildEdition,
    kinds: list[str],
    announced: int,
    counts: str,
) -> None:
    items = [build_item(kind=AnnounceType(kind)) for kind in kinds]
    assert build_edition_view(build_edition(items, announced=announced)).counts == counts


def test_a_receipt_without_categories_names_none(edition: Edition) -> None:
    listing = DayListing(edition.day, (), Receipt(edition.day, 0, 0))
    assert build_day_view(listing).receipt == "0 announced, 0 read"


def test_texts_are_without_tex_and_their_hits_are_marked(edition: Edition) -> None:
    paper = build_paper_view(edition.items[0])
    assert paper.title == (
        Segment("Fog and Rain: α-Mixing for a "),
        Segment("Weather Model", hit=True),
    )
    assert plain(paper.authors) == "Ada Example, Bo Sample, René Placeholder"
    assert [part.text for part in paper.abstract if part.hit] == ["weather model"]


@pytest.mark.parametrize(
    ("kind", "label"),
    [
        ("new", "new"),
        ("cross", "cross-listed"),
        ("replace", "replaced"),
        ("replace-cross", "replaced, cross-listed"),
    ],
)
def test_kinds_are_said_in_words(build_item: BuildItem, kind: str, label: str) -> None:
    assert build_paper_view(build_item(kind=AnnounceType(kind))).kind == label


NAMES = ("Ann", "Bea", "Cy", "Dan", "Eli", "Fay", "Gil")


@pytest.mark.parametrize(
    ("names", "hit", "expected"),
    [
        ((), (), ""),
        (NAMES[:5], (), "Ann, Bea, Cy, Dan, Eli"),
        (NAMES, (), "Ann, Bea, Cy … Gil, +3"),
        (NAMES, ("Eli",), "Ann, Bea, Cy … Eli … Gil, +2"),
        (NAMES, ("Dan",), "Ann, Bea, Cy, Dan … Gil, +2"),
        (NAMES, ("Dan", "Fay", "Eli"), "Ann, Bea, Cy, Dan, Eli, Fay, Gil"),
        (NAMES, ("Gil", "Ann"), "Ann, Bea, Cy … Gil, +3"),
    ],
)
def test_a_long_list_of_authors_keeps_the_first_the_last_and_those_that_were_hit(
    build_item: BuildItem, names: tuple[str, ...], hit: tuple[str, ...], expected: str
) -> None:
    item = build_item(authors=names, hits=[("au", Field.AUTHORS, name) for name in hit])
    paper = build_paper_view(item)
    assert plain(paper.few_authors) == expected
    assert {part.text for part in paper.few_authors if part.hit} == set(hit)
    assert plain(paper.authors) == ", ".join(names)


def test_author_hits_outside_the_names_are_ignored(build_item: BuildItem) -> None:
    item = build_item(authors=NAMES)
    far = tuple(Hit("au", Field.AUTHORS, at, at + 3, "") for at in (-9, 900))
    paper = build_paper_view(Item(item.paper, item.kind, far))
    assert plain(paper.few_authors) == "Ann, Bea, Cy … Gil, +3"


def test_why_names_each_keyword_once_with_the_fields_that_say_more() -> None:
    hits = [
        Hit("vision language model", Field.ABSTRACT, 0, 1, "x"),
        Hit("VLM", Field.ABSTRACT, 0, 1, "x"),
        Hit("vision language model", Field.TITLE, 0, 1, "x"),
        Hit("vision language model", Field.TITLE, 5, 6, "x"),
        Hit("au:bing", Field.AUTHORS, 0, 1, "x"),
        Hit("au:bing", Field.COMMENTS, 0, 1, "x"),
    ]
    assert say_why(hits) == "vision language model (title), VLM, au:bing (authors, comments)"
    assert say_why([]) == ""


def test_evidence_is_given_only_where_no_hit_is_in_sight(edition: Edition) -> None:
    papers = {p.item.paper.base_id: p for p in build_edition_view(edition).papers}
    slow = papers["2511.00103"]
    assert has_hit(evidence(slow, slow.abstract[:0]))
    assert evidence(slow, slow.abstract) == ()
    assert evidence(papers["2512.00104"], ()) == ()


def test_a_day_is_shown_by_canonical_category_in_order_of_id(
    build_item: BuildItem, edition: Edition
) -> None:
    items = tuple(
        build_item(str(number), categories=(category,))
        for number, category in enumerate(("stat.ML", "cs.SY", "cs.CV", "eess.SY", "x-y.ZZ"))
    )
    view = build_day_view(DayListing(edition.day, items, edition.receipt))
    shown = [(c.id, c.name, [p.item.paper.base_id for p in c.papers]) for c in view.categories]
    assert shown == [
        ("cs.CV", "Computer Vision and Pattern Recognition · cs.CV", ["2"]),
        ("eess.SY", "Systems and Control · eess.SY", ["1", "3"]),
        ("stat.ML", "Machine Learning · stat.ML", ["0"]),
        ("x-y.ZZ", "x-y.ZZ", ["4"]),
    ]
    assert (view.counts, view.day_brief) == ("5 papers", "4 Dec")
    assert view.receipt == "376 announced in 2 categories, 376 read"


def test_an_index_has_the_newest_day_first_and_sets_by_name() -> None:
    early, late = date(2025, 12, 3), date(2025, 12, 4)
    entries = [
        IndexEntry(early, "b", 1, "1"),
        IndexEntry(late, "b", 2, "2"),
        IndexEntry(late, "A", 3, "3"),
    ]
    assert group_days(entries) == (
        (late, (entries[2], entries[1])),
        (early, (entries[0],)),
    )


def test_numbers_take_the_singular_and_the_plural() -> None:
    assert [count(1, "paper"), count(0, "paper"), count(2, "category", "categories")] == [
        "1 paper",
        "0 papers",
        "2 categories",
    ]
