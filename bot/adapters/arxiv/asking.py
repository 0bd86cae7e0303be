"""Asking a server politely: in turn, patiently, and not for ever; what it says is read elsewhere.

arXiv's terms: https://info.arxiv.org/help/api/tou.html and https://info.arxiv.org/help/robots.html
"""

import math
import random
import time
from collections.abc import Callable

import httpx

from bot.adapters.arxiv.bodies import FEEDS, Answer, fetch_answer, shown_url
from bot.adapters.arxiv.retries import MAX_ATTEMPTS, ordinal, pause_after
from bot.adapters.arxiv.throttle import Throttle
from bot.errors import SourceError


class Asker:
    """Asks for one address after another, and for each again where that may help."""

    def __init__(
        self,
        client: httpx.Client,
        *,
        user_agent: str,
        throttle: Throttle,
        sleep: Callable[[float], None] = time.sleep,
        clock: Callable[[], float] = time.monotonic,
        jitter: Callable[[], float] = random.random,
        patience: float = 120.0,
        report: Callable[[str], None] | None = None,
    ) -> None:
        """`patience`: seconds that may go by after a failure; `report` is told of every wait."""
        self._client = client
        self._user_agent = user_agent
        self._throttle = throttle
        self._sleep = sleep
        self._clock = clock
        self._jitter = jitter
        self._patience = patience
        self._report = report
        self._unreachable: set[str] = set()
        self._resting: dict[str, float] = {}

    def ask(
        self, url: str, *, server: str, about: str, unit: str = "category", accept: str = FEEDS
    ) -> Answer:
        """Ask until there is an answer, whatever its status; raise SourceError where there is none.

        `server`, `about` and `unit` are for sentences: who is asked, for what, and what kind of
        thing that is.
        """
        host = _name_host(url)
        rest = self._resting.get(host, -math.inf) - self._clock()
        if rest > 0:
            reason = f"asked for a pause; try again in {math.ceil(rest)} s"
            raise SourceError(shown_url(url), reason, retry_after=rest)
        deadline = math.inf
        attempt = 1
        while True:
            outcome = fetch_answer(
                self._client,
                url,
                user_agent=self._user_agent,
                throttle=self._throttle,
                clock=self._clock,
                accept=accept,
            )
            if isinstance(outcome, Answer):
                self._unreachable.discard(host)
                return outcome
            if outcome.unreachable and host in self._unreachable:
                # Somebody without a network need not wait for every category in turn.
                raise SourceError(shown_url(url), f"{outcome.what}, as for the {unit} before")
            if attempt == MAX_ATTEMPTS:
                self._unreachable.discard(host)
                if outcome.unreachable:
                    self._unreachable.add(host)
                reason = f"{outcome.what}, as {attempt - 1} times before; try again later"
                self._rest(host, outcome.retry_after)
                raise SourceError(shown_url(url), reason, retry_after=outcome.retry_after)
            # From the first failure on: queueing at the throttle before it is nobody's fault.
            deadline = min(deadline, self._clock() + self._patience)
            pause = pause_after(attempt, outcome, self._jitter())
            if self._clock() + pause > deadline:
                reason = f"{outcome.what}; try again in {math.ceil(pause)} s"
                self._rest(host, outcome.retry_after)
                raise SourceError(shown_url(url), reason, retry_after=pause)
            attempt += 1
            self._say(f"{server} {outcome.what} for {about}", pause, attempt)
            self._sleep(pause)

    def _rest(self, host: str, seconds: float | None) -> None:
        """Leave a server alone, whatever it is to be asked for, as long as it asked for that."""
        self._resting[host] = self._clock() + (seconds or 0.0)

    def _say(self, what: str, pause: float, attempt: int) -> None:
        if self._report:
            self._report(f"{what}; trying again in {math.ceil(pause)} s ({ordinal(attempt)})")


def _name_host(url: str) -> str:
    """Name the server of a URL with its port; "" for what is no URL, which fetching will say."""
    try:
        return httpx.URL(url).netloc.decode("ascii", "replace")
    except httpx.InvalidURL:
        return ""
