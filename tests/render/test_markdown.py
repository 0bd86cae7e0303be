"""Markdown: the reference's form, and nothing live from a paper."""

import re
from collections.abc import Callable
from copy import deepcopy
from functools import lru_cache
from xml.etree.ElementTree import Element, tostring

import html5lib
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from inline_snapshot import snapshot
from markdown_it import MarkdownIt

from bot.core.editions import DayListing, Edition, Item
from bot.render.markdown import render_day, render_edition
from bot.render.markup import LIVE_ELEMENTS, code, escaped, inert_block, inert_names, inert_title

BuildItem = Callable[..., Item]
BuildEdition = Callable[..., Edition]

OURS = {
    *("html", "head", "body", "h1", "h2", "h3", "hr", "p", "br", "ul", "li", "a", "strong", "em"),
    *("code", "details", "summary"),
}
BARE = {"time", "data", "search"}
COMMONMARK = MarkdownIt("commonmark")
PIECES = [
    *(
        "<",
        "</",
        ">",
        "<b",
        "<k",
        "<think",
        "<img",
        "<!--",
        "-->",
        "<![CDATA[",
        "<?",
        "/>",
        "details",
    ),
    *("[", "]", "](", "][", "![", "`", "``", "\\", '="', "='", "='x", " a=", " onx", '"', "script"),
    *("https://evil.example", "<https://evil.example>", ")", "(", "_", "**", "\n\n", "\n", "li>"),
    *(" style=x", "&lt;", "&#60;", " ", "&", "x", "a@b.c", ":"),
]
MARKUP = st.lists(
    st.one_of(
        st.sampled_from(PIECES),
        st.text(max_size=4),
    ),
    max_size=12,
).map("".join)


def parse(markdown: str) -> Element:
    tree: Element = html5lib.parse(COMMONMARK.render(markdown), namespaceHTMLElements=False)
    return tree


def entries(tree: Element) -> list[Element]:
    return tree.findall(".//ul[1]/li")


def without_second(tree: Element) -> tuple[Element, str]:
    """Take the second paper out of a document: return it, and what is left."""
    entry = entries(tree)[1]
    paper = deepcopy(entry)
    entry.clear()
    return paper, tostring(tree, encoding="unicode")


@lru_cache(maxsize=4)
def read_calm(markdown: str) -> tuple[Element, str]:
    return without_second(parse(markdown))


def check(hostile: str, harmless: str) -> None:
    """Compare three papers, the second of them hostile, with three harmless ones."""
    paper, others = without_second(parse(hostile))
    calm, same = read_calm(harmless)
    assert others == same
    for element in paper.iter():
        name = element.tag
        assert isinstance(name, str), "a comment"
        assert name in OURS | BARE or name not in LIVE_ELEMENTS
        for attribute, value in element.attrib.items():
            if (name, attribute) not in {("a", "href"), ("details", "open")}:
                assert not value or not re.search(r"[a-z]{2}$", attribute)
                assert not attribute.startswith("on")
                assert attribute not in ("hidden", "inert")
    links = [[link.get("href") for link in each.iter("a")] for each in (paper, calm)]
    assert links[0] == links[1]
    for name in ("ul", "li", "h1", "h2", "h3", "hr", "p", "details", "summary"):
        assert len([*paper.iter(name)]) <= len([*calm.iter(name)])


@pytest.fixture(scope="session")
def documents(build_item: BuildItem, build_edition: BuildEdition) -> Callable[..., list[str]]:
    def build(title: str, abstract: str, authors: tuple[str, ...]) -> list[str]:
        items = [
            build_item("2512.00003", title="First", abstract="One <ACT> two."),
            build_item("2512.00002", title=title, abstract=abstract, authors=authors),
            build_item("2512.00001", title="Last", authors=("Nic`o",)),
        ]
        edition = build_edition(items)
        day = DayListing(edition.day, edition.items, edition.receipt)
        return [render_edition(edition), render_day(day)]

    return build


def test_no_nasty_text_becomes_live_or_touches_another_paper(
    documents: Callable[..., list[str]], nasty: tuple[str, ...]
) -> None:
    calm = documents("Title", "Abstract.", ("Ada", "Bo"))
    for text in nasty:
        for hostile in (
            documents(text, "Abstract.", ("Ada", "Bo")),
            documents("Title", text, ("Ada", "Bo")),
            documents("Title", "Abstract.", (text,)),
            documents(text, text, (text, text)),
        ):
            for one, other in zip(hostile, calm, strict=True):
                check(one, other)


@settings(max_examples=150, deadline=None)
@given(MARKUP, MARKUP, st.lists(MARKUP, max_size=3).map(tuple))
@example("<a b", '<k x="', ("`",))
def test_no_text_at_all_becomes_live_or_touches_another_paper(
    documents: Callable[..., list[str]], title: str, abstract: str, authors: tuple[str, ...]
) -> None:
    hostile = documents(title, abstract, authors)
    calm = documents("Title", "Abstract.", ("Ada", "Bo"))
    for one, other in zip(hostile, calm, strict=True):
        check(one, other)


