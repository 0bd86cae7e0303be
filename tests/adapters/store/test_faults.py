import sys

import pytest
from sqlalchemy import URL, create_engine, text

from bot.adapters.store import Store, open_store
from bot.errors import StoreError
from tests.adapters.store.made_up import (
    CATS,
    MAIL,
    NOW,
    announce,
    freeze,
    line_of,
    make_edition,
    make_paper,
)

SECRET = "correct-horse"  # noqa: S105 - made up, to be looked for in messages


@pytest.mark.parametrize(
    "url",
    [
        "",
        "papers.db",
        f"postgresql://me:{SECRET}@host:port/name",
        f"mysql://me:{SECRET}@host/name",
        f"sqlite+other:///{SECRET}",
        f"postgresql+asyncpg://me:{SECRET}@host/name",
    ],
)
def test_a_bad_url_is_refused_with_a_good_one(url: str) -> None:
    with pytest.raises(StoreError, match=r"write sqlite:///papers\.db or postgresql") as caught:
        open_store(url)
    assert SECRET not in str(caught.value)


@pytest.mark.parametrize("url", ["sqlite://", "sqlite:///:memory:"])
def test_a_database_without_a_file_is_refused(url: str) -> None:
    with pytest.raises(StoreError, match=r"names no file: write sqlite:///papers\.db"):
        open_store(url)


def test_without_psycopg_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "psycopg", None)
    with pytest.raises(StoreError, match=r"pip install 'papers-bot\[postgres\]'"):
        open_store("postgresql://me@localhost/papers")


@pytest.mark.parametrize("scheme", ["postgres", "postgresql", "postgresql+psycopg"])
def test_a_server_that_is_not_there_is_said(scheme: str) -> None:
    with pytest.raises(StoreError, match="cannot be reached: check that PostgreSQL") as caught:
        open_store(f"{scheme}://me:{SECRET}@127.0.0.1:1/papers")
    assert SECRET not in str(caught.value)
    assert "me:***@127.0.0.1:1/papers" in str(caught.value)


def test_a_wrong_user_or_password_is_said(postgresql_server: URL) -> None:
    url = postgresql_server.set(username="nobody_we_know", password=SECRET)
    with pytest.raises(StoreError, match="refuses this user: check the user name") as caught:
        open_store(url.render_as_string(hide_password=False))
    assert SECRET not in str(caught.value)


def test_a_missing_database_is_said(postgresql_server: URL) -> None:
    url = postgresql_server.set(database="papers_nowhere")
    with pytest.raises(StoreError, match="does not exist: create it with `createdb`"):
        open_store(url.render_as_string(hide_password=False))


def test_a_user_without_rights_is_said(postgresql_url: str, postgresql_server: URL) -> None:
    role = f"guest_{postgresql_server.database}"
    engine = create_engine(postgresql_url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(f"CREATE ROLE {role} LOGIN"))
        try:
            url = engine.url.set(username=role).render_as_string(hide_password=False)
            with pytest.raises(StoreError, match="grant it CREATE and USAGE"):
                open_store(url)
        finally:
            connection.execute(text(f"DROP ROLE {role}"))
    engine.dispose()


def test_a_connection_that_was_cut_is_said_and_the_next_one_works(postgresql_url: str) -> None:
    with open_store(postgresql_url) as store:
        with pytest.raises(StoreError, match=r"is being shut down|cannot be reached"):
            cut_own_connection(store)
        assert store.count() == 0


def cut_own_connection(store: Store) -> None:
    with store.reading() as connection:
        connection.execute(text("SELECT pg_terminate_backend(pg_backend_pid())"))


def test_any_other_fault_quotes_the_database_and_changes_nothing(
    store: Store, database_url: str
) -> None:
    engine = create_engine(database_url)
    with engine.begin() as connection:
        connection.execute(text("DROP TABLE receipts"))
    engine.dispose()
    batch = announce(make_paper())
    with pytest.raises(StoreError, match="receipts"):
        store.save_announcement(batch, line_of(batch), NOW)
    assert store.count() == 0


def test_an_edition_of_papers_that_are_not_stored_is_refused(store: Store) -> None:
    with pytest.raises(StoreError, match="not stored"):
        freeze(store, CATS, make_edition(make_paper()), [(MAIL, NOW)], NOW)
    assert store.edition_spans() == {}


def test_nobody_waits_for_ever_for_a_machine_that_vanished(postgresql_url: str) -> None:
    with open_store(postgresql_url) as store, store.reading() as connection:
        bound = connection.execute(text("SHOW idle_in_transaction_session_timeout")).scalar()
    assert bound == "1min"
    chosen = "?options=-c%20idle_in_transaction_session_timeout%3D5s"
    joint = "&" if "?" in postgresql_url else "?"
    with open_store(postgresql_url + joint + chosen[1:]) as store, store.reading() as connection:
        bound = connection.execute(text("SHOW idle_in_transaction_session_timeout")).scalar()
    assert bound == "5s"
