from dataclasses import replace
from datetime import date, timedelta

import pytest

from bot.adapters.seals import Seals
from bot.core.editions import Field
from bot.core.keyword_sets import KeywordSet
from bot.core.papers import AnnounceType, ArxivId
from bot.errors import MissingError, QueryError, UserError
from bot.flows.ingest import Ingest
from bot.flows.publish import build_matcher, publish
from bot.flows.reading import (
    count_weeks_to,
    find_edition,
    find_set,
    is_whole,
    list_sets,
    load_newest,
    open_link,
    open_paper,
    open_set,
    search,
    search_newest,
    try_query,
    write_link,
)
from tests.fakes.archives import MemoryArchive
from tests.fakes.papers import NOW, announce, make_paper
from tests.fakes.sources import CannedSource

MON, TUE = date(2025, 12, 1), date(2025, 12, 2)
CLOUDS = KeywordSet("Clouds", keywords=(("cloud",),))
RAIN = KeywordSet("Rain", keywords=(("rain",),))
SETS = (CLOUDS, RAIN)
FOLLOWED = ("cs.CV",)


@pytest.fixture
def store() -> MemoryArchive:
    """Monday brings two papers on clouds, Tuesday one on snow and a version of the first."""
    store = MemoryArchive()
    snow = make_paper(3, title="Snow", abstract="It falls, no rain.")
    for day, announcement in (
        (MON, announce(make_paper(1), make_paper(2), day=MON)),
        (TUE, announce(snow, day=TUE)),
    ):
        Ingest(CannedSource({"cs.CV": announcement}), store).run(day, FOLLOWED, NOW)
        publish(day, SETS, store, categories=FOLLOWED, now=NOW)
    return store


def test_finds_a_set_whatever_its_case_and_tells_nobody_what_is_not_theirs() -> None:
    assert find_set(SETS, "CLOUDS") is CLOUDS
    with pytest.raises(MissingError, match="no set 'Wind' here, or it is not public"):
        find_set(SETS, "Wind")


def test_lists_what_each_set_brought_lately(store: MemoryArchive) -> None:
    wind = KeywordSet("Wind", keywords=(("wind",),))
    lines = list_sets(store, (*SETS, wind), TUE)
    assert [(line.keyword_set.name, line.lately) for line in lines] == [
        ("Clouds", 2),
        ("Rain", 1),
        ("Wind", 0),
    ]
    assert lines[0].issue
    assert (lines[0].issue.day, lines[0].issue.papers) == (MON, 2)
    assert lines[2].issue is None
    later = list_sets(store, SETS, MON + timedelta(days=60))
    assert [line.lately for line in later] == [0, 0]


def test_opens_a_set_with_its_editions_and_weeks(store: MemoryArchive) -> None:
    record = open_set(store, CLOUDS, TUE)
    assert [issue.day for issue in record.issues] == [MON]
    assert not record.more
    assert record.weeks[-1].papers == 2
    assert open_set(store, CLOUDS, TUE, before=MON).issues == ()


