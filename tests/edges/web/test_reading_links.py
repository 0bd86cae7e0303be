from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta

import pytest

from bot.app import App
from bot.flows.reading import write_link
from tests.fakes.papers import DAY
from tests.fakes.sites import SECRET, Site, find, links_of, serving


@pytest.fixture
def site(library: App) -> Iterator[Site]:
    """Serve a site with a key."""
    library.settings = replace(library.settings, secret_key="k" * 32)
    with serving(library) as running:
        yield running


def test_a_link_shows_its_edition_and_nothing_else_of_its_set(site: Site, library: App) -> None:
    path = f"/r/{write_link(library.seals, SECRET.key, DAY)}"
    tree = site.page(path)
    assert find(tree, "h1") == [SECRET.name]
    assert find(tree, "h3") == ["Sheep <or> clouds"]
    assert not [link for link in links_of(tree) if link.startswith("/sets/")]
    headers = site.get(path).headers
    assert headers["Cache-Control"] == "no-store"
    assert headers["Referrer-Policy"] == "no-referrer"
    assert "noindex" in site.get(path).text
    assert "Set-Cookie" not in headers


def test_a_link_is_for_one_edition(site: Site, library: App) -> None:
    other = write_link(library.seals, SECRET.key, DAY + timedelta(days=1))
    token = write_link(library.seals, SECRET.key, DAY)
    sealed_otherwise = library.seals.seal("sign-in", *SECRET.key, DAY.isoformat())
    for each in (other, token[:-2], f"{token}a", "", "x" * 5000, sealed_otherwise):
        assert site.get(f"/r/{each}").status_code == 404
    assert write_link(library.seals, SECRET.key, DAY) == token
    assert write_link(library.seals, SECRET.key, date(2020, 1, 1)) != token


def test_tokens_are_not_logged(site: Site, library: App, caplog: pytest.LogCaptureFixture) -> None:
    token = write_link(library.seals, SECRET.key, DAY)
    site.get(f"/r/{token}")
    site.get(f"/r/{token}x")
    assert token not in caplog.text
    assert token not in str(site.log.lines)
