import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.finding import PhraseFinder, Span
from bot.core.papers import Paper
from bot.core.parsing import parse_query
from bot.core.query import Phrase
from bot.core.words import SECTION_FIELDS, Section, prepare
from tests.fakes.papers import make_paper


def finder(*queries: str) -> PhraseFinder:
    phrases = []
    for number, query in enumerate(queries):
        phrase = parse_query(query).expression
        assert isinstance(phrase, Phrase)
        phrases.append((number, phrase))
    return PhraseFinder(phrases)


def spans(paper: Paper, *queries: str) -> set[tuple[int, str, Section]]:
    prepared = prepare(paper)
    found = finder(*queries).find_spans(prepared)
    assert {span.phrase for span in found} == finder(*queries).find(prepared)
    return {(span.phrase, prepared.text[span.start : span.end], span.section) for span in found}


def test_a_span_is_of_whole_words_in_its_section() -> None:
    paper = make_paper(
        title="Cloud-maps", abstract="overclouds of MAPs", authors=("Ana Li", "Li Bo")
    )
    assert spans(paper, "cloud map", "*cloud*", "MAP", "au:li", "ti:maps", "over* of map*") == {
        (0, "cloud maps", Section.TITLE),
        (0, "cloudmaps", Section.TITLE_JOINED),
        (1, "cloud", Section.TITLE),
        (1, "cloudmaps", Section.TITLE_JOINED),
        (1, "overclouds", Section.ABSTRACT),
        (2, "maps", Section.ABSTRACT),
        (3, "li", Section.AUTHORS),
        (4, "maps", Section.TITLE),
        (5, "overclouds of maps", Section.ABSTRACT),
    }


def test_phrases_that_share_a_form_are_all_found() -> None:
    paper = make_paper(title="multi cloud", abstract="policies")
    queries = ("multi cloud", "multi-cloud", "multicloud", "policy", "policies", "POLICY")
    assert {number for number, _, _ in spans(paper, *queries)} == {0, 1, 2, 3, 4}


def test_three_phrases_of_one_form_are_all_found() -> None:
    assert {number for number, _, _ in spans(make_paper(title="o1"), "o1", "O1", '"o1"')} == {
        *(0, 1, 2),
    }


def test_a_phrase_never_crosses_sections_or_people() -> None:
    paper = make_paper(title="one two", abstract="three four", authors=("Ana Li", "Bo Wu"))
    assert not spans(paper, "two three", "tw* three", "two thr*", "au:li bo", "au:l1* bo")
    assert not spans(paper, "xx* one", "four xx*", "four* five", "zero* one")
    assert len(spans(paper, "one two", "on* two", "three fo*", "au:an* li")) == 4


def test_fields_are_told_apart_behind_wildcards_and_capitals() -> None:
    paper = make_paper(title="clear RAIN", abstract="cloudy RAIN map")
    assert {number for number, _, _ in spans(
        paper, "ti:RAIN", "abs:RAIN", "ti:clo* rain", "abs:clo* RAIN", "ti:cl* rain", "ti:*ap"
    )} == {0, 1, 3, 4}  # fmt: skip


def test_a_finder_of_nothing_finds_nothing() -> None:
    prepared = prepare(make_paper())
    assert PhraseFinder([]).find(prepared) == set()
    assert PhraseFinder([]).find_spans(prepared) == []


def test_a_span_can_be_told_from_another() -> None:
    assert Span(1, 0, 3, Section.TITLE) == Span(1, 0, 3, Section.TITLE)
    assert Span(1, 0, 3, Section.TITLE) != Span(2, 0, 3, Section.TITLE)


QUERIES = st.lists(
    st.sampled_from(
        [
            *("aa", "AA", "aa*", "*aa", "*aa*", "aa bb", "aa-bb", "aa* bb", "aa *bb", "*aa* *bb*"),
            *("aabb", "BB aa", "ti:aa", "abs:AA*", "au:aa", "au:aa bb", "comment:aa", "ti:aa* bb"),
        ]
    ),
    min_size=1,
    max_size=6,
)
TEXTS = st.lists(
    st.sampled_from(["aa", "AA", "bb", "aabb", "aas", "Aa", "-", "-", "|", ".", "\n", "é", "aa's"])
).map(" ".join) | st.text(st.sampled_from("aAb -|\n's"))


@given(QUERIES, TEXTS, TEXTS, st.lists(TEXTS, max_size=3))
def test_what_is_found_and_where_it_stands_agree(
    queries: list[str], title: str, abstract: str, authors: list[str]
) -> None:
    paper = make_paper(title=title, abstract=abstract, authors=authors)
    text = prepare(paper).text
    for span in finder(*queries).find_spans(prepare(paper)):
        assert text[span.start - 1] == text[span.end] == " "
        assert Section(text.count("\n", 0, span.start)) is span.section
        assert "\n" not in text[span.start : span.end]
        assert "|" not in text[span.start : span.end]
        assert SECTION_FIELDS[span.section]
    spans(paper, *queries)


HOSTILE = (
    *("*aa*", "*aa* bb", "aa* *bb*", "a-a-a", "AA", "ti:aa", "ti:AA*", "aa aa aa aa bb"),
    *(" ".join(["aa"] * 49) + " bb", "*" + "a" * 99 + "*"),
)


def clock(paper: Paper) -> float:
    """Take the time, in seconds, that hostile queries need for a paper."""
    prepared = prepare(paper)
    many = finder(*HOSTILE)
    before = time.process_time()
    many.find(prepared)
    many.find_spans(prepared)
    return time.process_time() - before


@pytest.mark.parametrize("unit", ["a", "a-", "aa ", "aa-aa ", "AA ", "aa-", "aa bb-", "|", "A."])
def test_time_grows_with_a_hostile_papers_length_and_not_with_its_square(unit: str) -> None:
    short, long = (
        clock(make_paper(abstract=unit * (size // len(unit)))) for size in (4_000, 32_000)
    )
    assert long < 24 * max(short, 0.05)


def test_a_query_full_of_wildcards_takes_a_moment() -> None:
    query = " ".join(f"*{'a' * length}*" for length in range(2, 51))
    prepared = prepare(make_paper(abstract="a" * 50_000 + " aa" * 15_000))
    before = time.process_time()
    finder(query).find(prepared)
    assert time.process_time() - before < 10


def test_a_word_that_only_begins_like_the_keyword_has_no_span() -> None:
    assert spans(make_paper(title="Modelling clay", abstract=""), "model") == set()
