import time
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.editions import Field
from bot.core.keyword_sets import KeywordSet, MatchMode
from bot.core.parsing import DEEPEST_NESTING, parse_keyword, parse_query, parse_set
from bot.core.query import AllOf, AnyOf, Expression, HasId, InCategory, Not, Phrase, Substring
from bot.errors import QueryError

FIELD_NAMES = {field: name for name, field in (
    ("ti", Field.TITLE), ("abs", Field.ABSTRACT), ("au", Field.AUTHORS), ("comment", Field.COMMENTS)
)}  # fmt: skip


def spell(expression: Expression) -> str:
    """Write an expression with every bracket that it has."""
    if isinstance(expression, Not):
        return f"NOT {spell(expression.part)}"
    if isinstance(expression, AllOf | AnyOf):
        operator = " AND " if isinstance(expression, AllOf) else " OR "
        return f"({operator.join(map(spell, expression.parts))})"
    if isinstance(expression, InCategory):
        return f"cat={expression.pattern}"
    if isinstance(expression, HasId):
        return f"id={expression.base_id}"
    if isinstance(expression, Substring):
        return repr(expression.lowered)
    words = " ".join(
        "*" * word.open_left
        + (word.folded.upper() if word.capitals else word.folded)
        + "*" * word.open_right
        for word in expression.words
    )
    return f"{FIELD_NAMES[expression.field]}:{words}" if expression.field else words


@pytest.mark.parametrize(
    ("query", "read"),
    [
        ("VLM", "VLM"),
        ("flow matching", "flow matching"),
        ("a OR b AND c", "(a OR (b AND c))"),
        ("a AND b OR c AND d", "((a AND b) OR (c AND d))"),
        ("(a OR b) AND c", "((a OR b) AND c)"),
        ("a OR b OR c", "(a OR b OR c)"),
        ("a AND NOT b", "(a AND NOT b)"),
        ("LLM NOT survey", "(LLM AND NOT survey)"),
        ("a NOT (b OR c) NOT d", "(a AND (NOT b AND NOT c) AND NOT d)"),
        ("NOT a AND b", "(NOT a AND b)"),
        ("a AND NOT NOT b", "(a AND b)"),
        ("NOT (a OR NOT b)", "(NOT a AND b)"),
        ("a NOT (b AND NOT c)", "(a AND (NOT b OR c))"),
        ("((a))", "a"),
        ("cats and dogs or not", "cats and dogs or not"),
        ('"AND gate" OR x', "(AND gate OR x)"),
        ('"vision language" model', "vision language model"),
        ("“vision language”", "vision language"),
        ("ti:survey", "ti:survey"),
        ("ti:flow matching OR x", "(ti:flow matching OR x)"),
        ("ti:(a OR b c) AND d", "((ti:a OR ti:b c) AND d)"),
        ("abs:(a NOT b)", "(abs:a AND NOT abs:b)"),
        ("au:(Li OR Wu) AND ti:x", "((au:li OR au:wu) AND ti:x)"),
        ("au:LI", "au:li"),
        ("comment:accepted", "comment:accepted"),
        ("cat:cs.cv", "cat=cs.CV"),
        ("cat:CS.*", "cat=cs.*"),
        ("cat:cs*", "cat=cs.*"),
        ("cat:math", "cat=math"),
        ("cat:cmp-lg", "cat=cs.CL"),
        ('cat:"cs.RO"', "cat=cs.RO"),
        ("cat:(cs.CV OR cs.LG)", "(cat=cs.CV OR cat=cs.LG)"),
        ("id:2512.00001", "id=2512.00001"),
        ("id:2512.00001v3", "id=2512.00001"),
        ("id:arXiv:2512.00001", "id=2512.00001"),
        ("id:https://arxiv.org/abs/hep-th/9901001v2", "id=hep-th/9901001"),
        ("id:(2512.00001 OR hep-th/9901001)", "(id=2512.00001 OR id=hep-th/9901001)"),
        ("grasp* *VLM *bench*", "grasp* *VLM *bench*"),
        ("multi-modal LLM", "multi modal LLM"),
        (r"Poincar\'e", "poincare"),
    ],
)
def test_a_query_is_read_loosest_operator_first(query: str, read: str) -> None:
    parsed = parse_query(query)
    assert spell(parsed.expression) == read
    assert parsed.text == query


@pytest.mark.parametrize(
    ("query", "shown"),
    [
        ("VLM", "VLM"),
        (' "vision  language" model', "vision  language model"),
        ("ti:(Flow Matching)", "ti:Flow Matching"),
        ('au:"Li Wu"', "au:Li Wu"),
        ("cat:CS.cv", "cat:CS.cv"),
        ("id:2512.00001v2", "id:2512.00001v2"),
    ],
)
def test_a_term_keeps_what_its_owner_wrote(query: str, shown: str) -> None:
    term = parse_query(query).expression
    assert not isinstance(term, AllOf | AnyOf | Not)
    assert term.text == shown


