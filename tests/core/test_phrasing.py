import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.latex import to_text
from bot.core.phrasing import build_patterns, is_in_capitals, name_singular, read_patterns
from bot.core.query import Pattern
from bot.core.tokens import Token
from bot.core.words import LONGEST_WORD, split_words
from bot.errors import QueryError


def read(text: str, *, people: bool = False) -> list[Pattern]:
    return read_patterns(f"__{text}", Token("text", text, 3), people=people)


@pytest.mark.parametrize(
    ("text", "patterns"),
    [
        ("Flow Matching", (Pattern("flow"), Pattern("matching"))),
        ("multi-modal LLM", (
            Pattern("multi"), Pattern("modal", joined=True), Pattern("llm", capitals=True)
        )),
        ("R1, o1 3D", (Pattern("r1"), Pattern("o1"), Pattern("3d"))),
        ("SAM2 LoRA", (Pattern("sam2", capitals=True), Pattern("lora"))),
        ("naïve-C++", (Pattern("naive"), Pattern("c++", joined=True))),
        ("a--b - c", (Pattern("a"), Pattern("b", joined=True), Pattern("c"))),
        ("LLM's", (Pattern("llm", capitals=True),)),
        ("- , .", ()),
        ("x" * 200, (Pattern("x" * LONGEST_WORD),)),
    ],
)  # fmt: skip
def test_plain_words_become_patterns(text: str, patterns: tuple[Pattern, ...]) -> None:
    assert build_patterns(text) == patterns


@given(
    st.text(st.sampled_from("aB2 -"), max_size=20)
    | st.from_regex(r"([A-Za-z0-9]{1,120}[ -])*[A-Za-z0-9]{1,120}", fullmatch=True)
)
def test_the_quick_way_and_the_thorough_way_are_one(text: str) -> None:
    shown = to_text(text)
    thorough = tuple(
        Pattern(word.folded, is_in_capitals(word, shown), joined=word.joined)
        for word in split_words(shown)
    )
    assert build_patterns(text) == thorough


@given(st.text(st.sampled_from("aB2 -,'/é"), min_size=1, max_size=20))
def test_plain_words_are_the_same_in_a_keyword_and_in_a_query(text: str) -> None:
    try:
        patterns = read(text)
    except QueryError:
        assert build_patterns(text) == ()
    else:
        assert tuple(patterns) == build_patterns(text)


@pytest.mark.parametrize(
    ("text", "folded", "capitals"),
    [
        ("LLMs", "llm", True),
        ("multimodal LLMs", "llm", True),
        ("non-LLMs", "llm", True),
        ("3DGSs", "3dgs", True),
        ("LLMs agents", "agents", False),
        ("LoRAs", "loras", False),
        ("Xs", "xs", False),
        ("TTS", "tts", True),
        ("LLM", "llm", True),
        ("models", "models", False),
        ("aLLMs", "allms", False),
    ],
)
def test_a_plural_of_capitals_is_named_by_its_singular(
    text: str, folded: str, *, capitals: bool
) -> None:
    last = name_singular(text, build_patterns(text))[-1]
    assert (last.folded, last.capitals) == (folded, capitals)


@pytest.mark.parametrize(
    ("text", "patterns"),
    [
        ("grasp*", [Pattern("grasp", open_right=True)]),
        ("*VLM", [Pattern("vlm", capitals=True, open_left=True)]),
        ("*bench*", [Pattern("bench", open_left=True, open_right=True)]),
        ("multi* policy", [Pattern("multi", open_right=True), Pattern("policy")]),
        ("pre*-*train", [
            Pattern("pre", open_right=True), Pattern("train", open_left=True)
        ]),
        (r"\emph{ab}* x", [Pattern("ab", open_right=True), Pattern("x")]),
        (r"Poincar\'e", [Pattern("poincare")]),
    ],
)  # fmt: skip
def test_a_wildcard_opens_a_word_at_its_end(text: str, patterns: list[Pattern]) -> None:
    assert read(text) == patterns


def test_names_of_people_are_not_in_capitals() -> None:
    assert read("LI", people=True) == [Pattern("li")]


@pytest.mark.parametrize(
    ("text", "position", "message"),
    [
        ("a b*", 5, ("`a b*` at position 5 would match almost every paper: "
                    "a wildcard needs at least 2 letters beside it")),
        ("*a", 4, ("`*a` at position 4 would match almost every paper: "
                  "a wildcard needs at least 2 letters beside it")),
        ("gra*sp", 6, ("the wildcard at position 6 is inside a word: "
                      "put it at a word's start or end, or AND between the parts")),
        ("aa bb*cc*dd", 8, ("the wildcard at position 8 is inside a word: "
                           "put it at a word's start or end, or AND between the parts")),
        ("ab * cd", 6, ("the wildcard at position 6 stands alone: "
                       "put it at a word's start or end")),
        ("**ab", 3, "the wildcard at position 3 stands alone: put it at a word's start or end"),
        (r"\emph{gra*sp}", 3, ("the wildcard at position 3 is inside a word: "
                              "put it at a word's start or end, or AND between the parts")),
        ("?!", 3, "`?!` at position 3 has no letters or digits to look for: write a word"),
    ],
)  # fmt: skip
def test_a_wildcard_elsewhere_is_refused(text: str, position: int, message: str) -> None:
    with pytest.raises(QueryError) as caught:
        read(text)
    assert (caught.value.position, str(caught.value)) == (position, message)
