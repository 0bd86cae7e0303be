"""Pages as people see and use them: wide and narrow, light and dark, by keyboard, on paper."""

import json

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from bot.flows.signing_in import COMMAND_LINE, write_link
from tests.browser.conftest import browsing
from tests.fakes.papers import DAY, NOW
from tests.fakes.sites import Site

EDITION = f"/sets/Clouds/{DAY.isoformat()}"
PUBLIC = [
    "/",
    "/sets/Clouds",
    EDITION,
    f"{EDITION}?category=cs.CV&kind=replaced",
    "/papers/2512.00001",
    "/papers/2512.00003",
    "/search?q=cloud*",
    "/search?q=ocelot",
    "/search?q=%3F",
    "/try?q=cloud+OR+sheep",
    "/try?q=cloud+OR",
    "/nowhere",
    "/operator/sign-in",
]
OPERATORS = ["", "/sets", "/subscriptions", "/deliveries", "/receipts"]
LOOKS = [(320, "dark"), (1280, "light"), (320, "light"), (1280, "dark")]


def look_at(page: Page, address: str, width: int) -> None:
    """See that a page fits, says nothing to the console, and that axe finds nothing."""
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.goto(address)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    found = Axe().run(page)
    assert found.violations_count == 0, json.dumps(found.response["violations"], indent=1)
    # A page that is no success is told by the browser itself.
    assert [each for each in said if "the server responded with a status of" not in each] == []


@pytest.mark.parametrize(("width", "scheme"), LOOKS)
def test_axe_finds_nothing_on_any_page(
    chromium: Browser, site: Site, width: int, scheme: str
) -> None:
    with browsing(chromium, width=width, scheme=scheme) as context:
        for path in PUBLIC:
            page = context.new_page()
            look_at(page, site.home + path, width)
            page.close()


@pytest.mark.parametrize(("width", "scheme"), LOOKS[:2])
def test_axe_finds_nothing_on_operators_pages(
    chromium: Browser, site: Site, width: int, scheme: str
) -> None:
    assert site.app
    token = write_link(site.app.seals, COMMAND_LINE, f"{width} {scheme}", NOW)
    with browsing(chromium, width=width, scheme=scheme) as context:
        page = context.new_page()
        look_at(page, f"{site.home}/operator/sign-in/{token}", width)
        page.get_by_role("button", name="Sign in").click()
        assert page.url == f"{site.home}/operator"
        for path in OPERATORS:
            look_at(page, f"{site.home}/operator{path}", width)
        page.get_by_role("button", name="Sign out").click()
        assert page.url == f"{site.home}/operator/sign-in"


@pytest.mark.parametrize("scripts", [True, False])
def test_a_person_finds_a_paper(chromium: Browser, site: Site, *, scripts: bool) -> None:
    with browsing(chromium, width=320, scripts=scripts) as context:
        page = context.new_page()
        page.goto(site.home)
        page.get_by_role("link", name="Clouds", exact=True).click()
        page.get_by_role("link", name="Thursday 4 December 2025").click()
        page.get_by_role("link", name="cross-listed").click()
        expect(page.get_by_role("article")).to_have_count(1)
        page.get_by_role("link", name="Sheep <or> clouds").click()
        assert page.get_by_role("heading", level=1).inner_text() == "Sheep <or> clouds"
        page.get_by_role("link", name="Search", exact=True).click()
        page.get_by_label("Words in title").fill("sheep")
        page.get_by_role("button", name="Search").click()
        expect(page.get_by_role("article")).to_have_count(1)
        page.get_by_role("link", name="Try a query").click()
        page.get_by_label("Query").fill("ti:sheep")
        page.keyboard.press("Enter")
        page.wait_for_url("**/try?q=*")
        assert "would have brought 1 paper " in page.get_by_role("main").inner_text()


def test_the_plot_has_a_table_behind_it(chromium: Browser, site: Site) -> None:
    with browsing(chromium) as context:
        page = context.new_page()
        page.goto(f"{site.home}/sets/Clouds")
        assert page.get_by_role("img", name="Papers a week in Clouds").is_visible()
        assert not page.get_by_role("table").is_visible()
        page.get_by_text("The same as a table").click()
        assert page.get_by_role("row").count() == 27


def test_the_keyboard_leads_everywhere_and_shows_where_it_is(chromium: Browser, site: Site) -> None:
    with browsing(chromium) as context:
        page = context.new_page()
        page.goto(site.home + EDITION)
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.textContent") == "Skip to the text"
        seen = set()
        for _ in range(8):
            page.keyboard.press("Tab")
            style = "getComputedStyle(document.activeElement)"
            assert page.evaluate(f"{style}.outlineStyle") == "solid"
            seen.add(page.evaluate("document.activeElement.href"))
        # The site's name leads where “Sets” does.
        assert len(seen) == 7


def test_paper_shows_text_and_no_controls(chromium: Browser, site: Site) -> None:
    with browsing(chromium, scheme="dark") as context:
        page = context.new_page()
        page.goto(site.home + EDITION)
        page.emulate_media(media="print")
        assert not page.get_by_role("navigation", name="Site").is_visible()
        assert page.get_by_role("article").first.is_visible()
        style = "getComputedStyle(document.body)"
        assert page.evaluate(f"{style}.backgroundColor") == "rgb(255, 255, 255)"
        after = "getComputedStyle(document.querySelector('h3 a'), '::after').content"
        assert "2512.0000" in page.evaluate(after)


def test_a_line_has_about_72_characters(chromium: Browser, site: Site) -> None:
    with browsing(chromium) as context:
        page = context.new_page()
        page.goto(site.home + EDITION)
        assert page.evaluate("document.querySelector('main').clientWidth") == 600
