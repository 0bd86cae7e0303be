"""What a mail server's refusal means: whose fault it is, and what may be tried again when.

Codes: https://www.rfc-editor.org/rfc/rfc5321#section-4.2 and, for the enhanced ones,
https://www.iana.org/assignments/smtp-enhanced-status-codes; asks no server.
"""

import re
from dataclasses import dataclass
from enum import StrEnum

_STATUS = re.compile(r"([245])\.(\d{1,3})\.(\d{1,3})(?!\S)")
_TOO_BUSY = 421
_TRANSIENT = range(400, 500)
_TOO_LARGE = 552


class Phase(StrEnum):
    """How far a conversation with a mail server had come, as a sentence names it."""

    CONNECT = "the connection"
    SENDER = "the sender"
    RECIPIENT = "the recipient"
    BODY = "the message"


class Meaning(StrEnum):
    """What to do about a refusal."""

    LATER = "try this one again later"
    DOMAIN = "leave the recipient's domain alone for a while"
    RELAY = "leave the relay alone for a while"
    ADDRESS = "give this address up"
    CONTENT = "give this message up"


@dataclass(frozen=True, slots=True)
class Refusal:
    """A reply that refused: `status` is its enhanced code, "" where it has none."""

    phase: Phase
    code: int
    status: str
    text: str


def read_refusal(phase: Phase, code: int, text: str) -> Refusal:
    """Read a reply's enhanced status, which counts only where it is of the reply's own class.

    >>> read_refusal(Phase.RECIPIENT, 550, "5.1.1 who?")
    Refusal(phase=<Phase.RECIPIENT: 'the recipient'>, code=550, status='5.1.1', text='5.1.1 who?')
    """
    found = _STATUS.match(text)
    same = found is not None and code // 100 == int(found[1])
    return Refusal(phase, code, found[0] if found and same else "", text)


def judge(refusal: Refusal) -> Meaning:
    """Say whose fault a refusal is.

    What is refused before there is a recipient is the relay's matter with us. 421 and 4.7.x ask
    for a rest. 5.7.x is a policy against us: no address is given up for it, and the message may
    pass once that is mended. Any other 5xx ends this message, for its address or its content.
    """
    rest = Meaning.RELAY if refusal.phase in (Phase.CONNECT, Phase.SENDER) else Meaning.DOMAIN
    kind = refusal.status.partition(".")[2].partition(".")[0]
    if refusal.code == _TOO_BUSY or kind == "7":
        return rest
    if refusal.code in _TRANSIENT:
        return Meaning.LATER
    if refusal.code == _TOO_LARGE or refusal.status == "5.3.4" or kind == "6":
        # A full mailbox is answered 552, too, and says so.
        return Meaning.ADDRESS if kind == "2" else Meaning.CONTENT
    if rest is Meaning.RELAY:
        return rest
    if refusal.phase is Phase.BODY and kind not in ("1", "2"):
        # No status, or one of the system's: most often a filter that dislikes us, not the address.
        return Meaning.DOMAIN
    return Meaning.ADDRESS
