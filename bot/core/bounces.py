"""What came back: which reports count as what, and when an address gets no more; reads no mail.

Enhanced status codes: https://www.rfc-editor.org/rfc/rfc3463 and
https://www.iana.org/assignments/smtp-enhanced-status-codes.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

# How often, and for how long, mail came back before an address gets no more.
DOMAIN_BOUNCES: Final = 3
SOFT_BOUNCES: Final = 3
SOFT_SPAN: Final = timedelta(days=14)
# Whose mail came back no more for so long begins anew: thousands may have arrived meanwhile.
FORGIVEN: Final = timedelta(days=90)
# For how long a domain is left alone that sent a block back, instead of answering with it.
BLOCK_PAUSE: Final = timedelta(hours=1)

_STATUS = re.compile(r"[245]\.\d{1,3}\.\d{1,3}")
# As servers write it: behind a reply's code, or as qmail does, `(#5.1.1)`.
_TOLD = re.compile(
    r"(?<![\d.])(?:(?P<code>[45])\d\d[ -]#?|\(?#)(?P<status>[45]\.\d{1,3}\.\d{1,3})(?![\d.])"
)
_REPLY = re.compile(r"(?<![\d.])([45])\d\d(?![\d.])")
_MAIL = re.compile(r"[^\s<>@\"'(),;:]{1,64}@(?=[\w.-])")

_HARD = frozenset({"5.1.1", "5.1.3", "5.1.6", "5.1.10", "5.2.1"})
_NO_DOMAIN = "5.1.2"
_FULL = "5.2.2"
_EXPIRED = "5.4.7"
# Statuses that say so little that the text beside them may say there is no such domain.
_VAGUE = frozenset({"", "5.0.0", "5.4.0", "5.4.4"})
_NO_SUCH_DOMAIN = re.compile(
    r"no such (?:domain|host)|unknown domain|nxdomain"
    r"|(?:domain|host)(?: name| or domain name)? (?:was )?(?:not found|does not exist|unknown)"
    r"|unrouteable (?:mail )?domain",
    re.IGNORECASE,
)
# Of us they say such things, too, where our own name cannot be found.
_OURS = re.compile(r"sender|mail from|helo|ehlo|client|reverse", re.IGNORECASE)


class Verdict(StrEnum):
    """What a report says of an address, or of us."""

    HARD = "hard"
    DOMAIN = "domain"
    SOFT = "soft"
    BLOCK = "block"
    COMPLAINT = "complaint"
    NONE = "none"


class Action(StrEnum):
    """What to do about a report."""

    SUPPRESS = "suppress"
    PAUSE = "pause"
    KEEP = "keep"


@dataclass(frozen=True, slots=True)
class Fate:
    """What a report says of one recipient: its `status` is "" where there is none."""

    verdict: Verdict
    status: str = ""
    detail: str = ""
    recipients: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Report:
    """One mail from the mailbox of bounces.

    `name` is its own, `key` that of the delivery it is about, "" where nobody with the secret wrote
    the address that it came to: whatever it says is no word of a server's, then.
    """

    name: str
    key: str = ""
    fates: tuple[Fate, ...] = ()


@dataclass(frozen=True, slots=True)
class Bounce:
    """What came back of one delivery, once it is known to whom that went."""

    name: str
    key: str
    address: str
    fate: Fate


@dataclass(frozen=True, slots=True)
class Recorded:
    """What came of recording a bounce: `new` is False where its report was read before.

    `suppressed`: its address gets no more from now on. `paused`: its domain is left alone.
    """

    new: bool
    suppressed: bool = False
    paused: bool = False


@dataclass(frozen=True, slots=True)
class Past:
    """What came back of an address before, and when."""

    at: datetime
    verdict: Verdict


@dataclass(frozen=True, slots=True)
class BounceLine:
    """A bounce as it was kept; `address` is "" where it was erased since."""

    at: datetime
    address: str
    domain: str
    verdict: Verdict
    status: str
    detail: str
    suppressed: bool


@dataclass(frozen=True, slots=True)
class DomainPause:
    """A domain that is left alone, or was until lately: since when, until when, and why.

    `domain` is "" for the relay. `trips` counts how often it was left alone in a row.
    """

    domain: str
    since: datetime
    until: datetime
    trips: int
    reason: str

    @property
    def is_block(self) -> bool:
        """Whether it was refused for good, and did not only ask for a rest."""
        return self.reason.startswith("5")


def classify(status: str, text: str = "") -> Verdict:
    """Say what a failed delivery's status means; `text` is what the server said with it.

    What is neither the address's fault nor its mailbox's is a block: of no use to the address's
    owner to be left out for. So is a refusal that nobody can read.

    >>> classify("5.7.26", "550 unauthenticated mail")
    <Verdict.BLOCK: 'block'>
    """
    status = refine(status, text)
    if status.startswith("2"):
        return Verdict.NONE
    if status in _HARD:
        return Verdict.HARD
    if status == _NO_DOMAIN or (status in _VAGUE and _tells_no_domain(text)):
        return Verdict.DOMAIN
    if status in (_FULL, _EXPIRED) or status.startswith("4"):
        return Verdict.SOFT
    return Verdict.BLOCK


def refine(status: str, text: str) -> str:
    """Return the status that tells most: a server's own where a report's field tells nothing.

    >>> refine("5.0.0", "smtp; 550 5.1.1 who?")
    '5.1.1'
    """
    status = status if _STATUS.fullmatch(status) else ""
    if status and not status.endswith(".0.0"):
        return status
    told = find_status(text)
    if told and (not status or told[0] == status[0]):
        return told
    reply = _REPLY.search(text)
    if not status and reply is not None:
        return f"{reply[1]}.0.0"
    return status


def find_status(text: str) -> str:
    """Find the enhanced status in what a server said; "" where there is none, or several.

    Only one that stands where servers write it counts, and of its reply's own class: dates,
    addresses and versions of programs look alike.
    """
    told = {
        found["status"]
        for found in _TOLD.finditer(text)
        if found["code"] is None or found["code"] == found["status"][0]
    }
    return told.pop() if len(told) == 1 else ""


def choose_fate(fates: Sequence[Fate], address: str) -> Fate:
    """Choose what a report says of an address, of all that it says.

    Where it names others only, as where somebody has mail passed on, the mildest counts.
    """
    key = address.casefold()
    own = [fate for fate in fates if key in map(str.casefold, fate.recipients)]
    return min(own or fates, key=lambda fate: _MILDEST.index(fate.verdict))


_MILDEST = (
    Verdict.NONE,
    Verdict.BLOCK,
    Verdict.SOFT,
    Verdict.DOMAIN,
    Verdict.HARD,
    Verdict.COMPLAINT,
)


def decide(verdict: Verdict, history: Sequence[Past]) -> Action:
    """Say what to do about what came back; `history` is all of this address, this one included.

    A block is a matter between its provider and us, and however many there are, the address is not
    given up for them.
    """
    if verdict in (Verdict.HARD, Verdict.COMPLAINT):
        return Action.SUPPRESS
    if verdict is Verdict.BLOCK:
        return Action.PAUSE
    times = _find_run([past.at for past in history if past.verdict is verdict])
    if verdict is Verdict.DOMAIN and len(times) >= DOMAIN_BOUNCES:
        return Action.SUPPRESS
    long_enough = len(times) >= SOFT_BOUNCES and times[-1] - times[0] >= SOFT_SPAN
    if verdict is Verdict.SOFT and long_enough:
        return Action.SUPPRESS
    return Action.KEEP


def hide_addresses(text: str) -> str:
    """Return what a server said without what stands before an @, so that it names nobody."""
    return _MAIL.sub("…@", text)


def _tells_no_domain(text: str) -> bool:
    return bool(_NO_SUCH_DOMAIN.search(text)) and not _OURS.search(text)


def _find_run(times: Sequence[datetime]) -> list[datetime]:
    """Return the latest times that follow each other without a pause that forgives."""
    run: list[datetime] = []
    for at in sorted(times):
        if run and at - run[-1] > FORGIVEN:
            run = []
        run.append(at)
    return run
