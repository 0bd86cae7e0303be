"""A word to one person, in their direct messages with the app."""

from collections.abc import Mapping
from typing import Any

from bot.adapters.slack.client import SlackClients
from bot.adapters.slack.errors import SlackError, Trouble
from bot.adapters.slack.rates import POST
from bot.core.slack_names import Person

_OPEN = "conversations.open"


class Messenger:
    """Writes to people; what does not arrive is not sent again."""

    def __init__(self, clients: SlackClients) -> None:
        """Ask nothing yet."""
        self._clients = clients

    def tell(self, person: Person, message: Mapping[str, object]) -> None:
        """Post a message's body to a person; raise SlackError where that fails."""
        told = self._clients.call(person.team, _OPEN, users=person.user)
        opened = told.get("channel")
        channel = opened.get("id") if isinstance(opened, Mapping) else None
        if not isinstance(channel, str):
            reason = "its answer names no conversation"
            raise SlackError(_OPEN, Trouble.UNSURE, reason)
        self._clients.rates.await_post(person.team, channel)
        body: dict[str, Any] = {**message, "channel": channel}
        self._clients.ask(person.team, POST, **body)
