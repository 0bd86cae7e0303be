"""The limits, the rates and the faults of the fake of Slack, against Slack's own client."""

import socket
from collections.abc import Callable, Iterator
from typing import Any
from urllib.error import URLError

import pytest
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from tests.fakes.slack_api import (
    BROKEN,
    BROKEN_AFTER,
    DROPPED,
    FATAL_AFTER,
    GARBAGE,
    HTML_AFTER,
    INTERNAL,
    LOST,
    UNLIMITED,
    UNREAD,
    Channel,
    Fault,
    Rates,
    RetryAfter,
    Rule,
    SlackApi,
    Team,
)
from tests.fakes.slack_api.schema import SharedCheck


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


LIMITS: list[tuple[str, dict[str, Any]]] = [
    ("invalid_blocks", {"blocks": [section()] * 51}),
    ("invalid_blocks", {"blocks": [section(3001)]}),
    ("invalid_blocks", {"blocks": [{"type": "header", "text": text(151, "plain_text")}]}),
    ("invalid_blocks", {"blocks": [{"type": "header", "text": text(10)}]}),
    ("invalid_blocks", {"blocks": [{"type": "context", "elements": [text()] * 11}]}),
    ("invalid_blocks", {"blocks": [{"type": "context", "elements": []}]}),
    ("invalid_blocks", {"blocks": [{"type": "actions", "elements": [button()] * 2}]}),
    ("invalid_blocks", {"blocks": [section(accessory=button(text=text(76, "plain_text")))]}),
    ("invalid_blocks", {"blocks": [section(accessory=button(value="x" * 2001))]}),
    ("invalid_blocks", {"blocks": [section(accessory={"type": "overflow", "options": []})]}),
    ("invalid_blocks", {"blocks": [section(block_id="a")] * 2}),
    ("invalid_blocks", {"blocks": [section(block_id="a" * 256)]}),
    ("invalid_blocks", {"blocks": [{"type": "marquee"}]}),
    ("invalid_blocks", {"blocks": [{"type": "section", "text": text(0)}]}),
    ("invalid_blocks_format", {"blocks": ["x"]}),
    ("msg_blocks_too_long", {"blocks": [section(2900)] * 4}),
    ("msg_too_long", {"text": "x" * 40_001}),
    ("no_text", {"text": ""}),
    ("invalid_metadata_format", {"metadata": {"event_type": "x"}}),
    ("metadata_must_be_json", {"metadata": "x"}),
    ("metadata_too_large", {"metadata": {"event_type": "x", "event_payload": {"k": "x" * 16_000}}}),
    ("thread_not_found", {"thread_ts": "1700000000.000001"}),
]


@pytest.mark.parametrize(("error", "wrong"), LIMITS)
def test_what_is_over_a_limit_is_refused_with_slacks_own_error(
    client: WebClient, papers: Channel, error: str, wrong: dict[str, Any]
) -> None:
    with pytest.raises(SlackApiError) as caught:
        client.api_call("chat.postMessage", json={"channel": papers.id, "text": "hi", **wrong})
    assert caught.value.response["error"] == error
    assert papers.messages == []


