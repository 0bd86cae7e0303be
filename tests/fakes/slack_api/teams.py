"""Workspaces as the app sees them: their people, tokens and conversations, and the app itself."""

import secrets
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final
from zoneinfo import ZoneInfo

from tests.fakes.slack_api.model import Channel, Json

if TYPE_CHECKING:
    from tests.fakes.slack_api.acting import Person
    from tests.fakes.slack_api.interactions import Interaction

BOT_SCOPES: Final = frozenset(
    {
        "channels:history",
        "channels:read",
        "chat:write",
        "commands",
        "groups:history",
        "groups:read",
        "im:history",
        "im:read",
        "im:write",
        "links:read",
        "links:write",
        "users:read",
    }
)
"""What a token may do unless a test says otherwise; not `chat:write.public`."""


class Clock:
    """Real time, and what a test has added to it; a pace `speed` times as fast for the rates."""

    def __init__(self, speed: float = 1.0) -> None:
        self.speed = speed
        self._ahead = 0.0

    def now(self) -> float:
        return time.time() + self._ahead

    def pace(self) -> float:
        """Tell Slack's own seconds, of which the rates are made."""
        return (time.monotonic() + self._ahead) * self.speed

    def advance(self, seconds: float) -> None:
        """Let tokens, triggers and response URLs grow older by so many seconds."""
        self._ahead += seconds


@dataclass(frozen=True, slots=True)
class Application:
    """The app as api.slack.com knows it; the fake knows one."""

    id: str = "A0PAPERS"
    client_id: str = "111.222"
    client_secret: str = "client-secret"  # noqa: S105 - nobody's
    signing_secret: str = "signing-secret"  # noqa: S105
    verification: str = "verification"
    app_token: str = "xapp-1-A0PAPERS-1"  # noqa: S105
    command: str = "/papers"
    should_escape: bool = True


@dataclass(slots=True, eq=False)
class Token:
    """A token of a workspace's bot; `error` is what every call with it is answered."""

    text: str
    team: "Team"
    scopes: set[str]
    expires: float | None = None
    refresh: str = ""
    error: str = ""


@dataclass(slots=True, eq=False)
class User:
    """Somebody of a workspace."""

    id: str
    name: str
    admin: bool = False
    tz: str = "Europe/Berlin"
    bot: bool = False
    deleted: bool = False

    def show(self, team: "Team") -> Json:
        offset = datetime.now(UTC).astimezone(ZoneInfo(self.tz)).utcoffset()
        return {
            "id": self.id,
            "team_id": team.id,
            "name": self.name,
            "real_name": self.name.title(),
            "deleted": self.deleted,
            "tz": self.tz,
            "tz_label": self.tz,
            "tz_offset": int(offset.total_seconds()) if offset else 0,
            "profile": {"display_name": self.name, "real_name": self.name.title()},
            "is_admin": self.admin,
            "is_owner": False,
            "is_bot": self.bot,
            "is_restricted": False,
            "is_app_user": False,
        }


@dataclass(slots=True, eq=False)
class Team:
    """A workspace as the app sees it."""

    app: Application
    clock: Clock
    id: str
    name: str
    bot: User
    bot_id: str
    scopes: set[str]
    rotating: bool = False
    installed: bool = True
    users: dict[str, User] = field(default_factory=dict)
    channels: dict[str, Channel] = field(default_factory=dict)
    tokens: list[Token] = field(default_factory=list)
    make_person: "Callable[[User], Person]" = field(init=False)
    tell: "Callable[[Json], Interaction]" = field(init=False)
    """Tell the app of an event in this workspace."""

    @property
    def domain(self) -> str:
        return f"team-{self.id.lower()}"

    @property
    def token(self) -> str:
        """The newest of the bot's tokens."""
        return self.tokens[-1].text

    def issue_token(self, text: str = "", *, life: float | None = None) -> Token:
        prefix = "xoxe.xoxb-" if self.rotating else "xoxb-"
        token = Token(text or f"{prefix}{self.id}-{secrets.token_hex(8)}", self, set(self.scopes))
        if self.rotating:
            token.expires = self.clock.now() + (43_200 if life is None else life)
            token.refresh = f"xoxe-1-{secrets.token_hex(8)}"
        self.tokens.append(token)
        return token

    def user(self, id_: str) -> "Person":
        """Give somebody to act as."""
        return self.make_person(self.users[id_])

    def uninstall(self, *, tell: bool = True) -> None:
        """Remove the app: no token works any more, and the app is told by both events."""
        self.installed = False
        for token in self.tokens:
            token.error = token.error or "account_inactive"
        if tell:
            self.tell({"type": "tokens_revoked", "tokens": {"oauth": [], "bot": [self.bot.id]}})
            self.tell({"type": "app_uninstalled"})

    def revoke_tokens(self, *, tell: bool = True) -> None:
        """Revoke the bot's tokens alone."""
        for token in self.tokens:
            token.error = token.error or "token_revoked"
        if tell:
            self.tell({"type": "tokens_revoked", "tokens": {"oauth": [], "bot": [self.bot.id]}})

    def channel(self, name: str) -> Channel:
        """Find a conversation by id, "#name" or "@U..." (the app's own with a person)."""
        if name.startswith("@"):
            return self.direct(name[1:])
        for channel in self.channels.values():
            if name == channel.id or name.removeprefix("#") == channel.name:
                return channel
        raise KeyError(name)

    def add_user(
        self, id_: str, name: str = "", *, admin: bool = False, tz: str = "Europe/Berlin"
    ) -> User:
        user = self.users[id_] = User(id_, name or id_.lower(), admin=admin, tz=tz)
        return user

    def add_channel(
        self,
        id_: str,
        name: str,
        *,
        private: bool = False,
        bot: bool = True,
        members: Iterable[str] = (),
        archived: bool = False,
    ) -> Channel:
        """Make a channel; the bot is a member unless `bot` is False."""
        channel = Channel(self, id_, name, private=private, archived=archived)
        channel.members = {*members, *([self.bot.id] if bot else [])}
        self.channels[id_] = channel
        return channel

    def direct(self, user: str) -> Channel:
        """Give the app's conversation with a person, made where there was none."""
        for channel in self.channels.values():
            if channel.person == user:
                return channel
        id_ = f"D{user[1:]}"
        channel = Channel(self, id_, person=user, members={user, self.bot.id})
        self.channels[id_] = channel
        return channel
