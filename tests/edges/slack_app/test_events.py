"""What Slack tells by itself: Home, links, and that the app was taken out."""

from dataclasses import replace
from typing import Any

import pytest

from bot.core.records import Mark
from bot.core.slack_names import Person as Somebody
from tests.edges.slack_app.conftest import Lab
from tests.edges.slack_app.test_actions import ADA, open_home, post_digest
from tests.fakes.slack_api import GONE, Fault, Forgery

PAPER = "https://arxiv.org/abs/2512.00001"


def settle(lab: Lab) -> None:
    """Wait until what was told before is done: a person's events are dealt with in order."""
    lab.ada.command("/papers list", lab.papers).wait_response(1)
    lab.wait(lambda: not lab.app.store.load_marks(Somebody("T0LAB", "U0NOBODY"), Mark.SAVED))


def test_home_shows_what_is_mine_and_the_workspaces(lab: Lab) -> None:
    lab.subscribe()
    lab.subscribe("robots", person=lab.chief, where=lab.papers)
    home = open_home(lab)
    lab.wait(lambda: "My subscriptions" in home.texts)
    assert "This workspace’s" in home.texts
    assert "robots" in home.texts
    assert "Keyword sets" in home.texts


def test_the_messages_tab_publishes_nothing(lab: Lab) -> None:
    assert lab.ada.open_home(tab="messages").ack.ok
    settle(lab)
    assert lab.ada.home is None


def test_a_link_to_a_stored_paper_becomes_a_card(lab: Lab) -> None:
    message, done = lab.ada.share_link(lab.papers, f"{PAPER}v1", "https://arxiv.org/abs/2401.00001")
    assert done.ack.ok
    lab.wait(lambda: message.unfurls)
    assert message.unfurls.keys() == {f"{PAPER}v1"}
    assert "Clouds over the sea" in str(message.unfurls)


def test_at_most_five_links_become_cards(lab: Lab) -> None:
    urls = [f"{PAPER}?n={number}" for number in range(8)]
    message, _ = lab.ada.share_link(lab.papers, *urls, "https://arxiv.org/list/cs.CV/new")
    lab.wait(lambda: message.unfurls)
    assert list(message.unfurls) == urls[:5]


def test_a_card_can_be_saved(lab: Lab) -> None:
    message, _ = lab.ada.share_link(lab.papers, PAPER)
    lab.wait(lambda: message.unfurls)
    clients = lab.app.slack.clients
    (card,) = message.unfurls.values()
    clients.ask("T0LAB", "chat.postMessage", channel="C0PAPERS", text="card", blocks=card["blocks"])
    lab.ada.click(lab.papers.messages[-1], "paper", "save:2512.00001").wait_response(1)
    assert len(lab.app.store.load_marks(ADA, Mark.SAVED)) == 1


@pytest.mark.parametrize(
    "fields",
    [{"event.user": "U0BOT0LAB"}, {"event.bot_id": "B0T0LAB"}, {"event.links": "odd"}],
)
def test_no_card_for_the_apps_own_messages_or_odd_links(lab: Lab, fields: dict[str, Any]) -> None:
    assert lab.team.bot.id == "U0BOT0LAB"
    message, done = lab.ada.share_link(lab.papers, PAPER, forge=Forgery(fields=fields))
    assert done.ack.ok
    settle(lab)
    lab.wait(lambda: lab.app.store.see_event(f"probe {id(message)}", lab.app.clock.now()))
    assert message.unfurls == {}
    assert lab.slack.calls("chat.unfurl") == []
    assert lab.count_faults() == 0


def test_while_a_message_is_written_its_links_have_no_channel(lab: Lab) -> None:
    composer = Forgery(
        fields={
            "event.channel": "COMPOSER",
            "event.message_ts": "U0ADA-909b5454",
            "event.source": "composer",
        }
    )
    lab.ada.share_link(lab.papers, PAPER, forge=composer)
    lab.wait(lambda: lab.slack.calls("chat.unfurl"))
    (call,) = lab.slack.calls("chat.unfurl")
    assert call.arguments["source"] == "composer"
    assert "channel" not in call.arguments


