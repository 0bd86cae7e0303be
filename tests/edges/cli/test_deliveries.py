"""`papers deliveries`, and what `papers why` says of them, as a person types it."""

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from bot.adapters.store import Store, open_store
from bot.core.editions import Delivery, DeliveryState, Destination, DestinationKind
from bot.core.records import Claim, Hold, LedgerLine, Step
from bot.edges.cli.deliveries import say_line, say_next, say_state, say_steps, say_when
from bot.edges.cli.folding import fold
from tests.edges.cli.conftest import SAMPLE, Papers

PENDING, SENDING, SENT, RETRY, UNKNOWN, FAILED, CANCELLED = DeliveryState
MAIL = Destination(DestinationKind.EMAIL, "lab@lab.example")
NOW = datetime(2025, 12, 4, 8, tzinfo=UTC).astimezone(ZoneInfo("Europe/Berlin"))
# A Wednesday, 9:30 in Berlin.
MORNING = datetime(2026, 6, 3, 7, 30, tzinfo=UTC)
HOUR = timedelta(hours=1)
THURSDAY = date(2025, 12, 4)

CONFIG = """
[bot]
timezone = "Europe/Berlin"

[arxiv]
categories = ["cs.CL", "cs.CV", "cs.LG", "cs.RO"]

[[sets]]
name = "Grasping"
query = "grasp*"
post = [{ folder = "digests" }, { folder = "later", at = "09:00", on = "weekly mon" }]
"""


def make_line(
    state: DeliveryState = RETRY,
    *,
    due: datetime | None = None,
    detail: str = "no space left",
    held: Hold | None = None,
    days: Sequence[date] = (THURSDAY,),
) -> LedgerLine:
    return LedgerLine(
        Delivery(13, 1, MAIL, state, 2, "key"),
        "MLLM",
        tuple(days),
        due,
        0,
        Step(NOW.astimezone(UTC), state, 2, detail),
        held,
    )


@pytest.mark.parametrize(
    ("at", "said"),
    [
        (NOW, "at 09:00"),
        (NOW + 5 * HOUR, "at 14:00"),
        # The day is the bot's own, not that of UTC.
        (datetime(2025, 12, 4, 23, 30, tzinfo=UTC), "on 5 Dec at 00:30"),
        (NOW + timedelta(days=40), "on 13 Jan 2026 at 09:00"),
    ],
)
def test_a_moment_is_said_by_the_bots_clock(at: datetime, said: str) -> None:
    assert say_when(at, NOW) == said


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (make_line(PENDING, due=NOW + HOUR), "to go out at 10:00"),
        (make_line(PENDING, due=NOW - HOUR), "to go out now"),
        (make_line(PENDING, due=NOW), "to go out now"),
        (make_line(RETRY, due=NOW + 5 * HOUR), "to be tried again at 14:00"),
        (make_line(RETRY), "to be tried again now"),
        (
            make_line(UNKNOWN, due=NOW + HOUR),
            "to be looked for at 10:00, as it may have arrived",
        ),
        (make_line(FAILED), "`papers deliveries retry 13` tries again"),
        (make_line(FAILED, held=Hold.PAUSED), "`papers deliveries retry 13` tries again"),
        (make_line(FAILED, held=Hold.REMOVED), ""),
        (make_line(RETRY, held=Hold.PAUSED), "it waits, as its subscription is paused"),
        (make_line(PENDING, held=Hold.SET_PAUSED), "it waits, as its keyword set is paused"),
        (make_line(SENDING), ""),
        (make_line(SENT), ""),
        (make_line(CANCELLED), ""),
    ],
)
def test_what_happens_next_is_said(line: LedgerLine, said: str) -> None:
    assert say_next(line, NOW) == said


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (make_line(SENT, detail="there"), "sent at 09:00: there"),
        (make_line(SENT, detail=""), "sent at 09:00"),
        (make_line(PENDING, due=NOW + HOUR), "pending: to go out at 10:00"),
        (
            make_line(RETRY, due=NOW + HOUR),
            "retry at 09:00: no space left; to be tried again at 10:00",
        ),
        (replace(make_line(SENT), last=None), "sent"),
    ],
)
def test_how_a_delivery_stands_is_said(line: LedgerLine, said: str) -> None:
    assert say_state(line, NOW) == said


def test_a_line_keeps_to_eighty_columns() -> None:
    days = (THURSDAY - timedelta(days=3), THURSDAY)
    line = make_line(RETRY, due=NOW + HOUR, detail="the mail relay is away " * 9, days=days)
    said = say_line(line, NOW).split("\n")
    assert said[0] == "  13  MLLM · 1 Dec to 4 Dec · to lab@lab.example"
    assert all(len(each) <= 80 for each in said)
    assert {each[:6] for each in said[1:]} == {"      "}
    assert said[-1].endswith("; to be tried again at 10:00")


