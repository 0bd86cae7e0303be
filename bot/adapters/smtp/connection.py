"""One connection to the relay: opened, used for many mails, each phase told apart; retries nothing.

smtplib's own `sendmail` cannot tell a connection that broke before a message left from one that
broke after it, so the commands are given one by one.
"""

import smtplib
import ssl
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

from bot.adapters.smtp.client import Client
from bot.config.mail import Relay, Security
from bot.core.refusals import Phase, Refusal, read_refusal
from bot.errors import DeliveryError

_TAKING_LEAVE: Final = 5.0
_ACCEPTED = range(200, 300)
_REFUSED = range(400, 600)
# The server ends the connection with this reply.
CLOSING: Final = 421
_GO_AHEAD = range(354, 355)
_MOST_TEXT: Final = 300


@dataclass(frozen=True, slots=True)
class Limits:
    """Seconds that each step may take as a whole, and that a connection is kept while idle.

    After `leave` two minutes of a delivery's lease are left; whatever can still happen then must
    have happened by its end, so `sending` is shorter.
    """

    opening: float = 30.0
    asking: float = 30.0
    sending: float = 100.0
    idle: float = 60.0


USUAL_LIMITS: Final = Limits()


@dataclass(frozen=True, slots=True)
class Envelope:
    """From whom and to whom a mail goes, in ASCII but for a local part; `key` names it."""

    sender: str
    recipient: str
    key: str


class RefusedError(Exception):
    """The server refused, and surely has not taken the mail."""

    def __init__(self, refusal: Refusal) -> None:
        """Keep what it said."""
        self.refusal = refusal
        super().__init__(refusal.text)


class LostError(Exception):
    """The connection broke, or never was one; `left`: after the mail had begun to leave."""

    def __init__(self, reason: str, *, left: bool = False) -> None:
        """`reason` goes on a sentence about the relay."""
        self.left = left
        super().__init__(reason)


