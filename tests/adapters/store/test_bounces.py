"""What came back is kept once, with what follows from it, in one transaction."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import TYPE_CHECKING

from sqlalchemy import select

from bot.adapters.store import Store
from bot.adapters.store.mail_tables import suppressions
from bot.core.addresses import hash_address
from bot.core.bounces import BLOCK_PAUSE, Bounce, Fate, Recorded, Verdict
from bot.core.editions import Destination, DestinationKind
from tests.adapters.store.made_up import (
    CATS,
    CHANNEL,
    NOW,
    announce,
    freeze,
    make_edition,
    make_paper,
    save,
)

if TYPE_CHECKING:
    from bot.flows.bouncing import BlockStore, BounceStore

    def _check(store: Store) -> tuple[BounceStore, BlockStore]:
        return store, store


DAY = timedelta(days=1)
HARD = Fate(Verdict.HARD, "5.1.1", "550 5.1.1 <lab@lab.example>: who?\0")
DOMAIN = Fate(Verdict.DOMAIN, "5.1.2")
SOFT = Fate(Verdict.SOFT, "5.2.2", "full")
BLOCK = Fate(Verdict.BLOCK, "5.7.26", "550 5.7.26 unauthenticated")
COMPLAINT = Fate(Verdict.COMPLAINT)


def bounce(name: str, fate: Fate, address: str = "Ada@A.example", key: str = "") -> Bounce:
    return Bounce(name, key or f"key-{name}", address, fate)


def load_suppressed(store: Store) -> dict[str, str]:
    with store.reading() as connection:
        rows = connection.execute(select(suppressions.c.hash, suppressions.c.reason)).all()
    return {hashed: reason for hashed, reason in rows}  # noqa: C416 - rows are not pairs to mypy


def test_a_hard_bounce_and_a_complaint_suppress_at_once(store: Store) -> None:
    assert store.record_bounce(bounce("1", HARD), NOW) == Recorded(new=True, suppressed=True)
    assert store.record_bounce(bounce("2", COMPLAINT, "bo@b.example"), NOW).suppressed
    assert load_suppressed(store) == {
        hash_address("ada@a.example"): "hard bounce 5.1.1",
        hash_address("bo@b.example"): "complaint",
    }


def test_a_report_counts_once_and_who_is_suppressed_stays_so(store: Store) -> None:
    store.record_bounce(bounce("1", HARD), NOW)
    assert store.record_bounce(bounce("1", HARD), NOW) == Recorded(new=False)
    assert store.record_bounce(bounce("2", HARD), NOW) == Recorded(new=True)
    assert len(store.list_bounces(NOW - DAY)) == 2


def test_a_domain_that_is_not_there_suppresses_after_three(store: Store) -> None:
    found = [store.record_bounce(bounce(str(n), DOMAIN), NOW).suppressed for n in range(4)]
    assert found == [False, False, True, False]


def test_a_full_mailbox_suppresses_after_three_over_two_weeks(store: Store) -> None:
    found = [
        store.record_bounce(bounce(str(day), SOFT), NOW + day * DAY).suppressed
        for day in (0, 1, 2, 13, 14)
    ]
    assert found == [False, False, False, False, True]
    assert store.record_bounce(bounce("other", SOFT, "bo@b.example"), NOW).suppressed is False


def test_however_many_reports_of_one_delivery_come_they_count_as_one(store: Store) -> None:
    for number in range(5):
        store.record_bounce(bounce(str(number), DOMAIN, key="same"), NOW)
    assert not load_suppressed(store)
    assert store.record_bounce(bounce("block", BLOCK, key="same"), NOW).paused
    assert not store.record_bounce(bounce("block again", BLOCK, key="same"), NOW).paused


def test_however_many_blocks_suppress_nobody_and_pause_their_domain(store: Store) -> None:
    for number in range(60):
        recorded = store.record_bounce(bounce(str(number), BLOCK), NOW + timedelta(seconds=number))
        assert recorded == Recorded(new=True, paused=True)
    assert not load_suppressed(store)
    (pause,) = store.load_domain_pauses()
    assert (pause.domain, pause.since, pause.trips) == ("a.example", NOW, 1)
    assert pause.until == NOW + timedelta(seconds=59) + BLOCK_PAUSE
    assert pause.reason == "5.7.26 550 5.7.26 unauthenticated"
    assert pause.is_block


def test_a_block_after_the_pause_begins_another(store: Store) -> None:
    store.record_bounce(bounce("1", BLOCK), NOW)
    store.record_bounce(bounce("2", BLOCK), NOW + DAY)
    (pause,) = store.load_domain_pauses()
    assert (pause.since, pause.until, pause.trips) == (NOW + DAY, NOW + DAY + BLOCK_PAUSE, 2)


def test_whoever_clears_a_domain_says_whether_it_had_to_be_over(store: Store) -> None:
    store.trip_domain("a.example", 300, 3600, "550 <ada@a.example> no\0", NOW)
    (pause,) = store.load_domain_pauses()
    assert pause.reason == "550 <…@a.example> no\ufffd"
    assert not store.clear_domain("a.example", NOW)
    assert store.clear_domain("a.example", NOW + timedelta(seconds=300))
    assert not store.clear_domain("a.example")
    store.trip_domain("a.example", 300, 3600, "no", NOW)
    assert store.clear_domain("a.example")


def test_bounces_are_listed_with_what_became_of_the_address(store: Store) -> None:
    mail = Destination(DestinationKind.EMAIL, "Ada@A.example")
    save(store, announce(make_paper()))
    planned = freeze(store, CATS, make_edition(make_paper()), [(mail, NOW), (CHANNEL, NOW)])
    assert planned is not None
    key, elsewhere = (each.key for each in planned)
    assert store.address_of(key) == "Ada@A.example"
    assert store.address_of(elsewhere) is None
    assert store.address_of("nobody's") is None
    store.record_bounce(bounce("1", SOFT, "bo@b.example", key="unknown"), NOW)
    store.record_bounce(bounce("2", HARD, key=key), NOW + DAY)
    last, first = store.list_bounces(NOW)
    assert (last.address, last.domain, last.verdict, last.status, last.suppressed) == (
        ("Ada@A.example", "a.example", Verdict.HARD, "5.1.1", True)
    )
    assert last.detail == "550 5.1.1 <…@lab.example>: who?\ufffd"
    assert (first.address, first.domain, first.suppressed) == ("", "b.example", False)
    assert [each.at for each in store.list_bounces(NOW, 1)] == [NOW + DAY]
    assert store.list_bounces(NOW + 2 * DAY) == ()
    store.erase("ada@a.example", NOW + DAY)
    assert store.address_of(key) is None
    assert store.list_bounces(NOW, 1)[0].address == ""


def test_reports_on_one_address_that_come_together_are_counted_together(store: Store) -> None:
    with ThreadPoolExecutor(4) as threads:
        found = list(
            threads.map(
                lambda number: store.record_bounce(bounce(str(number), DOMAIN), NOW).suppressed,
                range(12),
            )
        )
    assert found.count(True) == 1
