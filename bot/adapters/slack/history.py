"""What was said in a channel before: messages of a delivery, papers that people linked to."""

import time
from collections.abc import Callable, Collection, Iterator, Mapping
from datetime import datetime
from typing import Any, Final, Protocol

from bot.adapters.slack.client import SlackClients
from bot.adapters.slack.errors import SlackError, Trouble
from bot.adapters.slack.places import read_cursor
from bot.adapters.slack.rates import HISTORY
from bot.core.citing import find_ids
from bot.core.slack_names import SlackPlace

EVENT_TYPE: Final = "papers_delivery"

_REPLIES: Final = "conversations.replies"
_PAGE: Final = 200
# This machine's clock and Slack's differ by less.
_SKEW_S: Final = 60.0
# A look-up ends, even in a channel where more was said than anybody reads.
_MOST_PAGES: Final = 200
# Reading what people linked to is of use, not of need: it takes only so much of a lease.
_LONGEST_READING_S: Final = 20.0
_READING_TIMEOUT_S: Final = 10
_MOST_PAGES_READ: Final = 10
_MOST_DAYS_S: Final = 30 * 86_400.0
_PARTS: Final = ("text", "blocks", "attachments")


class Memory(Protocol):
    """What is remembered of channels."""

    def save_discussed(self, place: SlackPlace, messages: Mapping[str, str]) -> None:
        """Remember, by base id, in which message papers were spoken of; the first one stays."""
        ...

    def load_reading(self, place: SlackPlace) -> str:
        """Load up to which message a channel's history was read; "" where it never was."""
        ...

    def save_reading(self, place: SlackPlace, ts: str) -> None:
        """Remember up to which message a channel's history was read for papers."""
        ...


def build_metadata(key: str, part: int) -> dict[str, object]:
    """Name a message of a delivery so that it can be found; everybody in the channel can read it.

    https://docs.slack.dev/messaging/message-metadata
    """
    return {"event_type": EVENT_TYPE, "event_payload": {"key": key, "part": part}}


def find_parts(
    clients: SlackClients,
    place: SlackPlace,
    key: str,
    wanted: Collection[int],
    since: datetime,
    *,
    thread: str = "",
) -> Mapping[int, str]:
    """Look for messages of a delivery in a channel, or in a thread; return each part's ts.

    All that was said `since` then is read, unless what is `wanted` is found before. Raise
    SlackError where that cannot be.
    """
    bot = clients.identify(place.team).bot
    method = _REPLIES if thread else HISTORY
    asked: dict[str, Any] = {"ts": thread} if thread else {}
    asked |= {
        "channel": place.channel,
        "oldest": f"{since.timestamp() - _SKEW_S:.6f}",
        "include_all_metadata": True,
        "limit": _PAGE,
    }
    found: dict[int, str] = {}
    cursor = ""
    for _ in range(_MOST_PAGES):
        told = clients.call(place.team, method, cursor=cursor or None, **asked)
        for message in _messages(told):
            part = _read_part(message, key)
            # Whoever reads our key could write it, too.
            if part in wanted and message.get("bot_id") == bot:
                found.setdefault(part, str(message.get("ts", "")))
        cursor = read_cursor(told)
        if not cursor or found.keys() >= set(wanted):
            return found
    reason = "more was said since than can be read"
    raise SlackError(method, Trouble.UNSURE, reason)


class PaperReader:
    """Reads which papers people linked to in channels, from where it was read before."""

    def __init__(
        self,
        clients: SlackClients,
        memory: Memory,
        *,
        now: Callable[[], float] = time.time,
        elapsed: Callable[[], float] = time.monotonic,
    ) -> None:
        """`now` are Unix seconds, `elapsed` seconds that nobody sets."""
        self._clients = clients
        self._memory = memory
        self._now = now
        self._elapsed = elapsed

    def read(self, place: SlackPlace) -> None:
        """Remember which papers were linked to since the last reading, as far as Slack lets us.

        Without the scope for it, outside the channel, and where Slack is asked too much, nothing
        more is known than before, and that is no fault.
        """
        earliest = self._now() - _MOST_DAYS_S
        mark = self._memory.load_reading(place)
        oldest = mark if mark and float(mark) > earliest else f"{earliest:.6f}"
        until = self._elapsed() + _LONGEST_READING_S
        found: dict[str, str] = {}
        newest, cursor, whole = mark, "", True
        for _ in range(_MOST_PAGES_READ):
            told = self._page(place, oldest, cursor) if self._elapsed() < until else None
            if told is None:
                whole = False
                break
            for message in _messages(told):
                ts = str(message.get("ts", ""))
                newest = max(newest, ts, key=_instant)
                for base_id in _cited(message):
                    found[base_id] = min(found.get(base_id, ts), ts, key=_instant)
            cursor = read_cursor(told)
            if not cursor:
                break
        self._memory.save_discussed(place, found)
        # What was not read up to its end is begun again: Slack may have begun at either.
        if whole and newest != mark:
            self._memory.save_reading(place, newest)

    def _page(self, place: SlackPlace, oldest: str, cursor: str) -> Mapping[str, Any] | None:
        if not self._clients.rates.may_read(place.team):
            return None
        try:
            return self._clients.ask(
                place.team,
                HISTORY,
                timeout_s=_READING_TIMEOUT_S,
                channel=place.channel,
                oldest=oldest,
                limit=_PAGE,
                cursor=cursor or None,
            )
        except SlackError:
            return None


def _messages(told: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    messages = told.get("messages")
    for message in messages if isinstance(messages, list) else ():
        if isinstance(message, Mapping):
            yield message


def _read_part(message: Mapping[str, Any], key: str) -> int:
    """Return which part of a delivery a message is; 0: none of it."""
    metadata = message.get("metadata")
    if not isinstance(metadata, Mapping) or metadata.get("event_type") != EVENT_TYPE:
        return 0
    payload = metadata.get("event_payload")
    if not isinstance(payload, Mapping) or payload.get("key") != key:
        return 0
    part = payload.get("part")
    return part if isinstance(part, int) else 0


def _cited(message: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the papers that a person's message links to; what programs post says nothing."""
    if "bot_id" in message or message.get("subtype") == "bot_message":
        return ()
    return find_ids("\n".join(_texts([message.get(part) for part in _PARTS])))


def _texts(node: object) -> Iterator[str]:
    """Yield every text of a message, links of its blocks and attachments included."""
    nodes = [node]
    while nodes:
        node = nodes.pop()
        if isinstance(node, str):
            yield node
        elif isinstance(node, Mapping):
            nodes += node.values()
        elif isinstance(node, list):
            nodes += node


def _instant(ts: str) -> tuple[int, str]:
    """Order messages' names by time: seconds, a point and six digits."""
    return len(ts), ts
