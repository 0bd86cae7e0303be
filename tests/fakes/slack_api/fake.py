"""The fake as a test holds it: start it, fill it, let it misbehave, look at what it saw."""

import threading
from collections.abc import Callable
from types import TracebackType
from typing import Self

from tests.fakes.slack_api.acting import Person
from tests.fakes.slack_api.delivering import (
    HONEST,
    PATIENCE_S,
    Ack,
    Forgery,
    Kind,
    deliver_by_http,
    deliver_by_socket,
)
from tests.fakes.slack_api.faults import Call, Decide, Fault, Mischief, Rule
from tests.fakes.slack_api.interactions import Interaction
from tests.fakes.slack_api.model import Json, Message, View
from tests.fakes.slack_api.payloads import build_event
from tests.fakes.slack_api.rates import Meter, Rates
from tests.fakes.slack_api.recording import Recording
from tests.fakes.slack_api.server import RetryAfter, WebServer
from tests.fakes.slack_api.sockets import Sockets
from tests.fakes.slack_api.teams import BOT_SCOPES, Application, Clock, Team, User
from tests.fakes.slack_api.world import World


class SlackApi:
    """Slack on a port of its own, until it is closed.

    `speed`: its rates count seconds that are so much shorter (nothing else is: triggers live
    for 3 real seconds, see `advance`). `retry_after`: what Retry-After says of such seconds:
    "real" ones rounded up, its "own" rounded up, or real ones as a "float". `record`: payloads
    go to the folder that PAPERS_SLACK_PAYLOADS names, and `payload_faults` holds what the shared
    check has against them; a test that sends what is to be refused says False. `events_url`:
    where what people do is sent, signed; "" is Socket Mode. `patience`: seconds until a request
    that does not come as a whole is given up.
    """

    def __init__(
        self,
        *,
        rates: Rates | None = None,
        speed: float = 1.0,
        retry_after: RetryAfter = "real",
        record: bool = True,
        check: bool = True,
        app: Application | None = None,
        patience: float = 10.0,
        events_url: str = "",
    ) -> None:
        self.app = app or Application()
        self.clock = Clock(speed)
        self.events_url = events_url
        self.ack_patience = PATIENCE_S
        self._recording = Recording(record=record, check=check)
        self.world = World(self.app, self.clock, self._recording)
        meter = Meter(rates or Rates())
        self.server = WebServer(self.world, meter, retry_after=retry_after, patience=patience)
        self.sockets = Sockets(self.world)
        self.world.new_socket = self.sockets.new_address
        self.port: int = self.server.server_address[1]
        self.world.base = f"http://127.0.0.1:{self.port}"
        self._thread = threading.Thread(
            target=self.server.serve_forever, args=(0.02,), name="slack api"
        )
        self._thread.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Stop, and fail where the fake itself made a mistake."""
        self.sockets.close()
        self.server.stop()
        self._thread.join()
        problems = self.server.problems
        if problems:
            message = f"the fake itself failed {len(problems)} times"
            raise AssertionError(message) from problems[0]

    @property
    def url(self) -> str:
        """The base_url of a WebClient."""
        return f"{self.world.base}/api/"

    def add_team(
        self,
        id_: str = "T0LAB",
        name: str = "",
        *,
        token: str = "",
        scopes: frozenset[str] | set[str] = BOT_SCOPES,
        rotating: bool = False,
        installed: bool = True,
    ) -> Team:
        """Make a workspace; its bot's token is `team.token` ("xoxb-T0LAB" unless said)."""
        team = self.world.add_team(
            id_, name, token=token, scopes=scopes, rotating=rotating, installed=installed
        )
        team.make_person = lambda user: self.person(team, user)
        team.tell = lambda event: self.tell(team, event)
        return team

    def person(self, team: Team, user: User) -> Person:
        return Person(self.world, team, user, self.deliver)

    def deliver(
        self,
        kind: Kind,
        payload: Json,
        forgery: Forgery = HONEST,
        attempt: int = 0,
        reason: str = "",
    ) -> Ack:
        """Send a payload to the app, over a socket or signed to `events_url`."""
        if not self.events_url:
            return deliver_by_socket(
                self.sockets,
                kind,
                payload,
                attempt=attempt,
                reason=reason,
                seconds=self.ack_patience,
            )
        return deliver_by_http(
            self.events_url,
            self.app.signing_secret,
            kind,
            payload,
            forgery,
            attempt=attempt,
            reason=reason,
            seconds=self.ack_patience,
        )

    def tell(self, team: Team, event: Json, forge: Forgery = HONEST) -> Interaction:
        """Tell the app of any event."""
        payload = forge.forge(build_event(self.world, team, event))
        ack = self.deliver("events_api", payload, forge)
        return Interaction(self.world, "events_api", payload, ack, self.deliver)

    # What goes wrong

    def misbehave(self, what: Fault | Rule | Decide, method: str = "chat.postMessage") -> Decide:
        """Let calls go wrong: a fault on each of a method's, by a rule, or by a function.

        Returns what `behave` takes to end it.
        """
        if isinstance(what, Fault):
            what = Rule(what, method)
        decider: Decide = Mischief(what) if isinstance(what, Rule) else what
        with self.world.lock:
            self.server.deciders.append(decider)
        return decider

    def behave(self, decider: Decide | None = None) -> None:
        """End one misbehaviour, or all."""
        with self.world.lock:
            if decider is None:
                self.server.deciders.clear()
            else:
                self.server.deciders.remove(decider)

    def advance(self, seconds: float) -> None:
        """Let triggers, response URLs, tokens and Retry-After windows grow older."""
        self.clock.advance(seconds)

    # What it saw

    def calls(self, method: str = "") -> list[Call]:
        """All requests that were read as a whole, refused ones too, in order."""
        with self.world.lock:
            return [call for call in self.server.calls if method in {"", call.method}]

    @property
    def posted(self) -> list[Message]:
        """What chat.postMessage put into channels, in order, whether it was answered or not."""
        return [call.posted for call in self.calls("chat.postMessage") if call.posted is not None]

    @property
    def ephemerals(self) -> list[Message]:
        """What only one person sees, of response URLs too."""
        return list(self.world.ephemerals)

    @property
    def views(self) -> list[View]:
        """All modals and Homes that ever were, in order."""
        return list(self.world.views.values())

    @property
    def payload_faults(self) -> list[str]:
        """What the shared check has against the payloads so far."""
        return list(self._recording.faults)

    def shortest_gap(self) -> float:
        """Give the least real seconds between two messages posted to the same channel."""
        last: dict[tuple[str, str], float] = {}
        gaps = []
        for call in self.calls("chat.postMessage"):
            if call.posted is not None:
                place = call.team, call.posted.channel.id
                if place in last:
                    gaps.append(call.clock - last[place])
                last[place] = call.clock
        return min(gaps, default=float("inf"))

    def wait(self, until: Callable[[], object], seconds: float = 10.0) -> None:
        """Wait until something holds; it is asked after each request."""
        self.world.wait(until, seconds)

    def wait_connected(self, number: int = 1, seconds: float = 10.0) -> None:
        """Wait until so many sockets are connected."""
        self.world.wait(lambda: len(self.sockets.links) >= number, seconds)
