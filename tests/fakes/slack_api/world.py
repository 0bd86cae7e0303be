"""The state behind the fake: who there is, what was said, which views, triggers and URLs live."""

import secrets
import threading
import time
from collections.abc import Callable, Sequence
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Final

from tests.fakes.slack_api.limits import RefusalError
from tests.fakes.slack_api.model import Channel, Json, Message, ResponseUrl, Trigger, View
from tests.fakes.slack_api.recording import Recording
from tests.fakes.slack_api.teams import BOT_SCOPES, Application, Clock, Team, Token, User

_LOOK_S: Final = 0.05


@dataclass(slots=True, eq=False)
class World:
    """Everything that Slack knows; take `lock` to change it, `bell` rings after each request."""

    app: Application
    clock: Clock
    recording: Recording
    trigger_life: float = 3.0
    response_life: float = 1800.0
    response_uses: int = 5
    page: int = 1000
    """No page of a list is longer, whatever a caller asks for."""
    base: str = ""
    """Where the fake is served, without a slash at the end."""
    teams: dict[str, Team] = field(default_factory=dict)
    views: dict[str, View] = field(default_factory=dict)
    homes: dict[tuple[str, str], View] = field(default_factory=dict)
    triggers: dict[str, Trigger] = field(default_factory=dict)
    responses: dict[str, ResponseUrl] = field(default_factory=dict)
    ephemerals: list[Message] = field(default_factory=list)
    codes: dict[str, tuple[Team, str, str] | None] = field(default_factory=dict)
    """OAuth codes: workspace, installer, scopes; None where it was used."""
    new_socket: Callable[[], str] = lambda: ""
    lock: threading.RLock = field(default_factory=threading.RLock)
    bell: threading.Condition = field(init=False)
    _number: int = 0

    def __post_init__(self) -> None:
        self.bell = threading.Condition(self.lock)

    def add_team(
        self,
        id_: str,
        name: str = "",
        *,
        token: str = "",
        scopes: frozenset[str] | set[str] = BOT_SCOPES,
        rotating: bool = False,
        installed: bool = True,
    ) -> Team:
        bot = User(f"U0BOT{id_[1:]}", "papers", bot=True)
        team = Team(
            self.app,
            self.clock,
            id_,
            name or f"Workspace {id_}",
            bot,
            f"B0{id_[1:]}",
            set(scopes),
            rotating=rotating,
            installed=installed,
        )
        team.users[bot.id] = bot
        self.teams[id_] = team
        if installed:
            team.issue_token(token or ("" if rotating else f"xoxb-{id_}"))
        return team

    def next_id(self, prefix: str) -> str:
        with self.lock:
            self._number += 1
            return f"{prefix}{self._number:06d}"

    def find_token(self, text: str) -> Token:
        """Find a token that works, or refuse it as Slack does."""
        for team in self.teams.values():
            for token in team.tokens:
                if token.text == text:
                    if token.error:
                        raise RefusalError(error=token.error)
                    if token.expires is not None and token.expires <= self.clock.now():
                        raise RefusalError(error="token_expired")
                    return token
        raise RefusalError(error="invalid_auth")

    def post(
        self, channel: Channel, user: User, arguments: Json, at: float, *, only_for: str = ""
    ) -> Message:
        """Put a message into a channel; the arguments are chat.postMessage's, checked before."""
        thread = str(arguments.get("thread_ts") or "")
        ts = channel.next_ts(self.clock.now())
        name = thread or ts
        message = Message(
            channel,
            ts,
            user.id,
            str(arguments.get("text") or ""),
            name_blocks(arguments.get("blocks") or []),
            deepcopy(arguments.get("metadata")),
            thread,
            broadcast=bool(arguments.get("reply_broadcast")),
            bot_id=channel.team.bot_id if user.bot else "",
            at=at,
            only_for=only_for,
        )
        team = channel.team
        message.url = (
            f"https://{team.domain}.slack.com/archives/{channel.id}/p{ts.replace('.', '')}"
            + (f"?thread_ts={name}&cid={channel.id}" if thread else "")
        )
        channel.add(message)
        if only_for:
            self.ephemerals.append(message)
        return message

    def say(
        self,
        channel: Channel,
        user: User,
        text: str,
        blocks: Sequence[Json] = (),
        thread_ts: str = "",
    ) -> Message:
        """Put a person's message into a channel."""
        with self.bell:
            message = self.post(
                channel, user, {"text": text, "blocks": blocks, "thread_ts": thread_ts}, time.time()
            )
            self.bell.notify_all()
            return message

    def new_trigger(self, team: Team, user: str, inside: View | None = None) -> Trigger:
        with self.lock:
            number = self.next_id("")
            id_ = f"{number}.{team.id.lower()}.{secrets.token_hex(16)}"
            trigger = Trigger(id_, team, user, self.clock.now(), inside=inside)
            self.triggers[id_] = trigger
            return trigger

    def exchange(self, id_: str, team: Team) -> Trigger:
        trigger = self.triggers.get(id_)
        if trigger is None or trigger.team is not team:
            raise RefusalError(error="invalid_trigger_id")
        if trigger.used:
            raise RefusalError(error="exchanged_trigger_id")
        if self.clock.now() > trigger.made + self.trigger_life:
            raise RefusalError(error="expired_trigger_id")
        trigger.used = True
        return trigger

    def new_response_url(
        self, team: Team, channel: Channel | None, user: str, original: Message | None = None
    ) -> ResponseUrl:
        with self.lock:
            token = f"{team.id}/{self.next_id('')}/{secrets.token_hex(12)}"
            made = ResponseUrl(token, team, channel, user, self.clock.now(), original)
            self.responses[token] = made
            return made

    def new_hash(self) -> str:
        return f"{self.clock.now():.0f}.{secrets.token_hex(4)}"

    def new_view(self, team: Team, user: str, body: Json) -> View:
        view = View(self.next_id("V0"), team, user, _named(body), self.new_hash(), app=self.app.id)
        self.views[view.id] = view
        return view

    def change_view(self, view: View, body: Json) -> None:
        """Show something else in a view; what people typed in the same places stays."""
        view.body = _named(body)
        view.hash = self.new_hash()
        kept = {
            block["block_id"]: element.get("action_id")
            for block in view.blocks
            if (element := block.get("element") or block.get("accessory") or {})
        }
        view.state = {
            name: values
            for name, values in view.state.items()
            if name in kept and kept[name] in values
        }

    def wait(self, until: Callable[[], object], seconds: float = 10.0) -> None:
        """Wait until something holds, which is asked after each request, and now and then."""
        end = time.monotonic() + seconds
        with self.bell:
            while not until():
                if time.monotonic() > end:
                    message = f"this did not happen within {seconds} s"
                    raise AssertionError(message)
                # What is asked for may also change without a request.
                self.bell.wait(_LOOK_S)


def name_blocks(blocks: Sequence[Json]) -> list[Json]:
    """Copy blocks and name those that have no block_id, as Slack does."""
    copied = deepcopy(list(blocks))
    for block in copied:
        if not block.get("block_id"):
            block["block_id"] = secrets.token_urlsafe(4)[:5]
        for element in (block.get("element"), block.get("accessory"), *block.get("elements", ())):
            if isinstance(element, dict) and _is_interactive(element):
                element.setdefault("action_id", secrets.token_urlsafe(4)[:5])
    return copied


def _is_interactive(element: Json) -> bool:
    kind = str(element.get("type", ""))
    return kind in {"button", "overflow", "checkboxes", "radio_buttons"} or kind.endswith(
        ("_select", "_input", "picker")
    )


def _named(body: Json) -> Json:
    return {**deepcopy(body), "blocks": name_blocks(body["blocks"])}
