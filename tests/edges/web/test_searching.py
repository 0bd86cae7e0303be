import threading
from urllib.parse import quote

import pytest

from bot.app import App
from bot.edges.web import searching
from tests.fakes.sites import Site, find, parse, serving, text_of


def test_search_marks_the_words(site: Site) -> None:
    tree = site.page("/search?q=sheep+cloud*")
    assert find(tree, "h2") == ["1 paper"]
    assert find(tree, "mark")[:2] == ["Sheep", "clouds"]
    assert find(site.page("/search"), "h2") == []
    assert find(site.page("/search?q=ocelot"), "h2")[0].startswith("No stored paper")


def test_a_search_for_nothing_says_what_to_write(site: Site) -> None:
    assert "holds no word to search for" in text_of(site.page("/search?q=%3F%21", 400))
    assert "write at most 1000" in text_of(site.page(f"/search?q={'x' * 1001}", 400))


def test_a_query_is_tried(site: Site) -> None:
    tree = site.page("/try?q=cloud+AND+NOT+ti:sheep")
    assert "It would have brought 3 papers of the 4 announced on 2 days" in text_of(tree)
    assert find(tree, "tr") == ["KeywordPapers", "cloud3"]
    posted = site.client.post("/try", data={"q": "cloud AND NOT ti:sheep"})
    assert "It would have brought 3 papers" in text_of(parse(posted.text))
    assert find(site.page("/try"), "h1") == ["Try a query"]


def test_a_bad_query_is_pointed_at(site: Site) -> None:
    tree = site.page("/try?q=cloud+OR", 400)
    assert "ends with an operator at position 9: add a word after it" in text_of(tree)
    assert find(tree, "code") == ["cloud OR"]


def test_a_query_is_worked_out_once_a_day(
    library: App, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    site.get("/try?q=cloud")
    monkeypatch.setattr(library.store, "announced_papers", None)
    assert site.get("/try?q=cloud").status_code == 200
    assert site.get("/try.atom?q=cloud").status_code == 200


def test_one_query_is_tried_at_a_time(
    library: App, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, go_on = threading.Event(), threading.Event()
    ask = library.store.announced_papers

    def slow(*arguments: object) -> object:
        begun.set()
        assert go_on.wait(20)
        return ask(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(library.store, "announced_papers", slow)
    monkeypatch.setattr(searching, "_PATIENCE", 0.05)
    first = threading.Thread(target=site.get, args=("/try?q=cloud",))
    first.start()
    assert begun.wait(20)
    with serving(library) as other:
        # Another process has its own turn; this one is busy.
        assert other.get("/healthz").status_code == 200
    busy = site.get("/try?q=sheep")
    assert (busy.status_code, busy.headers["Retry-After"]) == (503, "60")
    assert "Other queries are being tried right now" in busy.text
    go_on.set()
    first.join(20)
    assert site.get("/try?q=sheep").status_code == 200


def test_nothing_is_tried_where_nothing_is_stored(app: App) -> None:
    with serving(app) as site:
        assert "Nothing is stored yet" in text_of(site.page("/try?q=cloud"))


@pytest.mark.parametrize(
    "text", ["</script><script>alert(1)</script>", '"><img src=x onerror=alert(1)>', "{{7*7}}"]
)
@pytest.mark.parametrize("path", ["/search?q=", "/try?q="])
def test_hostile_words_stay_text(site: Site, path: str, text: str) -> None:
    answer = site.get(path + quote(text))
    assert "<script" not in answer.text
    assert "<img" not in answer.text
    assert "49" not in answer.text
