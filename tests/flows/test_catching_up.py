from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from bot.adapters.store import Store
from bot.core.editions import BatchState, CategoryReceipt
from bot.core.papers import Announcement, AnnounceType
from bot.core.polling import announcement_days
from bot.errors import SourceError
from bot.flows.catching_up import (
    Backfill,
    Gap,
    backfill,
    catch_up,
    find_gaps,
    oldest_kept,
    plan_backfill,
)
from bot.flows.ingest import Ingest
from tests.fakes.papers import announce, make_paper
from tests.fakes.sources import CannedSource
from tests.fakes.stores import MemoryStore

if TYPE_CHECKING:
    from bot.flows.catching_up import CatchUpStore, History

# 01:00 on a Thursday in New York, whose announcement was made five hours before.
NOW = datetime(2025, 12, 4, 6, tzinfo=UTC)
THURSDAY = date(2025, 12, 4)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
OLDEST = date(2025, 9, 5)
DOWN = SourceError("https://arxiv.example/catchup", "answered 503")
OLD_FAULT = "read from OAI-PMH: not all is known."

E, C = BatchState.EMPTY, BatchState.COMPLETE


def december(number: int) -> date:
    return date(2025, 12, number)


MONDAY, TUESDAY, WEDNESDAY = december(1), december(2), december(3)
FRIDAY = date(2025, 11, 28)


class KeptDays:
    """A history of what a test puts into it; a day that is not there was empty."""

    def __init__(self, *answers: Announcement, down: Sequence[Gap] = ()) -> None:
        self.answers = {(each.category, each.day): each for each in answers}
        self.down = {(gap.category, gap.day) for gap in down}
        self.asked: list[str] = []

    def read(self, category: str, day: date | None) -> Announcement:
        assert day is not None
        self.asked.append(f"{category} {day}")
        if (category, day) in self.down:
            raise DOWN
        return self.answers.get((category, day), announce(category=category, day=day))

    def read_older(self, category: str, since: date, until: date) -> Iterator[Announcement]:
        self.asked.append(f"{category} {since}..{until}")
        for day in announcement_days(since - DAY, until):
            if (category, day) in self.down:
                raise DOWN
            known = self.answers.get((category, day))
            papers = [entry.paper for entry in known.entries] if known else []
            yield announce(*papers, category=category, day=day, faults=[OLD_FAULT])


def line(day: date, state: BatchState = C, category: str = "cs.CV") -> CategoryReceipt:
    read = 0 if state is E else 1
    return CategoryReceipt(category, day, state, read, read)


def holding(*lines: CategoryReceipt) -> MemoryStore:
    store = MemoryStore()
    for each in lines:
        store.lines[each.category, each.day] = each
    return store


def gaps(store: MemoryStore, *categories: str, now: datetime = NOW) -> list[str]:
    found = find_gaps(store, categories or ("cs.CV",), now)
    return [f"{gap.category} {gap.day} {gap.state}" for gap in found]


# Which days are missed


def test_nothing_is_missed_of_a_category_that_was_never_read() -> None:
    assert gaps(MemoryStore()) == []
    assert gaps(holding(line(WEDNESDAY, category="cs.RO"))) == []


def test_every_weekday_since_the_last_one_read_is_missed_but_the_newest() -> None:
    assert gaps(holding(line(FRIDAY))) == [
        f"cs.CV {day} None" for day in (MONDAY, TUESDAY, WEDNESDAY)
    ]


def test_the_day_before_is_missed_once_the_next_is_announced() -> None:
    store = holding(line(WEDNESDAY))
    evening = datetime(2025, 12, 5, 0, 59, tzinfo=UTC)
    assert gaps(store, now=evening) == []
    assert gaps(store, now=evening + timedelta(minutes=1)) == [f"cs.CV {THURSDAY} None"]


def test_days_are_missed_although_the_newest_was_read_after_them() -> None:
    store = holding(line(MONDAY), line(THURSDAY))
    assert gaps(store) == [f"cs.CV {TUESDAY} None", f"cs.CV {WEDNESDAY} None"]


def test_the_oldest_day_comes_first_and_categories_in_their_order() -> None:
    store = holding(line(MONDAY), line(TUESDAY, category="cs.AI"))
    assert gaps(store, "cs.CV", "cs.AI") == [
        f"cs.CV {TUESDAY} None",
        f"cs.CV {WEDNESDAY} None",
        f"cs.AI {WEDNESDAY} None",
    ]


