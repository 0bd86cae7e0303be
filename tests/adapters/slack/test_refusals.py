"""What Slack refuses: what becomes of the delivery, and what people are told to do."""

from collections.abc import Callable

import pytest

from bot.flows.deliver import Result
from tests.adapters.slack.lab import Lab, check_thread, make_papers
from tests.fakes.slack_api import Fault, Rule

PAPERS = make_papers(30)


def archive(lab: Lab) -> None:
    lab.papers.archived = True


def leave(lab: Lab) -> None:
    lab.papers.members.discard(lab.team.bot.id)


def hide(lab: Lab) -> None:
    leave(lab)
    lab.papers.private = True


def revoke(lab: Lab) -> None:
    lab.team.revoke_tokens(tell=False)


def narrow(lab: Lab) -> None:
    for token in lab.team.tokens:
        token.scopes.discard("chat:write")


UNSEEN = (
    "papers sees no channel C0PAPERS: if it is private, type `/invite @papers` there; if it was"
    " deleted, remove the subscription"
)
REVOKED = (
    "Slack does not take SLACK_BOT_TOKEN in the workspace T0LAB (token_revoked): put the app's"
    " present Bot User OAuth Token there and start again"
)
NARROW = (
    "papers may not do this in the workspace Lab: add the scope chat:write under OAuth &"
    " Permissions of the app and install it again"
)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (archive, "#papers is archived: unarchive it"),
        (leave, "papers is not in #papers: type `/invite @papers` there"),
        (hide, UNSEEN),
        (revoke, REVOKED),
        (narrow, NARROW),
    ],
)
def test_what_people_must_see_to_pauses_the_subscription_and_says_what_that_is(
    lab: Lab, change: Callable[[Lab], None], reason: str
) -> None:
    number = lab.plan(PAPERS)
    change(lab)
    outcome = lab.deliver(number)
    assert (outcome.result, outcome.detail) == (Result.PAUSED, reason)
    subscription = lab.paused(number)
    assert (subscription.paused, subscription.reason) == (True, reason)
    assert lab.states(number)[-1] == "retry"
    assert lab.slack.posted == []


@pytest.mark.parametrize("part", [1, 3])
def test_a_paused_delivery_goes_on_where_it_was(lab: Lab, part: int) -> None:
    number = lab.plan(PAPERS)
    lab.slack.misbehave(Rule(Fault(error="is_archived"), nth=(part,)))
    assert lab.deliver(number).result is Result.PAUSED
    assert lab.deliver(number).result is Result.SKIPPED
    lab.store.pause_subscription(lab.paused(number).id, paused=False)
    assert lab.deliver(number).result is Result.SENT
    check_thread(lab, PAPERS)


def test_a_channel_that_can_no_longer_be_read_pauses_what_is_in_doubt(lab: Lab) -> None:
    number = lab.plan(PAPERS)
    lab.slack.misbehave(Rule(Fault(drop="acted"), nth=(2,)))
    lab.deliver(number)
    leave(lab)
    assert lab.deliver(number).result is Result.PAUSED
    lab.papers.members.add(lab.team.bot.id)
    lab.store.pause_subscription(lab.paused(number).id, paused=False)
    assert lab.deliver(number).result is Result.SENT
    check_thread(lab, PAPERS)


@pytest.mark.parametrize(
    ("code", "result", "detail"),
    [
        *(
            (code, Result.PAUSED, detail)
            for code, detail in (
                ("restricted_action", "not everybody may post in #papers: let papers post there"),
                (
                    "restricted_action_thread_locked",
                    "not everybody may post in #papers: let papers post there",
                ),
                ("messages_tab_disabled", "papers takes no direct messages, as its messages tab"),
                ("no_permission", "#papers takes nothing from papers (no_permission): see to its"),
                ("user_not_found", "nobody can be written to in #papers: remove the subscription"),
                ("not_in_channel", "papers is not in #papers: type `/invite @papers` there"),
                ("account_inactive", "Slack does not take SLACK_BOT_TOKEN in the workspace Lab"),
                ("invalid_auth", "Slack does not take SLACK_BOT_TOKEN in the workspace Lab"),
                ("not_authed", "Slack does not take SLACK_BOT_TOKEN in the workspace Lab"),
                ("team_access_not_granted", "Slack does not take SLACK_BOT_TOKEN in the"),
                ("token_expired", "the token of papers in the workspace Lab has expired: install"),
                (
                    "missing_scope",
                    "papers may not do this in the workspace Lab: add the scope that",
                ),
            )
        ),
        *(
            (
                code,
                Result.FAILED,
                f"Slack, asked for chat.postMessage: it refuses: {code}; that is a fault of this",
            )
            for code in (
                "invalid_blocks",
                "invalid_blocks_format",
                "msg_blocks_too_long",
                "msg_too_long",
                "no_text",
                "metadata_too_large",
                "metadata_must_be_sent_from_app",
                "invalid_metadata_format",
            )
        ),
        ("thread_not_found", Result.FAILED, "somebody deleted the digest in #papers, so the rest"),
        *(
            (code, Result.UNKNOWN, "Slack, asked for chat.postMessage: its answer cannot be used")
            for code in ("<html>nothing</html>", "internal error")
        ),
        *(
            (code, Result.UNKNOWN, f"Slack, asked for chat.postMessage: it refuses: {code}")
            for code in ("internal_error", "fatal_error", "service_unavailable")
        ),
        *(
            (code, Result.LATER, f"Slack, asked for chat.postMessage: it refuses: {code}")
            for code in ("team_added_to_org", "request_timeout", "something_new")
        ),
        *(
            (code, Result.BUSY, f"Slack, asked for chat.postMessage: it asks to wait 30 s ({code})")
            for code in ("ratelimited", "rate_limited", "message_limit_exceeded")
        ),
    ],
)
def test_each_refusal_has_its_meaning(lab: Lab, code: str, result: Result, detail: str) -> None:
    number = lab.plan(PAPERS)
    lab.slack.misbehave(Fault(error=code))
    outcome = lab.deliver(number)
    assert outcome.result is result
    assert outcome.detail.startswith(detail)
    assert lab.slack.posted == []


def test_a_direct_message_is_not_called_a_channel(lab: Lab) -> None:
    direct = lab.team.direct("U0ADA")
    number = lab.plan(PAPERS, address=f"T0LAB/{direct.id}")
    lab.slack.misbehave(Fault(error="channel_not_found"))
    assert lab.deliver(number).detail == (
        "the direct message is not there any more: write to papers again"
    )


def test_what_slack_adds_to_a_refusal_is_said(lab: Lab) -> None:
    number = lab.plan(PAPERS)
    body = (
        '{"ok": false, "error": "invalid_blocks",'
        ' "response_metadata": {"messages": ["[ERROR] no more than\\n50 items"]}}'
    )
    lab.slack.misbehave(Fault(body=body))
    assert "invalid_blocks ([ERROR] no more than 50 items); that" in lab.deliver(number).detail


@pytest.mark.parametrize("status", [400, 403, 404, 413])
def test_a_page_that_is_not_slacks_says_nothing(lab: Lab, status: int) -> None:
    number = lab.plan(PAPERS)
    lab.slack.misbehave(Rule(Fault(status=status, body="<html>no</html>"), nth=(1,)))
    outcome = lab.deliver(number)
    assert outcome.result is Result.UNKNOWN
    assert outcome.detail.endswith(f"its answer cannot be used (HTTP {status})")
    assert lab.deliver(number).result is Result.SENT
