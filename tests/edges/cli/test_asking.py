"""`papers try`, `papers why` and `papers search` as a person types them."""

import json

import pytest

from tests.edges.cli.conftest import SAMPLE, Papers, Ran

CONFIG = ["--config", SAMPLE / "config.toml"]


@pytest.fixture
def stored(papers: Papers, sample: list[object]) -> Papers:
    """Run commands on a database that holds the sample's announcement."""
    assert papers("fetch", *sample).code == 0
    return papers


def test_a_trial_shows_the_days_the_keywords_and_samples(stored: Papers) -> None:
    ran = stored("try", *CONFIG, "vision language model OR grasp*")
    assert ran.code == 0
    lines = ran.out.splitlines()
    assert lines[0] == "10 of 26 papers over 1 announcement day: about 10.0 a day"
    assert lines[2] == f"  Tue  2 Jun    10  {'█' * 10}"
    assert lines[4:6] == ["  grasp*                    7", "  vision language model     4"]
    assert ran.out.count("Why: ") == 5


def test_a_trial_is_told_to_programs_too(stored: Papers) -> None:
    trial = json.loads(stored("try", *CONFIG, "grasp*", "--samples", "2", "--json").out)
    assert trial["matched"] == trial["keywords"]["grasp*"] == 7
    assert trial["per_day"] == {"2026-06-02": 7}
    assert [hit["keyword"] for hit in trial["samples"][0]["hits"]][:1] == ["grasp*"]
    assert len(trial["samples"]) == 2


def test_replacements_are_tried_only_when_asked_for(stored: Papers) -> None:
    kinds = ["--type", "replace", "--type", "replace-cross"]
    replaced = json.loads(stored("try", *CONFIG, "cat:cs.*", *kinds, "--json").out)
    usual = json.loads(stored("try", *CONFIG, "cat:cs.*", "--json").out)
    assert replaced["read"] + usual["read"] == 30


def test_a_trial_without_matches_says_how_many_papers_were_read(stored: Papers) -> None:
    ran = stored("try", *CONFIG, "llm or vlm")
    assert ran.code == 1
    assert "none of the 26 papers of the last 1 announcement day" in ran.out
    assert "Operators are written in capitals: AND, OR, NOT." in ran.out
    assert "capitals" not in stored("try", *CONFIG, "zyzzyva").out


def test_a_trial_of_an_empty_database_says_what_to_do(papers: Papers) -> None:
    ran = papers("try", *CONFIG, "grasp*")
    assert (ran.code, ran.out) == (
        1,
        "Nothing is stored yet: `papers fetch` reads the newest announcement.\n",
    )


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("VLM OR", "`VLM OR` ends with an operator at position 7: add a word after it"),
        ("(VLM", "the bracket at position 1 is never closed: add )"),
        ("cat:cs.CVV", "did you mean `cat:cs.CV`?"),
        ("NOT survey", "would match almost every paper, as leaving out is enough for it"),
    ],
)
def test_a_bad_query_is_refused_with_its_position(stored: Papers, query: str, said: str) -> None:
    ran = stored("try", *CONFIG, query)
    assert ran.code == 2
    assert said in ran.err


def test_why_tells_the_words_that_a_keyword_hit(stored: Papers) -> None:
    ran = stored("why", *CONFIG, "arXiv:2606.00107v1")
    assert ran.code == 0
    assert "Tuesday 2 June 2026: new in cs.CV, v1" in ran.out
    assert "vision language model: 'Vision-Language Models' in the title at 24" in ran.out
    assert "Grasping: does not match\n  grasp*: nowhere in the paper" in ran.out


def test_why_tells_what_left_a_paper_out(stored: Papers) -> None:
    ran = stored("why", *CONFIG, "2606.00247", "--set", "vision and language")
    assert ran.code == 1
    assert "left out by survey: 'Survey' in the title at" in ran.out


def test_why_tells_what_became_of_the_deliveries(stored: Papers, sample: list[object]) -> None:
    assert "folder" not in stored("why", *CONFIG, "2606.00107").out
    assert stored("send", *sample).code == 0
    ran = stored("why", *CONFIG, "2606.00107")
    assert "Vision and language, Tuesday 2 June 2026: sent to folder digests" in ran.out
    told = json.loads(stored("why", *CONFIG, "2606.00107", "--json").out)
    assert told["deliveries"][0]["state"] == "sent"
    assert [each["matched"] for each in told["sets"]] == [True, False, False]


@pytest.mark.parametrize(
    ("arxiv_id", "said"),
    [
        ("banana", "'banana' is not an arXiv id: write it like 2512.03874"),
        ("2512.00001", "2512.00001 is not in the database"),
    ],
)
def test_why_refuses_what_is_no_stored_paper(stored: Papers, arxiv_id: str, said: str) -> None:
    ran = stored("why", *CONFIG, arxiv_id)
    assert ran.code == 2
    assert said in ran.err


def found(ran: Ran) -> set[str]:
    return {row["id"] for row in json.loads(ran.out)}


def test_search_finds_words_phrases_and_beginnings(stored: Papers) -> None:
    words = found(stored("search", *CONFIG, "vision", "language", "--json"))
    phrase = found(stored("search", *CONFIG, '"vision language"', "--json"))
    beginning = found(stored("search", *CONFIG, "grasp*", "--json"))
    assert "2606.00107" in words & phrase
    assert phrase <= words
    assert "2606.00351" in beginning


def test_search_shows_when_a_paper_was_announced(stored: Papers) -> None:
    ran = stored("search", *CONFIG, "teapot", "--limit", "1")
    assert ran.code == 0
    assert "Tuesday 2 June 2026" in " ".join(ran.out.split())


def test_a_search_that_finds_nothing_says_among_how_many(stored: Papers) -> None:
    ran = stored("search", *CONFIG, "zyzzyva")
    assert (ran.code, ran.out) == (1, "None of the 30 stored papers holds all of these words.\n")
    assert json.loads(stored("search", *CONFIG, "zyzzyva", "--json").out) == []


def test_a_search_for_nothing_is_refused(stored: Papers) -> None:
    assert stored("search", *CONFIG, "--", "---").code == 2
    assert stored("search", *CONFIG).code == 2
