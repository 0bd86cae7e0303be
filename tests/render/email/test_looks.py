"""How a mail looks: readable on both grounds, in one column, with nothing that is fetched."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from bot.core.editions import Edition
from tests.render.email.conftest import Mail

MailOf = Callable[..., Mail]
EMAIL = Path(__file__).parents[3] / "templates" / "email"
READABLE = 4.5  # https://www.w3.org/TR/WCAG22/#contrast-minimum
VISIBLE = 3.0  # https://www.w3.org/TR/WCAG22/#non-text-contrast


def read_colours(styles: str) -> dict[str, dict[str, str]]:
    """Read the colours of each selector; later rules stand before earlier ones."""
    colours: dict[str, dict[str, str]] = {}
    for selectors, body in re.findall(r"([^{}]+)\{([^{}]*)\}", styles):
        for selector in selectors.split(","):
            known = colours.setdefault(selector.strip(), {})
            known |= re.findall(r"(?:^|[\s;])(color|background-color):\s*(#[0-9a-f]{6})", body)
    return colours


LIGHT = read_colours((EMAIL / "mail.css").read_text("utf-8").partition("*/")[2])
DARKNESS = (EMAIL / "dark.css").read_text("utf-8").partition("color-scheme: dark) {")[2]
DARK = read_colours(DARKNESS)


def luminance(colour: str) -> float:
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    """Work out the contrast of two colours: https://www.w3.org/TR/WCAG22/#dfn-contrast-ratio."""
    darker, lighter = sorted((luminance(one), luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def test_black_on_white_has_the_most_contrast() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)


@pytest.mark.parametrize("colours", [LIGHT, DARK], ids=["light", "dark"])
def test_text_is_readable_on_its_ground(colours: dict[str, dict[str, str]]) -> None:
    ground = colours["body"]["background-color"]
    assert colours[".ground"]["background-color"] == ground
    hit = colours[".hit"]["background-color"]
    ink, accent, quiet = (colours[name]["color"] for name in (".page", "a", ".quiet"))
    for colour in (ink, accent, quiet):
        assert contrast(colour, ground) >= READABLE
        assert contrast(colour, hit) >= READABLE
    button = colours[".button"]
    assert contrast(button["color"], button["background-color"]) >= READABLE
    assert contrast(colours[".bar"]["background-color"], ground) >= VISIBLE


def test_whatever_has_a_colour_has_one_in_the_dark() -> None:
    assert {name for name, colours in LIGHT.items() if colours} == {
        name for name, colours in DARK.items() if colours
    }


def test_what_is_inlined_gives_way_in_the_dark() -> None:
    rules = re.findall(r"[a-z-]+: [^;]+;", DARKNESS)
    assert rules
    assert all(rule.endswith("!important;") for rule in rules)


def test_both_schemes_are_offered(mail_of: MailOf, edition: Edition) -> None:
    html = mail_of(edition).html
    assert '<meta name="color-scheme" content="light dark">' in html
    assert "@media (prefers-color-scheme: dark)" in html


def test_nothing_is_fetched_and_nobody_is_told(mail_of: MailOf, edition: Edition) -> None:
    html = mail_of(edition).html
    for word in (
        "<img",
        "<script",
        "<link",
        "<iframe",
        "<form",
        "url(",
        "@import",
        "src=",
        "onload",
    ):
        assert word not in html
    addresses = set(re.findall(r"https?://[^/\"' ]+", html))
    assert addresses <= {"https://arxiv.org", "https://papers.lab.example"}
    assert not re.search(r"[?&]utm_|/click|/track|/open", html)


def test_one_column_of_600_pixels_that_gives_way(mail_of: MailOf, edition: Edition) -> None:
    html = mail_of(edition).html
    assert "width:100%;max-width:600px" in html
    shown = re.sub(r"<!--.*?-->", "", html)
    for width in re.findall(r'(?<!max-)width[=:]"?(\d+)(?!\d*%)', shown):
        assert int(width) <= 320
    assert "overflow-wrap:anywhere" in html


def test_titles_stand_out_and_the_rest_steps_back(mail_of: MailOf, edition: Edition) -> None:
    html = mail_of(edition).html
    sizes = {
        name: int(re.search(rf"<{name}[^>]*font-size:(\d+)px", html)[1])  # type: ignore[index]
        for name in ("h1", "h2", "h3", 'p class="quiet"')
    }
    assert sizes["h1"] > sizes["h3"] > 16 > sizes['p class="quiet"']
    assert "font:16px/1.5 " in html
