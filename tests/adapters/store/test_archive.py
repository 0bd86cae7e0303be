from dataclasses import replace
from datetime import timedelta

import pytest

from bot.adapters.store import Store
from bot.core.archive import Appearance, Issue, Placed, Seen
from bot.core.papers import AnnounceType
from bot.errors import UserError
from tests.adapters.store.made_up import (
    CATS,
    DAY,
    NOW,
    announce,
    freeze,
    make_edition,
    make_paper,
    save,
)

LIONS = replace(CATS, name="Lions / & co")
A_DAY = timedelta(days=1)
KEYS = [CATS.key, LIONS.key]


@pytest.fixture
def kept(store: Store) -> Store:
    """Keep editions of cats on four days, the third without papers, and one of lions."""
    papers = [make_paper(number) for number in range(1, 6)]
    save(store, announce(*papers))
    freeze(store, CATS, make_edition(papers[0], papers[1]), [])
    freeze(store, CATS, make_edition(papers[2], day=DAY + A_DAY), [])
    freeze(store, CATS, make_edition(day=DAY + 2 * A_DAY), [])
    late = replace(make_edition(papers[3], day=DAY + 3 * A_DAY), since=DAY + 2 * A_DAY)
    freeze(store, CATS, late, [], NOW + A_DAY)
    freeze(store, LIONS, make_edition(papers[0], day=DAY), [])
    return store


def test_the_latest_edition_of_each_set_is_the_newest_with_papers(kept: Store) -> None:
    latest = kept.latest_issues([*KEYS, ("config", "Nobody")])
    assert latest.keys() == set(KEYS)
    newest = latest[CATS.key]
    days = (DAY + 3 * A_DAY, DAY + 2 * A_DAY)
    assert newest == Issue(newest.id, CATS.key, *days, NOW + A_DAY, 1)
    assert latest[LIONS.key].day == DAY
    freeze(kept, CATS, make_edition(day=DAY + 9 * A_DAY), [])
    assert kept.latest_issues([CATS.key]) == {CATS.key: newest}
    assert kept.latest_issues([]) == {}


def test_editions_with_papers_are_listed_newest_first(kept: Store) -> None:
    listed = kept.list_issues(CATS.key)
    assert [(issue.day - DAY).days for issue in listed] == [3, 1, 0]
    assert [issue.papers for issue in listed] == [1, 1, 2]
    assert kept.list_issues(CATS.key, limit=1) == listed[:1]
    assert kept.list_issues(CATS.key, before=DAY + A_DAY) == listed[2:]
    assert kept.list_issues(("config", "cats")) == ()


def test_an_edition_is_found_with_its_neighbours_that_have_papers(kept: Store) -> None:
    last, middle, first = kept.list_issues(CATS.key)
    assert kept.find_issue(CATS.key, DAY) == Placed(first, None, middle.day)
    assert kept.find_issue(CATS.key, middle.day) == Placed(middle, first.day, last.day)
    empty = kept.find_issue(CATS.key, DAY + 2 * A_DAY)
    assert empty
    assert (empty.issue.papers, empty.before, empty.after) == (0, middle.day, last.day)
    assert kept.find_issue(CATS.key, DAY - A_DAY) is None
    assert kept.find_issue(LIONS.key, middle.day) is None


def test_a_frozen_edition_is_loaded_by_its_number(kept: Store) -> None:
    (issue,) = kept.list_issues(LIONS.key)
    assert kept.load_frozen(issue.id) == make_edition(make_paper(1))


def test_papers_are_counted_by_day(kept: Store) -> None:
    assert kept.papers_by_day([*KEYS, ("config", "Nobody")], DAY) == {
        CATS.key: ((DAY, 2), (DAY + A_DAY, 1), (DAY + 3 * A_DAY, 1)),
        LIONS.key: ((DAY, 1),),
    }
    assert kept.papers_by_day(KEYS, DAY + 2 * A_DAY) == {CATS.key: ((DAY + 3 * A_DAY, 1),)}
    assert kept.papers_by_day([], DAY) == {}


def test_versions_are_told_with_the_day_of_each(kept: Store) -> None:
    again = announce(make_paper(1, 3), day=DAY + A_DAY, kind=AnnounceType.REPLACE)
    save(kept, again)
    assert kept.load_seen("2512.00001") == (Seen(1, DAY), Seen(3, DAY + A_DAY))
    assert kept.load_seen("2512.09999") == ()


def test_a_paper_stood_only_where_the_reader_may_look(kept: Store) -> None:
    hits = make_edition(make_paper(1)).items[0].hits
    cats, lions = Appearance(CATS.key, DAY, hits), Appearance(LIONS.key, DAY, hits)
    assert kept.load_appearances("2512.00001", KEYS) == (cats, lions)
    assert kept.load_appearances("2512.00001", [LIONS.key]) == (lions,)
    assert kept.load_appearances("2512.00001", []) == ()
    assert kept.load_appearances("2512.00005", KEYS) == ()


def test_the_newest_papers_that_hold_words_come_first(store: Store) -> None:
    save(store, announce(make_paper(2), make_paper(3, abstract="A dog."), day=DAY))
    save(store, announce(make_paper(1), day=DAY + A_DAY))
    found = store.search_newest('"cat to climb"', 10)
    assert [each.paper.base_id for each in found] == ["2512.00001", "2512.00002"]
    assert [each.first_day for each in found] == [DAY + A_DAY, DAY]
    assert store.search_newest("cat*", 1)[0].paper.base_id == "2512.00001"
    assert store.search_newest("ocelot", 1) == ()
    with pytest.raises(UserError, match="holds no word"):
        store.search_newest("?!", 1)


def test_thousands_of_sets_are_asked_for_at_once(kept: Store) -> None:
    keys = [*KEYS, *(("config", f"set {number}") for number in range(3000))]
    assert kept.latest_issues(keys).keys() == set(KEYS)
