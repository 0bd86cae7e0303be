"""`papers backfill` as a person types it, against a server that keeps arXiv's past."""

import json
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from bot import app as composition
from bot.adapters.arxiv.catchup import Page, parse_page
from bot.core.papers import AnnounceType, Entry
from bot.core.polling import announcement_days, expected_day
from bot.edges.cli import progress
from tests.edges.cli.conftest import Papers
from tests.fakes.pages import write_page
from tests.fakes.papers import make_paper
from tests.fakes.past_arxiv import PastArxiv, busy, html, serving

DAY = timedelta(days=1)
NEWEST = expected_day(datetime.now(UTC))
# The last four announcements that are over, whatever day it is.
FIRST, SECOND, THIRD, LAST = announcement_days(NEWEST - 9 * DAY, NEWEST - DAY)[-4:]
OLD_FAULT = "read from OAI-PMH: papers stand on the day for which they were submitted"


@pytest.fixture
def past(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[PastArxiv]:
    monkeypatch.setenv("NO_PROXY", "*")
    monkeypatch.setattr(composition, "ARXIV_INTERVAL", 0.0)
    with serving(PastArxiv()) as served:
        (tmp_path / "config.toml").write_text(
            f'[arxiv]\nbase_url = "{served.url}"\ncategories = ["cs.CV", "cs.RO"]\n'
            '[bot]\ncontact = "papers@lab.example"\n'
            '[[sets]]\nname = "Clouds"\nkeywords = ["cloud"]\n'
        )
        yield served


def new(*numbers: int) -> list[Entry]:
    return [Entry(make_paper(number), AnnounceType.NEW) for number in numbers]


def stopping_at(last: date) -> Callable[..., Page]:
    """Read pages, until somebody presses Ctrl-C at this day's."""

    def parse(body: bytes, *, category: str, day: date, url: str) -> Page:
        if day == last:
            raise KeyboardInterrupt
        return parse_page(body, category=category, day=day, url=url)

    return parse


def say(day: date) -> str:
    return f"{day:%A} {day.day} {day:%B} {day.year}"


def test_reads_every_announcement_since_a_day(papers: Papers, past: PastArxiv) -> None:
    past.batches = {
        ("cs.CV", THIRD): new(1, 2),
        ("cs.RO", THIRD): new(3),
        ("cs.CV", LAST): [*new(4), Entry(make_paper(1, 2), AnnounceType.REPLACE)],
    }
    ran = papers("backfill", "--since", THIRD)
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.splitlines() == [
        f"{say(THIRD)}: cs.CV 2, cs.RO 1; 3 not seen before",
        f"{say(LAST)}: cs.CV 2, cs.RO 0; 2 not seen before",
    ]
    assert past.paths == [
        f"/catchup/{category}/{day}?page=1"
        for day in (THIRD, LAST)
        for category in ("cs.CV", "cs.RO")
    ]
    assert all("papers@lab.example" in agent for agent in past.agents)
    assert "2512.00004" in papers("search", "clouds").out


def test_what_was_read_whole_is_not_asked_for_again(papers: Papers, past: PastArxiv) -> None:
    past.batches["cs.CV", LAST] = new(1)
    papers("backfill", "--since", LAST)
    past.asked.clear()
    ran = papers("backfill", "--since", LAST)
    assert (ran.code, past.asked) == (0, [])
    assert (
        ran.out
        == "There is nothing to read: every announcement of these days is in the database.\n"
    )
    assert papers("backfill", "--since", LAST, "--json").out == "[]\n"


def test_when_interrupted_it_says_so_and_goes_on_the_next_time(
    papers: Papers, past: PastArxiv
) -> None:
    for number, day in enumerate((FIRST, SECOND, THIRD, LAST)):
        past.batches["cs.CV", day] = new(number)
    asked = [f"/catchup/cs.CV/{day}?page=1" for day in (FIRST, SECOND, THIRD, LAST)]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("bot.adapters.arxiv.history.parse_page", stopping_at(THIRD))
        ran = papers("backfill", "--since", FIRST, "--category", "cs.CV")
    assert ran.code == 130
    assert ran.err.strip() == "papers: stopped; what was read is kept, run it again to go on"
    assert ran.out.splitlines() == [
        f"{say(day)}: cs.CV 1; 1 not seen before" for day in (FIRST, SECOND)
    ]
    assert past.paths == asked[:3]
    past.asked.clear()
    ran = papers("backfill", "--since", FIRST, "--category", "cs.CV")
    assert ran.code == 0
    assert past.paths == asked[2:]
    assert f"{say(THIRD)}: cs.CV 1; 1 not seen before" in ran.out


def test_a_process_that_waits_for_arxiv_can_be_stopped(
    papers: Papers, past: PastArxiv, tmp_path: Path
) -> None:
    past.batches["cs.CV", THIRD] = new(1)
    options = ["backfill", "--since", f"{THIRD}", "--category", "cs.CV"]
    command = [sys.executable, "-m", "bot", *options]
    with subprocess.Popen(
        command, cwd=tmp_path, stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        deadline = time.monotonic() + 20
        while not past.asked and time.monotonic() < deadline:
            time.sleep(0.05)
        # The second request may go three seconds after the first.
        time.sleep(1)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate()
    assert process.returncode == 130
    assert "papers: stopped; what was read is kept" in err
    assert out == f"{say(THIRD)}: cs.CV 1; 1 not seen before\n"
    assert papers(*options).code == 0
    assert past.paths == [f"/catchup/cs.CV/{day}?page=1" for day in (THIRD, LAST)]


def test_only_the_days_and_categories_that_were_named_are_read(
    papers: Papers, past: PastArxiv
) -> None:
    options = ["--category", "CS.lg", "--category", "cs.LG", "--until", SECOND]
    ran = papers("backfill", "--since", FIRST, *options)
    assert ran.code == 0
    assert past.paths == [f"/catchup/cs.LG/{day}?page=1" for day in (FIRST, SECOND)]


def test_what_could_not_be_read_is_said_and_read_the_next_time(
    papers: Papers, past: PastArxiv
) -> None:
    past.batches["cs.CV", LAST] = new(1)
    past.faults = {
        f"cs.CV/{THIRD}": [html(b"<title>Gone fishing</title>", 404)],
        f"cs.RO/{LAST}": [html(write_page(new(1, 2), LAST).replace(b"2 of 2", b"2 of 3"))],
    }
    ran = papers("backfill", "--since", THIRD)
    assert ran.code == 1
    assert ran.out.splitlines() == [
        f"{say(THIRD)}: cs.CV failed, cs.RO 0; 0 not seen before",
        f"{say(LAST)}: cs.CV 1, cs.RO 2 of 3; 2 not seen before",
    ]
    page = f"{past.url}/catchup/cs.CV/{THIRD}?abs=True&page=1"
    assert ran.err.splitlines() == [
        f"cs.CV, {THIRD}: failed: {page}: answered 404: Gone fishing",
        f"cs.RO, {LAST}: partial: New submissions: the page counts 3, and 2 are on it.",
        f"cs.RO, {LAST}: partial: The page counts 2 entries, and its sections add up to 3.",
    ]
    past.asked.clear()
    assert papers("backfill", "--since", THIRD).code == 0
    assert past.paths == [f"/catchup/cs.CV/{THIRD}?page=1", f"/catchup/cs.RO/{LAST}?page=1"]


def test_a_server_that_asks_for_much_patience_is_left_alone(
    papers: Papers, past: PastArxiv
) -> None:
    past.faults["/catchup/"] = [busy(503, Retry_After="900")]
    ran = papers("backfill", "--since", FIRST)
    assert ran.code == 1
    assert len(past.asked) == 1
    said = ran.err.splitlines()
    assert said[0].endswith("answered 503; try again in 900 s")
    assert len(said) == 6
    assert all("asked for a pause; try again in " in line for line in said[1:5])
    assert said[5] == "3 more were left, as arXiv failed: run it again later."


def test_older_days_come_from_oai_pmh_and_are_marked(papers: Papers, past: PastArxiv) -> None:
    # A Monday; what is submitted on it before the deadline is announced on Tuesday.
    monday = date(2024, 3, 4)
    submitted = datetime(2024, 3, 4, 12, tzinfo=UTC)
    past.records = [(make_paper(1, 2), submitted, monday + DAY), (make_paper(2), submitted, LAST)]
    until = monday + 2 * DAY
    ran = papers("backfill", "--since", monday, "--until", until, "--category", "cs.CV")
    assert ran.code == 0
    assert ran.out.splitlines() == [
        "Monday 4 March 2024: cs.CV 0; 0 not seen before",
        "Tuesday 5 March 2024: cs.CV 2; 2 not seen before",
        "Wednesday 6 March 2024: cs.CV 0; 0 not seen before",
    ]
    assert ran.err.startswith("cs.CV: 2 records read, changed until ")
    assert ran.err.count(OLD_FAULT) == 1
    assert len(past.asked) == 1
    again = papers("backfill", "--since", monday, "--until", until, "--category", "cs.CV")
    assert (again.code, len(past.asked)) == (0, 1)


def test_json_holds_the_receipts_and_nothing_else(papers: Papers, past: PastArxiv) -> None:
    past.batches["cs.CV", LAST] = new(1)
    past.faults[f"cs.RO/{LAST}"] = [html(b"", 404)]
    ran = papers("backfill", "--since", LAST, "--json")
    assert ran.code == 1
    one, other = json.loads(ran.out)
    assert one == {
        "category": "cs.CV",
        "day": f"{LAST}",
        "state": "complete",
        "announced": 1,
        "read": 1,
        "new": 1,
        "cross": 0,
        "replaced": 0,
        "stored": 1,
        "problems": [],
    }
    assert (other["state"], other["category"]) == ("failed", "cs.RO")
    assert "answered 404" in other["problems"][0]
    assert f"cs.RO, {LAST}: failed: " in ran.err


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--since", "yesterday"], "'yesterday' is not a day: write it like 2025-12-04"),
        ([], "Missing option '--since'"),
        (
            ["--since", "2025-12-04", "--until", "2025-12-03"],
            "papers: --until 2025-12-03 is before --since 2025-12-04",
        ),
        (
            ["--since", "2025-12-04", "--category", "cs.CVV"],
            "papers: --category: 'cs.CVV' is not an arXiv category: did you mean cs.CV?",
        ),
        (
            ["--since", "2025-12-04", "--category", "qqqqqqqqqq"],
            "papers: --category: 'qqqqqqqqqq' is not an arXiv category: write it like cs.CV",
        ),
    ],
)
def test_wrong_use_is_said_in_a_sentence(
    papers: Papers, past: PastArxiv, options: list[str], said: str
) -> None:
    ran = papers("backfill", *options)
    assert ran.code == 2
    assert said in ran.err
    assert past.asked == []


def test_a_day_to_come_has_nothing_to_read(papers: Papers, past: PastArxiv) -> None:
    ran = papers("backfill", "--since", NEWEST + 30 * DAY)
    assert (ran.code, past.asked) == (0, [])
    assert ran.out.startswith("There is nothing to read")


def test_a_progress_bar_is_only_for_a_terminal(
    papers: Papers, past: PastArxiv, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(progress, "PATIENCE", -1.0)
    assert past.url
    assert "Reading announcements" not in papers("backfill", "--since", LAST).err
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    ran = papers("backfill", "--since", FIRST)
    assert ran.code == 0
