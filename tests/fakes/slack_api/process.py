"""The fake in a process of its own, for tests that kill and freeze the bot."""

import json
import sys
import urllib.request
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from tests.fakes.processes import ServerProcess
from tests.fakes.slack_api.fake import SlackApi
from tests.fakes.slack_api.faults import Fault, Rule
from tests.fakes.slack_api.model import Json
from tests.fakes.slack_api.rates import UNLIMITED, Rates
from tests.fakes.slack_api.server import RetryAfter


@dataclass(frozen=True, slots=True)
class Posted:
    """One message that the other process holds; `at` is UNIX time, `key` and `part` metadata's."""

    team: str
    channel: str
    ts: str
    thread_ts: str
    text: str
    metadata: Json | None
    blocks: list[Json]
    at: float

    @property
    def payload(self) -> Json:
        """What the metadata carries; empty where there is none."""
        payload: Json = (self.metadata or {}).get("event_payload", {})
        return payload


class SlackProcess(ServerProcess):
    """`python -m tests.fakes.slack_api`, and what a test says to it."""

    def __init__(
        self,
        rates: Rates = UNLIMITED,
        *,
        speed: float = 1.0,
        retry_after: RetryAfter = "real",
        patience: float = 10.0,
        check: bool = True,
    ) -> None:
        options = json.dumps(
            {
                "rates": asdict(rates),
                "speed": speed,
                "retry_after": retry_after,
                "patience": patience,
                "check": check,
            }
        )
        super().__init__("tests.fakes.slack_api", options)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/api/"

    def add_team(self, id_: str = "T0LAB", channels: Sequence[tuple[str, str]] = ()) -> str:
        """Make a workspace with channels (id, name); give its token."""
        told: Json = self._tell("team", {"id": id_, "channels": list(channels)})
        return str(told["token"])

    def change_channel(self, id_: str, *, archived: bool = False, bot: bool = True) -> None:
        """Archive a channel or not, and let the bot be in it or not."""
        self._tell("channel", {"id": id_, "archived": archived, "bot": bot})

    def misbehave(self, rule: Rule) -> None:
        self._tell("misbehave", asdict(rule))

    def behave(self) -> None:
        self._tell("behave", {})

    def posted(self) -> list[Posted]:
        """Give all messages that the bot posted, in order, answered or not."""
        return [Posted(**each) for each in self._tell("posted", {})["messages"]]

    def calls(self) -> list[tuple[str, str, int, str, bool, str]]:
        """Give each call: method, channel, status, error, acted, when it was dropped ("" never)."""
        return [tuple(each) for each in self._tell("calls", {})["calls"]]

    def _tell(self, what: str, body: Json) -> Json:
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.port}/control/{what}",
            json.dumps(body).encode(),
            {"Content-Type": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310
            told: Json = json.loads(answer.read())
            return told


def main() -> None:
    """Serve until the input ends; the port is the first line of the output."""
    options = json.loads(sys.argv[1]) if len(sys.argv) > 1 else {}
    options["rates"] = Rates(**options["rates"]) if "rates" in options else UNLIMITED
    with SlackApi(**options) as slack:
        slack.server.control = lambda what, body: _do(slack, what, body)
        sys.stdout.write(f"{slack.port}\n")
        sys.stdout.flush()
        sys.stdin.read()


def _do(slack: SlackApi, what: str, body: Any) -> Json:  # noqa: ANN401 - JSON
    if what == "team":
        team = slack.add_team(body["id"])
        for id_, name in body["channels"]:
            team.add_channel(id_, name, private=id_.startswith("G"))
        return {"token": team.token}
    if what == "misbehave":
        read = body["fault"]
        faults = [Fault(**each) for each in read] if isinstance(read, list) else Fault(**read)
        slack.misbehave(Rule(**{**body, "fault": faults}))
        return {}
    if what == "channel":
        for each in slack.world.teams.values():
            if body["id"] in each.channels:
                channel = each.channels[body["id"]]
                channel.archived = body["archived"]
                channel.members.discard(each.bot.id)
                channel.members |= {each.bot.id} if body["bot"] else set()
        return {}
    if what == "behave":
        slack.behave()
        return {}
    if what == "calls":
        rows = [
            [c.method, c.channel, c.status, c.error, c.acted, c.fault.drop if c.fault else ""]
            for c in slack.calls()
        ]
        return {"calls": rows}
    assert what == "posted"
    return {
        "messages": [
            {
                "team": message.channel.team.id,
                "channel": message.channel.id,
                "ts": message.ts,
                "thread_ts": message.thread_ts,
                "text": message.text,
                "metadata": message.metadata,
                "blocks": message.blocks,
                "at": message.at,
            }
            for message in slack.posted
        ]
    }
