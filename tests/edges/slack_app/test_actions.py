"""Buttons and menus, each over both transports: what is done, and what is shown of it."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from bot.core.editions import Edition, Item, Receipt
from bot.core.explaining import explain
from bot.core.matching import Matcher
from bot.core.papers import AnnounceType
from bot.core.parsing import parse_set
from bot.core.records import Mark
from bot.core.slack_names import Person as Somebody
from bot.core.words import prepare
from bot.render.slack.digest import build_digest
from tests.adapters.store.made_up import DAY
from tests.edges.slack_app.conftest import CLOUDS, PAPERS, Lab
from tests.fakes.slack_api import Message, View

ADA = Somebody("T0LAB", "U0ADA")
WEEK = timedelta(days=7)


def post_digest(lab: Lab, subscription_id: int = 1) -> tuple[Message, Message]:
    """Post a digest of Clouds to #papers; return its parent and the first of its thread."""
    matcher = Matcher([parse_set(CLOUDS)])
    items = tuple(
        Item(paper, AnnounceType.NEW, explain(matcher, paper, prepare(paper), [0])[0])
        for paper in PAPERS[:2]
    )
    edition = Edition(CLOUDS.summary, DAY, items, Receipt(DAY, 3, 3, ()))
    parent, *rest = build_digest(
        edition, key="k", set_ref=lab.ref(), subscription_id=subscription_id
    )
    clients, channel = lab.app.slack.clients, lab.papers.id
    body: dict[str, Any] = {**parent.body}
    told = clients.ask("T0LAB", "chat.postMessage", channel=channel, **body)
    for each in rest:
        body = {**each.body, "thread_ts": told["ts"]}
        clients.ask("T0LAB", "chat.postMessage", channel=channel, **body)
    thread = lab.papers.thread(told["ts"])
    return thread[0], thread[1]


def open_home(lab: Lab) -> View:
    lab.ada.open_home()
    lab.wait(lambda: lab.ada.home)
    assert lab.ada.home
    return lab.ada.home


def test_mute_pauses_a_digest_for_a_week_and_says_so_to_all(lab: Lab) -> None:
    lab.subscribe()
    parent, _ = post_digest(lab)
    done = lab.ada.click(parent, "mute")
    assert done.wait_response(1)["response_type"] == "in_channel"
    (muted,) = lab.subscriptions()
    assert muted.paused
    assert muted.until is not None
    assert abs(muted.until - datetime.now(UTC) - WEEK) < timedelta(minutes=1)
    again = lab.ada.click(parent, "mute").wait_response(1)
    assert again["response_type"] == "ephemeral"
    assert "Nothing was changed" in again["text"]


def test_not_here_ends_a_subscription_after_a_question(lab: Lab) -> None:
    lab.subscribe()
    parent, _ = post_digest(lab)
    done = lab.ada.click(parent, "subscription_remove")
    assert done.wait_response(1)["text"].startswith("Unsubscribed")
    assert lab.subscriptions() == ()


def test_a_paper_is_saved_once_and_let_go_again(lab: Lab) -> None:
    lab.subscribe()
    _, papers = post_digest(lab)
    done = lab.ada.click(papers, "paper", "save:2512.00001")
    answer = done.wait_response(1)
    assert answer["response_type"] == "ephemeral"
    assert "Clouds over the sea" in answer["text"]
    lab.ada.click(papers, "paper", "save:2512.00001").wait_response(1)
    saved = lab.app.store.load_marks(ADA, Mark.SAVED)
    assert [each.base_id for each in saved] == ["2512.00001"]
    listed = lab.ada.command("/papers saved", lab.papers).wait_message(1)
    gone = lab.ada.click(listed, "unsave").wait_response(1)
    assert "no longer saved" in gone["text"]
    assert lab.app.store.load_marks(ADA, Mark.SAVED) == ()


def test_not_for_us_is_noted_with_its_channel(lab: Lab) -> None:
    _, papers = post_digest(lab)
    lab.ada.click(papers, "paper", "not_for_us:2512.00002").wait_response(1)
    (mark,) = lab.app.store.load_marks(ADA, Mark.UNWANTED)
    assert (mark.base_id, mark.place) == ("2512.00002", "T0LAB/C0PAPERS")


@pytest.mark.parametrize(
    ("verb", "title", "said"),
    [
        ("abstract", "Abstract", "We count clouds. They are white."),
        ("bibtex", "BibTeX", "@misc{"),
        ("why", "Why", "Clouds"),
    ],
)
def test_a_papers_menu_opens_what_it_names(lab: Lab, verb: str, title: str, said: str) -> None:
    _, papers = post_digest(lab)
    view = lab.wait_filled(lab.ada.click(papers, "paper", f"{verb}:2512.00001"))
    assert view.body["title"]["text"] == title
    assert said in " ".join(view.texts)


def test_a_menu_within_a_modal_opens_above_it_and_saves(lab: Lab) -> None:
    _, papers = post_digest(lab)
    abstract = lab.wait_filled(lab.ada.click(papers, "paper", "abstract:2512.00001"))
    why = lab.wait_filled(lab.ada.click(abstract, "paper", "why:2512.00001"))
    assert why.previous is abstract
    told = lab.ada.click(abstract, "paper", "save:2512.00001").wait_view()
    assert told.previous is abstract
    assert "Saved" in " ".join(told.texts)
    assert len(lab.app.store.load_marks(ADA, Mark.SAVED)) == 1


