"""Modals: their fields, what stands in them, and that nothing of it is more than text."""

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import time
from zoneinfo import available_timezones

import pytest
from hypothesis import given, settings
from inline_snapshot import snapshot

from bot.core import taxonomy
from bot.core.answers import Trial
from bot.core.desk import (
    EditorForm,
    ScheduleForm,
    parse_keywords,
    write_excluded,
    write_keywords,
)
from bot.core.papers import AnnounceType
from bot.core.schedule import Rhythm
from bot.errors import Fault
from bot.render.slack.modals import (
    build_category_options,
    build_errors,
    build_notice_modal,
    build_set_editor,
    build_timezone_options,
)
from bot.render.slack.schedules import build_subscription_editor
from tests.render.slack.payloads import NASTY, check_view, hostile_texts, objects, said

FORM = EditorForm(
    set_ref="slack:T0123/MLLM",
    keywords="VLM\nLLM + image",
    exclude="survey",
    categories=("cs.CV", "cs.RO"),
    types=(AnnounceType.NEW,),
    rhythm=Rhythm.WEEKLY,
    weekday=2,
    at=time(9),
    timezone="Europe/Berlin",
    destinations=("C0456", "D0789"),
    channel="C0456",
)


def inputs(view: Mapping[str, object]) -> dict[str, Mapping[str, object]]:
    """List a form's elements by their blocks' names."""
    return {
        str(each["block_id"]): each["element"]  # type: ignore[misc]
        for each in objects(view["blocks"])
        if each.get("type") == "input"
    }


def chosen(element: Mapping[str, object]) -> object:
    one = element.get("initial_option")
    if isinstance(one, dict):
        return one["value"]
    several = element.get("initial_options")
    return [each["value"] for each in several] if isinstance(several, list) else None


def test_a_new_set_s_editor_is_empty() -> None:
    view = build_set_editor(EditorForm())
    check_view(view)
    assert {key: value for key, value in view.items() if key != "blocks"} == snapshot(
        {
            "type": "modal",
            "title": {"type": "plain_text", "text": "New keyword set", "emoji": False},
            "close": {"type": "plain_text", "text": "Cancel", "emoji": False},
            "submit": {"type": "plain_text", "text": "Save", "emoji": False},
            "callback_id": "set_editor",
        }
    )
    blocks = view["blocks"]
    assert isinstance(blocks, list)
    assert {str(each["block_id"]): each for each in blocks if each.get("optional")} == snapshot(
        {
            "keywords": {
                "type": "input",
                "block_id": "keywords",
                "label": {"type": "plain_text", "text": "Keywords", "emoji": False},
                "element": {
                    "action_id": "value",
                    "type": "plain_text_input",
                    "max_length": 3000,
                    "multiline": True,
                    "dispatch_action_config": {"trigger_actions_on": ["on_enter_pressed"]},
                },
                "hint": {
                    "type": "plain_text",
                    "text": "One alternative a line; “LLM + image” on one line: both must occur.",
                    "emoji": False,
                },
                "optional": True,
                "dispatch_action": True,
            },
            "query": {
                "type": "input",
                "block_id": "query",
                "label": {"type": "plain_text", "text": "Or a query instead", "emoji": False},
                "element": {
                    "action_id": "value",
                    "type": "plain_text_input",
                    "max_length": 3000,
                    "dispatch_action_config": {"trigger_actions_on": ["on_enter_pressed"]},
                },
                "hint": {
                    "type": "plain_text",
                    "text": 'grasp* AND (dexterous OR "multi finger*") AND NOT cat:cs.HC. A set has keywords or a query: leave one of the two empty.',  # noqa: E501
                    "emoji": False,
                },
                "optional": True,
                "dispatch_action": True,
            },
            "exclude": {
                "type": "input",
                "block_id": "exclude",
                "label": {"type": "plain_text", "text": "Leave out", "emoji": False},
                "element": {
                    "action_id": "value",
                    "type": "plain_text_input",
                    "max_length": 3000,
                    "multiline": True,
                    "dispatch_action_config": {"trigger_actions_on": ["on_enter_pressed"]},
                },
                "hint": {
                    "type": "plain_text",
                    "text": "A paper that holds any of these lines is left out.",
                    "emoji": False,
                },
                "optional": True,
                "dispatch_action": True,
            },
            "categories": {
                "type": "input",
                "block_id": "categories",
                "label": {"type": "plain_text", "text": "Categories", "emoji": False},
                "element": {
                    "action_id": "category_options",
                    "type": "multi_external_select",
                    "min_query_length": 0,
                    "placeholder": {
                        "type": "plain_text",
                        "text": "All followed categories",
                        "emoji": False,
                    },
                },
                "optional": True,
                "dispatch_action": True,
            },
            "destinations": {
                "type": "input",
                "block_id": "destinations",
                "label": {"type": "plain_text", "text": "Deliver to", "emoji": False},
                "element": {
                    "action_id": "value",
                    "type": "multi_conversations_select",
                    "placeholder": {"type": "plain_text", "text": "Nowhere yet", "emoji": False},
                    "filter": {"include": ["public", "private", "im"]},
                },
                "hint": {
                    "type": "plain_text",
                    "text": "This app must be a member of a channel to post there: /invite it.",
                    "emoji": False,
                },
                "optional": True,
            },
        }
    )
    assert [each["block_id"] for each in blocks] == snapshot(
        [
            "name",
            "keywords",
            "query",
            "exclude",
            "categories",
            "types",
            "rhythm",
            "weekday",
            "at",
            "timezone",
            "destinations",
            "preview",
        ]
    )
    assert {name: chosen(element) for name, element in inputs(view).items()} == snapshot(
        {
            "name": None,
            "keywords": None,
            "query": None,
            "exclude": None,
            "categories": None,
            "types": ["new", "cross"],
            "rhythm": "daily",
            "weekday": "0",
            "at": "announced",
            "timezone": "UTC",
            "destinations": None,
        }
    )


