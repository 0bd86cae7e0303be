from datetime import date, timedelta

import pytest

from bot.core.editions import BatchState, CategoryReceipt
from bot.core.findings import Finding, Health
from bot.errors import SourceError, StoreError
from bot.flows.checking import (
    check_arxiv,
    check_database,
    hide_password,
    judge_categories,
    read_categories,
)
from bot.flows.ingest import Ingest
from tests.fakes.papers import DAY, NOW, announce, make_paper
from tests.fakes.sources import Canned, CannedSource
from tests.fakes.stores import MemoryStore

YESTERDAY = DAY - timedelta(days=1)
DOWN = SourceError("https://arxiv.example/rss/cs.RO", "answered 503")


def ingest(store: MemoryStore, answers: dict[str, Canned], day: date = DAY) -> None:
    Ingest(CannedSource(answers), store).run(day, tuple(answers), NOW)


def look(store: MemoryStore, *categories: str, days: int = 0) -> list[tuple[str, Health, str]]:
    now = NOW + timedelta(days=days)
    found = judge_categories(read_categories(store, categories or ("cs.CV",), now), now)
    return [(each.subject, each.health, each.message) for each in found]


@pytest.mark.parametrize(("papers", "told"), [(0, "0 papers"), (1, "1 paper"), (2, "2 papers")])
def test_says_how_much_the_database_holds(papers: int, told: str) -> None:
    store = MemoryStore()
    ingest(store, {"cs.CV": announce(*map(make_paper, range(papers)))})
    assert check_database(lambda: store, "sqlite:///papers.db") == Finding(
        "database", Health.FINE, f"sqlite:///papers.db: {told} stored"
    )


def test_a_database_that_cannot_be_opened_is_bad() -> None:
    def fail() -> MemoryStore:
        msg = "papers.db is of a newer version: upgrade papers-bot"
        raise StoreError(msg)

    assert check_database(fail, "sqlite:///papers.db") == Finding(
        "database", Health.BAD, "papers.db is of a newer version: upgrade papers-bot"
    )


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("sqlite:///papers.db", "sqlite:///papers.db"),
        ("postgresql+psycopg://me@db/papers", "postgresql+psycopg://me@db/papers"),
        ("postgresql+psycopg://me:secret@db/papers", "postgresql+psycopg://me:***@db/papers"),
        ("postgresql+psycopg://me:s/e@c:r@db/p", "postgresql+psycopg://me:***@db/p"),
        ("postgresql+psycopg://db:5432/papers", "postgresql+psycopg://db:5432/papers"),
        (
            "postgresql+psycopg://db/p?password=secret&sslpassword=too&a=b",
            "postgresql+psycopg://db/p?password=***&sslpassword=***&a=b",
        ),
    ],
)
def test_shows_no_password_of_a_database(url: str, told: str) -> None:
    assert hide_password(url) == told
    assert check_database(MemoryStore, url).message == f"{told}: 0 papers stored"


@pytest.mark.parametrize(
    ("answer", "days", "finding"),
    [
        (
            announce(make_paper()),
            0,
            Finding(
                "arXiv",
                Health.FINE,
                "https://arxiv.example/rss/cs.CV: 1 entry on Thursday 4 December 2025",
            ),
        ),
        (
            announce(),
            5,
            Finding(
                "arXiv",
                Health.FINE,
                "https://arxiv.example/rss/cs.CV: 0 entries on Thursday 4 December 2025",
            ),
        ),
        (
            DOWN,
            0,
            Finding(
                "arXiv",
                Health.BAD,
                "https://arxiv.example/rss/cs.RO: answered 503. See that this machine reaches it.",
            ),
        ),
        *(
            (
                announce(),
                days,
                Finding(
                    "clock",
                    Health.DOUBTFUL,
                    "https://arxiv.example/rss/cs.CV serves Thursday 4 December 2025, but this "
                    f"machine's clock says {clock}: see which of them is wrong",
                ),
            )
            for days, clock in (
                (6, "Wednesday 10 December 2025"),
                (-6, "Friday 28 November 2025"),
            )
        ),
    ],
)
def test_asks_arxiv_and_compares_clocks(answer: Canned, days: int, finding: Finding) -> None:
    source = CannedSource({"cs.CV": answer})
    assert check_arxiv(source, "cs.CV", NOW + timedelta(days=days)) == finding


def test_before_anything_was_read_it_says_how_to_begin() -> None:
    assert look(MemoryStore(), "cs.CV", "cs.RO") == [
        (
            "announcements",
            Health.DOUBTFUL,
            "nothing was read yet: `papers fetch` reads the newest announcement",
        )
    ]


READ = "last read Thursday 4 December 2025"


