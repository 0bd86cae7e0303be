"""Slack's part of the configuration: secrets come from the environment alone, and never show."""

import base64
from pathlib import Path

import pytest
from cryptography.fernet import Fernet

from bot.config import Settings, parse_settings
from bot.config.slack import (
    SECRETS,
    SlackSettings,
    Transport,
    find_problems,
    is_fernet_key,
)
from bot.errors import ConfigError

KEY, OTHER_KEY = Fernet.generate_key().decode(), Fernet.generate_key().decode()
TOKEN, APP_TOKEN, SECRET = "xoxb-1-token", "xapp-1-token", "a-secret"
ALL = {
    "SLACK_BOT_TOKEN": TOKEN,
    "SLACK_APP_TOKEN": APP_TOKEN,
    "SLACK_SIGNING_SECRET": SECRET,
    "SLACK_CLIENT_ID": "1.2",
    "SLACK_CLIENT_SECRET": SECRET,
    "SLACK_ENCRYPTION_KEYS": f" {KEY} , {OTHER_KEY},",
}
WHOLE = SlackSettings(
    bot_token=TOKEN,
    app_token=APP_TOKEN,
    signing_secret=SECRET,
    client_id="1.2",
    client_secret=SECRET,
    encryption_keys=(KEY, OTHER_KEY),
)


def parse(text: str = "", **environment: str) -> Settings:
    return parse_settings(text, "config.toml", environment)


def find_faults(text: str = "", **environment: str) -> list[tuple[str, int, str]]:
    with pytest.raises(ConfigError) as refused:
        parse(text, **environment)
    for secret in ("xoxb-", "xapp-", "hunter2"):
        assert secret not in str(refused.value)
    return [(fault.key, fault.line, fault.message) for fault in refused.value.faults]


def test_secrets_are_read_from_the_environment() -> None:
    assert parse(**ALL).slack == WHOLE


def test_secrets_are_read_from_files_that_the_environment_names(tmp_path: Path) -> None:
    named = {}
    for number, (name, value) in enumerate(ALL.items()):
        path = tmp_path / str(number)
        path.write_text(f"{value}\n")
        named[f"{name}_FILE"] = str(path)
    assert parse(**named).slack == WHOLE


def test_no_secret_shows_when_settings_are_shown() -> None:
    shown = repr(parse(**ALL))
    hidden = [TOKEN, APP_TOKEN, SECRET, KEY, OTHER_KEY]
    assert not [secret for secret in hidden if secret in shown]
    assert "1.2" in shown


def test_one_place_holds_a_secret(tmp_path: Path) -> None:
    path = tmp_path / "token"
    path.write_text(TOKEN)
    assert find_faults(SLACK_BOT_TOKEN=TOKEN, SLACK_BOT_TOKEN_FILE=str(path)) == [
        (
            "SLACK_BOT_TOKEN_FILE (environment)",
            0,
            "SLACK_BOT_TOKEN is set, too: keep one of them",
        )
    ]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "cannot be read: No such file or directory"),
        (b"\n", "is empty: write the secret into it"),
        (b"\xff\xfe", "cannot be read: it is not text"),
    ],
)
def test_a_file_that_holds_no_secret_is_named(
    content: bytes | None, message: str, tmp_path: Path
) -> None:
    path = tmp_path / "token"
    if content is not None:
        path.write_bytes(content)
    assert find_faults(SLACK_APP_TOKEN_FILE=str(path)) == [
        ("SLACK_APP_TOKEN_FILE (environment)", 0, f"{path} {message}")
    ]


@pytest.mark.parametrize("value", ["xoxb-1 hunter2", "xoxb-1\nhunter2", "xoxb-hunter2ü", "\0"])
def test_a_secret_that_no_header_can_hold_is_refused(value: str) -> None:
    ((key, line, message),) = find_faults(SLACK_BOT_TOKEN=value)
    assert (key, line) == ("SLACK_BOT_TOKEN (environment)", 0)
    assert message.startswith("it holds spaces")


