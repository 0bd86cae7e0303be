"""Who forges, replays or reaches into another workspace: nothing is done, and nothing leaks."""

import json
import time
from typing import Any

import pytest

from bot.core.keyword_sets import KeywordSet
from bot.core.records import Mark
from bot.core.slack_names import Person as Somebody
from tests.edges.slack_app.conftest import Lab
from tests.edges.slack_app.test_actions import post_digest
from tests.edges.slack_app.test_forms import open_editor
from tests.fakes.slack_api import GONE, Forgery, Message, View

SECRET = KeywordSet(
    "Secret plans", query="classified OR cat", owner="slack:T0LAB", creator="slack:T0LAB/U0CHIEF"
)
EVE = Somebody("T0ELSE", "U0EVE")


def post_buttons(lab: Lab, elements: list[dict[str, Any]]) -> Message:
    """Post a message with these elements in Eve's own channel."""
    blocks = [{"type": "actions", "elements": elements}]
    lab.app.slack.clients.ask(
        "T0ELSE", "chat.postMessage", channel="C0ELSE", text="buttons", blocks=blocks
    )
    return lab.elsewhere.channel("C0ELSE").messages[-1]


def button(action: str, value: str) -> dict[str, Any]:
    text = {"type": "plain_text", "text": action}
    return {"type": "button", "text": text, "action_id": action, "value": value}


def everything_seen_by_eve(lab: Lab) -> str:
    """Give all that ever reached the other workspace."""
    seen = [
        text
        for channel in lab.elsewhere.channels.values()
        for message in channel.everything
        for text in message.texts
    ]
    views = [view for view in lab.slack.views if view.team is lab.elsewhere]
    return "\n".join([*seen, *(text for view in views for text in view.texts)])


def check_untouched(lab: Lab) -> None:
    (kept,) = lab.subscriptions()
    assert not kept.paused
    assert lab.app.store.load_all_sets() == (SECRET,)
    assert len(lab.papers.messages) == 1
    seen = everything_seen_by_eve(lab)
    for private in ("classified", "C0PAPERS", "U0ADA", "U0CHIEF", "T0LAB/"):
        assert private not in seen, seen
    assert lab.count_faults() == 0


@pytest.fixture
def lab_and_eve(two_labs: Lab) -> Lab:
    """Give two workspaces, of which one has a set and a subscription that Eve wants to touch."""
    two_labs.app.store.save_set(SECRET)
    two_labs.subscribe()
    return two_labs


@pytest.mark.parametrize(
    ("action", "value"),
    [
        ("mute", "1"),
        ("subscription_pause", "1"),
        ("subscription_resume", "1"),
        ("subscription_remove", "1"),
        ("subscription_preview", "1"),
        ("subscribe_set", "slack:T0LAB/Secret plans"),
        ("mute", "1 OR 1=1"),
        ("mute", "-1"),
        ("mute", "9" * 400),
        ("mute", "\u0661"),
        ("subscribe_set", "slack:T0LAB"),
        ("subscribe_set", "/"),
        ("unsave", "../../etc/passwd"),
        ("try_query", '"' + "(" * 1_999),
    ],
)
def test_another_workspaces_ids_in_a_button_are_those_of_nothing(
    lab_and_eve: Lab, action: str, value: str
) -> None:
    lab = lab_and_eve
    message = post_buttons(lab, [button(action, "0")])
    done = lab.eve.click(message, action, forge=Forgery(fields={"actions.0.value": value}))
    assert done.ack.ok
    answer = done.wait_response(1)
    assert answer["response_type"] == "ephemeral"
    check_untouched(lab)


@pytest.mark.parametrize(
    ("action", "value"),
    [
        ("set_edit", "1"),
        ("set_edit", "slack:T0LAB/Secret plans"),
        ("set_edit", "config/Clouds"),
        ("subscription_edit", "1"),
    ],
)
def test_another_workspaces_ids_open_no_editor(lab_and_eve: Lab, action: str, value: str) -> None:
    lab = lab_and_eve
    message = post_buttons(lab, [button(action, "0")])
    done = lab.eve.click(message, action, forge=Forgery(fields={"actions.0.value": value}))
    view = lab.wait_filled(done)
    assert view.callback_id == ""
    check_untouched(lab)


