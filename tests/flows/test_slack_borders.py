"""What people of Slack can forge, and that it gets them nothing, on every kind of store."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from bot.adapters.store import open_store
from bot.core.desk import EditorForm, ScheduleForm, write_ref
from bot.core.editions import Destination, DestinationKind
from bot.core.keyword_sets import KeywordSet
from bot.core.slack_names import Person
from bot.core.subscriptions import OPERATOR, Subscription
from bot.errors import BotError, FormError, RefusedError, UserError
from bot.flows.previewing import explain_for, preview, show_today
from bot.flows.saving import not_for_us, save_papers, saved_papers, unsave_paper
from bot.flows.slack_desk import Desk, DeskStore, find_subscription, visible_sets
from bot.flows.slack_editor import open_editor, save_set, try_form
from bot.flows.slack_home import list_subscriptions, show_home
from bot.flows.slack_sets import find_set, find_visible_set
from bot.flows.slack_subscribing import (
    change,
    mute,
    open_schedule,
    pause,
    remove,
    resume,
    save_schedule,
    subscribe_place,
    subscribe_set,
)
from bot.flows.subscribing_to import Wish
from tests.fakes.desks import DeskMemory
from tests.fakes.papers import NOW
from tests.flows.slack_world import (
    ABROAD,
    ADA,
    BOB,
    DM_ADA,
    DM_BOB,
    DM_STRANGER,
    HERE,
    LAB,
    MLLM,
    OURS,
    QUIET,
    RAIN,
    ROOT,
    STRANGER,
    THEIRS,
    WEEK,
    ZOE,
    ZONE,
    configure,
    hide_quiet,
    make_desk,
    publish_all,
    read_clouds,
    subscribe,
)

Deed = Callable[[Desk, Person, int], object]

DEEDS: dict[str, Deed] = {
    "find": find_subscription,
    "preview": preview,
    "change": lambda desk, person, number: change(desk, person, number, Wish(at="8:00"), NOW),
    "form": open_schedule,
    "schedule": lambda desk, person, number: save_schedule(
        desk, person, ScheduleForm(number, "MLLM", LAB, timezone=ZONE), NOW
    ),
    "pause": pause,
    "mute": lambda desk, person, number: mute(desk, person, number, NOW + WEEK),
    "resume": resume,
    "remove": lambda desk, person, number: remove(desk, person, number, NOW),
    "editor": lambda desk, person, number: open_editor(desk, person, str(number)),
}
CHANGES = [name for name in DEEDS if name not in ("find", "preview", "editor")]
FORM = EditorForm(name="New", query="cloud", timezone=ZONE)


@pytest.fixture(params=["memory", "sqlite", "postgresql"])
def desk(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Desk]:
    """Give a desk on every kind of store, with three sets and a day's papers."""
    if request.param == "memory":
        yield furnish(DeskMemory())
    else:
        url = f"sqlite:///{tmp_path / 'papers.db'}"
        if request.param == "postgresql":
            url = str(request.getfixturevalue("postgresql_url"))
        with open_store(url) as store:
            yield furnish(store)


def furnish(store: DeskStore) -> Desk:
    desk = replace(make_desk(store), hidden=hide_quiet)
    for each in (RAIN, OURS, THEIRS):
        store.save_set(each)
    read_clouds(desk)
    return desk


def snapshot(desk: Desk) -> tuple[object, ...]:
    """Everything that people could have changed."""
    owners = (OPERATOR, OURS.owner, THEIRS.owner)
    return (
        desk.store.load_subscriptions(),
        tuple(desk.store.load_sets(owner) for owner in owners),
        tuple(saved_papers(desk, person) for person in (ADA, BOB, STRANGER)),
    )


def say(desk: Desk, person: Person, number: int, deed: str) -> str:
    """Return what refuses a deed, without the number."""
    with pytest.raises(RefusedError) as refused:
        DEEDS[deed](desk, person, number)
    return str(refused.value).replace(str(number), "ID")


def test_what_is_not_there_or_not_theirs_is_answered_alike_and_left_alone(desk: Desk) -> None:
    gone = subscribe(desk, BOB, LAB, "Rain")
    remove(desk, BOB, gone, NOW)
    theirs = subscribe(desk, STRANGER, ABROAD)
    direct = subscribe(desk, ADA, DM_ADA, "Clouds")
    private = subscribe(desk, ADA, QUIET)
    address = Destination(DestinationKind.EMAIL, "lab@lab.example")
    mail = desk.store.save_subscription(Subscription(*MLLM.key, address), NOW).id
    configured_direct = configure(desk, "D777")
    theirs_for_us = configure(desk, f"{HERE}/{LAB}", THEIRS, OPERATOR)
    before = snapshot(desk)
    real = (gone, theirs, direct, private, mail, configured_direct, theirs_for_us, 4711, 2**31)
    expected = "there is no subscription ID here: choose a listed number"
    assert {say(desk, BOB, number, deed) for number in real for deed in DEEDS} == {expected}
    typed = (0, -1, 10**30)
    assert {say(desk, BOB, number, deed) for number in typed for deed in CHANGES} == {expected}
    assert snapshot(desk) == before


