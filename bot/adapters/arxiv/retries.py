"""When to ask again after a failure: pure decisions, no clock and no network here."""

from collections.abc import Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime

MAX_ATTEMPTS = 4
_FIRST_PAUSE = 4.0
_LONGEST_PAUSE = 3600.0
_ORDINALS = ("first", "second", "third", "fourth")


@dataclass(frozen=True, slots=True)
class Setback:
    """A failure that may pass: what happened, and the pause the server asked for, in seconds.

    `unreachable`: there was no connection at all, which the next category will find as well.
    """

    what: str
    retry_after: float | None = None
    unreachable: bool = False


def pause_after(attempt: int, setback: Setback, jitter: float) -> float:
    """Return the seconds to wait after the given attempt (1 for the first) has failed.

    Doubles from four seconds, each spread by `jitter` (0 to 1) over half to one and a half of it
    so that many bots do not return at once; never less than what the server asked for.
    """
    own = _FIRST_PAUSE * 2.0 ** (attempt - 1) * (0.5 + jitter)
    return max(own, setback.retry_after or 0.0)


def ordinal(attempt: int) -> str:
    """Return "second of four" for 2."""
    return f"{_ORDINALS[attempt - 1]} of four"


def parse_retry_after(headers: Mapping[str, str]) -> float | None:
    """Read Retry-After (RFC 9110, 10.2.3), seconds or a date, as seconds of at most an hour.

    A date is measured from the answer's own Date, so that no clock has to agree with the server's.
    """
    text = headers.get("retry-after", "").strip()
    if text.isascii() and text.isdigit():
        # Past nine digits the cap applies anyway, and int() refuses thousands of them.
        return min(float(text[:9]), _LONGEST_PAUSE)
    try:
        until = parsedate_to_datetime(text)
        asked = parsedate_to_datetime(headers.get("date", ""))
        return min(max((until - asked).total_seconds(), 0.0), _LONGEST_PAUSE)
    except (TypeError, ValueError, OverflowError):
        return None