def test_what_is_not_there_and_what_is_anothers_are_answered_alike(lab_and_eve: Lab) -> None:
    lab = lab_and_eve
    message = post_buttons(lab, [button("subscription_pause", "0"), button("set_edit", "0")])
    said = []
    for value in ("1", "7"):
        forge = Forgery(fields={"actions.0.value": value})
        done = lab.eve.click(message, "subscription_pause", forge=forge)
        said.append(done.wait_response(1)["text"].replace(value, "N"))
    for value in ("slack:T0LAB/Secret plans", "slack:T0ELSE/Nothing"):
        forge = Forgery(fields={"actions.0.value": value})
        view = lab.wait_filled(lab.eve.click(message, "set_edit", forge=forge))
        said.append(" ".join(view.texts).replace(value.partition("/")[2], "N"))
    assert said[0] == said[1]
    assert said[2] == said[3]


@pytest.mark.parametrize(
    "fields",
    [
        {"view.private_metadata": json.dumps({"set": "slack:T0LAB/Secret plans"})},
        {"view.private_metadata": json.dumps({"set": "config/Clouds"})},
        {"view.private_metadata": json.dumps({"set": "operator/x", "channel": "C0PAPERS"})},
        {"view.state.values.destinations.value.selected_conversations": ["C0PAPERS"]},
        {"view.state.values.destinations.value.selected_conversations": ["G0SECRET"]},
        {"view.state.values.destinations.value.selected_conversations": ["T0LAB/C0PAPERS"]},
    ],
)
def test_another_workspaces_ids_in_a_form_change_nothing(
    lab_and_eve: Lab, fields: dict[str, Any]
) -> None:
    lab = lab_and_eve
    lab.elsewhere.channel("C0ELSE").members.add("U0EVE")
    message = lab.eve.command("/papers help", "C0ELSE").wait_message(1)
    view = lab.wait_filled(lab.eve.click(message, "set_new"))
    values = {"name": "Mine", "query": "tree", "destinations": ["C0ELSE"]}
    done = lab.eve.submit(view, values, Forgery(fields=fields))
    assert done.ack.ok
    lab.wait(lambda: done.errors or "Save" not in view.texts or "Saved " in view.texts)
    made = {each.name for each in lab.app.store.load_all_sets()}
    assert made <= {"Secret plans", "Mine"}
    assert SECRET in lab.app.store.load_all_sets()
    # She may subscribe what is in her own workspace, whether it is there or not.
    places = {str(each.destination).removeprefix("channel ") for each in lab.subscriptions()}
    assert places - {"T0LAB/C0PAPERS"} <= {"T0ELSE/C0ELSE", "T0ELSE/C0PAPERS", "T0ELSE/G0SECRET"}
    assert len(lab.papers.messages) == 1
    assert "classified" not in everything_seen_by_eve(lab)


def test_a_preview_of_anothers_set_shows_nothing_of_it(lab_and_eve: Lab) -> None:
    lab = lab_and_eve
    message = lab.eve.command("/papers help", "C0ELSE").wait_message(1)
    view = lab.wait_filled(lab.eve.click(message, "set_new"))
    forge = Forgery(fields={"view.private_metadata": '{"set": "slack:T0LAB/Secret plans"}'})
    done = lab.eve.click(view, "set_preview", forge=forge)
    assert "there is no set 'Secret plans' here" in " ".join(done.wait_view().texts)
    check_untouched(lab)


