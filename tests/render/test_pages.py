"""Public pages: what they show, and nothing from papers, sets or queries but text."""

import re
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any
from xml.etree.ElementTree import Element

import html5lib
import jinja2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.core.answers import Trial
from bot.core.archive import (
    FoundPaper,
    Issue,
    PaperRecord,
    Seen,
    SetLine,
    SetRecord,
    Standing,
)
from bot.core.editions import Edition, Field, Hit, Item
from bot.core.keyword_sets import KeywordSet
from bot.core.papers import AnnounceType, Paper
from bot.core.parsing import parse_set
from bot.core.records import Sighting
from bot.core.weeks import count_weeks
from bot.errors import QueryError, UserError
from bot.render.filtering import Filter
from bot.render.pages import Frame, Pages, write_query
from bot.render.paths import Paths

BuildItem = Callable[..., Item]
BuildEdition = Callable[..., Edition]
DAY = date(2025, 12, 4)
AT = datetime(2025, 12, 4, 1, tzinfo=UTC)
CLOUDS = KeywordSet("Clouds", keywords=(("cloud",), ("rain", "sun")), exclude=("snow flake",))
# What a page may be made of; nothing here runs or loads anything but the stylesheet.
ELEMENTS = {
    *("html", "head", "meta", "title", "link", "body", "div", "nav", "a", "main", "footer"),
    *("header", "section", "article", "h1", "h2", "h3", "p", "ul", "li", "span", "mark", "time"),
    *("figure", "figcaption", "svg", "desc", "rect", "line", "details", "summary", "table"),
    *("thead", "tbody", "tr", "th", "td", "form", "label", "input", "button", "select", "option"),
    *("dl", "dt", "dd", "pre", "code", "strong"),
}


def parse(page: str) -> Element:
    """Parse strictly: a page that a browser would have to repair is an error."""
    parser = html5lib.HTMLParser(strict=True, namespaceHTMLElements=False)
    tree: Element = parser.parse(page)
    return tree


def check(page: str) -> Element:
    tree = parse(page)
    for element in tree.iter():
        tag = str(element.tag).rpartition("}")[2]
        assert tag in ELEMENTS, tag
        assert not [name for name in element.attrib if name.startswith("on") or name == "style"]
        for name in ("href", "action", "src"):
            target = element.get(name, "/")
            assert re.match(r"/|#main$|https://arxiv\.org/|mailto:lab@lab\.example$", target)
            assert not target.startswith("//")
    return tree


def text_of(element: Element) -> str:
    return " ".join("".join(element.itertext()).split())


def find(tree: Element, tag: str) -> list[str]:
    return [text_of(each) for each in tree.iter(tag)]


@pytest.fixture(scope="session")
def pages(templates: jinja2.Environment) -> Pages:
    return Pages(templates, Frame(Paths(), "style-1.css", "lab@lab.example"))


def make_issue(day: date = DAY, papers: int = 6) -> Issue:
    return Issue(1, CLOUDS.key, day, None, AT, papers)


def test_the_list_of_sets_says_what_each_brought(pages: Pages, edition: Edition) -> None:
    lines = [SetLine(CLOUDS, make_issue(), 9), SetLine(KeywordSet("Rain", query="rain"), None, 0)]
    tree = check(pages.index(lines, lambda _number: edition))
    assert find(tree, "h2") == ["Clouds", "Rain"]
    first, second = (each for each in tree.iter("li") if each.find("h2") is not None)
    assert "6 papers on Thursday 4 December 2025; 9 in the last four weeks" in text_of(first)
    assert len(find(first, "li")) == 4
    assert text_of(second) == "Rain rain No papers yet."
    assert "No keyword set is public yet" in text_of(check(pages.index([], lambda _: edition)))


