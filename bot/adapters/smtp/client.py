"""smtplib's client with a deadline for each step, however slowly a server speaks; decides nothing.

smtplib waits anew for every byte, so a server that trickles could keep a delivery past its lease.
"""

import math
import smtplib
import socket
import ssl
import time
from collections.abc import Sequence
from typing import Final

# A reply's line has 512 octets (https://www.rfc-editor.org/rfc/rfc5321#section-4.5.3.1.5); servers
# that say more are heard, within bounds.
_LONGEST_REPLY: Final = 65_536
_CHUNK: Final = 65_536


class Client(smtplib.SMTP):
    """A conversation whose reads and writes end when `limit` says so: TimeoutError."""

    _deadline = math.inf
    _unread = b""

    def limit(self, seconds: float) -> None:
        """Let everything from now on end within so many seconds together."""
        self._deadline = time.monotonic() + seconds

    def open(
        self, host: str, port: int, context: ssl.SSLContext | None = None
    ) -> tuple[int, bytes]:
        """Connect, with TLS from the first byte where there is a context; return the greeting."""
        plain = socket.create_connection((host, port), timeout=self._left())
        self.sock = context.wrap_socket(plain, server_hostname=host) if context else plain
        return self.getreply()

    def secure(self, context: ssl.SSLContext, host: str) -> None:
        """Turn on TLS; what was said before is forgotten.

        Raise SMTPResponseException where the server will not, and SMTPServerDisconnected where
        somebody slipped words in before TLS (https://nvd.nist.gov/vuln/detail/CVE-2011-0411).
        """
        code, text = self.docmd("STARTTLS")
        if code != 220:  # noqa: PLR2004 - SMTP's own codes are read as numbers
            raise smtplib.SMTPResponseException(code, text)
        if self._unread:
            msg = "it went on speaking before TLS began"
            raise smtplib.SMTPServerDisconnected(msg)
        self._apply_deadline()
        self.sock = context.wrap_socket(self._socket(), server_hostname=host)
        self.helo_resp = self.ehlo_resp = None
        self.esmtp_features = {}
        self.does_esmtp = False

    def send(self, s: object) -> None:
        """Send text or bytes."""
        data = s if isinstance(s, bytes) else str(s).encode(self.command_encoding)
        for start in range(0, len(data), _CHUNK):
            self._apply_deadline()
            self._socket().sendall(data[start : start + _CHUNK])

    def give(self, commands: Sequence[str]) -> None:
        """Send several commands at once; each has its reply (RFC 2920)."""
        if any("\r" in command or "\n" in command for command in commands):
            msg = "a command is one line"
            raise ValueError(msg)
        self.send("".join(f"{command}\r\n" for command in commands))

    def getreply(self) -> tuple[int, bytes]:
        """Read a reply; its code is -1 where it has none."""
        lines: list[bytes] = []
        size = 0
        while True:
            line = self._read_line()
            size += len(line)
            lines.append(line[4:].strip(b" \t\r\n"))
            code = int(line[:3]) if line[:3].isdigit() else -1
            if line[3:4] != b"-" or code < 0:
                return code, b"\n".join(lines)
            if size > _LONGEST_REPLY:
                msg = "its reply has no end"
                raise smtplib.SMTPServerDisconnected(msg)

    def _read_line(self) -> bytes:
        while b"\n" not in self._unread:
            if len(self._unread) > _LONGEST_REPLY:
                msg = "its reply has no end"
                raise smtplib.SMTPServerDisconnected(msg)
            self._apply_deadline()
            data = self._socket().recv(4096)
            if not data:
                msg = "it closed the connection"
                raise smtplib.SMTPServerDisconnected(msg)
            self._unread += data
        line, _, self._unread = self._unread.partition(b"\n")
        return line

    def _apply_deadline(self) -> None:
        self._socket().settimeout(self._left())

    def _left(self) -> float | None:
        left = self._deadline - time.monotonic()
        if left <= 0:
            msg = "it took too long"
            raise TimeoutError(msg)
        return None if left == math.inf else left

    def _socket(self) -> socket.socket:
        if self.sock is None:
            msg = "there is no connection"
            raise smtplib.SMTPServerDisconnected(msg)
        return self.sock
