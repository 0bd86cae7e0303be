import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.typed import Word, cite_typed, narrow, parse_typed, straighten, unquote
from bot.errors import CommandError

# What stands between letters when people type, or when their phone does.
TYPED = st.text(
    st.sampled_from("ab ＡB٣'‘’`\"“”„«»\t\u00a0\u3000\u200b\u202e\x07") | st.characters()
)


@pytest.mark.parametrize(
    ("text", "plain", "places"),
    [
        ("", "", (1,)),
        (" \t\u00a0\u200b", "", (1,)),
        ("a", "a", (1, 2)),
        ("  a\u00a0\u3000b \n", "a b", (3, 4, 6, 7)),
        ("a \u200b b", "a b", (1, 2, 5, 6)),
        ("\u202ea\u200bb\u00ad\x00\ud800c", "abc", (2, 4, 8, 9)),
        ("Ｇｒüße “x”", "Ｇｒüße “x”", tuple(range(1, 11))),
    ],
)
def test_spaces_are_one_and_the_unseen_is_gone(
    text: str, plain: str, places: tuple[int, ...]
) -> None:
    typed = parse_typed(text)
    assert (typed.original, typed.text, typed.places) == (text, plain, places)
    assert typed.end == places[-1]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", []),
        ("a  bc", [("a", 1), ("bc", 4)]),
        ('a "b  c" d', [("a", 1), ('"b c"', 3), ("d", 10)]),
        ("ti:“b c”x d", [("ti:“b c”x", 1), ("d", 11)]),
        ("'a b' 'c d'", [("'a b'", 1), ("'c", 7), ("d'", 10)]),
        ("‘a b’ c", [("‘a b’", 1), ("c", 7)]),
        ("`a b` c", [("`a b`", 1), ("c", 7)]),
        ("'it's a b' c", [("'it's a b'", 1), ("c", 12)]),
        ("'grasp \"a b\" c' d", [("'grasp \"a b\" c'", 1), ("d", 17)]),
        ("'twas b", [("'twas", 1), ("b", 7)]),
        ("' a", [("'", 1), ("a", 3)]),
    ],
)
def test_quotes_hold_words_together(text: str, words: list[tuple[str, int]]) -> None:
    assert [(word.text, word.position) for word in parse_typed(text).split(0)] == words


def test_words_are_split_from_anywhere() -> None:
    typed = parse_typed('do"a b" c')
    assert typed.split(2) == (Word('"a b"', 3), Word("c", 9))
    assert typed.split(7) == typed.split(8) == (Word("c", 9),)
    assert typed.split(9) == ()


@pytest.mark.parametrize(
    ("text", "position", "closer"),
    [('a "b c', 3, '"'), (" \u200b“b", 3, "”"), ('"a" „b', 5, "“"), ("'a «b", 4, "»")],
)
def test_an_open_quote_has_a_position_in_what_was_typed(
    text: str, position: int, closer: str
) -> None:
    with pytest.raises(CommandError) as refused:
        parse_typed(text).split(0)
    assert (refused.value.command, refused.value.position) == (text, position)
    assert refused.value.message == str(refused.value)
    assert str(refused.value) == f"the quote at position {position} is never closed: add {closer}"


@pytest.mark.parametrize(
    ("text", "plain", "bare"),
    [
        ("PAUSE", "pause", "pause"),
        ("０９：３０", "09:30", "09:30"),
        ("#٧", "#7", "#7"),
        ('"Ａt"', '"at"', "at"),
        ("' 9:00 '", "' 9:00 '", "9:00"),
        ("ﬁnd", "find", "find"),
    ],
)
def test_words_are_compared_in_plain_characters(text: str, plain: str, bare: str) -> None:
    word = Word(text, 1)
    assert (word.plain, word.bare) == (plain, bare)


@pytest.mark.parametrize(
    ("text", "inner"),
    [
        ("", None),
        ("a", None),
        ('"', None),
        ("'", None),
        ('""', ""),
        ("''", ""),
        ('"a b"', "a b"),
        ("“a b”", "a b"),
        ("„a“", "a"),
        ("«a»", "a"),
        ("‘a’", "a"),
        ("`a`", "a"),
        ("'it's'", "it's"),
        ('"a" OR "b"', None),
        ("'a' OR 'b'", None),
        ('ti:"a"', None),
        ('"a"s', None),
    ],
)
def test_quotes_around_a_whole_text(text: str, inner: str | None) -> None:
    assert unquote(text) == Word(text, 1).inner == inner


@pytest.mark.parametrize(
    ("text", "straight"),
    [
        ("", ""),
        ("it’s", "it’s"),
        ("“a b” OR „c“ OR «d» OR »e« OR ”f” g", '"a b" OR "c" OR "d" OR "e" OR "f" g'),
        ('“a "b', '"a "b'),
        ('«a "b" c» “d”', '«a "b" c» "d"'),
        ("”a“ b” c", "”a“ b” c"),
        ("“a", "“a"),
        ("„a“ “b «c»", '"a" “b «c»'),
    ],
)
def test_quotes_are_straightened(text: str, straight: str) -> None:
    assert straighten(text) == straight


def test_a_cited_text_does_not_end_its_citation() -> None:
    assert cite_typed("a`b`") == "`a'b'`"


@given(TYPED)
def test_every_character_keeps_its_position(text: str) -> None:
    typed = parse_typed(text)
    assert len(typed.places) == len(typed.text) + 1
    assert list(typed.places) == sorted(set(typed.places))
    assert 1 <= typed.places[0] <= typed.end <= len(text) + 1
    for sign, place in zip(typed.text, typed.places, strict=False):
        assert sign == text[place - 1] or (sign == " " and text[place - 1].isspace())
    assert parse_typed(typed.text).text == typed.text == typed.text.strip()
    assert straighten(straighten(typed.text)) == straighten(typed.text)
    assert narrow(narrow(text)) == narrow(text)


@given(TYPED)
def test_words_make_up_the_text(text: str) -> None:
    typed = parse_typed(text)
    open_quotes: list[int] = []
    words: tuple[Word, ...] = ()
    try:
        words = typed.split(0)
    except CommandError as refused:
        open_quotes.append(refused.position)
    assert all(text[position - 1] in '"“”„«»' for position in open_quotes)
    assert open_quotes or " ".join(word.text for word in words) == typed.text
    assert all(text[word.position - 1] == word.text[0] for word in words)
