"""The editors: filled in, tried while somebody types, saved, and refused with what is wrong."""

import json
import sqlite3
import threading
import time
from typing import Any

import pytest

from bot.core.keyword_sets import KeywordSet
from bot.core.papers import AnnounceType
from bot.core.schedule import Rhythm
from tests.edges.slack_app.conftest import Lab
from tests.edges.slack_app.test_actions import open_home
from tests.fakes.slack_api import Forgery, View
from tests.fakes.slack_api.acting import Person


def open_editor(lab: Lab, person: Person | None = None) -> View:
    """Open the editor of a new set from the help in #papers."""
    someone = person or lab.ada
    message = someone.command("/papers help", lab.papers).wait_message(1)
    return lab.wait_filled(someone.click(message, "set_new"))


def made(lab: Lab, name: str) -> KeywordSet:
    return next(each for each in lab.app.store.load_all_sets() if each.name == name)


def test_a_set_is_made_with_its_subscriptions(lab: Lab) -> None:
    view = open_editor(lab)
    done = lab.ada.submit(
        view,
        {
            "name": "Robots",
            "keywords": "robot\ntree + climb",
            "exclude": "survey",
            "categories": [("cs.RO", "cs.RO")],
            "types": ["new", "replace"],
            "rhythm": "weekly",
            "weekday": "2",
            "at": "09:00",
            "timezone": ("Asia/Tokyo", "Asia/Tokyo"),
            "destinations": ["C0PAPERS"],
        },
    )
    assert done.errors == {}
    lab.wait(lambda: any(text.startswith("Saved") for text in view.texts))
    robots = made(lab, "Robots")
    assert robots.keywords == (("robot",), ("tree", "climb"))
    assert (robots.exclude, robots.categories) == (("survey",), ("cs.RO",))
    assert robots.types == (AnnounceType.NEW, AnnounceType.REPLACE)
    assert robots.creator == "slack:T0LAB/U0ADA"
    (kept,) = lab.subscriptions()
    assert (kept.schedule.rhythm, kept.schedule.weekday) == (Rhythm.WEEKLY, 2)
    assert kept.schedule.timezone == "Asia/Tokyo"
    lab.wait(lambda: lab.papers.messages)
    assert lab.papers.messages[0].text.startswith("Subscribed <#C0PAPERS> to Robots")
    assert lab.count_faults() == 0


def test_every_fault_is_shown_below_its_field(lab: Lab) -> None:
    view = open_editor(lab)
    done = lab.ada.submit(
        view, {"name": "Clouds", "keywords": "", "query": "VLM OR", "destinations": ["G0SECRET"]}
    )
    assert (
        done.errors["query"] == "`VLM OR` ends with an operator at position 7: add a word after it"
    )
    assert "there is a set 'Clouds' already" in done.errors["name"]
    assert "only members of that channel" in done.errors["destinations"]
    assert view.open
    assert lab.app.store.load_all_sets() == ()
    done = lab.ada.submit(view, {"name": "Trees", "query": "tree", "destinations": ["C0PAPERS"]})
    assert done.errors == {}
    lab.wait(lambda: any(text.startswith("Saved") for text in view.texts))
    assert made(lab, "Trees").query == "tree"


def test_what_would_match_is_shown_while_somebody_types(lab: Lab) -> None:
    view = open_editor(lab)
    lab.ada.fill(view, "keywords", "cat")
    lab.wait(lambda: any("would have matched 2 papers" in text for text in view.texts))
    lab.ada.fill(view, "keywords", "cat\nfog +")
    lab.ada.fill(view, "keywords", "climb")
    lab.wait(lambda: any("would have matched 1 paper" in text for text in view.texts))
    lab.ada.fill(view, "categories", [("cs.RO", "cs.RO")])
    lab.ada.fill(view, "keywords", "")
    lab.wait(lambda: any("the set looks for nothing" in text for text in view.texts))
    lab.ada.fill(view, "query", "climb OR")
    lab.wait(lambda: any("ends with an operator" in text for text in view.texts))
    lab.ada.fill(view, "query", "climb")
    lab.ada.click(view, "set_preview")
    # It was announced in cs.CV alone.
    lab.wait(lambda: any("would have matched nothing" in text for text in view.texts))
    assert view.state["categories"]
    assert lab.count_faults() == 0


def test_an_older_preview_never_hides_a_newer_one(lab: Lab) -> None:
    view = open_editor(lab)
    for word in ("robot", "climb", "cat", "zebra", "cloud"):
        lab.ada.fill(view, "keywords", word)
    lab.wait(lambda: any("cloud brought 2." in text for text in view.texts))
    assert lab.ada.click(view, "set_preview").ack.ok


def test_a_preview_of_a_form_that_was_closed_is_dropped(lab: Lab) -> None:
    view = open_editor(lab)
    lab.ada.click(view, "set_preview", forge=Forgery(fields={"view.id": "V0GONE"}))
    lab.ada.command("/papers list", lab.papers).wait_response(1)
    assert lab.count_faults() == 0