def test_a_schedule_of_another_workspace_is_not_changed(lab_and_eve: Lab) -> None:
    lab = lab_and_eve
    lab.eve.command("/papers subscribe Clouds", "C0ELSE").wait_response(1)
    listed = lab.eve.command("/papers list", "C0ELSE").wait_message(1)
    view = lab.wait_filled(lab.eve.click(listed, "subscription_edit"))
    forge = Forgery(fields={"view.private_metadata": '{"subscription": 1}'})
    lab.eve.submit(view, {"rhythm": "weekly"}, forge)
    lab.wait(lambda: "there is no subscription 1 here" in " ".join(view.texts))
    first, second = lab.subscriptions()
    assert (str(first.schedule.rhythm), str(second.schedule.rhythm)) == ("daily", "daily")


def test_another_workspaces_view_cannot_be_changed(lab_and_eve: Lab) -> None:
    lab = lab_and_eve
    theirs = open_editor(lab)
    message = lab.eve.command("/papers help", "C0ELSE").wait_message(1)
    mine = lab.wait_filled(lab.eve.click(message, "set_new"))
    before = theirs.hash
    lab.eve.click(mine, "set_preview", forge=Forgery(fields={"view.id": theirs.id}))
    lab.eve.command("/papers list", "C0ELSE").wait_response(1)
    assert theirs.hash == before


def test_each_workspace_sees_its_own_alone(lab_and_eve: Lab) -> None:
    lab = lab_and_eve
    for typed in ("list", "help", "today", "why 2512.00002", "saved", "today Secret plans"):
        lab.eve.command(f"/papers {typed}", "C0ELSE").wait_response(1)
    lab.eve.open_home()
    lab.wait(lambda: lab.eve.home)
    check_untouched(lab)
    assert "Secret plans" in lab.said(lab.ada, "/papers why 2512.00002")


def test_papers_saved_are_a_persons_own(lab_and_eve: Lab) -> None:
    lab = lab_and_eve
    lab.app.store.save_mark(
        Somebody("T0LAB", "U0ADA"), Mark.SAVED, "2512.00001", lab.app.clock.now()
    )
    message = post_buttons(lab, [button("unsave", "2512.00001")])
    said = lab.eve.click(message, "unsave").wait_response(1)["text"]
    assert "was not saved" in said
    assert len(lab.app.store.load_marks(Somebody("T0LAB", "U0ADA"), Mark.SAVED)) == 1
    assert lab.app.store.load_marks(EVE, Mark.SAVED) == ()


STRANGER = "You look in from another workspace"


@pytest.mark.parametrize("enterprise", [None, {"id": "E0ORG", "name": "Org"}])
def test_who_looks_in_from_another_workspace_is_refused(
    lab: Lab, enterprise: dict[str, str] | None
) -> None:
    lab.subscribe()
    parent, papers = post_digest(lab)
    # Slack names the app's workspace as the team, and the person's own beside the person.
    fields = {"user.team_id": "T0ELSE", "enterprise": enterprise, "user.id": "U0EVE"}
    forge = Forgery(fields=fields)
    for target, action, value in (
        (parent, "mute", None),
        (parent, "subscription_remove", None),
        (papers, "paper", "save:2512.00001"),
    ):
        done = lab.ada.click(target, action, value, forge=forge)
        assert STRANGER in done.wait_response(1)["text"]
    view = open_editor(lab)
    lab.ada.submit(view, {"name": "Mine", "query": "tree"}, forge)
    lab.wait(lambda: any(STRANGER in text for text in view.texts))
    assert not lab.subscriptions()[0].paused
    assert lab.app.store.load_all_sets() == ()


def test_people_of_an_organisation_are_let_in_where_slack_knows_them(lab: Lab) -> None:
    lab.subscribe()
    parent, _ = post_digest(lab)
    fields = {"user.team_id": "T0OTHER", "enterprise": {"id": "E0ORG"}}
    done = lab.ada.click(parent, "mute", forge=Forgery(fields=fields))
    assert done.wait_response(1)["text"].startswith("Muted")