def test_after_a_long_time_only_what_arxiv_keeps_is_missed() -> None:
    missed = gaps(holding(line(date(2025, 5, 1))))
    assert missed[0] == f"cs.CV {OLDEST} None"
    assert missed[-1] == f"cs.CV {WEDNESDAY} None"
    assert len(missed) == 64
    assert oldest_kept(NOW) == OLDEST
    assert oldest_kept(NOW - timedelta(hours=2)) == OLDEST - DAY


@pytest.mark.parametrize("state", BatchState)
def test_what_was_not_read_whole_is_to_be_read_again(state: BatchState) -> None:
    store = holding(line(FRIDAY), line(MONDAY, state), line(TUESDAY), line(WEDNESDAY))
    assert gaps(store) == ([] if state is C else [f"cs.CV {MONDAY} {state}"])


def test_a_day_that_failed_is_missed_even_where_nothing_was_ever_read() -> None:
    assert gaps(holding(line(TUESDAY, BatchState.FAILED))) == [f"cs.CV {TUESDAY} failed"]


def test_weekends_and_the_newest_day_are_never_missed() -> None:
    store = holding(
        line(FRIDAY),
        line(FRIDAY + DAY, E),
        line(FRIDAY + 2 * DAY, BatchState.FAILED),
        *map(line, (MONDAY, TUESDAY, WEDNESDAY)),
        line(THURSDAY, BatchState.LATE),
    )
    assert gaps(store) == []


def test_a_day_that_is_kept_no_more_is_never_missed() -> None:
    store = holding(line(OLDEST - 3 * DAY, BatchState.PARTIAL), line(WEDNESDAY))
    assert f"{OLDEST - 3 * DAY}" not in "".join(gaps(store))


# Reading them


def run(
    store: "CatchUpStore", history: "History", now: datetime = NOW, *categories: str
) -> list[str]:
    heard: list[CategoryReceipt] = []
    found = find_gaps(store, categories or ("cs.CV",), now)
    done = catch_up(found, history, store, now, heard.append)
    assert done == tuple(heard)
    return [f"{each.category} {each.day} {each.state}" for each in done]


def test_missed_days_are_read_and_stored() -> None:
    store = holding(line(MONDAY))
    history = KeptDays(
        announce(make_paper(1), make_paper(2), day=TUESDAY),
        announce(make_paper(3), day=WEDNESDAY, unread=1, faults=["one is missing"]),
    )
    assert run(store, history) == [f"cs.CV {TUESDAY} complete", f"cs.CV {WEDNESDAY} partial"]
    (known,) = store.receipts(TUESDAY, ["cs.CV"])
    assert (known.read, known.new, known.stored) == (2, 2, 2)
    assert store.receipts(WEDNESDAY, ["cs.CV"])[0].problems == ("one is missing",)
    assert store.count_papers(TUESDAY, ["cs.CV"]) == 2


def test_one_bad_page_stops_no_other_and_is_remembered() -> None:
    store = holding(line(FRIDAY))
    history = KeptDays(
        announce(make_paper(1), day=MONDAY),
        announce(make_paper(3), day=WEDNESDAY),
        down=[Gap("cs.CV", TUESDAY)],
    )
    assert run(store, history) == [
        f"cs.CV {MONDAY} complete",
        f"cs.CV {TUESDAY} failed",
        f"cs.CV {WEDNESDAY} complete",
    ]
    (failed,) = store.receipts(TUESDAY, ["cs.CV"])
    assert failed.problems == ("https://arxiv.example/catchup: answered 503",)


def test_after_five_failures_in_a_row_arxiv_is_left_alone_for_now() -> None:
    days = announcement_days(date(2025, 11, 16), WEDNESDAY)
    store = holding(line(days[0] - 3 * DAY))
    bad = [days[0], *days[2:]]
    history = KeptDays(down=[Gap("cs.CV", day) for day in bad])
    assert run(store, history) == [
        f"cs.CV {day} {'empty' if day == days[1] else 'failed'}" for day in days[:7]
    ]
    # The others were not asked for, so their turn is not over.
    assert run(store, history, NOW + HOUR / 2)[0] == f"cs.CV {days[7]} failed"


