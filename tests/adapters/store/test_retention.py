"""Throwing away what is old, and what must never be thrown away with it."""

import threading
from datetime import date, timedelta

import pytest

from bot.adapters.store import Store
from bot.core.announcing import name_batch
from bot.core.editions import BatchState, CategoryReceipt, DeliveryState
from bot.core.papers import AnnounceType
from bot.core.records import Mark, Pruned
from bot.core.slack_names import Person
from bot.flows.catching_up import find_gaps
from bot.flows.ingest import build_line
from tests.adapters.store.made_up import (
    CATS,
    DAY,
    MAIL,
    MINUTE,
    NOW,
    announce,
    dump,
    freeze,
    make_edition,
    make_paper,
    save,
    take,
)

PENDING, SENDING, SENT, RETRY, UNKNOWN, FAILED, CANCELLED = DeliveryState
A_DAY = timedelta(days=1)
OLD = DAY - timedelta(days=200)
BEFORE = DAY - timedelta(days=100)


def rest(_seconds: float) -> None:
    """Take no rest."""


def prune(store: Store, *, papers_before: date | None = BEFORE, at_once: int = 10) -> Pruned:
    return store.prune(papers_before, None, at_once, rest)


def stored(store: Store, *numbers: int) -> list[int]:
    return [number for number in numbers if store.load_paper(make_paper(number).base_id)]


@pytest.fixture
def kept(store: Store) -> Store:
    """Give a store whose newest batch of cs.CV and cs.RO is a day's of now, without old ones."""
    save(store, announce(make_paper(90)))
    save(store, announce(make_paper(91), category="cs.RO"))
    # The newest of the old batches, which stay.
    save(store, announce(make_paper(92), day=BEFORE - A_DAY))
    save(store, announce(make_paper(93), category="cs.RO", day=BEFORE - A_DAY))
    return store


def test_papers_go_with_all_that_belongs_to_them(kept: Store, database_url: str) -> None:
    prune(kept)
    before = dump(database_url)
    save(kept, announce(make_paper(1), make_paper(2), day=OLD))
    save(kept, announce(make_paper(1), category="cs.RO", day=OLD, kind=AnnounceType.CROSS))
    save(kept, announce(make_paper(1, 2), day=OLD + A_DAY, kind=AnnounceType.REPLACE))
    assert kept.search("kind 2", 9)
    expected = Pruned(papers=2, versions=3, entries=4, receipts=3)
    assert kept.count_prunable(BEFORE, None) == expected
    assert prune(kept) == expected
    assert stored(kept, 1, 2, 90, 91, 92, 93) == [90, 91, 92, 93]
    assert [each.paper.base_id for each in kept.search("kind", 9)] == [
        make_paper(number).base_id for number in (93, 92, 91, 90)
    ]
    after = dump(database_url)
    assert {name: rows for name, rows in after.items() if name != "counters"} == {
        name: rows for name, rows in before.items() if name != "counters"
    }
    assert not prune(kept)
    assert not kept.count_prunable(BEFORE, None)


def test_a_paper_that_is_announced_again_lately_stays_whole(kept: Store) -> None:
    save(kept, announce(make_paper(1), make_paper(2), make_paper(3), day=OLD))
    save(kept, announce(make_paper(1, 2), day=BEFORE, kind=AnnounceType.REPLACE))
    save(kept, announce(make_paper(2), category="cs.RO", day=DAY, kind=AnnounceType.CROSS))
    assert prune(kept).papers == 1
    assert stored(kept, 1, 2, 3) == [1, 2]
    assert [each.day for each in kept.load_sightings(make_paper(1).base_id)] == [OLD, BEFORE]


def test_a_frozen_edition_can_always_be_shown_again(kept: Store) -> None:
    first, other = make_paper(1), make_paper(2)
    save(kept, announce(first, other, day=OLD))
    edition = make_edition(first, day=OLD)
    (planned,) = freeze(kept, CATS, edition, [(MAIL, NOW)]) or ()
    save(kept, announce(make_paper(1, 2), day=OLD + A_DAY, kind=AnnounceType.REPLACE))
    prune(kept)
    assert stored(kept, 1, 2) == [1]
    claim = take(kept, planned.id)
    assert claim
    assert claim.edition == edition
    # What was shown is known still, so that it never comes twice.
    assert kept.shown_keys([first.base_id]) == {CATS.key: frozenset({first.base_id})}
    assert kept.edition_spans()[CATS.key].last == OLD


