from dataclasses import replace
from datetime import timedelta
from urllib.parse import quote

import pytest

from bot.app import App
from bot.core.keyword_sets import KeywordSet
from bot.flows.publish import publish
from tests.adapters.store.made_up import announce, make_paper, save
from tests.fakes.clocks import StillClock
from tests.fakes.papers import DAY, NOW
from tests.fakes.sites import CLOUDS, ODD, SECRET, Site, find, links_of, serving, text_of

ODD_PATH = f"/sets/{quote(ODD.name, safe='')}"


def test_the_first_page_lists_the_public_sets_and_no_other(site: Site) -> None:
    tree = site.page("/")
    assert find(tree, "h2") == [CLOUDS.name, ODD.name]
    text = text_of(tree)
    assert "4 papers on Thursday 4 December 2025; 5 in the last four weeks" in text
    assert SECRET.name not in text
    assert ODD_PATH in links_of(tree)


@pytest.mark.parametrize("path", ["/sets/Clouds", "/sets/clouds", ODD_PATH])
def test_a_sets_page_is_found_whatever_its_name(site: Site, path: str) -> None:
    tree = site.page(path)
    assert find(tree, "h1")[0].casefold() in path.casefold() or find(tree, "h1") == [ODD.name]
    assert find(tree, "h2")[:1] == ["Editions"]
    for link in links_of(tree):
        if link.startswith("/sets/"):
            assert site.get(link).status_code == 200


@pytest.mark.parametrize("path", ["/sets/Nobody", "/sets/Secret%20plans", "/sets/", "/sets/a//b"])
def test_sets_that_are_not_public_are_as_if_they_were_not(site: Site, path: str) -> None:
    tree = site.page(path, 404)
    assert find(tree, "h1") == ["Not here"]
    assert site.get(path).headers["Cache-Control"] == "no-store"


def test_older_editions_are_a_page_further(site: Site) -> None:
    tree = site.page(f"/sets/Clouds?before={DAY.isoformat()}")
    assert "Wednesday 3 December 2025" in text_of(tree)
    assert "Thursday 4 December 2025" not in " ".join(find(tree, "li"))
    assert "'yesterday' is not a day" in text_of(site.page("/sets/Clouds?before=yesterday", 400))


def test_what_is_published_shows_within_seconds(
    library: App, site: Site, clock: StillClock
) -> None:
    before = site.get("/sets/Clouds")
    day = DAY + timedelta(days=1)
    save(library.store, announce(make_paper(9, title="Clouds at last"), day=day))
    publish(day, library.sets(), library.store, categories=library.categories, now=NOW)
    clock.advance(timedelta(seconds=6))
    after = site.get("/sets/Clouds")
    assert "Friday 5 December 2025" in after.text
    assert before.headers["ETag"] != after.headers["ETag"]


def test_a_set_that_cannot_be_read_stops_no_page(app: App) -> None:
    broken = KeywordSet("Broken", query="cloud OR")
    app.settings = replace(app.settings, sets=(broken,), public=frozenset({"Broken"}))
    with serving(app) as site:
        assert "No keyword set is public yet" in text_of(site.page("/"))
        assert site.get("/sets/Broken").status_code == 404
