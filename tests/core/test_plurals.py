import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.plurals import find_plural, find_singulars


@pytest.mark.parametrize(
    ("word", "plural"),
    [
        ("policy", "policies"),
        ("survey", ""),
        ("y", ""),
        ("analysis", "analyses"),
        ("matrix", "matrices"),
        ("vertex", "vertices"),
        ("shelf", "shelves"),
        ("leaf", "leaves"),
        ("loaf", "loaves"),
        ("knife", "knives"),
        ("proof", ""),
        ("criterion", "criteria"),
        ("thesis", "theses"),
        ("axis", "axes"),
        ("model", ""),
        ("box", ""),
    ],
)
def test_a_plural_that_is_more_than_an_added_s(word: str, plural: str) -> None:
    assert find_plural(word) == plural


@pytest.mark.parametrize(
    ("word", "singulars"),
    [
        ("models", ("model",)),
        ("policies", ("policie", "policy")),
        ("movies", ("movie", "movy")),
        ("boxes", ("boxe", "box")),
        ("losses", ("losse", "loss", "lossis")),
        ("branches", ("branche", "branch")),
        ("heroes", ("heroe", "hero")),
        ("databases", ("database", "databas", "databasis")),
        ("analyses", ("analyse", "analys", "analysis")),
        ("indices", ("indice", "indix", "index")),
        ("shelves", ("shelve", "shelf")),
        ("criteria", ("criterion",)),
        ("theses", ("thesis",)),
        ("news", ()),
        ("physics", ()),
        ("series", ()),
        ("loss", ()),
        ("corpus", ()),
        ("analysis", ()),
        ("gas", ()),
        ("model", ()),
    ],
)
def test_a_plural_may_be_the_plural_of(word: str, singulars: tuple[str, ...]) -> None:
    assert find_singulars(word) == singulars


@given(st.text(st.sampled_from("aeionfxyscvl"), min_size=5, max_size=9))
def test_a_plural_leads_back_to_its_singular(word: str) -> None:
    plural = find_plural(word)
    if plural:
        assert word in find_singulars(plural)
