"""conversations.* and users.conversations."""

from collections.abc import Callable, Sequence
from typing import Final

from tests.fakes.slack_api.limits import RefusalError
from tests.fakes.slack_api.model import Channel, Json, Message
from tests.fakes.slack_api.requests import Request, make_cursor, read_cursor

_SCOPES: Final = {
    "public_channel": "channels:read",
    "private_channel": "groups:read",
    "im": "im:read",
}
_MOST: Final = 999


def list_all(request: Request) -> Json:
    return _page_channels(request, lambda channel, bot: bot or not channel.private)


def list_mine(request: Request) -> Json:
    """Answer users.conversations: the bot's own, or a person's as far as the bot may know."""
    user = request.text("user") or request.team.bot.id
    return _page_channels(
        request,
        lambda channel, bot: user in channel.members and (bot or not channel.private),
    )


def _page_channels(request: Request, shown: Callable[[Channel, bool], bool]) -> Json:
    kinds = [kind.strip() for kind in request.text("types", "public_channel").split(",")]
    for kind in kinds:
        request.need(_SCOPES.get(kind, "mpim:read"))
    bot = request.team.bot.id
    channels = [
        channel.show(bot)
        for channel in request.team.channels.values()
        if channel.kind in kinds
        and shown(channel, bot in channel.members)
        and not (channel.archived and request.flag("exclude_archived"))
    ]
    return request.page(channels, request.number("limit", 100, 1000), "channels")


def info(request: Request) -> Json:
    channel = request.find_channel(request.text("channel"))
    request.need_for(channel, "read")
    return {"channel": channel.show(request.team.bot.id)}


def members(request: Request) -> Json:
    channel = request.find_channel(request.text("channel"))
    request.need_for(channel, "read")
    page = request.page(
        [{"id": user} for user in sorted(channel.members)],
        request.number("limit", 100, 1000),
        "members",
    )
    return {**page, "members": [each["id"] for each in page["members"]]}


def open_(request: Request) -> Json:
    request.need("im:write")
    if request.text("channel"):
        channel = request.find_channel(request.text("channel"))
    else:
        users = [user for user in request.text("users").split(",") if user]
        if len(users) != 1:
            raise RefusalError(error="too_many_users" if users else "users_list_not_supplied")
        user = request.team.users.get(users[0])
        if user is None or user.deleted:
            raise RefusalError(error="user_not_found")
        if user.bot:
            raise RefusalError(error="cannot_dm_bot")
        channel = request.team.direct(user.id)
    shown = channel.show(request.team.bot.id) if request.flag("return_im") else {"id": channel.id}
    return {"channel": shown}


def _find_readable(request: Request) -> Channel:
    channel = request.find_channel(request.text("channel"))
    request.need_for(channel, "history")
    if request.team.bot.id not in channel.members:
        raise RefusalError(error="not_in_channel")
    return channel


def history(request: Request) -> Json:
    """Answer conversations.history: newest first.

    With `oldest` and no `latest` the first page holds what is closest to `oldest`, as Slack has
    it (https://github.com/slackhq/slack-api-docs/issues/4); else what is closest to `latest`.
    """
    channel = _find_readable(request)
    found = _within(request, channel.messages)
    if not request.text("oldest") or request.text("latest"):
        found.reverse()
    page, more = _cut(request, found, request.number("limit", 100, _MOST))
    page.sort(key=lambda message: message.ts, reverse=True)
    return {
        "messages": _show(request, page),
        "has_more": bool(more),
        "pin_count": 0,
        "response_metadata": {"next_cursor": more},
    }


def replies(request: Request) -> Json:
    """Answer conversations.replies: the parent on each page, then the replies, oldest first."""
    channel = _find_readable(request)
    parent = channel.find(request.text("ts"))
    if parent is None:
        raise RefusalError(error="thread_not_found")
    if parent.thread_ts and parent.thread_ts != parent.ts:
        return {"messages": _show(request, [parent]), "has_more": False}
    found = _within(request, channel.replies(parent.ts))
    page, more = _cut(request, found, max(1, request.number("limit", 1000, 1000) - 1))
    return {
        "messages": _show(request, [parent, *page]),
        "has_more": bool(more),
        "response_metadata": {"next_cursor": more},
    }


def _within(request: Request, messages: Sequence[Message]) -> list[Message]:
    inclusive = request.flag("inclusive")
    oldest, latest = _instant(request.text("oldest")), _instant(request.text("latest"))
    if not inclusive:
        oldest, latest = oldest and oldest + 1, latest and latest - 1
    return [
        message
        for message in messages
        if (oldest is None or oldest <= _exact(message.ts))
        and (latest is None or _exact(message.ts) <= latest)
    ]


def _cut(request: Request, found: Sequence[Message], limit: int) -> tuple[list[Message], str]:
    start = read_cursor(request.text("cursor"))
    end = start + min(limit, request.world.page)
    return list(found[start:end]), make_cursor(end) if end < len(found) else ""


def _show(request: Request, messages: Sequence[Message]) -> list[Json]:
    with_metadata = request.flag("include_all_metadata")
    return [message.show(with_metadata=with_metadata) for message in messages]


def _exact(ts: str) -> int:
    """Read a ts in microseconds: a float would lose the last of them."""
    seconds, _, micros = ts.partition(".")
    return int(seconds) * 1_000_000 + int(micros.ljust(6, "0")[:6] or 0)


def _instant(text: str) -> int | None:
    if not text or text in {"0", "now"}:
        return None
    try:
        return _exact(text)
    except ValueError:
        raise RefusalError(error="invalid_ts_latest") from None
