"""What a query would have brought, and why a paper matched, in Slack's words."""

from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from inline_snapshot import snapshot

from bot.core.answers import Explanation, Trial, Verdict
from bot.core.editions import Field, Hit, Item
from bot.core.papers import AnnounceType
from bot.core.records import Sighting
from bot.render.slack.trials import build_explanation, build_trial, say_trial
from tests.render.slack.payloads import NASTY, check_response, hostile_texts, said, values

DAY = date(2025, 12, 4)


def test_a_trial_says_how_much_it_brings_and_by_what(trial: Trial) -> None:
    answer = build_trial("VLM OR image", trial)
    check_response(answer)
    assert answer["text"] == snapshot(
        "VLM OR image would have matched 21 papers a day over the last 30 days: 412 of 7600 papers on 20 announcement days."  # noqa: E501
    )
    assert said(answer) == snapshot(
        """\
VLM OR image would have matched 21 papers a day over the last 30 days: 412 of 7600 papers on 20 announcement days.
▁█ 3 Dec to 4 Dec; most on Thursday 4 December 2025: 400.
VLM brought 400, LLM,image 20.
The newest:
• Fog and Rain: α-Mixing for a Weather Model — weather model (title)
• Counting Clouds from Below — cloud (title), weather model
/papers subscribe VLM OR image subscribes the channel where it is typed.
[Make a keyword set of it]\
"""  # noqa: E501
    )
    assert values(answer, "set_new") == ["VLM OR image"]


@pytest.mark.parametrize(
    ("matched", "days", "told"),
    [
        (412, 20, "21 papers a day"),
        (50, 20, "2.5 papers a day"),
        (20, 20, "1 paper a day"),
        (5, 20, "5 papers"),
        (1, 20, "1 paper"),
        (0, 20, "nothing"),
    ],
)
def test_a_rate_is_a_number_that_says_something(
    trial: Trial, matched: int, days: int, told: str
) -> None:
    said_so = say_trial(replace(trial, matched=matched, days=days))
    assert said_so.startswith(f"{told} over the last 30 days: {matched} of 7600 papers")


def test_a_trial_on_nothing_says_so(trial: Trial) -> None:
    assert say_trial(replace(trial, days=0)) == snapshot(
        "nothing: no announcement is stored yet to try it on."
    )


@pytest.mark.parametrize(("query", "hint"), [("fog and rain", True), ("fog AND rain", False)])
def test_a_query_that_matches_nothing_may_be_misspelt(
    trial: Trial, query: str, *, hint: bool
) -> None:
    answer = build_trial(query, replace(trial, matched=0, per_day=(), keywords=(), samples=()))
    check_response(answer)
    assert ("Operators are written in capitals" in said(answer)) is hint
    assert "subscribe" not in said(answer)


def test_many_keywords_and_days_are_cut(trial: Trial) -> None:
    keywords = tuple((f"keyword {at}", 500 - at) for at in range(500))
    per_day = tuple((DAY - timedelta(days=90 - at), at + 1) for at in range(90))
    answer = build_trial("x", replace(trial, keywords=keywords, per_day=per_day, samples=()))
    check_response(answer)
    assert "keyword 7 493 and 492 more keywords." in said(answer)
    assert said(answer) == snapshot(
        """\
x would have matched 21 papers a day over the last 30 days: 412 of 7600 papers on 20 announcement days.
▅▅▅▅▅▆▆▆▆▆▆▆▆▆▆▆▆▆▇▇▇▇▇▇▇▇▇▇▇▇█ 3 Nov to 3 Dec; most on Wednesday 3 December 2025: 90.
keyword 0 brought 500, keyword 1 499, keyword 2 498, keyword 3 497, keyword 4 496, keyword 5 495, keyword 6 494, keyword 7 493 and 492 more keywords.
/papers subscribe x subscribes the channel where it is typed.
[Make a keyword set of it]\
"""  # noqa: E501
    )


def test_papers_without_a_keyword_and_queries_without_a_button(trial: Trial) -> None:
    answer = build_trial("x" * 2_001, replace(trial, keywords=()))
    check_response(answer)
    assert "No keyword of its own brought them." in said(answer)
    assert values(answer, "set_new") == []


def test_an_explanation_tells_announcements_verdicts_and_deliveries(told: Explanation) -> None:
    answer = build_explanation(told)
    check_response(answer)
    assert answer["text"] == snapshot("Fog and Rain: α-Mixing for a Weather Model: it matches MLLM")
    assert said(answer) == snapshot(
        """\
Fog and Rain: α-Mixing for a Weather Model
• Thursday 4 December 2025: new in cs.LG, v1
• Thursday 4 December 2025: cross-listed in cs.CV, v1
MLLM matches
• VLM: “VLMs” in the title
Rain does not match
• rain: nowhere in the paper
• the set is paused
Fog does not match
• VLM: “VLMs” in the title
• left out by VLM: “VLMs” in the title
MLLM, Thursday 4 December 2025: sent to #C0456.
Fog, Thursday 4 December 2025: failed to #C0456: is archived.
Rain, Thursday 4 December 2025: it went nowhere.\
"""
    )


def test_an_explanation_of_little_says_what_there_is(told: Explanation) -> None:
    answer = build_explanation(replace(told, sightings=(), verdicts=(), showings=()))
    check_response(answer)
    assert said(answer) == snapshot(
        """\
Fog and Rain: α-Mixing for a Weather Model
Not announced here.
There is no keyword set here to compare it with.\
"""
    )
    assert str(answer["text"]).endswith("it matches no set")


def test_a_long_explanation_is_cut_and_counted(told: Explanation) -> None:
    hits = tuple(Hit(f"k{at}", Field.ABSTRACT, at, at + 1, "x") for at in range(500))
    verdict = Verdict("MLLM", matched=False, hits=hits, notes=("the set is paused",))
    sighting = Sighting(DAY, "cs.CV", AnnounceType.REPLACE, 2)
    answer = build_explanation(replace(told, sightings=(sighting,) * 40, verdicts=(verdict,) * 200))
    check_response(answer)
    shown = said(answer)
    assert "and 33 more announcements" in shown
    assert "and 494 more" in shown
    assert "the set is paused" in shown
    assert shown.endswith(" more.")


def check_hostile(text: str, trial: Trial, told: Explanation, *, types: bool = True) -> None:
    item = trial.samples[0]
    paper = replace(item.paper, title=text, authors=(text,), abstract=text)
    hit = Hit(text, Field.TITLE, 0, 1, text)
    sample = Item(paper, item.kind, (hit,))
    tried = replace(trial, keywords=((text, 3),), samples=(sample,))
    check_response(build_trial(text, tried), types=types)
    verdict = Verdict(
        text, matched=False, hits=(hit,), missing=(text,), excluded=(hit,), notes=(text,)
    )
    showings = tuple(replace(each, set_name=text, detail=text) for each in told.showings)
    sightings = (Sighting(DAY, text, AnnounceType.NEW, 1),)
    explained = Explanation(paper, sightings, (verdict,), showings)
    check_response(build_explanation(explained), types=types)


def test_nasty_texts_are_only_text(trial: Trial, told: Explanation) -> None:
    for at, text in enumerate((*NASTY, "word " * 20_000)):
        check_hostile(text, trial, told, types=at % 8 == 0)


@settings(max_examples=60, deadline=None)
@given(hostile_texts)
def test_any_text_is_only_text(trial: Trial, told: Explanation, text: str) -> None:
    check_hostile(text, trial, told, types=False)
