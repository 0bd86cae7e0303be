import pytest

from bot.core.editions import SetSummary
from bot.core.keyword_sets import KeywordSet, MatchMode
from bot.core.papers import AnnounceType


@pytest.mark.parametrize(
    ("keyword_set", "shown"),
    [
        (KeywordSet("s", (("VLM",), ("LLM", "image"))), ("VLM", "LLM,image")),
        (KeywordSet("s", query="VLM OR LLM"), ("VLM OR LLM",)),
        (KeywordSet("s"), ()),
    ],
)
def test_a_set_is_shown_in_its_owners_words(
    keyword_set: KeywordSet, shown: tuple[str, ...]
) -> None:
    assert keyword_set.summary == SetSummary("s", shown)


def test_what_a_set_excludes_is_shown_too() -> None:
    assert KeywordSet("s", (("a",),), exclude=("b",)).summary == SetSummary("s", ("a",), ("b",))


def test_a_set_matches_words_of_new_and_cross_listed_papers_unless_told_otherwise() -> None:
    keyword_set = KeywordSet("s", (("a",),))
    assert keyword_set.match is MatchMode.WORDS
    assert keyword_set.types == (AnnounceType.NEW, AnnounceType.CROSS)
    assert keyword_set.categories == ()
    assert not keyword_set.paused