def test_a_history_is_a_table_of_eighty_columns() -> None:
    steps = [
        Step(NOW, PENDING, 0, "planned"),
        Step(NOW + 2 * HOUR, CANCELLED, 12, "the mail relay is away " * 9),
        Step(NOW, SENT, 1, ""),
    ]
    said = "\n".join(say_steps(steps, NOW, "  ")).split("\n")
    assert said[0] == "  2025-12-04 09:00:00  pending       planned"
    assert said[1].startswith("  2025-12-04 11:00:00  cancelled 12  the mail relay is away")
    assert {line[:37].strip() for line in said[2:-1]} == {""}
    assert said[-1] == "  2025-12-04 09:00:00  sent       1"
    assert all(len(each) <= 80 for each in said)
    assert list(say_steps([], NOW)) == ["Its history was thrown away, as it is old."]


def test_commands_and_long_words_are_not_broken() -> None:
    command = "`papers subscriptions add 'Some very long name of a set' --folder digests`"
    assert fold(f"Removed it from there. {command} undoes this.").split("\n") == [
        "Removed it from there.",
        command,
        "undoes this.",
    ]
    assert fold("x" * 100) == "x" * 100
    assert fold("well-known " * 8).split("\n")[1] == "well-known"
    assert fold("", "head  ") == "head"


@pytest.fixture
def sent(papers: Papers, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Papers:
    """Run commands one morning when one digest was sent and another one waits for Monday."""
    monkeypatch.setattr("bot.adapters.timing.SystemClock.now", lambda _self: MORNING)
    (tmp_path / "config.toml").write_text(CONFIG, encoding="utf-8")
    assert papers("send", "--source", SAMPLE).code == 0
    return papers


@pytest.fixture
def store(sent: Papers, tmp_path: Path) -> Store:  # noqa: ARG001
    """Give the store that the commands use."""
    return open_store(f"sqlite:///{tmp_path / 'papers.db'}")


def settle(store: Store, state: DeliveryState, *, minutes: int | None = None) -> None:
    """Let the digest that waits end its first attempt in a state."""
    with store.writing() as connection:
        connection.exec_driver_sql("UPDATE deliveries SET due_at = 0 WHERE id = 2")
    claim = store.claim(2, MORNING, MORNING + HOUR, {})
    assert isinstance(claim, Claim)
    again = None if minutes is None else MORNING + timedelta(minutes=minutes)
    assert store.settle(claim, state, at=MORNING, detail="no space left", retry_at=again)


def test_the_newest_deliveries_are_listed_first(sent: Papers) -> None:
    ran = sent("deliveries")
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.splitlines() == [
        "   2  Grasping · 2 Jun · to folder later",
        "      pending: to go out on 8 Jun at 09:00",
        "   1  Grasping · 2 Jun · to folder digests",
        "      sent at 09:30: digests/2026-06-02/Grasping.html",
        "Times are Europe/Berlin.",
    ]


def test_a_listing_may_be_cut_and_asked_for_less(sent: Papers) -> None:
    first = sent("deliveries", "list", "--limit", "1")
    assert "to folder later" in first.out
    assert "to folder digests" not in first.out
    assert first.err == "These are the newest 1: --limit shows more.\n"
    assert "later" not in sent("deliveries", "--state", "sent").out
    assert "later" not in sent("deliveries", "--address", "digests").out
    none = sent("deliveries", "--state", "failed", "--state", "retry")
    assert (none.code, none.out) == (1, "There are no such deliveries.\n")
    assert json.loads(sent("deliveries", "--address", "x", "--json").out) == []


def test_where_nothing_was_planned_that_is_said(papers: Papers) -> None:
    ran = papers("deliveries", "--config", SAMPLE / "config.toml")
    assert (ran.code, ran.out) == (1, "Nothing was planned yet.\n")


def test_deliveries_are_told_to_programs(sent: Papers) -> None:
    waiting, gone = json.loads(sent("deliveries", "--json").out)
    assert (waiting["id"], waiting["state"], gone["state"]) == (2, "pending", "sent")
    assert gone["destination"] == {"kind": "folder", "address": "digests"}
    assert (gone["days"], gone["held"], gone["repeats"]) == (["2026-06-02"], None, 0)
    assert waiting["due"].endswith("+00:00")
    shown = json.loads(sent("deliveries", "show", "1", "--json").out)
    assert [step["detail"] for step in shown["steps"]][:3] == ["planned", "claimed", "leaving"]
    assert shown["last"] == shown["steps"][-1]


def test_a_delivery_is_shown_with_its_whole_history(sent: Papers, store: Store) -> None:
    settle(store, RETRY, minutes=5)
    ran = sent("deliveries", "show", "2")
    assert ran.code == 0
    assert ran.out.splitlines() == [
        "Delivery 2: Grasping, Tuesday 2 June 2026, to folder later",
        "retry at 09:30: no space left; to be tried again at 09:35",
        "",
        "2026-06-03 09:30:00  pending       planned",
        "2026-06-03 09:30:00  sending    1  claimed",
        "2026-06-03 09:30:00  retry      1  no space left",
        "Times are Europe/Berlin.",
    ]


@pytest.mark.parametrize(("repeats", "said"), [(1, "once"), (3, "3 times")])
def test_repetitions_are_told(sent: Papers, store: Store, repeats: int, said: str) -> None:
    with store.writing() as connection:
        connection.exec_driver_sql("UPDATE deliveries SET repeats = ?", (repeats,))
    ran = sent("deliveries", "show", "1")
    assert f"Sent again {said} although it may have arrived before." in ran.out


def test_a_history_that_was_thrown_away_is_said_to_be(sent: Papers, store: Store) -> None:
    store.prune(None, MORNING + HOUR, 10)
    assert "Its history was thrown away, as it is old." in sent("deliveries", "show", "1").out
    assert "      sent\n" in sent("deliveries").out
    assert json.loads(sent("deliveries", "--json").out)[1]["last"] is None


def test_what_failed_is_tried_again(sent: Papers, store: Store, tmp_path: Path) -> None:
    settle(store, FAILED)
    assert "; `papers deliveries retry 2`" in " ".join(sent("deliveries").out.split())
    ran = sent("deliveries", "retry", "2")
    assert (ran.code, ran.out) == (
        0,
        "Delivery 2, Grasping of 2 Jun to folder later: to be tried again now.\n",
    )
    assert "folder later: sent" in sent("send", "--source", SAMPLE).out
    assert (tmp_path / "later").is_dir()
    assert "somebody asked for another try" in sent("deliveries", "show", "2").out


def test_what_waits_for_another_try_is_tried_now(sent: Papers, store: Store) -> None:
    settle(store, RETRY, minutes=60)
    assert json.loads(sent("deliveries", "retry", "2", "--json").out)["state"] == "retry"
    assert "folder later: sent" in sent("send", "--source", SAMPLE).out


def test_what_waits_is_called_off(sent: Papers) -> None:
    ran = sent("deliveries", "cancel", "2")
    assert (ran.code, ran.out) == (
        0,
        "Delivery 2, Grasping of 2 Jun to folder later: called off.\n",
    )
    assert (
        "cancelled at 09:30: somebody called it off\n"
        in sent("deliveries", "--state", "cancelled").out
    )
    again = sent("deliveries", "cancel", "2", "--json")
    assert (again.code, again.out) == (2, "")
    assert "delivery 2 was called off before" in again.err


def test_a_cancelled_delivery_is_told_to_programs(sent: Papers) -> None:
    assert json.loads(sent("deliveries", "cancel", "2", "--json").out)["state"] == "cancelled"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["show", "9"], "there is no delivery 9: `papers deliveries` lists the newest"),
        (["retry", "9"], "there is no delivery 9"),
        (["cancel", "9"], "there is no delivery 9"),
        (["retry", "1"], "delivery 1 has arrived, and is sent once"),
        (["retry", "2"], "delivery 2 was not tried yet: it goes out when it is due"),
        (["cancel", "1"], "delivery 1 has arrived, and cannot be called back"),
        (["list", "--state", "lost"], "'lost' is not one of"),
        (["list", "--limit", "0"], "0 is not in the range"),
    ],
)
def test_what_cannot_be_done_is_said(sent: Papers, arguments: list[str], said: str) -> None:
    ran = sent("deliveries", *arguments)
    assert (ran.code, ran.out) == (2, "")
    assert said in ran.err


