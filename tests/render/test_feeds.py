"""Feeds: what feedparser and the specifications ask of them, whatever papers say."""

import json
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any
from xml.etree import ElementTree as ET

import feedparser
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.core.archive import FoundPaper, Issue
from bot.core.editions import Edition, Field, Item
from bot.core.papers import Paper
from bot.render.feeds import (
    FORMS,
    MOST_ENTRIES,
    NEVER,
    Feed,
    build_found_entries,
    build_set_entries,
    build_tried_entries,
    write_atom,
    write_json,
    write_rss,
)

BuildItem = Callable[..., Item]
BuildEdition = Callable[..., Edition]
AT = datetime(2025, 12, 4, 1, 2, 3, 456, tzinfo=UTC)
ATOM = "{http://www.w3.org/2005/Atom}"
KNOWN = {
    *(f"{ATOM}{name}" for name in ("feed", "entry", "id", "title", "subtitle", "updated", "link")),
    *(f"{ATOM}{name}" for name in ("generator", "author", "name", "published", "category")),
    *(f"{ATOM}{name}" for name in ("summary", "content")),
    *("rss", "channel", "item", "title", "link", "description", "language", "lastBuildDate"),
    *("generator", "guid", "pubDate", "category", "{http://purl.org/dc/elements/1.1/}creator"),
}
XML = [write_atom, write_rss]


def make_issue(edition: Edition, at: datetime = AT) -> Issue:
    return Issue(1, ("config", edition.set.name), edition.day, None, at, len(edition.items))


def make_feed(*editions: Edition, name: str = "Clouds") -> Feed:
    entries = build_set_entries((make_issue(edition), edition) for edition in editions)
    home = "https://papers.lab.example/sets/Clouds"
    return Feed(f"sets/config/{name}", name, "New papers", home, f"{home}/feed.atom", entries)


def test_atom_holds_what_rfc_4287_demands(edition: Edition) -> None:
    root = ET.fromstring(write_atom(make_feed(edition)))  # noqa: S314 - our own
    for parent in (root, *root.iter(f"{ATOM}entry")):
        for tag in ("id", "title", "updated"):
            assert len(parent.findall(f"{ATOM}{tag}")) == 1
        assert parent.findtext(f"{ATOM}id", "").startswith("urn:uuid:")
        assert len(parent.findall(f"{ATOM}link[@rel='alternate']")) == 1
    assert len(root.findall(f"{ATOM}link[@rel='self']")) == 1
    assert root.find(f"{ATOM}author/{ATOM}name") is not None
    ids = [each.findtext(f"{ATOM}id") for each in root.iter(f"{ATOM}entry")]
    assert len(set(ids)) == len(ids) == len(edition.items)


def test_rss_holds_what_its_specification_demands(edition: Edition) -> None:
    (channel,) = ET.fromstring(write_rss(make_feed(edition)))  # noqa: S314 - our own
    for tag in ("title", "link", "description"):
        assert channel.findtext(tag)
    for item in channel.iter("item"):
        guid = item.find("guid")
        assert guid is not None
        assert guid.get("isPermaLink") == "false"
        assert item.findtext("pubDate") == "Thu, 04 Dec 2025 01:02:03 +0000"
        assert (item.findtext("link") or "").startswith("https://arxiv.org/abs/")


def test_json_holds_what_json_feed_demands(edition: Edition) -> None:
    document = json.loads(write_json(make_feed(edition)))
    assert document["version"] == "https://jsonfeed.org/version/1.1"
    assert document["title"] == "Clouds"
    for item in document["items"]:
        assert isinstance(item["id"], str)
        assert isinstance(item["content_text"], str)
        assert item["date_published"] == "2025-12-04T01:02:03Z"
        assert all(author["name"] for author in item["authors"])


