"""Pages that were made once are kept and sent again; who has one already is told so."""

import gzip
import hashlib
from collections import OrderedDict
from collections.abc import Callable, Hashable
from threading import Lock
from typing import Generic, TypeVar

from flask import Response, request

HTML = "text/html; charset=utf-8"
PRIVATE = "no-store"

_MOST_BYTES = 64 * 1024 * 1024
_MOST_LOOKUPS = 4096
# Smaller bodies gain nothing.
_WORTH_PACKING = 1400

_Found = TypeVar("_Found")


class Page:
    """A body that was made once, plain and packed, and what tells it from every other one."""

    def __init__(self, text: str, content_type: str = HTML) -> None:
        """Encode the text; it is packed when somebody first asks for that."""
        self.body = text.encode("utf-8", "replace")
        self.content_type = content_type
        self.tag = hashlib.sha256(self.body).hexdigest()[:24]
        self._packed: bytes | None = None

    @property
    def packed(self) -> bytes:
        """The body as gzip; the same bytes each time."""
        if self._packed is None:
            self._packed = gzip.compress(self.body, 6, mtime=0)
        return self._packed

    @property
    def size(self) -> int:
        """About how many bytes it takes to keep."""
        return len(self.body) * 5 // 4


class PageCache:
    """Keeps the pages that were asked for last, up to so many bytes."""

    def __init__(self, most: int = _MOST_BYTES) -> None:
        """Keep none yet."""
        self._pages: OrderedDict[Hashable, Page] = OrderedDict()
        self._bytes = 0
        self._most = most
        self._lock = Lock()

    def get(self, key: Hashable, make: Callable[[], Page]) -> Page:
        """Return the page of this key, made now unless it was made before."""
        with self._lock:
            known = self._pages.get(key)
            if known is not None:
                self._pages.move_to_end(key)
                return known
        page = make()
        with self._lock:
            if key not in self._pages:
                self._pages[key] = page
                self._bytes += page.size
            while self._bytes > self._most and len(self._pages) > 1:
                self._bytes -= self._pages.popitem(last=False)[1].size
        return page


class Lookups(Generic[_Found]):
    """Remembers for a few seconds what was looked up, so that a rush asks the database once."""

    def __init__(
        self, elapsed: Callable[[], float], seconds: float = 5.0, most: int = _MOST_LOOKUPS
    ) -> None:
        """Remember nothing yet, and never more than so many; `elapsed` counts seconds."""
        self._elapsed = elapsed
        self._seconds = seconds
        self._most = most
        self._found: OrderedDict[Hashable, tuple[float, _Found]] = OrderedDict()
        self._lock = Lock()

    def get(self, key: Hashable, look: Callable[[], _Found]) -> _Found:
        """Return what was found for this key, looked up now unless that was done just before."""
        known = self.recall(key)
        if known is not None:
            return known[0]
        found = look()
        with self._lock:
            self._found[key] = (self._elapsed(), found)
            self._found.move_to_end(key)
            while len(self._found) > self._most:
                self._found.popitem(last=False)
        return found

    def recall(self, key: Hashable) -> tuple[_Found] | None:
        """Return what was found for this key a moment ago; None where that is too long ago."""
        with self._lock:
            known = self._found.get(key)
        fresh = known is not None and self._elapsed() - known[0] < self._seconds
        return (known[1],) if known is not None and fresh else None


def send(page: Page, seconds: int | None, *, status: int = 200, **headers: str) -> Response:
    """Answer with a page, which anybody may keep for so many seconds; None: nobody may.

    Who has it already is told so before it comes to this: see `front`.
    """
    packs = len(page.body) > _WORTH_PACKING and request.accept_encodings.quality("gzip") > 0
    tag = f"{page.tag}-gz" if packs else page.tag
    keeps = PRIVATE if seconds is None else f"public, max-age={seconds}"
    answer = Response(page.packed if packs else page.body, status)
    answer.headers["Content-Type"] = page.content_type
    if packs:
        answer.headers["Content-Encoding"] = "gzip"
    answer.headers["Cache-Control"] = keeps
    answer.headers["Vary"] = "Accept-Encoding"
    if seconds is not None:
        answer.headers["ETag"] = f'"{tag}"'
    for name, value in headers.items():
        answer.headers[name.replace("_", "-")] = value
    return answer
