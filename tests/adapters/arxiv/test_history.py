from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import httpx
import pytest

from bot.adapters.arxiv.asking import Asker
from bot.adapters.arxiv.history import HistorySource, Places
from bot.adapters.arxiv.source import build_client
from bot.core.papers import Announcement, AnnounceType, Entry
from bot.errors import SourceError
from tests.fakes.pages import write_oai_error, write_page
from tests.fakes.papers import DAY, make_paper
from tests.fakes.past_arxiv import PastArxiv, busy, html, serving, xml

CAPTURES = Path(__file__).parents[4] / "shared" / "arxiv" / "captures"

NEW, CROSS, REPLACE, REPLACE_CROSS = AnnounceType
AGENT = "papers-bot/0 (papers@lab.example)"
THURSDAY = "Thursday 4 December 2025"
MIXED = [
    Entry(make_paper(1, 2), NEW),
    Entry(make_paper(2), NEW),
    Entry(make_paper(3, categories=("cs.LG", "cs.CV")), CROSS),
    Entry(make_paper(4, 3), REPLACE),
    Entry(make_paper(5, 2, categories=("cs.LG", "cs.CV")), REPLACE_CROSS),
]
NOTHING_KNOWN = (
    "read from OAI-PMH: papers stand on the day for which they were submitted, as they are now; "
    "what was cross-listed later or replaced at that time is not known."
)


