"""What arXiv really sent: read from the folder beside the project, which is not part of it."""

import re
from collections.abc import Iterator
from datetime import date
from functools import cache
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from bot.adapters.arxiv.feeds import parse_feed
from bot.adapters.arxiv.folder import FolderSource
from bot.core.papers import Announcement, AnnounceType, Entry
from bot.errors import SourceError

SHARED = Path(__file__).parents[4] / "shared" / "arxiv"
CAPTURES = SHARED / "captures"
DAYS = SHARED / "days"
CATEGORIES = ["cs.AI", "cs.CL", "cs.CV", "cs.LG", "cs.MA", "cs.RO"]

pytestmark = pytest.mark.skipif(not SHARED.exists(), reason=f"{SHARED} is not on this machine")

FEEDS = sorted(
    [
        *CAPTURES.glob("rss_*.xml"),
        *CAPTURES.glob("rss_*.html"),
        *CAPTURES.glob("atom_*.xml"),
        *CAPTURES.glob("real_*.xml"),
        *DAYS.glob("*/feeds/*.xml"),
    ]
)
OTHERS = [path for path in sorted(CAPTURES.glob("*[ml]")) if path not in FEEDS]
ATOM = "{http://www.w3.org/2005/Atom}"
CREATOR = "{http://purl.org/dc/elements/1.1/}creator"


@cache
def read(path: Path) -> Announcement:
    return parse_feed(path.read_bytes(), category="cs.AI", url=path.name)


def capture(name: str) -> Announcement:
    return read(CAPTURES / name)


def refusal(path: Path) -> str:
    with pytest.raises(SourceError) as caught:
        read(path)
    return caught.value.reason


def was_fine(path: Path) -> bool:
    """Whether the captured answer came with status 200 and as XML."""
    headers = path.with_name(f"{path.name}.headers")
    if not headers.exists():
        return True
    text = headers.read_text()
    return " 200 " in text.partition("\n")[0] and "xml" in text


def label(path: Path) -> str:
    return str(path.relative_to(SHARED))


@pytest.mark.parametrize("path", FEEDS, ids=label)
def test_reads_what_arxiv_meant_as_a_feed_and_refuses_the_rest(path: Path) -> None:
    if not was_fine(path):
        assert refusal(path)
        return
    announcement = read(path)
    stated = re.search(r"\d{4}-\d\d-\d\d", label(path))
    assert stated is not None
    assert announcement.day == date.fromisoformat(stated[0])
    assert len(announcement.entries) + len(announcement.faults) == announcement.announced
    assert not announcement.truncated
    # arXiv's own fixtures have ids of a 34th to 56th month, such as 1234.5646.
    assert all(re.match(r"Item \d+ \(1234\.", fault) for fault in announcement.faults)


@pytest.mark.parametrize("path", OTHERS, ids=label)
def test_refuses_every_other_interface(path: Path) -> None:
    assert refusal(path).startswith(
        ("is an HTML page", "is XML, but neither RSS nor Atom", "answers a search", "carries no")
    )


def texts(path: Path) -> Iterator[tuple[str, str, str]]:
    """Read titles, abstracts and authors by another parser, with white space collapsed."""
    root = ET.parse(path).getroot()  # noqa: S314 - files that belong to the tests
    space = ATOM if root.tag.startswith(ATOM) else ""
    summary = "summary" if space else "description"
    for item in root.iter(f"{ATOM}entry" if space else "item"):
        fields = (item.findtext(name) for name in (f"{space}title", f"{space}{summary}", CREATOR))
        title, abstract, creator = (" ".join((text or "").split()) for text in fields)
        yield title, abstract.partition(" Abstract:")[2].strip(), creator


@pytest.mark.parametrize("path", [path for path in FEEDS if was_fine(path)], ids=label)
def test_changes_no_character_of_a_title_an_abstract_or_a_name(path: Path) -> None:
    announcement = read(path)
    expected = list(texts(path))
    assert len(expected) == announcement.announced
    if announcement.faults:
        return
    for entry, (title, abstract, creator) in zip(announcement.entries, expected, strict=True):
        assert (entry.paper.title, entry.paper.abstract) == (title, abstract)
        if "(" not in creator:
            assert ", ".join(entry.paper.authors) == creator


TWINS = [(path, path.with_name(path.name.replace("rss_", "atom_"))) for path in FEEDS]


@pytest.mark.parametrize(
    ("rss", "atom"),
    [
        pytest.param(rss, atom, id=label(rss))
        for rss, atom in TWINS
        if rss != atom and atom.exists() and was_fine(rss)
    ],
)
def test_rss_and_atom_of_one_batch_say_the_same(rss: Path, atom: Path) -> None:
    one, other = read(rss), read(atom)
    assert one.entries == other.entries
    assert (one.day, one.announced, one.faults) == (other.day, other.announced, other.faults)


