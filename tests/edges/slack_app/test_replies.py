"""Answers to response URLs: posted once where all can read them."""

from collections.abc import Iterator
from typing import Any

import pytest

from bot.edges.slack_app import replies
from bot.edges.slack_app.replies import is_slacks, post_reply
from tests.fakes.slack_api import (
    BROKEN,
    BROKEN_AFTER,
    DROPPED,
    LIMITED,
    LOST,
    UNLIMITED,
    Fault,
    Rule,
    SlackApi,
)
from tests.fakes.slack_api.model import ResponseUrl

PRIVATE = {"response_type": "ephemeral", "text": "for you"}
PUBLIC = {"response_type": "in_channel", "text": "for all"}


@pytest.fixture
def slack(monkeypatch: pytest.MonkeyPatch) -> Iterator[SlackApi]:
    monkeypatch.setattr(replies, "_AGAIN_AFTER_SECONDS", (0.0, 0.0))
    with SlackApi(rates=UNLIMITED) as running:
        yield running


def make_url(slack: SlackApi) -> tuple[str, ResponseUrl]:
    team = slack.add_team("T0LAB")
    team.add_user("U0ADA", "ada")
    channel = team.add_channel("C0PAPERS", "papers", members={"U0ADA"})
    made = slack.world.new_response_url(team, channel, "U0ADA")
    return f"{slack.world.base}/response/{made.token}", made


@pytest.mark.parametrize("payload", [PRIVATE, PUBLIC])
def test_an_answer_is_posted(slack: SlackApi, payload: dict[str, Any]) -> None:
    url, made = make_url(slack)
    assert post_reply(url, payload, slack.url) == ""
    assert made.payloads == [payload]


@pytest.mark.parametrize(
    ("fault", "private", "public"),
    [(LOST, 3, 1), (DROPPED, 0, 0), (BROKEN, 0, 0), (BROKEN_AFTER, 3, 1), (LIMITED, 0, 0)],
)
def test_what_all_can_read_is_posted_once(
    slack: SlackApi, fault: Fault, private: int, public: int
) -> None:
    url, made = make_url(slack)
    slack.misbehave(fault, "response")
    assert post_reply(url, PRIVATE, slack.url)
    assert len(made.payloads) == private
    made.payloads.clear()
    assert post_reply(url, PUBLIC, slack.url)
    assert len(made.payloads) == public


@pytest.mark.parametrize("fault", [DROPPED, BROKEN])
def test_what_one_person_reads_is_tried_again(slack: SlackApi, fault: Fault) -> None:
    url, made = make_url(slack)
    slack.misbehave(Rule(fault, method="response", times=2))
    assert post_reply(url, PRIVATE, slack.url) == ""
    assert made.payloads == [PRIVATE]


def test_an_address_that_is_used_up_is_told(slack: SlackApi) -> None:
    url, made = make_url(slack)
    slack.advance(3_600)
    assert "HTTP 404" in post_reply(url, PRIVATE, slack.url)
    assert made.payloads == []


def test_where_nobody_listens_nothing_was_posted_and_it_is_tried_again(slack: SlackApi) -> None:
    problem = post_reply("http://127.0.0.1:9/response/1", PUBLIC, slack.url)
    assert "refused" in problem


@pytest.mark.parametrize(
    ("url", "ours"),
    [
        ("https://hooks.slack.com/commands/1", True),
        ("https://slack.com/x", True),
        ("http://hooks.slack.com/commands/1", False),
        ("https://hooks.slack.com.evil.example/", False),
        ("https://evilslack.com/", False),
        ("https://user@evil.example/?hooks.slack.com", False),
        ("file:///etc/passwd", False),
        ("", False),
        ("//hooks.slack.com", False),
    ],
)
def test_answers_go_to_slack_alone(url: str, *, ours: bool) -> None:
    assert is_slacks(url, "https://slack.com/api") is ours


def test_another_place_is_not_even_asked(slack: SlackApi) -> None:
    assert post_reply("https://evil.example/collect", PRIVATE, slack.url)
