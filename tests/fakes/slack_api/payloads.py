"""The payloads that Slack makes of what people do, honest and complete."""

import re
import time
from typing import Final

from tests.fakes.slack_api.forms import read_state
from tests.fakes.slack_api.model import Channel, Json, Message, ResponseUrl, Trigger, View
from tests.fakes.slack_api.teams import Team, User
from tests.fakes.slack_api.world import World

_URL: Final = re.compile(r"https?://[^\s<>]+")
_NAME: Final = re.compile(r"([#@])([\w.-]+)")


def build_command(world: World, user: User, channel: Channel, typed: str, url: ResponseUrl) -> Json:
    """Build a slash command's form; `typed` begins with the command."""
    team = channel.team
    command, _, text = typed.partition(" ")
    return {
        "token": world.app.verification,
        "team_id": team.id,
        "team_domain": team.domain,
        "channel_id": channel.id,
        "channel_name": "directmessage" if channel.person else channel.name,
        "user_id": user.id,
        "user_name": user.name,
        "command": command,
        "text": escape_typed(team, text.strip(" ")) if world.app.should_escape else text.strip(" "),
        "api_app_id": world.app.id,
        "is_enterprise_install": "false",
        "response_url": address(world, url),
        "trigger_id": world.new_trigger(team, user.id).id,
    }


def escape_typed(team: Team, text: str) -> str:
    """Escape what somebody typed: entities, and links of people, channels and addresses."""
    text = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")

    def link(found: re.Match[str]) -> str:
        mark, name = found.groups()
        if mark == "#":
            there = {each.name: each.id for each in team.channels.values() if each.name}
            return f"<#{there[name]}|{name}>" if name in there else found[0]
        people = {each.name: each.id for each in team.users.values()}
        return f"<@{people[name]}|{name}>" if name in people else found[0]

    parts = []
    end = 0
    for url in _URL.finditer(text):
        parts += [_NAME.sub(link, text[end : url.start()]), f"<{url[0]}>"]
        end = url.end()
    return "".join([*parts, _NAME.sub(link, text[end:])])


def build_typed(text: str) -> list[Json]:
    """Build the block that Slack makes of what somebody types."""
    parts: list[Json] = []
    end = 0
    for url in _URL.finditer(text):
        parts += [{"type": "text", "text": text[end : url.start()]}] if url.start() > end else []
        parts.append({"type": "link", "url": url[0]})
        end = url.end()
    parts += [{"type": "text", "text": text[end:]}] if text[end:] else []
    section = {"type": "rich_text_section", "elements": parts}
    return [{"type": "rich_text", "elements": [section]}]


def address(world: World, url: ResponseUrl) -> str:
    return f"{world.base}/response/{url.token}"


def build_interaction(world: World, team: Team, user: User, kind: str, trigger: Trigger) -> Json:
    """Build what all interactive payloads share."""
    return {
        "type": kind,
        "user": {"id": user.id, "username": user.name, "name": user.name, "team_id": team.id},
        "api_app_id": world.app.id,
        "token": world.app.verification,
        "trigger_id": trigger.id,
        "team": {"id": team.id, "domain": team.domain},
        "enterprise": None,
        "is_enterprise_install": False,
    }


def describe_message(message: Message) -> Json:
    """Build where a click on a message's element happened."""
    channel = message.channel
    container: Json = {
        "type": "message",
        "message_ts": message.ts,
        "channel_id": channel.id,
        "is_ephemeral": bool(message.only_for),
    }
    if message.thread_ts:
        container["thread_ts"] = message.thread_ts
    name = "directmessage" if channel.person else channel.name
    described: Json = {
        "container": container,
        "channel": {"id": channel.id, "name": "privategroup" if channel.private else name},
        "state": {"values": {}},
    }
    if not message.only_for:
        described["message"] = message.show()
    return described


def describe_view(view: View) -> Json:
    shown = {**view.show(), "state": {"values": read_state(view.blocks, view.state)}}
    return {"container": {"type": "view", "view_id": view.id}, "view": shown}


def build_action(block: Json, element: Json, value: Json) -> Json:
    return {
        "action_id": element["action_id"],
        "block_id": block["block_id"],
        **value,
        "action_ts": f"{time.time():.6f}",
    }


def build_event(world: World, team: Team, event: Json) -> Json:
    """Build an event's outer part; `event` gets its event_ts."""
    now = world.clock.now()
    return {
        "token": world.app.verification,
        "team_id": team.id,
        "context_team_id": team.id,
        "context_enterprise_id": None,
        "api_app_id": world.app.id,
        "event": {**event, "event_ts": f"{now:.6f}"},
        "type": "event_callback",
        "event_id": world.next_id("Ev0"),
        "event_time": int(now),
        "authorizations": [
            {
                "enterprise_id": None,
                "team_id": team.id,
                "user_id": team.bot.id,
                "is_bot": True,
                "is_enterprise_install": False,
            }
        ],
        "is_ext_shared_channel": False,
        "event_context": world.next_id("4-"),
    }
