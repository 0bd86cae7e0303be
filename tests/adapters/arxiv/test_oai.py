import re
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.adapters.arxiv.document import MAX_BYTES
from bot.adapters.arxiv.oai import (
    EARLIEST,
    Record,
    Records,
    TokenError,
    harvest,
    name_set,
    parse_records,
)
from bot.adapters.arxiv.versions import look_up, parse_versions
from bot.core import taxonomy
from bot.core.papers import Paper
from bot.errors import SourceError
from tests.fakes.pages import write_oai_error, write_records, write_versions
from tests.fakes.papers import DAY, make_paper

CAPTURES = Path(__file__).parents[4] / "shared" / "arxiv" / "captures"
with_captures = pytest.mark.skipif(
    not CAPTURES.exists(), reason=f"{CAPTURES} is not on this machine"
)

URL = "https://oaipmh.arxiv.org/oai"
SENT = datetime(2025, 12, 2, 9, 8, 7, tzinfo=UTC)
RICH = replace(
    make_paper(7, 3, title="Clouds $a<b$ & more", categories=("cs.CV", "math.NA")),
    authors=("Ada Example", "Bo Sample", "Cy Third"),
    comments="3 pages & a half",
    doi="10.1000/made.up",
    abstract="We count $x < y$ & see https://clouds.example.",
)


def read(body: bytes | str) -> Records:
    return parse_records(body.encode() if isinstance(body, str) else body, url=URL)


def refusal(body: bytes | str) -> str:
    with pytest.raises(SourceError) as caught:
        read(body)
    assert caught.value.url == URL
    return caught.value.reason


def records(*papers: Paper, resume: str | None = None, changed: date = DAY) -> bytes:
    return write_records([(paper, SENT, changed) for paper in papers], resume)


def test_reads_a_record_as_it_is_now_and_when_it_came() -> None:
    assert read(records(RICH)) == Records((Record(RICH, SENT, DAY),))


def test_reads_a_token_and_an_empty_one() -> None:
    assert read(records(RICH, resume="a b")) == Records((Record(RICH, SENT, DAY),), "a b")
    assert read(records(RICH, resume="")).token == ""


@pytest.mark.parametrize(
    ("written", "names"),
    [
        ("Ada A", ("Ada A",)),
        ("Ada A and Bo B", ("Ada A", "Bo B")),
        ("Ada A, Bo B, and Cy C", ("Ada A", "Bo B", "Cy C")),
        ("Ada A, Bo B and Cy C", ("Ada A", "Bo B", "Cy C")),
        ("Ada A (Sea and Sky Inst.) and Bo B (X, Y)", ("Ada A", "Bo B")),
        ("{Sea and Sky} Team, Andy Sand", ("{Sea and Sky} Team", "Andy Sand")),
        ("Ada\n  A\nand\nBo B", ("Ada A", "Bo B")),
    ],
)
def test_reads_names_however_they_are_joined(written: str, names: Sequence[str]) -> None:
    body = re.sub(
        rb"<authors>.*?</authors>", f"<authors>{written}</authors>".encode(), records(RICH)
    )
    assert read(body).records[0].paper.authors == names


def test_passes_over_deleted_records_and_counts_those_it_cannot_read() -> None:
    text = records(*map(make_paper, range(1, 5))).decode()
    text = text.replace("<header>", "<header status='deleted'>", 1)
    text = text.replace("<id>2512.00002</id>", "<id>x</id>")
    got = read(text)
    assert [each.paper.base_id for each in got.records] == ["2512.00003", "2512.00004"]
    assert got.unread == 1


@pytest.mark.parametrize(
    ("cut", "instead"),
    [
        ("<title>.*?</title>", ""),
        ("<categories>.*?</categories>", "<categories> </categories>"),
        ('version="v1"', 'version="v2"'),
        ('version="v1"', 'version="1"'),
        ("<date>.*?</date>", "<date>yesterday</date>"),
        ("<date>.*?</date>", "<date>Mon, 01 Jan 2999 00:00:00 GMT</date>"),
        ("<datestamp>.*?</datestamp>", "<datestamp>x</datestamp>"),
        ("<arXivRaw.*?</arXivRaw>", ""),
    ],
)
def test_one_record_that_cannot_be_read_stops_no_other(cut: str, instead: str) -> None:
    body = records(make_paper(1), make_paper(2)).decode()
    broken = re.sub(cut, instead, body, count=1, flags=re.DOTALL)
    assert broken != body
    got = read(broken)
    assert ([each.paper.base_id for each in got.records], got.unread) == (["2512.00002"], 1)


def test_a_time_without_a_zone_is_universal() -> None:
    body = records(RICH).decode().replace(" GMT", " -0000")
    assert read(body).records[0].submitted == SENT