HARMLESS = (
    "Acting on <ACT> and </think>, then <eos>.",
    "A relation <subject, object, predicate> holds.",
    "Where $a<b$ and (n<k) experts, p < 0.05 and x<16GB.",
    "See <this https URL. It has more",
    "Bare <time> <data> <search> </time>",
    r"$\{\pm 1\}$ \textit{A} & B_c *d* [sic] 10% ~ `x`",
    "No break here\u200b, é and 雲",
)


@pytest.mark.parametrize("text", HARMLESS)
def test_harmless_abstracts_stay_byte_for_byte(text: str) -> None:
    assert inert_block(text) == text


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("<script>x</script>", "&lt;script>x&lt;/script>"),
        ("<SCRIPT", "&lt;SCRIPT"),
        ("<svg/onload=x>", "&lt;svg/onload=x>"),
        ("<time x>", "&lt;time x>"),
        ("<think style =x>", "&lt;think style =x>"),
        ('<k a="', '&lt;k a="'),
        ("<k hidden>", "&lt;k hidden>"),
        ("<!-- x", "&lt;!-- x"),
        ("<?x", "&lt;?x"),
        ("</ x", "&lt;/ x"),
        ("<ab:y>", "&lt;ab:y>"),
        ("<9@x.y>", "&lt;9@x.y>"),
        ("a\n\nb\x00c\u2028d", "a b c d"),
        ("a\u202eb  c", "ab  c"),
        ("<a" * 101, "&lt;a" * 101),
    ],
)
def test_only_live_markup_is_escaped(text: str, expected: str) -> None:
    assert inert_block(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("[Re] Thinking [Technical Report]", "[Re] Thinking [Technical Report]"),
        ("Dialog[ue]s with A*", "Dialog[ue]s with A*"),
        ("On ``quotes'' & <ACT>", r"On \`\`quotes'' & <ACT>"),
        ("On ``quotes''", "On ``quotes''"),
        ("a](b)", r"a\](b)"),
        ("[a](b)", r"\[a\](b)"),
        ("[a][b]", r"\[a\]\[b\]"),
        ("![a]", r"!\[a\]"),
        ("a]", r"a\]"),
        ("]a[", r"\]a\["),
        (r"\[a]", r"\[a\]"),
        (r"\\[a", r"\\\[a"),
        ("a\\", "a\\\\"),
        ("a\\\\", "a\\\\"),
        ("`a", r"\`a"),
        (r"\`a", r"\`a"),
        (r"\``a", r"\`\`a"),
        ("``a [b]", r"\`\`a [b]"),
    ],
)
def test_titles_keep_the_link_they_stand_in(text: str, expected: str) -> None:
    assert inert_title(text) == expected


def test_backticks_of_a_title_do_not_pair_with_those_of_a_name() -> None:
    assert inert_title("``a", "B ``c") == r"\`\`a"


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (["Ada B", "Cy\\\\"], "Ada B, Cy\\\\"),
        (["Cy\\"], "Cy\\\\"),
        (["Cy\\", "D"], "Cy\\, D"),
        (["[x](y)"], r"\[x\](y)"),
        (["https://x.example"], r"https:\//x.example"),
        (["www.x.example"], r"www\.x.example"),
        (["_ _"], r"\_ \_"),
        (["Nic`o", "<b>"], "Nic`o, &lt;b>"),
    ],
)
def test_names_keep_their_emphasis_and_link_nowhere(names: list[str], expected: str) -> None:
    assert inert_names(names) == expected


def test_code_is_fenced_by_more_backticks_than_it_holds() -> None:
    assert [code("a b"), code("a`b"), code("``")] == ["`a b`", "`` a`b ``", "``` `` ```"]


def test_our_own_words_are_shown_literally() -> None:
    assert COMMONMARK.renderInline(escaped("a_b [c](d) <e> `f` *g*")) == (
        "a_b [c](d) &lt;e&gt; `f` *g*"
    )


