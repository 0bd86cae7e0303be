from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from bot.core.bounces import DomainPause
from bot.core.editions import BatchState, CategoryReceipt, Destination, DestinationKind
from bot.core.figures import Backlog, Pause
from bot.core.findings import Finding, Health
from bot.errors import StoreError
from bot.flows.checking import Reading
from bot.flows.measuring import Facts, gather, judge, say_span
from tests.fakes.papers import DAY, NOW
from tests.fakes.stores import MemoryStore

if TYPE_CHECKING:
    from bot.flows.measuring import FactStore

SECOND = timedelta(seconds=1)
MINUTE = timedelta(minutes=1)
PAUSE = Pause(7, "MLLM", Destination(DestinationKind.CHANNEL, "#papers"), "it was archived.")
BLOCKED = DomainPause(
    "a.example", NOW - 20 * MINUTE, NOW + 40 * MINUTE, 1, "5.7.26 unauthenticated mail."
)
OVER = DomainPause("b.example", NOW - 20 * MINUTE, NOW, 1, "421 busy")
WELL = Facts(
    heartbeats={"clock": NOW - 12 * SECOND},
    categories=("cs.CV",),
    readings=(Reading("cs.CV", DAY, CategoryReceipt("cs.CV", DAY, BatchState.COMPLETE)),),
)


class FactualStore(MemoryStore):
    """A store with heartbeats, a backlog and pauses of a test's choice."""

    def __init__(self, *heard: tuple[str, str, datetime], down: str = "") -> None:
        super().__init__()
        self.heard = heard
        self.down = down

    def load_heartbeats(self) -> tuple[tuple[str, str, datetime], ...]:
        return self.heard

    def load_backlog(self, now: datetime) -> Backlog:
        if self.down:
            raise StoreError(self.down)
        return Backlog(1, now - MINUTE)

    def load_pauses(self) -> tuple[Pause, ...]:
        return (PAUSE,)

    def load_domain_pauses(self) -> tuple[DomainPause, ...]:
        return (BLOCKED, OVER)


if TYPE_CHECKING:
    _STORE: FactStore = FactualStore()


def judged(facts: Facts, *, names: bool = True) -> Mapping[str, tuple[Health, str]]:
    found = judge(facts, NOW, names=names)
    assert len({each.subject for each in found}) == len(found)
    return {each.subject: (each.health, each.message) for each in found}


def test_gathers_the_last_sign_of_life_of_each_role() -> None:
    store = FactualStore(
        ("host:2", "clock", NOW - MINUTE), ("host:1", "clock", NOW), ("host:3", "web", NOW - MINUTE)
    )
    facts = gather(store, ["cs.CV"], NOW)
    assert facts.heartbeats == {"clock": NOW, "web": NOW - MINUTE}
    assert facts.backlog == Backlog(1, NOW - MINUTE)
    assert facts.pauses == (PAUSE,)
    assert facts.domains == (BLOCKED,)
    assert (facts.fault, facts.categories, facts.readings) == ("", ("cs.CV",), ())


def test_gathers_how_each_category_is_read() -> None:
    store = FactualStore()
    store.save_receipt(CategoryReceipt("cs.CV", DAY, BatchState.FAILED), NOW)
    assert gather(store, ["cs.CV"], NOW).readings == ()
    assert gather(store, [], NOW).readings == ()


def test_a_database_that_fails_is_all_there_is_to_say() -> None:
    facts = gather(FactualStore(down="papers.db is locked"), ["cs.CV"], NOW)
    assert facts == Facts(fault="papers.db is locked")
    assert judge(facts, NOW) == (Finding("database", Health.BAD, "papers.db is locked"),)


@pytest.mark.parametrize("names", [True, False])
def test_all_is_well(*, names: bool) -> None:
    assert judge(WELL, NOW, names=names) == (
        Finding("database", Health.FINE, "it answers"),
        Finding("clock", Health.FINE, "last tick 12 s ago"),
        Finding("deliveries", Health.FINE, "0 due"),
        Finding("cs.CV", Health.FINE, "last read Thursday 4 December 2025"),
    )


@pytest.mark.parametrize(
    ("heard", "role", "health", "message"),
    [
        ({"clock": NOW - 2 * MINUTE}, "clock", Health.FINE, "last tick 2 min ago"),
        (
            {"clock": NOW - 2 * MINUTE - SECOND},
            "clock",
            Health.BAD,
            (
                "last heard of 2 min ago: look into its log, and start it again by `papers run` or "
                "`papers clock`"
            ),
        ),
        (
            {"worker": NOW},
            "clock",
            Health.BAD,
            "none was heard of for a day: start `papers run`, or `papers clock`",
        ),
        ({"worker": NOW}, "worker", Health.FINE, "last heard of 0 s ago"),
        (
            {"web": NOW - timedelta(hours=3)},
            "web",
            Health.DOUBTFUL,
            (
                "last heard of 3 h ago: look into its log, and start it again by `papers run` or "
                "`papers web`"
            ),
        ),
        (
            {"slack": NOW - timedelta(hours=3)},
            "slack",
            Health.DOUBTFUL,
            (
                "last heard of 3 h ago: look into its log, and start it again by `papers run` or "
                "its command"
            ),
        ),
        ({"clock": NOW + MINUTE}, "clock", Health.FINE, "last tick 0 s ago"),
        (
            {"clock": NOW + 5 * MINUTE},
            "clock",
            Health.DOUBTFUL,
            (
                "its last sign of life is 5 min ahead of this machine's time: set the machines' "
                "clocks, best by NTP"
            ),
        ),
    ],
)
def test_judges_who_was_heard_of(
    heard: Mapping[str, datetime], role: str, health: Health, message: str
) -> None:
    assert judged(replace(WELL, heartbeats=heard))[role] == (health, message)