def test_a_source_that_serves_another_day_is_not_believed() -> None:
    store = holding(line(TUESDAY))
    history = KeptDays()
    history.answers["cs.CV", WEDNESDAY] = announce(make_paper(1), day=TUESDAY)
    assert run(store, history) == [f"cs.CV {WEDNESDAY} late"]
    assert store.count_papers(WEDNESDAY, ["cs.CV"]) == 0


def test_a_day_is_asked_for_once_an_hour_until_it_is_read() -> None:
    store, history = holding(line(TUESDAY)), KeptDays(down=[Gap("cs.CV", WEDNESDAY)])
    asked = f"cs.CV {WEDNESDAY}"
    for minutes, times in ((0, 1), (59, 1), (60, 2), (119, 2), (120, 3)):
        run(store, history, NOW + timedelta(minutes=minutes))
        assert history.asked == [asked] * times
    history.down.clear()
    history.answers["cs.CV", WEDNESDAY] = announce(make_paper(1), day=WEDNESDAY)
    assert run(store, history, NOW + 3 * HOUR) == [f"{asked} complete"]
    assert run(store, history, NOW + 9 * HOUR) == []


def test_processes_ask_together_at_most_once_an_hour() -> None:
    store = holding(line(TUESDAY))
    found = find_gaps(store, ["cs.CV"], NOW)
    one, other = KeptDays(down=found), KeptDays(down=found)
    catch_up(found, one, store, NOW)
    catch_up(found, other, store, NOW + timedelta(minutes=5))
    assert (len(one.asked), len(other.asked)) == (1, 0)
    assert store.turns == {f"catch-up cs.CV {WEDNESDAY}": NOW}


@pytest.mark.parametrize("state", [BatchState.PARTIAL, BatchState.TRUNCATED])
def test_what_was_read_in_part_is_read_at_once_and_then_once_a_day(state: BatchState) -> None:
    store = holding(line(TUESDAY), line(WEDNESDAY, state))
    history = KeptDays(announce(make_paper(1), day=WEDNESDAY, unread=1))
    for hours, times in ((0, 1), (23, 1), (24, 2)):
        # A day later there is one day more to be read.
        run(store, history, NOW + hours * HOUR)
        assert history.asked.count(f"cs.CV {WEDNESDAY}") == times
    assert store.receipts(WEDNESDAY, ["cs.CV"])[0].state is BatchState.PARTIAL


def test_a_fuller_reading_takes_the_place_of_a_part() -> None:
    store = MemoryStore()
    one, two = make_paper(1), make_paper(2)
    source = CannedSource({"cs.CV": announce(one, day=WEDNESDAY, unread=1, truncated=True)})
    Ingest(source, store).run(WEDNESDAY, ("cs.CV",), NOW)
    history = KeptDays(announce(one, two, day=WEDNESDAY))
    assert run(store, history) == [f"cs.CV {WEDNESDAY} complete"]
    assert (store.receipts(WEDNESDAY, ["cs.CV"])[0].read, store.count()) == (2, 2)
    assert gaps(store) == []


def test_an_empty_day_is_proved_once_and_then_left_alone() -> None:
    store, history = holding(line(TUESDAY), line(WEDNESDAY, E)), KeptDays()
    assert run(store, history) == [f"cs.CV {WEDNESDAY} empty"]
    assert store.receipts(WEDNESDAY, ["cs.CV"])[0].state is E
    for days in range(1, 9):
        assert f"cs.CV {WEDNESDAY} empty" not in gaps(store, now=NOW + days * DAY)
    assert len(history.asked) == 1


def test_an_empty_day_that_could_not_be_proved_is_asked_for_again() -> None:
    store = holding(line(TUESDAY), line(WEDNESDAY, E))
    history = KeptDays(down=[Gap("cs.CV", WEDNESDAY)])
    assert run(store, history) == [f"cs.CV {WEDNESDAY} failed"]
    assert gaps(store) == [f"cs.CV {WEDNESDAY} empty"]
    assert run(store, history, NOW + 2 * HOUR) == []
    history.down.clear()
    assert f"cs.CV {WEDNESDAY} empty" in run(store, history, NOW + DAY)


def test_a_day_that_was_empty_by_the_feed_alone_is_read_after_all() -> None:
    store = holding(line(TUESDAY), line(WEDNESDAY, E))
    history = KeptDays(announce(make_paper(1), day=WEDNESDAY))
    assert run(store, history) == [f"cs.CV {WEDNESDAY} complete"]
    assert gaps(store) == []


