"""Which conversation a channel's name means, and under which address a message is read."""

import threading
import time
from collections.abc import Callable, Collection, Mapping
from difflib import get_close_matches
from typing import Any, Final

from bot.adapters.slack.client import SlackClients
from bot.adapters.slack.errors import SlackError, Trouble
from bot.core.slack_names import SlackPlace, is_channel

_LIST: Final = "conversations.list"
_KINDS: Final = "public_channel,private_channel"
_PAGE: Final = 1000
_MOST_PAGES: Final = 100
_KEPT_S: Final = 600.0
# Links are asked for one by one; beyond so many they are composed.
_MOST_LINKS: Final = 50
_LINK_TIMEOUT_S: Final = 10
# Whoever names a channel that is not there does so again and again.
_LOOK_AGAIN_S: Final = 60.0


class Places:
    """Finds conversations by name; lists are kept for some minutes."""

    def __init__(
        self, clients: SlackClients, *, elapsed: Callable[[], float] = time.monotonic
    ) -> None:
        """Ask nothing yet."""
        self._clients = clients
        self._elapsed = elapsed
        self._lock = threading.Lock()
        self._lists: dict[str, tuple[Mapping[str, str], float]] = {}

    def resolve(self, place: SlackPlace) -> SlackPlace:
        """Return a conversation by the ids of its workspace and itself; raise SlackError."""
        team = self._clients.resolve(place.team)
        if is_channel(place.channel):
            return SlackPlace(team, place.channel)
        name = place.channel.removeprefix("#").lower()
        known = self._list(team, _KEPT_S)
        if name not in known:
            known = self._list(team, _LOOK_AGAIN_S)
        if name not in known:
            close = get_close_matches(name, known, n=1)
            meant = f" (did you mean #{close[0]}?)" if close else ""
            reason = (
                f"the app sees no channel #{name}: invite it there, if the channel is private, or"
                f" name another{meant}"
            )
            raise SlackError(_LIST, Trouble.PLACE, reason)
        return SlackPlace(team, known[name])

    def name(self, place: SlackPlace) -> str:
        """Name a conversation for people, as well as can be without a fault."""
        if place.is_direct:
            return "the direct message"
        if not is_channel(place.channel):
            return f"#{place.channel.removeprefix('#')}"
        try:
            team = self._clients.resolve(place.team)
            told = self._clients.ask(team, "conversations.info", channel=place.channel)
            named = told["channel"]["name"]
        except (SlackError, LookupError, TypeError):
            return f"channel {place.channel}"
        return f"#{named}"

    def link(self, place: SlackPlace, ts: str) -> str:
        """Compose the address under which a message of a channel, not of a thread, is read."""
        url = self._clients.identify(place.team).url.rstrip("/")
        return f"{url}/archives/{place.channel}/p{ts.replace('.', '')}"

    def find_links(self, place: SlackPlace, messages: Collection[str]) -> Mapping[str, str]:
        """Ask for the addresses of messages; compose those that Slack does not say."""
        links: dict[str, str] = {}
        for ts in messages:
            said: object = None
            # Where it fails once it may take its time to fail again.
            if len(links) < _MOST_LINKS:
                try:
                    told = self._clients.ask(
                        place.team,
                        "chat.getPermalink",
                        timeout_s=_LINK_TIMEOUT_S,
                        channel=place.channel,
                        message_ts=ts,
                    )
                    said = told.get("permalink")
                except SlackError:
                    return {**{each: self.link(place, each) for each in messages}, **links}
            links[ts] = said if isinstance(said, str) and said else self.link(place, ts)
        return links

    def _list(self, team: str, kept_s: float) -> Mapping[str, str]:
        """Return the ids of a workspace's channels by name, no older than so many seconds."""
        with self._lock:
            known, at = self._lists.get(team, ({}, -_KEPT_S))
        if self._elapsed() - at < kept_s:
            return known
        found: dict[str, str] = {}
        cursor = ""
        for _ in range(_MOST_PAGES):
            told = self._clients.call(
                team,
                _LIST,
                types=_KINDS,
                limit=_PAGE,
                exclude_archived=False,
                cursor=cursor or None,
            )
            _gather(told.get("channels"), found)
            cursor = read_cursor(told)
            if not cursor:
                break
        with self._lock:
            self._lists[team] = (found, self._elapsed())
        return found


def read_cursor(told: Mapping[str, Any]) -> str:
    """Read where the next page begins; "" after the last."""
    metadata = told.get("response_metadata")
    return str(metadata.get("next_cursor") or "") if isinstance(metadata, Mapping) else ""


def _gather(channels: object, found: dict[str, str]) -> None:
    for each in channels if isinstance(channels, list) else ():
        if isinstance(each, Mapping) and isinstance(each.get("name"), str):
            found[each["name"]] = str(each.get("id", ""))
