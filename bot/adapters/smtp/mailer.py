"""Hands letters to the relay: paces domains, names the delivery, says what a refusal means."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from bot.adapters.smtp.connection import Envelope, LostError, RefusedError
from bot.adapters.smtp.domains import THE_RELAY, Domains
from bot.adapters.smtp.pool import Pool
from bot.core.refusals import Meaning, Refusal, judge
from bot.core.verp import build_return_path
from bot.errors import DeliveryError, MailRefusedError
from bot.render.email import write_address

# How long whoever asked for a rest gets one at first, in seconds.
PAUSE: Final = 300.0
_RELAY_AWAY: Final = 60.0

_BLOCKED = range(500, 600)

# Hears which delivery was refused, and how; raises nothing.
HearRefusal = Callable[[str, MailRefusedError], object]


def hear_nothing(key: str, error: MailRefusedError) -> None:
    """Leave a refusal to whoever catches the error."""


@dataclass(frozen=True, slots=True)
class Mailbox:
    """Where what bounces goes; with a secret each delivery gets an address of its own there."""

    address: str
    secret: str = ""


class Mailer:
    """Sends one letter at a time to one address; threads may share it."""

    def __init__(
        self,
        pool: Pool,
        domains: Domains,
        bounces: Mailbox,
        hear: HearRefusal = hear_nothing,
    ) -> None:
        """`domains` says who must wait; `bounces` is the envelope's sender."""
        self._pool = pool
        self._domains = domains
        self._bounces = bounces
        self._hear = hear

    def send(self, address: str, key: str, size: int, leave: Callable[[], bytes]) -> str:
        """Send what `leave` returns, `size` bytes; return what the relay said when it took it.

        `leave` is called when the next byte on the wire is the letter's first; what it raises
        comes through, and nothing was sent. Raise DeliveryError: permanent, to be retried, busy
        or, where the connection broke after that, unknown.
        """
        try:
            recipient = write_address(address)
        except ValueError as error:
            raise DeliveryError(str(error), permanent=True) from error
        domain = recipient.rpartition("@")[2].lower()
        for name in (THE_RELAY, domain):
            self._wait(name, key)
        sender = build_return_path(key, self._bounces.address, self._bounces.secret)
        try:
            said = self._pool.send(Envelope(sender, recipient, key), size, leave)
        except RefusedError as error:
            refused = self._judge(error.refusal, domain, recipient)
            self._hear(key, refused)
            raise refused from error
        except LostError as error:
            raise self._explain(error) from error
        self._domains.clear(THE_RELAY)
        self._domains.clear(domain)
        return said

    def check(self) -> str:
        """Say that the relay answers; raise DeliveryError with what is wrong."""
        relay = self._pool.relay
        try:
            self._pool.check()
        except RefusedError as error:
            message = f"{relay} answered {_quote(error.refusal)}"
            raise DeliveryError(message) from error
        except LostError as error:
            message = f"{relay}: {error}"
            raise DeliveryError(message) from error
        who = f" as {relay.user}" if relay.user else ""
        return f"{relay} takes mail ({relay.security}){who}"

    def close(self) -> None:
        """Take leave of the relay."""
        self._pool.close()

    def _wait(self, name: str, key: str) -> None:
        seconds = self._domains.hold(name, key)
        if seconds > 0:
            who = f"the relay {self._pool.relay}" if name == THE_RELAY else name
            message = f"{who} is left alone for {seconds:.0f} s more"
            raise DeliveryError(message, busy=True, retry_after=seconds)

    def _explain(self, error: LostError) -> DeliveryError:
        relay = self._pool.relay
        if error.left:
            message = f"the connection to {relay} broke after the mail had left: {error}"
            return DeliveryError(message, unknown=True)
        self._domains.trip(THE_RELAY, _RELAY_AWAY, str(error))
        return DeliveryError(f"the relay {relay} cannot be used: {error}")

    def _judge(self, refusal: Refusal, domain: str, recipient: str) -> MailRefusedError:
        relay = self._pool.relay
        meaning = judge(refusal)
        pause = None
        if meaning in (Meaning.DOMAIN, Meaning.RELAY):
            name = THE_RELAY if meaning is Meaning.RELAY else domain
            pause = self._domains.trip(name, PAUSE, _quote(refusal))
        return MailRefusedError(
            f"{relay} refused {refusal.phase} ({recipient}): {_quote(refusal)}",
            code=refusal.code,
            status=refusal.status,
            blocked=pause is not None and refusal.code in _BLOCKED,
            permanent=meaning in (Meaning.ADDRESS, Meaning.CONTENT),
            retry_after=pause,
        )


def _quote(refusal: Refusal) -> str:
    return f"{refusal.code} {refusal.text}".strip()