def test_where_nothing_is_meant_to_run_nothing_is_missed() -> None:
    waiting = Backlog(3, NOW - timedelta(days=1))
    assert judged(replace(WELL, heartbeats={}, backlog=waiting)).keys() == {"database", "cs.CV"}


@pytest.mark.parametrize(
    ("waits", "health", "message"),
    [
        (15 * MINUTE, Health.FINE, "2 due, the oldest for 15 min"),
        (
            15 * MINUTE + SECOND,
            Health.DOUBTFUL,
            (
                "2 due, the oldest for 15 min: see that `papers run` or `papers worker` runs, and "
                "what its log says"
            ),
        ),
    ],
)
def test_judges_what_waits(waits: timedelta, health: Health, message: str) -> None:
    facts = replace(WELL, backlog=Backlog(2, NOW - waits))
    assert judged(facts)["deliveries"] == (health, message)


def test_what_is_in_doubt_is_looked_for() -> None:
    facts = replace(WELL, backlog=Backlog(in_doubt=2))
    message = "2 may have arrived: each is looked for before it is sent again"
    assert judged(facts)["in doubt"] == (Health.FINE, message)
    message = "2 may have arrived: `papers send` looks for each before it sends it again"
    assert judged(replace(facts, heartbeats={}))["in doubt"] == (Health.DOUBTFUL, message)


def test_what_failed_says_how_to_try_again() -> None:
    facts = replace(WELL, backlog=Backlog(failed=3), heartbeats={})
    assert judged(facts)["failed deliveries"] == (
        Health.DOUBTFUL,
        (
            "3 in the last 7 days: `papers deliveries list --state failed` says why, and "
            "`papers deliveries retry ID` tries one again"
        ),
    )


def test_paused_subscriptions_say_how_to_go_on() -> None:
    paused = replace(WELL, pauses=(PAUSE,))
    assert judged(paused)["subscription 7"] == (
        Health.DOUBTFUL,
        (
            "MLLM to channel #papers is paused: it was archived; when that is mended, "
            "`papers subscriptions resume 7`"
        ),
    )
    many = judged(replace(WELL, pauses=tuple(replace(PAUSE, id=each) for each in range(7))))
    assert [subject for subject in many if subject.startswith("subscription ")] == [
        f"subscription {each}" for each in range(5)
    ]
    assert many["subscriptions"][1] == "2 more are paused: `papers subscriptions` lists them"


@pytest.mark.parametrize(("number", "said"), [(1, "1 is paused"), (6, "6 are paused")])
def test_whoever_may_not_know_hears_no_names(number: int, said: str) -> None:
    facts = replace(WELL, pauses=(PAUSE,) * number)
    found = judged(facts, names=False)
    assert found["subscriptions"] == (
        Health.DOUBTFUL,
        f"{said}: `papers subscriptions` says why",
    )
    assert "#papers" not in str(found)


def test_judges_categories() -> None:
    late = replace(WELL, readings=(Reading("cs.CV", DAY - timedelta(days=9), None),))
    assert judged(late)["cs.CV"][0] is Health.DOUBTFUL
    assert judged(replace(WELL, readings=()))["announcements"][0] is Health.DOUBTFUL
    assert judged(replace(WELL, categories=()))["categories"] == (
        Health.BAD,
        'no categories are followed: add [arxiv] categories = ["cs.CL"] to the configuration',
    )


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (-1, "0 s"),
        (59.9, "59 s"),
        (60, "1 min"),
        (3599, "59 min"),
        (3600, "1 h"),
        (86_400, "24 h"),
        (172_800, "2 days"),
    ],
)
def test_says_how_long(seconds: float, said: str) -> None:
    assert say_span(timedelta(seconds=seconds)) == said


def test_domains_that_get_no_mail_are_named_to_the_operator_only() -> None:
    relay = replace(BLOCKED, domain="", reason="connection refused")
    found = judged(replace(WELL, domains=(relay, BLOCKED)))
    assert found["mail to a.example"] == (
        Health.DOUBTFUL,
        (
            "a.example is left alone since 20 min ago, for 40 min more: 5.7.26 unauthenticated"
            " mail; when that is mended, `papers bounces --resume a.example`"
        ),
    )
    assert found["mail to the mail relay"][1].endswith("connection refused; see [mail] relay")
    many = [replace(BLOCKED, domain=f"{number}.example") for number in range(7)]
    found = judged(replace(WELL, domains=tuple(many)))
    assert found["mail to domains"] == (
        Health.DOUBTFUL,
        "2 more get none for a while: see `papers bounces`",
    )
    hidden = judged(replace(WELL, domains=tuple(many)), names=False)
    assert hidden["mail to domains"][1].startswith("7 domains get none for a while")
    one = judged(replace(WELL, domains=(BLOCKED,)), names=False)["mail to domains"][1]
    assert one.startswith("1 domain gets none")
    assert "mail to domains" not in judged(WELL, names=False)
