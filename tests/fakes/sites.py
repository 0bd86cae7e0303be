"""A site with something to read, served over the loopback to a client that browses it."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from xml.etree.ElementTree import Element

import html5lib
import httpx

from bot.app import App
from bot.config.settings import Settings
from bot.core.keyword_sets import KeywordSet
from bot.core.papers import AnnounceType
from bot.edges.web.serving import open_port, serve_web
from bot.flows.ingest import Ingest
from bot.flows.publish import publish
from tests.fakes.logs import RecordingLog
from tests.fakes.papers import DAY, NOW, announce, make_paper
from tests.fakes.sources import CannedSource

CLOUDS = KeywordSet("Clouds", keywords=(("cloud",),), types=tuple(AnnounceType))
ODD = KeywordSet("a/b & <b>c</b>?", query='ti:"sheep" OR cloud')
SECRET = KeywordSet("Secret plans", keywords=(("sheep",),))
BEFORE = DAY - timedelta(days=1)
NASTY = "</title></script><script>alert(1)</script><img src=x onerror=alert(1)> cloud"


def read_settings(base: Settings) -> Settings:
    """Have two public sets and one that is not."""
    return replace(
        base,
        contact="lab@lab.example",
        categories=("cs.CV", "cs.RO"),
        sets=(CLOUDS, ODD, SECRET),
        public=frozenset({CLOUDS.name, ODD.name}),
    )


def fill(app: App) -> None:
    """Read and publish two days: a plain paper, then one of every kind, one of them hostile."""
    plain = make_paper(1)
    sheep = make_paper(2, title="Sheep <or> clouds", categories=("cs.RO", "cs.CV"))
    nasty = make_paper(3, title=NASTY, abstract=NASTY, authors=(NASTY, NASTY))
    announcements = {
        BEFORE: [announce(plain, day=BEFORE)],
        DAY: [
            announce(nasty, make_paper(4, 2, title="More clouds")),
            announce(sheep, category="cs.RO", kind=AnnounceType.CROSS),
            announce(make_paper(1, 2), category="cs.RO", kind=AnnounceType.REPLACE),
        ],
    }
    for day, told in announcements.items():
        for announcement in told:
            source = CannedSource({announcement.category: announcement})
            Ingest(source, app.store).run(day, (announcement.category,), NOW)
        publish(day, app.sets(), app.store, categories=app.categories, now=NOW)


class Site:
    """A site that runs: ask it as a browser does."""

    def __init__(self, home: str, log: RecordingLog) -> None:
        self.home = home
        self.app: App | None = None
        self.log = log
        self.client = httpx.Client(
            base_url=home, headers={"Accept": "text/html"}, follow_redirects=False, timeout=30
        )

    def get(self, path: str, **headers: str) -> httpx.Response:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.client.get(path, headers=named)

    def page(self, path: str, status: int = 200) -> Element:
        """Get a page and parse it strictly: what a browser would have to repair is an error."""
        answer = self.get(path)
        assert (answer.status_code, answer.headers["Content-Type"]) == (
            status,
            "text/html; charset=utf-8",
        ), answer.text[:500]
        return parse(answer.text)


@contextmanager
def serving(app: App) -> Iterator[Site]:
    """Serve a site until the block ends."""
    log, stop = RecordingLog(), threading.Event()
    with open_port("127.0.0.1", 0) as listener:
        home = f"http://127.0.0.1:{listener.getsockname()[1]}"
        thread = threading.Thread(
            target=serve_web, args=(app, stop, log), kwargs={"listener": listener}
        )
        thread.start()
        site = Site(home, log)
        try:
            yield site
        finally:
            site.client.close()
            stop.set()
            thread.join(10)


def parse(page: str) -> Element:
    """Parse a page strictly."""
    parser = html5lib.HTMLParser(strict=True, namespaceHTMLElements=False)
    tree: Element = parser.parse(page)
    return tree


def text_of(element: Element) -> str:
    return " ".join("".join(element.itertext()).split())


def find(tree: Element, tag: str) -> list[str]:
    return [text_of(each) for each in tree.iter(tag)]


def links_of(tree: Element) -> list[str]:
    return [each.get("href", "") for each in tree.iter("a")]
