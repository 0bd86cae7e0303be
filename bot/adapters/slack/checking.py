"""What keeps Slack from working, for `papers doctor`: asks Slack, changes nothing."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final, Protocol

from bot.adapters.slack.client import Identity, SlackClients
from bot.adapters.slack.errors import SlackError
from bot.adapters.slack.places import Places
from bot.config.slack import SlackSettings, Transport
from bot.core.findings import Finding, Health
from bot.core.slack_names import SlackPlace, parse_place

# What the app asks for in its manifest, and what is missed without it.
NEEDED: Final[Mapping[str, str]] = {
    "chat:write": "post digests",
    "channels:history": "see whether a digest arrived, and what was spoken of before",
    "channels:read": "find channels by name",
    "commands": "hear the slash command",
    "groups:history": "see the same in private channels",
    "groups:read": "find private channels",
    "im:history": "see whether a digest arrived in direct messages",
    "im:read": "deliver to direct messages",
    "im:write": "tell people that their digests are paused",
    "links:read": "hear of links to arXiv",
    "links:write": "show a paper beside a link to it",
    "users:read": "know who is an admin",
}
_OPEN: Final = "apps.connections.open"
_SECRET_SIGNS: Final = 32
_MOST_WORKSPACES: Final = 20


class InstalledStore(Protocol):
    """Who installed the app."""

    def list_workspaces(self) -> tuple[tuple[str, str], ...]:
        """Return the id and the name of every workspace that has a bot's token, by id."""
        ...


def check_slack(
    clients: SlackClients,
    places: Places,
    settings: SlackSettings,
    store: InstalledStore,
    channels: Mapping[str, str],
) -> Iterator[Finding]:
    """Yield what is right and wrong, each with what to do.

    `channels` are the configured addresses, each with where it stands ("line 12").
    """
    if settings.bot_token:
        yield from _check_home(clients)
    if settings.app_token and settings.transport is Transport.SOCKET:
        yield _check_app_token(clients, settings.app_token)
    if settings.signing_secret and settings.transport is Transport.HTTP:
        yield _check_signing_secret(settings.signing_secret)
    if settings.is_shared:
        yield from _check_workspaces(clients, store.list_workspaces())
    for address, where in channels.items():
        yield _check_channel(clients, places, parse_place(address), where)


def _check_home(clients: SlackClients) -> Iterator[Finding]:
    try:
        home = clients.identify("")
    except SlackError as error:
        advice = (
            "copy the Bot User OAuth Token from OAuth & Permissions of the app into SLACK_BOT_TOKEN"
            if error.code
            else "see that this machine reaches Slack"
        )
        yield Finding("Slack token", Health.BAD, f"{error}: {advice}")
        return
    yield Finding("Slack token", Health.FINE, f"{home.name} in {_name(home)}")
    yield _check_scopes(home)


def _check_scopes(identity: Identity) -> Finding:
    missing = [scope for scope in NEEDED if scope not in identity.scopes]
    if not missing:
        return Finding("Slack scopes", Health.FINE, f"all {len(NEEDED)} that are needed")
    lacks = "; ".join(f"{scope} (to {NEEDED[scope]})" for scope in missing)
    message = (
        f"{identity.name} lacks {lacks}: add them under OAuth & Permissions of the app, or take"
        " its manifest anew from `papers manifest`, and install it again"
    )
    return Finding("Slack scopes", Health.DOUBTFUL, message)


def _check_app_token(clients: SlackClients, token: str) -> Finding:
    try:
        clients.try_token(token, _OPEN)
    except SlackError as error:
        message = (
            f"{error}: make a token with connections:write under Basic Information, App-Level"
            " Tokens, and put it into SLACK_APP_TOKEN"
        )
        return Finding("Slack app token", Health.BAD, message)
    return Finding("Slack app token", Health.FINE, "Socket Mode can be opened")


def _check_signing_secret(secret: str) -> Finding:
    """Look at a secret's shape alone: only a request from Slack shows whether it is right."""
    try:
        right = len(secret) == _SECRET_SIGNS and bool(bytes.fromhex(secret))
    except ValueError:
        right = False
    if right:
        message = "SLACK_SIGNING_SECRET has the right shape; only requests show whether it is right"
        return Finding("Slack signing secret", Health.FINE, message)
    message = (
        "SLACK_SIGNING_SECRET is not 32 hexadecimal digits: copy the Signing Secret, not the Client"
        " Secret, from Basic Information of the app"
    )
    return Finding("Slack signing secret", Health.DOUBTFUL, message)


def _check_workspaces(
    clients: SlackClients, workspaces: Sequence[tuple[str, str]]
) -> Iterator[Finding]:
    broken = False
    for team, name in workspaces[:_MOST_WORKSPACES]:
        try:
            clients.identify(team)
        except SlackError as error:
            broken = True
            message = f"{name}: {error}; have the app installed there again"
            yield Finding(f"workspace {team}", Health.DOUBTFUL, message)
    if not broken:
        number = len(workspaces)
        message = f"{number} workspace{'' if number == 1 else 's'} installed the app"
        yield Finding("Slack workspaces", Health.FINE, message)


def _check_channel(clients: SlackClients, places: Places, asked: SlackPlace, where: str) -> Finding:
    subject = f"channel {asked}"
    try:
        place = places.resolve(asked)
        app = clients.identify(place.team).name
        told = clients.call(place.team, "conversations.info", channel=place.channel)
    except SlackError as error:
        said = error.reason if not error.code else str(error)
        return Finding(subject, Health.BAD, f"{said} ({where})")
    channel = told.get("channel")
    health, message = _judge_channel(channel if isinstance(channel, Mapping) else {}, app)
    return Finding(subject, health, message if health is Health.FINE else f"{message} ({where})")


def _judge_channel(channel: Mapping[str, Any], app: str) -> tuple[Health, str]:
    if channel.get("is_im"):
        return Health.FINE, f"{app} may write there"
    name = f"#{channel.get('name', '')}"
    if channel.get("is_archived"):
        return Health.BAD, f"{name} is archived: unarchive it, or name another channel"
    if not channel.get("is_member"):
        return Health.DOUBTFUL, f"{app} is not in {name}: type `/invite @{app}` there"
    return Health.FINE, f"{app} is in {name}"


def _name(identity: Identity) -> str:
    return f"{identity.workspace} ({identity.team}), {identity.url}"