def test_not_even_an_admin_gets_at_anothers_direct_messages(desk: Desk) -> None:
    direct = subscribe(desk, ADA, DM_ADA)
    before = snapshot(desk)
    for deed in DEEDS:
        assert say(desk, ROOT, direct, deed).startswith("there is no subscription ID here")
    assert snapshot(desk) == before
    assert direct not in {each.subscription.id for each in list_subscriptions(desk, ROOT, NOW)}


def test_a_channels_subscription_is_its_members_its_askers_and_admins(desk: Desk) -> None:
    number = subscribe(desk, ADA, LAB)
    before = snapshot(desk)
    for deed in CHANGES:
        said = say(desk, ZOE, number, deed)
        assert "only who asked for subscription ID, members of its channel" in said
    assert snapshot(desk) == before
    for person in (BOB, ADA, ROOT):
        number = subscribe(desk, ADA, LAB)
        for deed in CHANGES:
            DEEDS[deed](desk, person, number)


def test_what_the_operator_subscribed_is_seen_at_home_and_changed_by_nobody(desk: Desk) -> None:
    numbers = [
        configure(desk, "#papers"),
        configure(desk, LAB, RAIN),
        configure(desk, f"{HERE}/{LAB}", MLLM, OPERATOR),
    ]
    before = snapshot(desk)
    for person in (ADA, ROOT):
        seen = {each.subscription.id for each in list_subscriptions(desk, person, NOW)}
        assert seen == set(numbers)
        for number in numbers:
            said = {say(desk, person, number, deed) for deed in CHANGES}
            assert said == {"subscription ID is the operator's: ask them to change it"}
    for number in numbers:
        said = {say(desk, STRANGER, number, deed) for deed in CHANGES}
        assert said == {"there is no subscription ID here: choose a listed number"}
    assert snapshot(desk) == before


def test_nothing_that_a_stranger_sees_is_anothers(desk: Desk) -> None:
    for person, place, what in (
        (ADA, LAB, "Clouds"),
        (ADA, QUIET, "on clouds"),
        (BOB, DM_BOB, "MLLM"),
        (STRANGER, ABROAD, "MLLM"),
        (STRANGER, DM_STRANGER, "Secret plan"),
    ):
        subscribe(desk, person, place, what)
    configure(desk, "#papers")
    publish_all(desk)
    save_papers(desk, ADA, ["2512.00001", "2512.00002"], NOW)
    save_papers(desk, STRANGER, ["2512.00003"], NOW)
    not_for_us(desk, STRANGER, ABROAD, "2512.00003", NOW)

    def see(person: Person) -> str:
        seen = (
            visible_sets(desk, person),
            list_subscriptions(desk, person, NOW),
            show_home(desk, person, NOW),
            show_today(desk, person),
            saved_papers(desk, person),
            *(explain_for(desk, person, f"2512.0000{number}") for number in (1, 2, 3, 4)),
        )
        return repr(seen)

    strangers = see(STRANGER)
    assert "Secret plan" in strangers
    assert ABROAD in strangers
    for ours in (HERE, "Clouds", "on clouds", "#papers", LAB, QUIET, DM_BOB, "UBOB"):
        assert ours not in strangers
    assert [each.paper.base_id for each in show_home(desk, STRANGER, NOW).saved] == ["2512.00003"]
    bobs = see(BOB)
    assert "Clouds" in bobs
    assert "#papers" in bobs
    for hidden in ("T222", "Secret plan", ABROAD, QUIET, DM_STRANGER):
        assert hidden not in bobs
    adas = see(ADA)
    assert QUIET in adas
    assert DM_BOB not in adas


def test_a_conversation_of_the_same_id_in_another_workspace_is_another(desk: Desk) -> None:
    mine = subscribe(desk, ADA, LAB)
    theirs = subscribe(desk, STRANGER, LAB)
    assert mine != theirs
    assert [each.subscription.id for each in list_subscriptions(desk, STRANGER, NOW)] == [theirs]
    remove(desk, STRANGER, theirs, NOW)
    assert [each.subscription.id for each in list_subscriptions(desk, BOB, NOW)] == [mine]


@pytest.mark.parametrize(
    "conversation",
    [
        DM_BOB,
        ABROAD,
        "C404",
        "#papers",
        "T222/C222",
        "C222/../C111",
        "",
        " C111",
        "C111\n",
        "C" * 100_000,
        "UBOB",
        "lab@lab.example",
    ],
)
def test_nobody_subscribes_what_is_not_theirs(desk: Desk, conversation: str) -> None:
    before = snapshot(desk)
    with pytest.raises(BotError):
        subscribe_place(desk, ADA, conversation, "moss", wish=Wish(), now=NOW, quoted=True)
    with pytest.raises(BotError):
        subscribe_set(desk, ADA, conversation, write_ref(MLLM), wish=Wish(), now=NOW)
    with pytest.raises(BotError):
        save_set(desk, ADA, replace(FORM, destinations=(LAB, conversation)), NOW)
    assert snapshot(desk) == before


