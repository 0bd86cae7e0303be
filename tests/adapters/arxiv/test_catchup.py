import re
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.adapters.arxiv.catchup import Listed, Page, Section, parse_page
from bot.adapters.arxiv.document import MAX_BYTES
from bot.adapters.arxiv.feeds import parse_feed
from bot.core.papers import AnnounceType, Entry, Paper
from bot.errors import SourceError
from tests.fakes.pages import write_page
from tests.fakes.papers import DAY, make_paper

CAPTURES = Path(__file__).parents[4] / "shared" / "arxiv" / "captures"
with_captures = pytest.mark.skipif(
    not CAPTURES.exists(), reason=f"{CAPTURES} is not on this machine"
)

URL = "https://arxiv.org/catchup/cs.CV/2025-12-04?abs=True&page=1"
JUNE = date(2026, 6, 30)
NEW, CROSS, REPLACE, REPLACE_CROSS = AnnounceType


def read(body: bytes | str, category: str = "cs.CV", day: date = DAY) -> Page:
    return parse_page(
        body.encode() if isinstance(body, str) else body, category=category, day=day, url=URL
    )


def refusal(body: bytes | str, category: str = "cs.CV", day: date = DAY) -> str:
    with pytest.raises(SourceError) as caught:
        read(body, category, day)
    assert caught.value.url == URL
    return caught.value.reason


def page(*entries: Entry, day: date = DAY, number: int = 1, per_page: int = 2000) -> str:
    return write_page(entries, day, number=number, per_page=per_page).decode()


def new(*papers: Paper) -> list[Entry]:
    return [Entry(paper, NEW) for paper in papers]


RICH = Paper(
    "2512.00001",
    2,
    "Clouds $a<b$ & \"sheep\": a Poincaré view of O'Hara's field",
    ("Ada Example", "Łukasz Müller-Sample"),
    "We count $x<y>z$ clouds & sheep, see https://clouds.example/a?b=1&c=2 and clouds.example now.",
    ("cs.CV", "math.NA", "cond-mat.mtrl-sci"),
    comments="12 pages, see https://clouds.example",
    journal_ref="J. Made Up 1 (2025) 2-3",
)
MIXED = [
    *new(RICH, make_paper(2)),
    Entry(make_paper(3, 1, categories=("cs.LG", "cs.CV")), CROSS),
    Entry(make_paper(4, 3), REPLACE),
    Entry(make_paper(5, 2, categories=("stat.ML", "cs.CV")), REPLACE_CROSS),
]


def test_reads_every_entry_as_arxiv_has_it() -> None:
    got = read(page(*MIXED))
    assert got.total == 5
    assert got.sections == (
        Section("New", 2, 2),
        Section("Cross", 1, 1),
        Section("Replacement", 2, 2),
    )
    assert got.found == 5
    assert got.listed == tuple(Listed(entry, sure=True) for entry in MIXED)
    assert got.faults == ()


def test_a_version_that_no_link_names_is_only_assumed() -> None:
    body = write_page(MIXED, DAY, with_html=False)
    listed = read(body).listed
    assert [each.sure for each in listed] == [False] * 5
    assert {each.entry.paper.version for each in listed} == {1}


def test_a_version_in_the_id_itself_counts_and_another_papers_does_not() -> None:
    body = page(*new(make_paper(2, 7)))
    assert read(body.replace("2512.00002v7", "2512.00003v9")).listed[0].sure is False
    named = body.replace("/abs/2512.00002", "/abs/2512.00002v4")
    assert read(named).listed[0].entry.paper.version == 4


def test_reads_old_ids() -> None:
    (listed,) = read(page(*new(replace(make_paper(), base_id="hep-th/9901001")))).listed
    assert listed.entry.paper.base_id == "hep-th/9901001"
    assert listed.sure


def test_an_archives_page_tells_replacements_by_their_archive() -> None:
    listed = read(page(*MIXED), category="cs").listed
    assert [each.entry.kind for each in listed] == [NEW, NEW, CROSS, REPLACE, REPLACE_CROSS]


