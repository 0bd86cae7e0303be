"""Editions that were just read: one that goes to thousands is not read thousands of times."""

from collections import OrderedDict
from collections.abc import Callable
from threading import Lock

from bot.core.editions import Edition

_MOST = 16


class Recent:
    """A few editions, which never change; by their number and by when they were frozen.

    Numbers alone will not do: SQLite gives that of a deleted row to another one.
    """

    def __init__(self) -> None:
        """Hold none yet."""
        self._editions: OrderedDict[tuple[int, int], Edition] = OrderedDict()
        self._lock = Lock()

    def get(self, key: tuple[int, int], load: Callable[[], Edition]) -> Edition:
        """Return an edition, loaded where it is not held; of too many the oldest are let go."""
        with self._lock:
            known = self._editions.get(key)
            if known is not None:
                self._editions.move_to_end(key)
                return known
        loaded = load()
        with self._lock:
            self._editions[key] = loaded
            while len(self._editions) > _MOST:
                self._editions.popitem(last=False)
        return loaded