def test_the_limits_hold_without_the_shared_check(
    client: WebClient, papers: Channel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(SharedCheck, "_module", None)
    for error, wrong in LIMITS:
        arguments = {"channel": papers.id, "text": "hi", **wrong}
        assert refused(client.api_call, api_method="chat.postMessage", json=arguments) == error


def mrkdwn(words: str, **more: object) -> dict[str, Any]:
    return {"type": "section", "text": {"type": "mrkdwn", "text": words, **more}}


@pytest.mark.parametrize(
    ("block", "mentions"),
    [
        (mrkdwn("<!channel> @here"), ["<!channel>", "@here"]),
        (mrkdwn("@here #ai", verbatim=True), []),
        (mrkdwn("see #general"), ["#general"]),
        (mrkdwn("&lt;!here&gt; &amp; C# a@here.org"), []),
        ({"type": "header", "text": {"type": "plain_text", "text": "<!channel> @here"}}, []),
    ],
)
def test_it_tells_whom_a_message_would_ping(
    client: WebClient, papers: Channel, block: dict[str, Any], mentions: list[str]
) -> None:
    client.chat_postMessage(channel=papers.id, text="x @here", blocks=[block])
    assert papers.messages[0].mentions == mentions


def test_what_is_just_within_the_limits_is_taken(client: WebClient, papers: Channel) -> None:
    options = [{"text": text(75, "plain_text"), "value": f"{n}" * 75} for n in range(5)]
    menu = {"type": "overflow", "action_id": "paper", "options": options}
    blocks = [section(150, accessory=menu) for _ in range(20)]
    client.chat_postMessage(channel=papers.id, text="x" * 3000, blocks=blocks)
    assert len(papers.messages) == 1


@pytest.mark.parametrize(
    ("words", "least", "most"), [("real", 9, 10), ("own", 1, 1), ("float", 8, 10)]
)
def test_a_channel_takes_one_message_a_second_and_says_when_the_next(
    words: RetryAfter, least: float, most: float
) -> None:
    # A second of its own is ten, so that no busy machine makes it take more.
    with SlackApi(speed=0.1, retry_after=words, record=False) as slack:
        team = slack.add_team()
        one, other = team.add_channel("C0A", "a"), team.add_channel("C0B", "b")
        client = make_client(slack, team)
        client.chat_postMessage(channel="C0A", text="1")
        with pytest.raises(SlackApiError) as caught:
            client.chat_postMessage(channel="C0A", text="2")
        answer = caught.value.response
        assert (answer.status_code, answer["error"]) == (429, "ratelimited")
        assert least <= float(answer.headers["Retry-After"]) <= most
        # The method is closed for the whole workspace meanwhile.
        assert refused(client.chat_postMessage, channel="C0B", text="1") == "ratelimited"
        assert client.auth_test()["ok"]
        slack.advance(10)
        client.chat_postMessage(channel="C0A", text="2")
        client.chat_postMessage(channel="C0B", text="1")
        assert [message.text for message in (*one.messages, *other.messages)] == ["1", "2", "1"]
        assert 0 < slack.shortest_gap() < 10


def test_a_workspace_and_a_method_have_rates_of_their_own() -> None:
    rates = Rates(
        channel_every=0, team_per_minute=60, team_burst=2, methods={"conversations.history": 1}
    )
    with SlackApi(rates=rates, speed=0.1, record=False) as slack:
        team = slack.add_team()
        for index in range(3):
            team.add_channel(f"C0{index}", f"c{index}")
        client = make_client(slack, team)
        client.chat_postMessage(channel="C00", text="x")
        client.chat_postMessage(channel="C01", text="x")
        assert refused(client.chat_postMessage, channel="C02", text="x") == "ratelimited"
        client.conversations_history(channel="C00")
        assert refused(client.conversations_history, channel="C00") == "ratelimited"


@pytest.mark.parametrize(
    ("fault", "arrives", "raised"),
    [
        (UNREAD, 0, OSError),
        (DROPPED, 0, OSError),
        (LOST, 1, OSError),
        (BROKEN, 0, SlackApiError),
        (BROKEN_AFTER, 1, SlackApiError),
        (INTERNAL, 0, SlackApiError),
        (FATAL_AFTER, 1, SlackApiError),
        (GARBAGE, 0, SlackApiError),
        (HTML_AFTER, 1, SlackApiError),
        (Fault(retry_after=7), 0, SlackApiError),
        (Fault(linger=2.0), 1, TimeoutError),
        (Fault(wait=0.6), 1, TimeoutError),
    ],
)
def test_faults(slack: SlackApi, papers: Channel, fault: Fault, arrives: int, raised: type) -> None:
    client = WebClient(papers.team.token, base_url=slack.url, retry_handlers=[], timeout=5)
    if fault.wait or fault.linger:
        client.timeout = 0.5  # type: ignore[assignment] # whole seconds are too long for a test
    slack.misbehave(Rule(fault, nth=(1,)))
    with pytest.raises((raised, URLError)):
        client.chat_postMessage(channel=papers.id, text="x")
    slack.wait(lambda: len(papers.messages) == arrives)
    assert slack.calls("chat.postMessage")[0].fault == fault


def test_a_request_that_does_not_come_as_a_whole_counts_nothing(
    slack: SlackApi, papers: Channel
) -> None:
    with socket.create_connection(("127.0.0.1", slack.port)) as connection:
        head = b"POST /api/chat.postMessage HTTP/1.1\r\nContent-Length: 100\r\n\r\n"
        connection.sendall(head + b'{"channel": "C0PAPERS"')
        connection.shutdown(socket.SHUT_WR)
        assert connection.recv(10) == b""
    assert slack.calls() == []
    assert papers.messages == []


def test_rules_say_which_calls_go_wrong(slack: SlackApi, client: WebClient, team: Team) -> None:
    for name in "ab":
        team.add_channel(f"C0{name.upper()}", name)

    def post(channel: str, times: int) -> str:
        marks = ""
        for _ in range(times):
            try:
                client.chat_postMessage(channel=channel, text="x")
                marks += "."
            except SlackApiError:
                marks += "x"
        return marks

    rule = slack.misbehave(Rule(INTERNAL, channel="C0A", every=3))
    assert post("C0A", 7) == "..x..x."
    assert post("C0B", 4) == "...."
    slack.behave(rule)
    slack.misbehave(Rule(INTERNAL, times=2))
    assert post("C0A", 4) == "xx.."
    slack.behave()
    slack.misbehave(Rule((INTERNAL, BROKEN), chance=0.5, seed=1))
    marks = post("C0A", 12)
    assert 0 < marks.count("x") < 12
    slack.behave()
    slack.misbehave(lambda call: BROKEN if call.arguments["text"] == "y" else None)
    assert post("C0A", 2) == ".."
