"""What `papers doctor` says of Slack: each is fine, or says what to do."""

from collections.abc import Iterable
from datetime import UTC, datetime

import pytest
from cryptography.fernet import Fernet
from slack_sdk.oauth.installation_store import Installation

from bot.adapters.slack.checking import NEEDED, check_slack
from bot.adapters.slack.installations import Installations
from bot.adapters.slack.places import Places
from bot.config.slack import SlackSettings, Transport
from bot.core.findings import Finding, Health
from bot.edges.slack_app.manifest import SCOPES
from tests.adapters.slack.lab import Lab
from tests.fakes.slack_api import BROKEN, Fault

KEY = Fernet.generate_key().decode()
SECRET = "0123456789abcdef" * 2
UNSEEN = (
    "the app sees no channel #paperz: invite it there, if the channel is private, or name another"
    " (did you mean #papers?) (line 1)"
)
FINE, LOOK, BAD = Health.FINE, Health.DOUBTFUL, Health.BAD


def check(lab: Lab, channels: Iterable[str] = (), **changed: object) -> dict[str, Finding]:
    usual: dict[str, object] = {
        "bot_token": lab.team.token,
        "app_token": lab.slack.app.app_token,
        "signing_secret": SECRET,
        "api_url": lab.slack.url,
    }
    settings = SlackSettings(**{**usual, **changed})  # type: ignore[arg-type]  # a table of cases
    tokens = None
    if settings.is_shared:
        tokens = Installations(
            lab.store,
            client_id=settings.client_id,
            client_secret=settings.client_secret,
            keys=settings.encryption_keys,
            api_url=settings.api_url,
        )
    clients = lab.clients(home_token=settings.bot_token, tokens=tokens)
    found = list(
        check_slack(
            clients,
            Places(clients),
            settings,
            lab.store,
            {channel: f"line {number}" for number, channel in enumerate(channels, 1)},
        )
    )
    assert len({each.subject for each in found}) == len(found)
    return {each.subject: each for each in found}


def test_what_is_right_is_said(lab: Lab) -> None:
    lab.team.direct("U0ADA")
    found = check(lab, ["#papers", "C0PAPERS", "T0LAB/D0ADA"])
    assert {name: (each.health, each.message) for name, each in found.items()} == {
        "Slack token": (FINE, "papers in Lab (T0LAB), https://team-t0lab.slack.com/"),
        "Slack scopes": (FINE, f"all {len(NEEDED)} that are needed"),
        "Slack app token": (FINE, "Socket Mode can be opened"),
        "channel #papers": (FINE, "papers is in #papers"),
        "channel C0PAPERS": (FINE, "papers is in #papers"),
        "channel T0LAB/D0ADA": (FINE, "papers may write there"),
    }
    assert lab.slack.posted == []


def test_the_manifest_asks_for_all_that_is_looked_for() -> None:
    assert set(NEEDED) <= set(SCOPES)


def test_a_token_that_slack_does_not_take_is_said_with_where_the_right_one_is(lab: Lab) -> None:
    lab.team.revoke_tokens(tell=False)
    found = check(lab)
    assert "Slack scopes" not in found
    assert found["Slack token"] == Finding(
        "Slack token",
        BAD,
        "Slack, asked for auth.test: it refuses: token_revoked: copy the Bot User OAuth Token from"
        " OAuth & Permissions of the app into SLACK_BOT_TOKEN",
    )


def test_a_slack_that_does_not_answer_is_said(lab: Lab) -> None:
    lab.slack.misbehave(BROKEN, "*")
    message = check(lab)["Slack token"].message
    assert message.endswith("see that this machine reaches Slack")


def test_scopes_that_lack_are_said_with_what_for(lab: Lab) -> None:
    lab.team.tokens[-1].scopes -= {"channels:history", "users:read"}
    lab.team.scopes -= {"channels:history", "users:read"}
    finding = check(lab)["Slack scopes"]
    assert finding.health is LOOK
    assert finding.message.startswith(
        "papers lacks channels:history (to see whether a digest arrived, and what was spoken of"
        " before); users:read (to know who is an admin): add them"
    )


def test_an_app_token_is_tried_where_it_is_needed(lab: Lab) -> None:
    found = check(lab, app_token=lab.team.token)
    assert found["Slack app token"].health is BAD
    assert "make a token with connections:write" in found["Slack app token"].message
    assert "Slack app token" not in check(lab, app_token="")
    assert "Slack app token" not in check(lab, transport=Transport.HTTP)


@pytest.mark.parametrize(
    ("secret", "health"),
    [(SECRET, FINE), ("x" * 32, LOOK), (SECRET[:-1], LOOK), (SECRET * 2, LOOK)],
)
def test_a_signing_secret_is_looked_at_where_it_is_needed(
    lab: Lab, secret: str, health: Health
) -> None:
    found = check(lab, transport=Transport.HTTP, signing_secret=secret)
    finding = found["Slack signing secret"]
    assert finding.health is health
    assert secret not in finding.message
    assert "Slack signing secret" not in check(lab, signing_secret=secret)


@pytest.mark.parametrize(
    ("address", "health", "message"),
    [
        ("#old", BAD, "#old is archived: unarchive it, or name another channel (line 1)"),
        ("#apart", LOOK, "papers is not in #apart: type `/invite @papers` there (line 1)"),
        (
            "#paperz",
            BAD,
            UNSEEN,
        ),
        (
            "C0NOBODY",
            BAD,
            "Slack, asked for conversations.info: it refuses: channel_not_found (line 1)",
        ),
    ],
)  # fmt: skip
def test_a_channel_that_gets_no_digests_is_said_with_its_line(
    lab: Lab, address: str, health: Health, message: str
) -> None:
    lab.team.add_channel("C0OLD", "old", archived=True)
    lab.team.add_channel("C0APART", "apart", bot=False)
    finding = check(lab, [address])[f"channel {address}"]
    assert (finding.health, finding.message) == (health, message)


def test_a_channel_of_which_slack_says_nothing_is_looked_at(lab: Lab) -> None:
    lab.slack.misbehave(Fault(body='{"ok": true}'), "conversations.info")
    assert check(lab, ["#papers"])["channel #papers"].health is LOOK


def install(lab: Lab, team: str, token: str) -> None:
    Installations(
        lab.store, client_id="1.2", client_secret=SECRET, keys=[KEY], api_url=lab.slack.url
    ).save(
        Installation(
            app_id="A1",
            team_id=team,
            team_name=f"Lab {team}",
            bot_token=token,
            bot_id="B1",
            bot_user_id="U1",
            user_id="U2",
            installed_at=datetime.now(UTC).timestamp(),
        )
    )


def test_every_workspace_that_installed_the_app_is_asked(lab: Lab) -> None:
    shared = {"client_id": "1.2", "client_secret": SECRET, "encryption_keys": (KEY,)}
    assert check(lab, **shared)["Slack workspaces"].message == "0 workspaces installed the app"
    far = lab.slack.add_team("T0FAR", "Far lab")
    install(lab, "T0FAR", far.token)
    assert check(lab, **shared)["Slack workspaces"] == Finding(
        "Slack workspaces", FINE, "1 workspace installed the app"
    )
    install(lab, "T0SEA", "xoxb-gone")
    found = check(lab, **shared)
    assert found["workspace T0SEA"].health is LOOK
    assert found["workspace T0SEA"].message.startswith("Lab T0SEA: Slack, asked for auth.test: it")
    assert "Slack workspaces" not in found
