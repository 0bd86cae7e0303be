import time
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.explaining import show_field
from bot.core.words import (
    LONGEST_WORD,
    SECTION_FIELDS,
    Section,
    find_places,
    fold,
    prepare,
    split_words,
)
from tests.fakes.papers import make_paper

SIGNS = st.text(st.sampled_from("abAB'’-_ |/\n.+#1é\u0301ﷺﾞß𝒜中*"), max_size=40)


@pytest.mark.parametrize(
    ("word", "folded"),
    [
        ("Vision", "vision"),
        ("Poincaré", "poincare"),
        ("POINCARÉ", "poincare"),
        ("Poincare\u0301", "poincare"),
        ("Straße", "strasse"),
        ("Łukasz", "lukasz"),
        ("Søren", "soren"),
        ("Æther", "aether"),
        ("İzmir", "izmir"),
        ("ﬁne", "fine"),
        ("ＡＢＣ", "abc"),
        ("𝒜𝒷", "ab"),
        ("λόγος", "λογοσ"),
        ("ΛΌΓΟΣ", "λογοσ"),
        ("中文", "中文"),
        ("½", "1⁄2"),
    ],
)
def test_case_accents_and_compatibility_forms_fold_away(word: str, folded: str) -> None:
    assert fold(word) == folded


def test_a_character_that_stands_for_a_phrase_folds_to_one_word() -> None:
    assert fold("\ufdfa") == "صلىاللهعليهوسلم"


@given(st.text(st.characters(categories=["L", "N", "Mn"]), min_size=1))
def test_what_is_folded_stays_as_it_is(word: str) -> None:
    assert fold(fold(word)) == fold(word)
    assert fold(word)


@pytest.mark.parametrize("sign", ["\uff9e", "\uff9f", "\u037a", "\ufc5e"])
def test_an_accent_written_as_a_letter_stands_for_itself(sign: str) -> None:
    assert fold(sign).strip()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", []),
        (" - … ** |", []),
        ("A vision-language model.", ["a", "vision", "language", "model"]),
        ("and/or (both)", ["and", "or", "both"]),
        ("GPT-4o, GPT 3.5", ["gpt", "4o", "gpt", "3.5"]),
        ("the end.Next", ["the", "end", "next"]),
        ("v1.2.3 1. 2", ["v1.2.3", "1", "2"]),
        ("C++, C#, F# and C", ["c++", "c#", "f#", "and", "c"]),
        ("C++11 and ab#", ["c", "11", "and", "ab"]),
        ("LLM's models’ boss's", ["llm", "models", "boss"]),
        ("don't O’Neil 'so'", ["dont", "oneil", "so"]),
        ("snake_case __x__", ["snake", "case", "x"]),
        ("one—two–three", ["one", "two", "three"]),
        ("e\u0301a", ["ea"]),
        ("𝒜-net 中文", ["a", "net", "中文"]),
    ],
)
def test_text_is_split_into_folded_words(text: str, words: list[str]) -> None:
    assert [word.folded for word in split_words(text)] == words


def test_a_word_knows_its_place_without_its_possessive() -> None:
    text = "An LLM's naïve C++ code"
    assert [text[word.start : word.end] for word in split_words(text)] == [
        *("An", "LLM", "naïve", "C++", "code"),
    ]


def test_a_word_knows_whether_only_a_hyphen_parts_it_from_the_one_before() -> None:
    joined = "-a-b a - b c--d e‑f g–h i_j k/l LLM's-m n - o"
    assert [word.folded for word in split_words(joined) if word.joined] == [
        *("b", "f", "h", "j", "m"),
    ]


def test_capitals_are_counted() -> None:
    counted = {word.folded: word.capitals for word in split_words("CLIP Clip clip GPTs É1Ö 中A")}
    assert counted == {"clip": 0, "gpts": 3, "e1o": 2, "中a": 1}
    assert [word.capitals for word in split_words("CLIP Clip clip")] == [4, 1, 0]


def test_an_endless_word_is_compared_by_its_beginning_and_keeps_its_place() -> None:
    word = split_words("x" * 5_000)[0]
    assert (len(word.folded), word.start, word.end) == (LONGEST_WORD, 0, 5_000)