@pytest.mark.parametrize(
    ("written", "text"),
    [
        (
            'at <a href="https://a.example/x">this https URL</a>.',
            "at https://a.example/x.",
        ),
        # Without a scheme arXiv makes one up, even where a sentence ends without a space.
        ('an <a href="http://image.TopoAgent">this http URL</a> is', "an image.TopoAgent is"),
        ('at <a href="ftp://a.example">this ftp URL</a>', "at ftp://a.example"),
        ('at <a href="ftp://a.example"><b>this</b> ftp URL</a>', "at this ftp URL"),
        ('at <a href="ftp://a.example">this ftp URL<b>!</b></a>', "at ftp://a.example"),
        ("at <a>this https URL</a>", "at this https URL"),
        ('as <a href="https://arxiv.org/abs/2603.1">arXiv:2603.1</a>', "as arXiv:2603.1"),
        ("one<br>two<br/>three", "one two three"),
        ("a &lt; b &amp; c&nbsp;d", "a < b & c d"),
        ("<!-- no --> yes", "yes"),
        ("  wide \n\t space ", "wide space"),
        ("a\x01b&#1;c", "abc"),
    ],
)
def test_reads_an_abstracts_text_with_its_addresses(written: str, text: str) -> None:
    body = page(*new(make_paper(abstract="ABSTRACT"))).replace("ABSTRACT", written)
    assert read(body).listed[0].entry.paper.abstract == text


@pytest.mark.parametrize(
    ("written", "names"),
    [
        (
            "<a href='/search/?searchtype=author&query=A'>Ada A</a> (Univ. B), <a>this</a>",
            ("Ada A",),
        ),
        ("(author list is unavailable)", ()),
        ("Ada A (Univ. B, C), Bo D", ("Ada A", "Bo D")),
        ("<a href='/search/?searchtype=author'></a>", ()),
        ("", ()),
    ],
)
def test_reads_names_without_affiliations(written: str, names: Sequence[str]) -> None:
    body = re.sub(
        r"(<div class='list-authors'>).*?(</div>)", rf"\1{written}\2", page(*new(make_paper()))
    )
    assert read(body).listed[0].entry.paper.authors == names


def test_a_page_without_abstracts_has_none() -> None:
    body = re.sub(r"<p class='mathjax'>.*?</p>", "", page(*new(make_paper())), flags=re.DOTALL)
    assert read(body).listed[0].entry.paper.abstract == ""


def test_pages_of_a_long_day_tell_what_of_it_they_hold() -> None:
    entries = [*new(*map(make_paper, range(1, 6))), Entry(make_paper(9, 2), REPLACE)]
    first, second = (read(page(*entries, number=number, per_page=4)) for number in (1, 2))
    assert (first.total, second.total) == (6, 6)
    assert first.sections == (Section("New", 5, 4),)
    assert second.sections == (Section("New", 5, 1), Section("Replacement", 1, 1))
    assert read(page(*entries, number=3, per_page=4)).found == 0


@pytest.mark.parametrize(
    "heading",
    [
        "New submissions for Thursday, 4 December 2025 (showing 1 of 1 entries )",
        "New submissions (showing first 1 of 1 entries)",
        "New submissions (continued, showing last 1 of 1 entries)",
        "New submissions (continued, showing 1 of 1 entries)",
    ],
)
def test_reads_the_headings_of_every_page(heading: str) -> None:
    body = re.sub(r"New submissions \(.*?\)", heading, page(*new(make_paper())))
    assert read(body).sections == (Section("New", 1, 1),)


def test_a_day_without_updates_is_fine() -> None:
    assert read(page()) == Page(0, (), (), ())


