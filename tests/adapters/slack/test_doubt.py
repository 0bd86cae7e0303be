"""Answers that are lost, and connections that break: looked for, and nothing is posted twice."""

import socket
from collections.abc import Callable

import pytest

from bot.adapters.slack.client import SlackClients
from bot.adapters.slack.history import build_metadata
from bot.flows.deliver import Result
from tests.adapters.slack.lab import Lab, check_thread, ids, make_papers, shown
from tests.fakes.slack_api import (
    BROKEN,
    BROKEN_AFTER,
    DROPPED,
    FATAL_AFTER,
    GARBAGE,
    HTML_AFTER,
    INTERNAL,
    LOST,
    UNREAD,
    Fault,
    Rule,
)

PAPERS = make_papers(30)
PARTS = (1, 2, 3, 4)
NAMELESS = Fault(body='{"ok": true}', acts=True)
HALF = Fault(body="[]", acts=True)
FAULTS = {
    "not read": UNREAD,
    "dropped": DROPPED,
    "lost": LOST,
    "503": BROKEN,
    "500, posted": BROKEN_AFTER,
    "internal_error": INTERNAL,
    "fatal_error, posted": FATAL_AFTER,
    "garbage": GARBAGE,
    "a page, posted": HTML_AFTER,
    "no ts, posted": NAMELESS,
    "a list, posted": HALF,
}


def looks(lab: Lab) -> list[str]:
    return [call.method for call in lab.slack.calls() if "include_all_metadata" in call.arguments]


@pytest.mark.parametrize("part", PARTS)
@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS)
def test_what_may_have_arrived_is_looked_for_before_it_is_posted_again(
    lab: Lab, fault: Fault, part: int
) -> None:
    number = lab.plan(PAPERS)
    lab.slack.misbehave(Rule(fault, nth=(part,)))
    assert lab.deliver(number).result is Result.UNKNOWN
    assert looks(lab) == []
    assert lab.deliver(number).result is Result.SENT
    assert looks(lab) == ["conversations.history" if part == 1 else "conversations.replies"]
    check_thread(lab, PAPERS)


def test_every_answer_may_be_lost_one_after_the_other(lab: Lab) -> None:
    number = lab.plan(PAPERS)
    lab.slack.misbehave(LOST)
    results = [lab.deliver(number).result for _ in range(len(PARTS) + 1)]
    assert results == [*[Result.UNKNOWN] * len(PARTS), Result.SENT]
    check_thread(lab, PAPERS)


@pytest.mark.parametrize("part", [1, 3])
@pytest.mark.parametrize("fault", [LOST, BROKEN, GARBAGE], ids=["lost", "503", "garbage"])
def test_where_looking_fails_nothing_is_posted_and_it_is_looked_for_again(
    lab: Lab, fault: Fault, part: int
) -> None:
    number = lab.plan(PAPERS)
    lab.slack.misbehave(Rule(LOST, nth=(part,)))
    lab.deliver(number)
    method = "conversations.history" if part == 1 else "conversations.replies"
    lab.slack.misbehave(fault, method)
    assert lab.deliver(number).result is Result.UNKNOWN
    assert len(lab.slack.posted) == part
    lab.slack.behave()
    assert lab.deliver(number).result is Result.SENT
    check_thread(lab, PAPERS)


def test_a_message_is_found_however_much_was_said_since(lab: Lab) -> None:
    number = lab.plan(PAPERS)
    lab.slack.world.page = 3
    lab.slack.misbehave(Rule(LOST, nth=(1, 2)))
    lab.deliver(number)
    ben = lab.team.user("U0BEN")
    for each in range(10):
        ben.say(lab.papers, f"so much to say {each}")
    lab.deliver(number)
    (parent,) = [message for message in lab.papers.messages if message.bot_id]
    for each in range(10):
        ben.say(lab.papers, f"and here {each}", thread_ts=parent.ts)
    assert lab.deliver(number).result is Result.SENT
    assert shown(lab.papers.thread(parent.ts)) == ids(PAPERS)
    assert len(lab.slack.posted) == len(PARTS)


def test_nobody_else_can_make_a_message_pass_for_ours(lab: Lab) -> None:
    number = lab.plan(PAPERS)
    lab.slack.misbehave(Rule(DROPPED, nth=(1,)))
    lab.deliver(number)
    found = lab.store.load_delivery(number)
    assert found is not None
    key = found[0].delivery.key
    forged = lab.team.user("U0BEN").say(lab.papers, "I am a digest")
    forged.metadata = build_metadata(key, 1)
    forged.bot_id = "B0OTHER"
    assert lab.deliver(number).result is Result.SENT
    (parent,) = [message for message in lab.papers.messages if message.bot_id == lab.team.bot_id]
    assert shown(lab.papers.thread(parent.ts)) == ids(PAPERS)


