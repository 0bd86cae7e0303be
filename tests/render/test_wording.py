import pytest

from bot.core.keyword_sets import KeywordSet, MatchMode
from bot.core.papers import AnnounceType
from bot.render.wording import join_words, say_query, say_reach


@pytest.mark.parametrize(
    ("keyword_set", "said"),
    [
        (KeywordSet("A", keywords=(("VLM",),)), "“VLM”"),
        (
            KeywordSet("A", keywords=(("VLM",), ("MLLM",), ("LLM", "image")), exclude=("survey",)),
            "“VLM”, “MLLM” or “LLM” with “image”; not “survey”",
        ),
        (KeywordSet("A", keywords=(("a\nb",),), exclude=("c", "d")), "“a b”; not “c” or “d”"),
        (KeywordSet("A", query="grasp* AND NOT cat:cs.HC"), "grasp* AND NOT cat:cs.HC"),
    ],
)
def test_says_what_a_set_looks_for(keyword_set: KeywordSet, said: str) -> None:
    assert say_query(keyword_set) == said


@pytest.mark.parametrize(
    ("keyword_set", "said"),
    [
        (KeywordSet("A"), "New and cross-listed papers in every followed category"),
        (
            KeywordSet(
                "A",
                types=(AnnounceType.REPLACE,),
                categories=("cs.CV", "cs.RO"),
                match=MatchMode.SUBSTRING,
            ),
            "Replaced papers in cs.CV and cs.RO, matched anywhere in the text",
        ),
    ],
)
def test_says_which_papers_a_set_takes(keyword_set: KeywordSet, said: str) -> None:
    assert say_reach(keyword_set) == said


def test_joins_words_as_a_sentence_does() -> None:
    assert [join_words(list(words), "or") for words in ("", "a", "ab", "abc")] == [
        "",
        "a",
        "a or b",
        "a, b or c",
    ]
