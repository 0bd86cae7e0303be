from typing import TYPE_CHECKING

import pytest

from bot.core.keyword_sets import DEFAULT_TYPES, KeywordSet, MatchMode
from bot.core.papers import AnnounceType
from bot.errors import QueryError, UserError
from bot.flows.subscribing import (
    SetChange,
    add_set,
    change_set,
    find_own_set,
    pause_set,
    remove_set,
)
from tests.fakes.stores import MemoryStore

if TYPE_CHECKING:
    from collections.abc import Callable

OWNER = "operator"
CONFIGURED = (KeywordSet("MLLM", keywords=(("VLM",),)),)
CLOUDS = SetChange(keywords=(("cloud",), ("rain", "fog")))
NEW, CROSS, REPLACE, _ = AnnounceType


@pytest.fixture
def store() -> MemoryStore:
    store = MemoryStore()
    add_set(store, CONFIGURED, OWNER, "Clouds", CLOUDS)
    return store


def test_adds_a_set_with_the_defaults_of_the_configuration_file(store: MemoryStore) -> None:
    added = KeywordSet("Clouds", keywords=(("cloud",), ("rain", "fog")), owner=OWNER)
    assert store.load_sets(OWNER) == (added,)
    assert added.types == DEFAULT_TYPES


def test_adds_a_set_with_all_that_can_be_said_of_one() -> None:
    store = MemoryStore()
    change = SetChange(
        query="cloud* NOT rain",
        exclude=("fog",),
        types=(REPLACE, NEW, NEW),
        categories=("CS.cv", "cs.SY", "eess.SY"),
        match=MatchMode.WORDS,
    )
    assert add_set(store, (), OWNER, "  Clouds ", change) == KeywordSet(
        "Clouds",
        query="cloud* NOT rain",
        exclude=("fog",),
        types=(NEW, REPLACE),
        categories=("cs.CV", "eess.SY"),
        owner=OWNER,
    )


@pytest.mark.parametrize(
    ("name", "change", "message"),
    [
        ("", CLOUDS, "a set's name has 1 to 80 printable characters"),
        (" \t", CLOUDS, "a set's name has 1 to 80 printable characters"),
        ("x" * 81, CLOUDS, "a set's name has 1 to 80 printable characters"),
        ("a\nb", CLOUDS, "a set's name has 1 to 80 printable characters"),
        ("cLOUDS", CLOUDS, "there is a set 'Clouds' already: choose another name"),
        (
            "mllm",
            CLOUDS,
            "there is a set 'MLLM' in the configuration file: choose another name",
        ),
        ("Rain", SetChange(), "the set looks for nothing: give it keywords or a query"),
        (
            "Rain",
            SetChange(keywords=(("rain",),), query="rain"),
            "a set has keywords or a query, not both: make two sets",
        ),
        (
            "Rain",
            SetChange(query="rain", types=()),
            (
                "the set takes nothing: give it announcement types of "
                "new, cross, replace, replace-cross"
            ),
        ),
        (
            "Rain",
            SetChange(query="rain", categories=("cs.CVV",)),
            "'cs.CVV' is not an arXiv category: did you mean cs.CV?",
        ),
        (
            "Rain",
            SetChange(query="rain", categories=("weather",)),
            "'weather' is not an arXiv category: write it like cs.CV",
        ),
    ],
)
def test_refuses_what_cannot_be_a_set_and_says_what_can(
    store: MemoryStore, name: str, change: SetChange, message: str
) -> None:
    before = store.load_sets(OWNER)
    with pytest.raises(UserError) as refused:
        add_set(store, CONFIGURED, OWNER, name, change)
    assert str(refused.value).startswith(message)
    assert store.load_sets(OWNER) == before


@pytest.mark.parametrize(
    "change", [SetChange(query="rain OR"), SetChange(keywords=(("rain OR fog",),))]
)
def test_a_query_that_cannot_be_read_is_refused_when_it_is_saved(
    store: MemoryStore, change: SetChange
) -> None:
    before = store.load_sets(OWNER)
    with pytest.raises(QueryError):
        change_set(store, CONFIGURED, OWNER, "Clouds", change)
    assert store.load_sets(OWNER) == before


