from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.editions import Field, Hit
from bot.core.explaining import explain, holds, show_field
from bot.core.keyword_sets import KeywordSet, MatchMode
from bot.core.matching import Matcher
from bot.core.papers import Paper
from bot.core.parsing import parse_query, parse_set
from bot.core.query import Query, Term, find_terms
from bot.core.words import prepare
from bot.errors import QueryError
from tests.fakes.papers import make_paper

PAPER = replace(
    make_paper(
        title=r"Vision-Language-Models and a \emph{CLIP} clip",
        abstract="We pre-train VLMs. Naïve policies don't; multi-modal ones do.",
        authors=(r"Andr\'e Example", "Bo Sample"),
        categories=("cs.CV", "eess.SY"),
    ),
    comments="Accepted at a Workshop",
)


def why(query: Query, paper: Paper = PAPER) -> tuple[Hit, ...]:
    return explain(Matcher([query]), paper, prepare(paper), [0])[0]


def tell(query: str) -> list[tuple[str, str, str]]:
    return [(hit.keyword, str(hit.field), hit.words) for hit in why(parse_query(query))]


@pytest.mark.parametrize(
    ("query", "hits"),
    [
        ("vision language model", [
            ("vision language model", "title", "Vision-Language-Models"),
        ]),
        ("CLIP", [("CLIP", "title", "CLIP")]),
        ("clip", [("clip", "title", "CLIP"), ("clip", "title", "clip")]),
        ("pretrain*", [("pretrain*", "abstract", "pre-train")]),
        ("pretrain VLM", [("pretrain VLM", "abstract", "pre-train VLMs")]),
        ("naive policy", [("naive policy", "abstract", "Naïve policies")]),
        ("multimodal", [("multimodal", "abstract", "multi-modal")]),
        ("naive pol* dont", [("naive pol* dont", "abstract", "Naïve policies don't")]),
        ("au:Andre", [("au:Andre", "authors", "André")]),
        ("au:sample", [("au:sample", "authors", "Sample")]),
        ("comment:workshop", [("comment:workshop", "comments", "Workshop")]),
        ("cat:cs", [("cat:cs", "categories", "cs.CV"), ("cat:cs", "categories", "eess.SY")]),
        ("id:2512.00001", [("id:2512.00001", "id", "2512.00001")]),
        ("VLM AND CLIP", [("VLM", "abstract", "VLMs"), ("CLIP", "title", "CLIP")]),
        ("VLM AND rain", []),
        ("VLM OR rain", [("VLM", "abstract", "VLMs")]),
        ("VLM OR (CLIP AND rain)", [("VLM", "abstract", "VLMs")]),
        ("VLM NOT rain", [("VLM", "abstract", "VLMs")]),
        ("VLM NOT clip", []),
        ("VLM OR VLM", [("VLM", "abstract", "VLMs")]),
    ],
)  # fmt: skip
def test_a_match_says_which_keyword_hit_which_words(
    query: str, hits: list[tuple[str, str, str]]
) -> None:
    assert tell(query) == hits


def test_hits_come_by_keyword_then_title_then_place() -> None:
    paper = make_paper(title="a map", abstract="map of rain, map")
    query = parse_set(KeywordSet("s", (("rain",), ("map",))))
    assert [(hit.keyword, hit.field, hit.start) for hit in why(query, paper)] == [
        ("rain", Field.ABSTRACT, 7),
        ("map", Field.TITLE, 2),
        ("map", Field.ABSTRACT, 0),
        ("map", Field.ABSTRACT, 13),
    ]


def test_several_queries_are_explained_at_once() -> None:
    matcher = Matcher([parse_query("VLM"), parse_query("rain"), parse_query("cat:cs.CV")])
    told = explain(matcher, PAPER, prepare(PAPER), [2, 1])
    assert [*told] == [2, 1]
    assert [hit.words for hit in told[2]] == ["cs.CV"]
    assert told[1] == ()


@pytest.mark.parametrize(
    ("field", "shown"),
    [
        (Field.TITLE, "Vision-Language-Models and a CLIP clip"),
        (Field.AUTHORS, "André Example, Bo Sample"),
        (Field.COMMENTS, "Accepted at a Workshop"),
        (Field.CATEGORIES, "cs.CV eess.SY"),
        (Field.ID, "2512.00001"),
    ],
)
def test_a_field_is_shown_without_tex(field: Field, shown: str) -> None:
    assert show_field(PAPER, field) == shown


def substring(*keywords: str, exclude: tuple[str, ...] = ()) -> Query:
    parts = tuple((keyword,) for keyword in keywords)
    return parse_set(KeywordSet("s", parts, exclude=exclude, match=MatchMode.SUBSTRING))


