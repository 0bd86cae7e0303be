"""How sets are named and their keywords are typed."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.desk import (
    parse_excluded,
    parse_keywords,
    parse_ref,
    write_excluded,
    write_keywords,
    write_ref,
)
from bot.core.keyword_sets import KeywordSet

words = st.text(st.characters(codec="utf-8", categories=["L", "N"]), min_size=1, max_size=8)


@pytest.mark.parametrize(
    ("text", "keywords"),
    [
        ("", ()),
        ("VLM", (("VLM",),)),
        ("VLM\n\n  LLM + image \r\nVLM", (("VLM",), ("LLM", "image"))),
        ("C++\na+b\n + \nx + ", (("C++",), ("a+b",), ("x",))),
    ],
)
def test_keywords_are_lines_of_parts(text: str, keywords: tuple[tuple[str, ...], ...]) -> None:
    assert parse_keywords(text) == keywords


@given(st.lists(st.lists(words, min_size=1, max_size=3).map(tuple), unique=True).map(tuple))
def test_keywords_are_read_as_they_were_written(keywords: tuple[tuple[str, ...], ...]) -> None:
    assert parse_keywords(write_keywords(keywords)) == keywords


@given(st.lists(words, unique=True).map(tuple))
def test_what_is_left_out_is_read_as_it_was_written(exclude: tuple[str, ...]) -> None:
    assert parse_excluded(write_excluded(exclude)) == exclude


@pytest.mark.parametrize("name", ["MLLM", "a/b", "<!channel>", "雲"])
@pytest.mark.parametrize("owner", ["config", "operator", "slack:T0123"])
def test_a_set_is_named_by_its_owner_and_name(owner: str, name: str) -> None:
    assert parse_ref(write_ref(KeywordSet(name, owner=owner))) == (owner, name)


@pytest.mark.parametrize("ref", ["", "/", "MLLM", "/MLLM", "config/", "7"])
def test_anything_else_names_no_set(ref: str) -> None:
    assert parse_ref(ref) is None