class Connection:
    """An open connection; one thread at a time uses it."""

    def __init__(
        self, relay: Relay, hello: str, context: ssl.SSLContext, limits: Limits = USUAL_LIMITS
    ) -> None:
        """Open it, with TLS and a login as the relay wants them; `hello` is our own name.

        Raise LostError or RefusedError.
        """
        self.carried = 0
        self.used = time.monotonic()
        self._is_spent = False
        self._limits = limits
        self._client = Client(local_hostname=hello)
        try:
            self._open(relay, context)
        except BaseException:
            self.drop()
            raise

    def _open(self, relay: Relay, context: ssl.SSLContext) -> None:
        client = self._client
        client.limit(self._limits.opening)
        try:
            implicit = context if relay.security is Security.TLS else None
            _check(client.open(relay.host, relay.port, implicit))
            _check(client.ehlo())
            if relay.security is Security.STARTTLS:
                if not client.has_extn("starttls"):
                    msg = "it offers no STARTTLS, and nothing goes out in plain text"
                    raise LostError(msg)
                client.secure(context, relay.host)
                _check(client.ehlo())
            if relay.user:
                self._log_in(relay)
        except smtplib.SMTPResponseException as error:
            raise RefusedError(_read(Phase.CONNECT, error.smtp_code, error.smtp_error)) from error
        except OSError as error:
            raise LostError(_explain(error)) from error

    def _log_in(self, relay: Relay) -> None:
        if relay.security is Security.NONE:
            msg = "nobody logs in without TLS: a password would be read on the way"
            raise LostError(msg)
        if not relay.password:
            msg = "there is no password to log in with: put it into SMTP_PASSWORD"
            raise LostError(msg)
        try:
            self._client.login(relay.user, relay.password)
        except smtplib.SMTPNotSupportedError as error:
            msg = "it takes no logins: leave [mail] user out"
            raise LostError(msg) from error
        except smtplib.SMTPResponseException:
            raise
        except smtplib.SMTPException as error:
            msg = f"nobody can log in: {error}"
            raise LostError(msg) from error

    def send(self, envelope: Envelope, size: int, leave: Callable[[], bytes]) -> str:
        """Hand one mail over and return what the server said when it took it.

        `leave` gives the mail's bytes, and is called when nothing is left to do but to send them:
        what it raises ends the connection with nothing sent. Raise RefusedError, LostError, or
        DeliveryError for what this relay can never take.
        """
        client = self._client
        options = self._options(envelope, size)
        client.command_encoding = "ascii" if envelope.recipient.isascii() else "utf-8"
        try:
            client.limit(self._limits.asking)
            self._ask_all(
                (Phase.SENDER, f"MAIL FROM:<{envelope.sender}>{options}", _ACCEPTED),
                (Phase.RECIPIENT, f"RCPT TO:<{envelope.recipient}>", _ACCEPTED),
                (Phase.BODY, "DATA", _GO_AHEAD),
            )
        except OSError as error:
            raise LostError(_explain(error)) from error
        data = leave()
        try:
            client.limit(self._limits.sending)
            client.send(stuff(data))
            code, text = client.getreply()
        except OSError as error:
            raise LostError(_explain(error), left=True) from error
        if code in _REFUSED:
            self._refuse(Phase.BODY, code, text)
        if code not in _ACCEPTED:
            raise LostError(_strange(code, text), left=True)
        self.carried += 1
        self.used = time.monotonic()
        return _decode(text)

    def ask(self) -> None:
        """Ask whether it is still there; raise LostError."""
        self._command("NOOP")

    def reset(self) -> None:
        """Forget a refused mail, so that the next one can go; raise LostError."""
        if self._is_spent:
            msg = "it waits for a mail whose sender or recipient it refused"
            raise LostError(msg)
        self._command("RSET")

    def close(self) -> None:
        """Take leave."""
        with suppress(OSError):
            self._client.limit(_TAKING_LEAVE)
            self._client.docmd("QUIT")
        self.drop()

    def drop(self) -> None:
        """End it without a word: what has not left by now never does."""
        self._client.close()

    def _options(self, envelope: Envelope, size: int) -> str:
        client = self._client
        options = ""
        if client.has_extn("size"):
            most = client.esmtp_features["size"].strip()
            if most.isdigit() and 0 < int(most) < size:
                msg = f"the relay takes at most {most} bytes, and this mail has {size}"
                raise DeliveryError(msg, permanent=True)
            options += f" SIZE={size}"
        if not envelope.recipient.isascii():
            if not client.has_extn("smtputf8"):
                msg = "the relay takes no address with letters beyond a-z before its @ (SMTPUTF8)"
                raise DeliveryError(msg, permanent=True)
            options += " BODY=8BITMIME SMTPUTF8"
        if client.has_extn("dsn"):
            options += f" RET=HDRS ENVID={envelope.key}"
        return options

    def _command(self, command: str) -> None:
        try:
            self._client.limit(self._limits.asking)
            code, text = self._client.docmd(command)
        except OSError as error:
            raise LostError(_explain(error)) from error
        if code not in _ACCEPTED:
            raise LostError(_strange(code, text))

    def _ask_all(self, *commands: tuple[Phase, str, range]) -> None:
        """Give commands, at once where the server likes that, and see that each gets its answer.

        Of several at once only the first that is refused counts; if the server waits for a mail
        nevertheless, the connection is good for nothing more (RFC 2920).
        """
        client = self._client
        at_once = client.has_extn("pipelining")
        if at_once:
            client.give([command for _, command, _ in commands])
        for number, (phase, command, wanted) in enumerate(commands, start=1):
            code, text = client.getreply() if at_once else client.docmd(command)
            if code in wanted:
                continue
            if code not in _REFUSED:
                raise LostError(_strange(code, text))
            if at_once and code != CLOSING:
                self._hear_out(len(commands) - number)
            self._refuse(phase, code, text)

    def _hear_out(self, replies: int) -> None:
        """Read what is said to commands that came after a refused one."""
        try:
            codes = [self._client.getreply()[0] for _ in range(replies)]
        except OSError:
            self._is_spent = True
        else:
            self._is_spent = any(code in _GO_AHEAD for code in codes)

    def _refuse(self, phase: Phase, code: int, text: bytes) -> None:
        raise RefusedError(_read(phase, code, text))


def stuff(data: bytes) -> bytes:
    r"""Write a mail as DATA wants it: dots at a line's beginning doubled, and a dot alone after it.

    >>> stuff(b"a\r\n.b\r\n")
    b'a\r\n..b\r\n.\r\n'
    """
    # https://www.rfc-editor.org/rfc/rfc5321#section-4.5.2
    stuffed = data.replace(b"\r\n.", b"\r\n..")
    first = b"." if data.startswith(b".") else b""
    end = b".\r\n" if data.endswith(b"\r\n") else b"\r\n.\r\n"
    return first + stuffed + end


def _check(reply: tuple[int, bytes]) -> None:
    code, text = reply
    if code not in _ACCEPTED:
        raise smtplib.SMTPResponseException(code, text)


def _read(phase: Phase, code: int, text: bytes | str) -> Refusal:
    return read_refusal(phase, code, _decode(text))


def _decode(text: bytes | str) -> str:
    said = text.decode("utf-8", "replace") if isinstance(text, bytes) else text
    shown = "".join(char if char.isprintable() else " " for char in said)
    return " ".join(shown.split())[:_MOST_TEXT]


def _strange(code: int, text: bytes) -> str:
    return f"it answered {code} {_decode(text)}".strip()


def _explain(error: OSError) -> str:
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"its certificate is not to be trusted: {error.verify_message}"
    if isinstance(error, TimeoutError):
        return "it took too long"
    return error.strerror or str(error)
