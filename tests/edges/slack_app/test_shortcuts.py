"""Shortcuts: saving what a message names, and a new keyword set from anywhere."""

from typing import Any

import pytest

from bot.core.records import Mark
from tests.edges.slack_app.conftest import Lab
from tests.edges.slack_app.test_actions import ADA, post_digest
from tests.edges.slack_app.test_forms import open_editor
from tests.fakes.slack_api import Forgery
from tests.fakes.slack_api.payloads import build_interaction


def saved(lab: Lab) -> set[str]:
    return {each.base_id for each in lab.app.store.load_marks(ADA, Mark.SAVED)}


def test_the_papers_of_a_persons_message_are_saved_once(lab: Lab) -> None:
    message = lab.ada.say(
        lab.papers,
        "see https://arxiv.org/abs/2512.00001v2, arXiv:2512.00003 and https://arxiv.org/pdf/2401.9",
    )
    done = lab.ada.message_shortcut(message, "save_papers")
    said = done.wait_response(1)
    assert said["response_type"] == "ephemeral"
    assert "Clouds over the sea" in said["text"]
    assert saved(lab) == {"2512.00001", "2512.00003"}
    assert done.again().ok
    again = lab.ada.message_shortcut(message, "save_papers").wait_response(1)
    assert "before" in again["text"]
    assert len(done.responses) == 1


def test_the_papers_of_a_digest_are_saved(lab: Lab) -> None:
    _, papers = post_digest(lab)
    lab.ada.message_shortcut(papers, "save_papers").wait_response(1)
    assert saved(lab) == {"2512.00001", "2512.00002"}


def test_a_message_without_a_link_is_told_so(lab: Lab) -> None:
    message = lab.ada.say(lab.papers, "good morning")
    said = lab.ada.message_shortcut(message, "save_papers").wait_response(1)
    assert said["text"] == "There is no arXiv link in this message, so nothing was saved."


def test_a_paper_that_is_not_stored_is_told_so(lab: Lab) -> None:
    message = lab.ada.say(lab.papers, "https://arxiv.org/abs/2401.00001")
    said = lab.ada.message_shortcut(message, "save_papers").wait_response(1)
    assert "2401.00001" in said["text"]
    assert saved(lab) == set()


def test_a_message_of_odd_shape_is_no_trouble(lab: Lab) -> None:
    message = lab.ada.say(lab.papers, "https://arxiv.org/abs/2512.00001")
    odd: list[dict[str, Any]] = [
        {"message": "text"},
        {"message.blocks": 5, "message.text": None},
        {"message.blocks": [["x", {"y": ["arXiv:2512.00002"]}, None]] * 3},
    ]
    for fields in odd:
        done = lab.ada.message_shortcut(message, "save_papers", forge=Forgery(fields=fields))
        assert done.wait_response(1)["text"]
    assert lab.count_faults() == 0


def pick(lab: Lab, callback_id: str) -> str:
    """Use a global shortcut; return its trigger."""
    trigger = lab.slack.world.new_trigger(lab.team, "U0ADA")
    shared = build_interaction(lab.slack.world, lab.team, lab.ada.user, "shortcut", trigger)
    ack = lab.slack.deliver("interactive", {**shared, "callback_id": callback_id})
    assert ack.ok
    return trigger.id


def test_a_new_set_is_begun_from_anywhere(lab: Lab) -> None:
    trigger = pick(lab, "new_set")
    lab.wait(lambda: [view for view in lab.slack.views if view.callback_id == "set_editor"])
    (view,) = lab.slack.views
    assert view.trigger == trigger
    assert "G0SECRET" not in str(view.blocks)


def test_a_shortcut_of_another_version_is_acknowledged_and_left_alone(lab: Lab) -> None:
    pick(lab, "no_such_shortcut")
    assert lab.slack.views == []
    assert lab.count_faults() == 0


def test_a_modal_that_is_closed_or_unknown_is_acknowledged(lab: Lab) -> None:
    view = open_editor(lab)
    trigger = lab.slack.world.new_trigger(lab.team, "U0ADA")
    shared = build_interaction(lab.slack.world, lab.team, lab.ada.user, "view_closed", trigger)
    assert lab.slack.deliver("interactive", {**shared, "view": view.show()}).ok
    other = Forgery(fields={"view.callback_id": "another"})
    done = lab.ada.submit(view, {"name": "Trees", "query": "tree"}, other)
    assert done.ack.ok
    assert lab.app.store.load_all_sets() == ()


def test_an_element_that_is_not_known_offers_nothing(lab: Lab) -> None:
    view = open_editor(lab)
    other = Forgery(fields={"action_id": "another"})
    assert lab.ada.suggest(view, "category_options", "cs", forge=other) == []


def test_what_slack_cannot_have_meant_is_acknowledged_and_logged(lab: Lab) -> None:
    view = open_editor(lab)
    nobody: dict[str, object] = {"user": None, "user_id": None}
    for kind, payload in (
        ("interactive", {"type": "view_submission", "view": view.show()}),
        ("interactive", {"type": "shortcut", "callback_id": "new_set"}),
        ("interactive", {"type": "message_action", "callback_id": "save_papers", "message": {}}),
        ("events_api", {"type": "event_callback", "event": {"type": "app_home_opened"}}),
    ):
        body = {**payload, **nobody, "team": {"id": "nowhere"}}
        assert lab.slack.deliver(kind, body).ok  # type: ignore[arg-type]
    lab.wait(lambda: [event for event, _ in lab.log.lines].count("not understood") == 4)
    assert lab.app.store.load_all_sets() == ()


def test_an_error_of_ours_is_a_sentence_and_a_line_in_the_log(
    lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        msg = "secret details"
        raise ValueError(msg)

    monkeypatch.setattr("bot.flows.previewing.search", fail)
    monkeypatch.setattr("bot.flows.previewing.show_paper", fail)
    _, papers = post_digest(lab)
    said = lab.said(lab.ada, "/papers search clouds")
    assert said == "This could not be done; the program’s log says why."
    view = lab.wait_filled(lab.ada.click(papers, "paper", "abstract:2512.00001"))
    assert "This could not be done; the program’s log says why." in view.texts
    assert lab.log.levels.count("error") == 2