@dataclass
class Watch:
    """Time that passes only when somebody sleeps."""

    now: float = 0.0
    naps: list[float] = field(default_factory=list)
    turns: int = 0
    said: list[str] = field(default_factory=list)
    held: list[str] = field(default_factory=list)

    def clock(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.naps.append(seconds)
        self.now += seconds

    def wait(self) -> None:
        assert self.held[-1] == "taken"
        self.turns += 1

    @contextmanager
    def turn(self) -> Iterator[None]:
        self.held.append("taken")
        try:
            yield
        finally:
            self.held.append("given back")


@pytest.fixture
def past(monkeypatch: pytest.MonkeyPatch) -> Iterator[PastArxiv]:
    monkeypatch.setenv("NO_PROXY", "*")
    with serving(PastArxiv()) as served:
        yield served


@pytest.fixture
def watch() -> Watch:
    return Watch()


@pytest.fixture
def history(past: PastArxiv, watch: Watch) -> Iterator[HistorySource]:
    with build_client() as client:
        yield make_history(client, Places.beside(past.url), watch)


def make_history(client: httpx.Client, places: Places, watch: Watch) -> HistorySource:
    asker = Asker(
        client,
        user_agent=AGENT,
        throttle=watch,
        sleep=watch.sleep,
        clock=watch.clock,
        jitter=lambda: 0.5,
        report=watch.said.append,
    )
    return HistorySource(
        asker, places, turn=watch.turn, clock=watch.clock, report=watch.said.append
    )


def refusal(history: HistorySource, category: str = "cs.CV", day: date | None = DAY) -> SourceError:
    with pytest.raises(SourceError) as caught:
        history.read(category, day)
    return caught.value


PAGE = "/catchup/cs.CV/2025-12-04?page="


def test_reads_a_day(past: PastArxiv, history: HistorySource, watch: Watch) -> None:
    past.batches["cs.CV", DAY] = MIXED
    url = f"{past.url}/catchup/cs.CV/2025-12-04?abs=True&page=1"
    assert history.read("cs.CV", DAY) == Announcement("cs.CV", DAY, url, 5, tuple(MIXED))
    assert past.paths == [f"{PAGE}1"]
    assert past.agents == {AGENT}
    assert past.accepted == ["text/html"]
    assert (watch.turns, watch.held) == (1, ["taken", "given back"])


def test_an_empty_day_is_an_announcement_without_entries(history: HistorySource) -> None:
    announcement = history.read("cs.CV", DAY)
    assert (announcement.announced, announcement.entries, announcement.faults) == (0, (), ())


@pytest.mark.parametrize(
    ("category", "path"),
    [("CS.cv", "cs.CV"), ("cs.SY", "eess.SY"), ("cs", "cs"), ("a/../b", "a%2F..%2Fb")],
)
def test_asks_for_arxivs_spelling(
    past: PastArxiv, history: HistorySource, category: str, path: str
) -> None:
    past.faults["/catchup/"] = [html(write_page([], DAY))]
    assert history.read(category, DAY).category == category
    assert past.paths == [f"/catchup/{path}/2025-12-04?page=1"]


def test_all_pages_of_a_day_are_read_and_no_more(past: PastArxiv, history: HistorySource) -> None:
    past.per_page = 2
    past.batches["cs.CV", DAY] = MIXED
    announcement = history.read("cs.CV", DAY)
    assert announcement.entries == tuple(MIXED)
    assert (announcement.announced, announcement.faults) == (5, ())
    assert past.paths == [f"{PAGE}1", f"{PAGE}2", f"{PAGE}3"]


def test_one_turn_is_held_for_all_pages(
    past: PastArxiv, history: HistorySource, watch: Watch
) -> None:
    past.per_page = 2
    past.batches["cs.CV", DAY] = MIXED
    history.read("cs.CV", DAY)
    assert (watch.turns, watch.held) == (3, ["taken", "given back"])


@pytest.mark.parametrize(
    ("second", "said"),
    [
        (html(b"<title>Not here</title>", 404), "answered 404: Not here"),
        (html(b"<title>Oops</title>"), "is not the page that was expected; it says: Oops"),
        (busy(503, Retry_After="900"), "answered 503; try again in 900 s"),
    ],
)
def test_a_page_that_is_missing_makes_the_day_a_part(
    past: PastArxiv, history: HistorySource, second: tuple[int, bytes, dict[str, str]], said: str
) -> None:
    past.per_page = 3
    past.batches["cs.CV", DAY] = MIXED
    past.faults["page=2"] = [second]
    announcement = history.read("cs.CV", DAY)
    assert (announcement.announced, announcement.entries) == (5, tuple(MIXED[:3]))
    assert announcement.faults[-1].startswith("Page 2 could not be read: http://127.0.0.1:")
    assert announcement.faults[-1].endswith(f"abs=True&page=2: {said}.")
    assert announcement.faults[0] == "The page counts 5 entries, and its sections add up to 3."


def test_a_page_that_says_there_is_nothing_more_ends_the_day(
    past: PastArxiv, history: HistorySource
) -> None:
    past.batches["cs.CV", DAY] = MIXED[:2]
    page = write_page(MIXED[:2], DAY).replace(b"2 of 2", b"2 of 4").replace(b"of 2", b"of 4")
    past.faults["page=1"] = [html(page)]
    announcement = history.read("cs.CV", DAY)
    assert past.paths == [f"{PAGE}1", f"{PAGE}2"]
    assert (announcement.announced, len(announcement.entries)) == (4, 2)
    assert announcement.faults == ("New submissions: the page counts 4, and 2 are on it.",)


def test_pages_without_end_have_one(past: PastArxiv, history: HistorySource) -> None:
    page = write_page(MIXED, DAY).replace(b"Total of 5", b"Total of 99999")
    past.faults["/catchup/"] = [html(page)] * 50
    announcement = history.read("cs.CV", DAY)
    assert len(past.asked) == 10
    assert (announcement.announced, len(announcement.entries)) == (99999, 5)


@pytest.mark.parametrize(
    ("changes", "announced", "faults"),
    [
        (
            {b"showing 2 of 2": b"showing 3 of 3", b"Total of 5": b"Total of 6"},
            6,
            ["New submissions: the page counts 3, and 2 are on it."],
        ),
        (
            {b"Total of 5": b"Total of 7"},
            7,
            ["The page counts 7 entries, and its sections add up to 5."],
        ),
        (
            {b"Total of 5": b"Total of 4"},
            5,
            ["The page counts 4 entries, and its sections add up to 5."],
        ),
        (
            {b"showing 2 of 2": b"showing 1 of 1", b"Total of 5": b"Total of 4"},
            5,
            ["New submissions: the page counts 1, and 2 are on it."],
        ),
    ],
)
def test_counts_that_do_not_add_up_are_said_and_the_largest_stands(
    past: PastArxiv,
    history: HistorySource,
    changes: dict[bytes, bytes],
    announced: int,
    faults: list[str],
) -> None:
    # Both sections have two; only the first is changed.
    page = write_page(MIXED, DAY)
    for cut, instead in changes.items():
        count = 1 if b"showing" in cut else -1
        page = page.replace(cut, instead, count)
    past.faults["page=1"] = [html(page)]
    announcement = history.read("cs.CV", DAY)
    assert announcement.announced == announced
    assert len(announcement.entries) == 5
    assert announcement.faults[0] in faults


def test_an_entry_that_cannot_be_read_is_missing_from_the_count(
    past: PastArxiv, history: HistorySource
) -> None:
    entries = [Entry(make_paper(number), NEW) for number in range(1, 10)]
    page = write_page(entries, DAY).replace(b" Counting clouds", b" ", 7)
    past.faults["page=1"] = [html(page)]
    announcement = history.read("cs.CV", DAY)
    assert (announcement.announced, len(announcement.entries)) == (9, 2)
    assert len(announcement.faults) == 6
    assert "2512.00001" in announcement.faults[0]
    assert announcement.faults[5] == "And 2 more entries were left out."


def test_a_paper_that_stands_on_two_pages_counts_once(
    past: PastArxiv, history: HistorySource
) -> None:
    first = write_page(MIXED, DAY, per_page=3)
    second = write_page([MIXED[1], MIXED[2], *MIXED[2:]], DAY, number=2, per_page=2)
    past.faults["/catchup/"] = [html(first), html(second)]
    announcement = history.read("cs.CV", DAY)
    ids = [entry.paper.base_id for entry in announcement.entries]
    assert len(ids) == len(set(ids)) < announcement.announced


# Versions


def test_looks_up_only_the_versions_of_replacements_that_no_link_names(
    past: PastArxiv, history: HistorySource, watch: Watch
) -> None:
    past.with_html = False
    past.versions = {"2512.00004": 3, "2512.00005": 2}
    past.batches["cs.CV", DAY] = MIXED
    announcement = history.read("cs.CV", DAY)
    first = replace(MIXED[0], paper=replace(MIXED[0].paper, version=1))
    assert announcement.entries == (first, *MIXED[1:])
    assert announcement.faults == ()
    assert past.paths == [
        f"{PAGE}1",
        "/api/query?id_list=2512.00004,2512.00005&max_results=2",
    ]
    assert (watch.turns, watch.held) == (2, ["taken", "given back"])


def test_a_replacement_whose_version_nobody_knows_is_left_out(
    past: PastArxiv, history: HistorySource
) -> None:
    past.with_html = False
    past.versions = {"2512.00004": 3}
    past.faults["/api/query"] = [
        xml(b'<feed xmlns="http://www.w3.org/2005/Atom"><entry/></feed>'),
    ]
    past.batches["cs.CV", DAY] = MIXED
    announcement = history.read("cs.CV", DAY)
    assert (announcement.announced, len(announcement.entries)) == (5, 3)
    assert announcement.faults == (
        "2 replacements (2512.00004, 2512.00005) left out: arXiv's API knows no version.",
    )


def test_where_versions_cannot_be_looked_up_the_rest_is_read_and_the_api_left_alone(
    past: PastArxiv, history: HistorySource, watch: Watch
) -> None:
    past.with_html = False
    past.faults["/api/query"] = [html(b"<title>Down</title>", 404)]
    past.versions = {f"2512.{number:05d}": 2 for number in range(20)}
    past.batches["cs.CV", DAY] = [Entry(make_paper(number, 2), REPLACE) for number in range(8)]
    one = history.read("cs.CV", DAY)
    assert (one.announced, one.entries) == (8, ())
    (fault,) = one.faults
    assert fault.startswith(
        "8 replacements (2512.00000, 2512.00001, 2512.00002, 2512.00003, 2512.00004, …) left out: "
        "no version could be looked up: http://127.0.0.1:"
    )
    assert fault.endswith("answered 404: Down.")
    past.batches["cs.CV", DAY] = past.batches["cs.CV", DAY][:1]
    (fault,) = history.read("cs.CV", DAY).faults
    assert fault == (
        "1 replacement (2512.00000) left out: no version could be looked up: "
        "arXiv's API did not answer a short while ago."
    )
    assert sum("/api/" in path for path in past.asked) == 1
    watch.now += 600
    assert history.read("cs.CV", DAY).faults == ()


# Refusals


def test_says_which_day_is_needed(history: HistorySource, past: PastArxiv) -> None:
    error = refusal(history, day=None)
    assert (error.url, past.asked) == (past.url, [])
    assert error.reason == "holds the announcements of many days: say which to read"


def test_passes_on_arxivs_own_words(past: PastArxiv, history: HistorySource) -> None:
    words = "Invalid date: 2025-01-01. Catchup only allowed for past 90 days"
    past.faults["/catchup/"] = [html(f"<title>{words}</title>".encode(), 400)]
    error = refusal(history, "cs.CVV")
    assert error.reason == (
        f"answered 400: {words} Did you mean cs.CV (Computer Vision and Pattern Recognition)?"
    )
    past.faults["/catchup/"] = [html(b"", 410)]
    assert refusal(history).reason == "answered 410"


def test_refuses_another_days_page(past: PastArxiv, history: HistorySource) -> None:
    past.faults["/catchup/"] = [html(write_page(MIXED, DAY - timedelta(days=1)))]
    error = refusal(history)
    assert error.url == f"{past.url}/catchup/cs.CV/2025-12-04?abs=True&page=1"
    assert error.reason == (f"is of Wednesday 3 December 2025, where {THURSDAY} was asked for")


def test_waits_as_long_as_it_is_asked_to(
    past: PastArxiv, history: HistorySource, watch: Watch
) -> None:
    past.batches["cs.CV", DAY] = MIXED
    past.faults["/catchup/"] = [busy(Retry_After="31")]
    assert len(history.read("cs.CV", DAY).entries) == 5
    assert watch.naps == [31.0]
    assert watch.said == [
        f"{past.url} answered 429 for cs.CV of {THURSDAY}; trying again in 31 s (second of four)"
    ]


def test_a_server_that_asks_for_a_longer_pause_is_left_alone_until_then(
    past: PastArxiv, history: HistorySource, watch: Watch
) -> None:
    past.faults["/catchup/"] = [busy(Retry_After="900")]
    assert refusal(history).reason == "answered 429; try again in 900 s"
    watch.now += 300
    error = refusal(history, "cs.RO")
    assert (error.reason, error.retry_after) == ("asked for a pause; try again in 600 s", 600.0)
    assert len(past.asked) == 1
    watch.now += 600
    assert history.read("cs.RO", DAY).announced == 0


def test_tells_nobody_a_mirrors_password(past: PastArxiv, watch: Watch) -> None:
    past.with_html = False
    past.batches["cs.CV", DAY] = MIXED
    signed = past.url.replace("//", "//reader:s3cret@")
    past.faults = {
        "/api/": [xml(b"<a/>")],
        "/oai": [xml(b"<a/>")],
    }
    said: list[str] = []
    with build_client() as client:
        history = make_history(client, Places.beside(signed), watch)
        said += history.read("cs.CV", DAY).faults
        for category in ("cs.CV", "cs.CVV"):
            with pytest.raises(SourceError) as caught:
                next(history.read_older(category, DAY, DAY))
            said.append(str(caught.value))
        past.faults["/catchup/"] = [busy(503), html(b"<title>No</title>")]
        said.append(str(refusal(history)))
    assert len(said) == 4
    assert "s3cret" not in "".join([*said, *watch.said])


def test_a_server_that_is_not_there_is_waited_for_once(watch: Watch) -> None:
    with build_client() as client:
        history = make_history(client, Places.beside("http://127.0.0.1:9"), watch)
        assert refusal(history).reason.startswith("could not be reached (")
        waited = len(watch.naps)
        assert waited == 3
        assert refusal(history).reason.endswith("as for the page before")
    assert len(watch.naps) - waited <= 1


def test_is_silent_when_nobody_listens(past: PastArxiv) -> None:
    watch = Watch(held=["taken"])
    with build_client() as client:
        asker = Asker(client, user_agent=AGENT, throttle=watch)
        history = HistorySource(asker, Places.beside(past.url))
        assert history.read("cs.CV", DAY).announced == 0
        past.records = [(make_paper(), datetime(2025, 12, 2, tzinfo=UTC), DAY)]
        assert len([*history.read_older("cs.CV", DAY, DAY)]) == 1


# Where arXiv is


@pytest.mark.parametrize(
    "feeds", ["https://rss.arxiv.org", "https://RSS.arxiv.org/", "https://export.arxiv.org"]
)
def test_arxivs_own_interfaces_have_hosts_of_their_own(feeds: str) -> None:
    assert Places.beside(feeds) == Places(
        "https://arxiv.org", "https://oaipmh.arxiv.org/oai", "https://export.arxiv.org/api/query"
    )


@pytest.mark.parametrize("feeds", ["http://127.0.0.1:8000/x", "https://notarxiv.org/x/"])
def test_a_stand_in_has_them_all(feeds: str) -> None:
    base = feeds.rstrip("/")
    assert Places.beside(feeds) == Places(base, f"{base}/oai", f"{base}/api/query")


def test_arxiv_itself_is_asked_where_it_is(watch: Watch) -> None:
    asked: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(str(request.url))
        page = write_page([Entry(make_paper(1, 2), REPLACE)], DAY, with_html=False)
        body = {"arxiv.org": page, "oaipmh.arxiv.org": write_oai_error("noRecordsMatch")}
        known = body.get(request.url.host)
        status = 200 if known else 429
        return httpx.Response(status, stream=httpx.ByteStream(known or b""))

    with httpx.Client(transport=httpx.MockTransport(answer)) as client:
        history = make_history(client, Places(), watch)
        assert "answered 429, as 3 times before" in history.read("cs.CV", DAY).faults[0]
        assert len([*history.read_older("cs.CV", DAY, DAY)]) == 1
    chosen = "&metadataPrefix=arXivRaw&set=cs:cs:CV"
    assert asked == [
        "https://arxiv.org/catchup/cs.CV/2025-12-04?abs=True&page=1",
        *["https://export.arxiv.org/api/query?id_list=2512.00001&max_results=1"] * 4,
        f"https://oaipmh.arxiv.org/oai?verb=ListRecords{chosen}&from=2025-12-03",
    ]
    assert watch.said[0] == (
        "arXiv answered 429 for the versions of replacements; trying again in 4 s (second of four)"
    )


# Days that have no pages any more

MONDAY = date(2024, 3, 4)
FRIDAY = MONDAY + timedelta(days=4)


def sent(day: date, hour: int = 17) -> datetime:
    return datetime(day.year, day.month, day.day, hour, tzinfo=UTC)


def test_older_papers_stand_on_the_day_for_which_they_were_submitted(
    past: PastArxiv, history: HistorySource, watch: Watch
) -> None:
    thursday = FRIDAY - timedelta(days=1)
    early, late = make_paper(1), make_paper(2, 3)
    listed = make_paper(3, categories=("stat.ML", "cs.CV"))
    before, after = make_paper(4), make_paper(5)
    past.records = [
        (late, sent(MONDAY, 17), FRIDAY + timedelta(days=300)),
        (early, sent(MONDAY - timedelta(days=1)), MONDAY),
        (listed, sent(MONDAY, 20), FRIDAY),
        (before, sent(MONDAY - timedelta(days=9)), FRIDAY),
        (after, sent(FRIDAY), FRIDAY + timedelta(days=3)),
    ]
    got = [*history.read_older("cs.CV", MONDAY, FRIDAY)]
    assert [each.day for each in got] == [MONDAY + timedelta(days=number) for number in range(5)]
    assert {each.faults for each in got} == {(NOTHING_KNOWN,)}
    assert {each.url for each in got} == {f"{past.url}/oai"}
    assert [(each.announced, each.entries) for each in got] == [
        (0, ()),
        (2, (Entry(early, NEW), Entry(late, NEW))),
        (1, (Entry(listed, CROSS),)),
        (0, ()),
        (0, ()),
    ]
    assert thursday == got[3].day
    assert past.paths == ["/oai?metadataPrefix=arXivRaw&set=cs:cs:CV&from=2024-03-03"]
    assert past.accepted[0].startswith("application/xml")
    assert watch.said == ["cs.CV: 5 records read, changed until Thursday 2 January 2025"]
    assert watch.held == ["taken", "given back"]


def test_weekends_have_no_older_announcement(past: PastArxiv, history: HistorySource) -> None:
    days = [each.day for each in history.read_older("cs.CV", FRIDAY, FRIDAY + timedelta(days=3))]
    assert days == [FRIDAY, FRIDAY + timedelta(days=3)]
    assert len(past.asked) == 1


def test_a_record_that_comes_again_counts_as_it_came_last(
    past: PastArxiv, history: HistorySource, watch: Watch
) -> None:
    past.per_answer = 2
    one, other, third = make_paper(1), make_paper(2), make_paper(3)
    past.records = [
        (one, sent(MONDAY), MONDAY),
        (other, sent(MONDAY), FRIDAY),
        (third, sent(MONDAY), FRIDAY),
    ]
    changed = replace(other, version=2, title="Counting more clouds")

    def expire() -> tuple[int, bytes, dict[str, str]]:
        past.records[1] = (changed, sent(MONDAY), FRIDAY)
        return xml(write_oai_error("badResumptionToken"))

    past.faults["resumptionToken"] = [expire]
    got = [*history.read_older("cs.CV", MONDAY, FRIDAY)]
    assert [entry.paper for each in got for entry in each.entries] == [one, changed, third]
    assert past.paths == [
        "/oai?metadataPrefix=arXivRaw&set=cs:cs:CV&from=2024-03-03",
        "/oai?resumptionToken=2024-03-03%26skip%3D2",
        "/oai?metadataPrefix=arXivRaw&set=cs:cs:CV&from=2024-03-08",
    ]
    assert len(watch.held) == 6


def test_records_that_cannot_be_read_are_counted(past: PastArxiv, history: HistorySource) -> None:
    past.records = [
        (make_paper(1), sent(MONDAY), MONDAY),
        (make_paper(2, title=" "), sent(MONDAY), MONDAY),
    ]
    got = [*history.read_older("cs.CV", MONDAY, MONDAY + timedelta(days=1))]
    assert {each.faults for each in got} == {(NOTHING_KNOWN, "1 record could not be read.")}
    assert sum(len(each.entries) for each in got) == 1


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (xml(write_oai_error("badArgument", "Set does not exist")), "answered badArgument: Set"),
        (html(b"<title>Down</title>", 404), "answered 404: Down"),
        (html(b"<title>Down</title><br>"), "is not well-formed XML ("),
        (busy(503, Retry_After="3000"), "answered 503; try again in 3000 s"),
    ],
)
def test_older_days_that_cannot_be_had_are_a_fault(
    past: PastArxiv,
    history: HistorySource,
    answer: tuple[int, bytes, dict[str, str]],
    reason: str,
) -> None:
    past.faults["/oai"] = [answer]
    with pytest.raises(SourceError) as caught:
        next(history.read_older("cs.CV", MONDAY, FRIDAY))
    assert caught.value.reason.startswith(reason)