def test_a_set_is_changed_and_its_channels_with_it(lab: Lab) -> None:
    lab.subscribe("robots")
    other = lab.team.add_channel("C0OTHER", "other", members={"U0ADA"})
    home = open_home(lab)
    view = lab.wait_filled(lab.ada.click(home, "set_edit", lab.ref("robots")))
    done = lab.ada.submit(
        view, {"query": "robots OR trees", "at": "07:30", "destinations": ["C0OTHER"]}
    )
    assert done.errors == {}
    lab.wait(lambda: any(text.startswith("Saved") for text in view.texts))
    assert made(lab, "robots").query == "robots OR trees"
    assert [str(each.destination) for each in lab.subscriptions()] == ["channel T0LAB/C0OTHER"]
    lab.wait(lambda: other.messages and len(lab.papers.messages) == 2)
    assert other.messages[0].text.startswith("Subscribed <#C0OTHER>")
    assert lab.papers.messages[1].text.startswith("Unsubscribed <#C0PAPERS>")
    lab.wait(lambda: any("07:30" in text for text in home.texts))


def test_a_schedule_is_changed(lab: Lab) -> None:
    lab.subscribe()
    listed = lab.ada.command("/papers list", lab.papers).wait_message(1)
    view = lab.wait_filled(lab.ada.click(listed, "subscription_edit"))
    done = lab.ada.submit(view, {"rhythm": "weekdays", "at": "18:15"})
    assert done.errors == {}
    lab.wait(lambda: any("weekdays 18:15" in text for text in view.texts))
    (kept,) = lab.subscriptions()
    assert kept.schedule.rhythm is Rhythm.WEEKDAYS
    lab.wait(lambda: len(lab.papers.messages) == 2)
    assert lab.papers.messages[1].text.startswith("Changed Clouds to <#C0PAPERS>")


def test_a_form_that_is_sent_twice_is_saved_once(lab: Lab) -> None:
    view = open_editor(lab)
    done = lab.ada.submit(view, {"name": "Trees", "query": "tree", "destinations": ["C0PAPERS"]})
    assert done.again().ok
    lab.ada.command("/papers list", lab.papers).wait_response(1)
    assert len(lab.subscriptions()) == 1
    lab.wait(lambda: lab.papers.messages)
    assert [message.text.split()[0] for message in lab.papers.messages] == ["Subscribed"]


def test_choices_come_while_somebody_types(lab: Lab) -> None:
    view = open_editor(lab)
    values = [option["value"] for option in lab.ada.suggest(view, "category_options", "robot")]
    assert values == ["cs.RO"]
    assert len(lab.ada.suggest(view, "category_options", "")) == 100
    values = [option["value"] for option in lab.ada.suggest(view, "timezone_options", "berl")]
    assert values == ["Europe/Berlin"]
    assert lab.ada.suggest(view, "timezone_options", "nowhere") == []


def lock(url: str, seconds: float, locked: threading.Event) -> None:
    """Keep a database to oneself."""
    connection = sqlite3.connect(url.removeprefix("sqlite:///"), isolation_level=None)
    connection.execute("BEGIN EXCLUSIVE")
    locked.set()
    time.sleep(seconds)
    connection.execute("ROLLBACK")
    connection.close()


@pytest.mark.parametrize(
    ("query", "said"), [("tree", "Saved "), ("tree OR", "ends with an operator")]
)
def test_while_the_database_is_locked_a_form_is_being_saved(
    lab: Lab, query: str, said: str
) -> None:
    view = open_editor(lab)
    locked = threading.Event()
    locking = threading.Thread(target=lock, args=(lab.app.settings.database_url, 2.5, locked))
    locking.start()
    assert locked.wait(10)
    done = lab.ada.submit(view, {"name": "Trees", "query": query, "destinations": ["C0PAPERS"]})
    assert done.ack.seconds < 2
    assert "Saving …" in view.texts
    locking.join()
    lab.wait(lambda: any(said in text for text in view.texts))
    assert (view.callback_id == "set_editor") is (query == "tree OR")


BAD: list[tuple[dict[str, Any], str]] = [
    ({"view.state.values.rhythm.value.selected_option.value": "hourly"}, "rhythm"),
    ({"view.state.values.at.value.selected_option.value": "25:00"}, "at"),
    ({"view.state.values.timezone.timezone_options.selected_option.value": "Mars"}, "timezone"),
    ({"view.state.values.rhythm.value.selected_option": None}, "rhythm"),
]


@pytest.mark.parametrize(("fields", "key"), BAD)
def test_what_no_field_can_hold_is_a_fault_of_its_field(
    socket_lab: Lab, fields: dict[str, Any], key: str
) -> None:
    view = open_editor(socket_lab)
    values = {"name": "Trees", "query": "tree", "destinations": ["C0PAPERS"]}
    done = socket_lab.ada.submit(view, values, Forgery(fields=fields))
    assert done.errors.keys() == {key}
    assert socket_lab.app.store.load_all_sets() == ()


@pytest.mark.parametrize("metadata", ["x", "[]", "null", "{" * 3000, '{"set": 5, "channel": {}}'])
def test_metadata_of_another_program_makes_no_difference_but_a_sentence(
    socket_lab: Lab, metadata: str
) -> None:
    view = open_editor(socket_lab)
    forge = Forgery(fields={"view.private_metadata": metadata})
    socket_lab.ada.submit(view, {"name": "T", "query": "tree", "destinations": []}, forge)
    socket_lab.wait(
        lambda: any("open it again" in text or text.startswith("Saved") for text in view.texts)
    )
    assert len(socket_lab.app.store.load_all_sets()) == ("set" in metadata)
    assert json.loads(view.body.get("private_metadata") or "{}") == {}
