"""The rows of sets, by their owners and names; nothing here knows what a set looks for."""

from collections.abc import Iterable

from sqlalchemy import Connection, select

from bot.adapters.store.database import insert_into
from bot.adapters.store.rows import chunked
from bot.adapters.store.tables import sets
from bot.core.keyword_sets import SetKey

_AT_ONCE = 1000


def find_set(connection: Connection, owner: str, name: str) -> int:
    """Return the id of a set's row; sets that live elsewhere get one when they are first named."""
    return find_sets(connection, [(owner, name)])[owner, name]


def find_sets(connection: Connection, keys: Iterable[SetKey]) -> dict[SetKey, int]:
    """Return the ids of many sets' rows; sets that live elsewhere get theirs now."""
    wanted = dict.fromkeys(keys)
    found = _load_ids(connection, wanted)
    # In one order for all, so that no two who add the same wait for each other.
    missing = sorted(wanted.keys() - found.keys())
    if missing:
        rows = [
            {"owner": owner, "name": name, "paused": False, "removed": False}
            for owner, name in missing
        ]
        connection.execute(insert_into(connection, sets).on_conflict_do_nothing(), rows)
        found |= _load_ids(connection, missing)
    return found


def _load_ids(connection: Connection, keys: Iterable[SetKey]) -> dict[SetKey, int]:
    by_owner: dict[str, list[str]] = {}
    for owner, name in keys:
        by_owner.setdefault(owner, []).append(name)
    found: dict[SetKey, int] = {}
    for owner, names in by_owner.items():
        for some in chunked(names, _AT_ONCE):
            rows = select(sets.c.name, sets.c.id).where(
                sets.c.owner == owner, sets.c.name.in_(some)
            )
            found |= {(owner, name): number for name, number in connection.execute(rows).all()}
    return found