@pytest.mark.parametrize(
    "metadata",
    [
        None,
        {"event_type": "other", "event_payload": {"key": "KEY", "part": 1}},
        {"event_type": "papers_delivery", "event_payload": {"key": "another", "part": 1}},
        {"event_type": "papers_delivery", "event_payload": {"key": "KEY", "part": "1"}},
        {"event_type": "papers_delivery", "event_payload": "KEY"},
        {"event_type": "papers_delivery", "event_payload": {"key": "KEY", "part": 2}},
    ],
)
def test_what_does_not_carry_the_deliverys_name_is_not_taken_for_it(
    lab: Lab, metadata: dict[str, object] | None
) -> None:
    number = lab.plan(PAPERS)
    lab.slack.misbehave(Rule(DROPPED, nth=(1,)))
    lab.deliver(number)
    found = lab.store.load_delivery(number)
    assert found is not None
    other = lab.team.user("U0BEN").say(lab.papers, "no digest")
    if metadata:
        payload = metadata["event_payload"]
        if isinstance(payload, dict) and payload["key"] == "KEY":
            metadata["event_payload"] = {**payload, "key": found[0].delivery.key}
    other.metadata, other.bot_id = metadata, lab.team.bot_id
    lab.deliver(number)
    assert len(lab.slack.posted) == len(PARTS)


def test_a_deleted_first_message_ends_the_delivery(lab: Lab) -> None:
    number = lab.plan(PAPERS)
    lab.slack.misbehave(Rule(LOST, nth=(2,)))
    lab.deliver(number)
    for message in lab.papers.everything:
        message.deleted = True
    outcome = lab.deliver(number)
    assert outcome.result is Result.FAILED
    assert outcome.detail.startswith("somebody deleted the digest in #papers, so the rest of it")


def refuse(lab: Lab) -> SlackClients:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
    return SlackClients(
        lab.rates(), api_url=f"http://127.0.0.1:{port}/api/", home_token=lab.team.token
    )


def nowhere(lab: Lab) -> SlackClients:
    return SlackClients(lab.rates(), api_url="http://slack.invalid/api/", home_token=lab.team.token)


@pytest.mark.parametrize("build", [refuse, nowhere])
def test_what_never_left_is_tried_again_without_a_look(
    lab: Lab, build: Callable[[Lab], SlackClients]
) -> None:
    number = lab.plan(PAPERS)
    outcome = lab.deliver(number, lab.sender(build(lab)))
    assert outcome.result is Result.LATER
    assert outcome.detail.startswith("Slack, asked for auth.test: it cannot be reached: ")
    assert lab.states(number)[-1] == "retry"
    lab.deliver(number)
    assert looks(lab) == []
    check_thread(lab, PAPERS)


@pytest.mark.parametrize("arrives", [True, False])
def test_an_answer_that_takes_too_long_says_nothing(lab: Lab, *, arrives: bool) -> None:
    number = lab.plan(PAPERS)
    slow = Fault(linger=3) if arrives else Fault(linger=3, status=503)
    lab.slack.misbehave(Rule(slow, nth=(2,)))
    hasty = SlackClients(lab.rates(), api_url=lab.slack.url, home_token=lab.team.token, timeout_s=1)
    outcome = lab.deliver(number, lab.sender(hasty))
    assert outcome.result is Result.UNKNOWN
    assert outcome.detail == "Slack, asked for chat.postMessage: there was no answer in time"
    assert lab.deliver(number).result is Result.SENT
    check_thread(lab, PAPERS)


def test_who_cannot_find_out_who_it_is_posts_nothing(lab: Lab) -> None:
    number = lab.plan(PAPERS)
    lab.slack.misbehave(Rule(Fault(body='{"ok": true}'), method="auth.test"))
    outcome = lab.deliver(number)
    assert outcome.result is Result.LATER
    assert outcome.detail == "Slack, asked for auth.test: its answer names no workspace"
    assert lab.slack.calls("chat.postMessage") == []


def test_a_look_that_does_not_end_leaves_the_doubt(lab: Lab) -> None:
    number = lab.plan(PAPERS)
    lab.slack.misbehave(Rule(LOST, nth=(1,)))
    lab.deliver(number)
    (message,) = lab.papers.messages
    message.metadata = None
    lab.slack.world.page = 1
    for _ in range(205):
        lab.team.user("U0BEN").say(lab.papers, "so much to say")
    outcome = lab.deliver(number)
    assert outcome.result is Result.UNKNOWN
    assert outcome.detail.endswith("more was said since than can be read")
    assert len(lab.slack.posted) == 1