# Old days after newer ones


def served(store: MemoryStore, announcement: Announcement) -> None:
    """Store what a feed served."""
    source = CannedSource({announcement.category: announcement})
    Ingest(source, store).run(announcement.day, (announcement.category,), NOW)


def test_a_day_is_no_repetition_of_the_day_after_it() -> None:
    store = MemoryStore()
    batch = [make_paper(1), make_paper(2)]
    served(store, announce(make_paper(9), day=MONDAY))
    served(store, announce(*batch, make_paper(3), day=WEDNESDAY))
    history = KeptDays(announce(*batch, day=TUESDAY))
    assert run(store, history) == [f"cs.CV {TUESDAY} complete"]


def test_a_page_is_believed_although_it_holds_what_the_day_before_held() -> None:
    store = MemoryStore()
    paper = make_paper(1, 3)
    served(store, announce(paper, day=TUESDAY, kind=AnnounceType.REPLACE))
    history = KeptDays(announce(paper, day=WEDNESDAY, kind=AnnounceType.REPLACE))
    assert run(store, history) == [f"cs.CV {WEDNESDAY} complete"]


def test_no_day_is_read_twice_where_all_pages_hold_the_same() -> None:
    store = MemoryStore()
    days = (MONDAY, TUESDAY, WEDNESDAY)
    history = KeptDays(*(announce(make_paper(1), day=day, unread=1) for day in days))
    for _ in range(2):
        backfill(plan_backfill(store, ["cs.CV"], MONDAY, WEDNESDAY, NOW), history, store, NOW)
    assert history.asked == 2 * [f"cs.CV {day}" for day in days]


def test_a_day_whose_feed_repeated_the_missed_one_is_read_anew() -> None:
    store = MemoryStore()
    batch, real = [make_paper(1), make_paper(2)], [make_paper(3), make_paper(4), make_paper(5)]
    served(store, announce(make_paper(9), day=MONDAY))
    # Tuesday was missed, so nobody could tell that Wednesday's feed was Tuesday's.
    served(store, announce(*batch, day=WEDNESDAY))
    assert store.receipts(WEDNESDAY, ["cs.CV"])[0].state is C
    later = [make_paper(1, 2), make_paper(2)]
    history = KeptDays(announce(*later, day=TUESDAY), announce(*real, day=WEDNESDAY))
    assert run(store, history) == [f"cs.CV {TUESDAY} complete", f"cs.CV {WEDNESDAY} complete"]
    assert store.receipts(WEDNESDAY, ["cs.CV"])[0].read == 3
    assert {"2512.00003", "2512.00004", "2512.00005"} <= {
        base_id for base_id, _ in store.batch_before("cs.CV", THURSDAY)
    }
    assert history.asked == [f"cs.CV {TUESDAY}", f"cs.CV {WEDNESDAY}"]


@pytest.mark.parametrize(
    "after",
    [
        announce(make_paper(1), make_paper(3), day=WEDNESDAY),
        announce(make_paper(1), day=WEDNESDAY, kind=AnnounceType.REPLACE),
        announce(day=WEDNESDAY),
    ],
    ids=["one more", "another kind", "empty"],
)
def test_no_other_day_after_is_read_anew(after: Announcement) -> None:
    store = MemoryStore()
    served(store, announce(make_paper(9), day=MONDAY))
    served(store, after)
    history = KeptDays(announce(make_paper(1), make_paper(2), day=TUESDAY))
    found = [gap for gap in find_gaps(store, ["cs.CV"], NOW) if gap.day == TUESDAY]
    catch_up(found, history, store, NOW)
    assert history.asked == [f"cs.CV {TUESDAY}"]


# Filling the database with the past


def fill(
    store: MemoryStore,
    history: KeptDays,
    since: date,
    until: date = WEDNESDAY,
    categories: Sequence[str] = ("cs.CV",),
) -> list[str]:
    plan = plan_backfill(store, categories, since, until, NOW)
    heard: list[CategoryReceipt] = []
    done = backfill(plan, history, store, NOW, heard.append)
    assert done == tuple(heard)
    return [f"{each.category} {each.day} {each.state}" for each in done]