def test_a_modal_opened_through_a_shared_channel_is_for_the_apps_workspace(lab: Lab) -> None:
    view = open_editor(lab)
    fields = {"view.app_installed_team_id": "T0LAB", "team.id": "T0ELSE"}
    lab.ada.submit(view, {"name": "Mine", "query": "tree"}, Forgery(fields=fields))
    lab.wait(lambda: "Saved " in view.texts)
    (made,) = lab.app.store.load_all_sets()
    assert made.owner == "slack:T0LAB"


@pytest.mark.parametrize(
    ("forge", "status"),
    [
        (Forgery(signature="v0=bad"), 401),
        (Forgery(signature="v0=" + "0" * 64), 401),
        (Forgery(secret="guessed"), 401),  # noqa: S106 - nobody's
        (Forgery(headers={"X-Slack-Signature": ""}), 401),
        (Forgery(timestamp="yesterday"), 400),
        (Forgery(timestamp="1.5"), 400),
        (Forgery(headers={"X-Slack-Request-Timestamp": ""}), 400),
        (Forgery(timestamp=str(int(time.time()) - 301)), 401),
        (Forgery(timestamp=str(int(time.time()) + 3_600)), 401),
        (Forgery(body=b"payload={"), 400),
        (Forgery(body=b"payload=[1]"), 400),
        (Forgery(body=b"payload=" + b"[" * 100_000), 400),
        (Forgery(body=b"\xff\xfe"), 400),
        (Forgery(body=b'payload={"team": 5, "user": []}'), 400),
        (Forgery(body=b""), 404),
    ],
)
def test_forged_requests_are_refused(http_lab: Lab, forge: Forgery, status: int) -> None:
    http_lab.subscribe()
    done = http_lab.ada.command("/papers pause 1", http_lab.papers, forge)
    assert done.ack.status == status
    http_lab.ada.command("/papers list", http_lab.papers).wait_response(1)
    assert not http_lab.subscriptions()[0].paused
    assert done.responses == []


def test_a_replayed_request_does_nothing_twice(http_lab: Lab) -> None:
    http_lab.subscribe()
    done = http_lab.ada.command("/papers pause 1", http_lab.papers)
    done.wait_response(1)
    http_lab.ada.command("/papers resume 1", http_lab.papers).wait_response(1)
    assert done.again().ok
    http_lab.ada.command("/papers list", http_lab.papers).wait_response(1)
    assert not http_lab.subscriptions()[0].paused
    assert len(done.responses) == 1


def test_the_word_payload_is_only_a_word(http_lab: Lab) -> None:
    said = http_lab.said(http_lab.ada, "/papers search payload")
    assert "payload" in said


@pytest.mark.parametrize(
    "fields",
    [
        {"team_id": GONE},
        {"team_id": "T0LAB/C0PAPERS"},
        {"user_id": GONE},
        {"user_id": "U0ADA' OR 1=1"},
        {"text": GONE},
        {"response_url": "https://evil.example/collect"},
        {"response_url": "http://169.254.169.254/latest/"},
        {"channel_id": "../C0PAPERS"},
    ],
)
def test_a_command_with_odd_fields_is_acknowledged_and_does_no_harm(
    lab: Lab, fields: dict[str, object]
) -> None:
    done = lab.ada.command("/papers subscribe Clouds", lab.papers, Forgery(fields=fields))
    assert done.ack.ok
    lab.ada.command("/papers list", lab.papers).wait_response(1)
    assert len(lab.papers.messages) <= 1
    for each in lab.subscriptions():
        assert str(each.destination).startswith("channel T0LAB/")


def test_hostile_titles_are_only_text(lab: Lab) -> None:
    view: View = open_editor(lab)
    name = "<!channel> @here <https://evil.example|click> *bold* \u202egnp"
    done = lab.ada.submit(view, {"name": name[:-4], "query": "tree", "destinations": ["C0PAPERS"]})
    assert done.errors == {}
    lab.wait(lambda: lab.papers.messages)
    (message,) = lab.papers.messages
    assert "<!channel>" not in message.text
    assert "<https://evil.example" not in message.text
    assert "mrkdwn" not in json.dumps(message.blocks)
