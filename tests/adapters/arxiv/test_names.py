import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.adapters.arxiv.names import parse_names


@pytest.mark.parametrize(
    ("creators", "names"),
    [
        ("", ()),
        (" , ,", ()),
        ("Ada Example", ("Ada Example",)),
        ("Ada Example, Bo Sample", ("Ada Example", "Bo Sample")),
        ("Ada  Example,\n  Bo\u00a0Sample", ("Ada Example", "Bo Sample")),
        ("Ada Example (Univ. of X, Y, Z), Bo Sample (Q)", ("Ada Example", "Bo Sample")),
        ("Ada (Inst (Lab, A), B), Bo", ("Ada", "Bo")),
        ("Ada (1), Bo (1 and 2) ((1) X, (2) Y)", ("Ada", "Bo")),
        ("Ada (X) (Y), Bo", ("Ada", "Bo")),
        ("(X, Y), Bo", ("Bo",)),
        ("Yu (Andy) Sample, Bo", ("Yu (Andy) Sample", "Bo")),
        ("Ada (X, Bo Sample, Cy", ("Ada (X", "Bo Sample", "Cy")),
        ("Ada X), Bo", ("Ada X)", "Bo")),
        ("Ada (X {Y), Bo}", ("Ada", "Bo}")),
        ("{Example, Jr.}, Bo", ("{Example, Jr.}", "Bo")),
        ("{open, Bo", ("{open", "Bo")),
        (r"Andr\'e M\"uller, {\L}ukasz B", (r"Andr\'e M\"uller", r"{\L}ukasz B")),
        ("Ada N. Example\\\\, Bo", ("Ada N. Example\\\\", "Bo")),
        ("Z. Z. Ren, J. Doe Jr. (X)", ("Z. Z. Ren", "J. Doe Jr.")),
        ("X Collaboration, Bo", ("X Collaboration", "Bo")),
    ],
)
def test_splits_arxivs_author_string(creators: str, names: tuple[str, ...]) -> None:
    assert parse_names(creators) == names


words = st.text("abcXYZ.'\\\"-éł ", min_size=1).map(lambda text: " ".join(text.split()))
plain_names = st.lists(words.filter(bool), max_size=8)
affiliations = st.sampled_from(["", " (X)", " (X, Y)", " (A (B), C)", "(X) (Y)"])


@given(plain_names, st.data())
def test_loses_no_name_between_commas(names: list[str], data: st.DataObject) -> None:
    pieces = [name + data.draw(affiliations) for name in names]
    assert parse_names(", ".join(pieces)) == tuple(names)


@given(st.text("ab,){} "))
def test_drops_no_letter_without_an_opening_bracket(creators: str) -> None:
    kept = "".join(parse_names(creators))
    assert [letter for letter in kept if letter in "ab"] == [
        letter for letter in creators if letter in "ab"
    ]


def test_takes_time_in_proportion_to_the_text() -> None:
    started = time.process_time()
    parse_names("(a) " * 10_000 + "({" * 10_000 + ")" * 10_000)
    assert time.process_time() - started < 2