@pytest.mark.parametrize(
    ("change", "keywords", "query", "exclude"),
    [
        (SetChange(), CLOUDS.keywords, "", ("x",)),
        (SetChange(query="rain"), (), "rain", ("x",)),
        (SetChange(keywords=(("rain",),)), (("rain",),), "", ("x",)),
        (SetChange(exclude=("fog",)), CLOUDS.keywords, "", ("fog",)),
        (SetChange(exclude=()), CLOUDS.keywords, "", ()),
    ],
)
def test_changes_what_was_named_and_leaves_the_rest(
    store: MemoryStore,
    change: SetChange,
    keywords: tuple[tuple[str, ...], ...],
    query: str,
    exclude: tuple[str, ...],
) -> None:
    change_set(store, CONFIGURED, OWNER, "Clouds", SetChange(exclude=("x",)))
    changed = change_set(store, CONFIGURED, OWNER, "CLOUDS", change)
    assert (changed.name, changed.keywords, changed.query) == ("Clouds", keywords, query)
    assert changed.exclude == exclude
    assert store.load_sets(OWNER) == (changed,)


def test_changes_types_categories_and_the_way_to_match(store: MemoryStore) -> None:
    change = SetChange(types=(CROSS,), categories=("cs.RO",), match=MatchMode.SUBSTRING)
    changed = change_set(store, CONFIGURED, OWNER, "Clouds", change)
    assert (changed.types, changed.categories) == ((CROSS,), ("cs.RO",))
    assert changed.match is MatchMode.SUBSTRING
    assert change_set(store, CONFIGURED, OWNER, "Clouds", SetChange(exclude=("x",))) != changed
    anywhere = change_set(store, CONFIGURED, OWNER, "Clouds", SetChange(categories=()))
    assert (anywhere.categories, anywhere.types) == ((), (CROSS,))


def test_pauses_a_set_and_lets_it_go_on(store: MemoryStore) -> None:
    paused = pause_set(store, CONFIGURED, OWNER, "clouds", paused=True)
    assert paused.paused
    assert store.load_sets(OWNER) == (paused,)
    assert not pause_set(store, CONFIGURED, OWNER, "Clouds", paused=False).paused


def test_a_paused_set_that_is_changed_stays_paused(store: MemoryStore) -> None:
    pause_set(store, CONFIGURED, OWNER, "Clouds", paused=True)
    assert change_set(store, CONFIGURED, OWNER, "Clouds", SetChange(query="rain")).paused


def test_removes_a_set_so_that_its_name_is_free_again(store: MemoryStore) -> None:
    assert remove_set(store, CONFIGURED, OWNER, " CLOUDS ").name == "Clouds"
    assert store.load_sets(OWNER) == ()
    assert add_set(store, CONFIGURED, OWNER, "clouds", CLOUDS).name == "clouds"


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("mllm", "'MLLM' is a set of the configuration file: change it there"),
        ("Rain", "no set in the database is named 'Rain': there are Clouds"),
    ],
)
def test_only_sets_of_the_database_are_changed_here(
    store: MemoryStore, name: str, message: str
) -> None:
    attempts: list[Callable[[], KeywordSet]] = [
        lambda: change_set(store, CONFIGURED, OWNER, name, CLOUDS),
        lambda: pause_set(store, CONFIGURED, OWNER, name, paused=True),
        lambda: remove_set(store, CONFIGURED, OWNER, name),
    ]
    for refuse in attempts:
        with pytest.raises(UserError) as refused:
            refuse()
        assert str(refused.value) == message


def test_where_there_are_no_sets_that_is_said() -> None:
    with pytest.raises(UserError, match=r"named 'Rain': there are none yet$"):
        find_own_set(MemoryStore(), (), OWNER, "Rain")


def test_sets_of_another_owner_are_neither_seen_nor_in_the_way(store: MemoryStore) -> None:
    assert add_set(store, CONFIGURED, "somebody", "Clouds", CLOUDS).owner == "somebody"
    assert len(store.load_sets(OWNER)) == 1
