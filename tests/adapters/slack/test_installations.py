"""Workspaces that installed the app: tokens are encrypted, renewed, kept apart, and go."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography.fernet import Fernet
from slack_sdk.oauth.installation_store import Bot, Installation
from sqlalchemy import text

from bot.adapters.slack.errors import SlackError, Trouble
from bot.adapters.slack.installations import Installations
from bot.adapters.slack.states import States
from bot.adapters.store import Store, open_store
from bot.errors import StoreError
from tests.adapters.slack.lab import Lab
from tests.fakes.slack_api import BROKEN, UNLIMITED, Fault, SlackApi, Team

KEY, NEWER = Fernet.generate_key().decode(), Fernet.generate_key().decode()
NOW = datetime(2026, 6, 2, 9, tzinfo=UTC)
WEBHOOK = "https://hooks.example/secret-path"


def build(
    store: Store, slack: SlackApi | None = None, *keys: str, now: datetime | None = None
) -> Installations:
    return Installations(
        store,
        client_id="111.222",
        client_secret="client-secret" if slack is None else slack.app.client_secret,
        keys=keys or (KEY,),
        api_url="http://127.0.0.1:9/" if slack is None else slack.url,
        now=lambda: now or datetime.now(UTC),
    )


def install(
    team: str = "T0LAB",
    token: str = "",
    *,
    enterprise: str | None = None,
    at: datetime = NOW,
    refresh: str | None = None,
    ends: datetime | None = None,
    user: str = "U0ADA",
) -> Installation:
    return Installation(
        app_id="A0PAPERS",
        enterprise_id=enterprise,
        team_id=team,
        team_name=f"Lab {team}",
        bot_token=token or f"xoxb-{team}-secret",
        bot_id="B0PAPERS",
        bot_user_id="U0PAPERS",
        bot_scopes=["chat:write", "commands"],
        bot_refresh_token=refresh,
        bot_token_expires_at=int(ends.timestamp()) if ends else None,
        user_id=user,
        incoming_webhook_url=WEBHOOK,
        installed_at=at.timestamp(),
    )


def dump(store: Store) -> str:
    with store.reading() as connection:
        rows = [
            tuple(row)
            for table in ("slack_bots", "slack_installations")
            for row in connection.execute(text(f"SELECT * FROM {table}"))  # noqa: S608
        ]
    return repr(rows)


def test_an_installation_comes_back_as_it_was_kept(store: Store) -> None:
    installations = build(store)
    installations.save(install())
    found = installations.find_installation(enterprise_id=None, team_id="T0LAB")
    assert found is not None
    assert found.to_dict() == install().to_dict()
    bot = installations.find_bot(enterprise_id=None, team_id="T0LAB")
    assert bot is not None
    assert bot.to_dict() == install().to_bot().to_dict()
    assert store.list_workspaces() == (("T0LAB", "Lab T0LAB"),)
    assert installations.find_token("T0LAB") == "xoxb-T0LAB-secret"


def test_what_was_given_to_be_kept_is_not_changed(store: Store) -> None:
    given, bot = install(), install().to_bot()
    installations = build(store)
    installations.save(given)
    installations.save_bot(bot)
    assert given.bot_token == bot.bot_token == "xoxb-T0LAB-secret"  # noqa: S105


def test_no_secret_stands_in_the_database_nor_in_its_copies(tmp_path: Path) -> None:
    path = tmp_path / "papers.db"
    long = "xoxe.xoxb-1-" + "Mi0yLTE" * 40
    with open_store(f"sqlite:///{path}") as store:
        installations = build(store)
        installations.save(install(token=long, refresh="xoxe-1-refresh", ends=NOW))
        assert installations.find_bot(enterprise_id=None, team_id="T0LAB") is not None
        kept = b"".join(each.read_bytes() for each in tmp_path.iterdir())
    kept += path.read_bytes()
    assert b"T0LAB" in kept
    for secret in (long, "xoxe-1-refresh", WEBHOOK, KEY):
        assert secret.encode() not in kept
    assert b"xoxe" not in kept


def test_long_tokens_are_kept_whole_on_every_database(store: Store) -> None:
    installations = build(store)
    long = "xoxe.xoxb-1-" + "Mi0yLTE" * 40
    installations.save(install(token=long, refresh=long, ends=datetime.now(UTC) + timedelta(9)))
    assert installations.find_token("T0LAB") == long


def test_keys_are_changed_without_anybody_installing_again(store: Store) -> None:
    build(store).save(install())
    build(store).save(install("T0FAR"))
    before = dump(store)
    both = build(store, None, NEWER, KEY)
    assert both.find_token("T0LAB") == "xoxb-T0LAB-secret"
    assert both.rotate_keys() == 6
    assert dump(store) != before
    new = build(store, None, NEWER)
    assert [new.find_token(team) for team in ("T0LAB", "T0FAR")] == [
        "xoxb-T0LAB-secret",
        "xoxb-T0FAR-secret",
    ]
    with pytest.raises(SlackError, match="was encrypted with another key: add that to SLACK_ENCR"):
        build(store).find_token("T0LAB")


def test_where_a_key_is_missing_no_token_is_changed(store: Store) -> None:
    build(store).save(install())
    build(store, None, NEWER).save(install("T0FAR"))
    before = dump(store)
    with pytest.raises(SlackError, match="add that to SLACK_ENCRYPTION_KEYS"):
        build(store).rotate_keys()
    assert dump(store) == before


def test_the_newest_installation_of_a_workspace_counts(store: Store) -> None:
    installations = build(store)
    installations.save(install(token="xoxb-new", at=NOW + timedelta(days=1)))  # noqa: S106
    installations.save(install(token="xoxb-old", user="U0BEN"))  # noqa: S106
    assert installations.find_token("T0LAB") == "xoxb-new"
    theirs = installations.find_installation(enterprise_id=None, team_id="T0LAB", user_id="U0BEN")
    assert theirs is not None
    assert theirs.bot_token == "xoxb-new"  # noqa: S105


def test_a_workspace_of_an_organisation_is_found_by_its_own_id(store: Store) -> None:
    installations = build(store)
    installations.save(install(enterprise="E0ORG"))
    assert installations.find_token("T0LAB") == "xoxb-T0LAB-secret"


def test_an_app_that_left_leaves_no_token_and_takes_nobody_elses(store: Store) -> None:
    installations = build(store)
    for team in ("T0LAB", "T0FAR", "T0SEA"):
        installations.save(install(team))
    installations.forget_tokens("T0LAB")
    installations.delete_all(enterprise_id=None, team_id="T0SEA")
    assert "T0LAB" not in dump(store)
    assert installations.find_token("T0LAB") is None
    assert installations.find_bot(enterprise_id=None, team_id="T0SEA") is None
    assert installations.find_installation(enterprise_id=None, team_id="T0SEA") is None
    assert store.list_workspaces() == (("T0FAR", "Lab T0FAR"),)


def test_one_persons_installation_can_go_alone(store: Store) -> None:
    installations = build(store)
    installations.save(install())
    installations.save(install(user="U0BEN", at=NOW + timedelta(days=1)))
    installations.delete_installation(enterprise_id=None, team_id="T0LAB", user_id="U0BEN")
    found = installations.find_installation(enterprise_id=None, team_id="T0LAB")
    assert found is not None
    assert found.user_id == "U0ADA"


def test_a_workspace_without_a_bot_has_no_token(store: Store) -> None:
    installations = build(store)
    alone = install()
    alone.bot_token = None
    installations.save(alone)
    assert installations.find_token("T0LAB") is None
    assert installations.renew_token("T0LAB", "xoxb-old") is None
    assert installations.find_token("T0SEA") is None


def test_a_database_that_fails_is_told_as_one(tmp_path: Path) -> None:
    store = open_store(f"sqlite:///{tmp_path / 'papers.db'}")
    with store.writing() as connection:
        connection.execute(text("DROP TABLE slack_bots"))
        connection.execute(text("DROP TABLE slack_oauth_states"))
    installations, states = build(store), States(store)
    with store:
        for fails in (
            lambda: installations.save(install()),
            lambda: installations.save_bot(install().to_bot()),
            lambda: installations.find_bot(enterprise_id=None, team_id="T0LAB"),
            lambda: installations.delete_bot(enterprise_id=None, team_id="T0LAB"),
            lambda: installations.forget_tokens("T0LAB"),
            states.issue,
            lambda: states.consume("x"),
        ):
            with pytest.raises(StoreError, match="no such table"):
                fails()


# Tokens that end


@pytest.fixture
def slack() -> Iterator[SlackApi]:
    with SlackApi(rates=UNLIMITED) as running:
        yield running


@pytest.fixture
def far(slack: SlackApi) -> Team:
    return slack.add_team("T0FAR", "Far lab", rotating=True)


def keep(installations: Installations, team: Team) -> None:
    """Keep a workspace's newest token as Slack gave it."""
    token = team.tokens[-1]
    assert token.expires is not None
    installations.save(
        install(
            team.id,
            token.text,
            refresh=token.refresh,
            ends=datetime.fromtimestamp(token.expires, UTC),
        )
    )