def test_an_older_slack_names_the_message_by_channel_and_time(lab: Lab) -> None:
    old = Forgery(fields={"event.unfurl_id": GONE, "event.source": GONE})
    message, _ = lab.ada.share_link(lab.papers, PAPER, forge=old)
    lab.wait(lambda: message.unfurls)


def test_a_message_that_is_gone_is_no_trouble(lab: Lab) -> None:
    lab.slack.misbehave(Fault(error="cannot_find_message"), "chat.unfurl")
    lab.ada.share_link(lab.papers, PAPER)
    lab.wait(lambda: "not unfolded" in dict(lab.log.lines))
    assert lab.count_faults() == 0


def test_an_event_that_is_told_again_does_nothing_twice(lab: Lab) -> None:
    message, done = lab.ada.share_link(lab.papers, PAPER)
    lab.wait(lambda: message.unfurls)
    for attempt in (1, 2, 3):
        assert done.again(attempt).ok
    settle(lab)
    assert len(lab.slack.calls("chat.unfurl")) == 1


def test_an_event_that_failed_is_heard_when_it_is_told_again(lab: Lab) -> None:
    failing = lab.slack.misbehave(Fault(status=503), "views.publish")
    done = lab.ada.open_home()
    lab.wait(lambda: "not answered" in dict(lab.log.lines))
    lab.slack.behave(failing)
    assert lab.ada.home is None
    assert done.again().ok
    lab.wait(lambda: lab.ada.home)


def test_when_the_app_is_taken_out_nothing_more_leaves_and_notes_are_forgotten(lab: Lab) -> None:
    lab.subscribe()
    lab.subscribe(where="@U0ADA")
    _, papers = post_digest(lab)
    lab.ada.click(papers, "paper", "save:2512.00001").wait_response(1)
    lab.team.uninstall()
    lab.wait(lambda: all(each.paused for each in lab.subscriptions()))
    for each in lab.subscriptions():
        assert each.reason.startswith("the app was taken out of the workspace")
    lab.wait(lambda: lab.app.store.load_marks(ADA, Mark.SAVED) == ())
    assert "left" in dict(lab.log.lines)


def test_when_tokens_are_revoked_what_people_saved_stays(lab: Lab) -> None:
    lab.subscribe()
    _, papers = post_digest(lab)
    lab.ada.click(papers, "paper", "save:2512.00001").wait_response(1)
    lab.team.tell({"type": "tokens_revoked", "tokens": {"oauth": ["U0ADA"], "bot": []}})
    lab.team.tell({"type": "app_rate_limited"})
    lab.team.tell({"type": "tokens_revoked", "tokens": {"oauth": [], "bot": ["U0BOT0LAB"]}})
    lab.wait(lambda: all(each.paused for each in lab.subscriptions()))
    assert len(lab.app.store.load_marks(ADA, Mark.SAVED)) == 1


def test_another_workspaces_leaving_changes_nothing_here(lab: Lab) -> None:
    lab.subscribe()
    other = lab.app.store.save_subscription(
        replace(
            lab.subscriptions()[0],
            id=0,
            destination=replace(lab.subscriptions()[0].destination, address="T0ELSE/C0ELSE"),
        ),
        lab.app.clock.now(),
    )
    lab.elsewhere.tell({"type": "app_uninstalled"})
    lab.wait(lambda: any(each.paused for each in lab.subscriptions()))
    assert [each.id for each in lab.subscriptions() if each.paused] == [other.id]


def test_home_is_not_shown_to_who_looks_in_from_another_workspace(lab: Lab) -> None:
    lab.slack.misbehave(
        Fault(body='{"ok": true, "user": {"team_id": "T0ELSE", "is_stranger": true}}'),
        "users.info",
    )
    assert lab.ada.open_home().ack.ok
    lab.wait(lambda: lab.slack.calls("users.info"))
    settle(lab)
    assert lab.ada.home is None