def test_no_records_are_no_fault() -> None:
    assert read(write_oai_error("noRecordsMatch")) == Records(())


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (write_oai_error("badArgument", "No such\n set"), "answered badArgument: No such set"),
        (write_oai_error("idDoesNotExist"), "answered idDoesNotExist: It is so."),
        (b"<a/>", "is XML, but not an answer of OAI-PMH: its root is another"),
        (
            b'<OAI-PMH xmlns="http://www.openarchives.org/OAI/2.0/"><ListSets/></OAI-PMH>',
            "answered neither records nor an error: arXiv changed its OAI-PMH",
        ),
        (
            records(RICH).replace(b"arXivRaw", b"arXiv"),
            "has no record that can be read (1 came): arXiv changed its OAI-PMH",
        ),
        (b"", "is not well-formed XML ("),
        (b"\xff\xfe", "is not well-formed XML ("),
        (records(RICH)[:-20], "is not well-formed XML ("),
        (b"<html><title>Down</title><br></html>", "is not well-formed XML ("),
        (b"<!DOCTYPE a><a/>", "declares a document type (<!DOCTYPE>), which no answer needs"),
        (b"<!DOCTYPE a [<!ENTITY b SYSTEM 'file:///etc/passwd'>]><a>&b;</a>", "declares a"),
        (b" " * (MAX_BYTES + 1), "is longer than 32 MiB"),
    ],
)
def test_refuses_everything_else(body: bytes, reason: str) -> None:
    assert refusal(body).startswith(reason)


def test_says_what_a_page_says_that_came_instead() -> None:
    assert refusal(b"<html><title>Down</title><br></html>").endswith("; it says: Down")


def test_a_token_that_is_no_longer_good_is_told_apart() -> None:
    with pytest.raises(TokenError):
        read(write_oai_error("badResumptionToken"))


def test_a_slip_in_one_papers_text_does_no_harm() -> None:
    assert read(records(RICH).replace(b"We count", b"We \x0bcount")) == read(records(RICH))


GOOD = records(RICH, make_paper(8), resume="more")


@given(
    start=st.integers(0, len(GOOD)),
    length=st.integers(0, 200),
    instead=st.one_of(st.binary(max_size=20), st.sampled_from([b"", b"<", b"</record>", b"&x;"])),
)
def test_nothing_but_its_own_refusal_gets_out(start: int, length: int, instead: bytes) -> None:
    body = GOOD[:start] + instead + GOOD[start + length :]
    with suppress(SourceError):
        assert len(read(body).records) <= 2
    with suppress(SourceError):
        parse_versions(body, url=URL)


# Harvesting


class Answers:
    """Answers by the next of its script, and remembers what was asked."""

    def __init__(self, *script: bytes) -> None:
        self.script = list(script)
        self.asked: list[str] = []

    def __call__(self, url: str) -> bytes:
        assert url.startswith(f"{URL}?verb=ListRecords&")
        self.asked.append(url.removeprefix(f"{URL}?verb=ListRecords&"))
        return self.script.pop(0)


FIRST = "metadataPrefix=arXivRaw&set=cs:cs:CV&from="
BAD_TOKEN = write_oai_error("badResumptionToken", "It is too old.")


def collect(
    answers: Callable[[str], bytes], since: date = DAY, category: str = "cs.CV"
) -> list[str]:
    return [
        record.paper.base_id[-1]
        for answer in harvest(category, since, answers)
        for record in answer.records
    ]


def test_asks_until_there_is_no_token() -> None:
    answers = Answers(
        records(make_paper(1), resume="from=x&amp;skip=1"),
        records(make_paper(2), resume="t+2"),
        records(make_paper(3), resume=""),
    )
    assert collect(answers) == ["1", "2", "3"]
    assert answers.asked == [
        f"{FIRST}{DAY}",
        "resumptionToken=from%3Dx%26skip%3D1",
        "resumptionToken=t%2B2",
    ]


def test_begins_again_at_the_last_day_that_came_when_the_token_runs_out() -> None:
    later = DAY + timedelta(days=3)
    answers = Answers(
        records(make_paper(1), resume="a"),
        records(make_paper(2), resume="b", changed=later),
        BAD_TOKEN,
        records(make_paper(2), make_paper(3), changed=later),
    )
    assert collect(answers) == ["1", "2", "2", "3"]
    assert answers.asked[2:] == ["resumptionToken=b", f"{FIRST}{later}"]


def test_begins_again_at_the_beginning_where_records_do_not_come_in_order() -> None:
    answers = Answers(
        records(make_paper(1), resume="a", changed=DAY + timedelta(days=9)),
        records(make_paper(2), resume="b"),
        BAD_TOKEN,
        records(make_paper(1), make_paper(2)),
    )
    collect(answers)
    assert answers.asked[-1] == f"{FIRST}{DAY}"


def test_gives_up_when_no_token_is_ever_good() -> None:
    answers = Answers(*[records(make_paper(1), resume="a"), BAD_TOKEN] * 9)
    with pytest.raises(SourceError, match="as 5 times before; try again later"):
        collect(answers)
    assert len(answers.asked) == 12


def test_a_token_for_nothing_ends_it() -> None:
    answers = Answers(
        records(make_paper(1), resume="a"),
        write_oai_error("noRecordsMatch"),
    )
    assert collect(answers) == ["1"]