def test_a_repeated_batch_is_told_however_old_the_one_before_is(kept: Store) -> None:
    rare = [make_paper(number) for number in (1, 2)]
    for day in (OLD - A_DAY, OLD):
        papers = rare if day == OLD else [make_paper(3)]
        save(kept, announce(*papers, category="math.HO", day=day))
    assert prune(kept).papers == 1
    assert stored(kept, 1, 2, 3) == [1, 2]
    repeated = announce(*rare, category="math.HO", day=DAY)
    before = kept.batch_before("math.HO", DAY)
    assert before == name_batch(repeated.entries)
    assert build_line(repeated, before).state is BatchState.STALE
    # Once another batch follows, that one is old and the next is kept.
    save(kept, announce(make_paper(4), category="math.HO", day=OLD + A_DAY))
    assert prune(kept).papers == 2
    assert stored(kept, 1, 2, 4) == [4]


def test_catching_up_begins_where_it_would_have(kept: Store) -> None:
    """After long downtime the newest receipt is old itself, and tells that there is a gap."""
    quiet = announce(category="math.HO", day=OLD)
    kept.save_receipt(CategoryReceipt("math.HO", OLD, BatchState.EMPTY), NOW)
    failed = CategoryReceipt("math.HO", OLD + A_DAY, BatchState.FAILED, problems=("away",))
    kept.save_receipt(failed, NOW)
    categories = ["cs.CV", "cs.RO", "math.HO", "cs.AI"]
    gaps = find_gaps(kept, categories, NOW)
    # Of the others the days between their two batches were never read.
    assert {gap.category for gap in gaps} == {"cs.CV", "cs.RO", "math.HO"}
    assert prune(kept).receipts == 1
    assert kept.last_announced("math.HO") == quiet.day
    assert find_gaps(kept, categories, NOW) == gaps


def test_receipts_of_old_days_go_and_their_counts_stay(kept: Store) -> None:
    for number in range(1, 6):
        save(kept, announce(make_paper(number), day=OLD + number * A_DAY))
    counted = kept.count_announced()
    assert prune(kept).receipts == 5
    assert kept.count_announced() == counted
    assert kept.receipts(OLD + A_DAY, ["cs.CV"]) == ()
    assert kept.receipts(DAY, ["cs.CV"])


