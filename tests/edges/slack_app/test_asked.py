from typing import Any

import pytest

from bot.core.slack_names import Person
from bot.edges.slack_app.asked import (
    Asker,
    read_asker,
    read_clicked,
    read_picked,
    read_submitted,
    read_told,
    read_typed,
)
from bot.errors import UserError

CLICK: dict[str, Any] = {
    "type": "block_actions",
    "user": {"id": "U0ADA", "team_id": "T0LAB"},
    "team": {"id": "T0LAB", "domain": "lab"},
    "container": {"type": "message", "message_ts": "1.2", "channel_id": "C0PAPERS"},
    "channel": {"id": "C0PAPERS", "name": "papers"},
    "trigger_id": "1.2.x",
    "response_url": "https://hooks.slack.com/actions/1",
    "actions": [{"action_id": "mute", "block_id": "b", "value": "7", "type": "button"}],
}


def test_a_command_is_who_typed_what_where() -> None:
    typed = read_typed(
        {
            "command": "/papers",
            "text": "why &lt;x",
            "team_id": "T0LAB",
            "user_id": "U0ADA",
            "channel_id": "C0PAPERS",
            "response_url": "https://hooks.slack.com/commands/1",
            "trigger_id": "1.2.x",
        }
    )
    assert typed.text == "why <x"
    assert typed.asker == Asker(
        Person("T0LAB", "U0ADA"),
        channel="C0PAPERS",
        url="https://hooks.slack.com/commands/1",
        trigger="1.2.x",
    )


def test_a_click_is_who_chose_what_where() -> None:
    clicked = read_clicked(CLICK)
    assert (clicked.action, clicked.value) == ("mute", "7")
    assert clicked.view is None
    assert clicked.asker.person == Person("T0LAB", "U0ADA")
    assert clicked.asker.channel == "C0PAPERS"
    assert not clicked.asker.is_stranger


def test_of_a_menu_the_chosen_options_value_counts() -> None:
    action = {"action_id": "paper", "selected_option": {"value": "save:2512.00001"}}
    assert read_clicked({**CLICK, "actions": [action]}).value == "save:2512.00001"


@pytest.mark.parametrize(
    ("body", "team"),
    [
        ({"view": {"app_installed_team_id": "T01"}, "team": {"id": "T02"}}, "T01"),
        ({"team": {"id": "T02"}, "user": {"team_id": "T03"}}, "T02"),
        ({"team": None, "user": {"id": "U1", "team_id": "T03"}, "enterprise": {"id": "E1"}}, "T03"),
        ({"team_id": "T04", "authorizations": [{"team_id": "T05"}]}, "T05"),
        ({"team_id": "T04", "authorizations": []}, "T04"),
        ({"team_id": "T04", "authorizations": ["?"]}, "T04"),
    ],
)
def test_the_workspace_is_that_of_the_installation(body: dict[str, Any], team: str) -> None:
    assert read_asker(body).person.team == team


@pytest.mark.parametrize(
    ("home", "enterprise", "strange"),
    [
        ("T0LAB", "", False),
        ("", "", False),
        ("T0ELSE", "", True),
        ("E0ORG", "E0ORG", False),
        ("T0ELSE", "E0ORG", True),
        ("E0OTHER", "E0ORG", True),
    ],
)
def test_somebody_of_another_workspace_is_a_stranger(
    home: str, enterprise: str, *, strange: bool
) -> None:
    body = {
        **CLICK,
        "user": {"id": "U0EVE", "team_id": home},
        "enterprise": {"id": enterprise} if enterprise else None,
    }
    assert read_asker(body).is_stranger is strange


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"team": "T0LAB' OR 1=1"},
        {"team_id": "t0lab"},
        {"team_id": 5},
        {"team": {"id": ["T0LAB"]}},
        {"team_id": "T0LAB/C0PAPERS"},
    ],
)
def test_without_a_workspace_nothing_is_read(body: dict[str, Any]) -> None:
    with pytest.raises(UserError, match="did not say for which workspace"):
        read_asker(body)


@pytest.mark.parametrize("odd", [None, [], "x", 5, {"x": []}, [[]], [None], [5], {"id": 7}])
def test_odd_shapes_are_read_as_nothing(odd: object) -> None:
    parts = ["user", "channel", "container", "actions", "view", "message", "event", "state"]
    body = {"team_id": "T0LAB", "user_id": "U0ADA", **dict.fromkeys(parts, odd)}
    assert read_clicked(body).value == ""
    assert read_submitted(body).view.values == {}
    assert isinstance(read_picked(body).message, dict)
    told = read_told({**body, "authorizations": odd, "event_time": odd})
    assert told.at in (0, 5)
    assert read_typed(body).text == ""
    assert read_asker(body).channel == ""


def test_ids_of_no_shape_are_left_out() -> None:
    asker = read_asker({"team_id": "T0LAB", "user_id": "U1/../x", "channel_id": "<#C1>"})
    assert asker.person.user == ""
    assert asker.channel == ""


def test_a_view_is_read_with_what_was_filled_in() -> None:
    values = {"name": {"value": {"type": "plain_text_input", "value": "MLLM"}}}
    view = read_submitted(
        {
            "team": {"id": "T0LAB"},
            "user": {"id": "U0ADA", "team_id": "T0LAB"},
            "view": {
                "id": "V1",
                "root_view_id": "V0",
                "hash": "1.a",
                "type": "modal",
                "callback_id": "set_editor",
                "private_metadata": "{}",
                "state": {"values": values},
            },
        }
    ).view
    assert (view.id, view.hash, view.callback) == ("V1", "1.a", "set_editor")
    assert (view.metadata, view.values) == ("{}", values)