def test_an_edition_has_the_references_form(edition: Edition) -> None:
    lines = render_edition(edition).splitlines()
    assert lines[:4] == snapshot(
        [
            "# Clouds · Thursday 4 December 2025",
            "",
            "6 of the 376 papers announced · 3 new, 1 cross-listed, 2 replaced",
            "",
        ]
    )
    start = lines.index("## 📌 Filter by Category")
    assert "\n".join(lines[start : start + 26]) == snapshot("""\
## 📌 Filter by Category
**Keywords**: `cloud` `weather model`  \n\
**Filter**: `None`

---

## 📚 Paper List

- **[Fog and \\emph{Rain}: $\\alpha$-Mixing for a Weather Model](https://arxiv.org/abs/2512.00106)**  `arXiv:2512.00106`  `cs.LG` `physics.ao-ph`  \n\
  _Ada Example, Bo Sample, Ren\\'e Placeholder_
  <details open><summary>Abstract</summary>
  A weather model must mix. We mix fog with rain. It rains at last. More soon.
  </details>

- **[Counting Clouds from Below](https://arxiv.org/abs/2512.00105)**  `arXiv:2512.00105`  `cs.CV`  \n\
  _Cy Made-Up, Dee Nobody, Eve Invented, Flo Fiction, Gus Ghost, Al B_
  <details open><summary>Abstract</summary>
  Nobody counts clouds well. We do, with a weather model and patience.
  </details>

- **[Sheep &lt;or> Clouds & *Stars*?](https://arxiv.org/abs/2512.00104)**  `arXiv:2512.00104`  `cs.CV`  \n\
  _Ada Example_
  <details open><summary>Abstract</summary>
  Sheep look like clouds.
  </details>
""")  # noqa: E501 - the lines are as long as the reference's


def test_after_the_papers_it_says_why_they_are_there(edition: Edition) -> None:
    text = render_edition(edition)
    assert text[text.rindex("---\n") :] == snapshot("""\
---

## Why these papers

### New (3)

- [2512.00105](https://arxiv.org/abs/2512.00105) · new · cloud (title), weather model
- [2512.00106](https://arxiv.org/abs/2512.00106) · new · weather model (title)
- [2512.00101](https://arxiv.org/abs/2512.00101) · new · cloud

### Cross-listed (1)

- [2512.00104](https://arxiv.org/abs/2512.00104) · cross-listed · cloud (title)

### Replaced (2)

- [2511.00103](https://arxiv.org/abs/2511.00103) · replaced · cloud
- [2511.00102](https://arxiv.org/abs/2511.00102) · replaced, cross-listed · cloud (comments)

376 announced in 2 categories, 376 read, 6 matched, 2 shown here before

cs.LG: arXiv answered 503.
""")


def test_papers_stand_in_the_editions_order(edition: Edition) -> None:
    ids = re.findall(r"`arXiv:(.*?)`", render_edition(edition))
    assert ids == [item.paper.base_id for item in edition.items]


def test_the_first_six_authors_are_named(
    build_item: BuildItem, build_edition: BuildEdition
) -> None:
    six = ("A", "B", "C", "D", "E", "F")
    text = render_edition(build_edition([build_item(authors=six)]))
    assert "  _A, B, C, D, E, F_\n" in text
    text = render_edition(build_edition([build_item(authors=(*six, "G"))]))
    assert "  _A, B, C, D, E, F, et al._\n" in text


def test_what_is_missing_leaves_no_empty_lines(
    build_item: BuildItem, build_edition: BuildEdition
) -> None:
    item = build_item(title=" ", authors=(), abstract="\n")
    text = render_edition(build_edition([item], exclude=("2D", "a b")))
    assert "**Filter**: `2D` `a b`\n" in text
    assert (
        "- **[2512.00001](https://arxiv.org/abs/2512.00001)**  `arXiv:2512.00001`  `cs.CV`  \n\n---"
        in text
    )


def test_an_empty_edition_says_so(build_edition: BuildEdition) -> None:
    assert render_edition(build_edition([])) == snapshot("""\
# Clouds · Thursday 4 December 2025

None of the 376 papers announced

---

## 📌 Filter by Category
**Keywords**: `cloud` `weather model`  \n\
**Filter**: `None`

---

## 📚 Paper List

No papers today.

---

376 announced in 2 categories, 376 read, 0 matched
""")


def test_a_day_lists_every_paper_under_its_category(listing: DayListing) -> None:
    text = render_day(listing)
    assert text[: text.index("  <details>")] == snapshot("""\
# arXiv · Thursday 4 December 2025

6 papers

## Full Archive

| Category | Count |
| --- | --- |
| Computer Vision and Pattern Recognition · cs.CV | 5 |
| Machine Learning · cs.LG | 1 |

### Computer Vision and Pattern Recognition · cs.CV

- **[Counting Clouds from Below](https://arxiv.org/abs/2512.00105)**  `arXiv:2512.00105`  \n\
  _Cy Made-Up, Dee Nobody, Eve Invented, Flo Fiction, Gus Ghost, Al B_
""")
    assert text.count("- **[") == 6
    assert text.endswith(
        "\n---\n\n376 announced in 2 categories, 376 read\n\ncs.LG: arXiv answered 503.\n"
    )


def test_an_empty_day_says_so(build_edition: BuildEdition) -> None:
    nothing = build_edition([], announced=0)
    assert render_day(DayListing(nothing.day, (), nothing.receipt)) == snapshot("""\
# arXiv · Thursday 4 December 2025

No papers were announced.

---

0 announced in 2 categories, 0 read
""")
