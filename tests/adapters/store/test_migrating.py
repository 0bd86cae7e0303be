"""A database of revision 0002, with editions and deliveries in every state, brought up to date."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import create_engine, text

from bot.adapters.store import open_store
from bot.adapters.store.database import Database, parse_url
from bot.adapters.store.opening import HEAD, migrate
from bot.adapters.store.upgrading import upgrade
from bot.core.editions import DeliveryState, Destination, DestinationKind
from bot.core.records import Claim
from bot.core.schedule import Schedule
from bot.core.subscriptions import CONFIG, Subscription
from tests.adapters.store.made_up import MINUTE

BEGAN = datetime(2025, 11, 3, 9, tzinfo=UTC)
HOUR = 3_600_000_000
MICROS = int(BEGAN.timestamp()) * 1_000_000
FOLDER = Destination(DestinationKind.FOLDER, "digests")
MAIL = Destination(DestinationKind.EMAIL, "lab@lab.example")
PENDING, SENDING, SENT, RETRY, UNKNOWN, FAILED, CANCELLED = DeliveryState

# What revision 0002 wrote for a delivery in each state.
HISTORIES = {
    PENDING: [(PENDING, 0, "planned")],
    SENDING: [(PENDING, 0, "planned"), (SENDING, 1, "claimed")],
    SENT: [(PENDING, 0, "planned"), (SENDING, 1, "claimed"), (SENT, 1, "there")],
    RETRY: [(PENDING, 0, "planned"), (SENDING, 1, "claimed"), (RETRY, 1, "no space")],
    UNKNOWN: [(PENDING, 0, "planned"), (SENDING, 1, "claimed"), (UNKNOWN, 1, "timed out")],
    FAILED: [(PENDING, 0, "planned"), (SENDING, 1, "claimed"), (FAILED, 1, "no right")],
    CANCELLED: [(PENDING, 0, "planned"), (CANCELLED, 0, "the keyword set Dogs was removed")],
}
# In the order of their deliveries: each is of a day and a set of its own.
STATES = tuple(HISTORIES)


@pytest.fixture
def old_url(database_url: str) -> str:
    """Give the URL of a database that revision 0002 left, with a delivery in every state."""
    with Database(parse_url(database_url)) as database, database.rebuilding(1) as connection:
        upgrade(connection, "0002")
    engine = create_engine(database_url)
    with engine.begin() as connection:

        def add(table: str, **row: object) -> None:
            names = ", ".join(row)
            values = ", ".join(f":{name}" for name in row)
            connection.execute(text(f"INSERT INTO {table} ({names}) VALUES ({values})"), row)  # noqa: S608

        add("sets", id=1, owner="config", name="Cats", paused=False, removed=False)
        add("sets", id=2, owner="config", name="Dogs", paused=False, removed=False)
        event = 0
        for number, state in enumerate(STATES, 1):
            planned = MICROS + number * 24 * HOUR
            day = (BEGAN + timedelta(days=number)).date().isoformat()
            base_id = f"2511.{number:05d}"
            add(
                "papers", id=number, base_id=base_id, version=1, first_day=day, prepared_version=0,
                title="A cat", authors='["Ada Example"]', abstract="Cats.", categories='["cs.CV"]',
                comments="", doi="", journal_ref="", prepared_text="", prepared_marks="",
            )  # fmt: skip
            add("versions", base_id=base_id, version=1, seen_day=day)
            add("entries", category="cs.CV", day=day, base_id=base_id, version=1, kind="new")
            # The set of the newest edition has only one delivery, to a place of its own.
            set_id = 1 if number < len(STATES) else 2
            add(
                "editions", id=number, set_id=set_id, day=day, earlier=0, at=planned,
                summary='["Cats",["cat"],[]]', receipt=f'["{day}",1,1,[]]',
            )  # fmt: skip
            add(
                "edition_papers", edition_id=number, position=0, set_id=set_id,
                delivery_key=base_id, base_id=base_id, version=1, kind="new",
                categories='["cs.CV"]', kinds='{"cs.CV":"new"}',
                hits='[["cat","title",2,5,"cat"]]',
            )  # fmt: skip
            place = FOLDER if number % 2 else MAIL
            attempt = HISTORIES[state][-1][1]
            add(
                "deliveries", id=number, edition_id=number, kind=place.kind.value,
                address=place.address, state=state.value, attempt=attempt, key=f"key-{number}",
                lease_until=planned + 2 * HOUR if state is SENDING else None,
                due_at=planned + 2 * HOUR if state in (RETRY, UNKNOWN) else None,
            )  # fmt: skip
            for hours, (step, tried, detail) in enumerate(HISTORIES[state]):
                event += 1
                add(
                    "delivery_events", id=event, delivery_id=number, at=planned + hours * HOUR,
                    state=step.value, attempt=tried, detail=detail,
                )  # fmt: skip
        if not database_url.startswith("sqlite"):
            for table in ("sets", "papers", "editions", "deliveries", "delivery_events"):
                connection.execute(
                    text(f"SELECT setval('{table}_id_seq', (SELECT max(id) FROM {table}))")  # noqa: S608
                )
    engine.dispose()
    return database_url


def rows_of(url: str) -> dict[int, dict[str, object]]:
    engine = create_engine(url)
    with engine.connect() as connection:
        found = connection.execute(text("SELECT * FROM deliveries ORDER BY id")).mappings().all()
    engine.dispose()
    return {row["id"]: dict(row) for row in found}


def test_every_destination_that_was_delivered_to_has_a_subscription(old_url: str) -> None:
    with open_store(old_url) as store:
        assert store.load_subscriptions() == (
            Subscription("config", "Cats", FOLDER, Schedule(), CONFIG, id=1),
            Subscription("config", "Cats", MAIL, Schedule(), CONFIG, id=2),
            Subscription("config", "Dogs", FOLDER, Schedule(), CONFIG, id=3),
        )


def test_every_delivery_is_as_it_was_and_belongs_to_its_subscription(old_url: str) -> None:
    before = rows_of(old_url)
    open_store(old_url).close()
    after = rows_of(old_url)
    assert {
        number: {name: row[name] for name in before[number]} for number, row in after.items()
    } == before
    assert [row["subscription_id"] for row in after.values()] == [1, 2, 1, 2, 1, 2, 3]
    days = [(BEGAN + timedelta(days=number)).date().isoformat() for number in after]
    assert [row["slot"] for row in after.values()] == days
    assert {row["repeats"] for row in after.values()} == {0}


def test_when_a_delivery_was_planned_and_settled_is_read_from_its_history(old_url: str) -> None:
    open_store(old_url).close()
    for number, row in rows_of(old_url).items():
        state = DeliveryState(str(row["state"]))
        planned = MICROS + number * 24 * HOUR
        assert row["planned_at"] == planned
        ended = planned + (len(HISTORIES[state]) - 1) * HOUR
        assert row["settled_at"] == (ended if state in (SENT, FAILED, CANCELLED) else None)


def test_what_may_have_left_is_looked_for_before_it_is_sent_again(old_url: str) -> None:
    open_store(old_url).close()
    wired = {
        DeliveryState(str(row["state"])): bool(row["wired"]) for row in rows_of(old_url).values()
    }
    assert wired == {state: state in (SENDING, UNKNOWN, FAILED) for state in STATES}
    later = BEGAN + timedelta(days=30)
    with open_store(old_url) as store:
        due = {each.id: each.state for each in store.due_deliveries(later)}
        assert due == {1: PENDING, 2: SENDING, 4: RETRY, 5: UNKNOWN}
        for number, state in due.items():
            claim = store.claim(number, later, later + MINUTE, {})
            assert isinstance(claim, Claim)
            assert claim.in_doubt is (state in (SENDING, UNKNOWN))
            assert [item.paper.base_id for item in claim.edition.items] == [f"2511.{number:05d}"]


def test_histories_and_editions_are_as_they_were(old_url: str) -> None:
    with open_store(old_url) as store:
        for number, state in enumerate(STATES, 1):
            found = store.load_delivery(number)
            assert found is not None
            line, steps = found
            told = [(step.state, step.attempt, step.detail) for step in steps]
            assert told == HISTORIES[state]
            assert line.days == ((BEGAN + timedelta(days=number)).date(),)
            assert len(store.load_showings(f"2511.{number:05d}")) == 1


def test_what_the_configuration_names_no_more_is_called_off_when_it_is_read(old_url: str) -> None:
    now = BEGAN + timedelta(days=30)
    with open_store(old_url) as store:
        store.sync_subscriptions(CONFIG, [Subscription("config", "Cats", MAIL, origin=CONFIG)], now)
        assert [each.id for each in store.load_subscriptions()] == [2]
        states = {line.delivery.id: line.delivery.state for line in store.list_deliveries()}
        assert states == {
            1: CANCELLED, 2: SENDING, 3: SENT, 4: RETRY, 5: CANCELLED, 6: FAILED, 7: CANCELLED
        }  # fmt: skip


def test_the_revisions_before_and_after_are_told(old_url: str) -> None:
    assert migrate(old_url) == ("0002", HEAD)
    assert migrate(old_url) == (HEAD, HEAD)


def test_a_new_database_has_no_revision_before(database_url: str) -> None:
    assert migrate(database_url) == ("", HEAD)
