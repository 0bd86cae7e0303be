"""What everybody was just told is told again at once, before the site is asked."""

from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass
from typing import Any

from bot.edges.web.answering import Lookups

Headers = list[tuple[str, str]]
Environment = dict[str, Any]
Start = Callable[..., Any]
Application = Callable[[Environment, Start], Iterable[bytes]]

SECONDS = 5.0
_MOST_KEPT = 256
_LONGEST = 2 * 1024 * 1024
# What an answer without a body keeps: https://www.rfc-editor.org/rfc/rfc9110#section-15.4.5
_NOT_OF_BODIES = frozenset({"content-type", "content-encoding", "content-length"})


@dataclass(frozen=True, slots=True)
class Told:
    """An answer that is the same for all who ask alike."""

    headers: Headers
    body: bytes
    tag: str

    def is_had(self, asked: str) -> bool:
        """Whether who asks says, by If-None-Match, that they have this very body."""
        return any(each.strip().removeprefix("W/") == self.tag for each in asked.split(","))


class Front:
    """Stands before a WSGI application; remembers for seconds what it says to everybody.

    Only what is marked `public` and sets no cookie is remembered; any other request goes through.
    """

    def __init__(self, site: Application, elapsed: Callable[[], float]) -> None:
        """Remember nothing yet."""
        self._site = site
        self._told: Lookups[Told] = Lookups(elapsed, SECONDS, _MOST_KEPT)

    def __call__(self, environ: Environment, start: Start) -> Iterable[bytes]:
        """Answer a request."""
        if environ["REQUEST_METHOD"] != "GET":
            return self._site(environ, start)
        key = (
            environ.get("HTTP_HOST"),
            environ.get("SCRIPT_NAME"),
            environ["PATH_INFO"],
            environ.get("QUERY_STRING"),
            # In whatever way it is written; who writes otherwise is remembered apart.
            environ.get("HTTP_ACCEPT_ENCODING"),
        )
        # The site tells the whole, so that it can be told to others, too.
        asked = environ.pop("HTTP_IF_NONE_MATCH", "")
        known = self._told.recall(key)
        if known is None:
            return self._ask(key, environ, start, asked)
        return _tell(known[0], asked, start)

    def _ask(
        self, key: Hashable, environ: Environment, start: Start, asked: str
    ) -> Iterable[bytes]:
        """Ask the site, and remember what it says where that is for everybody."""
        heard: list[tuple[str, Headers]] = []

        def listen(status: str, headers: Headers, *_: object) -> None:
            heard.append((status, headers))

        body = self._site(environ, listen)
        status, headers = heard[-1]
        named = {name.lower(): value for name, value in headers}
        if (
            not status.startswith("200")
            or not named.get("cache-control", "").startswith("public")
            or "set-cookie" in named
        ):
            start(status, headers)
            return body
        told = Told(headers, b"".join(body), named.get("etag", ""))
        if len(told.body) <= _LONGEST:
            self._told.get(key, lambda: told)
        return _tell(told, asked, start)


def _tell(told: Told, asked: str, start: Start) -> Iterable[bytes]:
    if asked and told.is_had(asked):
        start("304 NOT MODIFIED", [x for x in told.headers if x[0].lower() not in _NOT_OF_BODIES])
        return []
    start("200 OK", list(told.headers))
    return [told.body]