def test_says_that_older_editions_exist(
    store: MemoryArchive, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.flows.reading.LISTED", 0)
    record = open_set(store, CLOUDS, TUE)
    assert (record.issues, record.more) == ((), True)


def test_finds_an_edition_by_its_day(store: MemoryArchive) -> None:
    placed = find_edition(store, RAIN.key, TUE)
    assert (placed.issue.papers, placed.before, placed.after) == (1, None, None)
    with pytest.raises(MissingError, match="Rain has no edition of 2025-12-04"):
        find_edition(store, RAIN.key, date(2025, 12, 4))


def test_loads_editions_until_there_is_enough(store: MemoryArchive) -> None:
    issues = (*store.list_issues(RAIN.key), *store.list_issues(CLOUDS.key))
    assert len(load_newest(store, issues, 1)) == 1
    assert len(load_newest(store, issues, 2)) == 2
    assert len(load_newest(store, issues, 9)) == 2


def test_a_paper_says_why_it_is_for_each_set_and_where_it_stood(store: MemoryArchive) -> None:
    again = announce(
        make_paper(1, 2, abstract="Now it rains: rain."), day=TUE, kind=AnnounceType.REPLACE
    )
    Ingest(CannedSource({"cs.CV": again}), store).run(TUE, FOLLOWED, NOW)
    record = open_paper(store, SETS, build_matcher(SETS), ArxivId("2512.00001"))
    assert [each.version for each in record.seen] == [1, 2]
    assert [each.day for each in record.sightings] == [MON, TUE]
    told = {each.keyword_set.name: each for each in record.standings}
    assert told["Clouds"].days == (MON,)
    assert {hit.field for hit in told["Clouds"].hits} == {Field.TITLE, Field.ABSTRACT}
    assert {hit.field for hit in told["Clouds"].marks} == {Field.TITLE}
    assert (told["Rain"].days, told["Rain"].hits[0].words) == ((), "rains")


def test_only_the_sets_that_the_reader_sees_are_told(store: MemoryArchive) -> None:
    record = open_paper(store, (RAIN,), build_matcher((RAIN,)), ArxivId("2512.00001"))
    assert record.standings == ()


def test_an_unknown_paper_is_missing(store: MemoryArchive) -> None:
    with pytest.raises(MissingError, match=r"2512\.09999 is not stored here"):
        open_paper(store, SETS, build_matcher(SETS), ArxivId("2512.09999"))


def test_search_marks_what_it_found(store: MemoryArchive) -> None:
    found = search(store, "clouds", 10)
    assert [each.paper.base_id for each in found] == ["2512.00001", "2512.00002"]
    assert {hit.words for hit in found[0].hits} == {"clouds"}
    (newest,) = search_newest(store, "rain", 10)
    assert (newest.paper.base_id, newest.first_day) == ("2512.00003", TUE)


@pytest.mark.parametrize("find", [search, search_newest])
def test_too_many_words_are_refused(store: MemoryArchive, find: object) -> None:
    assert callable(find)
    with pytest.raises(UserError, match="1001 characters long: write at most 1000"):
        find(store, "x" * 1001, 10)


def test_tries_a_query_on_the_last_thirty_days(store: MemoryArchive) -> None:
    trial = try_query(store, FOLLOWED, "cloud* OR rain", TUE, samples=1)
    assert (trial.since, trial.matched, len(trial.samples)) == (TUE - timedelta(days=29), 3, 1)
    assert try_query(store, FOLLOWED, "cloud", None, samples=1).since == date.min
    with pytest.raises(QueryError):
        try_query(store, FOLLOWED, "cloud OR", TUE, samples=1)


def test_a_link_leads_to_one_edition() -> None:
    seals = Seals("k" * 32)
    token = write_link(seals, CLOUDS.key, MON)
    assert open_link(seals, token) == (CLOUDS.key, MON)
    with pytest.raises(MissingError, match="not one of ours"):
        open_link(seals, token[1:])


def test_counts_the_weeks_before_a_day_and_nothing_later(store: MemoryArchive) -> None:
    assert [week.papers for week in count_weeks_to(store, CLOUDS.key, MON)] == [0] * 25 + [2]
    assert not any(week.papers for week in count_weeks_to(store, RAIN.key, MON))
    assert not any(week.papers for week in count_weeks_to(store, ("config", "Wind"), MON))


def test_knows_a_digest_that_one_stored_edition_does_not_hold(store: MemoryArchive) -> None:
    edition = store.load_frozen(find_edition(store, RAIN.key, TUE).issue.id)
    assert is_whole(store, RAIN.key, edition)
    assert not is_whole(store, RAIN.key, replace(edition, since=MON))
    store.editions[RAIN.key] = [replace(edition, since=MON)]
    assert is_whole(store, RAIN.key, replace(edition, since=MON))
    assert not is_whole(store, RAIN.key, replace(edition, since=MON, day=MON))