@pytest.mark.parametrize(
    ("cut", "instead", "fault"),
    [
        ("/abs/2512.00002", "/abs/nothing", "it has no readable arXiv id"),
        (">\nCounting clouds\n<", ">  <", "it has no title"),
        (" (cs.CV)", " (?)", "it has no category"),
        ("<dd>", "<dl>", "it has no title"),
    ],
)
def test_leaves_out_what_cannot_be_read_and_says_so(cut: str, instead: str, fault: str) -> None:
    good, bad = (page(*new(make_paper(number))) for number in (1, 2))
    entry = re.search(r"<dt>.*</dd>", bad, re.DOTALL)
    assert entry is not None
    broken = entry[0].replace("\n Counting clouds\n", "\nCounting clouds\n").replace(cut, instead)
    if "abs" in cut:
        broken = broken.replace("/pdf/", "/x/").replace("/html/", "/x/")
    assert broken != entry[0]
    got = read(good.replace("</dl>", f"{broken}</dl>"))
    assert got.sections == (Section("New", 1, 2),)
    assert [each.entry.paper.base_id for each in got.listed] == ["2512.00001"]
    assert len(got.faults) == 1
    assert got.faults[0].startswith("An entry ([1] arXiv:2512.00002 ")
    assert got.faults[0].endswith(f"was left out: {fault}.")


def test_entries_without_text_are_counted() -> None:
    body = page(*new(make_paper())).replace("</dl>", "<dt></dt><dt></dt><dd></dd></dl>")
    got = read(body)
    assert got.found == 3
    assert got.faults[0] == ("An entry (without id) was left out: it has no readable arXiv id.")


GOOD = page(*MIXED)


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"\xff\xfe", "is not text: byte 0 is not utf-8"),
        (b"", "is no page that can be read: "),
        (b"Rate exceeded.", "is not the page that was expected; it says: Rate exceeded."),
        (
            b"<html><head><title>Invalid date</title></head><h1>Invalid</h1>",
            "is not the page that was expected; it says: Invalid date",
        ),
        (
            GOOD.replace("04 Dec", "05 Dec"),
            "is of Friday 5 December 2025, where Thursday 4 December 2025 was asked for",
        ),
        (GOOD.replace("04 Dec", "31 Feb"), "is of no day that there is: 'Catchup results for"),
        (
            GOOD.replace("04 Dec", "04 Dez"),
            "is headed 'Catchup results for Clouds on Thu, 04 Dez 2025' where 'Catchup results",
        ),
        (GOOD.replace("h1>", "h2>"), "is headed '' where 'Catchup results for … on 04 Dec 2025'"),
        (GOOD.replace("Total of", "Sum:"), "does not say 'Total of … entries': arXiv changed"),
        (
            GOOD.replace("New submissions", "Fresh papers"),
            "has the heading 'Fresh papers (showing 2 of 2 entries)' where one like 'New subm",
        ),
        (GOOD.replace("<h3>", "<h4>"), "lists entries before any heading like 'New submissions ("),
        (
            re.sub(r"<dl.*</dl>", "", GOOD, flags=re.DOTALL),
            "has neither entries nor 'No updates for …': arXiv changed its pages",
        ),
        (b" " * (MAX_BYTES + 1), "is longer than 32 MiB"),
    ],
)
def test_refuses_what_is_no_such_page_and_says_what_was_expected(
    body: bytes | str, reason: str
) -> None:
    assert refusal(body).startswith(reason)


def test_depth_and_breadth_are_no_danger() -> None:
    assert refusal("<div>" * 100_000).startswith("is not the page that was expected")
    assert read(GOOD.replace("We count", "<br>" * 20_000 + "We count")).found == 5
    # Whatever is nested too deeply for the parser is missing from the page's own count.
    deep = read(GOOD.replace("We count", "<b>" * 20_000 + "We count"))
    assert deep.found < deep.total


@pytest.mark.parametrize(
    "body",
    ["<br>" * 500_001, f"<div {' '.join(f'a{number}=1' for number in range(10_000))}>"],
    ids=["tags", "attributes"],
)
def test_refuses_what_would_take_the_parser_too_long(body: str) -> None:
    assert refusal(body).startswith("has more or longer tags than any page of arXiv's")