def test_substrings_are_marked_where_they_stand() -> None:
    assert [(hit.field, hit.start, hit.words) for hit in why(substring("LM", "ai"))] == [
        (Field.ABSTRACT, 14, "LM"),
        (Field.ABSTRACT, 9, "ai"),
    ]


@pytest.mark.parametrize("keyword", [r"\emph{", "clip we"])
def test_a_substring_of_tex_or_across_fields_is_told_without_a_place(keyword: str) -> None:
    assert why(substring(keyword)) == (Hit(keyword, Field.ABSTRACT, 0, 0, keyword),)


def test_a_substring_that_is_excluded_leaves_no_hits() -> None:
    assert why(substring("VLM", exclude=("clip",))) == ()


WORDS = st.sampled_from(
    [
        *("aa", "AA", "Aa's", "bb", "aabb", "aa-bb", "bbs", "é", "a\u0301a", "𝒜a", "ﷺ", "ﾞ", "|"),
        *(r"\emph{aa}", r"a\'a", "$aa$", "--", "ﬁ", "\n", "policy", "policies", "İ", "ß"),
    ]
)
TEXTS = st.lists(WORDS, max_size=8).map(" ".join) | st.lists(WORDS, max_size=8).map("".join)
TERMS = st.sampled_from(
    [
        *(
            "aa",
            "AA",
            "AAs",
            "aa*",
            "*aa*",
            "aa bb",
            "aabb",
            "aa* bb",
            "policies",
            "ti:aa",
            "au:aa",
        ),
        *("abs:(aa bb)", "comment:aa", "cat:cs.CV", "cat:math", "id:2512.00001", '"ﷺ"', '"ﾞ"'),
    ]
)
QUERIES = st.recursive(
    TERMS,
    lambda parts: st.one_of(
        st.tuples(parts, parts).map(lambda two: f"({two[0]} AND {two[1]})"),
        st.tuples(parts, parts).map(lambda two: f"({two[0]} OR {two[1]})"),
        parts.map(lambda part: f"NOT {part}"),
    ),
    max_leaves=5,
)


def check(query: Query, paper: Paper) -> None:
    matcher, prepared = Matcher([query]), prepare(paper)
    matched = 0 in matcher.match(paper, prepared)
    held = matcher.find_held(paper, prepared)
    assert matched == holds(query.expression, held, matcher.terms)
    hits = explain(matcher, paper, prepared, [0])[0]
    assert matched == bool(hits)
    assert len(set(hits)) == len(hits)
    written = {term.text for term, _ in find_terms(query.expression)}
    for hit in hits:
        assert hit.keyword in written
        if (hit.start, hit.end) == (0, 0):
            assert hit.words
        else:
            assert show_field(paper, hit.field)[hit.start : hit.end] == hit.words


@given(QUERIES, TEXTS, TEXTS, st.lists(TEXTS, max_size=3), TEXTS)
def test_an_explanation_and_a_match_never_disagree(
    written: str, title: str, abstract: str, authors: list[str], comments: str
) -> None:
    paper = replace(make_paper(title=title, abstract=abstract, authors=authors), comments=comments)
    try:
        query = parse_query(written)
    except QueryError:
        return
    check(query, paper)


@given(
    st.lists(st.lists(WORDS, min_size=1, max_size=2), min_size=1, max_size=3),
    st.lists(WORDS, max_size=1),
    TEXTS,
    TEXTS,
)
def test_nor_do_they_for_substrings(
    wanted: list[list[str]], exclude: list[str], title: str, abstract: str
) -> None:
    keyword_set = KeywordSet(
        "s",
        tuple(tuple(parts) for parts in wanted),
        exclude=tuple(exclude),
        match=MatchMode.SUBSTRING,
    )
    try:
        query = parse_set(keyword_set)
    except QueryError:
        return
    matcher = Matcher([query])
    paper = make_paper(title=title, abstract=abstract)
    prepared = prepare(paper)
    matched = 0 in matcher.match(paper, prepared)
    hits = explain(matcher, paper, prepared, [0])[0]
    assert matched == bool(hits)
    for hit in hits:
        if hit.end:
            assert show_field(paper, hit.field)[hit.start : hit.end] == hit.words


def test_every_term_of_a_query_has_a_number_to_explain_it_by() -> None:
    query = parse_query("aa OR (bb AND NOT cc)")
    terms: dict[Term, int] = Matcher([query]).terms
    assert {term.text for term in terms} == {"aa", "bb", "cc"}


def test_a_keyword_that_stands_everywhere_is_told_in_a_moment() -> None:
    paper = make_paper(
        abstract="aa " * 30_000, authors=[f"Person Aa{number}" for number in range(3_000)]
    )
    assert len(why(parse_query("aa"), paper)) == 30_000
    assert len(why(parse_query("*aa*"), make_paper(abstract="a" * 100_000))) == 1
    assert len(why(parse_query("au:person"), paper)) == 3_000
