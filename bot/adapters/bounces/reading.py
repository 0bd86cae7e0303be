"""Bytes of one mail -> what it reports; never fails, whatever the bytes are, and asks nobody.

A report names its delivery by the address that it came to, whose MAC only we could have written
(`core.verp`); the addresses that it speaks of prove nothing. What it says is looked for in three
places, and the first that says anything counts:

1. a part message/delivery-status (https://www.rfc-editor.org/rfc/rfc3464), field by field;
2. a part message/feedback-report (https://www.rfc-editor.org/rfc/rfc5965): a complaint;
3. the prose of servers that write neither, as flufl.bounce knows them. It says only that there was
   a failure, so that counts as soft unless the text holds one clear enhanced status. What answers
   by itself, such as somebody's notice of being away, is no bounce.
"""

import hashlib
import logging
import re
from collections.abc import Iterator
from email import message_from_bytes, message_from_string
from email.message import Message
from email.policy import compat32
from itertools import islice
from typing import Any, Final, TypeAlias

from flufl.bounce import all_failures

from bot.core.bounces import Fate, Report, Verdict, classify, find_status
from bot.core.verp import read_return_path

# What reports say stands near their beginning; what follows is what was sent. The time that it
# takes to tell parts apart grows with lines times depth.
MOST_BYTES: Final = 262_144
MOST_LINES: Final = 3000

_MOST_PARTS: Final = 40
_MOST_BLOCKS: Final = 50
_MOST_ADDRESSES: Final = 50
_LONGEST: Final = 1000
_MOST_PROSE: Final = 32_768

_STATUS_PARTS = ("message/delivery-status", "message/global-delivery-status")
_FEEDBACK_PART = "message/feedback-report"
# Headers in which a mail server says whom a mail was for, and then what its writer says of that.
_COMES_TO = (
    "Delivered-To",
    "X-Original-To",
    "Envelope-To",
    "X-Envelope-To",
    "X-Delivered-To",
    "To",
    "Cc",
)
# Whoever says that a mail is no spam, or that our signature failed, complains of nothing.
_COMPLAINTS = frozenset({"abuse", "fraud", "opt-out"})
# All others than "failed" say that it arrived, or still may.
_ENCODINGS = ("base64", "quoted-printable")
_FAILED: Final = "failed"
_NOBODY: Final = "nobody@invalid"
_ANSWERS = re.compile(
    r"^(?:auto(?:matic)?[ -]?(?:reply|response|antwort)|out of (?:the )?office|abwesen|away from)",
    re.IGNORECASE,
)
_LINE_END = re.compile(rb"\r\n|\r|\n")
# What servers write that have not given up, however bad it sounds otherwise.
_WARNS = re.compile(
    r"warning message only|you do not need to (?:resend|take)|could not send message for past"
    r"|(?:has been|is) delayed|(?:attempts|retries) will continue|will be retried"
    r"|not yet been delivered",
    re.IGNORECASE,
)
# What return paths of ours consist of, between whatever stands around them.
_PATH = re.compile(r"[A-Za-z0-9._%+-]{1,64}@[A-Za-z0-9.-]{1,255}")
_NUMBER = re.compile(r"[245]\.\d{1,3}\.\d{1,3}")

_Mail: TypeAlias = "Message[Any, Any]"


def read_report(data: bytes, secret: str) -> Report:
    """Read a mail; one that is no report, or that nobody can read, has no fates.

    Of more than MOST_BYTES, or MOST_LINES, only the beginning is read.
    """
    data = _cut(data)
    try:
        return _read(message_from_bytes(data, policy=compat32), data, secret)
    except Exception:  # noqa: BLE001 - what strangers write never stops the mail behind it
        return Report(_name(data))


def _read(mail: _Mail, data: bytes, secret: str) -> Report:
    parts = list(_walk(mail))
    key = _find_key(mail, parts, secret)
    message_id = _header(mail, "Message-ID")
    # The key is part of the name: nobody can use another report's up.
    name = _name(f"{message_id} {key}".encode() if message_id else data)
    return Report(name, key, _find_fates(mail, parts))


def _cut(data: bytes) -> bytes:
    data = data[:MOST_BYTES]
    last = next(islice(_LINE_END.finditer(data), MOST_LINES - 1, None), None)
    return data[: last.end()] if last is not None else data


