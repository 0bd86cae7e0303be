"""The reference system's published files, byte for byte, from the same announcements."""

import subprocess
import sys
from pathlib import Path

import pytest

ARXIV = Path(__file__).parents[4] / "shared" / "arxiv"
TOPICS = ARXIV / "reference-topics.toml"
DAYS = ("2025-12-01", "2025-12-03", "2025-12-04", "2025-12-05", "2025-12-08")
START = "## 📌 Filter by Category"

pytestmark = pytest.mark.skipif(
    not TOPICS.exists(), reason="../shared/arxiv holds the reference's files and is not here"
)


def digest(day: str, folder: Path, *arguments: object) -> str:
    command = [sys.executable, "-m", "bot", "digest", "--config", TOPICS, "--date", day]
    command += ["--source", ARXIV / "days" / day / "feeds", "--format", "markdown", *arguments]
    done = subprocess.run(
        [str(part) for part in command], cwd=folder, check=True, capture_output=True, text=True
    )
    return done.stdout


@pytest.fixture(scope="module", params=["a database a day", "one database", "backwards"])
def written(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, Path]:
    """Write every day's files; one database for all days has seen other texts of some versions."""
    shared = tmp_path_factory.mktemp("database")
    folders = {}
    for day in reversed(DAYS) if request.param == "backwards" else DAYS:
        folders[day] = tmp_path_factory.mktemp(day)
        alone = request.param == "a database a day"
        digest(day, folders[day] if alone else shared, "--out", folders[day])
    return folders


def author_lines() -> dict[tuple[str, str, str], str]:
    """Map the lines that the feeds cannot give back: (day, topic, ours) to theirs."""
    rows = (ARXIV / "days" / "author_lines_that_differ.tsv").read_text("utf-8").splitlines()
    fields = [row.split("\t") for row in rows if row]
    return {
        (day, topic, ours.removeprefix("feed: ")): theirs.removeprefix("reference: ")
        for day, topic, ours, theirs in fields
    }


def topics() -> list[str]:
    return sorted(path.stem for path in (ARXIV / "days" / DAYS[0] / "expected").glob("*.md"))


@pytest.mark.parametrize("day", DAYS)
@pytest.mark.parametrize("topic", [name for name in topics() if name != "README"])
def test_a_digest_equals_the_references_file(
    written: dict[str, Path], day: str, topic: str
) -> None:
    expected = (ARXIV / "days" / day / "expected" / f"{topic}.md").read_text("utf-8")
    wanted = expected[expected.index(START) :].rstrip("\n").split("\n")
    digest_text = (written[day] / f"{topic}.md").read_text("utf-8")
    got = digest_text[digest_text.index(START) :].split("\n")[: len(wanted)]
    known = author_lines()
    assert [
        (ours, theirs)
        for ours, theirs in zip(got, wanted, strict=True)
        if ours != theirs and f"  {known.get((day, topic, ours.strip()))}" != theirs
    ] == []


@pytest.mark.parametrize("day", DAYS)
def test_nothing_but_the_receipt_follows_the_last_paper(written: dict[str, Path], day: str) -> None:
    for topic in topics():
        if topic == "README":
            continue
        expected = (ARXIV / "days" / day / "expected" / f"{topic}.md").read_text("utf-8")
        papers = expected.count("\n- **[")
        text = (written[day] / f"{topic}.md").read_text("utf-8")
        body, _, after = text[text.index("## 📚 Paper List") :].partition("\n---\n")
        assert body.count("\n- **[") == papers
        assert f"{papers} matched" in after


def test_one_set_on_the_screen_is_the_same_as_its_file(
    written: dict[str, Path], tmp_path: Path
) -> None:
    day = DAYS[2]
    shown = digest(day, tmp_path, "--set", "MLLM")
    assert shown == (written[day] / "MLLM.md").read_text("utf-8")
