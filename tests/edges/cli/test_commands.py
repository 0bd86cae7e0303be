"""The command line as a whole: help, errors, and the commands that stand alone."""

import json
import os
import re
import signal
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from click.testing import CliRunner

from bot.edges.cli import COMMANDS, Commands
from bot.edges.cli import papers as group
from tests.edges.cli.conftest import SAMPLE, Papers

CONFIG = ["--config", SAMPLE / "config.toml"]
HEAVY = ("sqlalchemy", "alembic", "jinja2", "httpx", "feedparser", "rich", "ahocorasick_rs")


def run_process(*arguments: object, folder: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "bot", *map(str, arguments)]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


def test_help_lists_every_command_in_eighty_columns(papers: Papers) -> None:
    ran = papers("--help")
    assert ran.code == 0
    assert re.findall(r"^  (\w+)  ", ran.out, re.MULTILINE) == list(COMMANDS)
    assert max(map(len, ran.out.splitlines())) <= 80


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_help_with_a_first_sentence(papers: Papers, name: str) -> None:
    ran = papers(name, "--help")
    assert ran.code == 0
    assert ran.out.startswith(f"Usage: papers {name}")
    assert "." in ran.out


def test_help_imports_nothing_heavy() -> None:
    code = (
        "import sys\nfrom bot.edges.cli import main\ntry: main(['--help'])\n"
        f"except SystemExit: print([name for name in {HEAVY} if name in sys.modules])"
    )
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert told.stdout.splitlines()[-1] == "[]"


def test_markdown_from_a_folder_needs_no_network_and_no_templates(tmp_path: Path) -> None:
    code = (
        "import sys\nfrom bot.edges.cli import main\n"
        f"try: main(['digest', '--config', {str(SAMPLE / 'config.toml')!r}, '--source', "
        f"{str(SAMPLE)!r}, '--format', 'markdown'])\n"
        "except SystemExit: print([name for name in ('httpx', 'jinja2', 'alembic', 'rich', "
        "'psycopg', 'sqlalchemy.dialects.postgresql') if name in sys.modules])"
    )
    told = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=tmp_path
    )
    assert told.stdout.splitlines()[-1] == "[]"


def test_an_unknown_command_gets_the_nearest(papers: Papers) -> None:
    ran = papers("digst")
    assert ran.code == 2
    assert "there is no command 'digst': did you mean `papers digest`?" in ran.err
    assert papers("zzz").code == 2


def test_the_group_says_none_for_a_command_that_is_not_there() -> None:
    assert isinstance(group, Commands)
    assert CliRunner().invoke(group, ["nothing-like-it"]).exit_code == 2


def test_the_version_is_told(papers: Papers) -> None:
    assert re.fullmatch(r"papers, version \d+\.\d+\.\d+\n", papers("--version").out)


def test_the_built_in_configuration_is_printed_and_loads(papers: Papers, tmp_path: Path) -> None:
    ran = papers("config")
    assert tomllib.loads(ran.out)["sets"]
    (tmp_path / "config.toml").write_text(ran.out)
    assert papers("sets").code == 0


def test_without_a_configuration_the_built_in_one_is_used_and_said_so(papers: Papers) -> None:
    ran = papers("sets")
    assert ran.code == 0
    assert "No config.toml here, so the built-in one is used" in ran.err
    assert "Vision-language models" in ran.out


def test_every_fault_of_a_configuration_is_told_with_its_line(
    papers: Papers, tmp_path: Path
) -> None:
    (tmp_path / "config.toml").write_text(
        '[bot]\ntimezone = "Europe/Berln"\n[arxiv]\ncategories = ["cs.CVV"]\n'
        '[[sets]]\nname = "A"\nkeyword = ["x"]\n'
    )
    ran = papers("digest")
    assert ran.code == 2
    assert ran.err.startswith("papers: config.toml: 4 faults\n")
    assert "  line 2: bot.timezone: 'Europe/Berln' is not a time zone" in ran.err
    assert "  line 4: arxiv.categories: 'cs.CVV' is not an arXiv category" in ran.err
    assert "  line 7: sets[0].keyword: unknown key: did you mean keywords?" in ran.err


def test_a_configuration_can_be_named_by_the_environment(
    papers: Papers, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PAPERS_CONFIG", str(SAMPLE / "config.toml"))
    ran = papers("sets")
    assert (ran.code, ran.err) == (0, "")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "there are no keyword sets: add a [[sets]] to config.toml"),
        ('[[sets]]\nname = "A"\nkeywords = ["x"]\n', "no categories are followed: add [arxiv]"),
    ],
)
def test_a_configuration_that_asks_for_nothing_says_what_to_add(
    papers: Papers, tmp_path: Path, text: str, said: str
) -> None:
    (tmp_path / "config.toml").write_text(text)
    ran = papers("digest", "--source", SAMPLE)
    assert ran.code == 2
    assert said in ran.err


def test_a_database_that_cannot_be_used_is_named(papers: Papers, tmp_path: Path) -> None:
    (tmp_path / "papers.db").write_text("not a database at all, but long enough to be looked at")
    ran = papers("sets", "list", *CONFIG)
    assert ran.code == 2
    assert "papers.db" in ran.err
    assert "Traceback" not in ran.err


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_is_printed_for_each_shell(papers: Papers, shell: str) -> None:
    ran = papers("completion", shell)
    assert ran.code == 0
    assert "_PAPERS_COMPLETE" in ran.out


