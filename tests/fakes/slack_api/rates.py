"""How often Slack lets a method be called, and what it says to those who call more often."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

# https://docs.slack.dev/apis/web-api/rate-limits
_TIERS: Final[Mapping[str, int]] = {
    "chat.getPermalink": 300,
    "chat.postEphemeral": 100,
    "chat.unfurl": 50,
    "chat.update": 50,
    "conversations.history": 50,
    "conversations.info": 50,
    "conversations.list": 20,
    "conversations.members": 100,
    "conversations.open": 50,
    "conversations.replies": 50,
    "users.conversations": 50,
    "users.info": 100,
    "views.open": 100,
    "views.publish": 100,
    "views.push": 100,
    "views.update": 100,
}
COMMERCIAL: Final[Mapping[str, int]] = {
    **_TIERS,
    "conversations.history": 1,
    "conversations.replies": 1,
}
"""What an app that is sold outside Slack's own marketplace is allowed."""


@dataclass(frozen=True, slots=True)
class Rates:
    """All in Slack's own seconds; 0 is no limit.

    A channel takes a message each `channel_every` seconds, `channel_burst` at once; a workspace
    `team_per_minute`, `team_burst` at once. `methods`: calls a minute and workspace, as many at
    once. `grace`: so much sooner than allowed is still taken, though not counted any later.
    """

    channel_every: float = 1.0
    channel_burst: int = 1
    team_per_minute: int = 300
    team_burst: int = 20
    methods: Mapping[str, int] = field(default_factory=lambda: dict(_TIERS))
    grace: float = 0.1


UNLIMITED: Final = Rates(channel_every=0, team_per_minute=0, methods={})


@dataclass(slots=True)
class Meter:
    """Counts calls by the generic cell rate algorithm; `pace` is Slack's own seconds."""

    rates: Rates
    _due: dict[tuple[str, ...], float] = field(default_factory=dict)
    _closed: dict[tuple[str, str], float] = field(default_factory=dict)

    def close(self, team: str, method: str, until: float) -> None:
        """Refuse that method in that workspace until then."""
        self._closed[team, method] = until

    def ask(self, team: str, method: str, channel: str, pace: float) -> float:
        """Count a call and answer 0.0, or say for how many seconds it is refused."""
        until = self._closed.get((team, method), 0.0)
        if pace < until:
            return until - pace
        rates = self.rates
        buckets: list[tuple[tuple[str, ...], float, int]] = []
        if method == "chat.postMessage":
            buckets = [
                ((team, method, channel), rates.channel_every, rates.channel_burst),
                (
                    (team, method),
                    60 / rates.team_per_minute if rates.team_per_minute else 0,
                    rates.team_burst,
                ),
            ]
        elif method in rates.methods:
            buckets = [((team, method), 60 / rates.methods[method], rates.methods[method])]
        wait = max(
            (self._due.get(key, 0.0) - (burst - 1) * every - pace for key, every, burst in buckets),
            default=0.0,
        )
        if wait > rates.grace:
            self.close(team, method, pace + wait)
            return wait
        for key, every, _ in buckets:
            self._due[key] = max(self._due.get(key, 0.0), pace) + every
        return 0.0
