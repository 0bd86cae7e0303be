"""What subscribers choose, take along, leave and have erased."""

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path

import pytest

from bot.adapters.store import Store, open_store
from bot.core.addresses import hash_address
from bot.core.editions import Destination, DestinationKind
from bot.core.schedule import Rhythm, Schedule
from bot.core.subscribers import Choices, Chosen, SetChoice, SubscriberState
from bot.core.subscriptions import Subscription
from bot.errors import MissingError, UserError
from bot.flows.reader_links import write_leaving, write_preferences
from tests.fakes.papers import NOW
from tests.fakes.readers import SEALS, SHEEP, Desk

ADA = "ada@lab.example"
ALL = Chosen(("Clouds", "Sheep"), "daily", "", "Europe/Berlin", bundled=True, until=None)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with open_store(f"sqlite:///{tmp_path / 'papers.db'}") as opened:
        yield opened


@pytest.fixture
def desk(store: Store) -> Desk:
    return Desk(store)


@pytest.fixture
def token(desk: Desk) -> str:
    """Have Ada subscribe to clouds; return the token of her preferences."""
    desk.consent.ask(ADA, "Clouds", "", source="")
    done = desk.consent.confirm(desk.notices.sent[-1][3])
    desk.clock.advance(timedelta(minutes=1))
    return done.preferences


def names(store: Store) -> list[str]:
    return [each.set_name for each in store.load_subscriptions()]


def test_a_person_sees_what_there_is_and_what_comes(desk: Desk, token: str) -> None:
    assert desk.consent.show_choices(token) == Choices(
        ADA,
        (SetChoice("Clouds", True, "about Clouds"), SetChoice("Sheep", False, "about Sheep")),  # noqa: FBT003
        timezone="Europe/Berlin",
    )


def test_what_a_person_chooses_holds_for_all_sets(desk: Desk, store: Store, token: str) -> None:
    chosen = replace(ALL, on="weekly tue", at="09:30", bundled=False, until=date(2025, 12, 24))
    desk.consent.choose(token, chosen)
    shown = desk.consent.show_choices(token)
    assert (shown.on, shown.at, shown.until, shown.bundled) == (
        "weekly tue", "09:30", date(2025, 12, 24), False
    )  # fmt: skip
    kept = store.load_subscriptions()
    assert {each.set_name for each in kept} == {"Clouds", "Sheep"}
    schedule = Schedule(Rhythm.WEEKLY, time(9, 30), "Europe/Berlin", 1)
    until = datetime(2025, 12, 23, 23, tzinfo=UTC)
    assert {(each.schedule, each.paused, each.until) for each in kept} == {(schedule, True, until)}
    assert store.end_pauses(until) == (1, 2)
    desk.clock.set(until)
    assert desk.consent.show_choices(token).until is None
    desk.consent.choose(token, replace(ALL, sets=("Sheep",), on="weekly"))
    assert names(store) == ["Sheep"]
    assert desk.consent.show_choices(token).on == "weekly"
    desk.consent.choose(token, replace(ALL, sets=("Sheep",), on=" "))
    assert desk.consent.show_choices(token).on == "daily"
    lines = [(line.what, line.set_name) for line in store.load_held(ADA).consents]
    assert lines == [("subscribed", "Clouds"), ("subscribed", "Sheep"), ("left", "Clouds")]


def test_a_pause_ends_early_and_one_by_others_stays(desk: Desk, store: Store, token: str) -> None:
    desk.consent.choose(token, replace(ALL, until=date(2026, 1, 1)))
    clouds, _ = store.load_subscriptions()
    store.pause_subscription(clouds.id, paused=True, reason="it came back")
    desk.consent.choose(token, ALL)
    assert [(each.paused, each.reason) for each in store.load_subscriptions()] == [
        (True, "it came back"),
        (False, ""),
    ]


def test_what_is_added_during_a_pause_waits_too(desk: Desk, store: Store, token: str) -> None:
    desk.consent.choose(token, replace(ALL, sets=("Clouds",), until=date(2026, 1, 1)))
    desk.consent.choose(token, replace(ALL, until=date(2026, 1, 1)))
    assert [each.paused for each in store.load_subscriptions()] == [True, True]


@pytest.mark.parametrize(
    ("chosen", "said"),
    [
        (replace(ALL, sets=("Nothing",)), "there is no set 'Nothing' to choose"),
        (replace(ALL, on="hourly"), "is not a rhythm"),
        (replace(ALL, at="9 o'clock"), "is not a time of day"),
        (replace(ALL, timezone="Berlin"), "did you mean Europe/Berlin"),
        (replace(ALL, timezone="x" * 99), "is longer than what any field here takes"),
        (replace(ALL, until=date(2025, 12, 4)), "2025-12-04 is not to come any more"),
    ],
)
def test_what_cannot_be_read_changes_nothing(
    desk: Desk, store: Store, token: str, chosen: Chosen, said: str
) -> None:
    before = store.load_subscriptions()
    with pytest.raises(UserError, match=said):
        desk.consent.choose(token, chosen)
    assert store.load_subscriptions() == before


def test_who_chooses_nothing_has_left_and_may_choose_again(
    desk: Desk, store: Store, token: str
) -> None:
    desk.consent.choose(token, replace(ALL, sets=()))
    known = store.find_subscriber(ADA)
    assert known
    assert (known.state, names(store)) == (SubscriberState.LEFT, [])
    desk.consent.choose(token, ALL)
    known = store.find_subscriber(ADA)
    assert known
    assert known.state is SubscriberState.CONFIRMED
    assert sorted(names(store)) == ["Clouds", "Sheep"]


