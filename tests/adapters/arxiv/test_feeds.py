import warnings
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date
from xml.sax.saxutils import escape

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.adapters.arxiv.feeds import parse_feed, parse_words, suggestion
from bot.core.papers import Announcement, AnnounceType, Entry, Paper
from bot.errors import SourceError

URL = "https://mirror.example/rss/cs.AI"
MIDNIGHT = "Thu, 04 Dec 2025 00:00:00 -0500"
ISO_MIDNIGHT = "2025-12-04T00:00:00-05:00"
NAMESPACES = (
    'xmlns:arxiv="http://arxiv.org/schemas/atom" xmlns:dc="http://purl.org/dc/elements/1.1/"'
)


@dataclass(frozen=True)
class Sample:
    """What one item of a made-up feed says; None leaves the element out."""

    guid: str | None = "oai:arXiv.org:2512.00001v1"
    link: str | None = "https://arxiv.org/abs/2512.00001"
    title: str | None = "On made-up papers"
    summary: str | None = "arXiv:2512.00001v1 Announce Type: new \nAbstract: Nothing is proven."
    categories: tuple[str, ...] = ("cs.AI", "cs.LG")
    kind: str | None = "new"
    creators: tuple[str, ...] = ("Ada Example, Bo Sample",)
    doi: str | None = None
    journal_ref: str | None = None
    published: str | None = None


def element(name: str, text: str | None) -> str:
    return "" if text is None else f"<{name}>{escape(text)}</{name}>\n"


def rss_item(sample: Sample) -> str:
    return (
        "<item>"
        + element("title", sample.title)
        + element("link", sample.link)
        + element("description", sample.summary)
        + ("" if sample.guid is None else f'<guid isPermaLink="false">{sample.guid}</guid>')
        + "".join(element("category", category) for category in sample.categories)
        + element("pubDate", sample.published)
        + common_elements(sample)
        + "</item>"
    )


def atom_entry(sample: Sample) -> str:
    return (
        "<entry>"
        + element("id", sample.guid)
        + element("title", sample.title)
        + element("updated", "2025-12-04T11:30:02.029878+00:00")
        + f'<link href="{sample.link}" rel="alternate" type="text/html"/>'
        + element("summary", sample.summary)
        + "".join(f'<category term="{category}"/>' for category in sample.categories)
        + element("published", sample.published or ISO_MIDNIGHT)
        + common_elements(sample)
        + "</entry>"
    )


def common_elements(sample: Sample) -> str:
    return (
        element("arxiv:announce_type", sample.kind)
        + element("arxiv:DOI", sample.doi)
        + element("arxiv:journal_reference", sample.journal_ref)
        + "".join(element("dc:creator", creators) for creators in sample.creators)
    )


def rss(
    *samples: Sample,
    published: str | None = MIDNIGHT,
    title: str = "cs.AI updates on arXiv.org",
    description: str = "cs.AI updates on the arXiv.org e-print archive.",
) -> bytes:
    items = "".join(map(rss_item, samples))
    return (
        f'<?xml version="1.0" encoding="UTF-8"?>\n<rss {NAMESPACES} version="2.0"><channel>'
        + element("title", title)
        + element("description", description)
        + element("lastBuildDate", "Fri, 05 Dec 2025 11:30:02 +0000")
        + element("pubDate", published)
        + f"{items}<skipDays><day>Sunday</day></skipDays></channel></rss>"
    ).encode()


def atom(
    *samples: Sample,
    updated: str | None = "2025-12-04T11:30:02.857220+00:00",
    title: str = "cs.AI updates on arXiv.org",
) -> bytes:
    entries = "".join(map(atom_entry, samples))
    return (
        f'<?xml version="1.0"?>\n<feed {NAMESPACES} xmlns="http://www.w3.org/2005/Atom">'
        + element("title", title)
        + element("updated", updated)
        + f"<subtitle>What went wrong.</subtitle>{entries}</feed>"
    ).encode()


Build = Callable[..., bytes]
BUILDERS = [pytest.param(rss, id="rss"), pytest.param(atom, id="atom")]


def read(body: bytes, category: str = "cs.AI") -> Announcement:
    return parse_feed(body, category=category, url=URL)


def only_paper(sample: Sample) -> Paper:
    """Read one sample from both kinds of feed, which must agree."""
    (entry,) = read(rss(sample)).entries
    assert read(atom(sample)).entries == (entry,)
    return entry.paper