@pytest.mark.parametrize("at_once", [1, 2, 100])
def test_little_is_taken_at_once_and_then_rested(kept: Store, at_once: int) -> None:
    save(kept, announce(*(make_paper(number) for number in range(1, 6)), day=OLD))
    rests: list[float] = []
    pruned = kept.prune(BEFORE, None, at_once, rests.append)
    assert pruned.papers == 5
    assert len(rests) == -(-5 // at_once)
    assert all(seconds > 0 for seconds in rests)


def test_nothing_goes_where_nothing_is(store: Store) -> None:
    assert prune(store) == store.count_prunable(BEFORE, NOW) == Pruned()


def test_nothing_goes_where_all_is_kept_for_ever(kept: Store, database_url: str) -> None:
    save(kept, announce(make_paper(1), day=OLD))
    before = dump(database_url)
    assert kept.prune(None, None, 10, rest) == kept.count_prunable(None, None) == Pruned()
    assert dump(database_url) == before


def bring(store: Store, number: int, state: DeliveryState) -> int:
    """Bring a delivery into a state, one minute after it was planned."""
    paper, day = make_paper(number), DAY + number * A_DAY
    save(store, announce(paper, day=day))
    (planned,) = freeze(store, CATS, make_edition(paper, day=day), [(MAIL, NOW)]) or ()
    at = NOW + MINUTE
    if state is CANCELLED:
        store.change_delivery(planned.id, state, at, "called off")
    elif state is not PENDING:
        claim = take(store, planned.id, NOW, 1000 * A_DAY)
        assert claim
        if state is not SENDING:
            assert store.settle(claim, state, at=at, detail=f"it is {state}")
    return planned.id


def test_histories_of_what_was_settled_before_go_and_the_deliveries_stay(
    store: Store, database_url: str
) -> None:
    ids = {state: bring(store, number, state) for number, state in enumerate(DeliveryState)}
    before = dump(database_url)
    steps = sum(len((store.load_delivery(ids[state]) or (0, ()))[1]) for state in (SENT, FAILED))
    steps += 2
    at = NOW + MINUTE
    assert store.count_prunable(None, at) == store.prune(None, at, 2, rest) == Pruned()
    later = at + timedelta(microseconds=1)
    assert store.count_prunable(None, later) == Pruned(steps=steps)
    assert store.prune(None, later, 2, rest) == Pruned(steps=steps)
    after = dump(database_url)
    assert after["deliveries"] == before["deliveries"]
    for state, number in ids.items():
        found = store.load_delivery(number)
        assert found
        line, history = found
        ended = state in (SENT, FAILED, CANCELLED)
        assert bool(history) is not ended
        assert (line.last is None) is ended
        assert line.delivery.state is state
    (showing,) = store.load_showings(make_paper(2).base_id)
    assert (showing.state, showing.steps, showing.detail, showing.at) == (SENT, (), "", None)


def test_what_failed_and_is_taken_up_again_keeps_its_history(store: Store) -> None:
    number = bring(store, 1, FAILED)
    assert store.change_delivery(number, RETRY, NOW + 2 * MINUTE, "asked")
    assert not store.prune(None, NOW + A_DAY, 2, rest)


def test_what_is_taken_up_again_meanwhile_keeps_its_history(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    number = bring(store, 1, FAILED)
    writing = store.writing
    taken: list[bool] = []

    def take_up_first(lock: int | None = None) -> object:
        if not taken:
            taken.append(True)
            assert store.change_delivery(number, RETRY, NOW + 2 * MINUTE, "asked")
        return writing(lock)

    monkeypatch.setattr(store, "writing", take_up_first)
    assert store.prune(None, NOW + A_DAY, 2, rest) == Pruned()
    assert taken


def test_a_paper_that_is_announced_or_shown_meanwhile_stays(
    kept: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in (1, 2, 3):
        save(kept, announce(make_paper(number), day=OLD))
    writing = kept.writing
    done: list[bool] = []

    def come_first(lock: int | None = None) -> object:
        if not done:
            done.append(True)
            save(kept, announce(make_paper(1), category="cs.RO", kind=AnnounceType.CROSS))
            freeze(kept, CATS, make_edition(make_paper(2)), [])
        return writing(lock)

    monkeypatch.setattr(kept, "writing", come_first)
    assert prune(kept).papers == 1
    assert stored(kept, 1, 2, 3) == [1, 2]


def test_where_all_of_some_papers_are_needed_meanwhile_none_goes(
    kept: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    save(kept, announce(make_paper(1), day=OLD))
    writing = kept.writing
    done: list[bool] = []

    def come_first(lock: int | None = None) -> object:
        if not done:
            done.append(True)
            freeze(kept, CATS, make_edition(make_paper(1)), [])
        return writing(lock)

    monkeypatch.setattr(kept, "writing", come_first)
    assert prune(kept).papers == 0
    assert stored(kept, 1) == [1]


def test_others_write_while_much_is_thrown_away(kept: Store) -> None:
    """Whoever announces and freezes meanwhile neither fails nor loses anything."""
    for number in range(100, 400, 50):
        batch = [make_paper(each) for each in range(number, number + 50)]
        save(kept, announce(*batch, day=OLD + (number - 100) * A_DAY / 50))
    faults: list[BaseException] = []

    def write(worker: int) -> None:
        try:
            for each in range(5):
                number = 1000 + 10 * worker + each
                day = DAY + (5 * worker + each) * A_DAY
                save(kept, announce(make_paper(number), day=day))
                freeze(kept, CATS, make_edition(make_paper(number), day=day), [(MAIL, NOW)])
        except BaseException as error:  # noqa: BLE001 - told below
            faults.append(error)

    writers = [threading.Thread(target=write, args=(worker,)) for worker in range(3)]
    for writer in writers:
        writer.start()
    pruned = kept.prune(BEFORE, None, 10)
    for writer in writers:
        writer.join()
    assert faults == []
    assert pruned.papers == 300
    assert len(kept.list_deliveries()) == 15
    assert kept.count() == 4 + 15


def test_what_somebody_saved_stays(kept: Store) -> None:
    for number in (1, 2):
        save(kept, announce(make_paper(number), day=OLD + number * A_DAY))
    ada = Person("T01", "U01")
    kept.save_mark(ada, Mark.SAVED, make_paper(1).base_id, NOW)
    kept.save_mark(ada, Mark.UNWANTED, make_paper(2).base_id, NOW)
    prune(kept)
    assert stored(kept, 1, 2) == [1]
