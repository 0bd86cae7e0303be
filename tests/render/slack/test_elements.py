"""Text stays text, and what a message holds is never exceeded."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from inline_snapshot import snapshot

from bot.render.segments import Segment, join
from bot.render.slack.elements import (
    bold,
    button,
    channel,
    context,
    escape,
    literal,
    literal_marked,
    paragraph,
    pieces,
    plain_text,
    preformatted,
    say,
    tame,
    words,
)
from bot.render.slack.limits import MESSAGE, MOST_FALLBACK, fallback, fit, measure
from tests.render.slack.payloads import hostile_texts


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Plain", "Plain"),
        ("A* search, *bold*", "A∗ search, ∗bold∗"),
        ("~5 of ~6", "∼5 of ∼6"),
        ("`code`", "ˋcodeˋ"),
        ("x_t and _italic_", "x_t and ＿italic＿"),
        ("> quoted > not", "› quoted > not"),
        ("A title: at 10:30", "A title: at 10:30"),
        (":fire: and a:b:c", "∶fire: and a∶b∶c"),
        (":x::y:", "∶x∶∶y:"),
    ],
)
def test_marks_become_their_twins(text: str, shown: str) -> None:
    assert tame(text) == shown


@given(hostile_texts)
def test_twins_keep_every_place(text: str) -> None:
    assert len(tame(text)) == len(text)


def test_control_characters_are_escaped() -> None:
    assert literal("<!channel> & *x*") == "&lt;!channel&gt; &amp; ∗x∗"
    assert escape("a\u202eb\ud800\nc") == "a b \nc"


@pytest.mark.parametrize(
    ("parts", "shown"),
    [
        (("Zhenshan ", "!Bing", ", Ada"), "Zhenshan *Bing*, Ada"),
        (("!Bing",), "*Bing*"),
        (("Jean-", "!Luc", " P"), "Jean-Luc P"),
        (("vor", "!hang"), "vorhang"),
        (("a ", "! b", ""), "a  b"),
        (("a<", "!b*c", ">"), "a&lt;b∗c&gt;"),
        ((":fi", "!re:", " x"), "∶fire: x"),
    ],
)
def test_hits_are_bold_where_slack_can_tell(parts: tuple[str, ...], shown: str) -> None:
    segments = join(Segment(part.removeprefix("!"), part.startswith("!")) for part in parts)
    assert literal_marked(segments) == shown


def test_neighbouring_texts_are_one_as_far_as_an_object_holds() -> None:
    assert paragraph("a", words("b"), bold("c"), bold("d"), "") == snapshot(
        {
            "type": "rich_text",
            "elements": [
                {
                    "type": "rich_text_section",
                    "elements": [
                        {"type": "text", "text": "ab"},
                        {"type": "text", "text": "cd", "style": {"bold": True}},
                    ],
                }
            ],
        }
    )
    block = paragraph("x" * 2_000, "y" * 2_000)
    assert json.dumps(block).count('"text": "') == 2
    assert [len(str(each["text"])) for each in pieces("x" * 7_000)] == [3_000, 3_000, 1_000]
    assert preformatted("")["elements"] == []


def test_what_is_said_aloud_is_escaped() -> None:
    assert say("<a> ", bold("b & c"), " in ", channel("C0123")) == "&lt;a&gt; b &amp; c in <#C0123>"


def test_labels_are_short_and_never_empty() -> None:
    assert plain_text("\n")["text"] == "…"
    assert len(str(plain_text("word " * 100)["text"])) <= 75
    assert button("Go") == snapshot(
        {"type": "button", "text": {"type": "plain_text", "text": "Go", "emoji": False}}
    )
    assert context(["x"] * 12, "more problems", "receipt") == snapshot(
        {
            "type": "context",
            "elements": [
                {"type": "plain_text", "text": "x", "emoji": False},
                {"type": "plain_text", "text": "x", "emoji": False},
                {"type": "plain_text", "text": "x", "emoji": False},
                {"type": "plain_text", "text": "x", "emoji": False},
                {"type": "plain_text", "text": "x", "emoji": False},
                {"type": "plain_text", "text": "x", "emoji": False},
                {"type": "plain_text", "text": "x", "emoji": False},
                {"type": "plain_text", "text": "x", "emoji": False},
                {"type": "plain_text", "text": "x", "emoji": False},
                {"type": "plain_text", "text": "and 3 more problems", "emoji": False},
            ],
            "block_id": "receipt",
        }
    )


@given(st.integers(0, 30), st.integers(1, 3_000), st.integers(1, 10))
def test_a_list_fits_whatever_its_rows(rows: int, size: int, most: int) -> None:
    made = [[paragraph("x" * size)] * most for _ in range(rows)]
    blocks = fit(
        [paragraph("head")], made, lambda left: [paragraph(f"and {left} more")] * (left > 0)
    )
    text, json_size = measure(*blocks)
    assert MESSAGE.holds(text, json_size, len(blocks))
    cut = [block for block in blocks if "and " in str(block)]
    shown = (len(blocks) - 1 - len(cut)) // most
    assert cut == ([paragraph(f"and {rows - shown} more")] if shown < rows else [])


@given(st.text("&<x", max_size=5_000))
def test_a_notification_is_cut_between_characters(text: str) -> None:
    shown = fallback(escape(text))
    assert 1 <= len(shown) <= MOST_FALLBACK
    assert shown.replace("&amp;", "").replace("&lt;", "").count("&") == 0


@pytest.mark.parametrize("lead", range(6))
def test_no_escape_is_cut_in_two(lead: int) -> None:
    shown = fallback(escape("x" * lead + "&" * 3_000))
    assert set(shown.removeprefix("x" * lead).removesuffix("…").split("&amp;")) == {""}
    assert fallback("x" * 3_001) == "x" * 2_999 + "…"
    assert fallback("") == "papers"
