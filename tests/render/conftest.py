"""Made-up papers for the tests of render/; none of them exists."""

from collections.abc import Callable, Iterable, Sequence
from datetime import date
from pathlib import Path

import jinja2
import pytest

from bot.core.editions import (
    BatchState,
    CategoryReceipt,
    DayListing,
    Edition,
    Field,
    Hit,
    Item,
    Receipt,
    SetSummary,
)
from bot.core.latex import to_text
from bot.core.papers import AnnounceType, Paper
from bot.render.templates import build_environment

DAY = date(2025, 12, 4)
WORDS = tuple[str, Field, str]


def _hits(paper: Paper, wanted: Iterable[WORDS]) -> tuple[Hit, ...]:
    shown = {
        Field.TITLE: to_text(paper.title),
        Field.ABSTRACT: to_text(paper.abstract),
        Field.AUTHORS: ", ".join(map(to_text, paper.authors)),
    }
    hits = []
    for keyword, field, words in wanted:
        start = shown[field].index(words) if field in shown else 0
        end = start + len(words) if field in shown else 0
        hits.append(Hit(keyword, field, start, end, words))
    return tuple(hits)


def _build_item(
    base_id: str = "2512.00001",
    *,
    title: str = "Counting Clouds",
    abstract: str = "We count clouds.",
    authors: tuple[str, ...] = ("Ada Example",),
    categories: tuple[str, ...] = ("cs.CV",),
    kind: AnnounceType = AnnounceType.NEW,
    hits: Iterable[WORDS] = (),
) -> Item:
    paper = Paper(base_id, 1, title, authors, abstract, categories)
    return Item(paper, kind, _hits(paper, hits), {categories[0]: kind})


def _build_edition(
    items: Sequence[Item],
    *,
    name: str = "Clouds",
    announced: int = 376,
    earlier: int = 0,
    problems: tuple[str, ...] = (),
    keywords: tuple[str, ...] = ("cloud", "weather model"),
    exclude: tuple[str, ...] = (),
) -> Edition:
    lines = (
        CategoryReceipt("cs.CV", DAY, BatchState.COMPLETE, announced=announced, read=announced),
        CategoryReceipt("cs.LG", DAY, BatchState.EMPTY, problems=problems),
    )
    receipt = Receipt(DAY, announced, announced, lines)
    return Edition(SetSummary(name, keywords, exclude), DAY, tuple(items), receipt, earlier)


@pytest.fixture(scope="session")
def build_item() -> Callable[..., Item]:
    return _build_item


@pytest.fixture(scope="session")
def build_edition() -> Callable[..., Edition]:
    return _build_edition


@pytest.fixture(scope="session")
def edition() -> Edition:
    items = (
        _build_item(
            "2512.00106",
            title=r"Fog and \emph{Rain}: $\alpha$-Mixing for a Weather Model",
            abstract="A weather model must mix. We mix fog with rain. It rains at last. More soon.",
            authors=("Ada Example", "Bo Sample", r"Ren\'e Placeholder"),
            categories=("cs.LG", "physics.ao-ph"),
            hits=[
                ("weather model", Field.TITLE, "Weather Model"),
                ("weather model", Field.ABSTRACT, "weather model"),
            ],
        ),
        _build_item(
            "2512.00105",
            title="Counting Clouds from Below",
            abstract="Nobody counts clouds well. We do, with a weather model and patience.",
            authors=(
                "Cy Made-Up",
                "Dee Nobody",
                "Eve Invented",
                "Flo Fiction",
                "Gus Ghost",
                "Al B",
            ),
            hits=[
                ("cloud", Field.TITLE, "Clouds"),
                ("cloud", Field.ABSTRACT, "clouds"),
                ("weather model", Field.ABSTRACT, "weather model"),
            ],
        ),
        _build_item(
            "2512.00104",
            title="Sheep <or> Clouds & *Stars*?",
            abstract="Sheep look like clouds.",
            kind=AnnounceType.CROSS,
            hits=[("cloud", Field.TITLE, "Clouds"), ("cloud", Field.ABSTRACT, "clouds")],
        ),
        _build_item(
            "2511.00103",
            title="A Slow Look at the Sky",
            abstract=f"{'We look up and wait for a long while. ' * 12}At last a cloud comes by.",
            kind=AnnounceType.REPLACE,
            hits=[("cloud", Field.ABSTRACT, "cloud")],
        ),
        _build_item(
            "2511.00102",
            title="Grey on Grey",
            abstract="",
            authors=(),
            kind=AnnounceType.REPLACE_CROSS,
            hits=[("cloud", Field.COMMENTS, "cloud")],
        ),
        _build_item("2512.00101", title="Skies", hits=[("cloud", Field.ABSTRACT, "clouds")]),
    )
    return _build_edition(items, earlier=2, problems=("cs.LG: arXiv answered 503.",))


@pytest.fixture(scope="session")
def listing(edition: Edition) -> DayListing:
    return DayListing(DAY, edition.items, edition.receipt)


@pytest.fixture(scope="session")
def templates() -> jinja2.Environment:
    folder = Path(__file__).parents[2] / "templates"
    return build_environment(jinja2.FileSystemLoader(folder))


@pytest.fixture(scope="session")
def nasty() -> tuple[str, ...]:
    return (
        "<script>alert(1)</script>",
        "<ScRiPt src=//evil.example>",
        "<img src=x onerror=alert(1)>",
        "<image href=x>",
        "<svg/onload=alert(1)>",
        '<think style="position:fixed">',
        "<think onclick=alert(1)>",
        "<think onclick>",
        "<think hidden>",
        '<k a="',
        "<k a= '",
        "</think a='",
        '<k =="',
        "<style>* { display: none }</style>",
        "</details></li></ul><h1>Mine</h1>",
        "<!-- ",
        "<![CDATA[ ",
        "<!doctype html>",
        "<?php",
        "</ ",
        "</",
        "</>",
        "<",
        "<plaintext>",
        "<textarea>",
        "<title>",
        "<script",
        "<time onclick=x>",
        "<https://evil.example>",
        "<javascript:alert(1)>",
        "<mailto:a@evil.example>",
        "<a@evil.example>",
        "<9@evil.example>",
        "_",
        "https://evil.example www.evil.example",
        "[x](https://evil.example)",
        "![x](https://evil.example/x.png)",
        "x](https://evil.example) [y",
        "[x][y]",
        "[x]: https://evil.example",
        "x]: https://evil.example",
        "]",
        "[",
        r"\[",
        r"\]",
        r"\\]",
        "![",
        "x\\",
        "x\\\\",
        "`",
        "``",
        "` ](https://evil.example) `",
        "`[`x]",
        "``[``x]",
        r"\`x",
        r"\``x",
        "```\nx\n```",
        "\n\n# Mine\n\n<script>alert(1)</script>\n\n",
        "\r\n\r\n* * *\r\n\r\n",
        "a\u2028\u2028b\u2029c\x85d\x0be\x0cf\x1cg",
        "&lt;script&gt; &#91; &amp;",
        "\x1b[31mred\x1b]8;;https://evil.example\x07x\x1b]8;;\x07\x9b2J",
        "[bold red]x[/bold red] [link=https://evil.example]y[/link] :smile:",
        "\u202eabc\u2066",
        "<@U123> <!channel> <https://evil.example|x> @here #general :tada: *x* _y_ ~z~",
        "{{ 7 * 7 }} {% raw %} ${x}",
        "| a | b |\n|---|---|",
        "*" * 30,
        "_a_ **b** __c",
        "<a" * 150,
    )
