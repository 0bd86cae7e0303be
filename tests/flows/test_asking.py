from dataclasses import replace
from datetime import date

import pytest

from bot.core.answers import Verdict
from bot.core.keyword_sets import KeywordSet
from bot.core.papers import AnnounceType, ArxivId
from bot.errors import QueryError, UserError
from bot.flows.asking import explain_paper, search_papers, try_set
from bot.flows.deliver import Terms, deliver_due
from bot.flows.ingest import Ingest
from bot.flows.publish import publish
from tests.fakes.clocks import StillClock
from tests.fakes.papers import NOW, announce, make_paper
from tests.fakes.sources import CannedSource
from tests.fakes.stores import MemoryStore

MON, TUE, WED = date(2025, 12, 1), date(2025, 12, 2), date(2025, 12, 3)
FOLLOWED = ("cs.CV", "cs.RO")
NEW, CROSS, REPLACE, REPLACE_CROSS = AnnounceType
CLOUDS = KeywordSet("Clouds", keywords=(("cloud",), ("rain",)))


@pytest.fixture
def store() -> MemoryStore:
    """Monday brings clouds and rain, Tuesday rain and a cross-listing, Wednesday a replacement."""
    store = MemoryStore()
    rain = {"title": "On rain", "abstract": "It pours."}
    both = {"title": "Rain from clouds", "abstract": "It pours."}
    snow = {"title": "Snow", "abstract": "It falls."}
    for announcement in (
        announce(make_paper(1), make_paper(2, **both), day=MON),  # type: ignore[arg-type]
        announce(make_paper(3, **snow), make_paper(4, **rain), day=TUE),  # type: ignore[arg-type]
        announce(make_paper(1), category="cs.RO", day=TUE, kind=CROSS),
        announce(make_paper(4, **rain), category="cs.RO", day=TUE, kind=CROSS),  # type: ignore[arg-type]
        announce(make_paper(1, 2), day=WED, kind=REPLACE),
        announce(make_paper(1, 2), category="cs.RO", day=WED, kind=REPLACE_CROSS),
    ):
        source = CannedSource({announcement.category: announcement})
        Ingest(source, store).run(announcement.day, (announcement.category,), NOW)
    return store


def test_tries_a_set_on_what_is_stored(store: MemoryStore) -> None:
    trial = try_set(store, CLOUDS, FOLLOWED, since=MON)
    assert (trial.since, trial.days, trial.read, trial.matched) == (MON, 3, 4, 3)
    assert trial.per_day == ((MON, 2), (TUE, 1))
    assert trial.keywords == (("cloud", 2), ("rain", 2))
    assert [item.paper.base_id for item in trial.samples] == [
        "2512.00004",
        "2512.00002",
        "2512.00001",
    ]
    assert [hit.keyword for hit in trial.samples[0].hits] == ["rain"]


def test_a_later_cross_listing_of_a_paper_counts_on_the_first_day_looked_at(
    store: MemoryStore,
) -> None:
    trial = try_set(store, CLOUDS, FOLLOWED, since=TUE)
    assert (trial.days, trial.read) == (2, 3)
    assert trial.per_day == ((TUE, 2),)


@pytest.mark.parametrize("samples", range(5))
def test_shows_as_many_of_the_newest_papers_as_were_asked_for(
    store: MemoryStore, samples: int
) -> None:
    trial = try_set(store, CLOUDS, FOLLOWED, since=MON, samples=samples)
    shown = [item.paper.base_id for item in trial.samples]
    assert shown == ["2512.00004", "2512.00002", "2512.00001"][:samples]
    assert trial.matched == 3


@pytest.mark.parametrize(
    ("types", "categories", "kinds"),
    [
        ((NEW, CROSS), (), [NEW, NEW, NEW]),
        ((CROSS, NEW), (), [NEW, NEW, NEW]),
        ((NEW,), (), [NEW, NEW, NEW]),
        ((CROSS,), (), [CROSS]),
        ((CROSS,), ("cs.RO",), [CROSS, CROSS]),
        ((REPLACE,), (), [REPLACE]),
        ((REPLACE_CROSS,), (), []),
        ((REPLACE_CROSS,), ("cs.RO",), [REPLACE_CROSS]),
        ((REPLACE, REPLACE_CROSS), (), [REPLACE]),
    ],
)
def test_samples_are_called_what_an_edition_would_call_them(
    store: MemoryStore,
    types: tuple[AnnounceType, ...],
    categories: tuple[str, ...],
    kinds: list[AnnounceType],
) -> None:
    wanted = replace(CLOUDS, types=types, categories=categories)
    trial = try_set(store, wanted, FOLLOWED, since=MON)
    assert [item.kind for item in trial.samples] == kinds
    published = [
        item.paper.base_id
        for day in (MON, TUE, WED)
        for each in publish(day, [wanted], store, categories=FOLLOWED, now=NOW)
        for item in each.edition.items
    ]
    assert trial.matched == len(set(published)) == len(kinds)


def test_a_set_that_matches_nothing_has_an_empty_trial(store: MemoryStore) -> None:
    trial = try_set(store, KeywordSet("Hail", query="hail"), FOLLOWED, since=MON)
    assert (trial.read, trial.matched, trial.per_day, trial.samples) == (4, 0, (), ())