@given(
    start=st.integers(0, len(GOOD)),
    length=st.integers(0, 400),
    instead=st.one_of(
        st.just(""),
        st.text(max_size=30),
        st.sampled_from(["<dl>", "</dd>", "<dt>", "<h3>", "&#0;", "&#xD800;", "<!--", "<![CDATA["]),
        st.sampled_from(
            ["<script>", "<svg><dt>", "<table><dd>", "<a href='\x00'>", "</div></div>"]
        ),
    ),
)
def test_nothing_but_its_own_refusal_gets_out(start: int, length: int, instead: str) -> None:
    body = (GOOD[:start] + instead + GOOD[start + length :]).encode("utf-8", "surrogatepass")
    with suppress(SourceError):
        got = read(body)
        assert len(got.listed) + len(got.faults) == got.found


@given(st.binary(max_size=300), st.integers(0, len(GOOD.encode())))
def test_no_bytes_get_through(junk: bytes, place: int) -> None:
    whole = GOOD.encode()
    for body in (junk, whole[:place] + junk, whole[:place] + junk + whole[place:]):
        with suppress(SourceError):
            read(body)


# What arXiv's own software makes.


def as_catch_up(name: str, subject: str) -> bytes:
    """Give a captured listing, which has the same sections, the heading of a catch-up page."""
    text = (CAPTURES / name).read_text()
    heading = f"<h1>Catchup results for {subject} on Tue, 30 Jun 2026</h1>"
    text = text.replace(f"<h1>{subject}</h1>", heading)
    return re.sub(r"<h3>Showing new listings.*?</h3>", "", text).encode()


CV = ("list_cs.CV_new_2026-06-30.html", "Computer Vision and Pattern Recognition")


@with_captures
@pytest.mark.parametrize("category", ["cs.GR", "cs.CV"])
def test_reads_the_same_of_a_page_as_of_that_days_feed(category: str) -> None:
    body = (
        (CAPTURES / "catchup_cs.GR_2026-06-30.html").read_bytes()
        if category == "cs.GR"
        else as_catch_up(*CV)
    )
    got = read(body, category, JUNE)
    feed = CAPTURES / f"rss_{category}_2026-06-30_realpapers.xml"
    announced = parse_feed(feed.read_bytes(), category=category, url=feed.name)
    by_id = {entry.paper.base_id: entry for entry in announced.entries}
    assert got.faults == ()
    assert got.found == got.total == len(got.listed) >= len(by_id)
    assert sum(section.total for section in got.sections) == got.total
    compared = 0
    for each in got.listed:
        entry = by_id.get(each.entry.paper.base_id)
        if entry is None:
            continue
        compared += 1
        assert each.sure is False
        # A page tells comments and no version or DOI, a feed the other way round.
        paper = replace(each.entry.paper, version=entry.paper.version, comments="")
        assert (paper, each.entry.kind) == (replace(entry.paper, doi=""), entry.kind)
    assert compared == len(by_id)


@with_captures
def test_reads_arxivs_empty_day() -> None:
    body = (CAPTURES / "catchup_cs.GR_2026-06-28_empty.html").read_bytes()
    assert read(body, "cs.GR", date(2026, 6, 28)) == Page(0, (), (), ())
    assert refusal(body, "cs.GR", JUNE).startswith("is of Sunday 28 June 2026, where Tuesday")


@with_captures
def test_reads_an_archives_listing() -> None:
    got = read(as_catch_up("list_q-fin_new_2026-06-30.html", "Quantitative Finance"), "q-fin", JUNE)
    assert got.sections == (Section("Cross", 6, 6),)
    assert {each.entry.kind for each in got.listed} == {CROSS}


@with_captures
@pytest.mark.parametrize(
    "path",
    [path for path in sorted(CAPTURES.glob("*[ml]")) if not path.name.startswith("catchup")],
    ids=lambda path: path.name,
)
def test_refuses_every_other_interface(path: Path) -> None:
    assert refusal(path.read_bytes(), "cs.GR", JUNE)
