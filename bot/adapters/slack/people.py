"""Who is who in a workspace: admins, and members of channels; answers are kept for a minute."""

import threading
import time
from collections.abc import Callable, Mapping
from typing import Any, Final, TypeVar

from bot.adapters.slack.client import SlackClients
from bot.adapters.slack.errors import SlackError, Trouble
from bot.adapters.slack.places import read_cursor
from bot.core.slack_names import Person

_KEPT_S: Final = 60.0
_MOST_KEPT: Final = 10_000
_PAGE: Final = 1000
_MOST_PAGES: Final = 100
_USER: Final = "users.info"
_MEMBERS: Final = "conversations.members"
# Somebody waits for the answer.
_TIMEOUT_S: Final = 10

_Told = TypeVar("_Told")


class People:
    """Tells what a person may do; raises SlackError where Slack cannot say."""

    def __init__(
        self, clients: SlackClients, *, elapsed: Callable[[], float] = time.monotonic
    ) -> None:
        """Ask nothing yet."""
        self._clients = clients
        self._elapsed = elapsed
        self._lock = threading.Lock()
        self._kept: dict[tuple[str, ...], tuple[object, float]] = {}

    def is_admin(self, person: Person) -> bool:
        """Whether a person runs the workspace: its owners and admins."""
        return self._remember(("admin", person.team, person.user), lambda: self._ask_admin(person))

    def is_member(self, person: Person, channel: str) -> bool:
        """Whether a person is in a conversation of their workspace."""
        members = self._remember(
            ("members", person.team, channel), lambda: self._ask_members(person.team, channel)
        )
        return person.user in members

    def _ask_admin(self, person: Person) -> bool:
        try:
            told = self._clients.call(person.team, _USER, timeout_s=_TIMEOUT_S, user=person.user)
        except SlackError as error:
            if error.code in ("user_not_found", "user_not_visible"):
                return False
            raise
        user = told.get("user")
        if not isinstance(user, Mapping) or user.get("deleted") or user.get("is_stranger"):
            return False
        return _is_of(user, person.team) and (
            user.get("is_admin") is True or user.get("is_owner") is True
        )

    def _ask_members(self, team: str, channel: str) -> frozenset[str]:
        members: set[str] = set()
        cursor = ""
        for _ in range(_MOST_PAGES):
            told = self._clients.call(
                team,
                _MEMBERS,
                timeout_s=_TIMEOUT_S,
                channel=channel,
                limit=_PAGE,
                cursor=cursor or None,
            )
            listed = told.get("members")
            members.update(map(str, listed if isinstance(listed, list) else ()))
            cursor = read_cursor(told)
            if not cursor:
                return frozenset(members)
        reason = f"channel {channel} has too many members to tell"
        raise SlackError(_MEMBERS, Trouble.REFUSED, reason)

    def _remember(self, name: tuple[str, ...], ask: Callable[[], _Told]) -> _Told:
        now = self._elapsed()
        with self._lock:
            kept = self._kept.get(name)
        if kept is not None and now - kept[1] < _KEPT_S:
            return kept[0]  # type: ignore[return-value]  # names tell what they name
        told = ask()
        with self._lock:
            if len(self._kept) >= _MOST_KEPT:
                self._kept.clear()
            self._kept[name] = (told, now)
        return told


def _is_of(user: Mapping[str, Any], team: str) -> bool:
    """Whether a person belongs to this workspace, and does not only look in from another."""
    organisation = user.get("enterprise_user")
    teams = organisation.get("teams") if isinstance(organisation, Mapping) else None
    return user.get("team_id") == team or (isinstance(teams, list) and team in teams)
