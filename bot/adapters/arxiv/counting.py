"""Counting what arXiv answered; nothing here asks, and a count that fails fails no request."""

from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any

import httpx

from bot.errors import BotError

UNREACHABLE, TIMED_OUT, BROKEN = "unreachable", "timeout", "broken"

# httpcore reads the answer to a request that broke off while it was sent, and an answer whose body
# breaks off has been counted: https://www.encode.io/httpcore/extensions/#trace
_HEARD = ("send_request_headers.failed", "send_request_body.failed", "receive_response_body.failed")

EventHooks = dict[str, list[Callable[..., Any]]]


def count_answers(count: Callable[[str], None]) -> EventHooks:
    """Return the event hooks of a client that counts each answer by its status.

    Requests without an answer count as "unreachable", "timeout" or "broken".
    """

    def add(what: str) -> None:
        with suppress(BotError):
            count(what)

    def trace(event: str, info: Mapping[str, Any]) -> None:
        if event.endswith(".failed") and not event.endswith(_HEARD):
            add(_name(info["exception"]))

    def send(request: httpx.Request) -> None:
        # A hook hears of answers only, so the connection itself is listened to for the rest.
        request.extensions = {**request.extensions, "trace": trace}

    def answer(response: httpx.Response) -> None:
        add(str(response.status_code))

    return {"request": [send], "response": [answer]}


def _name(error: BaseException) -> str:
    """Name an error of httpcore, whose classes httpx knows by the same names."""
    name = type(error).__name__
    if name.endswith("Timeout"):
        return TIMED_OUT
    return UNREACHABLE if name == "ConnectError" else BROKEN