def _name(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()[:40]


def _walk(mail: _Mail) -> Iterator[_Mail]:
    """Yield a mail and its parts, from the outside in, without calling itself."""
    waiting = [mail]
    for _ in range(_MOST_PARTS):
        if not waiting:
            return
        part = waiting.pop(0)
        yield part
        inner = part.get_payload()
        # The blocks of a delivery's status are no parts.
        if isinstance(inner, list) and part.get_content_type() not in _STATUS_PARTS:
            waiting += [each for each in inner[:_MOST_PARTS] if isinstance(each, Message)]


def _find_key(mail: _Mail, parts: list[_Mail], secret: str) -> str:
    """Return the key of the delivery whose return path this mail proves to know; "": of none."""
    for text in _name_paths(mail, parts):
        for found in islice(_PATH.finditer(text), _MOST_ADDRESSES):
            key = read_return_path(found[0], secret)
            if key is not None:
                return key
    return ""


def _name_paths(mail: _Mail, parts: list[_Mail]) -> Iterator[str]:
    for name in _COMES_TO:
        yield from _headers(mail, name)
    # What is reported came with our return path, and where the report holds it, it says so.
    for part in parts[1:]:
        yield from _headers(part, "Return-Path")
        kind = part.get_content_type()
        if kind == _FEEDBACK_PART:
            for block in _blocks(part):
                yield from _headers(block, "Original-Mail-From")
        elif kind == "text/rfc822-headers":
            yield from _headers(message_from_string(_text(part), policy=compat32), "Return-Path")


def _find_fates(mail: _Mail, parts: list[_Mail]) -> tuple[Fate, ...]:
    for part in parts:
        if part.get_content_type() in _STATUS_PARTS:
            fates = tuple(filter(None, map(_read_block, _blocks(part))))
            if fates:
                return fates
    for part in parts:
        if part.get_content_type() == _FEEDBACK_PART:
            return (_read_feedback(part),)
    if _answers_itself(mail):
        return (Fate(Verdict.NONE, detail="an automatic answer"),)
    return _read_prose(mail, parts)


def _read_block(block: _Mail) -> Fate | None:
    """Read what a delivery's status says of one recipient; None: that is no such block."""
    action = _header(block, "Action").partition(";")[0].strip().lower()
    found = _NUMBER.search(_header(block, "Status"))
    status = found[0] if found else ""
    if not action and not status:
        return None
    said = _header(block, "Diagnostic-Code")
    recipients = tuple(
        address
        for name in ("Original-Recipient", "Final-Recipient")
        for address in (_header(block, name).partition(";")[2].strip(" <>"),)
        if address
    )
    failed = action == _FAILED or (not action and status.startswith("5"))
    verdict = classify(status, said) if failed else Verdict.NONE
    return Fate(verdict, status, said, recipients)


def _read_feedback(part: _Mail) -> Fate:
    kinds = [_header(block, "Feedback-Type").lower() for block in _blocks(part)]
    kind = next(filter(None, kinds), "")
    verdict = Verdict.COMPLAINT if kind in _COMPLAINTS else Verdict.NONE
    return Fate(verdict, detail=f"a report of {kind or 'something'}")


def _answers_itself(mail: _Mail) -> bool:
    """Whether a mail that reports nothing in a standard form is somebody's answering machine."""
    if _header(mail, "X-Failed-Recipients"):
        return False
    precedence = _header(mail, "Precedence").lower()
    return (
        _header(mail, "Auto-Submitted").lower().startswith("auto-replied")
        or precedence == "auto_reply"
        or any(_header(mail, name) for name in ("X-Autoreply", "X-Autorespond", "Vacation"))
        or _ANSWERS.match(_header(mail, "Subject")) is not None
    )


def _read_prose(mail: _Mail, parts: list[_Mail]) -> tuple[Fate, ...]:
    if len(parts) >= _MOST_PARTS:
        # No server writes that, and the detectors would take their time over it.
        return ()
    # Its detectors fail on what they did not expect, and say so at length before they do.
    logging.getLogger("flufl.bounce").setLevel(logging.CRITICAL)
    if not mail.get("From"):
        mail["From"] = _NOBODY
    try:
        temporary, permanent = all_failures(mail)
    except Exception:  # noqa: BLE001 - the same strangers
        return ()
    if not (temporary or permanent):
        return ()
    told = "\n".join(_text(part) for part in parts if part.get_content_maintype() == "text")
    said = told[:_MOST_PROSE]
    if not permanent or _WARNS.search(said):
        return (Fate(Verdict.NONE, detail="a delay"),)
    status = find_status(said)
    recipients = tuple(_decode(address) for address in islice(permanent, _MOST_ADDRESSES))
    verdict = classify(status) if status else Verdict.SOFT
    return (Fate(verdict, status, "", recipients),)


def _decode(address: bytes | str) -> str:
    # It promises bytes, but not every detector keeps that.
    return address.decode("utf-8", "replace") if isinstance(address, bytes) else address


def _blocks(part: _Mail) -> list[_Mail]:
    """Return the blocks of fields that a part consists of."""
    inner = part.get_payload()
    if not isinstance(inner, list):
        return _parse_blocks(_text(part))
    found = [each for each in inner[:_MOST_BLOCKS] if isinstance(each, Message)]
    encoding = str(part.get("Content-Transfer-Encoding", "")).strip().lower()
    if encoding in _ENCODINGS:
        encoded: _Mail = Message()
        encoded["Content-Transfer-Encoding"] = encoding
        encoded.set_payload("\n".join(str(each.get_payload()) for each in found))
        return _parse_blocks(_text(encoded))
    if part.get_content_type() == _STATUS_PARTS[0]:
        return found
    # To Python this is a whole mail: its headers are the first block.
    return [each for mail in found for each in (mail, *_parse_blocks(_text(mail)))]


def _parse_blocks(text: str) -> list[_Mail]:
    blocks = re.split(r"\r?\n(?:[ \t]*\r?\n)+", text.strip(), maxsplit=_MOST_BLOCKS)
    return [message_from_string(block, policy=compat32) for block in blocks]


def _text(part: _Mail) -> str:
    """Return a part's text; letters that nobody can read are replaced."""
    inner = part.get_payload(decode=True)
    if isinstance(inner, bytes):
        return inner.decode("utf-8", "replace")
    return inner if isinstance(inner, str) else ""


def _header(mail: _Mail, name: str) -> str:
    return next(iter(_headers(mail, name)), "")


def _headers(mail: _Mail, name: str) -> list[str]:
    """Return what all headers of a name say, each on one line and cut where it is long."""
    return [
        " ".join(str(value)[:_LONGEST].split())
        for value in (mail.get_all(name) or [])[:_MOST_ADDRESSES]
    ]
