"""A mail's headers as bytes, alike on every Python; nothing in one can end it early.

Python's own policy writes a long List-Unsubscribe as an encoded word, which no mail program reads
where it has to be as it is (https://www.rfc-editor.org/rfc/rfc8058#section-3.1), and, up to 3.12,
loses a space where it folds between encoded words. So nothing but Subject is folded here.
"""

import re
from collections.abc import Iterable
from datetime import datetime
from email.quoprimime import header_encode
from email.utils import format_datetime
from functools import lru_cache
from typing import Final

import idna

# A line without its end: https://www.rfc-editor.org/rfc/rfc5322#section-2.1.1
LONGEST_LINE: Final = 998
_USUAL_LINE: Final = 76
# A line with encoded words has at most 76 characters, the first "Subject: " and an encoded word of
# 66 (https://www.rfc-editor.org/rfc/rfc2047#section-2); a byte may take three of them.
_WORD_BYTES: Final = 18
_PHRASE_BYTES: Final = 160
_LONGEST_ADDRESS: Final = 254
_LONGEST_LOCAL: Final = 64

_CONTROL = re.compile(r"[\x00-\x1f\x7f\x80-\x9f\u2028\u2029\ud800-\udfff]")
_PLAIN = re.compile(r"[\x20-\x7e]*")
_URL = re.compile(r"[!-;=?-~]+")  # neither a space nor the brackets around it
# Quoted local parts and domain literals are addresses, too, but nobody's: they are refused.
_ATOM = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~\xa1-\U0010ffff-]+"
_LOCAL = re.compile(rf"{_ATOM}(?:\.{_ATOM})*")
_DOMAIN = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?(?:\.[A-Za-z0-9-]*[A-Za-z0-9])*")


def fold_headers(headers: Iterable[tuple[str, str]]) -> bytes:
    """Write headers, one after another; raise ValueError for what cannot stand in one.

    Only Subject may hold any characters, and is encoded and folded; To may hold an address beyond
    ASCII, which only some relays take.
    """
    return "".join(_write(name, value) for name, value in headers).encode()


def _write(name: str, value: str) -> str:
    if _CONTROL.search(f"{name}{value}"):
        msg = f"{name}: a header holds no control characters"
        raise ValueError(msg)
    if name == "Subject":
        return _fold(f"{name}: {write_words(value)}")
    line = f"{name}: {value}"
    if not line.isascii() and name != "To":
        msg = f"{name}: {value[:80]!r} is not ASCII"
        raise ValueError(msg)
    if len(line.encode()) > LONGEST_LINE:
        msg = f"{name}: {len(value)} characters are too many for one line"
        raise ValueError(msg)
    return f"{line}\r\n"


def _fold(line: str) -> str:
    """Fold at spaces after the first word, so that lines have 76 characters where they can."""
    name, first, *words = line.split(" ")
    folded = [f"{name} {first}"]
    for word in words:
        if len(folded[-1]) + 1 + len(word) <= _USUAL_LINE:
            folded[-1] += f" {word}"
        else:
            folded.append(f" {word}")
    return "\r\n".join(folded) + "\r\n"


def write_address(address: str) -> str:
    """Return an address as it goes on the wire: its domain in ASCII.

    Raise ValueError for what is no address that can be written to. The local part may hold
    characters beyond ASCII, which only some relays take.
    """
    local, _, domain = address.rpartition("@")
    if not domain.isascii():
        try:
            domain = idna.encode(domain, uts46=True).decode()
        except idna.IDNAError as error:
            msg = f"{address[:80]!r} is no address to write to: {error}"
            raise ValueError(msg) from error
    fits = len(local.encode("utf-8", "replace")) <= _LONGEST_LOCAL
    written = f"{local}@{domain}"
    if (
        not (fits and _LOCAL.fullmatch(local) and _DOMAIN.fullmatch(domain))
        or len(written) > _LONGEST_ADDRESS
        or _CONTROL.search(local)
    ):
        msg = f"{address[:80]!r} is no address to write to"
        raise ValueError(msg)
    return written


def write_sender(name: str, address: str) -> str:
    """Write a From with a person's or program's name before the address."""
    return f"{write_phrase(name)} <{write_address(address)}>" if name else write_address(address)


def write_phrase(text: str) -> str:
    r"""Write words that stand before an address in <>, quoted or encoded; long ones are cut.

    >>> write_phrase('Say "hi"')
    '"Say \\"hi\\""'
    """
    cut = text.encode("utf-8", "replace")[:_PHRASE_BYTES].decode(errors="ignore")
    if _is_plain(cut):
        escaped = re.sub(r'(["\\])', r"\\\1", cut)
        return f'"{escaped}"'
    return _encode(cut)


def write_words(text: str) -> str:
    """Write a text of any characters; from the first word beyond ASCII to the last it is encoded.

    >>> write_words("33 new: MLLM · 4 Dec")
    '33 new: MLLM =?utf-8?q?=C2=B7?= 4 Dec'
    """
    words = text.split()
    strange = [at for at, word in enumerate(words) if not _is_plain(word)]
    if not strange:
        return " ".join(words)
    first, after = strange[0], strange[-1] + 1
    return " ".join([*words[:first], _encode(" ".join(words[first:after])), *words[after:]])


def _is_plain(text: str) -> bool:
    """Whether a text can stand in a header as it is, and is read as such."""
    return _PLAIN.fullmatch(text) is not None and "=?" not in text


def _encode(text: str) -> str:
    """Write encoded words: the spaces between them are not read."""
    words = [b""]
    for char in text:
        data = char.encode("utf-8", "replace")
        if len(words[-1]) + len(data) > _WORD_BYTES:
            words.append(b"")
        words[-1] += data
    return " ".join(header_encode(word, "utf-8") for word in words)


def bracket(url: str) -> str:
    """Write a URL as List-* headers hold it; raise ValueError for one that is not plain ASCII."""
    if not _URL.fullmatch(url):
        msg = f"{url[:80]!r} is no link that a header can hold"
        raise ValueError(msg)
    return f"<{url}>"


# Mails leave within the same second as many others.
@lru_cache(maxsize=16)
def write_date(date: datetime) -> str:
    """Write a moment of UTC as Date does; always 31 characters."""
    return format_datetime(date)
