from collections.abc import Iterable
from datetime import date, timedelta

from bot.adapters.store import Store
from bot.core.papers import AnnounceType
from bot.core.records import Sighting
from tests.adapters.store.made_up import DAY, announce, make_paper, save

NEXT_DAY = DAY + timedelta(days=1)


def test_sightings_are_every_announcement_oldest_first(store: Store) -> None:
    save(store, announce(make_paper(1, 2), day=NEXT_DAY, kind=AnnounceType.REPLACE))
    save(store, announce(make_paper(1), category="cs.RO", kind=AnnounceType.CROSS))
    save(store, announce(make_paper(1)))
    assert store.load_sightings("2512.00001") == (
        Sighting(DAY, "cs.CV", AnnounceType.NEW, 1),
        Sighting(DAY, "cs.RO", AnnounceType.CROSS, 1),
        Sighting(NEXT_DAY, "cs.CV", AnnounceType.REPLACE, 2),
    )
    assert store.load_sightings("2512.99999") == ()


def test_announced_papers_come_once_a_day_in_the_text_they_have_now(store: Store) -> None:
    one, two = make_paper(1), make_paper(2)
    later = make_paper(1, 2)
    save(store, announce(one, two))
    save(store, announce(one, category="cs.RO", kind=AnnounceType.CROSS))
    save(store, announce(later, day=NEXT_DAY, kind=AnnounceType.REPLACE))
    found = list(store.announced_papers(DAY, ["cs.CV", "cs.RO"], AnnounceType))
    assert [(day, stored.paper) for day, stored in found] == [
        (DAY, later),
        (DAY, two),
        (NEXT_DAY, later),
    ]
    assert all(stored.first_day == DAY for _, stored in found)


def test_announced_papers_are_those_of_the_types_categories_and_days(store: Store) -> None:
    save(store, announce(make_paper(1)))
    save(store, announce(make_paper(2), day=NEXT_DAY, category="cs.RO", kind=AnnounceType.CROSS))

    def ids(since: date, categories: list[str], types: Iterable[AnnounceType]) -> list[str]:
        found = store.announced_papers(since, categories, types)
        return [stored.paper.base_id for _, stored in found]

    both = ["cs.CV", "cs.RO"]
    assert ids(NEXT_DAY, both, AnnounceType) == ["2512.00002"]
    assert ids(DAY, ["cs.CV"], AnnounceType) == ["2512.00001"]
    assert ids(DAY, both, [AnnounceType.CROSS]) == ["2512.00002"]
    assert ids(DAY, both, []) == []
    assert store.count_announced_days(DAY, both) == 2
    assert store.count_announced_days(NEXT_DAY, both) == 1
    assert store.count_announced_days(DAY, ["cs.LG"]) == 0


def test_the_store_can_be_written_while_announced_papers_are_read(store: Store) -> None:
    save(store, announce(*(make_paper(number) for number in range(1, 301))))
    seen = 0
    for _ in store.announced_papers(DAY, ["cs.CV"], AnnounceType):
        if seen % 100 == 0:
            save(store, announce(make_paper(1000 + seen), day=NEXT_DAY))
        seen += 1
    assert seen == 300


def test_papers_are_loaded_by_their_ids_in_the_text_they_have_now(store: Store) -> None:
    one, two, later = make_paper(1), make_paper(2), make_paper(1, 2)
    save(store, announce(one, two))
    save(store, announce(later, day=NEXT_DAY, kind=AnnounceType.REPLACE))
    wanted = ["2512.00001", "2512.99999", *(f"2401.{number:05}" for number in range(500))]
    assert store.load_papers([*wanted, "2512.00002"]) == {
        "2512.00001": later,
        "2512.00002": two,
    }
    assert store.load_papers([]) == {}
