"""The Web API's methods by name, and how one call goes: token, limits, answer."""

from collections.abc import Callable, Mapping
from typing import Final

from tests.fakes.slack_api import conversations, identity, messages, views
from tests.fakes.slack_api.limits import RefusalError
from tests.fakes.slack_api.model import Json
from tests.fakes.slack_api.requests import Request
from tests.fakes.slack_api.teams import Token
from tests.fakes.slack_api.world import World

METHODS: Final[Mapping[str, Callable[[Request], Json]]] = {
    "auth.revoke": identity.revoke,
    "auth.test": identity.test_auth,
    "bots.info": identity.show_bot,
    "chat.getPermalink": messages.get_permalink,
    "chat.postEphemeral": messages.post_ephemeral,
    "chat.postMessage": messages.post_message,
    "chat.unfurl": messages.unfurl,
    "chat.update": messages.update,
    "conversations.history": conversations.history,
    "conversations.info": conversations.info,
    "conversations.list": conversations.list_all,
    "conversations.members": conversations.members,
    "conversations.open": conversations.open_,
    "conversations.replies": conversations.replies,
    "users.conversations": conversations.list_mine,
    "users.info": identity.show_user,
    "views.open": views.open_,
    "views.publish": views.publish,
    "views.push": views.push,
    "views.update": views.update,
}
OTHERS: Final = frozenset({"apps.connections.open", "oauth.v2.access"})
"""Methods that take no bot's token."""


def find_token(world: World, text: str) -> Token:
    if not text:
        raise RefusalError(error="not_authed")
    return world.find_token(text)


def record(world: World, method: str, arguments: Json) -> None:
    """Keep a payload for the shared check, whether or not it will be refused."""
    if method in {"chat.postMessage", "chat.update", "chat.postEphemeral"}:
        world.recording.message(arguments)
    elif method == "chat.unfurl" and isinstance(arguments.get("unfurls"), dict):
        world.recording.unfurls(str(arguments.get("channel") or "C0"), arguments["unfurls"])
    elif method.startswith("views.") and isinstance(arguments.get("view"), dict):
        world.recording.view(arguments["view"])
