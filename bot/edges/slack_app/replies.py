"""What is posted to the address that Slack names for an answer: once, where all can read it."""

import http.client
import logging
import socket
import time
from collections.abc import Mapping
from typing import Any, Final
from urllib.error import URLError
from urllib.parse import urlsplit

from slack_sdk.errors import SlackClientError
from slack_sdk.webhook import WebhookClient

_TIMEOUT_SECONDS: Final = 10
# A person waits for it, and the address is good for half an hour.
_AGAIN_AFTER_SECONDS: Final = (0.5, 3.0)
_TOO_MANY: Final = 429
_FINE: Final = 200
_SERVER_FAULT: Final = 500


def post_reply(url: str, payload: Mapping[str, Any], api_url: str) -> str:
    """Post an answer; return what went wrong, "" where nothing did.

    What one person sees may come twice, so it is posted again where nobody knows whether it
    arrived. What all see is posted again only where it surely was not.
    """
    if not is_slacks(url, api_url):
        return "the address for the answer is none of Slack's"
    silence = logging.getLogger("papers.slack")
    silence.setLevel(logging.CRITICAL + 1)
    client = WebhookClient(url, timeout=_TIMEOUT_SECONDS, logger=silence, retry_handlers=[])
    public = payload.get("response_type") == "in_channel"
    problem = ""
    for wait in (*_AGAIN_AFTER_SECONDS, 0.0):
        try:
            answer = client.send_dict({**payload})
        except (OSError, http.client.HTTPException, SlackClientError, ValueError) as error:
            problem, again = f"{type(error).__name__}: {error}", not public or _is_unsent(error)
        else:
            if answer.status_code == _FINE:
                return ""
            problem = f"HTTP {answer.status_code}: {answer.body[:200]}"
            again = answer.status_code == _TOO_MANY or (
                answer.status_code >= _SERVER_FAULT and not public
            )
        if not again:
            break
        time.sleep(wait)
    return problem


def is_slacks(url: str, api_url: str) -> bool:
    """Whether an address is below the host of Slack's API, and as safe to talk to.

    >>> is_slacks("https://hooks.slack.com/commands/1", "https://slack.com/api")
    True
    >>> is_slacks("https://hooks.slack.com.example/commands/1", "https://slack.com/api")
    False
    """
    api, asked = urlsplit(api_url), urlsplit(url)
    if not api.hostname or not asked.hostname or asked.scheme != api.scheme:
        return False
    return asked.hostname == api.hostname or asked.hostname.endswith(f".{api.hostname}")


def _is_unsent(error: Exception) -> bool:
    cause = error.reason if isinstance(error, URLError) else error
    return isinstance(cause, ConnectionRefusedError | socket.gaierror)
