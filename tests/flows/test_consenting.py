"""Who asks, what is mailed, and what a confirmation begins."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from bot.adapters.store import Store, open_store
from bot.core.addresses import hash_address
from bot.core.schedule import Rhythm, Schedule
from bot.core.subscribers import SubscriberState, Wanted
from bot.errors import DeliveryError, MissingError, StoreError, UserError
from bot.flows.consenting import _name_source
from bot.flows.reader_links import LINK_LIVES, write_wish
from tests.fakes.papers import NOW
from tests.fakes.readers import CLOUDS, SEALS, SHEEP, Desk

ADA = "ada@lab.example"
A_DAY = timedelta(days=1, seconds=1)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with open_store(f"sqlite:///{tmp_path / 'papers.db'}") as opened:
        yield opened


@pytest.fixture
def desk(store: Store) -> Desk:
    return Desk(store)


def ask(
    desk: Desk, address: str = ADA, name: str = "Clouds", on: str = "", source: str = ""
) -> str:
    """Ask, and return the newest token."""
    desk.consent.ask(address, name, on, source=source)
    return desk.notices.sent[-1][3] if desk.notices.sent else ""


def test_only_a_confirmation_begins_anything(desk: Desk, store: Store) -> None:
    token = ask(desk, on="weekly fri")
    assert desk.notices.sent == [("confirm", ADA, "Clouds", token)]
    assert desk.consent.show_wish(token) == Wanted(ADA, ("Clouds",))
    assert store.load_subscriptions() == ()
    done = desk.consent.confirm(token)
    assert (done.address, done.sets) == (ADA, ("Clouds",))
    assert desk.consent.confirm(token) == done
    (begun,) = store.load_subscriptions()
    assert begun.schedule == Schedule(Rhythm.WEEKLY, timezone="Europe/Berlin", weekday=4)
    assert desk.consent.show_choices(done.preferences).on == "weekly fri"
    (line,) = store.load_held(ADA).consents
    assert line.proof == "confirmed by the link mailed on 2025-12-04 06:00 UTC"


def test_two_wishes_may_wait_and_the_first_one_says_when(desk: Desk, store: Store) -> None:
    first = ask(desk)
    desk.clock.advance(A_DAY)
    second = ask(desk, name="Sheep", on="weekly")
    desk.consent.confirm(first)
    desk.consent.confirm(second)
    kept = store.load_subscriptions()
    assert [each.set_name for each in kept] == ["Clouds", "Sheep"]
    assert {each.schedule.rhythm for each in kept} == {Rhythm.DAILY}


def test_a_subscriber_who_asks_again_is_shown_the_preferences(desk: Desk, store: Store) -> None:
    desk.consent.confirm(ask(desk))
    ask(desk, name="Sheep")
    assert len(desk.notices.sent) == 1
    desk.clock.advance(A_DAY)
    token = ask(desk, name="Sheep")
    assert desk.notices.sent[-1] == ("preferences", ADA, "Sheep", token)
    assert desk.consent.show_choices(token).address == ADA
    assert len(store.load_subscriptions()) == 1


@pytest.mark.parametrize(
    ("address", "name", "on", "said"),
    [
        ("ada", "Clouds", "", "is not an e-mail address"),
        (ADA, "Nothing", "", "there is no set 'Nothing' here"),
        (ADA, "Clouds", "hourly", "'hourly' is not a rhythm"),
        (ADA, "Clouds", "x" * 9999, "is not a rhythm"),
    ],
)
def test_what_cannot_be_read_is_refused(
    desk: Desk, address: str, name: str, on: str, said: str
) -> None:
    with pytest.raises(UserError, match=said) as error:
        ask(desk, address, name, on)
    assert len(str(error.value)) < 400
    assert desk.notices.sent == []


def test_nothing_is_mailed_to_a_suppressed_address(desk: Desk, store: Store) -> None:
    token = ask(desk)
    store.suppress(hash_address("Ada@LAB.example"), "complaint", NOW)
    desk.clock.advance(A_DAY)
    ask(desk)
    assert len(desk.notices.sent) == 1
    with pytest.raises(MissingError, match=r"any more \(complaint\)$"):
        desk.consent.confirm(token)
    with pytest.raises(MissingError, match=r"\(complaint\): write to lab@lab.example$"):
        desk.build(store, contact="lab@lab.example").confirm(token)
    assert store.load_subscriptions() == ()


def test_who_never_confirms_is_forgotten(desk: Desk, store: Store) -> None:
    token = ask(desk)
    desk.clock.advance(LINK_LIVES)
    assert desk.consent.show_wish(token).address == ADA
    desk.clock.advance(timedelta(seconds=1))
    with pytest.raises(MissingError, match="older than 72 hours"):
        desk.consent.show_wish(token)
    ask(desk, "bo@lab.example")
    assert [each.address for each, _ in store.list_subscribers()] == ["bo@lab.example"]


def test_asking_again_keeps_an_address_longer(desk: Desk, store: Store) -> None:
    ask(desk)
    desk.clock.advance(timedelta(hours=71))
    token = ask(desk, "Ada@lab.example")
    desk.clock.advance(timedelta(hours=71))
    ask(desk, "bo@lab.example")
    assert desk.consent.confirm(token).address == "Ada@lab.example"
    assert len(store.list_subscribers()) == 2


def test_links_that_begin_nothing_any_more_say_why(desk: Desk, store: Store) -> None:
    token = ask(desk)
    desk.sets = (SHEEP,)
    with pytest.raises(MissingError, match="'Clouds' is not to be had by mail any more"):
        desk.consent.confirm(token)
    desk.sets = (CLOUDS,)
    known = store.find_subscriber(ADA)
    assert known
    store.renew_nonce(known.id, "another")
    with pytest.raises(MissingError, match="replaced by a newer one"):
        desk.consent.confirm(token)
    store.erase(ADA, NOW)
    with pytest.raises(MissingError, match="nothing is kept of this address any more"):
        desk.consent.confirm(token)
    with pytest.raises(MissingError, match="not one of ours"):
        desk.consent.confirm(token[:-1])


def test_a_used_link_does_not_undo_leaving(desk: Desk, store: Store) -> None:
    token = ask(desk)
    done = desk.consent.confirm(token)
    desk.clock.advance(timedelta(minutes=1))
    desk.consent.leave(done.preferences)
    with pytest.raises(MissingError, match="you left after this link was mailed"):
        desk.consent.confirm(token)
    known = store.find_subscriber(ADA)
    assert known
    assert known.state is SubscriberState.LEFT
    fresh = write_wish(SEALS, known, CLOUDS.key, "", desk.clock.now() + timedelta(seconds=1))
    desk.clock.advance(timedelta(minutes=1))
    desk.consent.confirm(fresh)
    assert len(store.load_subscriptions()) == 1


@pytest.mark.parametrize(
    ("fault", "again"),
    [
        (DeliveryError("later"), True),
        (DeliveryError("perhaps", unknown=True), False),
        (DeliveryError("never", permanent=True), False),
    ],
)
def test_a_mail_that_surely_did_not_leave_may_be_asked_for_again(
    desk: Desk, fault: DeliveryError, *, again: bool
) -> None:
    desk.notices.fault = fault
    ask(desk)
    assert desk.reports == [f"no confirmation was mailed: {fault}"]
    desk.notices.fault = None
    ask(desk)
    assert bool(desk.notices.sent) is again


def test_a_database_that_fails_is_reported_and_nobody_hears_of_it(
    desk: Desk, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        msg = "papers.db is locked"
        raise StoreError(msg)

    with monkeypatch.context() as patch:
        patch.setattr(store, "add_pending", fail)
        ask(desk)
    assert desk.reports == ["no confirmation was mailed: papers.db is locked"]
    ask(desk)
    assert len(desk.notices.sent) == 1


def test_what_depends_on_an_address_is_done_where_nobody_waits(store: Store) -> None:
    desk = Desk(store)
    waiting: list[Callable[[], None]] = []
    consent = desk.build(store, later=waiting.append)
    consent.ask(ADA, "Clouds", "", source="192.0.2.1")
    assert (store.find_subscriber(ADA), desk.notices.sent) == (None, [])
    waiting.pop()()
    assert len(desk.notices.sent) == 1


def test_a_source_asks_five_times_an_hour(desk: Desk, store: Store) -> None:
    for number in range(8):
        ask(desk, f"a{number}@lab.example", source="192.0.2.1")
    assert len(desk.notices.sent) == 5
    ask(desk, "b@lab.example", source="192.0.2.2")
    assert len(desk.notices.sent) == 6
    desk.clock.advance(timedelta(hours=1))
    ask(desk, "c@lab.example", source="192.0.2.1")
    assert len(desk.notices.sent) == 7
    assert store.taken_turns(["ask 192.0.2.1 0"]) == frozenset()


def test_all_together_ask_thirty_times_a_minute(desk: Desk) -> None:
    for number in range(60):
        ask(desk, f"a{number}@lab.example", source=f"192.0.2.{number}")
        desk.clock.advance(timedelta(seconds=1))
    assert 25 < len(desk.notices.sent) <= 30
    assert "more than 30 a minute" in desk.reports[0]


@pytest.mark.parametrize(
    ("source", "name"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("unix:", "unix:"),
        ("x" * 999, "x" * 80),
    ],
)
def test_a_source_is_a_household(source: str, name: str) -> None:
    assert _name_source(source) == name
