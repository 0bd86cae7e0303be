"""`papers subscriptions` as a person types it."""

import json
import shlex
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bot.adapters.store import Store, open_store
from bot.core.editions import Destination, DestinationKind
from bot.core.keyword_sets import KeywordSet
from bot.core.schedule import Schedule
from bot.core.subscriptions import Subscription
from bot.edges.cli.subscriptions import read_destination
from bot.errors import UserError
from tests.edges.cli.conftest import SAMPLE, Papers, Ran

NOW = datetime(2026, 6, 3, 7, 30, tzinfo=UTC)
CONFIG = """
[bot]
timezone = "Europe/Berlin"

[arxiv]
categories = ["cs.CL", "cs.CV", "cs.LG", "cs.RO"]

[[sets]]
name = "Grasping"
query = "grasp*"
post = [{ folder = "digests" }, { channel = "#papers", at = "09:00", on = "weekdays" }]

[[sets]]
name = "MLLM"
keywords = ["VLM"]
"""


@pytest.fixture
def configured(papers: Papers, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Papers:
    """Run commands in a folder with a configuration, on a Wednesday morning."""
    monkeypatch.setattr("bot.adapters.timing.SystemClock.now", lambda _self: NOW)
    (tmp_path / "config.toml").write_text(CONFIG, encoding="utf-8")
    return papers


def run(papers: Papers, line: str) -> Ran:
    return papers("subscriptions", *shlex.split(line))


def unfold(ran: Ran) -> str:
    """Return what was said on one line."""
    return " ".join(ran.out.split())


def listed(papers: Papers) -> dict[int, dict[str, object]]:
    return {row["id"]: row for row in json.loads(run(papers, "list --json").out)}


def test_a_listing_says_what_goes_where_and_when(configured: Papers) -> None:
    run(configured, "add mllm --email lab@lab.example --on 'weekly mon' --quiet 22:00-07:00")
    run(configured, "pause 3")
    ran = configured("subscriptions")
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.splitlines() == [
        "   1  Grasping to folder digests",
        "      as announced; config.toml",
        "   2  Grasping to channel #papers",
        "      weekdays 09:00 Europe/Berlin; config.toml",
        "   3  MLLM to lab@lab.example",
        "      weekly on Monday Europe/Berlin, quiet 22:00 to 07:00; database",
        "      paused",
    ]


def test_a_listing_says_what_keeps_digests_from_coming(configured: Papers, tmp_path: Path) -> None:
    configured("sets", "add", "Robots", "--keyword", "robot")
    run(configured, "add robots --folder digests")
    configured("sets", "pause", "robots")
    run(configured, "add mllm --folder digests")
    text = CONFIG.replace('name = "MLLM"', 'name = "VLM"')
    (tmp_path / "config.toml").write_text(text, encoding="utf-8")
    reason = "Slack says that the channel was archived " * 3
    with open_store(f"sqlite:///{tmp_path / 'papers.db'}") as store:
        store.pause_subscription(1, paused=True, reason=reason)
    out = configured("subscriptions").out
    assert "   3  Robots to folder digests\n" in out
    assert "      nothing comes: the set is paused\n" in out
    assert out.endswith("      nothing comes: there is no such set any more\n")
    assert "      paused: Slack says that the channel was archived Slack says that the\n" in out
    assert all(len(line) <= 80 for line in out.splitlines())


def test_where_there_is_no_subscription_the_way_to_one_is_said(
    papers: Papers, tmp_path: Path
) -> None:
    text = CONFIG.split("post =", maxsplit=1)[0]
    (tmp_path / "config.toml").write_text(text, encoding="utf-8")
    ran = papers("subscriptions")
    assert (ran.code, ran.out) == (
        1,
        "There are none: `papers subscriptions add SET --folder digests` adds one.\n",
    )
    assert (papers("subscriptions", "--json").code, listed(papers)) == (1, {})


def test_a_subscription_is_told_to_programs(configured: Papers) -> None:
    ran = run(configured, "add grasping --folder out --at 9:30 --on 'weekly thu' --json")
    told = json.loads(ran.out)
    assert told == {
        "id": 3,
        "set": "Grasping",
        "owner": "config",
        "destination": {"kind": "folder", "address": "out"},
        "schedule": {
            "rhythm": "weekly",
            "at": "09:30",
            "timezone": "Europe/Berlin",
            "weekday": 3,
            "quiet": None,
        },
        "words": "weekly on Thursday 09:30 Europe/Berlin",
        "origin": "operator",
        "paused": False,
        "reason": "",
        "until": None,
        "waiting": 0,
    }
    del told["waiting"]
    assert listed(configured)[3] == told
    changed = json.loads(run(configured, "change 3 --quiet '22:00-07:00' --json").out)
    assert changed["schedule"]["quiet"] == ["22:00", "07:00"]
    assert json.loads(run(configured, "pause 3 --json").out)["paused"] is True
    assert json.loads(run(configured, "resume 3 --json").out)["paused"] is False
    assert json.loads(run(configured, "remove 3 --json").out)["id"] == 3


def test_what_was_subscribed_is_said_with_the_way_back(configured: Papers) -> None:
    ran = run(configured, "add MLLM --folder digests --at 09:00 --on weekdays")
    assert (ran.code, ran.out) == (
        0,
        (
            "Subscribed folder digests to MLLM: weekdays 09:00 Europe/Berlin.\n"
            "`papers subscriptions remove 3` undoes this.\n"
        ),
    )


def test_subscribing_again_changes_it_in_place_and_says_so(configured: Papers) -> None:
    run(configured, "add mllm --folder digests/ --at 09:00")
    ran = run(configured, "add MLLM --folder ./digests --on weekdays --at none")
    assert ran.out == (
        "Changed MLLM to folder digests, subscribed before: weekdays Europe/Berlin; it\n"
        "was daily 09:00 Europe/Berlin.\n"
        "`papers subscriptions change 3 --at 09:00 --on daily` undoes this.\n"
    )
    assert listed(configured)[3]["words"] == "weekdays Europe/Berlin"
    again = run(configured, "add mllm --folder digests")
    assert again.out == (
        "Nothing was changed: MLLM to folder digests was subscribed before, weekdays\n"
        "Europe/Berlin.\n"
    )


def test_what_a_change_undoes_is_a_command_that_works(configured: Papers) -> None:
    run(configured, "add mllm --folder digests --at 09:00 --on 'weekly fri' --quiet 22:00-07:00")
    before = listed(configured)[3]
    ran = run(configured, "change 3 --at none --on daily --timezone utc --quiet none")
    assert listed(configured)[3]["words"] == "as announced"
    command = ran.out.split("`")[1].replace("\n", " ")
    assert shlex.split(command)[:2] == ["papers", "subscriptions"]
    assert configured(*shlex.split(command)[1:]).code == 0
    assert listed(configured)[3] == before


def test_a_removal_is_undone_by_the_command_it_names(configured: Papers) -> None:
    wishes = (
        "--at 09:00 --on 'weekly fri' --quiet 22:00-07:00 --timezone America/New_York",
        "--on weekdays",
        "",
    )
    for wish in wishes:
        run(configured, f"add mllm --folder 'my digests' {wish}")
        before = listed(configured)[3]
        ran = run(configured, "remove 3")
        assert ran.out.startswith("Removed MLLM to folder my digests.")
        assert 3 not in listed(configured)
        assert configured(*shlex.split(ran.out.split("`")[1])[1:]).code == 0
        assert listed(configured)[3] == before
        run(configured, "remove 3")


def test_a_paused_subscription_or_set_is_said_to_be_so(configured: Papers) -> None:
    configured("sets", "add", "My robots", "--keyword", "robot")
    configured("sets", "pause", "My robots")
    assert "The set is paused: `papers sets resume 'My robots'`." in (
        unfold(run(configured, "add 'my robots' --folder digests"))
    )
    run(configured, "pause 3")
    assert "It is paused: `papers subscriptions resume 3` lets it go on." in (
        unfold(run(configured, "change 3 --on weekdays"))
    )


def test_a_place_that_nothing_delivers_to_is_said_to_be_one(
    configured: Papers, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.app.App.senders", {DestinationKind.FOLDER: None})
    out = unfold(run(configured, "add mllm --email lab@lab.example"))
    assert "Nothing here delivers to lab@lab.example yet: see `papers doctor`." in out
    assert "Nothing here" not in run(configured, "add mllm --folder digests").out


def test_what_waited_while_paused_goes_out_when_resumed(configured: Papers, tmp_path: Path) -> None:
    run(configured, "remove 2")
    run(configured, "add grasping --folder later --on 'weekly mon' --at 09:00")
    assert configured("send", "--source", SAMPLE).code == 0
    paused = run(configured, "pause 3").out
    assert paused == (
        "Paused Grasping to folder later: nothing more is delivered there. 1 digest is\n"
        "waiting. `papers subscriptions resume 3` lets it go on.\n"
    )
    with open_store(f"sqlite:///{tmp_path / 'papers.db'}") as store, store.writing() as connection:
        connection.exec_driver_sql("UPDATE deliveries SET due_at = 0 WHERE state = 'pending'")
    assert "Nothing is due." in configured("send", "--source", SAMPLE).err
    assert "is paused already. 1 digest is waiting." in unfold(run(configured, "pause 3"))
    resumed = run(configured, "resume 3")
    assert resumed.out == (
        "Resumed Grasping to folder later: weekly on Monday 09:00 Europe/Berlin. 1 digest\n"
        "is waiting, to go out as soon as due.\n"
    )
    assert configured("send", "--source", SAMPLE).out.count("folder later: sent") == 1
    assert (tmp_path / "later").is_dir()
    assert "is not paused" in run(configured, "resume 3").out


def test_what_is_planned_already_is_told_where_a_schedule_changes(configured: Papers) -> None:
    run(configured, "add grasping --folder later --on 'weekly mon' --at 09:00")
    assert configured("send", "--source", SAMPLE).code == 0
    assert "1 digest is planned already, at the old time." in (
        unfold(run(configured, "change 3 --at 10:00"))
    )
    assert "1 digest is called off." in unfold(run(configured, "remove 3"))


def test_those_of_the_configuration_may_be_paused_and_stay_so(configured: Papers) -> None:
    assert run(configured, "pause 1").code == 0
    assert "   1  Grasping to folder digests\n      as announced; config.toml\n      paused\n" in (
        configured("subscriptions").out
    )
    assert run(configured, "resume 1").code == 0


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("add graspin --folder x", "no set is named 'graspin': did you mean 'Grasping'?"),
        ("add mllm", "name one destination: --channel, --email or --folder"),
        ("add mllm --folder x --channel '#y'", "name one destination"),
        ("add mllm --email lab", "'lab' is not an e-mail address"),
        ("add mllm --folder x --timezone Berln", "did you mean Europe/Berlin?"),
        ("add mllm --folder x --at 25:00", "'25:00' is not a time of day"),
        ("add mllm --folder x --on sundays", "'sundays' is not a rhythm"),
        ("add mllm --folder x --quiet 7", "'7' is not a span of the day"),
        ("add grasping --folder digests --at 09:00", "stands in the configuration file: change it"),
        ("change 1 --at 09:00", "stands in the configuration file: change it there"),
        ("change 2", "say what to change"),
        ("remove 1", "stands in the configuration file: take it out there"),
        ("pause 9", "there is no subscription 9: there are 1, 2"),
        ("resume 9", "there is no subscription 9: there are 1, 2"),
        ("remove 9", "there is no subscription 9"),
        ("change 9 --at 09:00", "there is no subscription 9"),
        ("pause one", "'one' is not a valid integer"),
    ],
)
def test_what_cannot_be_done_is_said_and_nothing_changes(
    configured: Papers, line: str, said: str
) -> None:
    before = listed(configured)
    ran = run(configured, line)
    assert (ran.code, ran.out) == (2, "")
    assert said in ran.err
    assert listed(configured) == before