@pytest.mark.parametrize(
    ("answer", "health", "told"),
    [
        (announce(make_paper(2)), Health.FINE, READ),
        (announce(), Health.FINE, READ),
        (announce(make_paper(2), truncated=True), Health.DOUBTFUL, f"{READ}; truncated"),
        (
            announce(make_paper(2), truncated=True, faults=["2000 entries are the most"]),
            Health.DOUBTFUL,
            f"{READ}; truncated: 2000 entries are the most",
        ),
        (
            announce(make_paper(2), unread=1, faults=["entry 2 has no title"]),
            Health.DOUBTFUL,
            f"{READ}; partial: entry 2 has no title",
        ),
        (
            announce(make_paper(2), faults=["the feed's title is odd"]),
            Health.DOUBTFUL,
            f"{READ}; the feed's title is odd",
        ),
        (
            announce(make_paper(1)),
            Health.DOUBTFUL,
            (
                "last read Wednesday 3 December 2025; stale: cs.CV repeats its batch before under "
                "Thursday 4 December 2025; nothing of it was counted, and it is asked again"
            ),
        ),
        (
            announce(make_paper(1), day=YESTERDAY),
            Health.DOUBTFUL,
            (
                "last read Wednesday 3 December 2025; late: cs.CV still serves Wednesday "
                "3 December 2025; Thursday 4 December 2025 is not there yet"
            ),
        ),
        (
            DOWN,
            Health.DOUBTFUL,
            (
                "last read Wednesday 3 December 2025; failed: "
                "https://arxiv.example/rss/cs.RO: answered 503"
            ),
        ),
    ],
    ids=[
        "complete",
        "empty",
        "truncated",
        "truncated, and why",
        "partial",
        "odd",
        "stale",
        "late",
        "failed",
    ],
)
@pytest.mark.parametrize("others", [True, False], ids=["others came", "the only one"])
def test_tells_how_each_category_is(
    answer: Canned, health: Health, told: str, *, others: bool
) -> None:
    store = MemoryStore()
    ingest(store, {"cs.CV": announce(make_paper(1), day=YESTERDAY)}, YESTERDAY)
    ingest(store, {"cs.CV": answer})
    if others:
        ingest(store, {"cs.RO": announce(make_paper(3), category="cs.RO")})
    assert look(store) == [("cs.CV", health, told)]


def test_a_category_that_was_never_read_says_why_not_where_that_is_known() -> None:
    store = MemoryStore()
    ingest(store, {"cs.CV": announce(make_paper()), "cs.RO": DOWN})
    assert look(store, "cs.CV", "cs.LG", "cs.RO")[1:] == [
        ("cs.LG", Health.DOUBTFUL, "never read: `papers fetch` reads it"),
        (
            "cs.RO",
            Health.DOUBTFUL,
            "never read; failed: https://arxiv.example/rss/cs.RO: answered 503",
        ),
    ]


def test_a_category_that_was_not_asked_for_the_newest_day_is_to_be_fetched() -> None:
    store = MemoryStore()
    ingest(store, {"cs.CV": announce(make_paper(1), day=YESTERDAY)}, YESTERDAY)
    ingest(store, {"cs.RO": announce(make_paper(2), category="cs.RO")})
    assert look(store, "cs.CV") == [("cs.CV", Health.FINE, "last read Wednesday 3 December 2025")]
    told = "last read Wednesday 3 December 2025; `papers fetch` reads what came since"
    assert look(store, "cs.CV", "cs.RO")[0] == ("cs.CV", Health.DOUBTFUL, told)


@pytest.mark.parametrize(("days", "health"), [(5, Health.FINE), (6, Health.DOUBTFUL)])
def test_a_gap_longer_than_a_holiday_is_doubtful(days: int, health: Health) -> None:
    store = MemoryStore()
    ingest(store, {"cs.CV": announce(make_paper())})
    ((_, found, message),) = look(store, days=days)
    assert found is health
    assert message.startswith(READ)


def test_an_empty_weekend_does_not_hide_what_friday_lacks() -> None:
    store = MemoryStore()
    ingest(store, {"cs.CV": announce(make_paper(1), day=YESTERDAY)}, YESTERDAY)
    ingest(store, {"cs.CV": DOWN})
    saturday = DAY + timedelta(days=2)
    ingest(store, {"cs.CV": announce(day=saturday)}, saturday)
    ((_, health, message),) = look(store, days=2)
    assert health is Health.DOUBTFUL
    assert message.startswith("last read Saturday 6 December 2025; failed: ")


def test_every_category_stale_on_the_same_day_is_seen() -> None:
    store = MemoryStore()
    line = CategoryReceipt("cs.CV", DAY, BatchState.STALE, problems=("cs.CV repeats",))
    ingest(store, {"cs.CV": announce(make_paper(1), day=YESTERDAY)}, YESTERDAY)
    store.save_receipt(line, NOW)
    assert look(store)[0][1] is Health.DOUBTFUL
