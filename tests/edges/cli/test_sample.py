import re
from collections import Counter
from datetime import date
from importlib.resources import files
from pathlib import Path

import pytest

from bot.adapters.arxiv.document import parse_document
from bot.adapters.arxiv.folder import FolderSource
from bot.config import Settings, load_settings
from bot.core.announcing import merge_entries
from bot.core.editions import DestinationKind, Item
from bot.core.explaining import explain
from bot.core.latex import to_text
from bot.core.matching import Matcher
from bot.core.papers import Announcement, AnnounceType, ArxivId
from bot.core.parsing import parse_query, parse_set
from bot.core.words import prepare

SAMPLE = Path(str(files("bot") / "edges" / "cli" / "sample"))
DEFAULT = Path(__file__).parents[3] / "config.toml"
CATEGORIES = ("cs.CL", "cs.CV", "cs.LG", "cs.RO")
DAY = date(2026, 6, 2)

VISION, GRASPING, SCALING = "Vision and language", "Grasping", "Test-time scaling"
EXPECTED = {
    VISION: {
        "2606.00107": {"vision language model", "VLM"},
        "2606.00118": {"multimodal"},
        "2606.00131": {"CLIP"},
        "2606.00315": {"vision language model"},
        "2606.00328": {"VLM"},
        "2606.00412": {"vision language model", "multimodal"},
    },
    GRASPING: {
        "2606.00170": {"grasp*", "tactile"},
        "2606.00224": {"grasp*", "dexterous"},
        "2606.00230": {"grasp*", "multi finger*"},
        "2606.00315": {"grasp*", "dexterous"},
        "2606.00333": {"grasp*", "gripper"},
        "2606.00366": {"au:Ødegårdsvik"},
    },
    SCALING: {
        "2602.47731": {"LLM", "reasoning"},
        "2604.48213": {"LLM", "reasoning"},
        "2605.44107": {"test-time scaling"},
        "2606.00163": {"LLM", "reasoning"},
        "2606.00201": {"test-time scaling", "LLM", "reasoning"},
        "2606.00328": {"LLM", "reasoning"},
    },
}
ELEMENTS = re.compile(
    r"<item><title><link><description><guid>(<category>)+<pubDate><arxiv:announce_type><dc:rights>"
    r"(<arxiv:DOI>)?(<arxiv:journal_reference>)?<dc:creator>"
)


@pytest.fixture(scope="module")
def announcements() -> dict[str, Announcement]:
    source = FolderSource(SAMPLE)
    return {category: source.read(category, None) for category in CATEGORIES}


@pytest.fixture(scope="module")
def papers(announcements: dict[str, Announcement]) -> dict[str, Item]:
    items = merge_entries(
        (category, entry)
        for category, announcement in announcements.items()
        for entry in announcement.entries
    )
    return {item.paper.base_id: item for item in items}


@pytest.fixture(scope="module")
def settings() -> Settings:
    return load_settings(SAMPLE / "config.toml", {})


def texts(papers: dict[str, Item]) -> str:
    return "\n".join(f"{each.paper.title}\n{each.paper.abstract}" for each in papers.values())


def found_by(query: str, papers: dict[str, Item]) -> set[str]:
    matcher = Matcher([parse_query(query)])
    return {
        base_id
        for base_id, item in papers.items()
        if matcher.match(item.paper, prepare(item.paper))
    }


@pytest.mark.parametrize("category", CATEGORIES)
def test_each_feed_has_arxivs_own_form(category: str) -> None:
    path = SAMPLE / f"rss_{category}.xml"
    body = path.read_bytes()
    assert not parse_document(body, url=str(path)).is_atom
    text = body.decode()
    assert f"<title>{category} updates on arXiv.org</title>" in text
    assert set(re.findall(r"<pubDate>(.*?)</pubDate>", text)) == {"Tue, 02 Jun 2026 00:00:00 -0400"}
    items = re.findall(r"<item>.*?</item>", text, re.DOTALL)
    for item in items:
        opened = re.findall(r"<([a-zA-Z:_]+)(?: [^>]*)?>", item)
        assert ELEMENTS.fullmatch("".join(f"<{name}>" for name in opened))
        identity = re.search(r">oai:arXiv\.org:(\S+?)v(\d)</guid>", item)
        kind = re.search(r"<arxiv:announce_type>(.*)</arxiv:announce_type>", item)
        assert identity
        assert kind
        opening = f"arXiv:{identity[1]}v{identity[2]} Announce Type: {kind[1]} \nAbstract: "
        assert f"<link>https://arxiv.org/abs/{identity[1]}</link>" in item
        assert f"<description>{opening}" in item


