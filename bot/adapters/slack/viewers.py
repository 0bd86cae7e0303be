"""What a person is shown: whether they belong here, their clock, what is hidden from them."""

import threading
import time
from collections.abc import Callable, Mapping
from typing import Any, Final, TypeVar

from bot.adapters.slack.client import SlackClients
from bot.adapters.slack.errors import SlackError, Trouble
from bot.adapters.slack.places import read_cursor
from bot.core.slack_names import Person

_USER: Final = "users.info"
_CONVERSATIONS: Final = "users.conversations"
_PAGE: Final = 1000
_MOST_PAGES: Final = 100
_KEPT_S: Final = 60.0
_MOST_KEPT: Final = 10_000
# Somebody waits for the answer.
_TIMEOUT_S: Final = 10

_Told = TypeVar("_Told")


class Viewers:
    """Tells what people are shown; answers are kept for a minute."""

    def __init__(
        self, clients: SlackClients, *, elapsed: Callable[[], float] = time.monotonic
    ) -> None:
        """Ask nothing yet."""
        self._clients = clients
        self._elapsed = elapsed
        self._lock = threading.Lock()
        self._kept: dict[tuple[str, ...], tuple[object, float]] = {}

    def is_colleague(self, person: Person) -> bool:
        """Whether a person belongs to the workspace, if need be among others of an organisation.

        Raise SlackError where Slack cannot say.
        """
        user = self._find_user(person)
        organisation = user.get("enterprise_user")
        teams = organisation.get("teams") if isinstance(organisation, Mapping) else None
        if user.get("is_stranger") or user.get("deleted"):
            return False
        return user.get("team_id") == person.team or (
            isinstance(teams, list) and person.team in teams
        )

    def find_timezone(self, person: Person) -> str:
        """Return the time zone of a person's clock; "" where Slack does not say."""
        try:
            found = self._find_user(person).get("tz")
        except SlackError:
            return ""
        return found if isinstance(found, str) else ""

    def find_hidden(self, person: Person) -> frozenset[str]:
        """Return the private channels that the app is in and a person is not.

        Raise SlackError where Slack cannot say.
        """
        ours = self._remember(
            ("private", person.team), lambda: self._list_private(person.team, None)
        )
        if not ours:
            return ours
        theirs = self._remember(
            ("private", person.team, person.user),
            lambda: self._list_private(person.team, person.user),
        )
        return ours - theirs

    def _find_user(self, person: Person) -> Mapping[str, Any]:
        return self._remember(("user", person.team, person.user), lambda: self._ask_user(person))

    def _ask_user(self, person: Person) -> Mapping[str, Any]:
        try:
            told = self._clients.call(person.team, _USER, timeout_s=_TIMEOUT_S, user=person.user)
        except SlackError as error:
            if error.code in ("user_not_found", "user_not_visible"):
                return {}
            raise
        user = told.get("user")
        return user if isinstance(user, Mapping) else {}

    def _list_private(self, team: str, user: str | None) -> frozenset[str]:
        """List the private channels of the app, or those that it shares with a person."""
        found: set[str] = set()
        cursor = ""
        for _ in range(_MOST_PAGES):
            told = self._clients.call(
                team,
                _CONVERSATIONS,
                timeout_s=_TIMEOUT_S,
                user=user,
                types="private_channel",
                limit=_PAGE,
                cursor=cursor or None,
            )
            listed = told.get("channels")
            found.update(
                str(each.get("id"))
                for each in (listed if isinstance(listed, list) else ())
                if isinstance(each, Mapping)
            )
            cursor = read_cursor(told)
            if not cursor:
                return frozenset(found)
        reason = "there are too many private channels to tell"
        raise SlackError(_CONVERSATIONS, Trouble.REFUSED, reason)

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
