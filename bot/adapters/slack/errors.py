"""What Slack's refusals and broken connections mean; asks nothing and sends nothing.

The codes: https://docs.slack.dev/reference/methods/chat.postMessage#errors and its like.
"""

import math
import socket
import ssl
from collections.abc import Mapping
from enum import Enum, auto
from http.client import HTTPException
from typing import Any
from urllib.error import URLError

from slack_sdk.errors import SlackApiError, SlackClientError

from bot.errors import BotError

# Who says only that we are too fast is left alone for so long; nobody for longer than a day.
USUAL_PAUSE_S = 30.0
LONGEST_PAUSE_S = 86_400.0

_TOO_MANY = 429
_SERVER_FAULT = 500


class Trouble(Enum):
    """What came of a call that did not succeed."""

    PLACE = auto()
    """The conversation, or the person, takes nothing of us until somebody sees to it."""
    WORKSPACE = auto()
    """The workspace takes nothing of us until somebody sees to it."""
    EXPIRED = auto()
    """The token has had its time."""
    OURS = auto()
    """What was sent is wrong, so that sending it again is in vain."""
    BUSY = auto()
    """Too much was sent; nothing was done."""
    UNSURE = auto()
    """Nobody knows whether it was done."""
    UNREACHED = auto()
    """Nothing was sent."""
    REFUSED = auto()
    """Nothing was done, for a reason that may pass."""


class SlackError(BotError):
    """Slack did not do what it was asked.

    `code` is its own word for why, "" where it said none; `scope` one that it missed.
    `retry_after` are seconds to wait where it is BUSY.
    """

    def __init__(
        self,
        method: str,
        trouble: Trouble,
        reason: str,
        *,
        code: str = "",
        scope: str = "",
        retry_after: float | None = None,
    ) -> None:
        """`reason` ends the sentence "Slack, asked for ...:"."""
        self.method = method
        self.trouble = trouble
        self.reason = reason
        self.code = code
        self.scope = scope
        self.retry_after = retry_after
        super().__init__(f"Slack, asked for {method}: {reason}")


_CODES: Mapping[Trouble, frozenset[str]] = {
    Trouble.PLACE: frozenset(
        {
            "cannot_dm_bot",
            "channel_not_found",
            "is_archived",
            "is_inactive",
            "messages_tab_disabled",
            "no_permission",
            "not_in_channel",
            "user_disabled",
            "user_not_found",
            "user_not_in_channel",
        }
    ),
    Trouble.WORKSPACE: frozenset(
        {
            "access_denied",
            "accesslimited",
            "account_inactive",
            "ekm_access_denied",
            "enterprise_is_restricted",
            "invalid_auth",
            "missing_scope",
            "not_allowed_token_type",
            "not_authed",
            "org_login_required",
            "team_access_not_granted",
            "team_not_found",
            "token_revoked",
            "two_factor_setup_required",
        }
    ),
    Trouble.EXPIRED: frozenset({"token_expired"}),
    Trouble.OURS: frozenset(
        {
            "attachment_payload_limit_exceeded",
            "cannot_reply_to_message",
            "invalid_arg_name",
            "invalid_arguments",
            "invalid_array_arg",
            "invalid_charset",
            "invalid_form_data",
            "invalid_post_type",
            "missing_post_type",
            "msg_blocks_too_long",
            "msg_too_long",
            "no_text",
            "thread_not_found",
            "too_many_attachments",
        }
    ),
    Trouble.BUSY: frozenset({"message_limit_exceeded", "rate_limited", "ratelimited"}),
    Trouble.UNSURE: frozenset({"fatal_error", "internal_error", "service_unavailable"}),
}
_BY_CODE: Mapping[str, Trouble] = {
    code: trouble for trouble, codes in _CODES.items() for code in codes
}
_BEGINNINGS = (
    ("restricted_action", Trouble.PLACE),
    ("invalid_blocks", Trouble.OURS),
    ("invalid_metadata", Trouble.OURS),
    ("metadata_", Trouble.OURS),
)


def explain(method: str, error: Exception) -> SlackError:
    """Say what an error of slack_sdk, or of the connection, means."""
    if isinstance(error, SlackApiError):
        return _explain_answer(method, error)
    if isinstance(error, SlackClientError):
        return SlackError(method, Trouble.OURS, f"it was not asked: {error}")
    cause = error.reason if isinstance(error, URLError) else error
    if isinstance(cause, ConnectionRefusedError | socket.gaierror | ssl.SSLCertVerificationError):
        return SlackError(method, Trouble.UNREACHED, f"it cannot be reached: {cause}")
    if isinstance(cause, TimeoutError):
        return SlackError(method, Trouble.UNSURE, "there was no answer in time")
    if isinstance(cause, OSError | HTTPException):
        reason = f"the connection broke ({type(cause).__name__}: {cause})"
    else:
        reason = f"its answer cannot be used ({type(cause).__name__})"
    return SlackError(method, Trouble.UNSURE, reason)


def _explain_answer(method: str, error: SlackApiError) -> SlackError:
    """Read an answer that says that it did not do it, or that says nothing that can be read."""
    status = int(error.response.status_code)
    said = error.response.data if isinstance(error.response.data, Mapping) else {}
    code = str(said.get("error", ""))
    if status == _TOO_MANY or (code in _CODES[Trouble.BUSY] and status < _SERVER_FAULT):
        wait = read_pause(error.response.headers)
        reason = f"it asks to wait {math.ceil(wait)} s ({code or status})"
        return SlackError(method, Trouble.BUSY, reason, code=code, retry_after=wait)
    # slack_sdk puts its own sentence where the answer is no JSON.
    if status >= _SERVER_FAULT or not code or not code.replace("_", "").isalnum():
        return SlackError(method, Trouble.UNSURE, f"its answer cannot be used (HTTP {status})")
    trouble = _find_trouble(code)
    scope = str(said.get("needed", "")) if code == "missing_scope" else ""
    reason = f"it refuses: {code}{scope and f' ({scope})'}{_say_more(said)}"
    return SlackError(method, trouble, reason, code=code, scope=scope)


def read_pause(headers: Mapping[str, Any]) -> float:
    """Read how many seconds to wait; a usual time where that is not said, or makes no sense."""
    told = next((value for name, value in headers.items() if name.lower() == "retry-after"), "")
    try:
        seconds = float(told)
    except (TypeError, ValueError):
        return USUAL_PAUSE_S
    if not math.isfinite(seconds):
        return USUAL_PAUSE_S
    return min(max(seconds, 0.0), LONGEST_PAUSE_S)


def _find_trouble(code: str) -> Trouble:
    for beginning, trouble in _BEGINNINGS:
        if code.startswith(beginning):
            return trouble
    return _BY_CODE.get(code, Trouble.REFUSED)


def _say_more(said: Mapping[str, Any]) -> str:
    """Quote what Slack adds to a refusal of what was sent, cut to a line."""
    metadata = said.get("response_metadata")
    messages = metadata.get("messages") if isinstance(metadata, Mapping) else None
    if not isinstance(messages, list) or not messages:
        return ""
    line = " ".join(str(messages[0]).split())
    return f" ({line[:200]})"
