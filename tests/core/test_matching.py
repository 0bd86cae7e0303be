import csv
from collections.abc import Callable
from itertools import chain
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bot.core.keyword_sets import KeywordSet, MatchMode
from bot.core.matching import Matcher
from bot.core.papers import Paper
from bot.core.parsing import parse_query, parse_set
from bot.core.query import Query
from bot.core.words import prepare
from bot.errors import QueryError
from tests.core.slow_matcher import holds
from tests.fakes.papers import make_paper

CASES = Path(__file__).parents[3] / "shared" / "arxiv" / "matching-cases.tsv"
PARTS = (" | title: ", " | abstract: ", " | authors: ", " | categories: ")


def matches(query: Query, paper: Paper) -> bool:
    return bool(Matcher([query]).match(paper, prepare(paper)))


def read_paper(text: str) -> Paper:
    """Read a case's text: an abstract, or fields by name."""
    named = f" | {text}"
    if not named.startswith(PARTS):
        return make_paper(title="An untitled draft", abstract=text)
    fields = dict(part.split(": ", 1) for part in named.removeprefix(" | ").split(" | "))
    return make_paper(
        title=fields.get("title", "An untitled draft"),
        abstract=fields.get("abstract", ""),
        authors=fields.get("authors", "").split(", "),
        categories=fields.get("categories", "cs.CV").split(),
    )


def check(query: str, text: str, verdict: str) -> None:
    if verdict == "refused":
        with pytest.raises(QueryError):
            parse_query(query)
    else:
        assert matches(parse_query(query), read_paper(text)) == (verdict == "yes")


@pytest.mark.skipif(not CASES.exists(), reason=f"{CASES} is not on this machine")
def test_every_agreed_case_is_decided_as_agreed() -> None:
    with CASES.open(encoding="utf-8", newline="") as lines:
        rows = [
            row
            for row in csv.reader(lines, delimiter="\t", quoting=csv.QUOTE_NONE)
            if row and not row[0].startswith("# ")
        ]
    assert len(rows) > 50
    for query, text, verdict, _why in rows:
        check(query, text, verdict)


