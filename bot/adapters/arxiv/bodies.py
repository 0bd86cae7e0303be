"""One GET and its whole body, within bounds of time and size; what it says is read elsewhere."""

import zlib
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass

import httpx

from bot.adapters.arxiv.document import MAX_BYTES
from bot.adapters.arxiv.retries import Setback, parse_retry_after
from bot.adapters.arxiv.throttle import Throttle
from bot.errors import SourceError

MAX_SECONDS = 120.0
"""How long one answer may take to arrive as a whole; httpx bounds only the gaps in it."""

_MAX_REDIRECTS = 5
_BUSY = 429
_SERVER_FAULT = 500
_GZIP = ("gzip", "x-gzip")
_GZIP_WINDOW = 31

FEEDS = "application/rss+xml, application/atom+xml, application/xml;q=0.9, text/xml;q=0.9"
XML = "application/xml, text/xml, application/atom+xml;q=0.9"
PAGES = "text/html"
"""What may be asked for, as the Accept header says it."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a server said in the end: its body is one byte longer than MAX_BYTES when cut off."""

    url: str
    status: int
    media_type: str
    body: bytes


def fetch_answer(
    client: httpx.Client,
    url: str,
    *,
    user_agent: str,
    throttle: Throttle,
    clock: Callable[[], float],
    accept: str = FEEDS,
) -> Answer | Setback:
    """GET a URL and follow its redirects, each in its own turn at the throttle.

    A Setback is worth another try; SourceError is raised for what would fail again.
    """
    # Only gzip, because its bombs can be stopped while they go off; see _answer.
    headers = {"User-Agent": user_agent, "Accept": accept, "Accept-Encoding": "gzip"}
    try:
        request = client.build_request("GET", url, headers=headers)
        for _ in range(1 + _MAX_REDIRECTS):
            throttle.wait()
            deadline = clock() + MAX_SECONDS
            response = client.send(request, stream=True, follow_redirects=False)
            with closing(response):
                if response.next_request is None:
                    return _answer(response, clock, deadline)
                request = response.next_request
    except (httpx.InvalidURL, httpx.UnsupportedProtocol) as error:
        raise SourceError(shown_url(url), f"is not an http or https address: {error}") from error
    except httpx.ConnectError as error:
        return Setback(f"could not be reached ({error})", unreachable=True)
    except httpx.TimeoutException as error:
        return Setback(f"did not answer in time ({type(error).__name__})")
    except (httpx.TransportError, zlib.error, EOFError) as error:
        return Setback(f"broke off ({error})")
    raise SourceError(shown_url(url), f"redirects more than {_MAX_REDIRECTS} times")


def _answer(
    response: httpx.Response, clock: Callable[[], float], deadline: float
) -> Answer | Setback:
    """Read the body, unless the status alone says to come back later."""
    if response.status_code == _BUSY or response.status_code >= _SERVER_FAULT:
        return Setback(f"answered {response.status_code}", parse_retry_after(response.headers))
    body = bytearray()
    inflate = _decoder(response)
    for chunk in response.iter_raw():
        if clock() > deadline:
            return Setback(f"was still sending after {MAX_SECONDS:.0f} s")
        room = MAX_BYTES + 1 - len(body)
        # A bomb's kilobyte can hold a megabyte: no more is inflated than there is room for.
        body += inflate.decompress(chunk, room) if inflate else chunk[:room]
        if len(body) > MAX_BYTES:
            break
    else:
        if inflate and body and not inflate.eof:
            msg = "its compressed body ends early"
            raise EOFError(msg)
    media_type = response.headers.get("content-type", "").partition(";")[0].strip().lower()
    return Answer(shown_url(response.url), response.status_code, media_type, bytes(body))


def _decoder(response: httpx.Response) -> "zlib._Decompress | None":
    encoding = response.headers.get("content-encoding", "identity").strip().lower()
    if encoding in _GZIP:
        return zlib.decompressobj(_GZIP_WINDOW)
    if encoding in ("", "identity"):
        return None
    reason = f"sends a body encoded as {encoding[:40]!r}, which was not asked for"
    raise SourceError(shown_url(response.url), reason)


def shown_url(url: httpx.URL | str) -> str:
    """Return a URL as people may see it: without a mirror's user name and password."""
    try:
        return str(httpx.URL(url).copy_with(userinfo=b""))
    except httpx.InvalidURL:
        return str(url)