def test_a_query_that_cannot_be_read_is_not_tried(store: MemoryStore) -> None:
    with pytest.raises(QueryError):
        try_set(store, KeywordSet("Bad", query="cloud OR"), FOLLOWED, since=MON)


def judge(store: MemoryStore, keyword_set: KeywordSet, number: int = 1) -> Verdict:
    told = explain_paper(store, ArxivId(f"2512.{number:05d}"), [keyword_set])
    (verdict,) = told.verdicts
    return verdict


def test_says_which_keyword_hit_which_words(store: MemoryStore) -> None:
    verdict = judge(store, CLOUDS, 4)
    assert verdict.matched
    assert [(hit.keyword, hit.words) for hit in verdict.hits] == [("rain", "rain")]
    assert (verdict.missing, verdict.excluded, verdict.notes) == ((), (), ())


@pytest.mark.parametrize(
    ("keyword_set", "hits", "missing", "excluded"),
    [
        (KeywordSet("x", keywords=(("hail",), ("fog",))), [], ("hail", "fog"), []),
        (KeywordSet("x", keywords=(("rain", "hail"),)), ["Rain"], ("hail",), []),
        (KeywordSet("x", keywords=(("rain",),), exclude=("cloud",)), ["Rain"], (), ["clouds"]),
        (KeywordSet("x", query="rain AND NOT cat:cs.CV"), ["Rain"], (), ["cs.CV"]),
        (KeywordSet("x", query="rain AND id:2512.00001"), ["Rain"], ("id:2512.00001",), []),
    ],
    ids=["nothing", "half of all", "excluded", "excluded by category", "another paper"],
)
def test_says_how_far_a_paper_came_that_did_not_match(
    store: MemoryStore,
    keyword_set: KeywordSet,
    hits: list[str],
    missing: tuple[str, ...],
    excluded: list[str],
) -> None:
    verdict = judge(store, keyword_set, 2)
    assert not verdict.matched
    assert [hit.words for hit in verdict.hits] == hits
    assert verdict.missing == missing
    assert [hit.words for hit in verdict.excluded] == excluded


@pytest.mark.parametrize(
    ("change", "notes"),
    [
        ({"paused": True}, ("the set is paused",)),
        (
            {"categories": ("cs.LG", "cs.AI")},
            ("it was announced in cs.CV, cs.RO; the set reads cs.LG, cs.AI",),
        ),
        (
            {"types": (REPLACE_CROSS,)},
            (
                (
                    "it was announced as new on Monday 1 December 2025; cross on Tuesday "
                    "2 December 2025; replace on Wednesday 3 December 2025; "
                    "the set takes replace-cross"
                ),
            ),
        ),
        (
            {"types": (NEW,), "categories": ("cs.RO",), "paused": True},
            (
                "the set is paused",
                (
                    "it was announced as cross on Tuesday 2 December 2025; "
                    "replace-cross on Wednesday 3 December 2025; the set takes new"
                ),
            ),
        ),
    ],
    ids=["paused", "wrong category", "wrong type", "paused and wrong type"],
)
def test_says_what_but_the_words_keeps_a_paper_out(
    store: MemoryStore, change: dict[str, object], notes: tuple[str, ...]
) -> None:
    verdict = judge(store, replace(CLOUDS, **change))  # type: ignore[arg-type]
    assert not verdict.matched
    assert [hit.keyword for hit in verdict.hits] == ["cloud", "cloud"]
    assert verdict.notes == notes


def test_a_paper_that_no_announcement_held_is_for_no_set(store: MemoryStore) -> None:
    class Silent(MemoryStore):
        load_sightings = MemoryStore().load_sightings
        load_paper = store.load_paper

    verdict = judge(Silent(), CLOUDS)
    assert verdict.notes == ("it was not announced in any followed category",)


def test_tells_every_announcement_and_what_became_of_each_edition(store: MemoryStore) -> None:
    publish(MON, [CLOUDS], store, categories=FOLLOWED, now=NOW)
    deliver_due(store, {}, StillClock(NOW), Terms())
    told = explain_paper(store, ArxivId("2512.00001", 1), [CLOUDS])
    assert told.paper.version == 2
    assert [(each.day, each.category, each.kind) for each in told.sightings] == [
        (MON, "cs.CV", NEW),
        (TUE, "cs.RO", CROSS),
        (WED, "cs.CV", REPLACE),
        (WED, "cs.RO", REPLACE_CROSS),
    ]
    assert told.showings == store.load_showings("2512.00001")


def test_a_paper_that_is_not_stored_is_refused_with_what_to_do() -> None:
    with pytest.raises(UserError, match=r"2512\.00009 is not in the database: .* `papers fetch`"):
        explain_paper(MemoryStore(), ArxivId("2512.00009"), [CLOUDS])


def test_finds_papers_by_their_words(store: MemoryStore) -> None:
    found = search_papers(store, "rain", 5)
    assert [each.paper.base_id for each in found] == ["2512.00002", "2512.00004"]
    assert len(search_papers(store, "rain", 1)) == 1
    with pytest.raises(UserError):
        search_papers(store, " ", 5)