@pytest.mark.parametrize(
    ("query", "text", "verdict"),
    [
        # Whole words, whatever their case, accents, hyphens, dashes, slashes and punctuation.
        ("cloud map", "A Cloud-Map of nothing", "yes"),
        ("cloud map", "cloud—map, cloud/map", "yes"),
        ("cloud map", "cloud, (map)", "yes"),
        ("cloud map", "map cloud", "no"),
        ("cloud map", "cloud of map", "no"),
        ("cloud", "clouded overclouded", "no"),
        ("Jose Nunez", "the José-Núñez test", "yes"),
        ("José Núñez", "the Jose Nunez test", "yes"),
        ("facade", r"a fa\c{c}ade", "yes"),
        ("q1", "sq1 and q12", "no"),
        ("q1", "model-q1.", "yes"),
        ("D++", "a D++ parser", "yes"),
        ("D++", "a D parser", "no"),
        ("3.5", "version 3.5.", "yes"),
        ("beta", r"$\beta$-rays", "no"),
        ("textbf", r"\textbf{bold}", "no"),
        ("cloud map", "title: A cloud | abstract: map of rain", "no"),
        # A plural of the last word.
        ("cloud map", "cloud maps", "yes"),
        ("cloud map", "clouds map", "no"),
        ("cloud theories", "a cloud theory", "yes"),
        ("cloud maps", "a cloud map", "no"),
        ("theory", "theories", "yes"),
        ("theories", "a theory", "yes"),
        ("box", "boxes", "yes"),
        ("boxes", "a box", "yes"),
        ("losses", "the loss", "yes"),
        ("echo", "echoes", "yes"),
        ("shelf", "shelves", "yes"),
        ("axis", "two axes", "yes"),
        ("vertices", "a vertex", "yes"),
        ("criterion", "criteria", "yes"),
        ("new", "news", "yes"),
        ("news", "new", "no"),
        ("theses", "these", "no"),
        ("q1", "q1s", "no"),
        ("cloud", "the cloud's edge", "yes"),
        # Hyphenated, spaced and joined forms.
        ("cloud-map", "a cloudmap", "yes"),
        ("cloud map", "a cloudmap", "yes"),
        ("cloudmap", "a cloud-map", "yes"),
        ("cloudmaps", "a cloud-map", "yes"),
        ("cloudmap reader", "a cloud-map reader", "yes"),
        ("rain cloudmap", "heavy-rain cloud-maps", "yes"),
        ("cloudmap", "2d-cloud-map-based", "yes"),
        ("cloudmap", "a cloud map", "no"),
        ("multicloud", "multi cloud", "yes"),
        ("multicloud subsystem", "multi cloud sub system", "yes"),
        ("multi-cloud super-system", "multicloud supersystem", "yes"),
        ("undersampling", "under sampling", "yes"),
        ("on-line", "online", "yes"),
        ("in form", "inform", "no"),
        ("overheads", "over heads", "no"),
        # Wildcards at either end of a word.
        ("cloud*", "cloudless", "yes"),
        ("*cloud", "overclouds", "yes"),
        ("*cloud", "overclouded", "no"),
        ("*loud*", "overclouded", "yes"),
        ("cloud* theory", "cloudy theories", "yes"),
        ("cloud* theory", "cloudy-theory", "yes"),
        ("cloud* theory", "cloudy rain theory", "no"),
        ("multi* system", "multi-cloud systems", "yes"),
        ("multi* system", "multi-cloud-systems", "yes"),
        ("rain cloud* map", "rain clouded maps", "yes"),
        ("*in cloud* map", "rain clouded maps", "yes"),
        ("*in cloud* map", "rainy clouded maps", "no"),
        ("cl* map", "clear | map", "yes"),
        ("cl* ma*", "title: clear | abstract: map", "no"),
        ("cl*r", "clear", "refused"),
        ("c*", "clear", "refused"),
        # Capitals.
        ("RAIN", "rain", "no"),
        ("RAIN", "Rain", "no"),
        ("RAIN", "RaIn", "yes"),
        ("RAIN", "RAINs", "yes"),
        ("rain", "RAIN", "yes"),
        ("Rain", "rain", "yes"),
        ("RAINs", "RAIN", "yes"),
        ("RAINs", "rains", "no"),
        ("RAINs", "RAINs", "yes"),
        ("RAIN cloud", "RAIN clouds", "yes"),
        ("RAIN cloud", "rain clouds", "no"),
        ("*RAIN", "bigRAINs", "yes"),
        ("*RAIN", "bigrains", "no"),
        ("cl* RAIN", "cloud RAIN", "yes"),
        ("cl* RAIN", "cloud rain", "no"),
        # Fields.
        ("ti:rain", "title: rain | abstract: x", "yes"),
        ("ti:rain", "title: x | abstract: rain", "no"),
        ("abs:rain", "title: x | abstract: rain", "yes"),
        ("abs:rain", "title: rain | abstract: x", "no"),
        ("abs:cloudmap", "title: cloud-map | abstract: cloud-map", "yes"),
        ("ti:(rain OR cl* map)", "title: clear maps", "yes"),
        ("ti:(rain OR cl* map)", "title: x | abstract: clear maps", "no"),
        ('au:"Ana Ruiz"', "authors: Ana Ruiz, Bo Li", "yes"),
        ('au:"Ruiz Bo"', "authors: Ana Ruiz, Bo Li", "no"),
        ("au:Li", "authors: Ana Lis", "no"),
        ("au:an* ruiz", "authors: Anabel Ruiz", "yes"),
        ("au:an* ruiz", "authors: Anabel Ruizs", "no"),
        ("Ruiz", "authors: Ana Ruiz", "no"),
        ("cat:cs", "categories: cs.RO", "yes"),
        ("cat:eess.SY", "categories: cs.SY", "yes"),
        ("cat:math.*", "categories: cs.RO", "no"),
        ("id:2512.00001v4", "anything", "yes"),
        ("id:2512.00002", "anything", "no"),
        # Operators and brackets.
        ("rain OR snow", "snow", "yes"),
        ("rain AND snow", "snow", "no"),
        ("rain NOT snow", "rain", "yes"),
        ("rain NOT snow", "rain, snow", "no"),
        ("(rain OR snow) AND NOT (ice OR hail)", "snow", "yes"),
        ("(rain OR snow) AND NOT (ice OR hail)", "snow, ice", "no"),
        ("rain and snow", "rain, snow", "no"),
        ("rain and snow", "rain and snow", "yes"),
        ("NOT (rain OR snow)", "x", "refused"),
        ("NOT (rain OR NOT snow)", "snow", "yes"),
        ("NOT (rain OR NOT snow)", "snow, rain", "no"),
        ("hail NOT (rain AND snow)", "hail, rain", "yes"),
        ("hail NOT (rain AND snow)", "hail, rain, snow", "no"),
        ("cat:cs.CV NOT rain", "dry", "yes"),
    ],
)
def test_what_a_query_finds(query: str, text: str, verdict: str) -> None:
    check(query, text, verdict)


