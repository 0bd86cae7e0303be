"""Statements past SQLAlchemy give what they give through it, on both databases."""

import sqlite3
from typing import Any

import pytest
from sqlalchemy import Connection, bindparam, event, insert, select, update
from sqlalchemy.exc import IntegrityError

from bot.adapters.store import Store
from bot.adapters.store.bundling import _MATES
from bot.adapters.store.prepared import Prepared
from bot.adapters.store.tables import deliveries, turns
from tests.adapters.store.made_up import CATS, CHANNEL, NOW, announce, freeze, make_edition, save
from tests.adapters.store.made_up import make_paper as paper

ADD = Prepared(insert(turns).values(name=bindparam("called"), at=bindparam("when")))
MOVE = Prepared(
    update(turns)
    .where(turns.c.name == bindparam("called"), turns.c.at > 0)
    .values(at=turns.c.at + bindparam("more"))
    .returning(turns.c.name, turns.c.at)
)
SET = Prepared(
    update(turns).where(turns.c.name == bindparam("called")).values(at=bindparam("when"))
)
FIND = Prepared(
    select(turns.c.name, turns.c.at, (turns.c.at > 10).label("late"))
    .where(turns.c.at >= bindparam("least"))
    .order_by(turns.c.at)
)


def test_rows_have_their_columns_names_and_truths(store: Store) -> None:
    with store.writing() as connection:
        ADD.count(connection, {"called": "one", "when": 5})
        ADD.count(connection, {"called": "two", "when": 15})
        first, second = FIND.all(connection, {"least": 0})
    assert (first.name, first.at, first.late) == ("one", 5, False)
    assert tuple(second) == ("two", 15, True)
    assert isinstance(second.late, bool)


def test_a_change_returns_what_it_changed(store: Store) -> None:
    with store.writing() as connection:
        ADD.count(connection, {"called": "one", "when": 5})
        moved = MOVE.first(connection, {"called": "one", "more": 2})
        assert (moved.name, moved.at) == ("one", 7)
        assert MOVE.first(connection, {"called": "two", "more": 2}) is None
        assert SET.count(connection, {"called": "two", "when": 2}) == 0
        assert SET.count(connection, {"called": "one", "when": 2}) == 1


def test_a_truth_that_is_not_known_stays_so(store: Store) -> None:
    save(store, announce(paper()))
    freeze(store, CATS, make_edition(paper()), [(CHANNEL, NOW)], NOW)
    unknown = Prepared(select((deliveries.c.lease_until > 0).label("leased"), deliveries.c.wired))
    with store.reading() as connection:
        row = unknown.first(connection, {})
    assert (row.leased, row.wired) == (None, False)


def test_what_is_written_counts_with_the_rest_of_its_transaction(store: Store) -> None:
    def write_and_fail() -> None:
        with store.writing() as connection:
            ADD.count(connection, {"called": "one", "when": 5})
            raise KeyError

    with pytest.raises(KeyError):
        write_and_fail()
    with store.reading() as connection:
        assert FIND.all(connection, {"least": 0}) == []


def test_an_error_is_the_databases_own(store: Store) -> None:
    def write_twice(connection: Connection) -> None:
        ADD.count(connection, {"called": "one", "when": 5})
        ADD.count(connection, {"called": "one", "when": 6})

    with store.writer.connect() as connection:
        with pytest.raises((sqlite3.IntegrityError, IntegrityError)):
            write_twice(connection)
        connection.rollback()


def test_a_parameter_that_is_missing_is_said(store: Store) -> None:
    if not store.is_sqlite:
        return
    with store.reading() as connection, pytest.raises(KeyError, match="least"):
        FIND.all(connection, {})


def test_sqlite_finds_what_goes_with_a_mail_by_its_address(store: Store) -> None:
    if not store.is_sqlite:
        return
    said: list[Any] = []

    def explain(
        connection: Any,  # noqa: ANN401 - SQLAlchemy's own
        _cursor: object,
        statement: str,
        parameters: Any,  # noqa: ANN401 - the same
        *_: object,
    ) -> None:
        driver = connection.connection.dbapi_connection
        said.extend(row[3] for row in driver.execute(f"EXPLAIN QUERY PLAN {statement}", parameters))

    wanted = {"place": "a@lab.example", "lead": 1, "soon": 0, "tries": 0, "bad": 0, "later": 0}
    with store.reading() as connection:
        event.listen(connection, "before_cursor_execute", explain)
        connection.execute(_MATES.statement, wanted)
    plan = "; ".join(said)
    assert "subscriptions USING INDEX ix_subscriptions_address" in plan
    assert "ix_deliveries_lead_id" not in plan
