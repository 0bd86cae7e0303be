from dataclasses import replace
from datetime import time

import pytest

from bot.core.desk import Deed, EditorForm, write_ref
from bot.core.keyword_sets import KeywordSet, MatchMode
from bot.core.papers import AnnounceType
from bot.core.schedule import Rhythm, Schedule
from bot.core.slack_names import workspace_owner
from bot.core.subscriptions import OPERATOR
from bot.errors import BotError, FormError, RefusedError
from bot.flows.slack_desk import Desk
from bot.flows.slack_editor import open_editor, save_set, try_form
from bot.flows.slack_subscribing import change
from bot.flows.subscribing_to import Wish
from tests.fakes.desks import DeskMemory
from tests.fakes.papers import NOW
from tests.flows.slack_world import (
    ADA,
    BOB,
    DM_ADA,
    DM_BOB,
    HERE,
    LAB,
    MLLM,
    NINE,
    OURS,
    QUIET,
    ROOT,
    ZONE,
    channel,
    configure,
    make_desk,
    read_clouds,
    subscribe,
    workspaces_of,
)

REPLACE = AnnounceType.REPLACE
NEW = EditorForm(name="Fog", keywords="fog\nmist + lake", timezone=ZONE)


@pytest.fixture
def desk() -> Desk:
    """Give a desk with Ada's set and a day's papers."""
    desk = make_desk()
    desk.store.save_set(OURS)
    read_clouds(desk)
    return desk


def faults(desk: Desk, form: EditorForm) -> list[tuple[str, str]]:
    with pytest.raises(FormError) as refused:
        save_set(desk, ADA, form, NOW)
    return [(fault.key, fault.message) for fault in refused.value.faults]


def where(desk: Desk, keyword_set: KeywordSet = OURS) -> dict[str, Schedule]:
    return {
        each.destination.address.rpartition("/")[2]: each.schedule
        for each in desk.store.load_subscriptions()
        if (each.set_owner, each.set_name) == keyword_set.key
    }


def test_a_new_sets_form_begins_with_the_query_and_the_channel(desk: Desk) -> None:
    assert open_editor(desk, ADA) == EditorForm(timezone=ZONE)
    form = open_editor(desk, BOB, query='"clouds" OR "fog"', channel=LAB)
    assert form == EditorForm(
        name="clouds OR fog",
        query='"clouds" OR "fog"',
        timezone=ZONE,
        destinations=(LAB,),
        channel=LAB,
    )
    assert open_editor(desk, BOB, query="clouds").name == "clouds 2"
    assert open_editor(desk, BOB, channel="#papers").destinations == ()


def test_a_new_set_is_the_workspaces_and_its_creators(desk: Desk) -> None:
    form = replace(
        NEW,
        exclude="survey\n\n review ",
        categories=("cs.cv", "cs.SY", "eess.SY"),
        types=(REPLACE, AnnounceType.NEW),
        rhythm=Rhythm.WEEKDAYS,
        at=time(9),
        destinations=(LAB, DM_ADA, LAB),
    )
    saved = save_set(desk, ADA, form, NOW)
    assert saved.keyword_set == KeywordSet(
        "Fog",
        (("fog",), ("mist", "lake")),
        exclude=("survey", "review"),
        types=(AnnounceType.NEW, REPLACE),
        categories=("cs.CV", "eess.SY"),
        owner=workspace_owner(HERE),
        creator=ADA.origin,
    )
    assert saved.before is None
    assert saved.keyword_set in desk.store.load_sets(workspace_owner(HERE))
    assert [(done.deed, done.subscription.destination) for done in saved.done] == [
        (Deed.SUBSCRIBED, channel(f"{HERE}/{LAB}")),
        (Deed.SUBSCRIBED, channel(f"{HERE}/{DM_ADA}")),
    ]
    assert {done.subscription.origin for done in saved.done} == {ADA.origin}
    assert all(done.trial is not None for done in saved.done)
    assert where(desk, saved.keyword_set) == {LAB: NINE, DM_ADA: NINE}


def test_a_form_shows_a_set_as_it_is_and_saving_that_changes_nothing(desk: Desk) -> None:
    full = replace(
        OURS,
        keywords=(("cloud",), ("rain", "snow")),
        exclude=("survey",),
        categories=("cs.CV",),
        types=(REPLACE,),
    )
    desk.store.save_set(full)
    number = subscribe(desk, what="Clouds", wish=Wish(at="9:00", on="weekly thu"))
    form = open_editor(desk, ADA, write_ref(full), channel=QUIET)
    assert form == EditorForm(
        set_ref="slack:T111/Clouds",
        keywords="cloud\nrain + snow",
        exclude="survey",
        categories=("cs.CV",),
        types=(REPLACE,),
        rhythm=Rhythm.WEEKLY,
        weekday=3,
        at=time(9),
        timezone=ZONE,
        destinations=(LAB,),
        channel=QUIET,
    )
    assert open_editor(desk, ADA, str(number), channel=QUIET) == form
    saved = save_set(desk, ADA, form, NOW)
    assert (saved.keyword_set, saved.before, saved.done) == (full, full, ())


