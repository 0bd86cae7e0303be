"""`papers slack`, `papers manifest`, and Slack in `papers run`."""

import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from cryptography.fernet import Fernet
from slack_sdk.oauth.installation_store import Installation

from bot.adapters.slack.installations import Installations
from bot.adapters.store import Store, open_store
from tests.edges.cli.conftest import Papers
from tests.edges.test_staying import find_port
from tests.fakes.slack_api import UNLIMITED, SlackApi

ROOT = Path(__file__).parents[3]
CONFIG = """
[bot]
{bot}
[arxiv]
categories = ["cs.CV"]
base_url = "http://127.0.0.1:9"
[web]
port = {port}
[slack]
{slack}
[[sets]]
name = "Clouds"
keywords = ["cloud"]
"""
KEY = "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE="
SHARED = {
    "SLACK_CLIENT_ID": "1.2",
    "SLACK_CLIENT_SECRET": "nobodys",
    "SLACK_ENCRYPTION_KEYS": KEY,
}


def write(folder: Path, *, bot: str = "", slack: str = "", port: int = 8080) -> None:
    (folder / "config.toml").write_text(CONFIG.format(bot=bot, slack=slack, port=port))


def test_the_manifest_is_for_socket_mode_unless_http_is_chosen(
    papers: Papers, tmp_path: Path
) -> None:
    write(tmp_path)
    told = json.loads(papers("manifest", "--format", "json").out)
    assert told["settings"]["socket_mode_enabled"]
    assert papers("manifest").out.startswith('display_information:\n  name: "papers"\n')
    link = urlsplit(papers("manifest", "--link").out.strip())
    assert parse_qs(link.query)["manifest_yaml"][0] == papers("manifest").out
    write(tmp_path, slack='transport = "http"\ncommand = "/arxiv"')
    ran = papers("manifest")
    assert ran.code == 2
    assert "Slack reaches this program by an https:// address: name it with --url" in ran.err
    told = json.loads(papers("manifest", "--format", "json", "--url", "https://lab.example").out)
    (command,) = told["features"]["slash_commands"]
    assert command["command"] == "/arxiv"
    assert command["url"] == "https://lab.example/slack/events"
    write(tmp_path, slack='transport = "http"', bot='base_url = "https://papers.lab.example"')
    told = json.loads(papers("manifest", "--format", "json").out)
    assert told["settings"]["interactivity"]["request_url"].startswith(
        "https://papers.lab.example/"
    )


def test_tokens_expire_only_where_they_are_kept(
    papers: Papers, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path, bot='base_url = "https://papers.lab.example"')
    ran = papers("manifest", "--rotate")
    assert ran.code == 2
    assert "--rotate needs SLACK_CLIENT_ID" in ran.err
    for name, value in SHARED.items():
        monkeypatch.setenv(name, value)
    told = json.loads(papers("manifest", "--rotate", "--format", "json").out)
    assert told["settings"]["token_rotation_enabled"]
    assert told["oauth_config"]["redirect_urls"]