def test_tokens_without_end_have_one() -> None:
    def for_ever(url: str) -> bytes:  # noqa: ARG001 - it says the same whatever is asked
        return write_records([], "a")

    with pytest.raises(SourceError, match="has no end: 3000 answers"):
        collect(for_ever)


def test_never_asks_for_days_before_the_first_of_all() -> None:
    answers = Answers(write_oai_error("noRecordsMatch"))
    assert collect(answers, date(1991, 8, 14)) == []
    assert answers.asked == [f"{FIRST}{EARLIEST}"]


def test_a_category_without_a_set_is_refused_with_the_nearest() -> None:
    with pytest.raises(SourceError, match=r"has no set of cs.CVV. Did you mean cs.CV \(Computer"):
        collect(Answers(), category="cs.CVV")


# Sets


@pytest.mark.parametrize(
    ("category", "name"),
    [
        ("cs.CV", "cs:cs:CV"),
        ("CS.cv", "cs:cs:CV"),
        ("cs", "cs:cs"),
        ("math.AG", "math:math:AG"),
        ("hep-th", "physics:hep-th"),
        ("cond-mat.mtrl-sci", "physics:cond-mat:mtrl-sci"),
        ("physics.acc-ph", "physics:physics:acc-ph"),
        ("physics", "physics:physics"),
        ("cs.SY", "eess:eess:SY"),
        ("math.MP", "physics:math-ph"),
        ("cmp-lg", "cs:cs:CL"),
        ("cs.XX", ""),
    ],
)
def test_names_the_set_of_a_category(category: str, name: str) -> None:
    assert name_set(category) == name


@with_captures
def test_arxiv_has_every_set_that_is_named() -> None:
    listed = set(re.findall("<setSpec>(.*?)<", (CAPTURES / "oai_ListSets.xml").read_text()))
    known = {*taxonomy.NAMES, *taxonomy.ALIASES, *taxonomy.ARCHIVES}
    assert {name_set(category) for category in known} <= listed


# What arXiv's own software makes.

RAW = CAPTURES / "oai_ListRecords_arXivRaw_2011-01_2011-02.xml"


@with_captures
def test_reads_every_record_that_arxiv_sent() -> None:
    got = read(RAW.read_bytes())
    assert (len(got.records), got.unread, got.token) == (125, 0, "")
    assert {f"{record.changed:%Y-%m}" for record in got.records} <= {"2011-01", "2011-02"}
    for record in got.records:
        assert record.paper.authors
        assert record.paper.abstract
        assert record.submitted.date() <= record.changed
        assert all(taxonomy.is_known(category) for category in record.paper.categories)
        assert not any(re.search(r"\band\b", name) for name in record.paper.authors)


@with_captures
@pytest.mark.parametrize(
    "path",
    [path for path in sorted(CAPTURES.glob("*[ml]")) if path != RAW],
    ids=lambda path: path.name,
)
def test_takes_nothing_else_for_records(path: Path) -> None:
    body = path.read_bytes()
    if b"noRecordsMatch" in body:
        assert read(body) == Records(())
    else:
        assert refusal(body)


# Versions


def test_looks_up_versions_a_hundred_at_a_time() -> None:
    asked: list[str] = []
    known = {f"2512.{number:05d}": 1 + number % 3 for number in range(230)}

    def answer(url: str) -> bytes:
        asked.append(url)
        ids = url.partition("id_list=")[2].partition("&")[0].split(",")
        assert f"max_results={len(ids)}" in url
        return write_versions({each: known[each] for each in ids})

    assert look_up(known, answer) == known
    assert len(asked) == 3
    assert all(len(url) < 2000 for url in asked)


def test_asks_nothing_for_nothing() -> None:
    assert look_up([], Answers()) == {}


def test_an_answer_without_a_paper_is_no_version() -> None:
    body = write_versions({"2512.00001": 2}).replace(b"</feed>", b"<entry/></feed>")
    body = body.replace(
        b"</feed>", b"<entry><id>http://arxiv.org/abs/2512.00002</id></entry></feed>"
    )
    assert parse_versions(body, url=URL) == {"2512.00001": 2}
    with pytest.raises(SourceError, match="not an answer of the query API: it has no Atom feed"):
        parse_versions(records(RICH), url=URL)


@with_captures
@pytest.mark.parametrize(
    ("name", "versions"),
    [
        ("api_idlist_1605.08386.xml", {"1605.08386": 1}),
        ("api_idlist_astro-ph_0601001_affiliations.xml", {"astro-ph/0601001": 1}),
        ("api_idlist_one_of_two_missing.xml", {"1707.08567": 1}),
        ("api_idlist_nonexistent_200.xml", {}),
        ("api_idlist_malformed_400.xml", {}),
    ],
)
def test_reads_the_versions_that_arxiv_sent(name: str, versions: dict[str, int]) -> None:
    assert parse_versions((CAPTURES / name).read_bytes(), url=name) == versions