def test_a_sets_page_opens_with_name_query_and_plot(pages: Pages) -> None:
    weeks = count_weeks([(DAY, 6)], DAY)
    record = SetRecord(CLOUDS, (make_issue(), make_issue(DAY - timedelta(days=1))), True, weeks)  # noqa: FBT003 - there are more
    tree = check(pages.set_page(record, public=True, subscribe_token="token"))  # noqa: S106
    assert find(tree, "h1") == ["Clouds"]
    header = next(tree.iter("header"))
    assert "“cloud” or “rain” with “sun”; not “snow flake”" in text_of(header)
    plot = next(each for each in tree.iter() if str(each.tag).endswith("svg"))
    names = [str(each.tag).rpartition("}")[2] for each in plot]
    assert names[:2] == ["title", "desc"]
    assert plot.get("role") == "img"
    labels = (plot.get("aria-labelledby") or "").split()
    assert labels == [plot[0].get("id"), plot[1].get("id")]
    assert len(list(tree.iter("tr"))) == 27
    older = next(each for each in tree.iter("a") if each.get("rel") == "next")
    assert older.get("href") == "/sets/Clouds?before=2025-12-03"
    feeds = [each.get("href") for each in tree.iter("link") if each.get("rel") == "alternate"]
    assert feeds == [f"/sets/Clouds/feed.{form}" for form in ("atom", "rss", "json")]
    form = next(each for each in tree.iter("form") if each.get("method") == "post")
    hidden = {e.get("name"): e.get("value") for e in form.iter("input") if e.get("value")}
    assert hidden == {"csrf": "token", "set": "Clouds"}


def test_a_set_that_is_not_public_has_neither_feeds_nor_a_form(pages: Pages) -> None:
    record = SetRecord(CLOUDS, (), False, ())  # noqa: FBT003 - there are no more
    page = pages.set_page(record, public=False, before=DAY)
    tree = check(page)
    assert "This set is not public" in page
    assert 'content="noindex, nofollow"' in page
    assert "feed." not in page
    assert "None before that day." in page
    assert [each.get("method") for each in tree.iter("form")] == ["get"]


def test_an_edition_shows_papers_in_groups_with_ways_on(pages: Pages, edition: Edition) -> None:
    neighbours = (DAY - timedelta(days=1), DAY + timedelta(days=1))
    tree = check(pages.edition(edition, Filter(), public=True, neighbours=neighbours))
    assert find(tree, "h2") == ["New 3", "Cross-listed 1", "Replaced 2"]
    assert find(tree, "article")[0].startswith("Counting Clouds from Below Cy Made-Up, Dee")
    links = [each.get("href") for each in tree.iter("a")]
    for link in (
        "/sets/Clouds",
        "/sets/Clouds/2025-12-03",
        "/sets/Clouds/2025-12-05",
        "/sets/Clouds/2025-12-04?kind=new",
        "/sets/Clouds/2025-12-04.bib",
        "/papers/2512.00105",
        "/papers/2512.00105.bib",
        "https://arxiv.org/pdf/2512.00105",
    ):
        assert link in links
    footer = text_of(next(tree.iter("footer")))
    assert footer.startswith("376 announced in 2 categories, 376 read, 6 matched, 2 shown here")
    assert "cs.LG: arXiv answered 503." in footer


def test_a_part_of_an_edition_may_be_empty(pages: Pages, edition: Edition) -> None:
    part = Filter(category="cs.LG", kind="replaced")
    page = pages.edition(edition, part, public=True)
    assert "None of the 6 papers is both." in text_of(check(page))
    assert "noindex" in page


def test_an_empty_edition_says_so(pages: Pages, build_edition: BuildEdition) -> None:
    page = pages.edition(build_edition([]), Filter(), public=True)
    assert "No paper of that day matched." in text_of(check(page))
    assert ".bib" not in page


def test_a_signed_link_leads_to_nothing_else_of_its_set(pages: Pages, edition: Edition) -> None:
    page = pages.edition(edition, Filter(), public=False, token="abc")  # noqa: S106
    check(page)
    assert "/sets/" not in page
    assert "/r/abc?kind=new" in page


