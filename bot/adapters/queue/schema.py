"""The queue's own tables, which belong to Procrastinate: are they there, and new enough.

Nothing here changes one of them; what is older is brought up to date by its own migrations.
"""

import re
from collections.abc import Collection
from importlib.metadata import version
from importlib.util import find_spec

from sqlalchemy import Connection, text

from bot.adapters.store.database import Database, parse_url
from bot.errors import StoreError

# One process at a time makes the tables; any number does that the store's locks do not have.
_SCHEMA_LOCK = 7_120_005
_JOBS = frozenset({"procrastinate_jobs"})
_MIGRATIONS = "https://procrastinate.readthedocs.io/en/stable/howto/production/migrations.html"

# Those of these names that the database has: relations, types and functions. One statement that
# reads the catalogue's tables alone sees either all of what another process makes or none of it;
# to_regclass() and its like look at what is newest, whatever the statement sees otherwise.
_FIND = text("""
WITH wanted AS (SELECT unnest(CAST(:names AS text[])) AS name)
SELECT name FROM wanted JOIN pg_class ON relname = name WHERE pg_table_is_visible(oid)
 UNION SELECT name FROM wanted JOIN pg_type ON typname = name WHERE pg_type_is_visible(oid)
 UNION SELECT name FROM wanted JOIN pg_proc ON proname = name WHERE pg_function_is_visible(oid)
""")


def ensure_schema(url: str) -> None:
    """Make Procrastinate's tables where they are missing; any number of processes may at once.

    Raise StoreError where they cannot be made, or are older than the installed Procrastinate
    needs.
    """
    require()
    from procrastinate.schema import SchemaManager  # noqa: PLC0415 - start-up stays light
    from procrastinate.sql import queries  # noqa: PLC0415

    # All that it asks of a database has a name with a version, and keeps its meaning.
    needed = frozenset(re.findall(r"\bprocrastinate_\w+", " ".join(queries.values())))
    with Database(parse_url(url)) as database:
        with database.reading() as connection:
            missing = needed - find(connection, needed)
        if missing == needed:
            with database.writing(_SCHEMA_LOCK) as connection:
                if not find(connection, _JOBS):
                    # Many statements at once go without parameters only; % is a plain % then.
                    connection.exec_driver_sql(
                        SchemaManager.get_schema(), execution_options={"no_parameters": True}
                    )
                missing = needed - find(connection, needed)
    if missing:
        msg = (
            f"{database.name}: its queue was made by an older Procrastinate than"
            f" {version('procrastinate')} (there is no {', '.join(sorted(missing))}); apply"
            f" Procrastinate's migrations, {_MIGRATIONS}"
        )
        raise StoreError(msg)


def find(connection: Connection, names: Collection[str]) -> set[str]:
    """Return those of the names that the database has."""
    return set(connection.execute(_FIND, {"names": list(names)}).scalars())


def is_installed() -> bool:
    """Whether this environment could make a queue and work for it."""
    return find_spec("procrastinate") is not None


def require() -> None:
    """Raise StoreError where this environment lacks what a queue needs."""
    try:
        import procrastinate  # noqa: F401, PLC0415 - start-up stays light
        import psycopg_pool  # noqa: F401, PLC0415
    except ImportError as error:
        msg = (
            "PostgreSQL needs psycopg and procrastinate: pip install 'papers-bot[postgres]'"
            f" ({error})"
        )
        raise StoreError(msg) from error