def test_change_set_opens_the_editor(lab: Lab) -> None:
    lab.subscribe("robots")
    clients = lab.app.slack.clients
    button = {
        "type": "button",
        "text": {"type": "plain_text", "text": "Change set"},
        "action_id": "set_edit",
        "value": lab.ref("robots"),
    }
    blocks = [{"type": "actions", "elements": [button]}]
    clients.ask("T0LAB", "chat.postMessage", channel=lab.papers.id, text="robots", blocks=blocks)
    view = lab.wait_filled(lab.ada.click(lab.papers.messages[-1], "set_edit"))
    assert view.callback_id == "set_editor"
    view = lab.wait_filled(lab.ben.click(lab.papers.messages[-1], "set_edit"))
    assert "only who made the set" in " ".join(view.texts)


def test_buttons_of_a_list_do_what_they_say(lab: Lab) -> None:
    lab.subscribe()
    listed = lab.ada.command("/papers list", lab.papers).wait_message(1)
    assert lab.ada.click(listed, "subscription_pause").wait_response(1)["text"].startswith("Paused")
    listed = lab.ada.command("/papers list", lab.papers).wait_message(1)
    said = lab.ada.click(listed, "subscription_resume").wait_response(1)["text"]
    assert said.startswith("Resumed")
    shown = lab.ada.click(listed, "subscription_preview").wait_response(1)
    assert shown["response_type"] == "ephemeral"
    assert shown["text"].startswith("Preview of 1")
    view = lab.wait_filled(lab.ada.click(listed, "subscription_edit"))
    assert view.callback_id == "subscription_editor"
    said = lab.ada.click(listed, "subscription_remove").wait_response(1)["text"]
    assert said.startswith("Unsubscribed")


def test_a_trial_becomes_a_set(lab: Lab) -> None:
    tried = lab.ada.command("/papers try robots OR cat", lab.papers).wait_message(1)
    view = lab.wait_filled(lab.ada.click(tried, "set_new"))
    typed = [block["element"].get("initial_value") for block in view.blocks if "element" in block]
    assert "robots OR cat" in typed


def test_home_does_all_that_a_list_does(lab: Lab) -> None:
    lab.subscribe()
    home = open_home(lab)
    lab.ada.click(home, "subscription_pause")
    lab.wait(lambda: lab.subscriptions()[0].paused and "Resume" in home.texts)
    lab.wait(lambda: len(lab.papers.messages) == 2)
    assert lab.papers.messages[-1].text.startswith("Paused Clouds")
    lab.ada.click(home, "subscription_resume")
    lab.wait(lambda: "Pause" in home.texts)
    view = lab.wait_filled(lab.ada.click(home, "subscription_preview"))
    assert "Preview of 1" in " ".join(view.texts)
    lab.ada.click(home, "subscription_remove")
    lab.wait(lambda: not lab.subscriptions() and "Pause" not in home.texts)


def test_from_home_a_set_is_subscribed_to_the_direct_message(lab: Lab) -> None:
    home = open_home(lab)
    lab.ada.click(home, "subscribe_set", lab.ref())
    lab.wait(lambda: "Pause" in home.texts)
    (kept,) = lab.subscriptions()
    assert str(kept.destination) == f"channel T0LAB/{lab.team.direct('U0ADA').id}"
    assert kept.origin == "slack:T0LAB/U0ADA"
    assert lab.team.direct("U0ADA").messages == []


def test_from_home_a_query_is_tried_and_a_set_is_made(lab: Lab) -> None:
    lab.subscribe("robots")
    home = open_home(lab)
    view = lab.wait_filled(lab.ada.click(home, "try_query", "robots"))
    assert "would have matched" in " ".join(view.texts)
    assert lab.wait_filled(lab.ada.click(home, "set_new")).callback_id == "set_editor"


def test_a_saved_paper_is_let_go_on_home(lab: Lab) -> None:
    _, papers = post_digest(lab)
    lab.ada.click(papers, "paper", "save:2512.00001").wait_response(1)
    home = open_home(lab)
    lab.ada.click(home, "unsave")
    lab.wait(lambda: "None yet: Save is in the menu beside each paper." in home.texts)


def test_a_double_click_does_nothing_twice(lab: Lab) -> None:
    lab.subscribe()
    parent, papers = post_digest(lab)
    muted = lab.ada.click(parent, "mute")
    assert muted.again().ok
    saved = lab.ada.click(papers, "paper", "save:2512.00001")
    assert saved.again().ok
    opened = lab.ada.click(papers, "paper", "why:2512.00001")
    assert opened.again().ok
    lab.wait_filled(opened)
    lab.ada.command("/papers list", lab.papers).wait_response(1)
    assert len(muted.responses) == len(saved.responses) == 1
    assert sum(view.body["type"] == "modal" for view in lab.slack.views) == 1
    assert lab.count_faults() == 0


def test_what_is_of_another_version_is_acknowledged_and_left_alone(lab: Lab) -> None:
    elements = [
        {
            "type": "button",
            "text": {"type": "plain_text", "text": "?"},
            "action_id": name,
            "value": "1",
        }
        for name in ("read_all", "subscription_explode")
    ]
    blocks = [{"type": "actions", "elements": elements}]
    lab.app.slack.clients.ask(
        "T0LAB", "chat.postMessage", channel=lab.papers.id, text="?", blocks=blocks
    )
    for name in ("read_all", "subscription_explode"):
        assert lab.ada.click(lab.papers.messages[-1], name).ack.ok
    assert lab.count_faults() == 0