def test_a_set_s_editor_holds_what_the_set_is() -> None:
    view = build_set_editor(FORM)
    check_view(view)
    fields = inputs(view)
    assert "name" not in fields
    assert said(view).startswith("Keyword set MLLM")
    assert view["private_metadata"] == snapshot('{"set": "slack:T0123/MLLM", "channel": "C0456"}')
    assert fields["keywords"]["initial_value"] == "VLM\nLLM + image"
    assert {name: chosen(element) for name, element in fields.items()} == snapshot(
        {
            "keywords": None,
            "query": None,
            "exclude": None,
            "categories": ["cs.CV", "cs.RO"],
            "types": ["new"],
            "rhythm": "weekly",
            "weekday": "2",
            "at": "09:00",
            "timezone": "Europe/Berlin",
            "destinations": None,
        }
    )
    assert fields["destinations"]["initial_conversations"] == ["C0456", "D0789"]


def test_a_set_without_types_or_with_an_odd_time_can_still_be_edited() -> None:
    view = build_set_editor(replace(FORM, types=(), at=time(9, 7)))
    check_view(view)
    fields = inputs(view)
    assert chosen(fields["types"]) is None
    assert chosen(fields["at"]) == "09:07"
    options = fields["at"]["options"]
    assert isinstance(options, list)
    times = [each["value"] for each in options]
    assert times[36:41] == ["08:45", "09:00", "09:07", "09:15", "09:30"]
    assert len(times) == 98


def test_the_preview_says_what_it_would_have_matched(trial: Trial) -> None:
    view = build_set_editor(FORM, trial)
    check_view(view)
    assert said(view).partition("[Preview]\n")[2] == snapshot("""\
It would have matched 21 papers a day over the last 30 days: 412 of 7600 papers on 20 announcement days.
VLM brought 400, LLM,image 20.
The newest:
• Fog and Rain: α-Mixing for a Weather Model — weather model (title)
• Counting Clouds from Below — cloud (title), weather model\
""")  # noqa: E501
    nothing = build_set_editor(FORM, replace(trial, matched=0, samples=(), keywords=()))
    assert said(nothing).partition("[Preview]\n")[2] == snapshot(
        "It would have matched nothing over the last 30 days: 0 of 7600 papers on 20 announcement days."  # noqa: E501
    )


def test_faults_stand_above_the_fields_and_below_each() -> None:
    faults = (
        Fault("keywords", 0, "`VLM OR` ends with an operator."),
        Fault("keywords", 0, "a second one"),
        Fault("name", 0, "There is a set `MLLM` already."),
    )
    view = build_set_editor(FORM, faults=faults)
    check_view(view)
    assert said(view).startswith("`VLM OR` ends with an operator.\na second one\nThere is")
    assert build_errors(faults) == snapshot(
        {
            "response_action": "errors",
            "errors": {
                "keywords": "`VLM OR` ends with an operator.",
                "name": "There is a set `MLLM` already.",
            },
        }
    )


@pytest.mark.parametrize("number", [1, 500, 5_000])
def test_every_keyword_is_in_the_fields(number: int) -> None:
    keywords = tuple((f"keyword number {at}", "image") for at in range(number))
    exclude = tuple(f"survey {at}" for at in range(500))
    form = replace(FORM, keywords=write_keywords(keywords), exclude=write_excluded(exclude))
    view = build_set_editor(form)
    check_view(view)
    fields = inputs(view)
    if number == 5_000:
        assert fields == {}
        assert said(view) == "This set is too long to be edited in Slack."
        return
    parts = [element for name, element in fields.items() if name.startswith("keywords")]
    assert all(len(str(part["initial_value"])) <= 3_000 for part in parts)
    text = "\n".join(str(part["initial_value"]) for part in parts)
    assert parse_keywords(text) == keywords
    names = [name for name in fields if name.startswith(("keywords", "exclude"))]
    assert len(names) == len(set(names))