@pytest.mark.parametrize("write", XML)
def test_a_reader_sees_papers_with_why(write: Callable[[Feed], str], edition: Edition) -> None:
    read: Any = feedparser.parse(write(make_feed(edition)))
    assert not read.bozo
    assert read.feed.title == "Clouds"
    assert len(read.entries) == 6
    first = read.entries[0]
    assert first.title == "Fog and Rain: α-Mixing for a Weather Model"
    assert first.link == "https://arxiv.org/abs/2512.00106"
    assert "Why: weather model (title)" in first.summary
    assert [tag.term for tag in first.tags] == ["cs.LG", "physics.ao-ph"]
    assert read.entries[2].summary.count("cross-listed") == 1


def test_all_forms_name_an_entry_alike_and_for_ever(edition: Edition) -> None:
    feed = make_feed(edition)
    atom: Any = feedparser.parse(write_atom(feed))
    rss: Any = feedparser.parse(write_rss(feed))
    names = [item["id"] for item in json.loads(write_json(feed))["items"]]
    assert [each.id for each in atom.entries] == [each.id for each in rss.entries] == names
    assert names[0] == "urn:uuid:a101e2e9-b54f-5b75-be93-707d29120cc9"


def test_a_feed_is_as_new_as_its_newest_entry(edition: Edition) -> None:
    older = make_issue(edition, AT - timedelta(days=1))
    entries = build_set_entries([(make_issue(edition), edition), (older, edition)])
    feed = Feed("a", "a", "a", "a", "a", entries)
    assert feed.updated == AT
    assert Feed("a", "a", "a", "a", "a", ()).updated == NEVER
    for write, _ in FORMS.values():
        assert write(Feed("a", "a", "a", "a", "a", ()))


def test_a_feed_is_bounded(build_item: BuildItem, build_edition: BuildEdition) -> None:
    items = [build_item(f"2512.{number:05d}") for number in range(MOST_ENTRIES + 5)]
    assert len(make_feed(build_edition(items)).entries) == MOST_ENTRIES


def test_found_papers_come_on_their_first_day(build_item: BuildItem) -> None:
    item = build_item(hits=[("cloud", Field.TITLE, "Clouds")])
    (entry,) = build_found_entries([FoundPaper(item.paper, date(2025, 12, 4), item.hits)])
    assert entry.updated == datetime(2025, 12, 4, tzinfo=UTC)
    assert entry.why == "Why: cloud (title)"


def test_tried_papers_come_at_their_moments(build_item: BuildItem) -> None:
    (entry,) = build_tried_entries([(AT, build_item())])
    assert (entry.updated, entry.why) == (AT, "")
    feed = Feed("a", "a", "a", "a", "a", (entry,))
    root = ET.fromstring(write_atom(feed))  # noqa: S314 - our own
    assert root.findtext(f"{ATOM}entry/{ATOM}summary") == "Counting Clouds"


@pytest.mark.parametrize("write", XML)
def test_nasty_text_stays_text(
    write: Callable[[Feed], str],
    nasty: tuple[str, ...],
    build_item: BuildItem,
    build_edition: BuildEdition,
) -> None:
    for text in (*nasty, "\ufffe", "\x00\x08", "\ud800"):
        item = build_item(title=text, abstract=text, authors=(text, text), categories=(text,))
        written = write(make_feed(build_edition([item], name=text), name=text))
        tags = {each.tag for each in ET.fromstring(written).iter()}  # noqa: S314 - our own
        assert tags <= KNOWN
        assert len(feedparser.parse(written).entries) == 1


@settings(max_examples=60)
@given(st.text(max_size=60))
def test_any_text_is_well_formed(text: str) -> None:
    paper = Paper("2512.00001", 1, text, (text, text), text, (text,), text)
    entries = build_found_entries([FoundPaper(paper, date(2025, 12, 4), ())])
    feed = Feed(text, text, text, "https://a.example", "https://a.example", entries)
    for write in XML:
        ET.fromstring(write(feed))  # noqa: S314 - our own
    json.loads(write_json(feed))
