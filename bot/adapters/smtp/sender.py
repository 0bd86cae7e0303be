"""The e-mail destination: editions as mails, and the notices beside them; knows no SMTP."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Protocol

from bot.adapters.smtp.mailer import Mailer
from bot.core.editions import Destination, Edition
from bot.core.records import CannotTell, Enclosed, Sent
from bot.core.trail import Trail
from bot.core.weeks import Week
from bot.errors import DeliveryError
from bot.render.email import Composer, Letter, Notice, NoticeWriter, Recipient, Section


class Links(Protocol):
    """What a mail says of its reader: why it comes, and where the reader changes or ends that.

    The same address and editions give the same links, or a mail that is repeated would not be the
    same.
    """

    def recipient(self, address: str, editions: Sequence[Edition]) -> Recipient:
        """Return the reader of a mail with these editions."""
        ...

    def page(self, edition: Edition, key: str) -> str:
        """Return the address of an edition's page, for whoever gets the mail; "": there is none.

        `key` is the delivery's.
        """
        ...


class OperatorLinks:
    """Readers whom the operator put into the configuration: they ask the operator."""

    def __init__(self, contact: str, base_url: str, find_page: "FindPage") -> None:
        """`contact` is the operator's address; both may be ""."""
        self._find_page = find_page
        where = f" at {base_url}" if base_url else ""
        asked = f"; write to {contact} to change that" if contact else ""
        self._why = f"You get this because the operator of papers-bot{where} wants it{asked}."

    def recipient(self, address: str, editions: Sequence[Edition]) -> Recipient:  # noqa: ARG002 - as all do
        """Return a reader without links."""
        return Recipient(address, why=self._why)

    def page(self, edition: Edition, key: str) -> str:
        """Return the page of the set for which the delivery was planned."""
        return self._find_page(edition, key)


# Of an edition and the key of the delivery that it is sent for.
FindPage = Callable[[Edition, str], str]
Weeks = Callable[[Edition, str], tuple[Week, ...]]


def no_weeks(edition: Edition, key: str) -> tuple[Week, ...]:  # noqa: ARG001 - as all do
    """Show no chart."""
    return ()


class MailSender:
    """Sends editions to addresses; a mail that is repeated has the same bytes."""

    def __init__(
        self,
        composer: Composer,
        mailer: Mailer,
        links: Links,
        now: Callable[[], datetime],
        weeks: Weeks = no_weeks,
    ) -> None:
        """`weeks` gives the papers of the weeks before an edition that is to show them."""
        self._composer = composer
        self._mailer = mailer
        self._links = links
        self._now = now
        self._weeks = weeks

    def send(self, edition: Edition, destination: Destination, key: str, trail: Trail) -> Sent:
        """Send one edition as a mail."""
        return self._send([(edition, key)], destination, key, trail)

    def send_together(
        self, enclosed: Sequence[Enclosed], destination: Destination, key: str, trail: Trail
    ) -> Sent:
        """Send several sets' editions as one mail, with a section each; `key` names the mail."""
        return self._send([(each.edition, each.key) for each in enclosed], destination, key, trail)

    def _send(
        self,
        enclosed: Sequence[tuple[Edition, str]],
        destination: Destination,
        key: str,
        trail: Trail,
    ) -> Sent:
        """Send one mail with a section for each edition, whose own deliveries have these keys.

        Its Date is the moment at which it first left, which the ledger keeps: by the announcement's
        day it would come hours or days old, which is what filters take for spam.
        """
        sections = [
            Section(edition, self._links.page(edition, own), weeks=self._weeks(edition, own))
            for edition, own in enclosed
        ]
        editions = [edition for edition, _ in enclosed]
        recipient = self._links.recipient(destination.address, editions)
        try:
            letter = self._composer.write(sections, recipient, key)
        except ValueError as error:
            raise DeliveryError(str(error), permanent=True) from error

        def leave() -> bytes:
            if not trail.draft:
                trail.fix(self._now().astimezone(UTC).isoformat(timespec="seconds"))
            data = letter.dated(datetime.fromisoformat(trail.draft))
            trail()
            return data

        said = self._mailer.send(destination.address, key, len(letter), leave)
        return Sent(f"{letter.message_id} {said}".strip())

    def find(
        self,
        edition: Edition,  # noqa: ARG002 - mail cannot say
        destination: Destination,  # noqa: ARG002
        key: str,  # noqa: ARG002
        trail: Trail,  # noqa: ARG002
    ) -> CannotTell:
        """Say that nobody knows: a mailbox cannot be asked."""
        return CannotTell.CANNOT_TELL


class NoticeSender:
    """Sends confirmations and sign-in links, outside the ledger."""

    def __init__(self, writer: NoticeWriter, mailer: Mailer) -> None:
        """Both may be shared by threads."""
        self._writer = writer
        self._mailer = mailer

    def send(self, notice: Notice, address: str, key: str, date: datetime) -> str:
        """Send a notice and return its Message-ID; raise DeliveryError as `Mailer.send` does.

        `key` names it; with the same key and date it has the same bytes.
        """
        try:
            letter: Letter = self._writer.write(notice, address, key)
        except ValueError as error:
            raise DeliveryError(str(error), permanent=True) from error
        self._mailer.send(address, key, len(letter), lambda: letter.dated(date))
        return letter.message_id
