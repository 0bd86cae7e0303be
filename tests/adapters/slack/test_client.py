"""Whose token is used for which workspace, and what becomes of it."""

import logging

import pytest

from bot.adapters.slack.client import SlackClients
from bot.adapters.slack.errors import SlackError, Trouble, explain
from bot.core.slack_names import SlackPlace
from tests.adapters.slack.lab import Lab, check_thread, make_papers
from tests.fakes.slack_api import BROKEN, LIMITED, Fault, Rule, Team

PAPERS = make_papers(30)


class Keys:
    """Tokens by workspace, with what each is renewed to."""

    def __init__(self, **tokens: str) -> None:
        self.tokens = tokens
        self.renewed: dict[str, str] = {}
        self.looked = 0

    def find_token(self, team: str) -> str | None:
        self.looked += 1
        return self.tokens.get(team)

    def renew_token(self, team: str, old: str) -> str | None:  # noqa: ARG002 - one is enough
        if team in self.renewed:
            self.tokens[team] = self.renewed[team]
        return self.renewed.get(team)


@pytest.fixture
def far(lab: Lab) -> Team:
    team = lab.slack.add_team("T0FAR", "Far lab")
    team.add_channel("C0PAPERS", "papers")
    return team


def tokens_of(lab: Lab) -> list[str]:
    return [call.team for call in lab.slack.calls("chat.postMessage")]


def test_the_home_workspace_is_found_by_its_token_once(lab: Lab) -> None:
    clients = lab.clients()
    identity = clients.identify("")
    assert (identity.team, identity.workspace, identity.name) == ("T0LAB", "Lab", "papers")
    assert identity.scopes == lab.team.scopes
    assert clients.identify("T0LAB") is identity
    assert clients.resolve("") == "T0LAB"
    assert clients.resolve("T0FAR") == "T0FAR"
    assert len(lab.slack.calls("auth.test")) == 1


def test_each_workspace_is_asked_with_its_own_token(lab: Lab, far: Team) -> None:
    keys = Keys(T0FAR=far.token)
    clients = lab.clients(tokens=keys)
    assert lab.deliver(lab.plan(PAPERS), lab.sender(clients)).result.value == "sent"
    assert set(tokens_of(lab)) == {"T0LAB"}
    assert keys.looked == 0
    assert clients.identify("T0FAR").workspace == "Far lab"
    clients.ask("T0FAR", "chat.postMessage", channel="C0PAPERS", text="hello", nothing=None)
    assert tokens_of(lab)[-1] == "T0FAR"
    assert [message.text for message in far.channel("#papers").messages] == ["hello"]
    assert "nothing" not in lab.slack.calls("chat.postMessage")[-1].arguments
    check_thread(lab, PAPERS)


def test_a_workspace_that_did_not_install_the_app_is_told_so(lab: Lab) -> None:
    for clients in (lab.clients(), lab.clients(tokens=Keys())):
        with pytest.raises(SlackError, match="the app is not installed there") as refused:
            clients.ask("T0SEA", "users.info", user="U0ADA")
        assert refused.value.trouble is Trouble.WORKSPACE


def test_without_a_home_token_nobody_knows_whose_channel_it_is(lab: Lab) -> None:
    clients = lab.clients(home_token="", tokens=Keys())
    with pytest.raises(SlackError, match="SLACK_BOT_TOKEN is not in the environment"):
        clients.resolve("")
    number = lab.plan(PAPERS, address="#papers")
    outcome = lab.deliver(number, lab.sender(clients))
    assert outcome.result.value == "paused"
    assert outcome.detail == (
        "nothing can be posted in Slack: SLACK_BOT_TOKEN is not in the environment, so nobody"
        " knows whose channel it is"
    )


def test_a_home_that_shut_us_out_is_no_other_workspaces_trouble(lab: Lab, far: Team) -> None:
    lab.team.revoke_tokens(tell=False)
    clock = [0.0]
    clients = lab.clients(tokens=Keys(T0FAR=far.token), elapsed=lambda: clock[0])
    for _ in range(3):
        assert clients.identify("T0FAR").team == "T0FAR"
        clients.ask("T0FAR", "conversations.info", channel="C0PAPERS")
    # It is not asked for again and again whether home takes us back.
    assert len([call for call in lab.slack.calls("auth.test") if call.team != "T0FAR"]) == 1
    with pytest.raises(SlackError, match="token_revoked"):
        clients.identify("")


def test_where_slack_does_not_answer_at_all_that_is_said(lab: Lab, far: Team) -> None:
    lab.slack.misbehave(BROKEN, "auth.test")
    clients = lab.clients(tokens=Keys(T0FAR=far.token))
    with pytest.raises(SlackError) as unsure:
        clients.ask("T0FAR", "conversations.info", channel="C0PAPERS")
    assert unsure.value.trouble is Trouble.UNSURE


