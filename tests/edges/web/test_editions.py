import re
from datetime import timedelta
from urllib.parse import quote

import pytest

from bot.app import App
from tests.fakes.clocks import StillClock
from tests.fakes.papers import DAY
from tests.fakes.sites import NASTY, ODD, Site, find, links_of

EDITION = f"/sets/Clouds/{DAY.isoformat()}"


def test_an_edition_shows_its_papers_by_kind(site: Site) -> None:
    tree = site.page(EDITION)
    assert find(tree, "h1") == ["Clouds"]
    assert find(tree, "h2") == ["New 2", "Cross-listed 1", "Replaced 1"]
    assert f"/sets/Clouds/{(DAY - timedelta(days=1)).isoformat()}" in links_of(tree)


def test_every_link_within_the_site_leads_somewhere(site: Site) -> None:
    seen, waiting = set(), ["/"]
    while waiting:
        path = waiting.pop()
        if path in seen:
            continue
        seen.add(path)
        answer = site.get(path)
        assert answer.status_code == 200, path
        if answer.headers["Content-Type"].startswith("text/html"):
            found = re.findall(r'(?:href|src)="(/[^"#]*)"', answer.text)
            waiting += [each.replace("&amp;", "&") for each in found]
    assert len(seen) > 30


def test_an_edition_of_a_set_with_an_odd_name_is_found(site: Site) -> None:
    path = f"/sets/{quote(ODD.name, safe='')}/{DAY.isoformat()}"
    assert find(site.page(path), "h1") == [ODD.name]
    assert site.get(f"{path}.bib").status_code == 200


@pytest.mark.parametrize(
    ("asked", "headings"),
    [
        ("kind=new", ["New 2"]),
        ("kind=replaced", ["Replaced 1"]),
        ("category=cs.RO", ["Cross-listed 1", "Replaced 1"]),
        ("category=cs.RO&kind=cross", ["Cross-listed 1"]),
        ("category=cs.CV&kind=replaced", []),
        ("page=1", ["New 2", "Cross-listed 1", "Replaced 1"]),
    ],
)
def test_a_part_of_an_edition_has_an_address(site: Site, asked: str, headings: list[str]) -> None:
    assert find(site.page(f"{EDITION}?{asked}"), "h2") == headings


@pytest.mark.parametrize(
    "path",
    [
        "/sets/Clouds/2025-12-25",
        "/sets/Clouds/2025-02-30",
        f"/sets/Secret%20plans/{DAY.isoformat()}",
        f"/sets/Secret%20plans/{DAY.isoformat()}.bib",
        f"{EDITION}?kind=old",
        f"{EDITION}?category=cs.XX",
        f"{EDITION}?page=0",
        f"{EDITION}?page=2",
        f"{EDITION}?page=99999",
        f"{EDITION}?page=%C2%B2",
        f"{EDITION}?page=-1",
    ],
)
def test_what_is_not_there_is_a_sentence(site: Site, path: str) -> None:
    tree = site.page(path, 404)
    assert find(tree, "h1") == ["Not here"]
    assert "/" in links_of(tree)


def test_hostile_papers_stay_text(site: Site) -> None:
    tree = site.page(EDITION)
    tags = {str(each.tag).rpartition("}")[2] for each in tree.iter()}
    assert not tags & {"script", "img", "style", "iframe", "object"}
    assert NASTY in " ".join(find(tree, "h3"))


def test_the_papers_of_an_edition_are_bibtex(site: Site) -> None:
    answer = site.get(f"{EDITION}.bib")
    assert answer.headers["Content-Type"] == "application/x-bibtex; charset=utf-8"
    assert 'filename="papers-2025-12-04.bib"' in answer.headers["Content-Disposition"]
    assert answer.text.count("@misc{") == 4


def test_an_edition_is_made_once(
    library: App, site: Site, clock: StillClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    site.get(EDITION)
    clock.advance(timedelta(minutes=1))
    loaded: list[int] = []
    monkeypatch.setattr(library.store, "load_frozen", loaded.append)
    assert site.get(EDITION).status_code == 200
    assert not loaded
