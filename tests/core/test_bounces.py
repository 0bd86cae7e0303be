"""The table of what came back: which report is what, and what follows from it."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.bounces import (
    FORGIVEN,
    Action,
    DomainPause,
    Fate,
    Past,
    Verdict,
    choose_fate,
    classify,
    decide,
    find_status,
    hide_addresses,
    refine,
)

NOW = datetime(2025, 12, 4, 8, tzinfo=UTC)
DAY = timedelta(days=1)


@pytest.mark.parametrize(
    ("status", "text", "verdict"),
    [
        *((status, "", Verdict.HARD) for status in ("5.1.1", "5.1.3", "5.1.6", "5.1.10", "5.2.1")),
        ("5.1.2", "", Verdict.DOMAIN),
        ("5.4.4", "Host or domain name not found. Name service error", Verdict.DOMAIN),
        ("5.0.0", "no such domain", Verdict.DOMAIN),
        ("", "550 unknown domain", Verdict.DOMAIN),
        ("5.2.2", "", Verdict.SOFT),
        ("5.2.2", "smtp; 552 5.2.2 mailbox full", Verdict.SOFT),
        ("4.4.1", "connection timed out", Verdict.SOFT),
        ("4.4.7", "delivery time expired", Verdict.SOFT),
        ("5.4.7", "delivery time expired", Verdict.SOFT),
        ("4.7.1", "greylisted", Verdict.SOFT),
        ("4.4.3", "Host or domain name not found", Verdict.SOFT),
        ("", "451 try again", Verdict.SOFT),
        ("5.7.1", "", Verdict.BLOCK),
        ("5.7.26", "550 5.7.26 unauthenticated", Verdict.BLOCK),
        ("5.7.1", "550 5.7.1 no such domain", Verdict.BLOCK),
        ("5.6.0", "", Verdict.BLOCK),
        ("5.3.4", "", Verdict.BLOCK),
        ("5.0.0", "", Verdict.BLOCK),
        ("5.5.2", "", Verdict.BLOCK),
        ("5.1.8", "Sender address rejected: Domain not found", Verdict.BLOCK),
        ("5.0.0", "sender domain not found", Verdict.BLOCK),
        ("5.4.4", "no route", Verdict.BLOCK),
        ("", "", Verdict.BLOCK),
        ("", "554 go away", Verdict.BLOCK),
        ("5.0.0", "smtp; 550 5.1.1 who?", Verdict.HARD),
        ("5.1.10", "null MX", Verdict.HARD),
        ("5.1.1000", "", Verdict.BLOCK),
        ("2.0.0", "", Verdict.NONE),
    ],
)
def test_every_status_counts_as_the_table_says(status: str, text: str, verdict: Verdict) -> None:
    assert classify(status, text) is verdict


@pytest.mark.parametrize(
    ("text", "status"),
    [
        ("smtp; 550 5.1.1 who?", "5.1.1"),
        ("550-5.1.1 who?\n550 5.1.1 nobody", "5.1.1"),
        ("Sorry, no mailbox here by that name. (#5.1.1)", "5.1.1"),
        ("550 #5.7.1 no", "5.7.1"),
        ("450 4.2.2 full", "4.2.2"),
        ("450 5.1.1 of another class", ""),
        ("550 5.1.1 and 550 5.7.1", ""),
        ("Postfix 5.1.1", ""),
        ("see section 5.1.1", ""),
        ("127.550 5.1.1", ""),
        ("550 5.1.1.1", ""),
        ("", ""),
    ],
)
def test_a_status_is_found_only_where_servers_write_it(text: str, status: str) -> None:
    assert find_status(text) == status


def test_what_a_server_said_counts_where_a_report_says_nothing_and_does_not_contradict_it() -> None:
    assert refine("5.0.0", "550 5.2.2 full") == "5.2.2"
    assert refine("4.0.0", "550 5.2.2 full") == "4.0.0"
    assert refine("5.1.1", "550 5.7.1 no") == "5.1.1"
    assert refine("nonsense", "550 no") == "5.0.0"
    assert refine("5.0.0", "450 later") == "5.0.0"
    assert refine("", "no more than words") == ""


def pasts(verdict: Verdict, *days: float) -> list[Past]:
    return [Past(NOW + day * DAY, verdict) for day in days]


@pytest.mark.parametrize(
    ("verdict", "days", "action"),
    [
        (Verdict.HARD, (0,), Action.SUPPRESS),
        (Verdict.COMPLAINT, (0,), Action.SUPPRESS),
        (Verdict.DOMAIN, (0, 1), Action.KEEP),
        (Verdict.DOMAIN, (0, 1, 2), Action.SUPPRESS),
        (Verdict.SOFT, (0, 1, 2, 3, 4, 5, 13.9), Action.KEEP),
        (Verdict.SOFT, (0, 14), Action.KEEP),
        (Verdict.SOFT, (0, 1, 14), Action.SUPPRESS),
        (Verdict.SOFT, (0, 7, 14), Action.SUPPRESS),
        (Verdict.SOFT, (0, 1, 2 + FORGIVEN / DAY), Action.KEEP),
        (Verdict.SOFT, (0, 200, 207, 214), Action.SUPPRESS),
        (Verdict.DOMAIN, (0, 200, 400), Action.KEEP),
        (Verdict.BLOCK, tuple(range(1000)), Action.PAUSE),
        (Verdict.NONE, tuple(range(100)), Action.KEEP),
    ],
)
def test_what_follows_depends_on_how_often_and_how_long(
    verdict: Verdict, days: Sequence[float], action: Action
) -> None:
    assert decide(verdict, pasts(verdict, *days)) is action
    assert decide(verdict, pasts(verdict, *reversed(days))) is action


def test_bounces_of_one_kind_do_not_count_for_another() -> None:
    soft, domain = pasts(Verdict.SOFT, 0, 1), pasts(Verdict.DOMAIN, 20)
    assert decide(Verdict.DOMAIN, [*soft, *domain]) is Action.KEEP
    assert decide(Verdict.SOFT, [*domain, *soft, *pasts(Verdict.BLOCK, 30)]) is Action.KEEP


@given(
    st.lists(
        st.builds(
            Past,
            st.datetimes(timezones=st.just(UTC)),
            st.sampled_from([Verdict.BLOCK, Verdict.NONE]),
        )
    )
)
def test_an_outage_of_ours_suppresses_nobody(history: list[Past]) -> None:
    assert decide(Verdict.BLOCK, history) is Action.PAUSE


@given(st.text(), st.text())
def test_any_text_is_classified(status: str, text: str) -> None:
    verdict = classify(status, text)
    assert verdict is not Verdict.COMPLAINT


def test_a_report_on_several_is_about_the_one_that_was_written_to() -> None:
    gone = Fate(Verdict.HARD, "5.1.1", recipients=("Bo@a.example", "bo@b.example"))
    full = Fate(Verdict.SOFT, "5.2.2", recipients=("cy@a.example",))
    fine = replace(full, verdict=Verdict.NONE, recipients=())
    assert choose_fate([full, gone], "bo@A.example") is gone
    assert choose_fate([gone, full], "who@a.example") is full
    assert choose_fate([gone, full, fine], "who@a.example") is fine
    assert choose_fate([gone], "who@a.example") is gone


def test_what_servers_say_names_nobody() -> None:
    said = "550 5.1.1 <ada.lovelace@a.example>: who? rfc822;bo@b.example @c.example"
    assert hide_addresses(said) == "550 5.1.1 <…@a.example>: who? rfc822;…@b.example @c.example"


def test_a_block_is_told_from_a_rest_by_what_was_answered() -> None:
    pause = DomainPause("a.example", NOW, NOW + DAY, 1, "550 5.7.26 no")
    assert pause.is_block
    assert replace(pause, reason="5.7.26 no").is_block
    assert not replace(pause, reason="421 busy").is_block
    assert not replace(pause, reason="connection refused").is_block
