"""One delivery's messages in a channel and its thread: posted one by one, looked for in doubt."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from bot.adapters.slack.client import SlackClients
from bot.adapters.slack.errors import SlackError, Trouble
from bot.adapters.slack.failures import Step
from bot.adapters.slack.history import build_metadata, find_parts
from bot.adapters.slack.rates import LONGEST_WAIT_S, POST
from bot.core.slack_names import SlackPlace
from bot.core.trail import Trail
from bot.errors import DeliveryError
from bot.render.slack.digest import Message

# A message is posted so often where Slack asks for short pauses.
_MOST_TRIES = 4


@dataclass(frozen=True, slots=True)
class Thread:
    """Where a delivery's messages go: the parent is part 1, the others are in its thread.

    `tell` says what a trouble of Slack's means for the delivery.
    """

    clients: SlackClients
    place: SlackPlace
    key: str
    trail: Trail
    tell: Callable[[SlackError, Step], DeliveryError]

    @property
    def parent(self) -> str:
        """The ts of the first message; "" while it is not known to be there."""
        return self.find(1)

    def find(self, part: int) -> str:
        """Return the ts of a part; "" while it is not known to be there."""
        known = self.trail.parts.get(part)
        return known.reference if known is not None else ""

    def settle_doubts(self) -> None:
        """Look for the messages of which nobody knows whether they arrived; say which have."""
        doubtful = {
            part.number: part.at for part in self.trail.parts.values() if not part.reference
        }
        if 1 in doubtful:
            self._look({1: doubtful.pop(1)})
        # Without the first message there was no thread to post the others in.
        if doubtful and self.parent:
            self._look(doubtful)

    def post(self, part: int, message: Message) -> str:
        """Post a part that is not there, and return its ts; short pauses for Slack are kept."""
        body: dict[str, Any] = {
            **message.body,
            "channel": self.place.channel,
            "thread_ts": self.parent or None,
            "metadata": build_metadata(self.key, part),
            "unfurl_links": False,
            "unfurl_media": False,
        }
        for left in reversed(range(_MOST_TRIES)):
            with self._told(Step.READING):
                # Whose token it is is found out before anything may have left.
                self.clients.identify(self.place.team)
                self.clients.rates.await_post(self.place.team, self.place.channel)
            self.trail(part)
            with self._told(Step.POSTING):
                try:
                    answer = self.clients.ask(self.place.team, POST, **body)
                except SlackError as error:
                    if not left or not _is_short_pause(error):
                        raise
                else:
                    break
        ts = answer.get("ts")
        if isinstance(ts, str) and ts:
            self.trail.arrived(part, ts)
            return ts
        unnamed = "Slack took a message and did not say which it is"
        raise DeliveryError(unnamed, unknown=True)

    def _look(self, doubtful: dict[int, datetime]) -> None:
        with self._told(Step.LOOKING):
            found = find_parts(
                self.clients,
                self.place,
                self.key,
                doubtful.keys(),
                min(doubtful.values()),
                thread=self.parent,
            )
        for part, ts in sorted(found.items()):
            self.trail.arrived(part, ts)

    @contextmanager
    def _told(self, step: Step) -> Iterator[None]:
        try:
            yield
        except SlackError as error:
            raise self.tell(error, step) from error


def _is_short_pause(error: SlackError) -> bool:
    return error.trouble is Trouble.BUSY and (error.retry_after or 0.0) <= LONGEST_WAIT_S
