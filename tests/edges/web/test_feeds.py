import json
from dataclasses import replace
from typing import Any

import feedparser
import pytest

from bot.app import App
from tests.fakes.sites import Site, serving

TYPES = {
    "atom": "application/atom+xml; charset=utf-8",
    "rss": "application/rss+xml; charset=utf-8",
    "json": "application/feed+json; charset=utf-8",
}


def titles_of(site: Site, path: str) -> list[str]:
    answer = site.get(path)
    assert answer.status_code == 200
    if ".json" in path:
        return [item["title"] for item in json.loads(answer.text)["items"]]
    read: Any = feedparser.parse(answer.content)
    assert not read.bozo
    return [entry.title for entry in read.entries]


@pytest.mark.parametrize("form", TYPES)
def test_a_set_has_feeds_newest_first(site: Site, form: str) -> None:
    answer = site.get(f"/sets/Clouds/feed.{form}")
    assert answer.headers["Content-Type"] == TYPES[form]
    titles = titles_of(site, f"/sets/Clouds/feed.{form}")
    assert len(titles) == 5
    assert titles[-1] == "Counting clouds"


@pytest.mark.parametrize("form", TYPES)
def test_any_words_and_any_query_have_feeds(site: Site, form: str) -> None:
    assert titles_of(site, f"/search.{form}?q=sheep") == ["Sheep <or> clouds"]
    assert titles_of(site, f"/try.{form}?q=ti:sheep") == ["Sheep <or> clouds"]


def test_a_feed_says_why_and_where_it_is(site: Site) -> None:
    read: Any = feedparser.parse(site.get("/sets/Clouds/feed.atom").text)
    assert "Why: cloud (title)" in read.entries[0].summary
    assert read.feed.links[0].href == f"{site.home}/sets/Clouds/feed.atom"
    assert read.feed.updated == "2025-12-04T06:00:00Z"


def test_a_feed_has_the_addresses_of_the_configuration(library: App) -> None:
    library.settings = replace(library.settings, base_url="https://papers.lab.example/bot")
    with serving(library) as site:
        read: Any = feedparser.parse(site.get("/bot/sets/Clouds/feed.rss").text)
        assert read.feed.link == "https://papers.lab.example/bot/sets/Clouds"
        assert 'href="/bot/sets/Clouds"' in site.get("/bot/").text
        assert site.get("/sets/Clouds").status_code == 200


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/sets/Secret%20plans/feed.atom", 404),
        ("/sets/Nobody/feed.json", 404),
        ("/sets/Clouds/feed.xml", 404),
        ("/search.atom", 400),
        ("/search.rss?q=%3F", 400),
        ("/try.json?q=cloud+OR", 400),
        (f"/search.atom?q={'x' * 1001}", 400),
        ("/search.xml?q=a", 404),
    ],
)
def test_what_cannot_be_fed_is_a_sentence(site: Site, path: str, status: int) -> None:
    assert site.get(path).status_code == status


def test_a_query_without_papers_is_an_empty_feed(app: App) -> None:
    with serving(app) as site:
        assert titles_of(site, "/try.atom?q=cloud") == []
        assert titles_of(site, "/search.rss?q=cloud") == []
