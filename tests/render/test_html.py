"""Pages: what they show, and nothing from a paper but text."""

import re
from collections.abc import Callable
from datetime import date
from xml.etree.ElementTree import Element

import html5lib
import jinja2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from inline_snapshot import snapshot

from bot.core.editions import DayListing, Edition, Field, Hit, Item
from bot.core.latex import to_text
from bot.render.html import render_day, render_edition, render_index
from bot.render.view import IndexEntry

BuildItem = Callable[..., Item]
BuildEdition = Callable[..., Edition]

ELEMENTS = {
    *("html", "head", "meta", "title", "style", "body", "div", "header", "main", "footer"),
    *("section", "article", "h1", "h2", "h3", "p", "a", "mark", "details", "summary", "table"),
    *("caption", "thead", "tbody", "tr", "th", "td", "ul", "li", "span"),
}
ATTRIBUTES = {"lang", "charset", "http-equiv", "content", "name", "class", "id", "href", "scope"}


def parse(page: str) -> Element:
    """Parse strictly: a page that a browser would have to repair is an error."""
    parser = html5lib.HTMLParser(strict=True, namespaceHTMLElements=False)
    tree: Element = parser.parse(page)
    return tree


def text_of(element: Element) -> str:
    return " ".join("".join(element.itertext()).split())


def check(tree: Element, paper_urls: set[str]) -> None:
    for element in tree.iter():
        assert element.tag in ELEMENTS
        assert set(element.attrib) <= ATTRIBUTES
    for link in tree.iter("a"):
        href = link.get("href", "")
        assert (
            href in paper_urls
            or href.startswith("#")
            or re.fullmatch(r"https://arxiv\.org/(abs|pdf|html|bibtex)/2512\.0000\d", href)
        )


@pytest.fixture(scope="session")
def pages(
    build_item: BuildItem, build_edition: BuildEdition, templates: jinja2.Environment
) -> Callable[[str], list[str]]:
    def build(text: str) -> list[str]:
        item = build_item(title=text, abstract=text, authors=(text, text), categories=(text,))
        whole = Hit(text, Field.ABSTRACT, 0, len(to_text(text)), text)
        edition = build_edition([Item(item.paper, item.kind, (whole,))], name=text)
        return [
            render_edition(edition, templates),
            render_day(DayListing(edition.day, edition.items, edition.receipt), templates),
        ]

    return build


def test_nasty_text_stays_text(pages: Callable[[str], list[str]], nasty: tuple[str, ...]) -> None:
    for text in nasty:
        for page in pages(text):
            check(parse(page), {"https://arxiv.org/abs/2512.00001"})


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=60))
def test_any_text_stays_text(pages: Callable[[str], list[str]], text: str) -> None:
    for page in pages(text):
        tree = parse(page)
        check(tree, {"https://arxiv.org/abs/2512.00001"})
        abstracts = [each for each in tree.iter("p") if each.get("class") == "abstract"]
        assert [text_of(each) for each in abstracts] == ([to_text(text)] if to_text(text) else [])


def test_a_page_needs_nothing_but_itself(edition: Edition, templates: jinja2.Environment) -> None:
    page = render_edition(edition, templates)
    assert page.startswith('<!doctype html>\n<html lang="en">\n')
    policy = parse(page).find(".//meta[@http-equiv='Content-Security-Policy']")
    assert policy is not None
    assert policy.get("content") == snapshot(
        "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"
    )
    assert not re.search(r"<(script|link|img|iframe)|@import|url\(|\son\w+=", page)


def test_both_colour_schemes_and_print_are_provided_for(
    edition: Edition, templates: jinja2.Environment
) -> None:
    page = render_edition(edition, templates)
    assert "color-scheme: light dark;" in page
    assert "@media (prefers-color-scheme: dark)" in page
    assert "@media print" in page