def test_a_token_is_looked_up_once_a_minute_or_when_it_is_forgotten(lab: Lab, far: Team) -> None:
    keys, clock = Keys(T0FAR=far.token), [0.0]
    clients = lab.clients(tokens=keys, elapsed=lambda: clock[0])
    for _ in range(3):
        clients.ask("T0FAR", "conversations.info", channel="C0PAPERS")
    assert keys.looked == 1
    clock[0] = 61
    clients.ask("T0FAR", "conversations.info", channel="C0PAPERS")
    assert keys.looked == 2
    keys.tokens.clear()
    clients.forget("T0FAR")
    with pytest.raises(SlackError, match="not installed"):
        clients.ask("T0FAR", "conversations.info", channel="C0PAPERS")


def test_a_token_that_has_had_its_time_is_renewed_and_the_call_made(lab: Lab, far: Team) -> None:
    far.tokens[-1].error = "token_expired"
    keys = Keys(T0FAR=far.token)
    keys.renewed["T0FAR"] = far.issue_token().text
    clients = lab.clients(tokens=keys)
    assert clients.ask("T0FAR", "conversations.info", channel="C0PAPERS")["ok"]
    clients.ask("T0FAR", "conversations.info", channel="C0PAPERS")
    assert len(lab.slack.calls("conversations.info")) == 3


def test_a_token_that_nobody_renews_has_had_its_time(lab: Lab, far: Team) -> None:
    far.tokens[-1].error = "token_expired"
    clients = lab.clients(tokens=Keys(T0FAR=far.token))
    with pytest.raises(SlackError) as expired:
        clients.ask("T0FAR", "conversations.info", channel="C0PAPERS")
    assert expired.value.trouble is Trouble.EXPIRED


def test_what_may_be_asked_twice_keeps_short_pauses(lab: Lab) -> None:
    clients = lab.clients()
    lab.slack.misbehave(Rule(LIMITED, method="users.info", times=3))
    assert clients.call("T0LAB", "users.info", user="U0ADA")["user"]["name"] == "ada"
    assert len(lab.slack.calls("users.info")) == 4
    lab.slack.misbehave(Rule(LIMITED, method="users.info", times=9))
    with pytest.raises(SlackError, match="it asks to wait 1 s"):
        clients.call("T0LAB", "users.info", user="U0ADA")
    lab.slack.advance(60)
    lab.slack.behave()
    lab.slack.misbehave(Rule(Fault(retry_after=90), method="users.info", times=1))
    for reason in ("it asks to wait 90 s", "its next turn is in 90 s"):
        with pytest.raises(SlackError, match=reason):
            clients.call("T0LAB", "users.info", user="U0ADA")


def test_a_token_of_another_kind_can_be_tried(lab: Lab) -> None:
    clients = lab.clients()
    opened = clients.try_token(lab.slack.app.app_token, "apps.connections.open")
    assert str(opened["url"]).startswith("ws://")
    with pytest.raises(SlackError, match="not_allowed_token_type"):
        clients.try_token(lab.team.token, "apps.connections.open")


def test_nothing_is_written_to_any_log(lab: Lab, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    lab.slack.misbehave(BROKEN)
    lab.deliver(lab.plan(PAPERS))
    assert [each for each in caplog.records if each.name.startswith(("slack", "papers"))] == []


def test_a_mistake_in_the_address_is_ours(lab: Lab) -> None:
    clients = SlackClients(lab.rates(), api_url="ftp://slack.example/", home_token=lab.team.token)
    with pytest.raises(SlackError, match="it was not asked: Invalid URL") as refused:
        clients.identify("")
    assert refused.value.trouble is Trouble.OURS


def test_whatever_breaks_otherwise_leaves_it_unsure() -> None:
    told = explain("chat.postMessage", KeyError("ok"))
    assert told.trouble is Trouble.UNSURE
    assert told.reason == "its answer cannot be used (KeyError)"


def test_another_workspaces_channel_of_the_same_id_is_another_channel(lab: Lab, far: Team) -> None:
    lab.store.save_discussed(SlackPlace("T0FAR", "C0PAPERS"), {PAPERS[0].base_id: "1.000001"})
    clients = lab.clients(tokens=Keys(T0FAR=far.token))
    lab.deliver(lab.plan(PAPERS), lab.sender(clients))
    check_thread(lab, PAPERS)
    assert far.channel("#papers").messages == []


def test_whoever_shut_us_out_is_named(lab: Lab, far: Team) -> None:
    clients = lab.clients(tokens=Keys(T0FAR=far.token))
    clients.identify("T0FAR")
    clients.identify("")
    number = lab.plan(PAPERS, address="T0FAR/C0PAPERS")
    far.revoke_tokens(tell=False)
    outcome = lab.deliver(number, lab.sender(clients))
    assert outcome.result.value == "paused"
    assert outcome.detail == (
        "papers is shut out in the workspace Far lab (token_revoked): install the app there again"
    )
