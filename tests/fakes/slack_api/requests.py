"""One Web API request as its method sees it: who calls, with what, and what they may."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from urllib.parse import parse_qsl

from tests.fakes.slack_api.limits import RefusalError
from tests.fakes.slack_api.model import Channel, Json
from tests.fakes.slack_api.teams import Team, Token
from tests.fakes.slack_api.world import World

_JSON: Final = frozenset({"blocks", "attachments", "metadata", "view", "unfurls"})
_HISTORY: Final = {"public_channel": "channels", "private_channel": "groups", "im": "im"}


@dataclass(slots=True, eq=False)
class Request:
    """A call to a method by a bot whose token works."""

    world: World
    method: str
    arguments: Json
    token: Token
    at: float

    @property
    def team(self) -> Team:
        return self.token.team

    def text(self, name: str, default: str = "") -> str:
        value = self.arguments.get(name)
        return default if value is None else str(value)

    def flag(self, name: str) -> bool:
        return self.text(name).lower() in {"1", "true"}

    def number(self, name: str, default: int, most: int) -> int:
        text = self.text(name) or str(default)
        if not text.isdigit() or not 1 <= int(text) <= most:
            raise RefusalError(error="invalid_limit")
        return int(text)

    def need(self, *scopes: str) -> None:
        """Refuse where the token has none of these scopes."""
        if not self.token.scopes.intersection(scopes):
            raise RefusalError(
                error="missing_scope",
                needed=",".join(scopes),
                provided=",".join(sorted(self.token.scopes)),
            )

    def need_for(self, channel: Channel, what: str) -> None:
        """Refuse where the token may not `what` ("read", "history") in that kind of channel."""
        self.need(f"{_HISTORY[channel.kind]}:{what}")

    def find_channel(self, name: str) -> Channel:
        """Find a conversation by id that the bot may know of."""
        channel = self.team.channels.get(name)
        if channel is None or (
            (channel.private or channel.person) and self.team.bot.id not in channel.members
        ):
            raise RefusalError(error="channel_not_found")
        return channel

    def page(self, items: Sequence[Json], limit: int, name: str) -> Json:
        """Give a page of a list by the cursor in the request."""
        start = read_cursor(self.text("cursor"))
        end = start + min(limit, self.world.page)
        more = make_cursor(end) if end < len(items) else ""
        return {name: list(items[start:end]), "response_metadata": {"next_cursor": more}}


def make_cursor(start: int) -> str:
    return f"bmV4dDo{start}="


def read_cursor(cursor: str) -> int:
    if not cursor:
        return 0
    number = cursor.removeprefix("bmV4dDo").removesuffix("=")
    if not number.isdigit():
        raise RefusalError(error="invalid_cursor")
    return int(number)


def read_arguments(kind: str, query: str, body: bytes) -> Json:
    """Read a request's arguments, from its query and its form or JSON body."""
    arguments: Json = dict(parse_qsl(query, keep_blank_values=True))
    if kind.startswith("application/json"):
        try:
            read = json.loads(body or b"{}")
        except ValueError as error:
            raise RefusalError(error="invalid_json") from error
        if not isinstance(read, dict):
            raise RefusalError(error="json_not_object")
        arguments |= read
    elif kind.startswith("application/x-www-form-urlencoded") or not body:
        arguments |= dict(parse_qsl(body.decode(), keep_blank_values=True))
    else:
        raise RefusalError(error="invalid_post_type")
    for name in _JSON & arguments.keys():
        if isinstance(arguments[name], str):
            try:
                arguments[name] = json.loads(arguments[name])
            except ValueError:
                if name == "metadata":
                    raise RefusalError(error="metadata_must_be_json") from None
                raise RefusalError(
                    "invalid_blocks_format" if name == "blocks" else "invalid_arguments"
                ) from None
    return arguments