@pytest.mark.parametrize("key", [*SECRETS, *SECRETS.values()])
def test_a_secret_in_the_file_is_sent_to_where_it_belongs(key: str) -> None:
    variable = SECRETS.get(key, key)
    where = f"put it into the environment's {variable}, or its file's name into {variable}_FILE"
    assert find_faults(f'[slack]\n{key} = "hunter2"') == [
        (
            f"slack.{key}",
            2,
            f"it is a secret: {where}",
        )
    ]


@pytest.mark.parametrize(
    ("text", "key", "line", "variable"),
    [
        ('[bot]\ncontact = "xoxb-hunter2"', "bot.contact", 2, "SLACK_BOT_TOKEN"),
        ('[slack]\ncommand = " xapp-hunter2"', "slack.command", 2, "SLACK_APP_TOKEN"),
        ('[slack]\nbot_token = "XOXB-hunter2"', "slack.bot_token", 2, "SLACK_BOT_TOKEN"),
        (
            '[[sets]]\nname = "x"\nkeywords = ["y",\n"xoxe.xoxb-hunter2"]',
            "sets[0].keywords[1]",
            4,
            "SLACK_BOT_TOKEN",
        ),
    ],
)
def test_a_token_anywhere_in_the_file_is_refused_and_not_shown(
    text: str, key: str, line: int, variable: str
) -> None:
    faults = find_faults(text)
    assert faults[0][:2] == (key, line)
    assert f"it holds a token: put it into the environment's {variable}" in faults[0][2]


def settings(**changed: object) -> SlackSettings:
    usual = {"bot_token": TOKEN, "app_token": "xapp-1", "signing_secret": "s"}
    return SlackSettings(**{**usual, **changed})  # type: ignore[arg-type]  # a table of cases


@pytest.mark.parametrize(
    ("slack", "starts"),
    [
        (settings(), []),
        (WHOLE, []),
        (settings(transport=Transport.HTTP, app_token=""), []),
        (settings(signing_secret=""), []),
        (
            settings(transport=Transport.HTTP, signing_secret=""),
            ['transport = "http" needs SLACK_SIGNING_SECRET'],
        ),
        (settings(app_token=""), ['transport = "socket" needs SLACK_APP_TOKEN']),
        (settings(app_token=TOKEN), ["SLACK_APP_TOKEN does not begin with xapp-"]),
        (
            settings(client_id="1.2"),
            ["SLACK_CLIENT_ID needs SLACK_CLIENT_SECRET", "SLACK_CLIENT_ID needs SLACK_ENCRYPTION"],
        ),
        (settings(client_secret=SECRET), ["SLACK_CLIENT_SECRET needs SLACK_CLIENT_ID"]),
        (
            settings(encryption_keys=(KEY, "short")),
            ["SLACK_ENCRYPTION_KEYS: key 2 is not a Fernet key"],
        ),
        (settings(bot_token=""), ["there is no token: put the app's Bot User OAuth Token"]),
        (
            settings(bot_token="", client_id="1.2", client_secret=SECRET, encryption_keys=(KEY,)),
            [],
        ),
    ],
)
def test_what_cannot_work_together_is_said(slack: SlackSettings, starts: list[str]) -> None:
    found = find_problems(slack)
    assert len(found) == len(starts)
    assert all(map(str.startswith, found, starts))
    assert not any(secret in "".join(found) for secret in (TOKEN, KEY, "short"))


def test_whether_there_is_something_to_post_with() -> None:
    assert not SlackSettings().can_post
    assert settings().can_post
    assert not settings().is_shared
    assert WHOLE.is_shared
    assert not settings(bot_token="", client_id="1.2", client_secret=SECRET).can_post


@pytest.mark.parametrize(
    ("text", "right"),
    [
        (KEY, True),
        (base64.urlsafe_b64encode(b"\xff" * 32).decode(), True),
        (base64.b64encode(b"\xff" * 32).decode(), True),
        (base64.urlsafe_b64encode(b"x" * 31).decode(), False),
        ("", False),
        ("ü", False),
        (KEY[:-1], False),
    ],
    ids=["made", "of a URL", "of Base64", "short", "none", "no ASCII", "cut"],
)
def test_fernets_keys_are_known_by_their_shape(text: str, *, right: bool) -> None:
    assert is_fernet_key(text) is right
