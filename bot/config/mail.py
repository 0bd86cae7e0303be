"""What the configuration says of mail: the relay, who writes, where bounces go; sends nothing."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final
from urllib.parse import urlsplit

from bot.config.bounce_source import IMAP_PASSWORD, BouncePlace, BounceValues, ImapPlace
from bot.config.secrets import read_secret
from bot.config.values import is_loopback
from bot.core.verp import LONGEST_MAILBOX

PASSWORD: Final = "SMTP_PASSWORD"  # noqa: S105 - its name
SECRET_KEY: Final = "PAPERS_SECRET_KEY"  # noqa: S105 - its name

# https://www.rfc-editor.org/rfc/rfc8314#section-7.3: 465 begins with TLS, 587 turns it on.
_SUBMISSION, _SUBMISSIONS, _SMTP = 587, 465, 25
_LEAST_SECRET: Final = 32
_LONGEST_LINE: Final = 300
_ADDRESS = re.compile(r"[A-Za-z0-9._%+-]{1,64}@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*")


class Security(StrEnum):
    """How a connection to the relay is kept from being read."""

    NONE = "none"
    STARTTLS = "starttls"
    TLS = "tls"


@dataclass(frozen=True, slots=True)
class Relay:
    """The server that takes our mail: without a user nobody logs in."""

    host: str = ""
    port: int = _SUBMISSION
    security: Security = Security.STARTTLS
    user: str = ""
    password: str = field(default="", repr=False)

    def __str__(self) -> str:
        """Name it in a sentence."""
        return f"{self.host}:{self.port}"


@dataclass(frozen=True, slots=True)
class MailSettings:
    """How digests go out by mail; without a relay none do.

    Confirmations come from `notice_address`, or from `from_address` where that is "". `bounces` is
    the mailbox of what could not be delivered, `bounce_source` where that is read (None: nowhere),
    `per_minute` how many mails a minute go to one domain (0: any number).
    """

    relay: Relay = field(default_factory=Relay)
    from_address: str = ""
    from_name: str = "papers-bot"
    notice_address: str = ""
    postal: str = ""
    bounces: str = ""
    bounce_source: BouncePlace | None = None
    per_minute: int = 0

    @property
    def can_send(self) -> bool:
        """Whether there is somebody to hand mail to."""
        return bool(self.relay.host and self.from_address)


class MailValues(BounceValues):
    """Reads the table [mail] and the secrets beside it."""

    def _mail(self, environment: Mapping[str, str]) -> MailSettings:
        table = self._table("mail")
        usual = MailSettings()
        password = read_secret(environment, PASSWORD, self._fault)
        if not table:
            return usual
        relay = self._relay(table, password)
        sender = self._mailbox(table, "mail.from")
        if not sender and not isinstance(table.get("from"), str):
            self._fault("mail.from", 'say who writes: from = "digest@lab.example"')
        bounces = self._mailbox(table, "mail.bounces")
        if len(bounces.rpartition("@")[0]) > LONGEST_MAILBOX:
            problem = (
                f"use at most {LONGEST_MAILBOX} characters before the @: a delivery's name follows"
            )
            self._fault("mail.bounces", problem)
        return MailSettings(
            relay=relay,
            from_address=sender,
            from_name=self._line(table, "mail.from_name", usual.from_name),
            notice_address=self._mailbox(table, "mail.notices"),
            postal=self._line(table, "mail.postal", ""),
            bounces=bounces,
            bounce_source=self._bounce_source(table, environment),
            per_minute=self._number(
                table, "mail.per_minute", 0, least=1, most=6000, or_zero="for any number"
            ),
        )

    def _secret_key(self, environment: Mapping[str, str]) -> str:
        secret = read_secret(environment, SECRET_KEY, self._fault)
        if secret and len(secret) < _LEAST_SECRET:
            problem = (
                f"it is shorter than {_LEAST_SECRET} characters: `openssl rand -hex 32` makes one"
            )
            self._fault(f"{SECRET_KEY} (environment)", problem)
            return ""
        return secret

    def _relay(self, table: Mapping[str, Any], password: str) -> Relay:
        user = self._line(table, "mail.user", "")
        url = self._text(table, "mail.relay")
        written = "write it like smtp://mail.lab.example, or smtps:// for TLS from the start"
        if not url:
            if "relay" not in table or isinstance(table["relay"], str):
                self._fault("mail.relay", f"name the server that takes our mail: {written}")
            return Relay()
        try:
            parts = urlsplit(url)
            host, port = parts.hostname or "", parts.port
        except ValueError:
            host, port, parts = "", None, urlsplit("")
        if parts.username is not None or parts.password is not None:
            problem = (
                f"it names a user: write that as user = , and put the password into {PASSWORD}"
            )
            self._fault("mail.relay", problem)
            return Relay()
        extra = parts.path.strip("/") or parts.query or parts.fragment
        if parts.scheme not in ("smtp", "smtps") or extra or port == 0 or not self._is_host(host):
            self._fault("mail.relay", f"{url[:80]!r} is not a mail server: {written}")
            return Relay()
        if parts.scheme == "smtps":
            return Relay(host, port or _SUBMISSIONS, Security.TLS, user, password)
        near = is_loopback(host) and not user
        return Relay(
            host,
            port or (_SMTP if is_loopback(host) else _SUBMISSION),
            Security.NONE if near else Security.STARTTLS,
            user,
            password,
        )

    def _mailbox(self, table: Mapping[str, Any], key: str) -> str:
        address = self._text(table, key)
        if address and not _ADDRESS.fullmatch(address):
            self._fault(
                key, f"{address[:80]!r} is not an e-mail address of plain letters and digits"
            )
            return ""
        return address

    def _line(self, table: Mapping[str, Any], key: str, default: str) -> str:
        text = self._text(table, key, default)
        if text.isprintable() and len(text) <= _LONGEST_LINE:
            return text
        self._fault(key, f"write one line of at most {_LONGEST_LINE} printable characters")
        return default


def find_problems(
    mail: MailSettings, *, base_url: str, secret_key: str
) -> tuple[tuple[str, str], ...]:
    """Say what mails can do without, but should not: what it is about, and what to do.

    No secret is shown.
    """
    found = []
    if mail.relay.user and not mail.relay.password:
        found.append(("mail login", f"there is a user, so put its password into {PASSWORD}"))
    if not secret_key:
        message = f"no mail has a link to unsubscribe: `openssl rand -hex 32` makes a {SECRET_KEY}"
        found.append(("mail links", message))
    elif not base_url:
        found.append(("mail links", "no mail has a link to unsubscribe: add [bot] base_url"))
    if not mail.bounces:
        message = f"they come back to {mail.from_address}, where nobody counts them: add bounces"
        found.append(("mail bounces", message))
    elif mail.bounce_source is None:
        message = f"nobody reads what comes back to {mail.bounces}: add [mail] bounce_source"
        found.append(("mail bounces", message))
    elif not secret_key:
        message = f"without a {SECRET_KEY} nobody can tell which mail they are about"
        found.append(("mail bounces", message))
    if isinstance(mail.bounce_source, ImapPlace) and not mail.bounce_source.password:
        message = f"put the password of {mail.bounce_source} into {IMAP_PASSWORD}"
        found.append(("mail bounces login", message))
    if not mail.postal:
        message = "many countries want it in newsletters: add [mail] postal"
        found.append(("mail postal address", message))
    return tuple(found)
