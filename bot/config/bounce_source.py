"""Where the mailbox of bounces is read: a Maildir, or a folder of an IMAP server; opens neither."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, TypeAlias
from urllib.parse import unquote, urlsplit

from bot.config.secrets import read_secret
from bot.config.values import Values, is_loopback

IMAP_PASSWORD: Final = "IMAP_PASSWORD"  # noqa: S105 - its name

# https://www.rfc-editor.org/rfc/rfc8314#section-7.3
_IMAPS, _IMAP = 993, 143
_KEY: Final = "mail.bounce_source"
_WRITTEN: Final = (
    "write it like maildir:/var/mail/bounces or imaps://bounces@mail.lab.example/INBOX"
)


@dataclass(frozen=True, slots=True)
class MaildirPlace:
    """A Maildir on this machine."""

    path: str

    def __str__(self) -> str:
        """Name it in a sentence."""
        return self.path


@dataclass(frozen=True, slots=True)
class ImapPlace:
    """A folder of a mail server; without `tls` only on this machine."""

    host: str
    port: int
    tls: bool
    user: str
    folder: str
    password: str = field(default="", repr=False)

    def __str__(self) -> str:
        """Name it in a sentence."""
        return f"{self.folder} of {self.user} at {self.host}:{self.port}"


BouncePlace: TypeAlias = MaildirPlace | ImapPlace


class BounceValues(Values):
    """Reads where bounces are read, and the secret for it."""

    def _bounce_source(
        self, table: Mapping[str, Any], environment: Mapping[str, str]
    ) -> BouncePlace | None:
        password = read_secret(environment, IMAP_PASSWORD, self._fault)
        text = self._text(table, _KEY)
        if not text:
            return None
        if not self._text(table, "mail.bounces"):
            problem = 'say to which address they come: bounces = "bounces@lab.example"'
            self._fault(_KEY, problem)
        if text.startswith("maildir:"):
            return self._maildir(text.removeprefix("maildir:"))
        return self._imap(text, password)

    def _maildir(self, path: str) -> MaildirPlace | None:
        if path.startswith("/") and path.isprintable():
            return MaildirPlace(path.rstrip("/") or "/")
        self._fault(_KEY, f"name its whole path: {_WRITTEN}")
        return None

    def _imap(self, url: str, password: str) -> ImapPlace | None:
        try:
            parts = urlsplit(url)
            host, port = parts.hostname or "", parts.port
        except ValueError:
            host, port, parts = "", None, urlsplit("")
        if parts.password is not None:
            problem = f"it holds a password: put it into the environment's {IMAP_PASSWORD}"
            self._fault(_KEY, problem)
            return None
        extra = parts.query or parts.fragment or not unquote(url).isprintable()
        known = parts.scheme in ("imap", "imaps")
        if not known or extra or port == 0 or not self._is_host(host):
            # Whatever it is, there may be a password in it.
            self._fault(_KEY, f"it is no mailbox: {_WRITTEN}")
            return None
        if not parts.username:
            self._fault(_KEY, f"it names no user: {_WRITTEN}")
            return None
        tls = parts.scheme == "imaps"
        if not tls and not is_loopback(host):
            problem = "a password would be read on the way: write imaps:// instead of imap://"
            self._fault(_KEY, problem)
            return None
        return ImapPlace(
            host,
            port or (_IMAPS if tls else _IMAP),
            tls,
            unquote(parts.username),
            unquote(parts.path.strip("/")) or "INBOX",
            password,
        )
