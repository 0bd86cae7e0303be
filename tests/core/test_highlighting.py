import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.editions import Field
from bot.core.explaining import show_field
from bot.core.highlighting import highlight
from tests.fakes.papers import make_paper

PAPER = make_paper(
    title="Multi-modal Grasping: a Poincaré View",
    abstract="Multimodal models grasp. Large language models of languages, multi modal too.",
    authors=("Jos\\'e Example", "Bo Grasp"),
)


def find(words: str, field: Field = Field.ABSTRACT) -> list[str]:
    return [hit.words for hit in highlight(PAPER, words) if hit.field is field]


@pytest.mark.parametrize(
    ("words", "title", "abstract"),
    [
        ("grasp", [], ["grasp"]),
        ("GRASP*", ["Grasping"], ["grasp"]),
        ("poincare", ["Poincaré"], []),
        ("language models", [], ["models", "models", "language"]),
        ('"language models"', [], ["language models"]),
        ("“language mod*”", [], ["language models"]),
        ("multi-modal", ["Multi-modal"], ["Multimodal", "multi modal"]),
        ("lang*", [], ["language", "languages"]),
        ("nothing", [], []),
        ("", [], []),
        ('"', [], []),
    ],
)
def test_marks_what_the_search_finds(words: str, title: list[str], abstract: list[str]) -> None:
    assert find(words, Field.TITLE) == title
    assert sorted(find(words)) == sorted(abstract)


def test_marks_authors_by_places_in_their_joined_names() -> None:
    assert find("jose", Field.AUTHORS) == ["José"]
    (hit,) = (hit for hit in highlight(PAPER, "grasp") if hit.field is Field.AUTHORS)
    assert show_field(PAPER, Field.AUTHORS)[hit.start : hit.end] == hit.words == "Grasp"


@given(st.text(max_size=40))
def test_any_words_mark_only_what_is_there(words: str) -> None:
    for hit in highlight(PAPER, words):
        assert show_field(PAPER, hit.field)[hit.start : hit.end] == hit.words