def test_one_destination_is_read_and_a_folder_in_one_spelling() -> None:
    found = read_destination(channel="", email="", folder="./digests//")
    assert str(found) == "folder digests"
    with pytest.raises(UserError):
        read_destination(channel="#a", email="", folder="b")


@pytest.fixture
def slack(tmp_path: Path) -> Iterator[Store]:
    """Give a store in which people of two workspaces have made sets and subscribed channels."""
    with open_store(f"sqlite:///{tmp_path / 'papers.db'}") as store:
        for team in ("T111", "T222"):
            owner = f"slack:{team}"
            made = KeywordSet("MLLM", query="VLM", owner=owner, creator=f"{owner}/UADA")
            store.save_set(made)
            place = Destination(DestinationKind.CHANNEL, f"{team}/C111")
            saved = Subscription(*made.key, place, Schedule(timezone="Europe/Berlin"), made.creator)
            number = store.save_subscription(saved, NOW).id
        store.pause_subscription(number, paused=True, until=NOW)
        yield store


def test_what_people_of_slack_subscribed_is_listed_with_who_asked(
    configured: Papers, slack: Store
) -> None:
    assert configured("subscriptions").out.splitlines()[:5] == [
        "   1  slack:T111/MLLM to channel T111/C111",
        "      as announced; Slack, asked for by UADA",
        "   2  slack:T222/MLLM to channel T222/C111",
        "      as announced; Slack, asked for by UADA",
        "      paused until 2026-06-03 09:30 Europe/Berlin",
    ]
    rows = listed(configured)
    assert [rows[number]["until"] for number in (1, 2)] == [None, "2026-06-03T07:30:00+00:00"]
    assert [rows[number]["origin"] for number in (1, 2)] == ["slack:T111/UADA", "slack:T222/UADA"]
    assert len(slack.load_all_sets()) == 2


def test_the_operator_may_pause_and_remove_any_of_them(configured: Papers, slack: Store) -> None:
    assert "Paused slack:T111/MLLM to channel T111/C111" in run(configured, "pause 1").out
    # A pause that would end by itself ends no more.
    assert "Paused slack:T222/MLLM" in run(configured, "pause 2").out
    assert "is paused already" in run(configured, "pause 2").out
    assert [each.until for each in slack.load_subscriptions()] == [None] * 4
    assert run(configured, "resume 2").out.startswith("Resumed slack:T222/MLLM")
    removed = unfold(run(configured, "remove 2"))
    undo = removed.split("`")[1]
    assert undo == (
        "papers subscriptions add slack:T222/MLLM --channel T222/C111 --timezone Europe/Berlin"
    )
    assert configured(*shlex.split(undo)[1:]).code == 0
    assert [(each.set_owner, each.origin) for each in slack.load_subscriptions()][:2] == [
        ("slack:T111", "slack:T111/UADA"),
        ("slack:T222", "operator"),
    ]


def test_a_name_that_several_have_is_the_operators(configured: Papers, slack: Store) -> None:
    assert run(configured, "add mllm --folder digests").code == 0
    assert slack.load_subscriptions()[-1].set_owner == "config"
