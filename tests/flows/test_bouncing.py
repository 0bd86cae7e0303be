"""What came back is recorded once, and only what proves itself changes anything."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from bot.core.bounces import DomainPause, Fate, Recorded, Report, Verdict
from bot.errors import DeliveryError, MailRefusedError, StoreError
from bot.flows.bouncing import (
    Reading,
    note_refusal,
    read_bounces,
    say_reading,
    tell_of_blocks,
)
from tests.fakes.bounces import MemoryBounces, MemoryMailbox

NOW = datetime(2025, 12, 4, 8, tzinfo=UTC)
DAY = timedelta(days=1)
ADA, BO = "ada@a.example", "bo@b.example"
GONE = Fate(Verdict.HARD, "5.1.1", "550 5.1.1 who?")
FULL = Fate(Verdict.SOFT, "5.2.2")
BLOCKED = Fate(Verdict.BLOCK, "5.7.26")
LATE = Fate(Verdict.NONE, "4.4.1")


@pytest.fixture
def store() -> MemoryBounces:
    return MemoryBounces({"ada": ADA, "bo": BO})


def read(
    store: MemoryBounces, *reports: Report, now: datetime = NOW
) -> tuple[Reading, MemoryMailbox]:
    by_data = {str(number).encode(): report for number, report in enumerate(reports)}
    mailbox = MemoryMailbox(*by_data)
    reading = read_bounces(mailbox, by_data.__getitem__, store, now)
    assert mailbox.closed == 1
    return reading, mailbox


def test_what_came_back_is_recorded_and_filed(store: MemoryBounces) -> None:
    reading, mailbox = read(
        store,
        Report("1", "ada", (GONE,)),
        Report("2", "bo", (BLOCKED,)),
        Report("3", "bo", (FULL,)),
        Report("4", "bo", (LATE,)),
    )
    assert reading == Reading(
        {Verdict.HARD: 1, Verdict.BLOCK: 1, Verdict.SOFT: 1, Verdict.NONE: 1},
        suppressed=(ADA,),
        paused=("b.example",),
    )
    assert mailbox.filed == [True] * 4
    assert store.suppressed == {ADA}
    assert list(store.reports) == ["1", "2", "3"]


def test_a_report_that_is_read_again_changes_nothing(store: MemoryBounces) -> None:
    read(store, Report("1", "ada", (GONE,)))
    reading, mailbox = read(store, Report("1", "ada", (GONE,)))
    assert reading == Reading(repeated=1)
    assert mailbox.filed == [True]


@pytest.mark.parametrize(
    "report",
    [
        Report("1", "", (GONE,)),
        Report("1", "nobody's", (GONE,)),
        Report("1", "ada"),
        Report("1"),
    ],
)
def test_what_proves_nothing_or_says_nothing_is_left_to_people(
    store: MemoryBounces, report: Report
) -> None:
    reading, mailbox = read(store, report)
    assert reading == Reading(ignored=1)
    assert mailbox.filed == [False]
    assert not store.reports


def test_whom_a_report_speaks_of_does_not_matter_but_whom_we_wrote_to(store: MemoryBounces) -> None:
    reading, _ = read(store, Report("1", "bo", (replace(GONE, recipients=(ADA,)),)))
    assert reading.suppressed == (BO,)


def test_mail_is_filed_only_once_it_is_recorded(store: MemoryBounces) -> None:
    store.broken = True
    mailbox = MemoryMailbox(b"1")
    with pytest.raises(StoreError):
        read_bounces(mailbox, lambda _: Report("1", "ada", (GONE,)), store, NOW)
    assert mailbox.filed == [None]
    assert mailbox.closed == 1
    store.broken = False
    assert read_bounces(mailbox, lambda _: Report("1", "ada", (GONE,)), store, NOW).suppressed


def test_a_thousand_blocks_suppress_nobody(store: MemoryBounces) -> None:
    for number in range(1000):
        read(
            store,
            Report(str(number), ("ada", "bo")[number % 2], (BLOCKED,)),
            now=NOW + number * DAY,
        )
    assert store.suppressed == set()
    assert len(store.reports) == 1000


def test_what_a_reading_brought_is_said() -> None:
    assert say_reading(Reading()) == "nothing"
    assert not Reading()
    brought = Reading({Verdict.NONE: 1, Verdict.HARD: 2}, repeated=3, ignored=4)
    assert brought
    assert say_reading(brought) == "2 hard, 1 no bounce, 3 read before, 4 ignored"


def refuse(
    text: str, code: int = 550, status: str = "", *, permanent: bool = True
) -> MailRefusedError:
    message = f"mail.lab.example:587 refused the recipient (ada@a.example): {code} {text}"
    return MailRefusedError(message, code=code, status=status, permanent=permanent)


@pytest.mark.parametrize(
    ("error", "suppressed"),
    [
        (refuse("5.1.1 who?", status="5.1.1"), True),
        (refuse("5.2.2 full", 552, "5.2.2"), False),
        (refuse("5.1.2 where?", status="5.1.2"), False),
    ],
)
def test_an_address_that_is_refused_at_once_counts_like_one_that_came_back(
    store: MemoryBounces, error: MailRefusedError, *, suppressed: bool
) -> None:
    recorded = note_refusal(store, "ada", error, NOW)
    assert recorded == Recorded(new=True, suppressed=suppressed)
    (bounce,) = store.reports.values()
    assert (bounce.address, bounce.key) == (ADA, "ada")
    assert not note_refusal(store, "ada", error, NOW).new


@pytest.mark.parametrize(
    "error",
    [
        refuse("4.2.2 full", 452, "4.2.2", permanent=False),
        refuse("5.7.26 no", status="5.7.26"),
        refuse("5.7.1 no", status="5.7.1", permanent=False),
        refuse("5.3.4 too large", 552, "5.3.4"),
        refuse("no"),
    ],
)
def test_what_is_refused_for_our_sake_or_for_now_is_nothing_against_the_address(
    store: MemoryBounces, error: MailRefusedError
) -> None:
    assert not note_refusal(store, "ada", error, NOW).new
    assert not store.reports


def test_a_refusal_of_another_mail_or_without_the_database_is_not_noted(
    store: MemoryBounces,
) -> None:
    gone = refuse("5.1.1 who?", status="5.1.1")
    assert not note_refusal(store, "a notice", gone, NOW).new
    store.broken = True
    assert not note_refusal(store, "ada", gone, NOW).new
    assert not store.reports


def test_the_operator_hears_of_each_block_once_a_day(store: MemoryBounces) -> None:
    block = DomainPause("a.example", NOW, NOW + timedelta(hours=1), 1, "5.7.26 no")
    rest = replace(block, domain="b.example", reason="421 busy")
    old = replace(block, domain="c.example", since=NOW - 3 * DAY, until=NOW - 2 * DAY)
    store.pauses = (block, rest, old)
    told: list[DomainPause] = []
    for hours in (0, 1, 23):
        tell_of_blocks(store, told.append, NOW + timedelta(hours=hours))
    assert told == [block]
    again = replace(block, until=NOW + DAY)
    store.pauses = (again,)
    assert tell_of_blocks(store, told.append, NOW + DAY) == (again,)
    assert told == [block, again]


def test_an_operator_who_cannot_be_written_to_hears_of_it_in_the_log(store: MemoryBounces) -> None:
    block = DomainPause("a.example", NOW, NOW + timedelta(hours=1), 1, "5.7.26 no")
    store.pauses = (block, replace(block, domain="b.example"))

    def fail(pause: DomainPause) -> None:
        raise DeliveryError(pause.domain)

    assert len(tell_of_blocks(store, fail, NOW)) == 2