def refusal(body: bytes, category: str = "cs.AI") -> str:
    with pytest.raises(SourceError) as caught:
        read(body, category)
    assert caught.value.url == URL
    return caught.value.reason


@pytest.mark.parametrize("build", BUILDERS)
def test_reads_an_announcement(build: Build) -> None:
    paper = Paper(
        base_id="2512.00001",
        version=1,
        title="On made-up papers",
        authors=("Ada Example", "Bo Sample"),
        abstract="Nothing is proven.",
        categories=("cs.AI", "cs.LG"),
    )
    assert read(build(Sample())) == Announcement(
        category="cs.AI",
        day=date(2025, 12, 4),
        url=URL,
        announced=1,
        entries=(Entry(paper, AnnounceType.NEW),),
    )


@pytest.mark.parametrize("build", BUILDERS)
def test_an_announcement_without_papers_is_no_fault(build: Build) -> None:
    empty = read(build())
    assert (empty.announced, empty.entries, empty.faults) == (0, (), ())
    assert empty.day == date(2025, 12, 4)


@pytest.mark.parametrize("kind", AnnounceType)
def test_reads_every_announce_type(kind: AnnounceType) -> None:
    for build in (rss, atom):
        (entry,) = read(build(Sample(kind=kind.value))).entries
        assert entry.kind is kind


def test_keeps_the_order_of_the_feed() -> None:
    ids = ["2512.00003", "2512.00001", "2511.99999"]
    read_ids = [
        entry.paper.base_id
        for entry in read(rss(*(Sample(guid=f"oai:arXiv.org:{base}v1") for base in ids))).entries
    ]
    assert read_ids == ids


HARD_TEXTS = [
    r"Bounds where $a<b$ and $c>d$ hold",
    r"An <Fast> \& \emph{exact} way",
    "R&D, E&D; AT&T &amp; co &lt;b&gt;",
    "<b>Bold</b> & <script>alert(1)</script> <a href='x'>y</a>",
    r"Poincar\'e, K\"ahler, {\L}ukasz, $\mathcal{O}(n^2)$ % done",
    "Ünïcödé – “quotes” … 漢字 𝒪 é",
    "see https://example.org/?a=1&b=2#c",
    "]]> <!-- not a comment --> <?pi?>",
    "100% of &#34;entities&#34; &eacute; &nbsp;",
]


@pytest.mark.parametrize("text", HARD_TEXTS)
def test_keeps_texts_as_arxiv_writes_them(text: str) -> None:
    summary = f"arXiv:2512.00001v1 Announce Type: new \nAbstract: {text}"
    paper = only_paper(Sample(title=text, summary=summary, journal_ref=text))
    assert (paper.title, paper.abstract, paper.journal_ref) == (text, text, text)


def test_collapses_white_space_and_drops_control_characters() -> None:
    paper = only_paper(
        Sample(
            title=" Two\n  lines\tand\u00a0more ",
            summary="arXiv:2512.00001v1 Announce Type: new \nAbstract: A\n  b\x7f\u2028 \x01 c \n",
            creators=(" Ada\n Example ,  Bo ",),
        )
    )
    assert paper.title == "Two lines and more"
    assert paper.abstract == "A b c"
    assert paper.authors == ("Ada Example", "Bo")


@pytest.mark.parametrize(
    ("summary", "abstract"),
    [
        ("arXiv:2512.00001v1 Announce Type: new \nAbstract: ", ""),
        ("arXiv:2512.00001v1 Announce Type: new \nAbstract: Abstract: twice", "Abstract: twice"),
        ("arXiv:2512.00001v1 Announce Type: new Bare text", "Bare text"),
        ("Text alone", "Text alone"),
        ("", ""),
        (None, ""),
    ],
)
def test_cuts_only_the_opening_off_the_abstract(summary: str | None, abstract: str) -> None:
    assert only_paper(Sample(summary=summary)).abstract == abstract


@pytest.mark.parametrize(
    ("creators", "authors"),
    [
        (("Ada Example (X, Y), Bo Sample",), ("Ada Example", "Bo Sample")),
        (("Ada Example", "Bo Sample"), ("Ada Example", "Bo Sample")),
        (("ada@example.org (Ada Example)",), ("ada@example.org",)),
        (("",), ()),
        ((), ()),
    ],
)
def test_reads_authors(creators: tuple[str, ...], authors: tuple[str, ...]) -> None:
    assert only_paper(Sample(creators=creators)).authors == authors


