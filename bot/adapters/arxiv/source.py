"""Announcements over HTTP, from arXiv or a mirror: asked for politely, and never believed blindly.

arXiv's terms: https://info.arxiv.org/help/api/tou.html and https://info.arxiv.org/help/robots.html
"""

import random
import re
import time
from collections.abc import Callable
from datetime import date
from urllib.parse import quote as percent_encoded

import httpx

from bot.adapters.arxiv.asking import Asker
from bot.adapters.arxiv.bodies import Answer, shown_url
from bot.adapters.arxiv.feeds import parse_feed, parse_words, suggestion
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
        self._asker = Asker(
            client,
            user_agent=user_agent,
            throttle=throttle,
            sleep=sleep,
            clock=clock,
            jitter=jitter,
            patience=patience,
            report=report,
        )
        self._base_url = base_url.rstrip("/")
        is_arxiv = self._base_url.partition("://")[2] == ARXIV.partition("://")[2]
        self._name = "arXiv" if is_arxiv else shown_url(self._base_url)
        self._shapes = [_SERVICE] if is_arxiv else [_SERVICE, *_FILES]

    def read(self, category: str, day: date | None) -> Announcement:  # noqa: ARG002 - it serves one day
        """Fetch a category's announcement; raise SourceError when there is none to be had.

        arXiv serves its latest batch whatever `day` is; the announcement says which day it is.
        """
        # arXiv does not mind the case, but a mirror's file system may.
        name = percent_encoded(taxonomy.canonical(category), safe="+")
        for shape in self._shapes:
            url = self._base_url + shape.format(category=name)
            answer = self._asker.ask(url, server=self._name, about=category)
            if answer.status not in _GONE:
                # The other categories will be found in the same way, so look there first.
                self._shapes = [shape, *(other for other in self._shapes if other != shape)]
                return _believe(answer, category)
        tried = ", ".join(shape.format(category=name) for shape in self._shapes)
        reason = f"has no feed of {category} (looked for {tried}).{suggestion(category)}"
        raise SourceError(shown_url(self._base_url), reason)


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
