from dataclasses import replace

import pytest

from bot.core.keyword_sets import KeywordSet, MatchMode
from bot.core.parsing import parse_query
from bot.core.slack_names import workspace_owner
from bot.errors import QueryError, RefusedError, UserError
from bot.flows.slack_desk import Desk, visible_sets
from bot.flows.slack_sets import choose_set, find_set, find_visible_set, name_query
from tests.fakes.desks import DeskMemory
from tests.flows.slack_world import ADA, BOB, HERE, MLLM, OURS, RAIN, THEIRS, make_desk


@pytest.fixture
def desk() -> Desk:
    """Give a desk with the configuration's, the operator's and two workspaces' sets."""
    desk = make_desk()
    for each in (RAIN, OURS, THEIRS):
        desk.store.save_set(each)
    return desk


def choose(desk: Desk, what: str, *, quoted: bool = True) -> KeywordSet:
    return choose_set(desk, ADA, what, quoted=quoted)


def test_a_person_sees_their_workspaces_sets_and_the_operators(desk: Desk) -> None:
    assert visible_sets(desk, ADA) == (OURS, MLLM, RAIN)


@pytest.mark.parametrize("name", ["MLLM", "mllm", "  Mllm "])
def test_a_set_is_found_whatever_the_case_of_its_name(desk: Desk, name: str) -> None:
    assert find_visible_set(desk, ADA, name) == MLLM
    assert choose(desk, name) == MLLM
    assert choose(desk, name, quoted=False) == MLLM


def test_the_workspaces_own_set_is_meant_where_the_configuration_has_one_of_that_name(
    desk: Desk,
) -> None:
    own = replace(OURS, name="MLLM")
    desk.store.save_set(own)
    assert find_visible_set(desk, ADA, "mllm") == own


def test_a_name_that_no_set_has_is_answered_with_the_nearest_or_with_all(desk: Desk) -> None:
    with pytest.raises(UserError, match=r"no keyword set `mlm` here: did you mean `MLLM`\?"):
        find_visible_set(desk, ADA, "mlm")
    with pytest.raises(UserError, match=r"there are `Clouds`, `MLLM`, `Rain`$"):
        find_visible_set(desk, ADA, "xyz")
    for number in range(8):
        desk.store.save_set(replace(OURS, name=f"{number}{number}"))
    with pytest.raises(UserError, match=r"`Clouds`, `MLLM` and more$"):
        find_visible_set(desk, ADA, "xyz")
    with pytest.raises(UserError, match="no keyword set `xyz` here: there are none yet"):
        find_visible_set(replace(make_desk(), configured=()), ADA, "xyz")


def test_a_reference_finds_the_set_that_it_names(desk: Desk) -> None:
    assert find_set(desk, BOB, "slack:T111/Clouds") == OURS
    with pytest.raises(RefusedError, match="there is no set 'nonsense' here"):
        find_set(desk, BOB, "nonsense")


def test_a_query_makes_a_set_of_the_workspace_which_is_found_again(desk: Desk) -> None:
    made = choose(desk, 'grasp* AND "multi finger"')
    assert made == KeywordSet(
        "grasp* AND multi finger",
        query='grasp* AND "multi finger"',
        owner=workspace_owner(HERE),
        creator=ADA.origin,
    )
    assert desk.store.load_sets(made.owner) == (OURS, made)
    for again in ('grasp* AND "multi finger"', "grasp*  AND (“multi finger”)", made.name):
        assert choose_set(desk, BOB, again, quoted=False) == made
    assert desk.store.load_sets(made.owner) == (OURS, made)


def test_a_query_that_the_case_makes_another_one_makes_another_set(desk: Desk) -> None:
    lower, upper = choose(desk, "clip"), choose(desk, "CLIP", quoted=False)
    assert (lower.name, upper.name) == ("clip", "CLIP 2")
    assert (choose(desk, "clip"), choose(desk, "CLIP")) == (lower, upper)


