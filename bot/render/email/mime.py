"""A whole mail as bytes: headers, then the same said twice, as text and as HTML; quotes nothing.

Parts are quoted-printable piece by piece: a piece that ends with its line can be encoded once and
used in many mails (https://www.rfc-editor.org/rfc/rfc2045#section-6.7).
"""

import re
from binascii import b2a_qp
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from bot.render.email.headers import fold_headers, write_date

_KEY = re.compile(r"[A-Za-z0-9._-]{1,64}")
_PART: Final = (
    "--{boundary}\r\n"
    'Content-Type: text/{kind}; charset="utf-8"\r\n'
    "Content-Transfer-Encoding: quoted-printable\r\n"
    "\r\n"
)


@dataclass(frozen=True, slots=True)
class Letter:
    """A mail that lacks nothing but its date, so that whoever sends it first says when it was."""

    opening: bytes
    rest: bytes
    message_id: str

    def dated(self, date: datetime) -> bytes:
        """Return the whole mail; the same date gives the same bytes."""
        return b"%bDate: %b\r\n%b" % (
            self.opening,
            write_date(date.astimezone(UTC)).encode(),
            self.rest,
        )

    def __len__(self) -> int:
        """Count the bytes of the whole mail, whatever its date."""
        return len(self.opening) + len("Date: Thu, 04 Dec 2025 05:00:00 +0000\r\n") + len(self.rest)


def encode(text: str) -> bytes:
    r"""Write a piece of a part as quoted-printable; it ends with "\n" unless it is the last."""
    return b2a_qp(text.replace("\n", "\r\n").encode("utf-8", "replace"), istext=True)


def build_letter(
    before: bytes,
    after: bytes,
    *,
    key: str,
    domain: str,
    text: Iterable[bytes],
    html: Iterable[bytes],
) -> Letter:
    """Put a mail together; `before` and `after` are folded headers on either side of the date.

    `key` names the mail: its Message-ID and boundary are made of it, so the same key and content
    give the same bytes. Raise ValueError for a key that is not a name of 64 plain characters.
    """
    if not _KEY.fullmatch(key):
        msg = f"{key[:80]!r} cannot name a mail"
        raise ValueError(msg)
    # No line of a part can hold "=_": after "=" quoted-printable has a digit or the line's end.
    boundary = f"=_{key}"
    message_id = f"<{key}@{domain}>"
    rest = [
        fold_headers([("Message-ID", message_id)]),
        after,
        b"MIME-Version: 1.0\r\n",
        f'Content-Type: multipart/alternative;\r\n boundary="{boundary}"\r\n\r\n'.encode(),
        _PART.format(boundary=boundary, kind="plain").encode(),
        *text,
        b"\r\n",
        _PART.format(boundary=boundary, kind="html").encode(),
        *html,
        f"\r\n--{boundary}--\r\n".encode(),
    ]
    return Letter(before, b"".join(rest), message_id)
