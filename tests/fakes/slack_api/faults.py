"""What goes wrong with calls when a test wants it to, decided by rules with a seed."""

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Literal

from tests.fakes.slack_api.model import Json


@dataclass(frozen=True, slots=True)
class Fault:
    """What goes wrong with one call.

    `drop`: the connection is closed "unread" (before the body was read), "read" (before anything
    was done) or "acted" (done, but never answered). `wait` and `linger`: real seconds before it
    acts, and between acting and answering. `status`, `error` (of an answer ok: false) and `body`
    replace the answer; nothing was done then, unless `acts`. `retry_after`: 429 and that number,
    and the method stays closed for as many of Slack's seconds.
    """

    drop: Literal["", "unread", "read", "acted"] = ""
    wait: float = 0.0
    linger: float = 0.0
    status: int = 0
    error: str = ""
    body: str | None = None
    acts: bool = False
    retry_after: float | None = None

    @property
    def replaces(self) -> bool:
        """Whether something else than the method's own answer is sent."""
        return bool(self.status or self.error or self.body is not None)


UNREAD: Final = Fault(drop="unread")
DROPPED: Final = Fault(drop="read")
LOST: Final = Fault(drop="acted")
BROKEN: Final = Fault(status=503)
BROKEN_AFTER: Final = Fault(status=500, acts=True)
INTERNAL: Final = Fault(error="internal_error")
FATAL_AFTER: Final = Fault(error="fatal_error", acts=True)
GARBAGE: Final = Fault(body="{ok: tru")
HTML_AFTER: Final = Fault(body="<html><body>Slack is having a moment</body></html>", acts=True)
LIMITED: Final = Fault(retry_after=1)
MISCHIEF: Final = (UNREAD, DROPPED, LOST, BROKEN, BROKEN_AFTER, INTERNAL, FATAL_AFTER, LIMITED)


@dataclass(slots=True, eq=False)
class Call:
    """One request, as it came; `answer` is what was sent back, None where nothing was.

    `at` and `clock` are the real time (UNIX, monotonic) at which it had been read as a whole.
    `acted`: it did what it asked for. `error`: of an answer ok: false.
    """

    number: int
    method: str
    team: str = ""
    channel: str = ""
    arguments: Json = field(default_factory=dict)
    at: float = 0.0
    clock: float = 0.0
    acted: bool = False
    status: int = 0
    error: str = ""
    answer: Json | None = None
    fault: Fault | None = None
    posted: Any = None


@dataclass(frozen=True, slots=True)
class Rule:
    """When a fault happens: all that is given must hold; calls are counted from 1 a rule.

    `method`: "*" is every one, "response" the response URLs. `nth`: these calls alone; `every`:
    each so many; `chance`: that share of what is left; `times`: at most so often.
    """

    fault: Fault | Sequence[Fault]
    method: str = "chat.postMessage"
    channel: str = ""
    nth: Sequence[int] = ()
    every: int = 0
    chance: float = 1.0
    times: int = 0
    seed: int = 0


Decide = Callable[[Call], Fault | None]


@dataclass(slots=True, eq=False)
class Mischief:
    """A rule at work."""

    rule: Rule
    seen: int = 0
    done: int = 0
    chance: random.Random = field(init=False)

    def __post_init__(self) -> None:
        self.chance = random.Random(self.rule.seed)  # noqa: S311 - nothing secret

    def __call__(self, call: Call) -> Fault | None:
        rule = self.rule
        if rule.method not in {"*", call.method} or rule.channel not in {"", call.channel}:
            return None
        self.seen += 1
        if (
            (rule.nth and self.seen not in rule.nth)
            or (rule.every and self.seen % rule.every)
            or (rule.times and self.done >= rule.times)
            or (rule.chance < 1.0 and self.chance.random() >= rule.chance)
        ):
            return None
        self.done += 1
        if isinstance(rule.fault, Fault):
            return rule.fault
        return self.chance.choice(rule.fault)
