"""A person subscribes, confirms, chooses and leaves, with and without JavaScript."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from bot.app import App
from bot.config.settings import Settings
from bot.edges.web import build_site
from tests.browser.conftest import browsing
from tests.browser.test_pages import look_at
from tests.fakes.clocks import StillClock
from tests.fakes.consents import MemoryConsent
from tests.fakes.papers import NOW
from tests.fakes.sites import Site, fill, read_settings, serving

ADA = "ada@lab.example"


@pytest.fixture
def consent() -> MemoryConsent:
    return MemoryConsent()


@pytest.fixture
def site(consent: MemoryConsent, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    """Serve a site on which people subscribe."""
    monkeypatch.setattr(
        "bot.edges.web.build_site", lambda app, **_: build_site(app, consent=consent)
    )
    url = f"sqlite:///{tmp_path / 'papers.db'}"
    settings = read_settings(Settings("config.toml", database_url=url))
    with App(replace(settings, secret_key="k" * 32)) as app:
        app.__dict__["clock"] = StillClock(NOW)
        fill(app)
        with serving(app) as running:
            yield running


@pytest.mark.parametrize(
    ("scripts", "width", "scheme"), [(True, 1280, "light"), (False, 320, "dark")]
)
def test_a_person_subscribes_confirms_chooses_and_leaves(
    chromium: Browser,
    site: Site,
    consent: MemoryConsent,
    *,
    scripts: bool,
    width: int,
    scheme: str,
) -> None:
    with browsing(chromium, width=width, scheme=scheme, scripts=scripts) as context:
        page = context.new_page()
        page.goto(f"{site.home}/sets/Clouds")
        page.get_by_label("E-mail address").fill(ADA)
        page.get_by_label("How often").select_option("On weekdays")
        page.get_by_role("button", name="Subscribe").click()
        expect(page.get_by_role("heading", level=1)).to_have_text("One step more")
        ((address, token),) = consent.mails
        assert (address, consent.known) == (ADA, {})
        page.goto(f"{site.home}/confirm/{token}")
        assert consent.known == {}
        page.get_by_role("button", name="Yes, subscribe me").click()
        expect(page.get_by_role("heading", level=1)).to_have_text("Subscribed")
        page.get_by_role("link", name="Choose sets, days and times").click()
        page.get_by_role("checkbox", name="a/b & <b>c</b>?").check()
        page.get_by_label("Not before").fill("09:00")
        if scripts:
            page.get_by_role("button", name="Use Asia/Tokyo").click()
            assert page.get_by_label("Time zone").input_value() == "Asia/Tokyo"
        page.get_by_label("Time zone").fill("Europe/Berlin")
        page.get_by_role("button", name="Save").click()
        expect(page.get_by_role("status")).to_have_text("Saved.")
        kept = consent.known[ADA]
        assert [each.subscribed for each in kept.sets] == [True, True]
        assert (kept.on, kept.at, kept.timezone) == ("weekdays", "09:00", "Europe/Berlin")
        page.goto(f"{site.home}/u/{consent.seals.seal('unsubscribe', ADA, 'Clouds')}")
        assert consent.known[ADA] == kept
        page.get_by_role("button", name="Unsubscribe").click()
        expect(page.get_by_role("heading", level=1)).to_have_text("Unsubscribed")
        assert [each.subscribed for each in consent.known[ADA].sets] == [False, True]


@pytest.mark.parametrize(("width", "scheme"), [(320, "dark"), (1280, "light")])
def test_axe_finds_nothing_on_forms(
    chromium: Browser, site: Site, consent: MemoryConsent, width: int, scheme: str
) -> None:
    consent.confirm(consent.seals.seal("confirm", ADA, "Clouds", "daily"))
    seal = consent.seals.seal
    with browsing(chromium, width=width, scheme=scheme) as context:
        for path in (
            "/sets/Clouds",
            f"/confirm/{seal('confirm', ADA, 'Clouds', 'daily')}",
            f"/preferences/{seal('preferences', ADA)}",
            f"/u/{seal('unsubscribe', ADA, 'Clouds')}",
            "/u/forged",
        ):
            page = context.new_page()
            look_at(page, site.home + path, width)
            page.close()


def test_a_scanner_that_opens_every_link_changes_nothing(
    chromium: Browser, site: Site, consent: MemoryConsent
) -> None:
    consent.confirm(consent.seals.seal("confirm", ADA, "Clouds", "daily"))
    before = consent.known[ADA]
    other = consent.seals.seal("confirm", "bo@lab.example", "Clouds", "daily")
    with browsing(chromium) as context:
        page = context.new_page()
        for path in (
            f"/confirm/{other}",
            f"/preferences/{consent.seals.seal('preferences', ADA)}",
            f"/u/{consent.seals.seal('unsubscribe', ADA, 'Clouds')}",
        ):
            page.goto(site.home + path)
            for link in page.get_by_role("link").all():
                address = link.get_attribute("href") or ""
                if address.startswith("/"):
                    context.request.get(site.home + address)
    assert consent.known == {ADA: before}
