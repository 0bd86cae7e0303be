"""chat.*, and what is posted to response URLs."""

from copy import deepcopy
from html import escape
from typing import Final

from tests.fakes.slack_api.limits import RefusalError, check_message
from tests.fakes.slack_api.model import Channel, Json, Message, ResponseUrl
from tests.fakes.slack_api.requests import Request
from tests.fakes.slack_api.world import World, name_blocks

_GONE: Final = 404
_BAD: Final = 400


def find_posting_channel(request: Request) -> Channel:
    """Find where chat.postMessage may write: an id, a name, or a person."""
    name = request.text("channel")
    team = request.team
    channel = team.channels.get(name)
    if channel is None and name in team.users and not team.users[name].bot:
        channel = team.direct(name)
    if channel is None:
        named = (each for each in team.channels.values() if each.name)
        channel = next((each for each in named if each.name == name.removeprefix("#")), None)
    member = channel is not None and team.bot.id in channel.members
    if channel is None or (channel.private and not member) or (channel.person and not member):
        raise RefusalError(error="channel_not_found")
    if channel.archived:
        raise RefusalError(error="is_archived")
    if not member and "chat:write.public" not in request.token.scopes:
        raise RefusalError(error="not_in_channel")
    return channel


def post_message(request: Request) -> Json:
    request.need("chat:write")
    channel = find_posting_channel(request)
    check_message(request.arguments)
    thread = request.text("thread_ts")
    if thread:
        parent = channel.find(thread)
        if parent is None:
            raise RefusalError(error="thread_not_found")
        if parent.thread_ts not in {"", thread}:
            raise RefusalError(error="cannot_reply_to_message")
    message = request.world.post(channel, request.team.bot, request.arguments, request.at)
    return {
        "channel": channel.id,
        "ts": message.ts,
        "message": message.show(with_metadata=True),
        "_posted": message,
    }


def update(request: Request) -> Json:
    request.need("chat:write")
    channel = request.find_channel(request.text("channel"))
    message = channel.find(request.text("ts"))
    if message is None:
        raise RefusalError(error="message_not_found")
    if message.user != request.team.bot.id:
        raise RefusalError(error="cant_update_message")
    if channel.archived:
        raise RefusalError(error="is_archived")
    check_message(request.arguments)
    message.text = request.text("text", message.text)
    if "blocks" in request.arguments:
        message.blocks = name_blocks(request.arguments["blocks"] or [])
    if "metadata" in request.arguments:
        message.metadata = deepcopy(request.arguments["metadata"])
    message.edits += 1
    return {"channel": channel.id, "ts": message.ts, "text": message.text}


def post_ephemeral(request: Request) -> Json:
    request.need("chat:write")
    channel = find_posting_channel(request)
    user = request.text("user")
    if user not in channel.members:
        raise RefusalError(error="user_not_in_channel")
    check_message(request.arguments)
    message = request.world.post(
        channel, request.team.bot, request.arguments, request.at, only_for=user
    )
    return {"message_ts": message.ts}


def get_permalink(request: Request) -> Json:
    channel = request.find_channel(request.text("channel"))
    message = channel.find(request.text("message_ts"))
    if message is None:
        raise RefusalError(error="message_not_found")
    return {"channel": channel.id, "permalink": message.url}


def unfurl(request: Request) -> Json:
    request.need("links:write")
    unfurls = request.arguments.get("unfurls")
    if not isinstance(unfurls, dict) or not unfurls:
        raise RefusalError(error="missing_unfurls")
    message = _find_unfurled(request)
    for url, card in unfurls.items():
        if escape(url, quote=False) not in message.text:
            raise RefusalError(error="cannot_unfurl_url")
        check_message({"blocks": card.get("blocks"), "text": url})
    message.unfurls |= deepcopy(unfurls)
    return {}


def _find_unfurled(request: Request) -> Message:
    """Find the message with the links: by channel and ts, or by what link_shared named it."""
    if request.text("unfurl_id"):
        channel, _, ts = request.text("unfurl_id").partition("/")
    else:
        channel, ts = request.text("channel"), request.text("ts")
    found = request.team.channels.get(channel)
    message = found.find(ts) if found else None
    if message is None:
        raise RefusalError(error="cannot_find_message")
    return message


def respond(world: World, token: str, payload: object, at: float) -> tuple[int, str]:
    """Take what was posted to a response URL; give the status and the error, "" for none."""
    url = world.responses.get(token)
    if url is None:
        return _GONE, "no_such_url"
    if world.clock.now() > url.made + world.response_life:
        return _GONE, "expired_url"
    if len(url.payloads) >= world.response_uses:
        return _GONE, "used_url"
    if not isinstance(payload, dict):
        return _BAD, "invalid_payload"
    deletes = payload.get("delete_original")
    if not deletes:
        try:
            check_message(payload)
        except RefusalError as error:
            return _BAD, error.error
    url.payloads.append(payload)
    show_response(world, url, payload, at)
    return 200, ""


def show_response(world: World, url: ResponseUrl, payload: Json, at: float = 0.0) -> None:
    """Show a response to whom it is for, instead of the message that was clicked or not."""
    original = url.original
    replaces = payload.get("replace_original")
    if payload.get("delete_original"):
        if original is not None:
            original.deleted = True
        return
    if replaces and original is not None:
        original.text = str(payload.get("text") or "")
        original.blocks = name_blocks(payload.get("blocks") or [])
        original.edits += 1
        url.messages.append(original)
        return
    channel = url.channel or url.team.direct(url.user)
    only_for = "" if payload.get("response_type") == "in_channel" else url.user
    message = world.post(channel, url.team.bot, payload, at, only_for=only_for)
    message.via_response = True
    url.messages.append(message)
