from datetime import date

import pytest

from bot.render.paths import Paths

DAY = date(2025, 12, 4)
HERE, THERE = Paths(), Paths("https://papers.lab.example/bot")


@pytest.mark.parametrize(
    ("found", "path"),
    [
        (HERE.home, "/"),
        (HERE.set_page("MLLM"), "/sets/MLLM"),
        (HERE.set_page("a/b ?&é#.."), "/sets/a%2Fb%20%3F%26%C3%A9%23.."),
        (HERE.set_page("lone \ud800"), "/sets/lone%20%3F"),
        (HERE.set_page("MLLM", before=DAY), "/sets/MLLM?before=2025-12-04"),
        (HERE.edition("MLLM", DAY), "/sets/MLLM/2025-12-04"),
        (
            HERE.edition("MLLM", DAY, category="cs.CV", kind="new", page=2),
            "/sets/MLLM/2025-12-04?category=cs.CV&kind=new&page=2",
        ),
        (HERE.edition_bibtex("MLLM", DAY), "/sets/MLLM/2025-12-04.bib"),
        (HERE.feed("MLLM", "atom"), "/sets/MLLM/feed.atom"),
        (HERE.paper("hep-th/9901001"), "/papers/hep-th/9901001"),
        (HERE.paper_bibtex("2512.03874"), "/papers/2512.03874.bib"),
        (HERE.search(), "/search"),
        (HERE.search('a "b" & c'), "/search?q=a+%22b%22+%26+c"),
        (HERE.search_feed("a b", "rss"), "/search.rss?q=a+b"),
        (HERE.trial("a OR b"), "/try?q=a+OR+b"),
        (HERE.trial_feed("a", "json"), "/try.json?q=a"),
        (HERE.read("abc"), "/r/abc"),
        (HERE.read("abc", kind="new"), "/r/abc?kind=new"),
        (HERE.subscribe, "/subscribe"),
        (HERE.static("style.css"), "/static/style.css"),
        (HERE.operator(), "/operator"),
        (HERE.operator("sets"), "/operator/sets"),
        (THERE.home, "https://papers.lab.example/bot/"),
        (THERE.set_page("MLLM"), "https://papers.lab.example/bot/sets/MLLM"),
    ],
)
def test_every_page_has_one_address(found: str, path: str) -> None:
    assert found == path
