"""Caching, conditional requests and headers, over the wire."""

import gzip
import http.client
import re
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from bot.app import App
from bot.edges.web import HEADERS
from bot.edges.web.answering import Lookups, Page, PageCache
from bot.errors import StoreError
from tests.fakes.clocks import StillClock
from tests.fakes.papers import DAY
from tests.fakes.sites import Site, find, links_of, serving

EDITION = f"/sets/Clouds/{DAY.isoformat()}"
PUBLIC = ["/", "/sets/Clouds", EDITION, f"{EDITION}.bib", "/papers/2512.00001", "/try?q=cloud"]
PUBLIC += ["/sets/Clouds/feed.atom", "/search?q=cloud", "/search.json?q=cloud", "/robots.txt"]


@pytest.mark.parametrize("path", PUBLIC)
def test_who_has_a_page_is_told_so(site: Site, path: str, clock: StillClock) -> None:
    whole = site.get(path)
    assert re.fullmatch(r"public, max-age=\d+", whole.headers["Cache-Control"])
    for moment in (0, 6):
        clock.advance(timedelta(seconds=moment))
        for asked in (whole.headers["ETag"], f'W/{whole.headers["ETag"]}, "x"'):
            again = site.get(path, If_None_Match=asked)
            assert (again.status_code, again.content) == (304, b"")
            assert again.headers["ETag"] == whole.headers["ETag"]
            assert again.headers["Cache-Control"] == whole.headers["Cache-Control"]
            assert "Content-Type" not in again.headers
        assert site.get(path, If_None_Match='"other"').content == whole.content


def test_packed_and_plain_pages_are_told_apart(site: Site) -> None:
    plain = site.get(EDITION, Accept_Encoding="identity")
    packed = site.get(EDITION, Accept_Encoding="gzip")
    assert "Content-Encoding" not in plain.headers
    assert packed.headers["Content-Encoding"] == "gzip"
    assert packed.headers["Vary"] == plain.headers["Vary"] == "Accept-Encoding"
    assert packed.text == plain.text
    assert packed.headers["ETag"] != plain.headers["ETag"]
    assert "Content-Encoding" not in site.get(EDITION, Accept_Encoding="gzip;q=0").headers


def test_a_connection_outlives_an_answer_without_a_body(site: Site) -> None:
    tag = site.get(EDITION, Accept_Encoding="identity").headers["ETag"]
    host, port = site.home.removeprefix("http://").split(":")
    with closing(http.client.HTTPConnection(host, int(port), timeout=10)) as connection:
        ends = set()
        for _ in range(3):
            connection.request("GET", EDITION, headers={"If-None-Match": tag})
            answer = connection.getresponse()
            assert (answer.status, answer.read()) == (304, b"")
            ends.add(connection.sock.getsockname() if connection.sock else None)
        assert len(ends) == 1
        connection.request("GET", EDITION, headers={"If-None-Match": tag, "Connection": "close"})
        assert connection.getresponse().headers["Connection"] == "close"


@pytest.mark.parametrize("path", PUBLIC)
def test_head_is_get_without_the_body(site: Site, path: str) -> None:
    get, head = site.get(path), site.client.head(path)
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["ETag"] == get.headers["ETag"]


@pytest.mark.parametrize("path", [*PUBLIC, "/nowhere", "/try?q=a+OR"])
def test_every_answer_is_safe_to_look_at(site: Site, path: str) -> None:
    headers = site.get(path).headers
    for name, value in HEADERS.items():
        if name != "Cache-Control":
            assert headers[name] == value
    assert "unsafe" not in headers["Content-Security-Policy"]
    assert "Set-Cookie" not in headers
    assert "Server" not in headers


def test_pages_need_no_script_and_no_style_of_their_own(site: Site) -> None:
    for path in PUBLIC:
        answer = site.get(path)
        text = answer.text if answer.headers["Content-Type"].startswith("text/html") else ""
        assert not re.search(r"<script|<style|<\w[^>]*\s(?:style|on\w+)=|javascript:", text), path


def test_the_stylesheet_has_a_name_of_its_own(site: Site) -> None:
    name = re.search(r'href="(/static/style-[0-9a-f]{12}\.css)"', site.get("/").text)
    assert name
    style = site.get(name[1])
    assert style.headers["Content-Type"] == "text/css; charset=utf-8"
    assert style.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert "url(" not in style.text
    assert "@import" not in style.text
    assert site.get("/static/style-000000000000.css").status_code == 404


