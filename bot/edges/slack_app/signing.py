"""Slack's signature of a request: proves who sent it, and when; reads nothing of it."""

import hashlib
import hmac
import re
from enum import Enum

# https://docs.slack.dev/authentication/verifying-requests-from-slack
WINDOW_SECONDS = 300
# A moment in whole seconds, as Slack writes it; `int` alone would take other scripts' digits, too.
_MOMENT = re.compile(r"[0-9]{1,12}")


class Verdict(Enum):
    """What is to be thought of a request."""

    GENUINE = "genuine"
    MALFORMED = "it has no time that can be read"
    OLD = "it is too old, or its time is ahead"
    FORGED = "its signature is wrong"


def judge(body: bytes, timestamp: str, signature: str, *, secret: str, now: float) -> Verdict:
    """Say whether Slack signed a request within the last five minutes, by the clock `now`."""
    # Anybody could sign with no secret at all.
    assert secret, "a signing secret is needed"  # noqa: S101 - http.py starts with none without it
    if _MOMENT.fullmatch(timestamp) is None:
        return Verdict.MALFORMED
    if abs(now - int(timestamp)) > WINDOW_SECONDS:
        return Verdict.OLD
    base = b":".join((b"v0", timestamp.encode(), body))
    right = b"v0=" + hmac.new(secret.encode(), base, hashlib.sha256).hexdigest().encode()
    genuine = hmac.compare_digest(right, signature.encode("utf-8", "surrogateescape"))
    return Verdict.GENUINE if genuine else Verdict.FORGED