def test_a_backfill_reads_every_weekday_of_every_category() -> None:
    store = MemoryStore()
    history = KeptDays(announce(make_paper(1), day=MONDAY))
    assert fill(store, history, FRIDAY, categories=("cs.CV", "cs.RO")) == [
        f"{category} {day} {'complete' if (category, day) == ('cs.CV', MONDAY) else 'empty'}"
        for day in (FRIDAY, MONDAY, TUESDAY, WEDNESDAY)
        for category in ("cs.CV", "cs.RO")
    ]
    assert len(history.asked) == 8


def test_a_backfill_leaves_the_newest_day_to_its_feed() -> None:
    history = KeptDays()
    fill(MemoryStore(), history, WEDNESDAY, THURSDAY + 9 * DAY)
    assert history.asked == [f"cs.CV {WEDNESDAY}"]


def test_a_backfill_goes_on_where_it_was_stopped() -> None:
    store, history = MemoryStore(), KeptDays()
    for number, day in enumerate((MONDAY, TUESDAY, WEDNESDAY)):
        history.answers["cs.CV", day] = announce(make_paper(number), day=day)
    plan = plan_backfill(store, ["cs.CV"], FRIDAY, WEDNESDAY, NOW)
    assert plan == Backfill(
        tuple(Gap("cs.CV", day) for day in (FRIDAY, MONDAY, TUESDAY, WEDNESDAY)), (), 0
    )

    def stop(receipt: CategoryReceipt) -> None:
        if receipt.day == MONDAY:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        backfill(plan, history, store, NOW, stop)
    history.asked.clear()
    plan = plan_backfill(store, ["cs.CV"], FRIDAY, WEDNESDAY, NOW)
    assert (plan.size, plan.known) == (2, 2)
    backfill(plan, history, store, NOW)
    assert history.asked == [f"cs.CV {TUESDAY}", f"cs.CV {WEDNESDAY}"]
    assert plan_backfill(store, ["cs.CV"], FRIDAY, WEDNESDAY, NOW).size == 0


def test_a_backfill_reads_again_what_was_read_in_part_or_was_empty_by_the_feed_alone() -> None:
    store = holding(
        line(MONDAY, BatchState.PARTIAL),
        line(TUESDAY, E),
        line(WEDNESDAY, BatchState.FAILED),
        line(FRIDAY),
    )
    plan = plan_backfill(store, ["cs.CV"], FRIDAY, WEDNESDAY, NOW)
    assert plan.kept == (
        Gap("cs.CV", MONDAY, BatchState.PARTIAL),
        Gap("cs.CV", TUESDAY, E),
        Gap("cs.CV", WEDNESDAY, BatchState.FAILED),
    )


def test_a_backfill_waits_for_nobodys_turn() -> None:
    store = MemoryStore()
    history = KeptDays(announce(make_paper(1), day=WEDNESDAY))
    store.take_turn(Gap("cs.CV", WEDNESDAY).turn, NOW, HOUR)
    assert fill(store, history, WEDNESDAY) == [f"cs.CV {WEDNESDAY} complete"]


OLD = OLDEST - timedelta(days=4)


def test_a_backfill_begins_with_arxivs_first_day() -> None:
    plan = plan_backfill(MemoryStore(), ["hep-th"], date.min, date(1991, 8, 15), NOW)
    assert plan.older == (Gap("hep-th", date(1991, 8, 14)), Gap("hep-th", date(1991, 8, 15)))


def test_older_days_are_read_a_category_at_a_time_and_marked() -> None:
    # A Monday to a Friday, of which the last has a page.
    assert (OLD.weekday(), OLDEST.weekday()) == (0, 4)
    store = MemoryStore()
    history = KeptDays(
        announce(make_paper(1), day=OLD + DAY),
        announce(make_paper(2), day=OLDEST),
        announce(make_paper(3), category="cs.AI", day=OLD),
    )
    lines = fill(store, history, OLD, OLDEST, ("cs.CV", "cs.AI"))
    assert history.asked == [
        f"cs.CV {OLDEST}",
        f"cs.AI {OLDEST}",
        f"cs.AI {OLD}..{OLD + 3 * DAY}",
        f"cs.CV {OLD}..{OLD + 3 * DAY}",
    ]
    assert lines[0] == f"cs.CV {OLDEST} complete"
    assert lines[2] == f"cs.AI {OLD} complete"
    assert len(lines) == 10
    (known,) = store.receipts(OLD + DAY, ["cs.CV"])
    assert (known.state, known.read, known.problems) == (C, 1, (OLD_FAULT,))
    assert plan_backfill(store, ["cs.CV", "cs.AI"], OLD, OLDEST, NOW).size == 0


