"""How fast Slack may be asked, over all processes that share a database; asks Slack nothing.

A workspace's limits are one app's: https://docs.slack.dev/apis/web-api/rate-limits
"""

import math
import time
from collections.abc import Callable
from typing import Final, Protocol

from bot.adapters.slack.errors import SlackError, Trouble
from bot.adapters.store.throttle import Slot

POST: Final = "chat.postMessage"
HISTORY: Final = "conversations.history"

# One message a second to a channel, and a little, as no two take equally long on their way.
_CHANNEL_EVERY_S = 1.05
# Tier 3, "50+ per minute", of which a burst may use most at once.
_HISTORY_EVERY_S = 1.2
_HISTORY_BURST_S = 40.0
# Who has to wait longer gives the delivery back, so that its lease does not run out.
LONGEST_WAIT_S = 30.0
# Times are kept in microseconds, which is not exactly what this machine's clock said.
_LEAST_WAIT_S = 0.001


class SlotStore(Protocol):
    """Times at which somebody may ask, each given away once."""

    def take_slot(self, name: str, interval_s: float, now: float, *, within_s: float) -> Slot:
        """Take the next free slot of `name` if it comes within so many seconds."""
        ...

    def hold_slots(self, name: str, until: float, now: float) -> None:
        """Give away no slot of `name` before this time."""
        ...

    def find_hold(self, name: str, now: float) -> float:
        """Return when the hold of `name` ends; `now` where there is none."""
        ...


class Rates:
    """Waits until something may be sent; what would take too long is refused as BUSY."""

    def __init__(
        self,
        slots: SlotStore,
        posts_per_minute: float,
        *,
        channel_every_s: float = _CHANNEL_EVERY_S,
        now: Callable[[], float] = time.time,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        """`posts_per_minute` are a workspace's; `channel_every_s` lie between a channel's posts."""
        self._slots = slots
        self._post_every_s = 60 / posts_per_minute
        self._channel_every_s = channel_every_s
        self._now = now
        self._sleep = sleep

    def await_post(self, team: str, channel: str) -> None:
        """Wait for the turns of a channel and of its workspace to post a message.

        The channel's is waited for first, so that no turn of the workspace is lost over it.
        """
        self._await_hold(POST, team)
        self._await_slot(f"slack post {team}/{channel}", self._channel_every_s)
        self._await_slot(_name(POST, team), self._post_every_s)

    def await_call(self, team: str, method: str) -> None:
        """Wait until Slack wants to hear a method again that it was asked too often."""
        self._await_hold(method, team)

    def may_read(self, team: str) -> bool:
        """Whether a page of history may be read now for a use that can do without."""
        slot = self._slots.take_slot(
            _name(HISTORY, team), _HISTORY_EVERY_S, self._now(), within_s=_HISTORY_BURST_S
        )
        return slot.taken

    def hold(self, team: str, method: str, seconds: float) -> None:
        """Let everybody leave a method alone in a workspace, as it has asked to."""
        now = self._now()
        self._slots.hold_slots(_name(method, team), now + seconds, now)

    def _await_hold(self, method: str, team: str) -> None:
        now = self._now()
        self._wait(self._slots.find_hold(_name(method, team), now) - now)

    def _await_slot(self, name: str, every_s: float) -> None:
        now = self._now()
        slot = self._slots.take_slot(name, every_s, now, within_s=LONGEST_WAIT_S)
        self._wait(slot.at - now, taken=slot.taken)

    def _wait(self, seconds: float, *, taken: bool = True) -> None:
        if seconds > LONGEST_WAIT_S or not taken:
            reason = f"too much was sent: its next turn is in {math.ceil(seconds)} s"
            raise SlackError(POST, Trouble.BUSY, reason, retry_after=seconds)
        if seconds > _LEAST_WAIT_S:
            self._sleep(seconds)


def _name(method: str, team: str) -> str:
    return f"slack {method} {team}"
