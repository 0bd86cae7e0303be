"""Announcements over HTTP, from arXiv or a mirror: asked for politely, and never believed blindly.

arXiv's terms: https://info.arxiv.org/help/api/tou.html and https://info.arxiv.org/help/robots.html
"""

import math
import random
import re
import time
from collections.abc import Callable
from datetime import date
from urllib.parse import quote as percent_encoded

import httpx

from bot.adapters.arxiv.bodies import Answer, fetch_answer, shown_url
from bot.adapters.arxiv.feeds import parse_feed, parse_words, suggestion
from bot.adapters.arxiv.retries import (
    MAX_ATTEMPTS,
    ordinal,
    pause_after,
)
from bot.adapters.arxiv.throttle import Throttle
from bot.core import taxonomy
from bot.core.papers import Announcement
from bot.errors import SourceError

ARXIV = "https://rss.arxiv.org"

_SERVICE = "/rss/{category}"
_FILES = ("/rss_{category}.xml", "/atom_{category}.xml")
_OK = 200
_BAD_REQUEST = 400
_GONE = (404, 410)
_COMMENT_BREAKERS = re.compile(r"[^\x20-\x7e]|[()\\]")


def build_user_agent(version: str, homepage: str, contact: str) -> str:
    """Name the software and whom to write to, as arXiv asks; characters a header may not hold go.

    >>> build_user_agent("0.1.0", "https://papers.lab.example", "papers@lab.example")
    'papers-bot/0.1.0 (+https://papers.lab.example; papers@lab.example)'
    """
    clean = [_COMMENT_BREAKERS.sub("", part).strip() for part in (version, homepage, contact)]
    about = "; ".join(filter(None, (f"+{clean[1]}" if clean[1] else "", clean[2])))
    return f"papers-bot/{clean[0]} ({about})" if about else f"papers-bot/{clean[0]}"


def build_client() -> httpx.Client:
    """Return a client of one connection with time-outs; whoever asked for it closes it."""
    return httpx.Client(
        limits=httpx.Limits(max_connections=1, max_keepalive_connections=1),
        timeout=httpx.Timeout(60.0, connect=10.0),
    )


class HttpSource:
    """arXiv's feed service, or a mirror that answers `/rss/cs.CV` or holds `rss_cs.CV.xml`."""

    def __init__(
        self,
        client: httpx.Client,
        base_url: str = ARXIV,
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
        self._base_url = base_url.rstrip("/")
        self._user_agent = user_agent
        self._throttle = throttle
        self._sleep = sleep
        self._clock = clock
        self._jitter = jitter
        self._patience = patience
        self._report = report
        is_arxiv = self._base_url.partition("://")[2] == ARXIV.partition("://")[2]
        self._name = "arXiv" if is_arxiv else shown_url(self._base_url)
        self._shapes = [_SERVICE] if is_arxiv else [_SERVICE, *_FILES]
        self._unreachable = False

    def read(self, category: str, day: date | None) -> Announcement:  # noqa: ARG002 - it serves one day
        """Fetch a category's announcement; raise SourceError when there is none to be had.

        arXiv serves its latest batch whatever `day` is; the announcement says which day it is.
        """
        # arXiv does not mind the case, but a mirror's file system may.
        name = percent_encoded(taxonomy.canonical(category), safe="+")
        for shape in self._shapes:
            answer = self._fetch(self._base_url + shape.format(category=name), category)
            if answer.status not in _GONE:
                # The other categories will be found in the same way, so look there first.
                self._shapes = [shape, *(other for other in self._shapes if other != shape)]
                return _believe(answer, category)
        tried = ", ".join(shape.format(category=name) for shape in self._shapes)
        reason = f"has no feed of {category} (looked for {tried}).{suggestion(category)}"
        raise SourceError(shown_url(self._base_url), reason)

    def _fetch(self, url: str, category: str) -> Answer:
        """Ask until there is an answer, attempts or patience are spent."""
        deadline = math.inf
        attempt = 1
        while True:
            outcome = fetch_answer(
                self._client,
                url,
                user_agent=self._user_agent,
                throttle=self._throttle,
                clock=self._clock,
            )
            if isinstance(outcome, Answer):
                self._unreachable = False
                return outcome
            if outcome.unreachable and self._unreachable:
                # Somebody without a network need not wait for every category in turn.
                raise SourceError(shown_url(url), f"{outcome.what}, as for the category before")
            if attempt == MAX_ATTEMPTS:
                self._unreachable = outcome.unreachable
                reason = f"{outcome.what}, as {attempt - 1} times before; try again later"
                raise SourceError(shown_url(url), reason, retry_after=outcome.retry_after)
            # From the first failure on: queueing at the throttle before it is nobody's fault.
            deadline = min(deadline, self._clock() + self._patience)
            pause = pause_after(attempt, outcome, self._jitter())
            if self._clock() + pause > deadline:
                reason = f"{outcome.what}; try again in {math.ceil(pause)} s"
                raise SourceError(shown_url(url), reason, retry_after=pause)
            attempt += 1
            self._say(f"{self._name} {outcome.what} for {category}", pause, attempt)
            self._sleep(pause)

    def _say(self, what: str, pause: float, attempt: int) -> None:
        if self._report:
            self._report(f"{what}; trying again in {math.ceil(pause)} s ({ordinal(attempt)})")


def _believe(answer: Answer, category: str) -> Announcement:
    """Turn an answer into an announcement, or raise SourceError with the server's own words."""
    if answer.status != _OK:
        words = parse_words(answer.body)
        reason = f"answered {answer.status}" + (f": {words}" if words else "")
        hint = suggestion(category) if answer.status == _BAD_REQUEST else ""
        raise SourceError(answer.url, f"{reason}{hint}")
    if "html" in answer.media_type:
        reason = f"answered HTML instead of a feed; it says: {parse_words(answer.body)}"
        raise SourceError(answer.url, reason)
    return parse_feed(answer.body, category=category, url=answer.url)