def by_id(announcement: Announcement) -> dict[str, Entry]:
    return {str(entry.paper.base_id): entry for entry in announcement.entries}


@pytest.mark.parametrize("kind", ["rss", "atom"])
def test_keeps_tex_and_markup_and_drops_affiliations(kind: str) -> None:
    entries = by_id(capture(f"{kind}_cs.CV+cs.LG_2026-11-23_synthetic.xml"))
    paper = entries["2611.15001"].paper
    assert paper.title == (
        r"""Sparse $k$-NN \& Diffusion: "A <Fast> Approach" for Poincar\'e Embeddings"""
    )
    assert r"$\alpha < \beta$ & $x > y$ in \emph{diffusion} models." in paper.abstract
    assert paper.authors == (
        r"Jos\'e Garc\'ia-L\'opez",
        r"M\"uller",
        "K. -R.",
        r"{\L}ukasz Kaiser",
        "J. Smith Jr.",
        "others",
    )
    assert paper.categories == ("cs.LG", "cs.CV", "stat.ML")
    assert paper.doi == "10.1234/abc.5678"
    assert paper.journal_ref == "J. Mach. Learn. Res. 27 (2026) 1-10"
    assert entries["2611.15003"].paper.authors == ()
    assert entries["2611.15003"].paper.abstract == ""
    assert entries["2610.01234"].paper.version == 3
    assert entries["2610.01234"].kind is AnnounceType.REPLACE


def test_reads_an_alias_by_both_of_its_names() -> None:
    (entry,) = capture("rss_cs.SY_2026-11-23_synthetic_alias.xml").entries
    assert entry.paper.categories == ("eess.SY", "cs.SY", "cs.RO")


def test_reads_an_old_style_id() -> None:
    (entry,) = capture("rss_hep-th_2026-11-23_synthetic_oldid.xml").entries
    assert entry.paper.base_id.startswith("hep-th/")


def test_reads_an_empty_saturday_as_a_day_without_papers() -> None:
    saturday = [capture(f"{kind}_cs.CV_2023-10-28_saturday_empty.xml") for kind in ("rss", "atom")]
    assert [(one.day, one.announced) for one in saturday] == [(date(2023, 10, 28), 0)] * 2


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("rss_error_unknown_category_cs.XX.xml", "Bad subject class 'XX'. Valid subject classes"),
        ("atom_error_unknown_category_cs.XX.xml", "Bad subject class 'XX'. Valid subject classes"),
        ("rss_error_unknown_archive_heplat.xml", "Bad archive 'heplat'."),
        ("rss_error_space.xml", "Bad archive/subject class structure"),
        ("rss_error_version_1.0.xml", "Unsupported feed version 'RSS 1.0' requested."),
        ("rss_no_category.html", "is not a feed; it says: No archive specified."),
        ("list_error_cs.XX.html", "is an HTML page instead of a feed; it says: Invalid archive"),
        ("api_idlist_nonexistent_200.xml", "answers a search, not an announcement"),
    ],
)
def test_refuses_errors_in_arxivs_own_words(name: str, words: str) -> None:
    assert refusal(CAPTURES / name).startswith(words)


@pytest.mark.parametrize("day", sorted(path.name for path in DAYS.glob("????-??-??")))
def test_a_folder_of_days_gives_each_days_announcements(day: str) -> None:
    source = FolderSource(DAYS)
    for category in CATEGORIES:
        announcement = source.read(category, date.fromisoformat(day))
        assert f"{announcement.day}" == day
        assert announcement.faults == ()


def author_line(entry: Entry) -> str:
    names = entry.paper.authors
    return f"_{', '.join(names[:6])}{', et al.' if len(names) > 6 else ''}_"


def published(path: Path) -> Iterator[tuple[str, str, str]]:
    """Read id, title and author line of every paper in one of the reference's files."""
    pattern = r"- \*\*\[(.*)\]\(https://arxiv\.org/abs/(.*?)\)\*\*.*\n  (_.*_)\n"
    for title, base_id, line in re.findall(pattern, path.read_text()):
        yield base_id, title, line


def test_gives_back_the_author_lines_that_the_reference_published() -> None:
    rows = (DAYS / "author_lines_that_differ.tsv").read_text().splitlines()
    differing = {(row.split("\t")[0], row.partition("\treference: ")[2]) for row in rows}
    seen = 0
    # The list of differences is of the topics' files, so the day's README is left out.
    for path in sorted(DAYS.glob("*/expected/[!R]*.md")):
        entries = by_id(read(path.parents[1] / "feeds" / "atom_all.xml"))
        for base_id, title, line in published(path):
            seen += 1
            entry = entries[base_id]
            assert entry.paper.title == title
            if (path.parents[1].name, line) not in differing:
                assert author_line(entry) == line
    assert seen > 2000