@pytest.mark.parametrize(
    ("query", "position", "message"),
    [
        ("", 1, "the query is empty: write words that papers must hold"),
        (" \n", 1, "the query is empty: write words that papers must hold"),
        ("VLM OR", 7, "`VLM OR` ends with an operator at position 7: add a word after it"),
        ("a NOT ", 6, "`a NOT` ends with an operator at position 6: add a word after it"),
        ("(LLM OR", 1, "the bracket at position 1 is never closed: add )"),
        ("a AND (", 7, "the bracket at position 7 is never closed: add )"),
        ("((a)", 1, "the bracket at position 1 is never closed: add )"),
        ("(a (b", 4, "`(` at position 4 follows without an operator: put AND or OR before it"),
        ("a)", 2, "the bracket at position 2 closes nothing: remove it"),
        (")", 1, "the bracket at position 1 closes nothing: remove it"),
        ("a AND )", 7, "`AND` is followed by `)` at position 7: put a word between them"),
        ("a AND OR b", 7, "`AND` is followed by `OR` at position 7: put a word between them"),
        ("()", 2, "there is nothing in the bracket before position 2: add a word"),
        ("a ti:b", 3, "`ti:` at position 3 follows without an operator: put AND or OR before it"),
        ("(a) b", 5, "`b` at position 5 follows without an operator: put AND or OR before it"),
        (
            "cat:cs.CV cs.LG",
            11,
            "`cs.LG` at position 11 follows without an operator: put AND or OR before it",
        ),
        (
            "(OR a)",
            2,
            (
                "`OR` at position 2 has nothing before it: add a word, "
                'or write "or" in quotes to look for the word'
            ),
        ),
        (
            "ti:",
            4,
            "`ti:` has nothing to look for at position 4: write the word right behind the colon",
        ),
        (
            "ti:AND",
            4,
            "`ti:` has nothing to look for at position 4: write the word right behind the colon",
        ),
        (
            "ti:(a OR au:b)",
            10,
            (
                "`au:` at position 10 stands inside `ti:(...)`: a word has one field, "
                "so remove one of them"
            ),
        ),
        (
            "cat:cs.CVV",
            5,
            "`cs.CVV` at position 5 is not an arXiv category: did you mean `cat:cs.CV`?",
        ),
        (
            "cat:zz.*",
            5,
            "`zz.*` at position 5 is not an arXiv category: write it like `cat:cs.CV`",
        ),
        (
            "id:2513.1",
            4,
            (
                "`2513.1` at position 4 is not an arXiv id: "
                "write it like `id:2512.03874` or `id:hep-th/9901001`"
            ),
        ),
        (
            "NOT survey",
            1,
            (
                "`NOT survey` would match almost every paper, as leaving out is enough for it: "
                "write a word that papers must hold before each NOT, as in `LLM NOT survey`"
            ),
        ),
        (
            "a OR NOT b",
            1,
            (
                "`a OR NOT b` would match almost every paper, as leaving out is enough for it: "
                "write a word that papers must hold before each NOT, as in `LLM NOT survey`"
            ),
        ),
        (
            f"x OR {'y ' * 51}",
            6,
            (
                "the phrase at position 6 has 51 words and at most 50 can be read: "
                "put AND between parts of it"
            ),
        ),
        (
            "(" * 51 + "a" + ")" * 51,
            52,
            "brackets and NOTs are nested more than 50 deep at position 52: write it flatter",
        ),
        (
            "NOT " * 51 + "a",
            205,
            "brackets and NOTs are nested more than 50 deep at position 205: write it flatter",
        ),
    ],
)
def test_a_fault_is_refused_with_its_position_and_what_would_work(
    query: str, position: int, message: str
) -> None:
    with pytest.raises(QueryError) as caught:
        parse_query(query)
    assert str(caught.value) == message
    assert (caught.value.query, caught.value.position) == (query, position)


def test_fifty_brackets_are_not_too_deep() -> None:
    query = "(" * DEEPEST_NESTING + "a" + ")" * DEEPEST_NESTING
    assert spell(parse_query(query).expression) == "a"


@pytest.mark.parametrize(
    "bomb",
    [
        "(" * 100_000,
        "NOT " * 25_000,
        "(" * 3_900,
        "NOT " * 900,
        "ti:(" * 900,
        "a OR " * 20_000,
        "a AND (b OR " * 300,
        '"' * 3_999,
        "*" * 4_000,
        "a*" * 2_000,
        "-" * 4_000,
        "\\" * 4_000,
        "{" * 4_000,
        "x" * 100_000,
    ],
)
def test_a_bomb_is_refused_in_a_moment(bomb: str) -> None:
    before = time.process_time()
    with pytest.raises(QueryError):
        parse_query(bomb)
    assert time.process_time() - before < 1


def find_fault(read: Callable[[str], object], text: str) -> QueryError | None:
    try:
        read(text)
    except QueryError as error:
        return error
    return None


PIECES = st.lists(
    st.sampled_from(
        [
            *("AND", "OR", "NOT", "(", ")", "ti:", "ti:(", "au:", "cat:", "id:", "foo:", '"'),
            *("“", "”", "*", "a", "ab", "*ab", "ab*", "cs.CV", "2512.00001", "and", " ", "\n"),
            *("-", "C++", r"\'e", "$x^2$", "ﷺ", "ﾞ", "é", "AB", "ABs", "'s"),
        ]
    ),
    max_size=30,
)
ANY_TEXT = st.text(max_size=200) | PIECES.map(" ".join) | PIECES.map("".join)