def test_completion_knows_the_commands() -> None:
    environment = {**os.environ, "_PAPERS_COMPLETE": "bash_complete", "COMP_WORDS": "papers se"}
    environment["COMP_CWORD"] = "1"
    told = subprocess.run(
        [sys.executable, "-m", "bot"], env=environment, capture_output=True, text=True, check=False
    )
    assert [line.partition(",")[2] for line in told.stdout.splitlines()] == [
        "send",
        "search",
        "sets",
    ]


def test_the_demo_writes_every_form_and_says_what_to_do_next(
    papers: Papers, tmp_path: Path
) -> None:
    ran = papers("demo")
    assert ran.code == 0
    assert "Vision and language" in ran.out
    assert "papers config > config.toml" in ran.out
    day = tmp_path / "papers-demo" / "2026-06-02"
    suffixes = {"".join(path.suffixes) for path in day.glob("Grasping*")}
    assert suffixes == {".md", ".html", ".txt", ".json", ".slack.jsonl"}
    assert (day.parent / "index.html").is_file()
    assert not list(tmp_path.glob("*.db"))


def test_the_demo_twice_writes_the_same(papers: Papers, tmp_path: Path) -> None:
    papers("demo")
    folder = tmp_path / "papers-demo" / "2026-06-02"
    first = {path.name: path.read_bytes() for path in folder.iterdir()}
    assert papers("demo").code == 0
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == first


def test_the_demo_names_a_folder_that_cannot_be_written(papers: Papers, tmp_path: Path) -> None:
    (tmp_path / "papers-demo").mkdir()
    (tmp_path / "papers-demo" / "2026-06-02").write_text("in the way")
    ran = papers("demo")
    assert ran.code == 2
    assert "name another folder with --out" in ran.err


def test_send_delivers_once_and_a_dry_run_changes_nothing(
    papers: Papers, sample: list[object], tmp_path: Path
) -> None:
    dry = papers("send", *sample, "--dry-run")
    assert "Grasping: 6 papers -> folder digests" in dry.out
    assert not (tmp_path / "digests").exists()
    first, again = papers("send", *sample), papers("send", *sample)
    assert first.out.count("sent: digests/2026-06-02/") == 3
    assert (again.code, again.out, again.err) == (0, "", "Nothing is due.\n")


def test_send_says_what_could_not_be_delivered_and_tries_again(
    papers: Papers, sample: list[object], tmp_path: Path
) -> None:
    (tmp_path / "digests").write_text("in the way")
    ran = papers("send", *sample)
    assert ran.code == 1
    assert "folder digests: to be tried again: cannot use the folder digests" in ran.out


def test_the_doctor_is_content_with_what_works_and_says_what_to_do(
    papers: Papers, sample: list[object]
) -> None:
    ran = papers("doctor", *CONFIG, "--offline")
    assert ran.code == 1
    assert re.search(r"^ok +database: .*0 papers stored", ran.out, re.MULTILINE)
    assert "nothing was read yet: `papers fetch`" in ran.out
    papers("fetch", *sample)
    told = json.loads(papers("doctor", *CONFIG, "--offline", "--json").out)
    assert {each["subject"] for each in told} >= {"configuration", "database", "cs.CL"}


def test_the_doctor_looks_no_further_than_a_broken_database(papers: Papers, tmp_path: Path) -> None:
    (tmp_path / "papers.db").mkdir()
    ran = papers("doctor", *CONFIG)
    assert ran.code == 1
    assert ran.out.splitlines()[-1].startswith("bad   database: ")


def test_the_doctor_names_destinations_that_this_version_cannot_reach(
    papers: Papers, tmp_path: Path
) -> None:
    (tmp_path / "config.toml").write_text(
        '[arxiv]\ncategories = ["cs.CL"]\n[[sets]]\nname = "A"\nkeywords = ["x"]\n'
        'post = [{ channel = "#papers" }]\n'
    )
    ran = papers("doctor", "--offline")
    assert "channel destinations: 1 in the configuration" in ran.out
    (tmp_path / "config.toml").write_text('[[sets]]\nname = "A"\nkeywords = ["x"]\n')
    assert "no categories are followed" in papers("doctor", "--offline").out


def test_the_doctor_asks_arxiv_and_hears_no(papers: Papers, tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text(
        '[arxiv]\ncategories = ["cs.CL"]\nbase_url = "http://127.0.0.1:9"\n'
        '[[sets]]\nname = "A"\nkeywords = ["x"]\n'
    )
    ran = papers("doctor")
    assert re.search(r"^bad +arXiv: .*could not be reached", ran.out, re.MULTILINE)


def test_a_reader_that_has_seen_enough_is_no_reason_to_complain(tmp_path: Path) -> None:
    command = f"{sys.executable} -m bot sets --config {SAMPLE / 'config.toml'} | true"
    told = subprocess.run(
        ["bash", "-o", "pipefail", "-c", command], cwd=tmp_path, capture_output=True, check=False
    )
    assert told.stderr == b""


def test_an_interrupt_is_a_sentence_and_keeps_what_was_read(tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text(
        '[arxiv]\ncategories = ["cs.CL"]\nbase_url = "http://127.0.0.1:9"\n'
        '[[sets]]\nname = "A"\nkeywords = ["x"]\n'
    )
    process = subprocess.Popen(
        [sys.executable, "-m", "bot", "fetch"],
        cwd=tmp_path,
        stderr=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stderr is not None
    assert "trying again" in process.stderr.readline()
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=10)
    assert process.returncode == 130
    assert "papers: stopped; what was read is kept, run it again to go on" in said
    assert "Traceback" not in said