def test_why_tells_the_history_of_each_delivery(sent: Papers, store: Store) -> None:
    ran = sent("why", "2606.00351")
    told = ran.out.split("\n\n")[-1].splitlines()
    assert told[0] == "Grasping, Tuesday 2 June 2026: sent to folder digests (delivery 1)"
    assert [line.split()[2] for line in told[1:5]] == ["pending", "sending", "sending", "sent"]
    assert told[5] == "Grasping, Tuesday 2 June 2026: pending to folder later (delivery 2)"
    assert told[6].endswith("  pending       planned")
    rows = json.loads(sent("why", "2606.00351", "--json").out)["deliveries"]
    assert [(row["id"], len(row["steps"])) for row in rows] == [(1, 4), (2, 1)]
    assert rows[0]["detail"] == rows[0]["steps"][-1]["detail"]
    store.prune(None, MORNING + HOUR, 10)
    assert "\n  Its history was thrown away, as it is old.\n" in sent("why", "2606.00351").out


def test_why_tells_of_an_edition_that_went_nowhere(papers: Papers, tmp_path: Path) -> None:
    text = CONFIG.split("post =", maxsplit=1)[0]
    (tmp_path / "config.toml").write_text(text, encoding="utf-8")
    papers("send", "--source", SAMPLE)
    ran = papers("why", "2606.00351")
    assert ran.out.endswith("Grasping, Tuesday 2 June 2026: no destination\n")