def test_a_paper_is_prepared_as_six_lines_of_words() -> None:
    paper = replace(
        make_paper(
            title="Multi-modal maps",
            abstract="A MAP.",
            authors=("Ana Ruiz", "Bo-Li Æ"),
        ),
        comments="5 pages",
    )
    prepared = prepare(paper)
    assert prepared.text.split("\n") == [
        " multi modal maps ",
        " a map ",
        " multimodal maps ",
        " ",
        " ana ruiz | bo li ae ",
        " 5 pages ",
        "",
    ]
    marked = [prepared.text[int(mark) :].split()[0] for mark in prepared.marks.split()]
    assert marked == ["map"]


def test_words_with_two_capitals_are_marked_compounds_too() -> None:
    prepared = prepare(make_paper(title="A CLIP-like Clip", abstract="of R-A Gs"))
    marked = [prepared.text[int(mark) :].split()[0] for mark in prepared.marks.split()]
    assert marked == ["clip", "cliplike", "ra"]


@pytest.mark.parametrize(
    ("title", "joined"),
    [
        ("plain words", ""),
        ("one two-three four", "one twothree four"),
        ("a b c d e f-g h i j k l", "b c d e fg h i j k"),
        ("a-b c d e f g h i j k l-m", "ab c d e f | h i j k lm"),
        ("a-b c d e f g h i j-k", "ab c d e f g h i jk"),
        ("open-ended grid-world", ("openended gridworld | openended grid world | "
         "open ended gridworld")),
        ("x-y-z", "xyz | xy z | x yz"),
        ("v 2d-grid-world w", "v 2dgridworld w | v 2dgrid world | 2d gridworld w"),
        ("a-b-c-d-e-f-g-h-i", ("abcdefgh i | ab c | a bc d | b cd e | c de f | d ef g | e fg h | "
         "f gh i")),
    ],
)  # fmt: skip
def test_compounds_are_also_joined_with_the_words_around_them(title: str, joined: str) -> None:
    line = prepare(make_paper(title=title)).text.split("\n")[Section.TITLE_JOINED]
    assert line.strip() == joined


def test_a_paper_of_nothing_can_be_prepared() -> None:
    empty = make_paper(title="", abstract="", authors=())
    assert prepare(empty).text == " \n" * 6
    assert prepare(empty).marks == ""
    assert find_places(empty) == ()


@given(title=SIGNS, abstract=SIGNS, authors=st.lists(SIGNS, max_size=3), comments=SIGNS)
def test_every_place_leads_from_a_prepared_word_to_the_words_it_stands_for(
    title: str, abstract: str, authors: list[str], comments: str
) -> None:
    paper = replace(make_paper(title=title, abstract=abstract, authors=authors), comments=comments)
    prepared = prepare(paper)
    assert prepared.text.count("\n") == len(Section)
    places = find_places(paper)
    words = [word for word in prepared.text.split() if word != "|"]
    assert len(places) == len(words)
    for place, word in zip(places, words, strict=True):
        assert prepared.text[place.offset - 1 :].startswith(f" {word} ")
        shown = show_field(paper, SECTION_FIELDS[place.section])[place.start : place.end]
        assert "".join(part.folded for part in split_words(shown)) == word
    offsets = {place.offset for place in places}
    assert {int(mark) for mark in prepared.marks.split()} <= offsets


@pytest.mark.parametrize("unit", ["a-", "a-b ", "a-b-c ", "é", "'a", "1.", "| ", "-", "x_"])
def test_hostile_text_is_prepared_in_a_moment(unit: str) -> None:
    paper = make_paper(title=unit * 200, abstract=unit * (100_000 // len(unit)))
    before = time.process_time()
    prepared = prepare(paper)
    assert time.process_time() - before < 3
    assert len(prepared.text) < 1_000_000


def test_three_thousand_authors_are_prepared() -> None:
    paper = make_paper(authors=[f"Person Number{number}" for number in range(3_000)])
    assert prepare(paper).text.count("|") == 2_999