def test_a_set_that_is_offered_no_more_can_be_left(desk: Desk, store: Store, token: str) -> None:
    own = store.load_subscriptions()[0]
    store.save_subscription(replace(own, set_owner="operator", set_name="Sheep"), NOW)
    desk.sets = (SHEEP,)
    shown = desk.consent.show_choices(token).sets
    assert [(each.name, each.subscribed, each.about) for each in shown] == [
        ("Sheep", False, "about Sheep"),
        ("Clouds", True, "not offered any more"),
        ("operator/Sheep", True, "not offered any more"),
    ]
    desk.consent.choose(token, replace(ALL, sets=("operator/Sheep",)))
    (kept,) = store.load_subscriptions()
    assert (kept.set_owner, kept.set_name) == ("operator", "Sheep")


def test_a_link_that_was_replaced_meanwhile_changes_nothing(
    desk: Desk, store: Store, token: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    load = store.load_chosen

    def replace_first(number: int) -> tuple[Subscription, ...]:
        store.renew_nonce(number, "another")
        return load(number)

    monkeypatch.setattr(store, "load_chosen", replace_first)
    with pytest.raises(MissingError, match="replaced by a newer one"):
        desk.consent.choose(token, ALL)
    with pytest.raises(MissingError, match="replaced by a newer one"):
        desk.consent.export(token)
    assert names(store) == ["Clouds"]


def test_who_never_confirmed_has_no_preferences(desk: Desk, store: Store) -> None:
    desk.consent.ask(ADA, "Clouds", "", source="")
    known = store.find_subscriber(ADA)
    assert known
    with pytest.raises(MissingError):
        desk.consent.show_choices(write_preferences(SEALS, known))


def test_a_person_takes_along_all_that_is_held(desk: Desk, store: Store, token: str) -> None:
    store.suppress(hash_address(ADA), "complaint", NOW)
    data = json.loads(desk.consent.export(token))
    assert data["subscriber"]["confirmed_at"] == "2025-12-04T06:00:00+00:00"
    assert data["subscriptions"][0]["asked_for_by"] == "person"
    assert data["no_mail"]["reason"] == "complaint"
    assert (data["digests"], data["returned_mail"]) == ([], [])
    assert ADA in desk.consent.export(token)


def test_erasing_removes_all_but_what_the_operator_wrote(
    desk: Desk, store: Store, token: str
) -> None:
    for contact, said in (("", "ask them$"), ("lab@lab.example", "write to lab@lab.example$")):
        with pytest.raises(UserError, match=f"whoever subscribes: {said}"):
            desk.build(store, contact=contact, mailed=(ADA,)).erase(token)
    desk.consent.erase(token)
    assert store.find_subscriber(ADA) is None
    assert store.find_traces(ADA).places == ()
    for deed in (desk.consent.erase, desk.consent.show_choices, desk.consent.leave):
        with pytest.raises(MissingError, match="nothing is kept of this address"):
            deed(token)


def test_leaving_one_set_or_all(desk: Desk, store: Store, token: str) -> None:
    desk.consent.choose(token, ALL)
    known = store.find_subscriber(ADA)
    assert known
    clouds, _ = store.load_subscriptions()
    one, every = (write_leaving(SEALS, known, number) for number in (clouds.id, 0))
    shown = desk.consent.show_leaving(one)
    assert (shown.sets, shown.preferences) == (("Clouds",), token)
    assert desk.consent.show_leaving(every).sets == ()
    for _ in range(2):
        desk.consent.leave(one)
        assert names(store) == ["Sheep"]
    assert desk.consent.show_leaving(one).sets == ("Clouds",)
    for _ in range(2):
        desk.consent.leave(every)
        assert names(store) == []
    lines = [(line.what, line.set_name) for line in store.load_held(ADA).consents]
    assert lines[-2:] == [("left", "Clouds"), ("left", "")]


def test_a_link_to_leave_works_whatever_became_of_the_others(
    desk: Desk, store: Store, token: str
) -> None:
    known = store.find_subscriber(ADA)
    assert token
    assert known
    every = write_leaving(SEALS, known, 0)
    store.renew_nonce(known.id, "another")
    assert desk.consent.show_leaving(every).preferences == ""
    desk.consent.leave(every)
    assert names(store) == []


def test_a_link_to_leave_what_is_not_theirs_does_nothing(
    desk: Desk, store: Store, token: str
) -> None:
    known = store.find_subscriber(ADA)
    assert token
    assert known
    other = Subscription("config", "Sheep", Destination(DestinationKind.EMAIL, ADA))
    theirs = store.save_subscription(other, NOW)
    link = write_leaving(SEALS, known, theirs.id)
    with pytest.raises(MissingError, match="nothing comes by this subscription"):
        desk.consent.show_leaving(link)
    desk.consent.leave(link)
    assert names(store) == ["Clouds", "Sheep"]


def test_who_was_erased_is_told_so_and_leaves_in_peace(
    desk: Desk, store: Store, token: str
) -> None:
    known = store.find_subscriber(ADA)
    assert token
    assert known
    link = write_leaving(SEALS, known, 0)
    store.erase(ADA, NOW)
    desk.consent.leave(link)
    with pytest.raises(MissingError, match="nothing is kept of this address"):
        desk.consent.show_leaving(link)
    with pytest.raises(MissingError, match="not one of ours"):
        desk.consent.leave(f"{link}x")
