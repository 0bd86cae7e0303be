"""What mails say to people who subscribed themselves: why, and where they change or end it."""

from collections.abc import Callable, Sequence
from typing import Protocol

from bot.adapters.smtp.sender import Links
from bot.core.days import say_day
from bot.core.editions import Edition
from bot.core.subscribers import Reader, Subscriber
from bot.render.email import Recipient
from bot.render.paths import Paths


class Readers(Protocol):
    """Knows who subscribed by mail."""

    def find_reader(self, address: str, names: Sequence[str]) -> Reader | None:
        """Find a confirmed subscriber who chose any set of these names; None: nobody did."""
        ...


class SubscriberLinks:
    """Gives readers who subscribed themselves their links; all others have the operator's."""

    def __init__(
        self,
        readers: Readers,
        others: Links,
        base_url: str,
        *,
        preferences: Callable[[Subscriber], str],
        leaving: Callable[[Subscriber, int], str],
    ) -> None:
        """`preferences` and `leaving` write a link's token, the latter of a subscription or all."""
        self._readers = readers
        self._others = others
        self._paths = Paths(base_url)
        self._where = base_url.partition("://")[2] or base_url
        self._preferences = preferences
        self._leaving = leaving

    def recipient(self, address: str, editions: Sequence[Edition]) -> Recipient:
        """Return the reader, with links where they are the reader's own; always the same ones."""
        names = sorted({edition.set.name for edition in editions})
        reader = self._readers.find_reader(address, names)
        if reader is None:
            return self._others.recipient(address, editions)
        known = reader.subscriber
        when = f" on {say_day(known.confirmed_at.date())}" if known.confirmed_at else ""
        one = reader.subscriptions[0] if len(reader.subscriptions) == len(names) == 1 else 0
        return Recipient(
            address,
            why=f"You get this because {known.address} subscribed{when} at {self._where}.",
            unsubscribe_url=self._paths.unsubscribe(self._leaving(known, one)),
            preferences_url=self._paths.preferences(self._preferences(known)),
        )

    def page(self, edition: Edition, key: str) -> str:
        """Return the edition's page."""
        return self._others.page(edition, key)
