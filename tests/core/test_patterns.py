import pytest

from bot.core.editions import Field
from bot.core.parsing import parse_keyword
from bot.core.patterns import Literal, Row, Tail, build_literals, build_rows, has_inner_wildcard
from bot.core.query import Pattern, Phrase


def phrase(keyword: str) -> Phrase:
    parsed = parse_keyword(keyword)
    assert isinstance(parsed, Phrase)
    return parsed


@pytest.mark.parametrize(
    ("keyword", "literals"),
    [
        ("o1", {" o1 "}),
        ("cat", {" cat~"}),
        ("C++", {" c++ "}),
        ("policy", {" policy~", " policies "}),
        ("policies", {" policies~", " policie ", " policy "}),
        ("flow matching", {" flow matching~", " flowmatching~"}),
        ("multi-agent", {" multi agent~", " multiagent~"}),
        ("multiagent", {" multiagent~", " multi agent~"}),
        ("underwater", {" underwater~", " under water~"}),
        ("subset", {" subset~"}),
        ("art of war", {" art of war~"}),
        ("on-line", {" on line~", " online~"}),
        ("on line", {" on line~"}),
        ("grasp*", {" grasp"}),
        ("*bench", {"bench~"}),
        ("*bench*", {"bench"}),
        ("multimodal*", {" multimodal", " multi modal"}),
        ("*multimodal", {"multimodal~"}),
        ("aa bb ccc", {" aa bb ccc~", " aabb ccc~", " aa bbccc~", " aabbccc~"}),
        ("multiagent pretraining", {
            *(" multiagent pretraining~", " multi agent pretraining~"),
            *(" multiagent pre training~", " multi agent pre training~"),
            " multiagentpretraining~",
        }),
        ("au:Li", {" li "}),
        ("au:Wu-Li", {" wu li ", " wuli "}),
        ("ti:map", {" map~"}),
    ],
)  # fmt: skip
def test_every_form_of_a_keyword_is_written_out(keyword: str, literals: set[str]) -> None:
    found = build_literals(phrase(keyword))
    shown = {literal.text + "~" * (literal.tail is Tail.PLURAL) for literal in found}
    assert shown == literals
    assert len(found) == len(shown)


def test_two_gaps_and_three_may_be_closed_at_once() -> None:
    texts = {literal.text for literal in build_literals(phrase("grid-world code-book"))}
    assert " gridworld codebook" in texts
    assert len(texts) == 8


def test_a_long_phrase_has_few_forms() -> None:
    literals = build_literals(phrase(" ".join(["word"] * 50)))
    assert len(literals) == 16
    assert sum(len(literal.text) for literal in literals) < 5_000


@pytest.mark.parametrize(
    ("keyword", "literals"),
    [
        ("CLIP", [Literal(" clip", Tail.PLURAL, (1,))]),
        ("*VLM", [Literal("vlm", Tail.PLURAL, (-1,))]),
        ("ATLAS", [Literal(" atlas", Tail.PLURAL, (1,))]),
        ("LLMs", [Literal(" llm", Tail.PLURAL, (1,))]),
        ("RL", [Literal(" rl", Tail.PLURAL, (1,))]),
        ("deep RL", [
            Literal(" deep rl", Tail.PLURAL, (6,)),
            Literal(" deeprl", Tail.PLURAL, (1,)),
        ]),
        ("multiagent RL", [
            Literal(" multiagent rl", Tail.PLURAL, (12,)),
            Literal(" multiagentrl", Tail.PLURAL, (1,)),
            Literal(" multi agent rl", Tail.PLURAL, (13,)),
        ]),
    ],
)  # fmt: skip
def test_words_in_capitals_must_be_marked(keyword: str, literals: list[Literal]) -> None:
    assert build_literals(phrase(keyword)) == literals


def test_an_inner_wildcard_is_one_between_two_words() -> None:
    outer, inner = ("*aa bb*", "aa", "aa bb"), ("aa* bb", "aa *bb", "*aa* bb")
    assert not any(has_inner_wildcard(phrase(keyword)) for keyword in outer)
    assert all(has_inner_wildcard(phrase(keyword)) for keyword in inner)


@pytest.mark.parametrize(
    ("keyword", "rows"),
    [
        ("vision* policy", [
            Row(" vision", 0, ("vision*", "policy"), plural=True, capitals=(False, False)),
            Row(" policies", 1, ("vision*", "policies"), plural=False, capitals=(False, False)),
        ]),
        ("in *VLM", [
            Row("vlm", 1, ("in", "*vlm"), plural=True, capitals=(False, True)),
        ]),
        ("aa* bb*", [
            Row(" aa", 0, ("aa*", "bb*"), plural=False, capitals=(False, False)),
        ]),
        ("multiagent* xx", [
            Row(" multiagent", 0, ("multiagent*", "xx"), plural=False, capitals=(False, False)),
            Row(" multi", 0, ("multi", "agent*", "xx"), plural=False,
                capitals=(False, False, False)),
        ]),
        ("aa* bb cc", [
            Row(" aa", 0, ("aa*", "bb", "cc"), plural=False, capitals=(False,) * 3),
            Row(" bbcc", 1, ("aa*", "bbcc"), plural=True, capitals=(False,) * 2),
        ]),
    ],
)  # fmt: skip
def test_a_phrase_with_inner_wildcards_is_compared_word_by_word(
    keyword: str, rows: list[Row]
) -> None:
    assert build_rows(phrase(keyword)) == rows


def test_authors_have_no_plural() -> None:
    named = Phrase("au:li* wu", (Pattern("li", open_right=True), Pattern("wuu")), Field.AUTHORS)
    assert build_rows(named) == [
        Row(" wuu", 1, ("li*", "wuu"), plural=False, capitals=(False, False))
    ]
