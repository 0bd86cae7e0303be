from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.adapters.store import Store, open_store
from bot.errors import UserError
from tests.adapters.store.made_up import announce, make_paper, save

PAPERS = (
    make_paper(1, title="Vision-Language Models for Poincaré Maps", abstract="About C++ and 3.5."),
    make_paper(2, title="A Vision of Language", abstract="Of sight, and multi-modal grasps."),
    make_paper(3, title="Multimodal Grasping", abstract=r"The $\alpha$-maps of Schr\"odinger."),
    make_paper(4, authors=("Zoë Ångström", "O'Brien Q. Test"), comments="Oral at FAKECONF 2031"),
    make_paper(5, title="Grasp", abstract="One word about a cat's vision."),
)  # fmt: skip

CASES = [
    ("vision", {1, 2, 5}),
    ("VISION language", {1, 2}),
    ("language vision", {1, 2}),
    ("vision-language", {1}),
    ("vision–language", {1}),
    ('"vision language"', {1}),
    ("“vision language”", {1}),
    ('"language vision"', set()),
    ('"vision of" language', {2}),
    ("poincare", {1}),
    ("POINCARÉ", {1}),
    ("c++", {1}),
    ("3.5", {1}),
    ("multi-modal", {2, 3}),
    ("multimodal", {2, 3}),
    ("multi modal", {2}),
    ("grasp", {5}),
    ("grasp*", {2, 3, 5}),
    ('"multimodal gra*"', {3}),
    ("schrodinger", {3}),
    ("α", {3}),
    ("zoe angstrom", {4}),
    ('"angstrom obrien"', set()),
    ("O'Brien", {4}),
    ("obrien", {4}),
    ("fakeconf 2031", {4}),
    ("cat", {4, 5}),
    ("cats", {4}),
    ("NOT vision", set()),
    ("vision OR", set()),
    ("title:vision", set()),
    ("vision AND NEAR(a b)", set()),
    ('language "vision of', {2}),
    ("nothingofthekind", set()),
]


@pytest.fixture
def library(store: Store) -> Store:
    save(store, announce(*PAPERS))
    return store


def numbers(store: Store, words: str, limit: int = 50) -> list[int]:
    return [int(found.paper.base_id.partition(".")[2]) for found in store.search(words, limit)]


@pytest.mark.parametrize(("words", "expected"), CASES, ids=[words for words, _ in CASES])
def test_every_word_must_occur(library: Store, words: str, expected: set[int]) -> None:
    assert set(numbers(library, words)) == expected


def test_found_papers_are_whole(library: Store) -> None:
    (found,) = library.search("schrodinger", 5)
    assert found == library.load_paper(PAPERS[2].base_id)


def test_a_title_counts_for_more_than_an_abstract(library: Store) -> None:
    assert numbers(library, "vision")[-1] == 5
    assert numbers(library, "vision", limit=2) == numbers(library, "vision")[:2]


@pytest.mark.parametrize("words", ["", "   ", '""', "*", "!?", "- – —", "\0", "\ud800", "()'\\"])
def test_nothing_searchable_is_said_to_the_person(library: Store, words: str) -> None:
    with pytest.raises(UserError, match="no word to search for"):
        library.search(words, 5)


def test_too_many_words_are_refused(library: Store) -> None:
    with pytest.raises(UserError, match="at most 32 words"):
        library.search("word " * 33, 5)
    assert numbers(library, "word " * 32) == [5]


@pytest.mark.parametrize("length", [255, 3000, 100_000])
def test_words_of_any_length_can_be_stored_and_searched(store: Store, length: int) -> None:
    save(store, announce(make_paper(abstract="ü" * length)))
    assert numbers(store, "ü" * length) == [1]
    assert numbers(store, "u-" * 30 + "x" * length) == []


def test_a_very_long_abstract_can_be_stored_and_searched(store: Store) -> None:
    words = " ".join(f"w{number} cat" for number in range(20_000))
    save(store, announce(make_paper(abstract=words)))
    assert numbers(store, "w1 w19999 cat") == [1]


@pytest.fixture
def both(tmp_path: Path, postgresql_url: str) -> Iterator[tuple[Store, Store]]:
    """Keep the same papers in a database of either kind."""
    with (
        open_store(f"sqlite:///{tmp_path / 'papers.db'}") as one,
        open_store(postgresql_url) as two,
    ):
        for store in (one, two):
            save(store, announce(*PAPERS))
        yield one, two


SIGNS = "*\"“”'’-–/|&!():<>\\^~+#.,;{}[]$%_ \0\t\n\ud800½ⅷ㎏⑴ﷺＡéßİıſΣςñ日本語한글"
QUERIES = st.one_of(
    st.text(),
    st.text(alphabet=SIGNS + "avislong", max_size=30),
    st.lists(
        st.sampled_from(
            [
                "vision",
                "lang*",
                "multi-modal",
                '"',
                "*",
                "AND",
                "NOT",
                "OR",
                "NEAR",
                "'",
                "a",
                "cat",
            ]
        ),
        max_size=8,
    ).map(" ".join),
)
RELAXED = settings(
    max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@given(words=QUERIES)
@RELAXED
def test_any_words_find_the_same_on_both_databases(both: tuple[Store, Store], words: str) -> None:
    found = []
    for store in both:
        try:
            found.append(set(numbers(store, words)))
        except UserError:
            found.append({-1})
    assert found[0] == found[1]


# Without what means something in TeX, which papers have and questions have not.
PLAIN_SIGNS = "".join(sign for sign in SIGNS if sign not in "\\$^_{}~#%&'")


@given(
    text=st.text(alphabet=PLAIN_SIGNS + "abc", min_size=1, max_size=40), number=st.integers(10, 99)
)
@settings(RELAXED, max_examples=60)
def test_any_text_is_indexed_alike_on_both_databases(
    both: tuple[Store, Store], text: str, number: int
) -> None:
    found: list[set[int]] = []
    for store in both:
        known = store.load_paper(f"2512.{number:05d}")
        version = known.paper.version + 1 if known else 1
        paper = make_paper(
            number, version, title=text, abstract=text, authors=(text, text), comments=text
        )
        save(store, announce(paper))
        try:
            found.append(set(numbers(store, text, 1000)))
        except UserError:
            found.append({number})
    assert found[0] == found[1]
    assert number in found[0]