def test_pages_of_an_edition_lead_to_each_other(
    pages: Pages, edition: Edition, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.render.filtering.PAGE", 2)
    tree = check(pages.edition(edition, Filter(page=2), public=True))
    pager = next(each for each in tree.iter("nav") if each.get("aria-label") == "Pages")
    assert text_of(pager) == "Page 1Page 2 of 3 Page 3"


def test_a_paper_says_all_that_is_known(pages: Pages, build_item: BuildItem) -> None:
    item = build_item(hits=[("cloud", Field.TITLE, "Clouds")])
    paper = Paper(
        *(item.paper.base_id, 2, item.paper.title, item.paper.authors, item.paper.abstract),
        item.paper.categories,
        comments="3 pages",
        doi="10.1000/made.up",
    )
    sightings = (Sighting(DAY, "cs.CV", AnnounceType.NEW, 1),)
    seen = (Seen(1, DAY), Seen(2, DAY))
    standings = (
        Standing(CLOUDS, item.hits, (DAY,), item.hits),
        Standing(KeywordSet("Whole"), (), (), ()),
    )
    page = pages.paper(PaperRecord(paper, seen, sightings, standings))
    tree = check(page)
    assert find(tree, "mark") == ["Clouds"]
    assert find(tree, "dd") == ["3 pages", "10.1000/made.up"]
    assert find(tree, "li") == [
        "Clouds: cloud (title) · Thursday 4 December 2025",
        "Whole: matches",
    ]
    rows = [text_of(row) for row in tree.iter("tr")]
    assert rows[1:] == [
        "v1Thursday 4 December 2025new in cs.CV",
        "v2Thursday 4 December 2025not announced",
    ]
    assert find(tree, "pre")[0].startswith("@misc{example2025counting,")
    bare = PaperRecord(Paper("2512.00002", 1, "", (), "", ("cs.CV",)), (), (), ())
    tree = check(pages.paper(bare))
    assert find(tree, "h1") == find(tree, "title") == ["2512.00002"]
    assert "No public set matches it." in text_of(tree)


def test_search_shows_what_it_found(pages: Pages, build_item: BuildItem) -> None:
    item = build_item(hits=[("cloud", Field.TITLE, "Clouds")])
    found = [FoundPaper(item.paper, DAY, item.hits)]
    tree = check(pages.search("clouds", found, 30))
    assert find(tree, "h2") == ["1 paper"]
    assert find(tree, "mark") == ["Clouds"]
    assert "announced Thursday 4 December 2025" in find(tree, "article")[0]
    assert find(check(pages.search("clouds", found, 1)), "h2") == ["The 1 best"]
    nothing = check(pages.search("clouds", [], 30))
    assert find(nothing, "h2") == ["No stored paper holds all of these words"]
    assert find(check(pages.search("", [], 30)), "h2") == []
    problem = check(pages.search("?", [], 30, problem="no word"))
    assert [text_of(e) for e in problem.iter("p") if e.get("role") == "alert"] == ["no word"]


def test_a_trial_says_what_a_query_would_have_brought(pages: Pages, build_item: BuildItem) -> None:
    trial = Trial(DAY, 20, 900, 62, ((DAY, 62),), (("cloud", 62),), (build_item(),))
    page = pages.trial("cloud", trial)
    tree = check(page)
    assert "It would have brought 62 papers of the 900 announced on 20 days" in text_of(tree)
    assert ": 3 a day." in text_of(tree)
    assert "/try.atom?q=cloud" in page
    rare = Trial(DAY, 20, 900, 5, (), (), ())
    assert ": 0.2 a day." in text_of(check(pages.trial("cloud", rare)))
    none = Trial(DAY, 0, 0, 0, (), (), ())
    assert "a day" not in find(check(pages.trial("cloud", none)), "main")[0].split("try-hint")[0]
    assert "Nothing is stored yet" in text_of(check(pages.trial("cloud", None)))
    assert "Nothing is stored yet" not in text_of(check(pages.trial("", None)))


@pytest.mark.parametrize(
    ("query", "position", "marked"), [("a OR", 5, ""), ("a <b> c", 3, "<"), ("a", 9, None)]
)
def test_a_querys_fault_is_pointed_at(
    pages: Pages, query: str, position: int, marked: str | None
) -> None:
    tree = check(pages.trial(query, None, QueryError(query, position, "it is wrong")))
    found = [(each.text or "").strip() for each in tree.iter("mark")]
    assert found == ([] if marked is None else [marked])
    other = check(pages.trial(query, None, UserError("it is long")))
    assert "it is long" in text_of(other)


def test_a_message_says_one_thing(pages: Pages) -> None:
    tree = check(pages.message("Not here", "Nothing.", ("Home", "/")))
    assert find(tree, "main") == ["Not here Nothing. Home"]
    assert find(check(pages.message("Not here", "Nothing.")), "main") == ["Not here Nothing."]


@pytest.mark.parametrize(
    ("keyword_set", "query"),
    [
        (CLOUDS, '(cloud OR (rain AND sun)) AND NOT "snow flake"'),
        (KeywordSet("A", keywords=(("rain", "sun"),)), "rain AND sun"),
        (KeywordSet("A", keywords=(("test-time scaling",),)), '"test-time scaling"'),
        (KeywordSet("A", query='"a b" OR c', exclude=("d",)), '("a b" OR c) AND NOT d'),
    ],
)
def test_a_set_can_be_tried_as_a_query(keyword_set: KeywordSet, query: str) -> None:
    assert write_query(keyword_set) == query
    parse_set(KeywordSet("try", query=query))


def every_page(pages: Pages, text: str, edition: Edition) -> list[str]:
    keyword_set = KeywordSet(text, keywords=((text, text),), exclude=(text,))
    item = edition.items[0]
    record: Any = PaperRecord(
        item.paper,
        (Seen(1, DAY),),
        (Sighting(DAY, text, AnnounceType.NEW, 1),),
        (Standing(keyword_set, item.hits, (DAY,), item.hits),),
    )
    weeks = count_weeks([(DAY, 6)], DAY)
    trial = Trial(DAY, 1, 1, 1, ((DAY, 1),), ((text, 1),), edition.items)
    return [
        pages.index([SetLine(keyword_set, make_issue(), 1)], lambda _number: edition),
        pages.set_page(SetRecord(keyword_set, (make_issue(),), False, weeks), public=True),  # noqa: FBT003
        pages.edition(edition, Filter(), public=True),
        pages.paper(record),
        pages.search(text, [FoundPaper(item.paper, DAY, item.hits)], 30),
        pages.search(text, [], 30, problem=text),
        pages.trial(text, trial),
        pages.trial(text, None, QueryError(text, 1, text)),
        pages.message(text, text),
    ]


def test_nasty_text_stays_text(
    pages: Pages, nasty: tuple[str, ...], build_item: BuildItem, build_edition: BuildEdition
) -> None:
    for text in nasty:
        item = build_item(title=text, abstract=text, authors=(text, text), categories=(text,))
        whole = Hit(text, Field.ABSTRACT, 0, 3, text)
        edition = build_edition([Item(item.paper, item.kind, (whole,), item.kinds)], name=text)
        for page in every_page(pages, text, edition):
            check(page)


@settings(max_examples=25)
@given(text=st.text(max_size=40))
def test_any_text_stays_text(
    pages: Pages, build_item: BuildItem, build_edition: BuildEdition, text: str
) -> None:
    item = build_item(title=text, abstract=text, authors=(text,), categories=(text,))
    for page in every_page(pages, text, build_edition([item], name=text)):
        check(page)