def test_every_item_is_read_without_a_fault(announcements: dict[str, Announcement]) -> None:
    for announcement in announcements.values():
        assert announcement.day == DAY
        assert announcement.faults == ()
        assert announcement.announced == len(announcement.entries)
        assert not announcement.truncated
    assert sum(each.announced for each in announcements.values()) == 42


def test_holds_thirty_papers_of_every_kind(papers: dict[str, Item]) -> None:
    assert len(papers) == 30
    assert Counter(item.kind for item in papers.values()) == {
        AnnounceType.NEW: 24,
        AnnounceType.CROSS: 2,
        AnnounceType.REPLACE: 3,
        AnnounceType.REPLACE_CROSS: 1,
    }
    for base_id in papers:
        assert ArxivId.parse(base_id) == ArxivId(base_id)


def test_a_paper_is_the_same_in_every_feed_and_new_in_its_primary_category_alone(
    announcements: dict[str, Announcement], papers: dict[str, Item]
) -> None:
    for category, announcement in announcements.items():
        for entry in announcement.entries:
            assert entry.paper == papers[entry.paper.base_id].paper
            assert category in entry.paper.categories
            crossed = entry.kind in (AnnounceType.CROSS, AnnounceType.REPLACE_CROSS)
            assert crossed is (category != entry.paper.primary)
            assert entry.kind.is_replacement is (entry.paper.version > 1)
    for item in papers.values():
        assert set(item.kinds) == set(item.paper.categories) & set(CATEGORIES)
    assert sum(len(item.kinds) > 1 for item in papers.values()) == 11


@pytest.mark.parametrize(
    "written",
    [
        "<script>alert(1)</script>",
        "<!channel> and @here",
        "&lt;b&gt; and <@U012ABC>",
        "`code`, *stars*, _underscores_, and [x](javascript:alert(1))",
        "tables | with | pipes",
        'Q&A about < and >: "Nobody\'s" Model',
        "\u202eright-to-left\u202c",
        "</details><img src=x onerror=alert(1)>",
        "$a<b$ and $c>d$",
        "(E&D)",
        "$\\alpha$-Sourdough",
        "\\emph{almost-trees}",
        "$O(n \\log n)$",
        "D$^2$-Scree",
        "Poincar\\'e",
        "{\\L}",
    ],
)
def test_holds_what_breaks_careless_programs(written: str, papers: dict[str, Item]) -> None:
    assert written in texts(papers)


def test_holds_papers_of_every_shape(papers: dict[str, Item]) -> None:
    of = {base_id: item.paper for base_id, item in papers.items()}
    counts = Counter(len(paper.authors) for paper in of.values())
    assert (counts[0], counts[1], counts[40]) == (0, 3, 1)
    assert max(len(paper.title) for paper in of.values()) == len(of["2606.00315"].title) == 400
    assert [each.base_id for each in of.values() if not each.abstract] == ["2606.00340"]
    assert max(len(paper.abstract) for paper in of.values()) == len(of["2606.00328"].abstract)
    assert 2_800 < len(of["2606.00328"].abstract) < 3_200
    withdrawn = of["2511.41950"]
    assert withdrawn.abstract.startswith("This paper has been withdrawn")
    assert (withdrawn.version, papers["2511.41950"].kind) == (2, AnnounceType.REPLACE)
    old = of["cs/0611042"]
    assert (old.version, papers["cs/0611042"].kind) == (3, AnnounceType.REPLACE)
    assert old.doi == "10.5555/sample.2007.0042"
    assert old.journal_ref == "J. Polite Comput. 3 (2007) 117-131"


def test_names_come_from_many_languages_and_lose_their_affiliations(
    papers: dict[str, Item],
) -> None:
    names = {to_text(name) for item in papers.values() for name in item.paper.authors}
    assert {
        "Amélie Vautrigny",
        "José Quiroga-Lantarón",
        "Jürgen Wüstenhöfer-Sy",
        "Solveig Ødegårdsvik",
        "Włodzimierz Jasnogórecki",
        "Zdeněk Kubíčkovský",
        "Łukasz Wyżgowski",
        "نورهان الشاذلاوي",
        "李 小满",
    } <= names
    assert not [name for name in names if re.search(r"[()\\{}]|Spain|Germany", name)]
    assert "(Stadtarchiv, Abteilung Bild, Konstanz, Germany)" in (
        SAMPLE / "rss_cs.CL.xml"
    ).read_text("utf-8")


