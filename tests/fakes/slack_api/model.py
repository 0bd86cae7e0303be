"""What Slack keeps: conversations, messages, views, and what answers and opens them."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tests.fakes.slack_api.reading import find_links, find_mentions

if TYPE_CHECKING:
    from tests.fakes.slack_api.teams import Team

Json = dict[str, Any]


@dataclass(slots=True, eq=False)
class Message:
    """One message; `at` is the real time at which its request had been read as a whole.

    `only_for`: nobody but this person sees it, and no history holds it.
    """

    channel: "Channel"
    ts: str
    user: str
    text: str = ""
    blocks: list[Json] = field(default_factory=list)
    metadata: Json | None = None
    thread_ts: str = ""
    broadcast: bool = False
    bot_id: str = ""
    at: float = 0.0
    only_for: str = ""
    deleted: bool = False
    edits: int = 0
    unfurls: Json = field(default_factory=dict)
    url: str = ""
    via_response: bool = False

    @property
    def texts(self) -> list[str]:
        """Every text that a reader sees, the notification's first."""
        return [self.text, *iterate_texts(self.blocks)]

    @property
    def mentions(self) -> list[str]:
        """Whom Slack would ping and which channels it would link."""
        return find_mentions(self.text, self.blocks)

    @property
    def links(self) -> list[str]:
        """What can be clicked, in order: the text's, then the blocks'."""
        return find_links(self.text, self.blocks)

    def show(self, *, with_metadata: bool = False) -> Json:
        shown: Json = {
            "type": "message",
            "user": self.user,
            "ts": self.ts,
            "text": self.text,
            "team": self.channel.team.id,
        }
        if self.bot_id:
            shown |= {"bot_id": self.bot_id, "app_id": self.channel.team.app.id}
        if self.blocks:
            shown["blocks"] = self.blocks
        if self.thread_ts:
            shown["thread_ts"] = self.thread_ts
        if self.thread_ts and self.thread_ts != self.ts:
            parent = self.channel.find(self.thread_ts)
            shown["parent_user_id"] = parent.user if parent else ""
        if self.edits:
            shown["edited"] = {"user": self.user, "ts": self.ts}
        if self.broadcast:
            shown["subtype"] = "thread_broadcast"
        replies = self.channel.replies(self.ts)
        if replies:
            shown |= {
                "thread_ts": self.ts,
                "reply_count": len(replies),
                "latest_reply": replies[-1].ts,
            }
        if with_metadata and self.metadata is not None:
            shown["metadata"] = self.metadata
        return shown


@dataclass(slots=True, eq=False)
class Channel:
    """A conversation: public "C", private "G" or "C", or with one person ("D", `person`)."""

    team: "Team"
    id: str
    name: str = ""
    private: bool = False
    person: str = ""
    archived: bool = False
    members: set[str] = field(default_factory=set)
    everything: list[Message] = field(default_factory=list)
    """All messages in the order of their ts, replies and deleted and ephemeral ones too."""
    _last: int = 0
    _by_ts: dict[str, Message] = field(default_factory=dict)
    _threads: dict[str, list[Message]] = field(default_factory=dict)

    @property
    def messages(self) -> list[Message]:
        """What the channel itself shows, oldest first."""
        return [
            message
            for message in self.everything
            if not message.deleted
            and not message.only_for
            and (not message.thread_ts or message.broadcast or message.thread_ts == message.ts)
        ]

    def replies(self, ts: str) -> list[Message]:
        """Give a thread's replies, oldest first, without its parent."""
        return [message for message in self._threads.get(ts, ()) if not message.deleted]

    def thread(self, ts: str) -> list[Message]:
        """Give a thread, its parent first."""
        parent = self.find(ts)
        return [*([parent] if parent else []), *self.replies(ts)]

    def find(self, ts: str) -> Message | None:
        found = self._by_ts.get(ts)
        return None if found is None or found.deleted or found.only_for else found

    def add(self, message: Message) -> Message:
        self.everything.append(message)
        self._by_ts[message.ts] = message
        if message.thread_ts and message.thread_ts != message.ts and not message.only_for:
            self._threads.setdefault(message.thread_ts, []).append(message)
        return message

    def next_ts(self, now: float) -> str:
        self._last = max(self._last + 1, int(now * 1_000_000))
        return f"{self._last // 1_000_000}.{self._last % 1_000_000:06d}"

    @property
    def kind(self) -> str:
        if self.person:
            return "im"
        return "private_channel" if self.private else "public_channel"

    def show(self, viewer: str) -> Json:
        shown: Json = {
            "id": self.id,
            "is_channel": not self.person and not self.private,
            "is_group": self.private,
            "is_im": bool(self.person),
            "is_private": self.private,
            "is_archived": self.archived,
            "is_member": viewer in self.members,
            "num_members": len(self.members),
            "context_team_id": self.team.id,
        }
        return shown | ({"user": self.person} if self.person else {"name": self.name})


@dataclass(slots=True, eq=False)
class View:
    """A modal or a person's Home, as it stands."""

    id: str
    team: "Team"
    user: str
    body: Json
    hash: str
    root: "View | None" = None
    previous: "View | None" = None
    state: dict[str, Json] = field(default_factory=dict)
    open: bool = True
    trigger: str = ""
    app: str = ""

    @property
    def blocks(self) -> list[Json]:
        blocks: list[Json] = self.body["blocks"]
        return blocks

    @property
    def callback_id(self) -> str:
        return str(self.body.get("callback_id", ""))

    @property
    def texts(self) -> list[str]:
        return list(iterate_texts([self.body.get("title"), self.blocks]))

    @property
    def mentions(self) -> list[str]:
        return find_mentions("", self.blocks)

    @property
    def links(self) -> list[str]:
        return find_links("", self.blocks)

    def show(self) -> Json:
        return {
            "private_metadata": "",
            "callback_id": "",
            "title": None,
            "close": None,
            "submit": None,
            "external_id": "",
            "clear_on_close": False,
            "notify_on_close": False,
            **self.body,
            "id": self.id,
            "team_id": self.team.id,
            "state": {"values": self.state},
            "hash": self.hash,
            "root_view_id": (self.root or self).id,
            "previous_view_id": self.previous.id if self.previous else None,
            "app_id": self.app,
            "app_installed_team_id": self.team.id,
            "bot_id": self.team.bot_id,
        }


@dataclass(slots=True, eq=False)
class ResponseUrl:
    """Where a command or a click may be answered, five times within half an hour."""

    token: str
    team: "Team"
    channel: Channel | None
    user: str
    made: float
    original: Message | None = None
    payloads: list[Json] = field(default_factory=list)
    messages: list[Message] = field(default_factory=list)


@dataclass(slots=True, eq=False)
class Trigger:
    """What opens one modal, soon after somebody did something."""

    id: str
    team: "Team"
    user: str
    made: float
    used: bool = False
    view: View | None = None
    inside: View | None = None


def iterate_texts(node: object) -> Iterator[str]:
    """Give every text object's text."""
    if isinstance(node, dict):
        text = node.get("text")
        if node.get("type") in {"plain_text", "mrkdwn", "text", "link"} and isinstance(text, str):
            yield text
        for value in node.values():
            yield from iterate_texts(value)
    elif isinstance(node, list):
        for value in node:
            yield from iterate_texts(value)