def test_what_no_form_shows_stays_when_a_set_is_changed(desk: Desk) -> None:
    before = replace(OURS, match=MatchMode.SUBSTRING, paused=True)
    desk.store.save_set(before)
    form = replace(open_editor(desk, ROOT, write_ref(OURS)), keywords="", query="fog")
    saved = save_set(desk, ROOT, form, NOW)
    assert saved.keyword_set == replace(before, keywords=(), query="fog")
    assert (saved.before, desk.store.load_sets(OURS.owner)) == (before, (saved.keyword_set,))


def test_the_conversations_that_a_form_names_are_subscribed_and_no_others(desk: Desk) -> None:
    subscribe(desk, ADA, LAB, "Clouds")
    subscribe(desk, BOB, DM_BOB, "Clouds")
    other = subscribe(desk, ADA, LAB, "MLLM")
    form = open_editor(desk, ADA, write_ref(OURS))
    assert form.destinations == (LAB,)
    done = save_set(desk, ADA, replace(form, destinations=(QUIET,)), NOW).done
    assert [(each.deed, each.subscription.destination) for each in done] == [
        (Deed.SUBSCRIBED, channel(f"{HERE}/{QUIET}")),
        (Deed.REMOVED, channel(f"{HERE}/{LAB}")),
    ]
    # Another's direct messages are not the form's, and other sets are not either.
    assert where(desk).keys() == {DM_BOB, QUIET}
    assert desk.store.load_subscription(other) is not None


def test_what_the_person_is_not_in_is_neither_shown_nor_ended(desk: Desk) -> None:
    subscribe(desk, ADA, QUIET, "Clouds")
    subscribe(desk, ADA, LAB, "Clouds")
    subscribe(desk, ADA, DM_ADA, "Clouds")
    form = open_editor(desk, ROOT, write_ref(OURS))
    assert form.destinations == ()
    save_set(desk, ROOT, form, NOW)
    assert where(desk).keys() == {QUIET, LAB, DM_ADA}
    # A channel that Slack knows nothing of any more keeps nobody from the rest.
    del workspaces_of(desk).members[HERE, QUIET]
    form = open_editor(desk, ADA, write_ref(OURS))
    assert form.destinations == (LAB, DM_ADA)
    assert save_set(desk, ADA, form, NOW).done == ()
    with pytest.raises(BotError, match="no conversation C333"):
        save_set(desk, ADA, replace(form, destinations=(QUIET,)), NOW)


def test_what_the_operator_subscribed_is_left_alone(desk: Desk) -> None:
    number = configure(desk, f"{HERE}/{LAB}", OURS, OPERATOR)
    before = desk.store.load_subscription(number)
    form = open_editor(desk, ADA, write_ref(OURS))
    assert form.destinations == ()
    for destinations in ((LAB,), ()):
        changed = replace(form, at=time(12), destinations=destinations)
        assert save_set(desk, ADA, changed, NOW).done == ()
    assert desk.store.load_subscription(number) == before


def test_a_forms_schedule_is_that_of_all_its_conversations(desk: Desk) -> None:
    quiet = Wish(at="9:00", on="weekdays", quiet="22:00-07:00")
    subscribe(desk, ADA, LAB, "Clouds", quiet)
    subscribe(desk, ADA, QUIET, "Clouds", replace(quiet, quiet=""))
    form = open_editor(desk, ADA, write_ref(OURS))
    done = save_set(desk, ADA, replace(form, at=time(10)), NOW).done
    ten = replace(NINE, at=time(10))
    assert where(desk) == {LAB: replace(ten, quiet=(time(22), time(7))), QUIET: ten}
    assert [each.deed for each in done] == [Deed.CHANGED, Deed.CHANGED]


def test_where_schedules_differ_the_forms_is_that_of_its_channel_and_of_new_ones(
    desk: Desk,
) -> None:
    number = subscribe(desk, ADA, LAB, "Clouds", Wish(at="9:00", on="weekdays"))
    subscribe(desk, ADA, QUIET, "Clouds", Wish(at="8:00"))
    form = open_editor(desk, ADA, write_ref(OURS), channel=QUIET)
    assert (form.at, form.rhythm) == (time(8), Rhythm.DAILY)
    changed = replace(form, at=time(7), destinations=(LAB, QUIET, DM_ADA))
    save_set(desk, ADA, changed, NOW)
    seven = Schedule(at=time(7), timezone=ZONE)
    assert where(desk) == {LAB: NINE, QUIET: seven, DM_ADA: seven}
    change(desk, ADA, number, Wish(at="6:00"), NOW)
    assert open_editor(desk, ADA, write_ref(OURS)).at == time(6)


