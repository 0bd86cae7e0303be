"""The whole App with Slack: what is wired where, and who hears that digests are paused."""

from collections.abc import Iterator
from dataclasses import replace

import pytest
from cryptography.fernet import Fernet

from bot.app import App
from bot.config import Settings
from bot.config.slack import SlackSettings
from bot.core.editions import DestinationKind
from bot.core.keyword_sets import KeywordSet
from bot.core.slack_names import Person
from bot.core.subscriptions import CONFIG
from bot.errors import UserError
from bot.flows.deliver import Result
from tests.adapters.slack.lab import CLOUDS, Lab, check_thread, make_papers
from tests.fakes.slack_api import Fault

PAPERS = make_papers(30)
OWN = KeywordSet("Clouds", query="ti:cloud", categories=("cs.RO",))
OPERATORS = KeywordSet("Seas", query="sea", owner="operator", categories=("cs.AI",))
THEIRS = replace(CLOUDS, categories=("cs.CL",))
KEY = Fernet.generate_key().decode()


@pytest.fixture
def app(lab: Lab) -> Iterator[App]:
    with build(lab) as opened:
        yield opened


def build(lab: Lab, **changed: object) -> App:
    usual: dict[str, object] = {
        "bot_token": lab.team.token,
        "api_url": lab.slack.url,
        "posts_per_minute": 6000,
        "command": "/arxiv",
    }
    settings = Settings(
        "config.toml",
        database_url=f"sqlite:///{lab.store.url.database}",
        categories=("cs.CV",),
        sets=(OWN,),
        slack=SlackSettings(**{**usual, **changed}),  # type: ignore[arg-type]  # a table of cases
    )
    return App(settings)


def test_a_digest_is_delivered_by_what_the_configuration_names(lab: Lab, app: App) -> None:
    papers = make_papers(1)
    assert app.deliver_one(lab.plan(papers)).result is Result.SENT
    check_thread(lab, papers)


def test_who_asked_for_it_hears_that_it_is_paused_and_why(lab: Lab, app: App) -> None:
    number = lab.plan(PAPERS)
    lab.papers.archived = True
    assert app.deliver_one(number).result is Result.PAUSED
    (message,) = lab.team.direct("U0ADA").messages
    told = " ".join(message.texts)
    assert "#papers is archived: unarchive it" in told
    assert f"/arxiv resume {lab.paused(number).id}" in told
    assert lab.slack.payload_faults == []


@pytest.mark.parametrize("method", ["conversations.open", "chat.postMessage"])
def test_what_goes_wrong_with_that_stops_nothing(lab: Lab, app: App, method: str) -> None:
    number = lab.plan(PAPERS)
    lab.papers.archived = True
    lab.slack.misbehave(
        lambda call: (
            Fault(status=503) if call.method == method and call.channel != "C0PAPERS" else None
        )
    )
    assert app.deliver_one(number).result is Result.PAUSED
    assert lab.team.direct("U0ADA").messages == []


def test_of_what_the_configuration_asked_for_nobody_in_slack_is_told(lab: Lab, app: App) -> None:
    number = lab.plan(PAPERS, origin=CONFIG)
    lab.papers.archived = True
    assert app.deliver_one(number).result is Result.PAUSED
    assert lab.slack.calls("conversations.open") == []


def test_only_with_a_token_are_channels_delivered_to(lab: Lab) -> None:
    shared = {"client_id": "1.2", "client_secret": KEY, "encryption_keys": (KEY,)}
    for changed, can in (
        ({}, True),
        ({"bot_token": ""}, False),
        ({"bot_token": "", **shared}, True),
        ({"bot_token": "", **shared, "encryption_keys": ("short",)}, False),
    ):
        with build(lab, **changed) as app:
            assert (DestinationKind.CHANNEL in app.senders) is can
            if can:
                assert (app.slack.installations is None) is (changed == {})
                assert (app.slack.states is None) is (changed == {})


def test_without_a_token_a_delivery_waits_and_nobody_is_asked(lab: Lab) -> None:
    with build(lab, bot_token="") as app:
        outcome = app.deliver_one(lab.plan(PAPERS))
    assert outcome.result is Result.LATER
    assert outcome.detail.startswith("nothing here delivers to channel T0LAB/C0PAPERS")
    assert lab.slack.calls() == []


def test_workspaces_sets_are_followed_like_all_others(lab: Lab, app: App) -> None:
    for each in (OPERATORS, THEIRS):
        lab.store.save_set(each)
    assert app.sets() == (OWN, OPERATORS, THEIRS)
    assert app.categories == ("cs.CV", "cs.RO", "cs.AI", "cs.CL")
    lab.store.save_set(replace(THEIRS, paused=True))
    assert app.sets() == (OWN, OPERATORS)
    assert app.sets(paused=True)[-1].paused


def test_a_name_means_the_operators_own_set_first(lab: Lab, app: App) -> None:
    far = replace(THEIRS, owner="slack:T0FAR")
    seas = replace(THEIRS, name="SEAS")
    for each in (OPERATORS, THEIRS, far, seas):
        lab.store.save_set(each)
    assert app.sets(["clouds"]) == (OWN,)
    assert app.sets(["seas"]) == (OPERATORS,)
    assert app.sets(["slack:T0LAB/Clouds", "SLACK:t0far/clouds"]) == (THEIRS, far)
    assert app.sets(own=True) == (OWN, OPERATORS)
    assert app.sets(["slack:T0LAB/SEAS"], own=True) == (seas,)
    with pytest.raises(UserError, match="no set is named 'Cloud': did you mean 'Clouds'"):
        app.sets(["Cloud"])


def test_people_and_places_are_asked_with_the_same_token(app: App) -> None:
    assert app.slack.people.is_admin(Person("T0LAB", "U0ADA"))
    assert app.slack.clients.resolve("") == "T0LAB"
    assert app.slack is app.slack