def test_a_token_is_renewed_before_it_ends_and_by_one_process(
    file_store: Store, slack: SlackApi, far: Team
) -> None:
    keep(build(file_store, slack), far)
    old = far.token
    assert build(file_store, slack).find_token("T0FAR") == old
    late = datetime.now(UTC) + timedelta(hours=10, minutes=30)
    one, other = build(file_store, slack, now=late), build(file_store, slack, now=late)
    renewed = one.find_token("T0FAR")
    assert renewed == far.token != old
    assert other.find_token("T0FAR") == renewed
    assert len(slack.calls("oauth.v2.access")) == 1
    assert "xoxe" not in dump(file_store)


def test_while_one_renews_the_others_use_the_old_token(
    file_store: Store, slack: SlackApi, far: Team
) -> None:
    keep(build(file_store, slack), far)
    late = datetime.now(UTC) + timedelta(hours=10, minutes=30)
    file_store.take_turn("slack token T0FAR", late, timedelta(minutes=1))
    assert build(file_store, slack, now=late).find_token("T0FAR") == far.token
    # One that has had its time is waited for.
    ended = datetime.now(UTC) + timedelta(hours=12)
    file_store.take_turn("slack token T0FAR", ended, timedelta(minutes=1))
    with pytest.raises(SlackError, match="its token is just being renewed") as busy:
        build(file_store, slack, now=ended).find_token("T0FAR")
    assert (busy.value.trouble, busy.value.retry_after) == (Trouble.BUSY, 60)