def test_reads_doi_and_journal_reference() -> None:
    paper = only_paper(Sample(doi="10.1000/182", journal_ref="J. Made Up 1 (2025) 1-2"))
    assert (paper.doi, paper.journal_ref) == ("10.1000/182", "J. Made Up 1 (2025) 1-2")


def test_keeps_the_primary_category_first_and_none_twice() -> None:
    paper = only_paper(Sample(categories=("stat.ML", "cs.SY", "cs.AI", "stat.ML", "eess.SY")))
    assert paper.categories == ("stat.ML", "cs.SY", "cs.AI", "eess.SY")


@pytest.mark.parametrize(
    ("guid", "link", "summary", "identity"),
    [
        ("oai:arXiv.org:2511.00293v1", None, None, ("2511.00293", 1)),
        ("oai:arXiv.org:hep-th/9901001v4", None, None, ("hep-th/9901001", 4)),
        ("oai:arXiv.org:0704.0001v12", None, None, ("0704.0001", 12)),
        ("https://arxiv.org/abs/2512.00001v3", None, None, ("2512.00001", 3)),
        ("2512.00001", "", "arXiv:2512.00001v2 Announce Type: new", ("2512.00001", 2)),
        ("2512.00001", "", "arXiv:2512.99999v2 Announce Type: new", ("2512.00001", 1)),
        ("urn:x", "", "arXiv:2512.00001v2 Announce Type: new", ("2512.00001", 2)),
        (None, "https://arxiv.org/abs/2512.00001v5", "x", ("2512.00001", 5)),
        (None, "https://arxiv.org/abs/2512.00001", "x", ("2512.00001", 1)),
    ],
)
def test_reads_id_and_version_where_they_are(
    guid: str | None, link: str | None, summary: str | None, identity: tuple[str, int]
) -> None:
    (entry,) = read(rss(Sample(guid=guid, link=link, summary=summary))).entries
    assert (entry.paper.base_id, entry.paper.version) == identity


def test_reads_the_announce_type_from_the_summary_where_it_has_no_element() -> None:
    summary = "arXiv:2512.00001v2 Announce Type: replace-cross \nAbstract: x"
    sample = Sample(kind=None, summary=summary, guid="oai:arXiv.org:2512.00001v2")
    (entry,) = read(rss(sample)).entries
    assert entry.kind is AnnounceType.REPLACE_CROSS


def test_finds_arxivs_elements_under_any_prefix() -> None:
    body = rss(Sample(doi="10.1000/182")).replace(b"arxiv:", b"ns1:").replace(b":arxiv", b":ns1")
    assert read(body) == read(rss(Sample(doi="10.1000/182")))


@pytest.mark.parametrize(
    ("spoilt", "fault"),
    [
        (
            Sample(guid="tag:odd", link="", summary=""),
            "Item 2 (tag:odd) was left out: it has no readable arXiv id.",
        ),
        (
            Sample(kind="withdrawn"),
            "Item 2 (2512.00001v1) was left out: its announce type 'withdrawn' is unknown.",
        ),
        (
            Sample(kind=None, summary="x"),
            "Item 2 (2512.00001v1) was left out: it has no announce type.",
        ),
        (Sample(title=" "), "Item 2 (2512.00001v1) was left out: it has no title."),
        (Sample(categories=()), "Item 2 (2512.00001v1) was left out: it has no category."),
        (
            Sample(guid="2512.00001", kind="replace", summary=""),
            "Item 2 (2512.00001) was left out: a replacement without a version.",
        ),
        (
            Sample(guid=None, link="", summary="", title="A title"),
            "Item 2 (A title) was left out: it has no readable arXiv id.",
        ),
        (
            Sample(guid=None, link="", summary="", title=None),
            "Item 2 (without id or title) was left out: it has no readable arXiv id.",
        ),
    ],
)
def test_one_bad_item_leaves_the_others(spoilt: Sample, fault: str) -> None:
    good = [Sample(guid=f"oai:arXiv.org:2512.0000{n}v1") for n in (7, 8)]
    announcement = read(rss(good[0], spoilt, good[1]))
    assert announcement.announced == 3
    assert [entry.paper.base_id for entry in announcement.entries] == ["2512.00007", "2512.00008"]
    assert announcement.faults == (fault,)