# fmt: off
WORDS = st.sampled_from([
    "grid", "world", "gridworld", "Grid-World", "multi", "agent", "agents", "multiagent", "worlds",
    "Multiagents", "under", "water", "underwater", "model", "models", "Models", "policy", "box",
    "policies", "boxes", "clip", "CLIP", "Clip", "CLIPs", "llm", "LLM", "LLMs", "LLM's", "of",
    "art", "o1", "naïve", "naive", "NAÏVE", "nai\u0308ve", "Poincaré", "analysis", "analyses",
])
STARRED = st.sampled_from([
    "grid*", "*world", "*LLM*", "*llm", "polic*", "*gent", "mod*", "*oxes", "*LIP", "multi*",
])
# fmt: on
GAPS = st.sampled_from([" ", " ", " ", ", ", ". ", "/", " - ", "\n", "—", " (", "||", "' "])


@st.composite
def texts(draw: st.DrawFn) -> str:
    """Draw a text with two hyphens at most: the program joins few combinations of compounds."""
    words = draw(st.lists(WORDS, max_size=8))
    gaps = [draw(GAPS) for _ in words]
    for place in draw(st.lists(st.integers(0, 9), max_size=2)):
        near = gaps[max(place - 1, 0) : place + 2]
        if place < len(gaps) and not {"-", "–", "_"} & set(near):
            gaps[place] = draw(st.sampled_from("-–_"))
    return "".join(word + gap for word, gap in zip(words, gaps, strict=True))


@st.composite
def keywords(draw: st.DrawFn) -> str:
    words = draw(st.lists(WORDS | STARRED, min_size=1, max_size=3))
    if words == ["of"]:
        words = ["of", "art"]
    gaps = st.sampled_from([" ", " ", "-", "/"])
    return "".join(word + draw(gaps) for word in words[:-1]) + words[-1]


@given(texts(), texts(), keywords())
@example("", "multi agent models", "multiagent model")
@example("", "vision-language grid-world", "language gridworld")
@example("", "multiagent gridworld", "multi-agent grid-world")
def test_the_matcher_agrees_with_the_slow_and_obvious_one(
    title: str, abstract: str, keyword: str
) -> None:
    paper = make_paper(title=title, abstract=abstract)
    in_title, in_abstract = holds(title, keyword), holds(abstract, keyword)
    assert matches(parse_set(KeywordSet("s", ((keyword,),))), paper) == (in_title or in_abstract)
    assert matches(parse_query(f'ti:"{keyword}"'), paper) == in_title
    assert matches(parse_query(f'abs:"{keyword}"'), paper) == in_abstract


