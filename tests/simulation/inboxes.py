"""Destinations that fail by chance in every way they can, and keep what reached them."""

import random
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from bot.core.editions import Destination, DestinationKind, Edition
from bot.core.records import CannotTell, Sent
from bot.errors import DeliveryError

if TYPE_CHECKING:
    from bot.flows.passage import Sender


_MOST_FAILURES = 4


@dataclass(frozen=True, slots=True)
class Arrival:
    at: datetime
    key: str
    destination: Destination
    edition: Edition


class Inbox:
    """One kind of destination; mail cannot be asked what arrived.

    `rate` is that of failures, of which no delivery has more than can be got over.
    """

    def __init__(
        self,
        kind: DestinationKind,
        now: Callable[[], datetime],
        draw: random.Random,
        rate: float = 0.0,
    ) -> None:
        self.is_askable = kind is not DestinationKind.EMAIL
        self.rate = rate
        self.arrivals: list[Arrival] = []
        self.failures: Counter[str] = Counter()
        self._now = now
        self._draw = draw

    def send(
        self, edition: Edition, destination: Destination, key: str, leave: Callable[[], None]
    ) -> Sent:
        arrival = Arrival(self._now(), key, destination, edition)
        if self._fails(key):
            message = "refused before it left"
            raise DeliveryError(message)
        leave()
        if self._fails(key):
            error, arrives = self._draw.choice(
                (
                    (DeliveryError("refused"), False),
                    (DeliveryError("busy", retry_after=self._draw.uniform(0, 7200)), False),
                    (DeliveryError("no answer", unknown=True), False),
                    (DeliveryError("no answer", unknown=True), True),
                )
            )
            if arrives:
                self.arrivals.append(arrival)
            raise error
        self.arrivals.append(arrival)
        return Sent(f"sent {key}")

    def find(
        self,
        edition: Edition,  # noqa: ARG002 - the key says all
        destination: Destination,  # noqa: ARG002
        key: str,
        trail: object = None,  # noqa: ARG002
    ) -> Sent | CannotTell | None:
        if not self.is_askable:
            return CannotTell.CANNOT_TELL
        if self._fails(key):
            message = "no answer to the question"
            raise DeliveryError(message)
        return Sent(key) if any(each.key == key for each in self.arrivals) else None

    def _fails(self, key: str) -> bool:
        fails = self._draw.random() < self.rate and self.failures[key] < _MOST_FAILURES
        self.failures[key] += fails
        return fails


if TYPE_CHECKING:
    _SENDER: Sender = Inbox(DestinationKind.FOLDER, datetime.now, random.Random())  # noqa: S311 - nothing secret