def test_older_days_that_are_there_are_not_stored_again() -> None:
    store = holding(line(OLD, BatchState.PARTIAL), line(OLD + 2 * DAY, E))
    history = KeptDays(announce(make_paper(1), day=OLD))
    assert fill(store, history, OLD, OLD + 3 * DAY) == [
        f"cs.CV {OLD + DAY} empty",
        f"cs.CV {OLD + 3 * DAY} empty",
    ]
    assert history.asked == [f"cs.CV {OLD + DAY}..{OLD + 3 * DAY}"]
    assert store.receipts(OLD, ["cs.CV"])[0].state is BatchState.PARTIAL


def test_a_category_whose_older_days_cannot_be_had_stops_no_other() -> None:
    store = MemoryStore()
    history = KeptDays(down=[Gap("cs.AI", OLD + DAY)])
    assert fill(store, history, OLD, OLD + DAY, ("cs.AI", "cs.CV")) == [
        f"cs.AI {OLD} empty",
        f"cs.AI {OLD + DAY} failed",
        f"cs.CV {OLD} empty",
        f"cs.CV {OLD + DAY} empty",
    ]
    assert plan_backfill(store, ["cs.AI", "cs.CV"], OLD, OLD + DAY, NOW).older == (
        Gap("cs.AI", OLD + DAY),
    )


# On real databases


def test_a_database_remembers_all_that_catching_up_needs(store: Store) -> None:
    for day, batch in ((MONDAY, [make_paper(1)]), (THURSDAY, [make_paper(4)])):
        source = CannedSource({"cs.CV": announce(*batch, day=day)})
        Ingest(source, store).run(day, ("cs.CV",), NOW)
    history = KeptDays(
        announce(make_paper(2), make_paper(3), day=TUESDAY), down=[Gap("cs.CV", WEDNESDAY)]
    )
    assert run(store, history) == [f"cs.CV {TUESDAY} complete", f"cs.CV {WEDNESDAY} failed"]
    assert run(store, history) == []
    history.down.clear()
    assert run(store, history, NOW + HOUR) == [f"cs.CV {WEDNESDAY} empty"]
    assert find_gaps(store, ["cs.CV"], NOW + HOUR) == ()
    lines = store.receipts_since(TUESDAY, ["cs.RO", "cs.CV"])
    assert [(each.day, each.state.value) for each in lines] == [
        (TUESDAY, "complete"),
        (WEDNESDAY, "empty"),
        (THURSDAY, "complete"),
    ]


def test_a_database_merges_a_fuller_reading_and_keeps_it_before_a_lesser(store: Store) -> None:
    one, two = make_paper(1), make_paper(2)
    source = CannedSource({"cs.CV": announce(one, day=WEDNESDAY, unread=1)})
    Ingest(source, store).run(WEDNESDAY, ("cs.CV",), NOW)
    assert run(store, KeptDays(announce(one, two, day=WEDNESDAY))) == [
        f"cs.CV {WEDNESDAY} complete"
    ]
    assert store.count_papers(WEDNESDAY, ["cs.CV"]) == 2
    Ingest(source, store).run(WEDNESDAY, ("cs.CV",), NOW)
    (known,) = store.receipts(WEDNESDAY, ["cs.CV"])
    assert (known.state, known.read) == (C, 2)


def test_receipts_since_a_day_come_oldest_first_in_the_categories_order(store: Store) -> None:
    for day in (TUESDAY, MONDAY, FRIDAY):
        for category in ("cs.CV", "cs.AI"):
            store.save_receipt(line(day, BatchState.FAILED, category), NOW)
    known = store.receipts_since(MONDAY, ["cs.CV", "cs.AI", "cs.RO"])
    assert [(each.day, each.category) for each in known] == [
        (day, category) for day in (MONDAY, TUESDAY) for category in ("cs.CV", "cs.AI")
    ]
    assert store.receipts_since(THURSDAY, ["cs.CV"]) == ()


if TYPE_CHECKING:
    _HISTORY: History = KeptDays()
    _STORE: CatchUpStore = MemoryStore()
