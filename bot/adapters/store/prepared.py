"""Statements that every delivery runs: built once, and given to SQLite's driver as finished text.

SQLAlchemy takes several times as long to hand a small statement over as SQLite takes to run it. On
PostgreSQL the way there and back outweighs that, so there they run as any other.
"""

from collections import namedtuple
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from typing import Any, Final

from sqlalchemy import Connection, Insert, Select, Update
from sqlalchemy.dialects.sqlite.pysqlite import SQLiteDialect_pysqlite

_DIALECT: Final = SQLiteDialect_pysqlite()


class Prepared:
    """A SELECT, INSERT or UPDATE without lists of changing length.

    It is run in whatever transaction the connection is in; where that has none, a SELECT on SQLite
    is one by itself. Rows have their columns as attributes.
    """

    def __init__(self, statement: "Select[Any] | Insert | Update") -> None:
        """Keep `statement`, in which nothing but its parameters ever changes."""
        self.statement = statement

    def all(self, connection: Connection, values: Mapping[str, object]) -> Sequence[Any]:
        """Run it and return all rows."""
        if connection.dialect.name != "sqlite":
            return connection.execute(self.statement, values).all()
        return self._text.run(connection, values)

    def first(self, connection: Connection, values: Mapping[str, object]) -> Any:  # noqa: ANN401 - a row
        """Run it and return the first row, None where there is none."""
        rows = self.all(connection, values)
        return rows[0] if rows else None

    def count(self, connection: Connection, values: Mapping[str, object]) -> int:
        """Run it and return how many rows an UPDATE changed."""
        if connection.dialect.name != "sqlite":
            return connection.execute(self.statement, values).rowcount
        return self._text.change(connection, values)

    @cached_property
    def _text(self) -> "_Text":
        return _Text(self.statement)


class _Text:
    """A statement as SQLite reads it, the order of its parameters and the kinds of its columns."""

    def __init__(self, statement: "Select[Any] | Insert | Update") -> None:
        compiled = statement.compile(dialect=_DIALECT)
        self._sql = str(compiled)
        # A parameter that stands in the statement has its value already.
        self._slots = [
            (name, not compiled.binds[name].required, compiled.params[name])
            for name in compiled.positiontup or ()
        ]
        columns = (
            statement.selected_columns
            if isinstance(statement, Select)
            else statement.exported_columns
        )
        self._make: Callable[[Sequence[Any]], Any] = _build_row(
            [(column.key or "", column.type.python_type is bool) for column in columns]
        )

    def run(self, connection: Connection, values: Mapping[str, object]) -> list[Any]:
        return [self._make(row) for row in self._execute(connection, values).fetchall()]

    def change(self, connection: Connection, values: Mapping[str, object]) -> int:
        changed: int = self._execute(connection, values).rowcount
        return changed

    def _execute(self, connection: Connection, values: Mapping[str, object]) -> Any:  # noqa: ANN401 - a driver's cursor
        driver: Any = connection.connection.dbapi_connection
        given = [value if is_fixed else values[name] for name, is_fixed, value in self._slots]
        return driver.execute(self._sql, given)


def _build_row(columns: Sequence[tuple[str, bool]]) -> "Callable[[Sequence[Any]], Any]":
    """Return what makes rows of tuples; SQLite's truth is a number."""
    names = [name for name, _ in columns]
    row: Any = namedtuple("Row", names, rename=True)  # type: ignore[misc] # noqa: PYI024 - its fields are known only now
    truths = [place for place, (_, is_truth) in enumerate(columns) if is_truth]
    if not truths:
        made: Callable[[Sequence[Any]], Any] = row._make
        return made

    def make(found: Sequence[Any]) -> Any:  # noqa: ANN401 - a row
        values = list(found)
        for place in truths:
            if values[place] is not None:
                values[place] = bool(values[place])
        return row._make(values)

    return make