@pytest.mark.skipif(not CAPTURES.exists(), reason=f"{CAPTURES} is not on this machine")
def test_reads_arxivs_own_page_and_looks_up_what_it_does_not_tell(
    past: PastArxiv, history: HistorySource
) -> None:
    body = (CAPTURES / "catchup_cs.GR_2026-06-30.html").read_bytes()
    past.faults["/catchup/"] = [html(body)]
    past.versions = {"2604.04321": 2, "2605.01234": 2}
    announcement = history.read("cs.GR", date(2026, 6, 30))
    assert (announcement.announced, len(announcement.entries)) == (16, 16)
    assert announcement.faults == ()
    replaced = [entry.paper.version for entry in announcement.entries if entry.kind.is_replacement]
    assert replaced == [2, 2]


@pytest.mark.skipif(not CAPTURES.exists(), reason=f"{CAPTURES} is not on this machine")
def test_places_arxivs_own_records(past: PastArxiv, history: HistorySource) -> None:
    body = (CAPTURES / "oai_ListRecords_arXivRaw_2011-01_2011-02.xml").read_bytes()
    past.faults["/oai"] = [xml(body)]
    days = [*history.read_older("math", date(2011, 1, 3), date(2011, 2, 4))]
    assert len(days) == 25
    papers = [entry for each in days for entry in each.entries]
    assert 10 < len(papers) <= 125
    assert {entry.kind for entry in papers} == {NEW, CROSS}