@given(ANY_TEXT)
def test_any_text_is_a_query_or_has_a_fault_at_a_place_with_a_remedy(text: str) -> None:
    for error in filter(None, (find_fault(parse_query, text), find_fault(parse_keyword, text))):
        assert 1 <= error.position <= len(text) + 1
        assert error.query == text
        what, colon, remedy = error.message.rpartition(": ")
        assert what
        assert colon
        assert len(remedy.split()) > 1
        assert len(error.message) < 300


@given(st.integers(0, 5_000), st.sampled_from("a (*\"-'é\n\u0301"), st.text(max_size=5))
def test_long_texts_are_read_or_refused(length: int, filling: str, text: str) -> None:
    query = (text + filling * length)[:5_000]
    error = find_fault(parse_query, query)
    assert error is None or 1 <= error.position <= len(query) + 1


@pytest.mark.parametrize(
    ("keyword_set", "read"),
    [
        (KeywordSet("s", (("VLM",),)), "VLM"),
        (KeywordSet("s", (("VLM",), ("flow matching",))), "(VLM OR flow matching)"),
        (KeywordSet("s", (("VLM",), ("LLM", "image"))), "(VLM OR (LLM AND image))"),
        (KeywordSet("s", (("a",),), exclude=("b", "c d")), "(a AND NOT b AND NOT c d)"),
        (KeywordSet("s", (("ti:map", "au:Li"), ("grasp*",))), "((ti:map AND au:li) OR grasp*)"),
        (KeywordSet("s", (('"AND gate"',), ("cat:cs.CV",))), "(AND gate OR cat=cs.CV)"),
        (KeywordSet("s", query="a OR b", exclude=("c",)), "((a OR b) AND NOT c)"),
        (
            KeywordSet("s", (("VLM",), ("AND (", "b*")), match=MatchMode.SUBSTRING, exclude=("X",)),
            "(('vlm' OR ('and (' AND 'b*')) AND NOT 'x')",
        ),
    ],
)
def test_a_keyword_set_is_any_of_its_keywords_and_none_of_what_it_excludes(
    keyword_set: KeywordSet, read: str
) -> None:
    assert spell(parse_set(keyword_set).expression) == read


def test_a_sets_query_has_a_text_to_show() -> None:
    assert parse_set(KeywordSet("s", query="a AND b")).text == "a AND b"
    assert parse_set(KeywordSet("s", (("a",), ("b", "c")))).text == "a OR b,c"


@pytest.mark.parametrize(
    ("keyword_set", "position", "message"),
    [
        (KeywordSet("s"), 1, "set 's' lacks a keyword: add one, or a query"),
        (KeywordSet("s", (("a",), ())), 1, "set 's' lacks a keyword: add one, or a query"),
        (KeywordSet("s", ((" ",),)), 1, "an empty keyword would match everything: remove it"),
        (
            KeywordSet("s", (("",),), match=MatchMode.SUBSTRING),
            1,
            "an empty keyword would match everything: remove it",
        ),
        (
            KeywordSet("s", (("a",), ("b OR c",))),
            3,
            (
                "`b OR c` holds `OR` at position 3: a keyword is plain words; write a query for "
                "operators and brackets, or quotes around it"
            ),
        ),
        (
            KeywordSet("s", (("RAG (new)",),)),
            5,
            (
                "`RAG (new)` holds `(` at position 5: a keyword is plain words; write a query for "
                "operators and brackets, or quotes around it"
            ),
        ),
        (
            KeywordSet("s", (("a",),), exclude=("NOT b",)),
            1,
            (
                "`NOT b` holds `NOT` at position 1: a keyword is plain words; write a query for "
                "operators and brackets, or quotes around it"
            ),
        ),
        (
            KeywordSet("s", (("a " * 51,),)),
            1,
            (
                "the phrase at position 1 has 51 words and at most 50 can be read: "
                "put AND between parts of it"
            ),
        ),
        (
            KeywordSet("s", (("...",),)),
            1,
            "`...` at position 1 has no letters or digits to look for: write a word",
        ),
        (
            KeywordSet("s", (("x" * 5_000,),), match=MatchMode.SUBSTRING),
            4_001,
            "the query has 5,000 characters and at most 4,000 can be read: make several of it",
        ),
    ],
)
def test_a_bad_set_is_refused(keyword_set: KeywordSet, position: int, message: str) -> None:
    with pytest.raises(QueryError) as caught:
        parse_set(keyword_set)
    assert (caught.value.position, str(caught.value)) == (position, message)


def test_plain_keywords_and_queries_of_the_same_words_are_the_same_phrase() -> None:
    for text in ("LLMs", "multi-modal LLM", "C++, 3D", "naïve Bayes", "AT&T's map"):
        keyword, query = parse_keyword(text), parse_query(text).expression
        assert isinstance(keyword, Phrase)
        assert isinstance(query, Phrase)
        assert keyword.words == query.words