@pytest.mark.parametrize(
    "form",
    [
        replace(FORM, keywords="x" * 3_001),
        replace(FORM, keywords="", query="word " * 20_000),
        replace(FORM, exclude="雲" * 100_000),
        replace(FORM, keywords="\n".join(["😀" * 200] * 400)),
    ],
)
def test_what_slack_s_fields_cannot_hold_is_not_cut(form: EditorForm) -> None:
    view = build_set_editor(form)
    check_view(view)
    assert "submit" not in view
    assert said(view) == "This set is too long to be edited in Slack."


def test_the_schedule_of_a_subscription_is_edited() -> None:
    form = ScheduleForm(7, "MLLM", "C0456", Rhythm.WEEKDAYS, None, time(9), "Europe/Berlin", "C1")
    view = build_subscription_editor(form, (Fault("at", 0, "There is no such time."),))
    check_view(view)
    assert said(view).startswith("MLLM to #C0456\nThere is no such time.")
    assert view["private_metadata"] == snapshot('{"subscription": 7, "channel": "C1"}')
    assert {name: chosen(element) for name, element in inputs(view).items()} == snapshot(
        {"rhythm": "weekdays", "weekday": "0", "at": "09:00", "timezone": "Europe/Berlin"}
    )
    plain = build_subscription_editor(ScheduleForm(7, "MLLM", "D0456"))
    check_view(plain)
    assert json.loads(str(plain["private_metadata"])) == {"subscription": 7}


def test_a_notice_only_says_something() -> None:
    view = build_notice_modal("papers", "Reading the last 30 days …")
    check_view(view)
    assert view == snapshot(
        {
            "type": "modal",
            "title": {"type": "plain_text", "text": "papers", "emoji": False},
            "close": {"type": "plain_text", "text": "Close", "emoji": False},
            "blocks": [
                {
                    "type": "rich_text",
                    "elements": [
                        {
                            "type": "rich_text_section",
                            "elements": [{"type": "text", "text": "Reading the last 30 days …"}],
                        }
                    ],
                }
            ],
        }
    )
    check_view(build_notice_modal("A title that is longer than fits", "\n"))


@pytest.mark.parametrize(
    ("typed", "first"),
    [
        ("", ["cs.RO", "cs.CV"]),
        ("robot", ["cs.RO"]),
        ("cs learning", ["cs.LG"]),
        ("nowhere", []),
    ],
)
def test_categories_are_found_by_id_and_name(typed: str, first: list[str]) -> None:
    found = build_category_options(typed, ("cs.RO", "cs.CV"))["options"]
    assert isinstance(found, list)
    assert len(found) <= 100
    ids = [each["value"] for each in found]
    assert ids[: len(first)] == first
    assert len(ids) == len(set(ids))


def test_every_category_and_time_zone_is_an_option() -> None:
    for name in taxonomy.NAMES:
        (only, *_) = (
            each
            for each in build_category_options(name)["options"]  # type: ignore[attr-defined]
            if each["value"] == name
        )
        assert len(only["text"]["text"]) <= 75
    zones = available_timezones()
    found = build_timezone_options("new york", zones)["options"]
    assert isinstance(found, list)
    assert [each["value"] for each in found] == ["America/New_York"]
    assert len(build_timezone_options("", zones)["options"]) == 100  # type: ignore[arg-type]


def test_an_unknown_category_is_its_own_name() -> None:
    view = build_set_editor(replace(FORM, categories=("cs.XX", "x" * 80)))
    check_view(view)
    assert chosen(inputs(view)["categories"]) == ["cs.XX"]


def check_hostile(text: str, trial: Trial, *, types: bool = True) -> None:
    form = EditorForm("", text, text, text, text, (text,), destinations=("C0456",))
    samples = tuple(replace(item, paper=replace(item.paper, title=text)) for item in trial.samples)
    tried = replace(trial, keywords=((text, 3),), samples=samples)
    faults = (Fault("name", 0, text or "x"),)
    check_view(build_set_editor(form, tried, faults), types=types)
    check_view(build_set_editor(replace(form, set_ref=f"slack:T0123/{text}")), types=types)
    check_view(build_subscription_editor(ScheduleForm(7, text, text)), types=types)
    check_view(build_notice_modal(text, text), types=types)
    errors = build_errors(faults)["errors"]
    assert isinstance(errors, dict)
    assert all(len(error) <= 150 for error in errors.values())
    for element in inputs(build_set_editor(form)).values():
        value = str(element.get("initial_value", ""))
        assert value.replace("\n", "").isprintable()


def test_nasty_texts_are_only_text(trial: Trial) -> None:
    for at, text in enumerate((*NASTY, "<!channel> " * 7, "word " * 500)):
        check_hostile(text, trial, types=at % 8 == 0)


@settings(max_examples=40, deadline=None)
@given(hostile_texts)
def test_any_text_is_only_text(trial: Trial, text: str) -> None:
    check_hostile(text, trial, types=False)
