from dataclasses import replace
from datetime import date, timedelta

import pytest

from bot.core.desk import Preview, Today
from bot.core.editions import Destination, DestinationKind
from bot.core.papers import AnnounceType
from bot.core.slack_names import Person
from bot.core.subscriptions import OPERATOR, Subscription
from bot.errors import QueryError, RefusedError, UserError
from bot.flows.previewing import (
    estimate,
    explain_for,
    preview,
    search,
    show_paper,
    show_today,
    try_query,
)
from bot.flows.slack_desk import Desk, find_subscription
from bot.flows.subscribing_to import Wish
from tests.fakes.papers import DAY, NOW, announce, make_paper
from tests.flows.slack_world import (
    ABROAD,
    ADA,
    BOB,
    DM_ADA,
    HERE,
    LAB,
    MLLM,
    OURS,
    QUIET,
    RAIN,
    STRANGER,
    THEIRS,
    configure,
    hide_quiet,
    make_desk,
    publish_all,
    read,
    read_clouds,
    subscribe,
)

FRIDAY = date(2025, 12, 5)


@pytest.fixture
def desk() -> Desk:
    """Give a desk with everybody's sets and a day's papers: two on clouds, on rain, on a VLM."""
    desk = make_desk()
    for each in (OURS, RAIN, THEIRS):
        desk.store.save_set(each)
    read_clouds(desk)
    return desk


def ids(today: Today) -> dict[str, list[str]]:
    return {
        edition.set.name: [item.paper.base_id for item in edition.items]
        for edition in today.editions
    }


def test_today_shows_what_the_newest_day_brings_to_each_set_that_is_seen(desk: Desk) -> None:
    today = show_today(desk, ADA)
    assert today.day == DAY
    assert ids(today) == {
        "Clouds": ["2512.00002", "2512.00001"],
        "MLLM": ["2512.00004"],
        "Rain": ["2512.00003"],
    }
    assert today.editions[0].receipt.read == 4
    assert ids(show_today(desk, STRANGER)).keys() == {"Secret plan", "MLLM", "Rain"}


def test_today_shows_one_set_even_a_paused_one_and_again_what_was_sent(desk: Desk) -> None:
    publish_all(desk)
    desk.store.save_set(replace(OURS, paused=True))
    assert ids(show_today(desk, ADA, "clouds")) == {"Clouds": ["2512.00002", "2512.00001"]}
    assert ids(show_today(desk, ADA)).keys() == {"MLLM", "Rain"}
    with pytest.raises(UserError, match="did you mean `Clouds`"):
        show_today(desk, ADA, "cloud")


def test_today_leaves_out_sets_that_cannot_be_read_and_says_so_of_one(desk: Desk) -> None:
    desk.store.save_set(replace(OURS, keywords=(), query="(cloud"))
    assert ids(show_today(desk, ADA)).keys() == {"MLLM", "Rain"}
    with pytest.raises(QueryError):
        show_today(desk, ADA, "Clouds")


def test_today_shows_nothing_where_there_is_nothing() -> None:
    desk = make_desk()
    assert show_today(desk, ADA) == Today(None)
    read_clouds(desk)
    assert show_today(replace(desk, configured=()), ADA) == Today(DAY)


def test_a_preview_shows_what_waits_and_when_it_leaves(desk: Desk) -> None:
    number = subscribe(desk, what="Clouds", wish=Wish(at="23:00"))
    publish_all(desk)
    shown = preview(desk, BOB, number)
    assert shown.subscription == find_subscription(desk, BOB, number)
    assert [item.paper.base_id for item in shown.edition.items] == ["2512.00002", "2512.00001"]
    assert shown.due == NOW.replace(hour=22)


def test_a_preview_shows_the_newest_day_where_nothing_waits(desk: Desk) -> None:
    number = configure(desk, "#papers")
    shown = preview(desk, BOB, number)
    assert isinstance(shown, Preview)
    assert shown.due is None
    assert (shown.edition.day, shown.edition.set.name) == (DAY, "MLLM")
    assert [item.paper.base_id for item in shown.edition.items] == ["2512.00004"]