Evaluate = Callable[[str], bool]
EXPRESSIONS: st.SearchStrategy[tuple[str, Evaluate]] = st.recursive(
    keywords().map(lambda keyword: (f'"{keyword}"', lambda text: holds(text, keyword))),
    lambda parts: st.one_of(
        parts.map(lambda one: (f"NOT ({one[0]})", lambda text: not one[1](text))),
        st.tuples(parts, parts).map(
            lambda two: (
                f"({two[0][0]}) AND ({two[1][0]})",
                lambda text: two[0][1](text) and two[1][1](text),
            )
        ),
        st.tuples(parts, parts).map(
            lambda two: (
                f"({two[0][0]}) OR ({two[1][0]})",
                lambda text: two[0][1](text) or two[1][1](text),
            )
        ),
    ),
    max_leaves=6,
)


@given(texts(), EXPRESSIONS)
def test_boolean_queries_agree_with_direct_evaluation(
    abstract: str, expression: tuple[str, Evaluate]
) -> None:
    written, evaluate = expression
    paper = make_paper(title="", abstract=abstract)
    try:
        query = parse_query(written)
    except QueryError:
        # Only what asks for no word at all is refused: it holds for a text without any.
        assert evaluate("")
    else:
        assert matches(query, paper) == evaluate(abstract)


@given(st.lists(EXPRESSIONS | keywords().map(lambda word: (word, bool)), max_size=6), texts())
def test_many_queries_at_once_find_what_each_finds_alone(
    expressions: list[tuple[str, Evaluate]], abstract: str
) -> None:
    queries = []
    for written, _ in expressions:
        try:
            queries.append(parse_query(written))
        except QueryError:
            continue
    paper = make_paper(title="", abstract=abstract)
    together = Matcher(queries).match(paper, prepare(paper))
    assert together == {index for index, query in enumerate(queries) if matches(query, paper)}


SNIPPETS = st.text(st.sampled_from("abAB -éİß$\\|\n"), min_size=1, max_size=4)


@given(
    title=st.text(st.sampled_from("abAB -éİß$\\|\n"), max_size=12),
    abstract=st.text(st.sampled_from("abAB -éİß$\\|\n"), max_size=20),
    wanted=st.lists(st.lists(SNIPPETS, min_size=1, max_size=2), min_size=1, max_size=3),
    exclude=st.lists(SNIPPETS, max_size=2),
)
def test_substring_mode_is_the_reference_systems_rule(
    title: str, abstract: str, wanted: list[list[str]], exclude: list[str]
) -> None:
    paper = make_paper(title=title, abstract=abstract)
    text = f"{title} {abstract}".lower()
    keyword_set = KeywordSet(
        "s",
        tuple(tuple(parts) for parts in wanted),
        exclude=tuple(exclude),
        match=MatchMode.SUBSTRING,
    )
    if not all(snippet.strip() for snippet in chain(exclude, *wanted)):
        with pytest.raises(QueryError):
            parse_set(keyword_set)
        return
    expected = any(all(part.lower() in text for part in parts) for parts in wanted) and not any(
        part.lower() in text for part in exclude
    )
    assert matches(parse_set(keyword_set), paper) == expected


def test_a_matcher_without_queries_matches_nothing() -> None:
    paper = make_paper()
    assert Matcher([]).match(paper, prepare(paper)) == set()


def test_papers_of_nothing_match_nothing_but_their_id_and_categories() -> None:
    empty = make_paper(title="", abstract="", authors=())
    queries = [parse_query(each) for each in ("a", "au:a", "cat:cs.CV", "id:2512.00001", "aa* bb")]
    queries.append(parse_set(KeywordSet("s", (("a",),), match=MatchMode.SUBSTRING)))
    assert Matcher(queries).match(empty, prepare(empty)) == {2, 3}