def test_long_queries_with_the_same_beginning_make_sets_of_different_names(desk: Desk) -> None:
    long = "dexterous manipulation with several fingers of "
    names = [choose(desk, long + rest).name for rest in ("robots", "people", "robots")]
    assert names == [
        "dexterous manipulation with several…",
        "dexterous manipulation with several… 2",
        "dexterous manipulation with several…",
    ]


def test_a_set_that_says_more_than_the_query_is_not_the_querys(desk: Desk) -> None:
    for changed in (
        {"exclude": ("survey",)},
        {"categories": ("cs.CV",)},
        {"match": MatchMode.SUBSTRING},
    ):
        made = choose(desk, "moss")
        desk.store.save_set(replace(made, **changed))
        desk.store.save_set(replace(made, name="Renamed", **changed))
        assert choose(desk, "(moss)").name == "(moss)"
        desk.store.remove_set(made.owner, "(moss)")
        desk.store.remove_set(made.owner, made.name)


def test_a_paused_set_of_the_query_is_found_and_an_unreadable_one_passed_over(desk: Desk) -> None:
    made = replace(choose(desk, "moss"), paused=True)
    desk.store.save_set(made)
    desk.store.save_set(replace(made, name="Broken", query="(moss"))
    assert choose(desk, "(moss)") == made


@pytest.mark.parametrize(("typed", "meant"), [("MLLMs", "MLLM"), ("cloud", "Clouds")])
def test_what_looks_like_a_mistyped_name_is_no_query_unless_it_is_quoted(
    desk: Desk, typed: str, meant: str
) -> None:
    before = visible_sets(desk, ADA)
    with pytest.raises(UserError, match=f"did you mean `{meant}`. Quotes make it a query"):
        choose(desk, typed, quoted=False)
    assert visible_sets(desk, ADA) == before
    assert choose(desk, typed).query == typed


@pytest.mark.parametrize("query", ["", "  ", "(cloud", "cloud OR", "NOT cloud", "x" * 100_000])
def test_a_query_that_cannot_be_read_makes_no_set(desk: Desk, query: str) -> None:
    with pytest.raises(QueryError):
        choose(desk, query)
    assert visible_sets(desk, ADA) == (OURS, MLLM, RAIN)


@pytest.mark.parametrize("query", ["moss", "lichen"])
def test_two_who_make_a_set_of_the_same_name_at_once_do_not_overwrite_each_other(
    query: str,
) -> None:
    class Racing(DeskMemory):
        def add_set(self, keyword_set: KeywordSet) -> bool:
            if not self.sets:
                other = replace(keyword_set, query=query, creator=BOB.origin)
                assert super().add_set(other)
            return super().add_set(keyword_set)

    desk = make_desk(Racing())
    made = choose(desk, "moss")
    first = desk.store.load_sets(made.owner)[0]
    assert (first.name, first.query, first.creator) == ("moss", query, BOB.origin)
    assert made == first if query == "moss" else made.name == "moss 2"


@pytest.mark.parametrize(
    ("query", "name"),
    [
        ("world model", "world model"),
        ('"world  model" OR “JEPA”', "world model OR JEPA"),
        ("\u200bworld\u00a0model\n", "world model"),
        ("x" * 50, "x" * 40 + "…"),
        ('"\u200b"', "query"),
        ("多模态 模型", "多模态 模型"),
    ],
)
def test_a_set_is_named_after_its_query_in_short(query: str, name: str) -> None:
    assert name_query(query) == name
    assert name_query(query, [name.upper(), f"{name} 2"]) == f"{name} 3"


def test_the_name_that_a_query_makes_can_be_subscribed_by_that_name(desk: Desk) -> None:
    made = choose(desk, '"world model" AND robot')
    assert parse_query(made.name) != parse_query(made.query)
    assert find_visible_set(desk, BOB, made.name) == made