def test_where_there_is_nothing_to_preview_that_is_said() -> None:
    desk = make_desk()
    number = subscribe(desk)
    with pytest.raises(UserError, match="nothing is stored yet"):
        preview(desk, ADA, number)
    with pytest.raises(UserError, match="its keyword set was removed"):
        preview(replace(desk, configured=()), ADA, number)
    with pytest.raises(RefusedError, match="there is no subscription 99 here"):
        preview(desk, ADA, 99)


def test_a_query_is_tried_on_the_last_thirty_days(desk: Desk) -> None:
    for age, number in ((29, 50), (30, 60)):
        read(desk.store, announce(make_paper(number), day=DAY - timedelta(days=age)))
    trial = try_query(desk, "cloud*")
    assert (trial.since, trial.days, trial.matched) == (DAY - timedelta(days=29), 2, 3)
    assert estimate(desk, replace(OURS, types=(AnnounceType.REPLACE,))).matched == 0
    with pytest.raises(QueryError):
        try_query(desk, "(cloud")


def test_a_paper_is_explained_by_the_sets_that_are_seen(desk: Desk) -> None:
    told = explain_for(desk, ADA, "https://arxiv.org/abs/2512.00001v1")
    assert {each.set_name: each.matched for each in told.verdicts} == {
        "Clouds": True,
        "MLLM": False,
        "Rain": False,
    }
    desk.store.save_set(replace(OURS, keywords=(), query="(cloud"))
    assert [each.set_name for each in explain_for(desk, ADA, "2512.00001").verdicts] == [
        "MLLM",
        "Rain",
    ]


def test_an_explanation_says_where_a_paper_went_as_far_as_that_may_be_seen(desk: Desk) -> None:
    desk = replace(desk, hidden=hide_quiet)
    for person, place in ((ADA, LAB), (ADA, DM_ADA), (ADA, QUIET), (STRANGER, ABROAD)):
        subscribe(desk, person, place, "Rain")
    configure(desk, "#papers", RAIN)
    configure(desk, f"{HERE}/{LAB}", THEIRS, OPERATOR)
    for kind in (DestinationKind.EMAIL, DestinationKind.FOLDER):
        elsewhere = Destination(kind, "lab@lab.example")
        desk.store.save_subscription(Subscription(*RAIN.key, elsewhere), NOW)
    publish_all(desk)

    def where(person: Person) -> set[str]:
        told = explain_for(desk, person, "2512.00003")
        return {each.destination.address for each in told.showings if each.destination}

    lab = f"{HERE}/{LAB}"
    assert where(ADA) == {lab, f"{HERE}/{DM_ADA}", f"{HERE}/{QUIET}", "#papers"}
    assert where(BOB) == {lab, "#papers"}
    assert where(STRANGER) == {f"T222/{ABROAD}"}
    clouds = explain_for(desk, ADA, "2512.00001").showings
    assert clouds == ()


def test_papers_are_found_by_words_and_shown_by_id(desk: Desk) -> None:
    found = search(desk, "clouds", 1)
    assert (found.words, found.stored, len(found.papers)) == ("clouds", 4, 1)
    assert show_paper(desk, "arXiv:2512.00003v1").title == "On rain"
    with pytest.raises(UserError, match=r"2512\.99999 is not stored"):
        show_paper(desk, "2512.99999")
    with pytest.raises(UserError, match="is not an arXiv id"):
        explain_for(desk, ADA, "clouds")


def test_a_day_without_matches_has_empty_editions(desk: Desk) -> None:
    read(desk.store, announce(make_paper(90, title="Moss", abstract="It grows."), day=FRIDAY))
    assert ids(show_today(desk, BOB, MLLM.name)) == {"MLLM": []}
