"""Marks and shortening."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.render.segments import (
    Segment,
    Segments,
    clip,
    cut,
    excerpt,
    has_hit,
    join,
    mark,
    one_line,
    plain,
    shorten,
)

SPANS = st.lists(st.tuples(st.integers(-3, 60), st.integers(-3, 60)), max_size=6)


def hit(text: str) -> Segment:
    return Segment(text, hit=True)


@pytest.mark.parametrize(
    ("spans", "expected"),
    [
        ([], (Segment("cloudy sky"),)),
        ([(0, 5)], (hit("cloud"), Segment("y sky"))),
        ([(7, 10), (0, 6)], (hit("cloudy"), Segment(" "), hit("sky"))),
        ([(0, 5), (3, 6)], (hit("cloudy"), Segment(" sky"))),
        ([(0, 6), (2, 4)], (hit("cloudy"), Segment(" sky"))),
        ([(0, 5), (5, 6)], (hit("cloudy"), Segment(" sky"))),
        ([(8, 11), (-1, 3), (4, 4), (5, 2)], (Segment("cloudy sky"),)),
    ],
)
def test_overlapping_hits_become_disjoint_and_hits_outside_are_ignored(
    spans: list[tuple[int, int]], expected: Segments
) -> None:
    assert mark("cloudy sky", spans) == expected


def test_an_empty_text_has_no_segments() -> None:
    assert mark("", [(0, 0)]) == ()
    assert shorten((), 10) == ()


@given(st.text(max_size=50), SPANS)
def test_marking_keeps_the_text_and_marks_exactly_what_valid_spans_cover(
    text: str, spans: list[tuple[int, int]]
) -> None:
    segments = mark(text, spans)
    assert plain(segments) == text
    flags = [part.hit for part in segments for _ in part.text]
    covered = {at for s, e in spans if 0 <= s < e <= len(text) for at in range(s, e)}
    assert [at in covered for at in range(len(text))] == flags
    assert all(part.text for part in segments)


@given(st.text(max_size=50), SPANS, st.integers(0, 50), st.integers(0, 50))
def test_a_cut_is_the_slice_of_the_text(
    text: str, spans: list[tuple[int, int]], start: int, end: int
) -> None:
    assert plain(cut(mark(text, spans), start, end)) == text[start : max(start, end)]


@given(st.text(max_size=80), SPANS, st.integers(1, 90), st.integers(0, 3))
def test_shortened_text_fits_and_is_a_beginning(
    text: str, spans: list[tuple[int, int]], limit: int, sentences: int
) -> None:
    segments = mark(text, spans)
    shorter = shorten(segments, limit, sentences=sentences)
    assert len(plain(shorter)) <= limit
    if shorter != segments:
        assert plain(shorter).endswith("…")
        assert text.startswith(plain(shorter).removesuffix("…").removesuffix(" "))


@pytest.mark.parametrize(
    ("limit", "sentences", "expected"),
    [
        (99, 0, "We look up, e.g. at noon. Then we count. It rains."),
        (48, 0, "We look up, e.g. at noon. Then we count. …"),
        (30, 0, "We look up, e.g. at noon. …"),
        (26, 0, "We look up, e.g. at noon.…"),
        (20, 0, "We look up, e.g. at…"),
        (13, 0, "We look up…"),
        (6, 0, "We lo…"),
        (2, 0, "W…"),
        (1, 0, "…"),
        (99, 1, "We look up, e.g. at noon. …"),
        (99, 2, "We look up, e.g. at noon. Then we count. …"),
        (99, 3, "We look up, e.g. at noon. Then we count. It rains."),
    ],
)
def test_text_is_cut_at_a_sentence_or_else_a_word(
    limit: int, sentences: int, expected: str
) -> None:
    text = (Segment("We look up, e.g. at noon. Then we count. It rains."),)
    assert plain(shorten(text, limit, sentences=sentences)) == expected


def test_shortening_keeps_marks() -> None:
    text = mark("Clouds pass over the sea", [(0, 6), (7, 16)])
    assert shorten(text, 14) == (hit("Clouds"), Segment(" "), hit("pass"), Segment("…"))


def test_a_text_without_hits_is_clipped_only_where_it_is_too_long() -> None:
    assert clip("grey sky", 8) == "grey sky"
    assert clip("grey skies", 8) == "grey…"


def test_an_excerpt_shows_the_first_hit_in_its_words() -> None:
    text = "We waited for many days and many nights until one cloud came by and stayed until dusk."
    at = text.index("cloud")
    assert excerpt(mark(text, [(at, at + 5)]), 20) == (
        Segment("…nights until one "),
        hit("cloud"),
        Segment(" came by and stayed…"),
    )


def test_an_excerpt_of_what_is_nearly_whole_is_whole() -> None:
    text = mark("Grey clouds again", [(5, 11)])
    assert excerpt(text) == text


def test_an_excerpt_cuts_words_only_where_there_is_no_space() -> None:
    text = mark(f"{'a' * 90}cloud{'b' * 90}", [(90, 95)])
    assert plain(excerpt(text, 10)) == f"…{'a' * 10}cloud{'b' * 10}…"


def test_there_is_no_excerpt_without_a_hit() -> None:
    assert excerpt((Segment("grey"),)) == ()
    assert not has_hit((Segment("grey"),))


@given(st.text(max_size=300), SPANS, st.integers(8, 40))
def test_an_excerpt_is_short(text: str, spans: list[tuple[int, int]], reach: int) -> None:
    assert len(plain(excerpt(mark(text, spans), reach))) <= 6 * reach + 2


def test_neighbours_of_one_kind_are_joined() -> None:
    assert join([Segment("a"), Segment(""), Segment("b"), hit("c"), hit("d")]) == (
        Segment("ab"),
        hit("cd"),
    )


def test_one_line_keeps_words_and_drops_what_cannot_be_seen() -> None:
    assert one_line(" a\n\tb\x1b[0m\u202e c\u2028 ") == "a b [0m c"
