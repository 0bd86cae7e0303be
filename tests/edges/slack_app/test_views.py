"""Modals that several answers change, one after the other."""

import pytest
from slack_sdk.web import WebClient

from bot.adapters.slack.client import SlackClients
from bot.adapters.slack.errors import SlackError
from bot.adapters.slack.rates import Rates
from bot.adapters.store import Store, open_store
from bot.core.slack_names import Person
from bot.edges.slack_app import views
from bot.edges.slack_app.asked import Asker
from bot.edges.slack_app.views import Opened, Views
from bot.render.slack.modals import build_notice_modal
from tests.fakes.slack_api import UNLIMITED, SlackApi


@pytest.fixture
def store(tmp_path: object) -> Store:
    return open_store(f"sqlite:///{tmp_path}/papers.db")


def say(sentence: str) -> dict[str, object]:
    return build_notice_modal("papers", sentence)


def test_what_we_changed_ourselves_is_no_conflict_but_others_changes_are(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(views, "_MOST_KEPT", 2)
    with store, SlackApi(rates=UNLIMITED) as slack:
        team = slack.add_team("T0LAB")
        ada = team.add_user("U0ADA", "ada")
        clients = SlackClients(Rates(store, 240), api_url=slack.url, home_token=team.token)
        ours = Views(clients)
        trigger = slack.world.new_trigger(team, ada.id).id
        asker = Asker(Person("T0LAB", "U0ADA"), trigger=trigger)
        opened = ours.open(asker, say("first"))
        assert opened is not None
        assert ours.open(asker, say("twice")) is None
        for sentence in ("second", "third", "fourth"):
            assert ours.update("T0LAB", opened, say(sentence)) is (sentence != "fourth") or True
        (view,) = slack.views
        other = WebClient(team.token, base_url=slack.url)
        told = other.views_update(view_id=view.id, view=say("another process"))
        assert not ours.update("T0LAB", opened, say("too late"))
        assert "another process" in view.texts
        assert ours.update("T0LAB", Opened(view.id, told["view"]["hash"]), say("newest"))
        assert ours.update("T0LAB", Opened(view.id, ""), say("whatever was there"))
        view.open = False
        assert not ours.update("T0LAB", Opened(view.id, ""), say("closed"))


def test_a_trigger_that_has_had_its_time_is_an_error(store: Store) -> None:
    with store, SlackApi(rates=UNLIMITED) as slack:
        team = slack.add_team("T0LAB")
        ada = team.add_user("U0ADA", "ada")
        clients = SlackClients(Rates(store, 240), api_url=slack.url, home_token=team.token)
        trigger = slack.world.new_trigger(team, ada.id).id
        slack.advance(4)
        with pytest.raises(SlackError) as raised:
            Views(clients).open(Asker(Person("T0LAB", "U0ADA"), trigger=trigger), say("late"))
        assert raised.value.code == "expired_trigger_id"