def luminance(colour: str) -> float:
    channels = (int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5))
    linear = [c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def test_every_text_colour_holds_4_5_to_1_on_every_ground(
    edition: Edition, templates: jinja2.Environment
) -> None:
    page = render_edition(edition, templates)
    schemes = [dict(re.findall(r"--(\w+): (#\w{6})", line)) for line in page.splitlines()]
    schemes = [scheme for scheme in schemes if "mark" in scheme]
    assert len(schemes) == 2
    for scheme in schemes:
        for text in ("ink", "quiet", "accent"):
            for ground in ("ground", "mark"):
                assert contrast(scheme[text], scheme[ground]) >= 4.5


def test_papers_come_in_groups_with_title_authors_why_and_abstract(
    edition: Edition, templates: jinja2.Environment
) -> None:
    tree = parse(render_edition(edition, templates))
    assert [text_of(heading) for heading in tree.iter("h2")] == [
        "New (3)",
        "Cross-listed (1)",
        "Replaced (2)",
    ]
    first = next(tree.iter("article"))
    assert [text_of(part) for part in first] == snapshot(
        [
            "Counting Clouds from Below",
            "Cy Made-Up, Dee Nobody, Eve Invented … Al B, +2 · cs.CV · new",
            "Why: cloud (title), weather model",
            "Nobody counts clouds well. We do, with a weather model and patience.",
            "abstract · pdf · html · bibtex",
        ]
    )
    assert [text_of(mark) for mark in first.iter("mark")] == ["Clouds", "clouds", "weather model"]
    assert [link.get("href") for link in first.iter("a")] == [
        "https://arxiv.org/abs/2512.00105",
        "https://arxiv.org/abs/2512.00105",
        "https://arxiv.org/pdf/2512.00105",
        "https://arxiv.org/html/2512.00105",
        "https://arxiv.org/bibtex/2512.00105",
    ]


def test_a_hit_beyond_the_shown_abstract_is_quoted(
    build_edition: BuildEdition,
    templates: jinja2.Environment,
    build_item: BuildItem,
) -> None:
    abstract = f"{'We wait. ' * 90}A cloud comes."
    item = build_item(abstract=abstract, title="Sky", hits=[("cloud", Field.ABSTRACT, "cloud")])
    tree = parse(render_edition(build_edition([item]), templates))
    why = next(part for part in tree.iter("p") if part.get("class") == "small")
    assert text_of(why) == "Why: cloud · “…We wait. We wait. We wait. We wait. A cloud comes.”"
    assert [mark.text for mark in tree.iter("mark")] == ["cloud"]
    shown = next(part for part in tree.iter("p") if part.get("class") == "abstract")
    assert len(text_of(shown)) <= 600


def test_what_a_paper_lacks_is_left_out(
    build_item: BuildItem, build_edition: BuildEdition, templates: jinja2.Environment
) -> None:
    item = build_item(title="", authors=(), abstract="")
    edition = build_edition([item])
    first = next(parse(render_edition(edition, templates)).iter("article"))
    assert [text_of(part) for part in first] == [
        "2512.00001",
        "cs.CV · new",
        "abstract · pdf · html · bibtex",
    ]
    day = render_day(DayListing(edition.day, edition.items, edition.receipt), templates)
    first = next(parse(day).iter("article"))
    assert [text_of(part) for part in first] == ["2512.00001", "cs.CV · new"]


def test_the_receipt_comes_last(edition: Edition, templates: jinja2.Environment) -> None:
    tree = parse(render_edition(edition, templates))
    footer = next(tree.iter("footer"))
    assert [text_of(line) for line in footer] == [
        "376 announced in 2 categories, 376 read, 6 matched, 2 shown here before.",
        "cs.LG: arXiv answered 503.",
    ]


def test_a_days_page_counts_papers_by_category_and_links_to_each(
    listing: DayListing, templates: jinja2.Environment
) -> None:
    tree = parse(render_day(listing, templates))
    rows = [[text_of(cell) for cell in row] for row in tree.iter("tr")]
    assert rows == [
        ["Category", "Papers"],
        ["Computer Vision and Pattern Recognition · cs.CV", "5"],
        ["Machine Learning · cs.LG", "1"],
    ]
    anchors = {heading.get("id") for heading in tree.iter("h2")}
    assert {link.get("href") for row in tree.iter("tr") for link in row.iter("a")} == {
        f"#{anchor}" for anchor in anchors
    }
    assert len([*tree.iter("article")]) == 6


def test_an_empty_day_and_an_empty_index_say_so(
    edition: Edition, templates: jinja2.Environment
) -> None:
    day = parse(render_day(DayListing(edition.day, (), edition.receipt), templates))
    index = parse(render_index([], templates))
    assert [text_of(next(page.iter("main"))) for page in (day, index)] == [
        "No papers were announced.",
        "No digests yet.",
    ]


def test_the_index_links_to_each_day_and_edition(templates: jinja2.Environment) -> None:
    entries = [
        IndexEntry(date(2025, 12, 3), "Clouds & <Rain>", 1, "2025-12-03/Clouds.html"),
        IndexEntry(date(2025, 12, 4), "Clouds & <Rain>", 33, "2025-12-04/Clouds.html"),
    ]
    main = next(parse(render_index(entries, templates)).iter("main"))
    assert [(link.get("href"), text_of(link)) for link in main.iter("a")] == snapshot(
        [
            ("2025-12-04/index.html", "Thursday 4 December 2025"),
            ("2025-12-04/Clouds.html", "Clouds & <Rain>"),
            ("2025-12-03/index.html", "Wednesday 3 December 2025"),
            ("2025-12-03/Clouds.html", "Clouds & <Rain>"),
        ]
    )
    assert [text_of(line) for line in main.iter("li")] == snapshot(
        ["Clouds & <Rain> 33 papers", "Clouds & <Rain> 1 paper"]
    )
