"""Slack over HTTP: pages of the web process that check who asks, then hand it to Bolt."""

import json
from collections.abc import Mapping
from http import HTTPStatus
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

from flask import Blueprint, Response, request
from slack_bolt import App as Bolt
from slack_bolt import BoltRequest

from bot.edges.slack_app.manifest import EVENTS_PATH
from bot.edges.slack_app.signing import Verdict, judge

if TYPE_CHECKING:
    from bot.flows.passage import Clock

_FORM = "application/x-www-form-urlencoded"
_STATUS = {
    Verdict.MALFORMED: HTTPStatus.BAD_REQUEST,
    Verdict.OLD: HTTPStatus.UNAUTHORIZED,
    Verdict.FORGED: HTTPStatus.UNAUTHORIZED,
}
_KEPT = ("x-slack-retry-num", "x-slack-retry-reason")


def build_events(bolt: Bolt, secret: str, clock: "Clock") -> Blueprint:
    """Build /slack/events, which answers only what was signed with `secret` just now."""
    pages = Blueprint("slack_events", "bot.edges.slack_app.http")

    @pages.post(EVENTS_PATH)
    def events() -> Response:
        """Acknowledge what somebody did in Slack."""
        body = request.get_data()
        verdict = judge(
            body,
            request.headers.get("X-Slack-Request-Timestamp", ""),
            request.headers.get("X-Slack-Signature", ""),
            secret=secret,
            now=clock.now().timestamp(),
        )
        if verdict is not Verdict.GENUINE:
            return _refuse(verdict.value, _STATUS[verdict])
        try:
            # Bolt takes a slash command that holds the word "payload" for something else, so it
            # gets what was read here, as it does over a socket.
            asked = BoltRequest(
                mode="socket_mode",
                body=read_body(body, request.mimetype),
                headers={name: request.headers[name] for name in _KEPT if name in request.headers},
            )
        except (ValueError, TypeError, AttributeError, RecursionError):
            return _refuse("it cannot be read", HTTPStatus.BAD_REQUEST)
        answer = bolt.dispatch(asked)
        kind = answer.headers.get("content-type", ["text/plain"])[0]
        return Response(answer.body, answer.status, content_type=kind)

    return pages


def read_body(body: bytes, kind: str) -> dict[str, Any]:
    """Read what Slack sends: JSON, JSON in a form's `payload`, or a form; ValueError otherwise.

    https://docs.slack.dev/interactivity/handling-user-interaction#payloads
    """
    text = body.decode()
    if kind == _FORM:
        form = dict(parse_qsl(text, keep_blank_values=True))
        # A slash command's form says which; no other has both.
        if "payload" not in form or "command" in form:
            return {**form}
        text = form["payload"]
    read = json.loads(text)
    if not isinstance(read, Mapping):
        msg = "Slack sends an object"
        raise ValueError(msg)  # noqa: TRY004 - what came is wrong, not its type in this program
    return {**read}


def _refuse(why: str, status: HTTPStatus) -> Response:
    return Response(f"This request was refused: {why}.\n", status, mimetype="text/plain")
