import subprocess
import sys
from datetime import date
from pathlib import Path

import pytest

from bot.adapters.arxiv.document import MAX_BYTES
from bot.adapters.arxiv.folder import FolderSource, load_feed
from bot.errors import SourceError

DAY = date(2025, 12, 4)
PLACES = ["", "feeds", "2025-12-04", "2025-12-04/feeds"]


def feed(published: date = DAY) -> str:
    stamp = f"{published:%a, %d %b %Y} 00:00:00 -0500"
    return f"<rss><channel><title>x</title><pubDate>{stamp}</pubDate></channel></rss>"


def atom() -> str:
    return (
        '<feed xmlns="http://www.w3.org/2005/Atom"><updated>2025-12-05T12:00:00Z</updated></feed>'
    )


def put(folder: Path, name: str, text: str | None = None) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / name
    path.write_text(feed() if text is None else text)
    return path


def refusal(root: Path, category: str = "cs.AI", day: date | None = None) -> str:
    with pytest.raises(SourceError) as caught:
        FolderSource(root).read(category, day)
    assert str(root) in caught.value.url
    return caught.value.reason


@pytest.mark.parametrize("place", PLACES)
def test_finds_the_feeds_of_a_day(tmp_path: Path, place: str) -> None:
    path = put(tmp_path / place, "rss_cs.AI.xml")
    announcement = FolderSource(tmp_path).read("cs.AI", DAY)
    assert (announcement.category, announcement.day, announcement.url) == ("cs.AI", DAY, str(path))


@pytest.mark.parametrize("place", PLACES[:2])
def test_finds_the_feeds_without_a_day(tmp_path: Path, place: str) -> None:
    put(tmp_path / place, "rss_cs.AI.xml")
    assert FolderSource(tmp_path).read("cs.AI", None).day == DAY


def test_the_days_folder_comes_before_the_folder_itself(tmp_path: Path) -> None:
    put(tmp_path, "rss_cs.AI.xml", feed(date(2025, 12, 3)))
    put(tmp_path / "2025-12-04" / "feeds", "rss_cs.AI.xml")
    assert FolderSource(tmp_path).read("cs.AI", DAY).day == DAY
    assert FolderSource(tmp_path).read("cs.AI", None).day == date(2025, 12, 3)


def test_the_announcement_keeps_its_own_day(tmp_path: Path) -> None:
    put(tmp_path, "rss_cs.AI.xml", feed(date(2025, 12, 3)))
    assert FolderSource(tmp_path).read("cs.AI", DAY).day == date(2025, 12, 3)


def test_prefers_rss_to_atom(tmp_path: Path) -> None:
    put(tmp_path, "atom_cs.AI.xml", atom())
    assert FolderSource(tmp_path).read("cs.AI", None).day == date(2025, 12, 5)
    put(tmp_path, "rss_cs.AI.xml")
    assert FolderSource(tmp_path).read("cs.AI", None).day == DAY


@pytest.mark.parametrize(
    ("category", "name"),
    [
        ("CS.ai", "rss_cs.AI.xml"),
        (" cs.AI", "rss_cs.AI.xml"),
        ("cs.SY", "rss_eess.SY.xml"),
        ("cs.SY", "rss_cs.SY.xml"),
        ("cs", "rss_cs.xml"),
        ("own.Kind", "rss_own.Kind.xml"),
    ],
)
def test_finds_arxivs_spelling_and_the_given_one(tmp_path: Path, category: str, name: str) -> None:
    put(tmp_path, name)
    assert FolderSource(tmp_path).read(category, None).category == category


def test_says_which_names_it_looked_for(tmp_path: Path) -> None:
    assert refusal(tmp_path) == "holds no rss_cs.AI.xml or atom_cs.AI.xml."
    assert refusal(tmp_path, "cs.SY").startswith("holds no rss_eess.SY.xml or rss_cs.SY.xml or ")


def test_suggests_a_category_that_arxiv_has(tmp_path: Path) -> None:
    assert refusal(tmp_path, "cs.AII").endswith("Did you mean cs.AI (Artificial Intelligence)?")


def test_says_when_there_is_no_folder(tmp_path: Path) -> None:
    assert refusal(tmp_path / "none") == "there is no such folder"
    path = put(tmp_path, "rss_cs.AI.xml")
    assert refusal(path) == "is a file; name the folder that holds the feeds"


def test_says_which_days_there_are(tmp_path: Path) -> None:
    put(tmp_path / "2025-12-01", "rss_cs.AI.xml")
    put(tmp_path / "notes", "x.txt")
    assert refusal(tmp_path) == "holds a folder for each of 2025-12-01; say which day to read"
    put(tmp_path / "2025-12-03", "rss_cs.AI.xml")
    days = "2 days from 2025-12-01 to 2025-12-03"
    assert refusal(tmp_path) == f"holds a folder for each of {days}; say which day to read"
    assert refusal(tmp_path, day=DAY) == f"holds no folder 2025-12-04; it has {days}"
    there = refusal(tmp_path, "cs.CV", date(2025, 12, 3))
    assert there == "holds no rss_cs.CV.xml or atom_cs.CV.xml."


def test_never_leaves_the_folder(tmp_path: Path) -> None:
    put(tmp_path / "rss_x", "y")
    put(tmp_path, "secret.xml")
    assert "holds no rss_x_.._secret.xml" in refusal(tmp_path, "x/../secret")
    assert "holds no" in refusal(tmp_path, "cs\0AI")


def test_says_what_the_system_says(tmp_path: Path) -> None:
    assert refusal(tmp_path, "x" * 300) == "cannot be searched: File name too long"
    assert refusal(Path(str(tmp_path / ("x" * 300)))) == "cannot be searched: File name too long"


def test_says_why_a_folder_cannot_be_listed(tmp_path: Path) -> None:
    loop = tmp_path / "loop"
    loop.symlink_to(loop)
    assert refusal(loop) == "cannot be listed: Too many levels of symbolic links"


def test_says_why_a_file_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="cannot be read: Is a directory"):
        load_feed(tmp_path)


def test_loads_neither_http_nor_feedparser_before_they_are_needed() -> None:
    program = (
        "import sys, bot.adapters.arxiv.folder;"
        "sys.exit(not {'httpx', 'feedparser'}.isdisjoint(sys.modules))"
    )
    subprocess.run([sys.executable, "-c", program], check=True, cwd=Path(__file__).parents[3])


def test_names_the_file_that_is_no_feed(tmp_path: Path) -> None:
    path = put(tmp_path, "rss_cs.AI.xml", "<html>")
    with pytest.raises(SourceError, match="HTML page") as caught:
        FolderSource(tmp_path).read("cs.AI", None)
    assert caught.value.url == str(path)


def test_does_not_read_a_file_of_any_length(tmp_path: Path) -> None:
    with (tmp_path / "rss_cs.AI.xml").open("wb") as file:
        file.truncate(MAX_BYTES * 40)
    assert refusal(tmp_path).startswith("is longer than 32 MiB")