@pytest.mark.parametrize(("bad", "rest"), [(5, ()), (6, ("1 more item has a fault",))])
def test_names_the_first_faults_and_counts_the_rest(bad: int, rest: tuple[str, ...]) -> None:
    announcement = read(rss(*[Sample(kind="odd")] * bad))
    assert announcement.announced == bad
    assert len(announcement.faults) == 5 + len(rest)
    assert announcement.faults[5:] == tuple(f"And {words}." for words in rest)


def test_counts_many_faults() -> None:
    assert read(rss(*[Sample(kind="odd")] * 12)).faults[-1] == "And 7 more items have faults."


@pytest.mark.parametrize("build", BUILDERS)
def test_counts_a_repeated_item_once_and_says_so(build: Build) -> None:
    announcement = read(build(Sample(), Sample(title="Again"), Sample(guid="2512.00001v2")))
    assert announcement.announced == 2
    assert [entry.paper.title for entry in announcement.entries] == ["On made-up papers"] * 2
    assert announcement.faults == ("Item 2 (2512.00001v1) repeats an earlier one: it counts once.",)


@pytest.mark.parametrize(("count", "truncated"), [(1999, False), (2000, True)])
def test_tells_when_arxivs_cap_was_reached(count: int, *, truncated: bool) -> None:
    samples = [replace(Sample(), guid=f"oai:arXiv.org:2512.{n:05}v1") for n in range(count)]
    announcement = read(rss(*samples))
    assert announcement.announced == len(announcement.entries) == count
    assert announcement.truncated is truncated
    assert bool(announcement.faults) is truncated
    if truncated:
        assert announcement.faults[0].startswith("The feed holds 2000 items and arXiv serves no")


@pytest.mark.parametrize(
    ("published", "day"),
    [
        ("Thu, 04 Dec 2025 00:00:00 -0500", date(2025, 12, 4)),
        ("Mon, 29 Jun 2026 00:00:00 -0400", date(2026, 6, 29)),
        ("Thu, 04 Dec 2025 00:00:00 -0400", date(2025, 12, 4)),
        ("Thu, 04 Dec 2025 00:00:00 EST", date(2025, 12, 4)),
        ("Thu, 04 Dec 2025 00:00:00 +0000", date(2025, 12, 4)),
        ("Thu, 04 Dec 2025 05:00:00 +0000", date(2025, 12, 4)),
        ("Thu, 04 Dec 2025 04:59:59 GMT", date(2025, 12, 3)),
        ("Thu, 04 Dec 2025 04:59:59 -0000", date(2025, 12, 3)),
        ("2025-12-04T00:00:00-05:00", date(2025, 12, 4)),
        ("2025-12-04T05:00:00Z", date(2025, 12, 4)),
        ("2025-12-04", date(2025, 12, 4)),
    ],
)
def test_takes_the_day_from_the_channel(published: str, day: date) -> None:
    assert read(rss(Sample(), published=published)).day == day


@pytest.mark.parametrize("published", [None, "soon", "Thu, 99 Foo", "0001-01-01T01:00:00+14:00"])
def test_takes_the_day_from_the_items_where_the_channel_has_none(published: str | None) -> None:
    days = ("3", "4", "4", "5")
    samples = [Sample(published=f"2025-12-0{day}T00:00:00-05:00") for day in days]
    assert read(rss(*samples, published=published)).day == date(2025, 12, 4)


def test_an_empty_atom_feed_has_the_day_on_which_it_was_built_in_new_york() -> None:
    assert read(atom(updated="2025-12-07T04:59:00+00:00")).day == date(2025, 12, 6)


def test_an_atom_feeds_day_is_that_of_its_entries_not_of_its_building() -> None:
    assert read(atom(Sample(), updated="2025-12-09T00:00:00-05:00")).day == date(2025, 12, 4)


@pytest.mark.parametrize(
    "body",
    [
        rss(published=None),
        rss(published="soon"),
        atom(updated=None),
        atom(Sample(published="soon"), updated=ISO_MIDNIGHT),
    ],
)
def test_refuses_a_batch_without_a_date(body: bytes) -> None:
    assert refusal(body).startswith("carries no date")


def test_refuses_arxivs_feed_of_an_error_in_its_own_words() -> None:
    title = "Feed error for query: https://rss.arxiv.org/rss/cs.CVV"
    words = "Bad subject class 'CVV'."
    assert refusal(rss(title=title, description=words), "cs.CVV") == (
        "Bad subject class 'CVV'. Did you mean cs.CV (Computer Vision and Pattern Recognition)?"
    )
    assert refusal(atom(title=title)) == "What went wrong."
    assert refusal(rss(title=title, description="")) == title


