"""The row of a set, by its owner and name; nothing here knows what the set looks for."""

from sqlalchemy import Connection, select

from bot.adapters.store.database import insert_into
from bot.adapters.store.tables import sets


def find_set(connection: Connection, owner: str, name: str) -> int:
    """Return the id of a set's row; sets that live elsewhere get one when they are first named."""
    named = select(sets.c.id).where(sets.c.owner == owner, sets.c.name == name)
    known = connection.execute(named).scalar()
    if known is not None:
        return int(known)
    row = {"owner": owner, "name": name, "paused": False, "removed": False}
    connection.execute(insert_into(connection, sets).values(row).on_conflict_do_nothing())
    return int(connection.execute(named).scalar_one())