def luminance(colour: str) -> float:
    channels = (int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5))
    linear = [c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def test_every_colour_holds_on_every_ground() -> None:
    style = (Path(__file__).parents[3] / "templates" / "web" / "style.css").read_text("utf-8")
    schemes = [dict(re.findall(r"--([\w-]+): (#\w{6})", part)) for part in style.split(":root")]
    schemes = [scheme for scheme in schemes if "mark" in scheme]
    assert len(schemes) == 2
    for scheme in schemes:
        for text in ("ink", "quiet", "accent"):
            assert contrast(scheme[text], scheme["ground"]) >= 4.5
            assert contrast(scheme[text], scheme["mark"]) >= 4.5
        assert contrast(scheme["on-accent"], scheme["accent"]) >= 4.5
        assert contrast(scheme["edge"], scheme["ground"]) >= 3


def test_robots_stay_away_from_secrets_and_from_what_costs(site: Site) -> None:
    text = site.get("/robots.txt").text
    for path in ("/r", "/u", "/confirm", "/preferences", "/operator", "/search", "/try"):
        assert f"Disallow: {path}\n" in text
    for path in ("/search?q=cloud", "/try?q=cloud", f"{EDITION}?kind=new", "/nowhere"):
        assert 'content="noindex, nofollow"' in site.get(path).text
    assert "noindex" not in site.get(EDITION).text


def test_errors_are_pages_for_browsers_and_sentences_for_programs(site: Site) -> None:
    tree = site.page("/nowhere", 404)
    assert find(tree, "p")[0] == "There is no page at this address."
    assert "/" in links_of(tree)
    plain = site.get("/nowhere", Accept="*/*")
    assert plain.text == "There is no page at this address.\n"
    refused = site.client.post("/sets/Clouds")
    assert (refused.status_code, refused.headers["Allow"]) == (405, "GET, HEAD")
    assert "This address answers GET, HEAD only." in refused.text


def test_a_database_that_fails_is_a_page_that_tells_no_secret(
    library: App, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        msg = "postgresql://me:s3cret@db is away"
        raise StoreError(msg)

    monkeypatch.setattr(library.store, "list_issues", fail)
    answer = site.get("/sets/Clouds")
    assert answer.status_code == 503
    assert "The database does not answer; try again in a minute." in answer.text
    assert "s3cret" not in answer.text


def test_what_breaks_is_a_page(library: App, site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(library.store, "list_issues", None)
    answer = site.get("/sets/Clouds")
    assert answer.status_code == 500
    assert "the program’s log says why" in answer.text.replace("&#39;", "’").replace("'", "’")


def test_a_proxy_is_believed_only_where_it_is_named(library: App) -> None:
    headers = {"X-Forwarded-Proto": "https", "Accept": "text/html"}
    with serving(library) as site:
        told = site.client.get("/sets/Clouds/feed.atom", headers=headers).text
        assert "https://127.0.0.1" not in told
    library.settings = replace(library.settings, web_proxy="127.0.0.1")
    with serving(library) as site:
        told = site.client.get("/sets/Clouds/feed.atom", headers=headers).text
        assert "https://127.0.0.1" in told


def test_kept_pages_are_bounded() -> None:
    made: list[int] = []

    def make(number: int) -> Page:
        made.append(number)
        return Page("x" * 1000)

    kept = PageCache(3000)
    for number in (1, 2, 1, 3, 1, 2):
        page = kept.get(number, lambda number=number: make(number))  # type: ignore[misc]
        assert gzip.decompress(page.packed) == page.body
    assert made == [1, 2, 3, 2]


def test_lookups_are_forgotten_in_time_and_bounded() -> None:
    now = [0.0]
    lookups: Lookups[int] = Lookups(lambda: now[0], 5.0, 2)
    assert [lookups.get("a", lambda: 1), lookups.get("a", lambda: 2)] == [1, 1]
    now[0] = 5.0
    assert lookups.get("a", lambda: 3) == 3
    lookups.get("b", lambda: 4)
    lookups.get("c", lambda: 5)
    assert lookups.recall("a") is None
    assert lookups.recall("c") == (5,)
