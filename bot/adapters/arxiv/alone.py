"""One connection to arXiv over all processes of an operator, as its terms ask."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import date
from typing import Protocol

from bot.core.papers import Announcement


class Readable(Protocol):
    """Any source of announcements."""

    def read(self, category: str, day: date | None) -> Announcement:
        """Read one category's batch."""
        ...


class AloneSource:
    """A source that is read by one process at a time; the others wait for their turn."""

    def __init__(self, source: Readable, turn: Callable[[], AbstractContextManager[None]]) -> None:
        """`turn` is held from a category's first request to its last."""
        self._source = source
        self._turn = turn

    def read(self, category: str, day: date | None) -> Announcement:
        """Read as the source does, once nobody else is reading."""
        with self._turn():
            return self._source.read(category, day)