@pytest.mark.parametrize(
    ("slack", "environment", "said"),
    [
        ("", {}, "SLACK_APP_TOKEN"),
        ("", {"SLACK_APP_TOKEN": "xapp-1"}, "SLACK_BOT_TOKEN"),
        (
            "",
            {"SLACK_APP_TOKEN": "xoxb-1", "SLACK_BOT_TOKEN": "xoxb-1"},
            "does not begin with xapp-",
        ),
        ('transport = "http"', {"SLACK_SIGNING_SECRET": "x"}, "`papers web`: start that instead"),
    ],
)
def test_what_is_missing_is_said_before_anything_starts(
    papers: Papers,
    monkeypatch: pytest.MonkeyPatch,
    slack: str,
    environment: Mapping[str, str],
    said: str,
) -> None:
    for name in ("SLACK_APP_TOKEN", "SLACK_BOT_TOKEN", "SLACK_SIGNING_SECRET"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    write(Path.cwd(), slack=slack)
    ran = papers("slack")
    assert ran.code == 2
    assert said in ran.err


def start(folder: Path, slack: SlackApi, token: str, *command: str) -> subprocess.Popen[str]:
    environment = {
        **os.environ,
        "PYTHONPATH": str(ROOT),
        "SLACK_BOT_TOKEN": token,
        "SLACK_APP_TOKEN": slack.app.app_token,
        "SLACK_SIGNING_SECRET": slack.app.signing_secret,
        # Bolt would make stores of files for these, were it not kept from it.
        **SHARED,
        "HOME": str(folder),
    }
    environment.pop("DATABASE_URL", None)
    return subprocess.Popen(
        [sys.executable, "-m", "bot", *command, "--log-format", "json"],
        cwd=folder,
        env=environment,
        stderr=subprocess.PIPE,
        text=True,
    )


def stop(process: subprocess.Popen[str]) -> list[dict[str, object]]:
    process.send_signal(signal.SIGTERM)
    began = time.monotonic()
    _, said = process.communicate(timeout=20)
    assert time.monotonic() - began < 10
    assert process.returncode == 0, said
    assert "Traceback" not in said
    return [json.loads(line) for line in said.splitlines() if line.startswith("{")]


@pytest.mark.parametrize("command", [("slack",), ("run", "--no-web")])
def test_it_answers_until_it_is_told_to_stop(tmp_path: Path, command: tuple[str, ...]) -> None:
    with SlackApi(rates=UNLIMITED) as slack:
        team = slack.add_team("T0LAB")
        ada = slack.person(team, team.add_user("U0ADA", "ada"))
        channel = team.add_channel("C0PAPERS", "papers", members={"U0ADA"})
        write(tmp_path, slack=f'api_url = "{slack.url}"', bot='base_url = "https://a.example"')
        process = start(tmp_path, slack, team.token, *command)
        try:
            slack.wait_connected(1, 30)
            done = ada.command("/papers subscribe Clouds", channel)
            assert done.wait_response(1)["text"].startswith("Subscribed <#C0PAPERS> to Clouds")
            # What was acknowledged is done before the end.
            last = ada.command("/papers pause 1", channel)
            assert last.ack.ok
        finally:
            told = stop(process)
        assert last.responses[0]["text"].startswith("Paused")
        assert {"connected", "stopping"} <= {line["event"] for line in told}
    there = {path.name for path in tmp_path.iterdir()}
    assert there - {"papers.db-lock"} == {"config.toml", "papers.db"}


def test_with_http_the_web_answers(tmp_path: Path) -> None:
    with SlackApi(rates=UNLIMITED) as slack:
        team = slack.add_team("T0LAB")
        ada = slack.person(team, team.add_user("U0ADA", "ada"))
        channel = team.add_channel("C0PAPERS", "papers", members={"U0ADA"})
        port = find_port()
        write(
            tmp_path,
            slack=f'api_url = "{slack.url}"\ntransport = "http"',
            bot='base_url = "https://a.example"',
            port=port,
        )
        process = start(tmp_path, slack, team.token, "web")
        try:
            slack.events_url = f"http://127.0.0.1:{port}/slack/events"
            deadline = time.monotonic() + 30
            while time.monotonic() < deadline:
                try:
                    done = ada.command("/papers subscribe Clouds", channel)
                    break
                except ConnectionRefusedError:
                    time.sleep(0.1)
            assert done.wait_response(1)["text"].startswith("Subscribed")
        finally:
            stop(process)


def test_help_imports_no_slack_code() -> None:
    code = (
        "import sys\nfrom bot.edges.cli import main\ntry: main(['slack', '--help'])\n"
        "except SystemExit: print([name for name in ('slack_sdk', 'slack_bolt', 'websockets', "
        "'cryptography', 'flask') if name in sys.modules])"
    )
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert told.stdout.splitlines()[-1] == "[]"


def test_tokens_are_encrypted_anew_where_they_are_kept(
    papers: Papers, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path)
    ran = papers("slack", "--rotate-keys")
    assert ran.code == 2
    assert "no tokens are kept in the database: that takes SLACK_CLIENT_ID" in ran.err
    for name, value in SHARED.items():
        monkeypatch.setenv(name, value)
    with open_store(f"sqlite:///{tmp_path / 'papers.db'}") as store:
        keep_workspace(store)
    before = kept_tokens(tmp_path)
    other = "OTg3NjU0MzIxMDk4NzY1NDMyMTA5ODc2NTQzMjEwOTg="
    monkeypatch.setenv("SLACK_ENCRYPTION_KEYS", f"{other},{KEY}")
    assert papers("slack", "--rotate-keys").out == "2 tokens encrypted anew with the first key\n"
    after = kept_tokens(tmp_path)
    assert len(after) == 2
    assert not set(after) & set(before)
    assert {Fernet(other).decrypt(each) for each in after} == {b"xoxb-T0FAR"}


def keep_workspace(store: Store) -> None:
    installations = Installations(
        store,
        client_id=SHARED["SLACK_CLIENT_ID"],
        client_secret=SHARED["SLACK_CLIENT_SECRET"],
        keys=(KEY,),
        api_url="http://127.0.0.1:9/api/",
    )
    installations.save(
        Installation(
            app_id="A0PAPERS",
            team_id="T0FAR",
            user_id="U0ADA",
            bot_token="xoxb-T0FAR",  # noqa: S106 - nobody's
            bot_id="B0",
        )
    )


def kept_tokens(folder: Path) -> list[str]:
    with sqlite3.connect(folder / "papers.db") as connection:
        found = [
            str(row[0])
            for table in ("slack_installations", "slack_bots")
            for row in connection.execute(f"SELECT bot_token FROM {table}")  # noqa: S608 - our own
        ]
    connection.close()
    return found
