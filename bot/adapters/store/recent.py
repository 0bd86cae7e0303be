"""What deliveries bring, as it was frozen; what many get is not read as many times."""

from collections import OrderedDict
from threading import Lock
from typing import Any

from sqlalchemy import Connection, Row, select

from bot.adapters.store.frozen import load_edition
from bot.adapters.store.tables import joined_editions
from bot.core.editions import Edition
from bot.core.joining import join_editions

_MOST = 16


class Recent:
    """A few editions that were just read. They never change.

    They are known by their number and by when they were frozen: SQLite gives the number of a
    deleted row to another one.
    """

    def __init__(self) -> None:
        """Hold none yet."""
        self._editions: OrderedDict[tuple[int, int], Edition] = OrderedDict()
        self._lock = Lock()

    def load(self, connection: Connection, row: Row[Any]) -> Edition:
        """Load all that a delivery brings, as one digest.

        `row` has the delivery's `id` and `edition_id`, when that edition was `frozen_at`, and
        whether others are `joined` with it.
        """
        if row.joined:
            return load_joined(connection, row.id, row.edition_id)
        key = (row.edition_id, row.frozen_at)
        with self._lock:
            known = self._editions.get(key)
            if known is not None:
                self._editions.move_to_end(key)
                return known
        loaded = load_edition(connection, row.edition_id)
        with self._lock:
            self._editions[key] = loaded
            while len(self._editions) > _MOST:
                self._editions.popitem(last=False)
        return loaded


def load_joined(connection: Connection, delivery_id: int, newest: int) -> Edition:
    """Load the editions that a delivery brings, of which `newest` is one, as one digest."""
    others = connection.execute(
        select(joined_editions.c.edition_id).where(joined_editions.c.delivery_id == delivery_id)
    ).scalars()
    found = [load_edition(connection, number) for number in (*others, newest)]
    return join_editions(sorted(found, key=lambda edition: edition.day))