def test_the_demo_configuration_has_three_sets_that_post_to_a_folder(settings: Settings) -> None:
    assert settings.categories == CATEGORIES
    assert [each.name for each in settings.sets] == list(EXPECTED)
    for posts in settings.posts.values():
        assert [post.destination.kind for post in posts] == [DestinationKind.FOLDER]


@pytest.mark.parametrize("name", EXPECTED)
def test_each_set_finds_its_papers_by_these_keywords(
    name: str, settings: Settings, papers: dict[str, Item]
) -> None:
    keyword_set = next(each for each in settings.sets if each.name == name)
    matcher = Matcher([parse_set(keyword_set)])
    found = {}
    for base_id, item in papers.items():
        prepared = prepare(item.paper)
        if item.kind in keyword_set.types and matcher.match(item.paper, prepared):
            (hits,) = explain(matcher, item.paper, prepared, [0]).values()
            found[base_id] = {hit.keyword for hit in hits}
    assert found == EXPECTED[name]
    assert 4 <= len(found) <= 14


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("CLIP", {"2606.00131"}),
        ("clip", {"2606.00131", "2606.00142"}),
        ("SAM", {"2606.00156"}),
        ("RAG", {"2606.00163"}),
        ("rag", {"2606.00163", "2606.00170"}),
        ("benchmark", {"2606.00163"}),
        ("bench", {"2606.00366"}),
        ("*bench", {"2606.00188", "2606.00366"}),
        ("Poincaré", {"2606.00215"}),
        ("poincare ball", {"2606.00215"}),
        ("survey", {"2606.00247"}),
        ("multi-modal", {"2606.00118", "2606.00247", "2606.00412"}),
        ("test-time scaling", {"2605.44107", "2606.00201"}),
        ("grasping AND cat:cs.HC", {"2606.00351"}),
        ("au:Lukasz", {"2606.00163"}),
        ("id:cs/0611042", {"cs/0611042"}),
    ],
)
def test_shows_what_matching_whole_words_means(
    query: str, found: set[str], papers: dict[str, Item]
) -> None:
    assert found_by(query, papers) == found


def test_what_the_sets_leave_out_would_match_but_for_one_thing(papers: dict[str, Item]) -> None:
    assert "2606.00247" in found_by('"vision language model"', papers)
    assert "2606.00247" not in EXPECTED[VISION]
    assert "2606.00351" in found_by("grasp* AND dexterous", papers)
    assert "2606.00351" not in EXPECTED[GRASPING]
    assert "2606.00284" in found_by("grasp*", papers)
    assert "2606.00284" not in EXPECTED[GRASPING]
    assert "2606.00266" in found_by("LLM", papers)
    assert "2606.00266" not in EXPECTED[SCALING]


def test_the_default_configuration_can_be_used_as_it_stands() -> None:
    settings = load_settings(DEFAULT, {})
    assert settings.contact == ""
    assert settings.timezone == "UTC"
    assert settings.database_url == "sqlite:///papers.db"
    assert settings.categories == ("cs.AI", "cs.CL", "cs.CV", "cs.LG", "cs.RO")
    assert len(settings.sets) == 3
    assert {bool(each.query) for each in settings.sets} == {True, False}
    for posts in settings.posts.values():
        assert [str(post.destination) for post in posts] == ["folder digests"]


def test_the_default_configurations_options_work_when_uncommented(tmp_path: Path) -> None:
    kept: list[str] = []
    for each in DEFAULT.read_text("utf-8").splitlines():
        line = re.sub(r"^# (\[[a-z]+\])$", r"\1", each)
        option = re.fullmatch(r"# ([a-z_]+) = (.+)", line)
        written = f"{option[1]} = {option[2]}" if option else line
        if option and kept and kept[-1].startswith(f"{option[1]} ="):
            kept.pop()
        kept.append(written)
    path = tmp_path / "config.toml"
    path.write_text("\n".join(kept), "utf-8")
    settings = load_settings(path, {})
    assert settings.contact == "papers@lab.example"
    assert settings.mail.can_send
    first = settings.sets[0]
    assert first.exclude == ("survey",)
    assert AnnounceType.REPLACE in first.types
    kinds = {post.destination.kind for post in settings.posts[first.name]}
    assert kinds == set(DestinationKind)
