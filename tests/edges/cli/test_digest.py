"""`papers digest` and `papers fetch` as a person types them."""

import json
import re
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from bot.app import FORMATS
from tests.edges.cli.conftest import SAMPLE, Papers

DAY = "2026-06-02"
EMPTY = """<?xml version='1.0' encoding='UTF-8'?><rss version="2.0"><channel>
<title>cs.CL updates on arXiv.org</title><link>http://rss.arxiv.org/rss/cs.CL</link>
<description>cs.CL updates</description><pubDate>Sat, 06 Jun 2026 00:00:00 -0400</pubDate>
</channel></rss>"""


class QuietHandler(SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def mirror() -> Iterator[str]:
    handler = partial(QuietHandler, directory=str(SAMPLE))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


@pytest.mark.parametrize("form", FORMATS)
def test_every_format_names_the_set_and_its_papers(
    papers: Papers, sample: list[object], form: str
) -> None:
    ran = papers("digest", *sample, "--set", "Grasping", "--format", form)
    assert ran.code == 0
    assert "Grasping" in ran.out
    assert ran.out.count("2606.00366") >= 1
    assert ran.err == ""


def test_all_sets_are_shown_one_after_another(papers: Papers, sample: list[object]) -> None:
    ran = papers("digest", *sample)
    order = [ran.out.index(name) for name in ("Vision and language", "Grasping", "Test-time")]
    assert order == sorted(order)


def test_the_terminal_form_fits_eighty_columns_without_colour(
    papers: Papers, sample: list[object]
) -> None:
    ran = papers("digest", *sample)
    assert "\x1b" not in ran.out
    assert max(map(len, ran.out.splitlines())) <= 80


def test_json_of_several_sets_is_one_list(papers: Papers, sample: list[object]) -> None:
    editions = json.loads(papers("digest", *sample, "--format", "json").out)
    assert [edition["set"]["name"] for edition in editions] == [
        "Vision and language",
        "Grasping",
        "Test-time scaling",
    ]


def test_a_set_is_found_whatever_its_case_and_a_typo_gets_the_nearest_name(
    papers: Papers, sample: list[object]
) -> None:
    assert papers("digest", *sample, "--set", "GRASPING").code == 0
    ran = papers("digest", *sample, "--set", "Graspin")
    assert ran.code == 2
    assert ran.err == "papers: no set is named 'Graspin': did you mean 'Grasping'?\n"
    assert "there are Vision and language, Grasping" in papers("digest", *sample, "--set", "x").err


def test_files_are_written_where_asked(
    papers: Papers, sample: list[object], tmp_path: Path
) -> None:
    ran = papers("digest", *sample, "--format", "html", "--out", tmp_path / "pages")
    assert ran.code == 0
    names = sorted(path.name for path in (tmp_path / "pages").iterdir())
    assert [name.split(".")[-1] for name in names] == ["html"] * 3
    assert "Grasping.html: " in ran.out


def test_a_folder_that_cannot_be_written_is_named(
    papers: Papers, sample: list[object], tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("in the way")
    ran = papers("digest", *sample, "--out", tmp_path / "file")
    assert ran.code == 2


def test_a_stored_day_is_shown_again_without_asking_anybody(
    papers: Papers, sample: list[object]
) -> None:
    first = papers("digest", *sample, "--format", "markdown")
    again = papers("digest", *sample[:2], "--date", DAY, "--format", "markdown")
    assert (again.code, again.out, again.err) == (0, first.out, "")


def test_a_day_that_the_source_does_not_serve_says_what_it_serves(
    papers: Papers, sample: list[object]
) -> None:
    ran = papers("digest", *sample, "--date", "2026-06-03")
    assert ran.code == 1
    assert (
        "cs.CL still serves Tuesday 2 June 2026; Wednesday 3 June 2026 is not there yet" in ran.err
    )


def test_a_day_without_papers_is_no_fault_but_shows_nothing(papers: Papers, tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text(
        '[arxiv]\ncategories = ["cs.CL"]\n[[sets]]\nname = "A"\nkeywords = ["LLM"]\n'
    )
    (tmp_path / "rss_cs.CL.xml").write_text(EMPTY)
    ran = papers("digest", "--source", tmp_path)
    assert ran.code == 1
    assert "Saturday 6 June 2026" in ran.out
    assert ran.err == ""


def test_one_missing_category_is_named_and_the_others_are_shown(
    papers: Papers, tmp_path: Path
) -> None:
    for name in ("config.toml", "rss_cs.CL.xml", "rss_cs.CV.xml", "rss_cs.RO.xml"):
        (tmp_path / name).write_bytes((SAMPLE / name).read_bytes())
    ran = papers("digest", "--source", tmp_path, "--set", "Grasping")
    assert ran.code == 1
    assert "Grasping" in ran.out
    assert re.search(r"cs\.LG: failed: .*rss_cs\.LG\.xml", ran.err)
    assert "cs.LG" in ran.out


def test_no_category_at_all_leaves_everything_as_it_was(papers: Papers, tmp_path: Path) -> None:
    ran = papers("fetch", "--config", SAMPLE / "config.toml", "--source", tmp_path)
    assert ran.code == 1
    assert "Nothing could be read, so nothing was changed. `papers doctor`" in ran.err


def test_a_mirror_is_read_over_http(papers: Papers, tmp_path: Path, mirror: str) -> None:
    (tmp_path / "config.toml").write_text(
        f'[arxiv]\ncategories = ["cs.RO"]\nbase_url = "{mirror}"\n'
        '[[sets]]\nname = "A"\nquery = "grasp*"\n'
    )
    ran = papers("fetch", "--json")
    assert ran.code == 0
    line = json.loads(ran.out)["categories"][0]
    assert line["state"] == "complete"
    assert line["announced"] == line["read"] == line["stored"]
    assert papers("digest", "--source", mirror).code == 0


def test_fetching_twice_finds_nothing_new(papers: Papers, sample: list[object]) -> None:
    first, again = (papers("fetch", *sample) for _ in range(2))
    assert "Tuesday 2 June 2026: 30 announced, 30 read" in first.out
    assert "complete" in first.out
    assert again.code == 0
    assert all(" 0 not seen before" in line for line in again.out.splitlines()[1:])


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--date", "yesterday"], "'yesterday' is not a day: write it like 2025-12-04"),
        (["--format", "pdf"], "'pdf' is not one of"),
        (["--config", "nowhere.toml"], "nowhere.toml: 1 fault"),
        (["--source", "nowhere"], "--source nowhere: there is no such folder"),
    ],
)
def test_wrong_options_say_what_would_work(
    papers: Papers, sample: list[object], arguments: list[str], said: str
) -> None:
    ran = papers("digest", *sample, *arguments)
    assert ran.code == 2
    assert said in ran.err