def test_every_fault_of_a_form_is_said_at_once_and_nothing_is_kept(desk: Desk) -> None:
    form = EditorForm(
        name="  ",
        keywords="VLM\n\u201cfog\nmist + (lake",
        exclude="sur*vey\n\u201cx",
        categories=("cs.CV", "cs.CVV", "nonsense" * 20),
        types=(),
        rhythm=Rhythm.WEEKLY,
        weekday=9,
        timezone="Berlin",
        destinations=(DM_BOB, LAB),
    )
    before = (desk.store.load_sets(OURS.owner), desk.store.load_subscriptions())
    found = faults(desk, replace(form, timezone="Nowhere"))
    keys = [key for key, _ in found]
    assert keys[0] == "keywords"
    assert set(keys) == {
        "name",
        "keywords",
        "exclude",
        "categories",
        "types",
        "weekday",
        "timezone",
        "destinations",
    }
    said = dict(found)
    assert said["name"] == "a set's name has 1 to 80 printable characters"
    assert "did you mean cs.CV?" in next(text for key, text in found if key == "categories")
    assert len(said["categories"]) < 200
    assert said["keywords"].startswith("`(lake` holds `(` at position 1")
    assert said["exclude"].startswith("`\u201cx`: the quote at position 1 is never closed")
    assert said["destinations"].startswith("digests come to a direct message only where")
    assert (desk.store.load_sets(OURS.owner), desk.store.load_subscriptions()) == before


@pytest.mark.parametrize(
    ("changed", "key", "said"),
    [
        ({"keywords": ""}, "keywords", "looks for nothing"),
        ({"query": "fog"}, "query", "keywords or a query, not both"),
        ({"keywords": "", "query": "fog OR"}, "query", "ends with an operator at position 7"),
        ({"keywords": "", "query": "NOT fog"}, "query", "would match almost every paper"),
        ({"keywords": "fog\n" * 30_000}, "keywords", "120,000 characters are more than 20,000"),
        ({"exclude": "x" * 100_000}, "exclude", "100,000 characters are more than 20,000"),
        ({"keywords": "x" * 5_000}, "keywords", "x…`: the query has 5,000 characters"),
        ({"name": "clouds"}, "name", "there is a set 'clouds' already"),
        ({"name": "mllm"}, "name", "there is a set 'mllm' already"),
        ({"name": "a\u202eb"}, "name", "printable"),
        ({"name": "x" * 81}, "name", "1 to 80"),
        ({"destinations": ("#papers",)}, "destinations", "only a conversation of this workspace"),
        ({"timezone": ""}, "timezone", "not a time zone"),
    ],
)
def test_a_fault_is_told_with_its_field(
    desk: Desk, changed: dict[str, object], key: str, said: str
) -> None:
    ((found, message),) = faults(desk, replace(NEW, **changed))  # type: ignore[arg-type]  # fields of a form
    assert found == key
    assert said in message


def test_two_who_make_a_set_of_the_same_name_at_once_do_not_overwrite_each_other() -> None:
    class Racing(DeskMemory):
        def add_set(self, keyword_set: KeywordSet) -> bool:
            super().add_set(replace(keyword_set, creator=BOB.origin))
            return super().add_set(keyword_set)

    desk = make_desk(Racing())
    assert faults(desk, replace(NEW, destinations=(LAB,))) == [
        ("name", "there is a set 'Fog' already: choose another name")
    ]
    assert [each.creator for each in desk.store.load_sets(OURS.owner)] == [BOB.origin]
    assert desk.store.load_subscriptions() == ()


def test_a_form_is_tried_before_it_is_saved(desk: Desk) -> None:
    trial = try_form(desk, BOB, EditorForm(keywords="cloud\nrain", exclude="pours"))
    assert (trial.matched, trial.keywords) == (2, (("cloud", 2),))
    # What a person may not change they may still try.
    assert try_form(desk, BOB, EditorForm(set_ref=write_ref(MLLM), query="rain")).matched == 1
    with pytest.raises(FormError, match="looks for nothing"):
        try_form(desk, BOB, EditorForm())


@pytest.mark.parametrize("number", ["99", "²", "9" * 30, "-1"])
def test_what_names_no_subscription_and_no_set_opens_nothing(desk: Desk, number: str) -> None:
    with pytest.raises(RefusedError, match="there is no s"):
        open_editor(desk, ADA, number)


def test_the_operators_sets_are_not_edited_here(desk: Desk) -> None:
    number = subscribe(desk)
    for value in (str(number), write_ref(MLLM)):
        with pytest.raises(RefusedError, match="the set 'MLLM' is the operator's"):
            open_editor(desk, ROOT, value)