@pytest.mark.parametrize("fault", [BROKEN, Fault(error="ratelimited"), Fault(drop="unread")])
def test_where_renewing_fails_the_old_token_is_used_as_long_as_it_lives(
    file_store: Store, slack: SlackApi, far: Team, fault: Fault
) -> None:
    keep(build(file_store, slack), far)
    slack.misbehave(fault, "oauth.v2.access")
    late = datetime.now(UTC) + timedelta(hours=11, minutes=50)
    assert build(file_store, slack, now=late).find_token("T0FAR") == far.token
    ended = datetime.now(UTC) + timedelta(hours=12)
    with pytest.raises(SlackError):
        build(file_store, slack, now=ended).find_token("T0FAR")
    slack.behave()
    later = ended + timedelta(minutes=2)
    assert build(file_store, slack, now=later).find_token("T0FAR") == far.token


def test_what_slack_does_not_renew_is_of_no_use_any_more(
    file_store: Store, slack: SlackApi, far: Team
) -> None:
    keep(build(file_store, slack), far)
    far.tokens[-1].refresh = "another"
    with pytest.raises(SlackError, match="invalid_refresh_token") as refused:
        build(file_store, slack).renew_token("T0FAR", far.token)
    assert refused.value.trouble is Trouble.WORKSPACE


def test_another_kind_of_token_is_not_taken(file_store: Store, slack: SlackApi, far: Team) -> None:
    keep(build(file_store, slack), far)
    body = '{"ok": true, "token_type": "user", "access_token": "xoxp-1", "expires_in": 43200}'
    slack.misbehave(Fault(body=body), "oauth.v2.access")
    with pytest.raises(SlackError, match="it answered with another kind of token"):
        build(file_store, slack).renew_token("T0FAR", far.token)


def test_a_token_that_slack_calls_old_is_renewed_or_another_ones_is_used(
    file_store: Store, slack: SlackApi, far: Team
) -> None:
    installations = build(file_store, slack)
    keep(installations, far)
    assert installations.renew_token("T0FAR", "xoxb-older") == far.token
    old = far.token
    assert installations.renew_token("T0FAR", old) == far.token != old
    installations.save(install("T0SEA"))
    assert installations.renew_token("T0SEA", "xoxb-T0SEA-secret") is None


def test_digests_go_on_when_a_token_ends(lab: Lab, far: Team) -> None:
    far.add_channel("C0PAPERS", "papers")
    installations = build(lab.store, lab.slack)
    keep(installations, far)
    clients = lab.clients(tokens=installations)
    assert clients.identify("T0FAR").team == "T0FAR"
    lab.slack.advance(13 * 3600)
    clients.ask("T0FAR", "chat.postMessage", channel="C0PAPERS", text="hello")
    assert [message.text for message in far.channel("#papers").messages] == ["hello"]
    fresh = lab.clients(tokens=build(lab.store, lab.slack))
    fresh.ask("T0FAR", "chat.postMessage", channel="C0PAPERS", text="again")
    assert len(lab.slack.calls("oauth.v2.access")) == 1


# States


def test_a_state_counts_once_and_in_time(store: Store) -> None:
    states = States(store)
    state, other = states.issue(), states.issue("ignored", any="thing")
    assert state != other
    assert states.consume(state)
    assert not states.consume(state)
    assert not states.consume("made up")
    assert states.consume(other)
    late = States(store, -1).issue()
    assert not states.consume(late)


def test_states_that_nobody_brought_back_are_thrown_away(store: Store) -> None:
    States(store, -1).issue()
    States(store).issue()
    with store.reading() as connection:
        (count,) = connection.execute(text("SELECT count(*) FROM slack_oauth_states")).one()
    assert count == 1


def test_a_bot_may_be_kept_alone(store: Store) -> None:
    installations = build(store)
    installations.save_bot(
        Bot(
            team_id="T0LAB",
            bot_token="xoxb-alone",  # noqa: S106
            bot_id="B1",
            bot_user_id="U1",
            app_id="A1",
            installed_at=NOW.timestamp(),
        )
    )
    found = installations.find_bot(enterprise_id=None, team_id="T0LAB")
    assert found is not None
    assert found.bot_token == "xoxb-alone"  # noqa: S105
    assert "alone" not in dump(store)
    assert installations.logger.disabled or not installations.logger.isEnabledFor(50)