def test_refuses_an_answer_of_the_query_api() -> None:
    assert "not an announcement" in refusal(atom(Sample(), title="arXiv Query: all:x"))


@pytest.mark.parametrize("build", BUILDERS)
def test_refuses_a_feed_that_was_cut_short(build: Build) -> None:
    whole = build(Sample(), Sample(guid="2512.00002v1"))
    assert "is not well-formed XML" in refusal(whole[: len(whole) * 2 // 3])


def test_refuses_what_feedparser_stumbles_over() -> None:
    place = b"<g:pos xmlns:g='http://www.opengis.net/gml'>1 2</g:pos></item>"
    body = rss(Sample()).replace(b"</item>", place)
    assert "feedparser" in refusal(body)


def test_never_believes_feedparsers_second_guess() -> None:
    # feedparser cuts what looks like a document type out of the comment, and its end with it.
    body = rss(Sample()).replace(b"<rss", b"<!--\n<!DOCTYPE x -->\n<rss", 1)
    assert "is XML that feedparser cannot read" in refusal(body)


def test_suggests_nothing_for_a_category_that_arxiv_has() -> None:
    assert suggestion("cs.AI") == ""
    assert suggestion("cs.AII") == " Did you mean cs.AI (Artificial Intelligence)?"
    assert suggestion("weather") == " arXiv's categories: https://arxiv.org/category_taxonomy"


def test_finds_the_words_in_an_answer_that_is_no_announcement() -> None:
    assert parse_words(rss(title="Feed error for query: x", description="Bad.")) == "Bad."
    assert parse_words(b"<html><title>Not found</title></html>") == "Not found"
    assert parse_words(b"\xffRate exceeded.") == "\ufffdRate exceeded."
    assert parse_words(b"") == ""


@given(st.binary(max_size=200) | st.text(max_size=200).map(str.encode))
def test_arbitrary_bytes_are_refused_and_nothing_else_is_raised(body: bytes) -> None:
    refusal(body)


VALID = (rss(Sample(), Sample(guid="2512.00002v1")), atom(Sample(), Sample(guid="2512.00002v1")))


@settings(suppress_health_check=[HealthCheck.too_slow])
@given(st.sampled_from(VALID), st.data())
def test_altered_feeds_are_read_or_refused(body: bytes, data: st.DataObject) -> None:
    for _ in range(data.draw(st.integers(1, 4))):
        start = data.draw(st.integers(0, len(body)))
        end = data.draw(st.integers(start, min(len(body), start + 300)))
        tag = st.sampled_from([b"<item>", b"</item>", b"<link>", b"&#133;", b"<![CDATA[", b"]]>"])
        piece = data.draw(st.binary(max_size=8) | tag | st.just(body[start:end] * 2))
        body = body[:start] + piece + body[end:]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        try:
            announcement = read(body)
        except SourceError:
            return
    assert announcement.announced >= len(announcement.entries)


ELEMENTS = [
    *("title", "link", "description", "guid", "category", "pubDate", "author", "dc:creator"),
    *("image", "textinput", "content", "source", "summary", "id", "published", "updated"),
    *("dc:date", "url", "name", "svg", "math", "div"),
]
TEXTS = st.sampled_from(["", "x", "2512.00001v1", MIDNIGHT, ISO_MIDNIGHT, "new", "a@b.example"])
ATTRIBUTES = st.sampled_from(["", ' type="xhtml"', ' type="a/b"', ' href="http://[x"', ' rel="x"'])


def wrapped(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    parts = st.tuples(st.sampled_from(ELEMENTS), ATTRIBUTES, st.lists(inner, max_size=3))
    return parts.map(lambda part: f"<{part[0]}{part[1]}>{''.join(part[2])}</{part[0]}>")


TREES = st.recursive(TEXTS, wrapped, max_leaves=12)
ROOTS = st.sampled_from(["rss", 'feed xmlns="http://www.w3.org/2005/Atom"'])


@given(TREES, TREES, ROOTS)
def test_feeds_of_odd_structure_are_read_or_refused(channel: str, item: str, root: str) -> None:
    body = f"<{root} {NAMESPACES}>{channel}<item>{item}</item></{root.partition(' ')[0]}>"
    try:
        announcement = read(body.encode())
    except SourceError:
        return
    assert announcement.announced >= len(announcement.entries)
