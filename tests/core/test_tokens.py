import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.tokens import FIELDS, LONGEST_QUERY, Token, check_length, cite, split_tokens
from bot.errors import QueryError


def kinds(text: str) -> list[tuple[str, str]]:
    return [(token.kind, token.text) for token in split_tokens(text)]


def test_a_query_is_split_at_brackets_operators_and_fields() -> None:
    assert split_tokens("(VLA OR ti:grasp*) AND NOT x") == [
        Token("(", "(", 1),
        Token("text", "VLA", 2),
        Token("OR", "OR", 6),
        Token("field", "ti", 9),
        Token("text", "grasp*", 12),
        Token(")", ")", 18),
        Token("AND", "AND", 20),
        Token("NOT", "NOT", 24),
        Token("text", "x", 28),
    ]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("", []),
        ("\t \n", []),
        ("and or not And", [("text", each) for each in ("and", "or", "not", "And")]),
        ("ANDROID", [("text", "ANDROID")]),
        ('"AND" "(a)"', [("text", "AND"), ("text", "(a)")]),
        ("C++ 3.5 'x'", [("text", "C++"), ("text", "3.5"), ("text", "'x'")]),
        ("Note: this", [("text", "Note:"), ("text", "this")]),
        ("last:", [("text", "last:")]),
        ("TI:x Title:y", [("field", "ti"), ("text", "x"), ("field", "ti"), ("text", "y")]),
        ("ti: x", [("field", "ti"), ("text", "x")]),
        ("3:x", [("text", "3:x")]),
        ("id:arXiv:2512.00001 x", [("field", "id"), ("text", "arXiv:2512.00001"), ("text", "x")]),
        ("id:https://arxiv.org/abs/1", [("field", "id"), ("text", "https://arxiv.org/abs/1")]),
        ('id:"2512.00001"', [("field", "id"), ("text", "2512.00001")]),
        ("id:(a)", [("field", "id"), ("(", "("), ("text", "a"), (")", ")")]),
        ("id:", [("field", "id")]),
    ],
)
def test_pieces_of_a_query(text: str, found: list[tuple[str, str]]) -> None:
    assert kinds(text) == found


@pytest.mark.parametrize(
    "quoted", ['"a b"', "“a b”", "„a b“", "»a b«", "«a b»", "”a b”", '"a b”', '“a b"']
)
def test_typed_quotes_of_any_kind_are_quotes(quoted: str) -> None:
    assert kinds(f"{quoted} c") == [("text", "a b"), ("text", "c")]


@pytest.mark.parametrize(
    ("name", "field"),
    [
        ("title", "ti"),
        ("abstract", "abs"),
        ("author", "au"),
        ("authors", "au"),
        ("category", "cat"),
        ("categories", "cat"),
        ("comments", "comment"),
        ("co", "comment"),
        *((name, name) for name in FIELDS),
    ],
)
def test_fields_have_long_names_too(name: str, field: str) -> None:
    assert kinds(f"{name}:x") == [("field", field), ("text", "x")]


@pytest.mark.parametrize(
    ("text", "position", "message"),
    [
        ('a "b', 3, 'the quote at position 3 is never closed: add "'),
        ("“b", 1, "the quote at position 1 is never closed: add ”"),
        ("»b", 1, "the quote at position 1 is never closed: add «"),
        ('a " "', 3, "the quotes at position 3 hold nothing: write a word in them"),
        (
            "a titel:b",
            3,
            (
                "`titel:` at position 3 is not a field: did you mean `title:`? fields are ti: abs: "
                "au: cat: comment: id:, and quotes make it plain words"
            ),
        ),
        (
            "http://x",
            1,
            (
                "`http:` at position 1 is not a field: fields are ti: abs: au: cat: comment: id:, "
                "and quotes make it plain words"
            ),
        ),
    ],
)
def test_a_fault_has_a_position_and_what_would_work(text: str, position: int, message: str) -> None:
    with pytest.raises(QueryError) as caught:
        split_tokens(text)
    assert (caught.value.query, caught.value.position) == (text, position)
    assert str(caught.value) == message


def test_what_nobody_writes_by_hand_is_not_read() -> None:
    check_length("x" * LONGEST_QUERY)
    for read in (check_length, split_tokens):
        with pytest.raises(QueryError, match="4,001 characters and at most 4,000") as caught:
            read("x" * (LONGEST_QUERY + 1))
        assert caught.value.position == LONGEST_QUERY + 1


def test_a_message_cites_a_long_text_in_part() -> None:
    assert cite("VLM OR") == "`VLM OR`"
    assert cite("x" * 60) == f"`{'x' * 60}`"
    assert cite("x" * 61) == f"`{'x' * 60}…`"


@given(st.text(st.sampled_from("aB \"“”„«»():*id\n'") | st.characters(), max_size=60))
def test_every_token_stands_where_it_says(text: str) -> None:
    faults: list[int] = []
    try:
        tokens = split_tokens(text)
    except QueryError as error:
        tokens = []
        faults = [error.position]
    assert all(1 <= position <= len(text) + 1 for position in faults)
    for token in tokens:
        at = token.position - 1
        if token.kind == "field":
            assert text[at:].partition(":")[0].isalpha()
        else:
            assert text.startswith(token.text, at)
    assert [token.position for token in tokens] == sorted(token.position for token in tokens)
