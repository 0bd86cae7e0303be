"""The fake of Slack against Slack's own client: what it keeps, and whom it answers."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError
from slack_sdk.webhook import WebhookClient

from tests.fakes.slack_api import (
    LOST,
    UNLIMITED,
    Channel,
    Rule,
    SlackApi,
    SlackProcess,
    Team,
)
from tests.fakes.slack_api.schema import SHARED


@pytest.fixture
def slack() -> Iterator[SlackApi]:
    with SlackApi(rates=UNLIMITED, record=False) as api:
        yield api


@pytest.fixture
def team(slack: SlackApi) -> Team:
    made = slack.add_team("T0LAB", "Lab")
    made.add_user("U0ADA", "ada", admin=True)
    made.add_user("U0BEN", "ben")
    return made


@pytest.fixture
def papers(team: Team) -> Channel:
    return team.add_channel("C0PAPERS", "papers", members={"U0ADA", "U0BEN"})


@pytest.fixture
def client(slack: SlackApi, team: Team) -> WebClient:
    return make_client(slack, team)


def make_client(slack: SlackApi, team: Team) -> WebClient:
    return WebClient(token=team.token, base_url=slack.url, retry_handlers=[], timeout=5)


def text(size: int = 5, kind: str = "mrkdwn") -> dict[str, Any]:
    return {"type": kind, "text": "x" * size}


def section(size: int = 5, **more: object) -> dict[str, Any]:
    return {"type": "section", "text": text(size), **more}


def button(**more: object) -> dict[str, Any]:
    return {"type": "button", "action_id": "press", "text": text(5, "plain_text"), **more}


def refused(call: Callable[..., Any], **arguments: object) -> str:
    with pytest.raises(SlackApiError) as caught:
        call(**arguments)
    return str(caught.value.response["error"])


def test_a_digest_has_a_parent_and_a_thread_with_metadata(
    client: WebClient, papers: Channel
) -> None:
    metadata = {"event_type": "papers_delivery", "event_payload": {"key": "k1", "part": 1}}
    parent = client.chat_postMessage(
        channel="#papers", text="33 papers", blocks=[section()], metadata=metadata
    )
    assert parent["channel"] == "C0PAPERS"
    part = client.chat_postMessage(channel="C0PAPERS", text="1", thread_ts=parent["ts"])
    history = client.conversations_history(channel="C0PAPERS", include_all_metadata=True)
    assert [each["ts"] for each in history["messages"]] == [parent["ts"]]
    assert history["messages"][0]["metadata"] == metadata
    assert history["messages"][0]["reply_count"] == 1
    assert history["messages"][0]["blocks"][0]["block_id"]
    replies = client.conversations_replies(channel="C0PAPERS", ts=parent["ts"])
    assert [each["ts"] for each in replies["messages"]] == [parent["ts"], part["ts"]]
    assert "metadata" not in replies["messages"][0]
    link = client.chat_getPermalink(channel="C0PAPERS", message_ts=part["ts"])["permalink"]
    assert link.endswith(f"/p{part['ts'].replace('.', '')}?thread_ts={parent['ts']}&cid=C0PAPERS")
    assert [message.text for message in papers.thread(parent["ts"])] == ["33 papers", "1"]


def test_history_is_read_in_pages_from_the_end_that_is_asked_for(
    client: WebClient, papers: Channel
) -> None:
    stamps = [client.chat_postMessage(channel=papers.id, text=f"{n}")["ts"] for n in range(7)]
    assert stamps == sorted(set(stamps))

    def read(**asked: object) -> list[list[str]]:
        pages, cursor = [], ""
        while True:
            page = client.api_call(
                "conversations.history",
                params={"channel": papers.id, "limit": 3, "cursor": cursor, **asked},
            )
            pages.append([message["text"] for message in page["messages"]])
            cursor = page["response_metadata"]["next_cursor"]
            assert page["has_more"] == bool(cursor)
            if not cursor:
                return pages

    assert read() == [["6", "5", "4"], ["3", "2", "1"], ["0"]]
    assert read(oldest=stamps[2]) == [["5", "4", "3"], ["6"]]
    assert read(oldest=stamps[2], inclusive=True) == [["4", "3", "2"], ["6", "5"]]
    assert read(oldest=stamps[2], latest=stamps[5]) == [["4", "3"]]
    assert read(latest=stamps[1], inclusive=True) == [["1", "0"]]


def test_what_the_shared_check_has_against_a_payload_is_known_at_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("PAPERS_SLACK_PAYLOADS", raising=False)
    with SlackApi(rates=UNLIMITED) as slack:
        team = slack.add_team()
        team.add_channel("C0X", "x")
        client = make_client(slack, team)
        client.chat_postMessage(channel="C0X", text="fine", blocks=[section()])
        assert slack.payload_faults == []
        client.chat_postMessage(channel="C0X", text="x" * 3001)
        assert bool(slack.payload_faults) == SHARED.is_here


def test_payloads_are_written_for_the_shared_check(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PAPERS_SLACK_PAYLOADS", str(tmp_path))
    with SlackApi(rates=UNLIMITED) as slack:
        team = slack.add_team()
        papers = team.add_channel("C0X", "x")
        client = make_client(slack, team)
        posted = client.chat_postMessage(channel="C0X", text="fine", blocks=[section()])
        client.chat_update(channel="C0X", ts=posted["ts"], text="finer")
        url = slack.world.new_response_url(team, papers, "U0ADA")
        WebhookClient(f"{slack.world.base}/response/{url.token}").send(text="answered")
        assert slack.payload_faults == []
    (file,) = tmp_path.iterdir()
    written = [json.loads(line) for line in file.read_text().splitlines()]
    assert written == [
        {
            "kind": "message",
            "payload": {"channel": "C0X", "text": "fine", "blocks": [section()]},
        },
        {"kind": "message", "payload": {"channel": "C0X", "text": "finer"}},
        {"kind": "response", "payload": {"text": "answered"}},
    ]


def test_places_that_the_bot_may_not_write_to(client: WebClient, team: Team) -> None:
    team.add_channel("C0OPEN", "open", bot=False)
    team.add_channel("G0SECRET", "secret", private=True, bot=False)
    team.add_channel("C0OLD", "old", archived=True)
    post = client.chat_postMessage
    assert refused(post, channel="C0OPEN", text="x") == "not_in_channel"
    assert refused(post, channel="G0SECRET", text="x") == "channel_not_found"
    assert refused(post, channel="C0NOWHERE", text="x") == "channel_not_found"
    assert refused(post, channel="C0OLD", text="x") == "is_archived"
    listed = client.conversations_list(types="public_channel,private_channel")["channels"]
    assert [each["id"] for each in listed] == ["C0OPEN", "C0OLD"]
    assert post(channel="U0BEN", text="x")["channel"] == "D0BEN"
    assert client.conversations_open(users="U0BEN")["channel"]["id"] == "D0BEN"
    team.tokens[-1].scopes.add("chat:write.public")
    assert post(channel="C0OPEN", text="x")["ok"]


def test_tokens_and_scopes(slack: SlackApi, client: WebClient, team: Team) -> None:
    assert client.auth_test()["team_id"] == "T0LAB"
    assert "chat:write" in client.auth_test().headers["x-oauth-scopes"]
    assert refused(WebClient(base_url=slack.url).auth_test) == "not_authed"
    assert refused(WebClient("xoxb-no", base_url=slack.url).auth_test) == "invalid_auth"
    team.tokens[-1].scopes.remove("users:read")
    assert refused(client.users_info, user="U0ADA") == "missing_scope"
    assert refused(client.api_call, api_method="chat.dance") == "unknown_method"
    assert client.auth_revoke(test=False)["revoked"]
    assert refused(client.auth_test) == "token_revoked"


def test_tokens_rotate_and_codes_are_used_once(slack: SlackApi) -> None:
    team = slack.add_team("T0NEW", rotating=True, installed=False)
    team.add_user("U0EVE", "eve")
    code = team.user("U0EVE").authorize()
    app = WebClient(base_url=slack.url)
    secret = {"client_id": slack.app.client_id, "client_secret": slack.app.client_secret}
    installed = app.oauth_v2_access(code=code, **secret)
    assert refused(app.oauth_v2_access, code=code, **secret) == "code_already_used"
    client = WebClient(installed["access_token"], base_url=slack.url)
    assert client.auth_test()["team_id"] == installed["team"]["id"] == "T0NEW"
    slack.advance(43_201)
    assert refused(client.auth_test) == "token_expired"
    rotate = {"grant_type": "refresh_token", "refresh_token": installed["refresh_token"], **secret}
    rotated = app.oauth_v2_access(**rotate)
    assert WebClient(rotated["access_token"], base_url=slack.url).auth_test()["ok"]
    assert refused(app.oauth_v2_access, **rotate) == "invalid_refresh_token"


def test_views_open_once_and_change_by_their_hash(
    slack: SlackApi, client: WebClient, team: Team
) -> None:
    view = {
        "type": "modal",
        "title": text(24, "plain_text"),
        "private_metadata": "x" * 3000,
        "blocks": [section()],
    }
    trigger = slack.world.new_trigger(team, "U0ADA").id
    opened = client.views_open(trigger_id=trigger, view=view)["view"]
    assert refused(client.views_open, trigger_id=trigger, view=view) == "exchanged_trigger_id"
    assert refused(client.views_open, trigger_id="1.2.3", view=view) == "invalid_trigger_id"
    stale = slack.world.new_trigger(team, "U0ADA").id
    slack.advance(3.1)
    assert refused(client.views_open, trigger_id=stale, view=view) == "expired_trigger_id"
    changed = client.views_update(view_id=opened["id"], hash=opened["hash"], view=view)["view"]
    assert changed["hash"] != opened["hash"]
    update = {"view_id": opened["id"], "hash": opened["hash"], "view": view}
    assert refused(client.views_update, **update) == "hash_conflict"
    for wrong in (
        {"title": text(25, "plain_text")},
        {"private_metadata": "x" * 3001},
        {"blocks": [section()] * 101},
        {"type": "home"},
    ):
        trigger = slack.world.new_trigger(team, "U0ADA").id
        bad = {**view, **wrong}
        assert refused(client.views_open, trigger_id=trigger, view=bad) == "invalid_arguments"
    big = {**view, "blocks": [section(2600) for _ in range(100)]}
    assert refused(client.views_update, view_id=opened["id"], view=big) == "view_too_large"
    home = client.views_publish(user_id="U0ADA", view={"type": "home", "blocks": [section()]})
    assert team.user("U0ADA").home is slack.world.views[home["view"]["id"]]


def test_a_response_url_is_used_five_times_within_half_an_hour(
    slack: SlackApi, team: Team, papers: Channel
) -> None:
    url = slack.world.new_response_url(team, papers, "U0ADA")
    hook = WebhookClient(f"{slack.world.base}/response/{url.token}")
    assert hook.send(text="x" * 40_001).status_code == 400
    for number in range(5):
        kind = "in_channel" if number == 4 else "ephemeral"
        assert hook.send(text=f"{number}", response_type=kind).body == "ok"
    last = hook.send(text="6")
    assert (last.status_code, json.loads(last.body)["error"]) == (404, "used_url")
    assert [message.text for message in papers.messages] == ["4"]
    assert [message.only_for for message in slack.ephemerals] == ["U0ADA"] * 4
    other = slack.world.new_response_url(team, papers, "U0ADA")
    slack.advance(1801)
    late = WebhookClient(f"{slack.world.base}/response/{other.token}").send(text="x")
    assert (late.status_code, json.loads(late.body)["error"]) == (404, "expired_url")


def test_it_runs_in_a_process_of_its_own() -> None:
    with SlackProcess() as slack:
        token = slack.add_team("T0LAB", [("C0A", "a"), ("G0B", "b")])
        slack.misbehave(Rule(LOST, nth=(1,)))
        client = WebClient(token, base_url=slack.url, retry_handlers=[])
        metadata = {"event_type": "papers_delivery", "event_payload": {"key": "k", "part": 1}}
        with pytest.raises(OSError, match=r"."):
            client.chat_postMessage(channel="C0A", text="x", metadata=metadata)
        slack.behave()
        (posted,) = slack.posted()
        assert posted.payload == {"key": "k", "part": 1}
        assert slack.calls() == [("chat.postMessage", "C0A", 200, "", True, "acted")]