def test_a_channel_is_subscribed_by_its_members_alone(desk: Desk) -> None:
    before = snapshot(desk)
    with pytest.raises(RefusedError, match="only members of that channel"):
        subscribe(desk, BOB, QUIET)
    with pytest.raises(FormError, match="destinations: only members of that channel"):
        save_set(desk, BOB, replace(FORM, destinations=(QUIET,)), NOW)
    assert snapshot(desk) == before


@pytest.mark.parametrize(
    "ref",
    [
        write_ref(THEIRS),
        "slack:T222/No such set",
        "slack:T111/No such set",
        "slack:T222",
        "slack:T111/../slack:T222/Secret plan",
        "SLACK:T111/Clouds",
        "config/Clouds",
        "operator/MLLM",
        "/",
        "x" * 100_000,
    ],
)
def test_a_reference_to_what_is_not_there_or_not_theirs_is_answered_alike(
    desk: Desk, ref: str
) -> None:
    before = snapshot(desk)
    acts: list[Callable[[], object]] = [
        lambda: find_set(desk, ADA, ref),
        lambda: open_editor(desk, ADA, ref),
        lambda: try_form(desk, ADA, replace(FORM, set_ref=ref)),
        lambda: save_set(desk, ADA, replace(FORM, set_ref=ref, destinations=(LAB,)), NOW),
        lambda: subscribe_set(desk, ADA, LAB, ref, wish=Wish(), now=NOW),
    ]
    for act in acts:
        with pytest.raises(RefusedError, match=r"^there is no set '"):
            act()
    assert snapshot(desk) == before


def test_anothers_set_is_no_set_by_its_name_either(desk: Desk) -> None:
    with pytest.raises(UserError, match="there is no keyword set `Secret plan` here: there are"):
        find_visible_set(desk, ADA, "Secret plan")
    with pytest.raises(UserError, match="there is no keyword set `Secret plan` here"):
        show_today(desk, ADA, "Secret plan")
    # Nor is its name taken for others.
    ours = save_set(desk, BOB, replace(FORM, name=THEIRS.name), NOW).keyword_set
    assert (ours.owner, ours.creator) == (OURS.owner, BOB.origin)
    assert find_visible_set(desk, ADA, "Secret plan") == ours
    assert desk.store.load_sets(THEIRS.owner) == (THEIRS,)


def test_anothers_query_makes_a_set_of_ones_own(desk: Desk) -> None:
    done = subscribe_place(desk, ADA, LAB, "Secret plan", wish=Wish(), now=NOW)
    assert done.keyword_set is not None
    assert (done.keyword_set.owner, done.keyword_set.query) == (OURS.owner, "Secret plan")


@pytest.mark.parametrize("keyword_set", [MLLM, RAIN, OURS])
def test_a_set_is_changed_by_its_creator_and_admins_alone(
    desk: Desk, keyword_set: KeywordSet
) -> None:
    ref = write_ref(keyword_set)
    before = snapshot(desk)
    with pytest.raises(RefusedError):
        open_editor(desk, BOB, ref)
    with pytest.raises(RefusedError):
        save_set(desk, BOB, replace(FORM, set_ref=ref), NOW)
    assert snapshot(desk) == before


def test_another_persons_mark_stays_when_one_takes_theirs_back(desk: Desk) -> None:
    for person in (ADA, BOB, STRANGER):
        save_papers(desk, person, ["2512.00001"], NOW)
    assert unsave_paper(desk, BOB, "2512.00001")[1]
    assert not unsave_paper(desk, BOB, "2512.00001")[1]
    assert [saved_papers(desk, person)[1] for person in (ADA, BOB, STRANGER)] == [1, 0, 1]


def test_sets_of_one_name_in_two_workspaces_bring_each_its_own_papers(desk: Desk) -> None:
    rain = KeywordSet("Clouds", query="rain", owner=THEIRS.owner, creator=STRANGER.origin)
    assert desk.store.add_set(rain)
    ours, theirs = subscribe(desk, ADA, LAB, "Clouds"), subscribe(desk, STRANGER, ABROAD, "Clouds")
    publish_all(desk)

    def bring(person: Person, number: int) -> set[str]:
        shown = preview(desk, person, number)
        assert shown.due is not None
        return {item.paper.base_id for item in shown.edition.items}

    assert bring(ADA, ours) == {"2512.00001", "2512.00002"}
    assert bring(STRANGER, theirs) == {"2512.00003"}
