"""How what people do reaches the app: over a socket, or as a signed HTTP request."""

import hashlib
import hmac
import http.client
import json
import time
from collections.abc import Mapping
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any, Final, Literal
from urllib.parse import urlencode, urlsplit

from tests.fakes.slack_api.model import Json
from tests.fakes.slack_api.sockets import Sockets

Kind = Literal["slash_commands", "interactive", "events_api"]
GONE: Final = object()
"""In a forgery's fields: this field is not there at all."""
PATIENCE_S: Final = 3.0
"""Slack tells a person that something went wrong where no acknowledgement came until then."""


@dataclass(frozen=True, slots=True)
class Forgery:
    """In what a request differs from an honest one.

    `fields`: by dotted path, such as "view.private_metadata" or "actions.0.value". The rest is
    for HTTP alone: another `signature` or `timestamp` as their headers' texts, another `secret`
    to sign with, another `body`; None leaves what is right.
    """

    fields: Mapping[str, object] = field(default_factory=dict)
    signature: str | None = None
    timestamp: str | None = None
    secret: str | None = None
    body: bytes | None = None
    headers: Mapping[str, str] = field(default_factory=dict)

    def forge(self, payload: Json) -> Json:
        forged = deepcopy(payload)
        for path, value in self.fields.items():
            *way, last = path.split(".")
            node: Any = forged
            for step in way:
                node = node[int(step)] if isinstance(node, list) else node.setdefault(step, {})
            if value is GONE:
                del node[int(last) if isinstance(node, list) else last]
            elif isinstance(node, list):
                node[int(last)] = value
            else:
                node[last] = value
        return forged


HONEST: Final = Forgery()


@dataclass(frozen=True, slots=True)
class Ack:
    """What the app answered at once; `status` is 0 where it did not within three seconds."""

    status: int
    payload: Json | None = None
    text: str = ""
    seconds: float = 0.0

    @property
    def ok(self) -> bool:
        return self.status == http.client.OK


def sign(body: bytes | str, timestamp: str, secret: str) -> str:
    """Sign a request as Slack does."""
    raw = body.encode() if isinstance(body, str) else body
    base = b"v0:" + timestamp.encode() + b":" + raw
    return "v0=" + hmac.new(secret.encode(), base, hashlib.sha256).hexdigest()


def deliver_by_socket(
    sockets: Sockets, kind: Kind, payload: Json, *, attempt: int, reason: str, seconds: float
) -> Ack:
    sent = sockets.send(kind, payload, attempt=attempt, reason=reason, seconds=seconds)
    if not sent.acked:
        return Ack(0)
    return Ack(200, sent.answer, str((sent.answer or {}).get("text", "")), sent.seconds)


def deliver_by_http(
    url: str,
    secret: str,
    kind: Kind,
    payload: Json,
    forgery: Forgery,
    *,
    attempt: int,
    reason: str,
    seconds: float,
) -> Ack:
    form = "application/x-www-form-urlencoded"
    if kind == "events_api":
        body, content = json.dumps(payload).encode(), "application/json"
    elif kind == "interactive":
        body, content = urlencode({"payload": json.dumps(payload)}).encode(), form
    else:
        body, content = urlencode(payload).encode(), form
    body = body if forgery.body is None else forgery.body
    now = str(int(time.time())) if forgery.timestamp is None else forgery.timestamp
    signature = forgery.signature
    if signature is None:
        signature = sign(body, now, secret if forgery.secret is None else forgery.secret)
    headers = {
        "Content-Type": content,
        "User-Agent": "Slackbot 1.0 (+https://api.slack.com/robots)",
        "X-Slack-Request-Timestamp": now,
        "X-Slack-Signature": signature,
        **forgery.headers,
    }
    if attempt:
        headers |= {"X-Slack-Retry-Num": str(attempt), "X-Slack-Retry-Reason": reason}
    headers = {name: value for name, value in headers.items() if value != ""}
    split = urlsplit(url)
    assert split.hostname
    connection = http.client.HTTPConnection(split.hostname, split.port, timeout=seconds)
    began = time.monotonic()
    try:
        connection.request("POST", split.path or "/", body, headers)
        answer = connection.getresponse()
        text = answer.read().decode()
    except TimeoutError:
        return Ack(0)
    finally:
        connection.close()
    took = time.monotonic() - began
    kind_of_answer = answer.headers.get_content_type()
    read = json.loads(text) if kind_of_answer == "application/json" and text else None
    return Ack(answer.status, read if isinstance(read, dict) else None, text, took)
