import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import date

import httpx
import pytest

from bot.app import App
from bot.core.subscribers import Choices
from bot.edges.web import build_site
from tests.fakes.consents import MemoryConsent
from tests.fakes.sites import Site, find, parse, serving, text_of

ADA = "ada@lab.example"


@pytest.fixture
def consent() -> MemoryConsent:
    return MemoryConsent()


@pytest.fixture
def site(library: App, consent: MemoryConsent, monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    """Serve a site on which people subscribe."""
    library.settings = replace(library.settings, secret_key="k" * 32)
    monkeypatch.setattr(
        "bot.edges.web.build_site", lambda app, **_: build_site(app, consent=consent)
    )
    with serving(library) as running:
        yield running


def subscribe(site: Site, address: str = ADA, **fields: str) -> httpx.Response:
    found = re.search(r'name="csrf" value="([^"]+)"', site.get("/sets/Clouds").text)
    assert found
    form = {"csrf": found[1], "set": "Clouds", "on": "weekdays", "address": address, **fields}
    return site.client.post("/subscribe", data=form)


@pytest.fixture
def confirm(site: Site, consent: MemoryConsent) -> str:
    """Ask for the digests of clouds; return the token that was mailed."""
    assert subscribe(site).status_code == 200
    return consent.mails[-1][1]


@pytest.fixture
def preferences(site: Site, confirm: str) -> str:
    """Confirm; return the token of the preferences."""
    answer = site.client.post(f"/confirm/{confirm}")
    found = re.search(r'href="/preferences/([^"]+)"', answer.text)
    assert found
    return found[1]


def names_of(choices: Choices) -> list[str]:
    return [each.name for each in choices.sets if each.subscribed]


def test_whoever_asks_hears_the_same(site: Site, consent: MemoryConsent, preferences: str) -> None:
    assert preferences
    known, stranger = subscribe(site), subscribe(site, "stranger@lab.example")
    assert known.text == stranger.text
    assert "a message with a link is on its way" in known.text
    assert consent.sources[0] == "127.0.0.1"


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        ({"csrf": ""}, 403),
        ({"csrf": "forged"}, 403),
        ({"set": "Secret plans"}, 404),
        ({"set": "Nobody"}, 404),
        ({"set": ""}, 404),
        ({"address": "nobody"}, 400),
        ({"address": "a@lab.example\r\nBcc: x@lab.example"}, 400),
    ],
)
def test_what_is_none_of_our_forms_mails_nobody(
    site: Site, consent: MemoryConsent, fields: dict[str, str], status: int
) -> None:
    assert subscribe(site, **fields).status_code == status
    assert not consent.mails


def test_a_program_that_fills_in_everything_mails_nobody(
    site: Site, consent: MemoryConsent
) -> None:
    assert subscribe(site, website="https://spam.example").status_code == 200
    assert not consent.mails


def test_a_body_that_is_too_long_is_refused(site: Site, consent: MemoryConsent) -> None:
    assert subscribe(site, "a" * 600_000).status_code in (400, 413)
    assert subscribe(site, "a" * 2_000_000).status_code == 413
    assert not consent.mails


def test_looking_at_a_link_changes_nothing(
    site: Site, consent: MemoryConsent, confirm: str
) -> None:
    tree = site.page(f"/confirm/{confirm}")
    assert "Send the digests of “Clouds” to ada@lab.example?" in text_of(tree)
    site.client.head(f"/confirm/{confirm}")
    assert consent.known == {}
    for _ in range(2):
        assert "The digests of “Clouds” come" in text_of(
            parse(site.client.post(f"/confirm/{confirm}").text)
        )
    assert names_of(consent.known[ADA]) == ["Clouds"]
    assert consent.known[ADA].on == "weekdays"


def test_a_person_chooses(site: Site, consent: MemoryConsent, preferences: str) -> None:
    path = f"/preferences/{preferences}"
    tree = site.page(path)
    ticked = [e.get("value") for e in tree.iter("input") if e.get("checked") is not None]
    assert ticked == ["Clouds", "yes"]
    form = {
        "action": "save",
        "set": ["a/b & <b>c</b>?"],
        "on": "weekly",
        "at": "09:00",
        "timezone": "berlin",
        "until": "2025-12-24",
    }
    answer = site.client.post(path, data=form)
    assert "'berlin' is not a time zone: did you mean Europe/Berlin?" in text_of(parse(answer.text))
    answer = site.client.post(path, data={**form, "timezone": "Europe/Berlin"})
    assert "Saved." in answer.text
    kept = consent.known[ADA]
    assert names_of(kept) == ["a/b & <b>c</b>?"]
    assert (kept.on, kept.at, kept.timezone) == ("weekly", "09:00", "Europe/Berlin")
    assert (kept.bundled, kept.until) == (False, date(2025, 12, 24))
    refused = site.client.post(path, data={**form, "until": "christmas"})
    assert (refused.status_code, "is not a day" in refused.text) == (400, True)


def test_a_person_takes_their_data_leaves_and_is_forgotten(
    site: Site, consent: MemoryConsent, preferences: str
) -> None:
    path = f"/preferences/{preferences}"
    data = site.client.post(path, data={"action": "export"})
    assert data.json() == {"address": ADA}
    assert data.headers["Content-Disposition"].startswith("attachment")
    assert "You are unsubscribed" in site.client.post(path, data={"action": "leave"}).text
    assert names_of(consent.known[ADA]) == []
    for form in ({"action": "erase"}, {"action": "dance"}, {}):
        assert site.client.post(path, data=form).status_code == 400
    assert ADA in consent.known
    erased = site.client.post(path, data={"action": "erase", "sure": "yes"})
    assert "Your address is removed" in erased.text
    assert consent.known == {}
    assert "subscribe again" in site.get(path).text


@pytest.mark.parametrize("shape", ["urlencoded", "multipart", "empty"])
@pytest.mark.parametrize("accept", ["text/html", "*/*"])
def test_one_click_is_enough_to_leave(
    *, site: Site, consent: MemoryConsent, preferences: str, shape: str, accept: str
) -> None:
    assert preferences
    token = consent.seals.seal("unsubscribe", ADA, "Clouds")
    tree = site.page(f"/u/{token}")
    assert "Stop the digests of “Clouds”?" in text_of(tree)
    assert names_of(consent.known[ADA]) == ["Clouds"]
    field = {"List-Unsubscribe": "One-Click"}
    for _ in range(2):
        answer = httpx.post(
            f"{site.home}/u/{token}",
            data=field if shape == "urlencoded" else None,
            files={name: (None, value) for name, value in field.items()}
            if shape == "multipart"
            else None,
            headers={"Accept": accept, "Sec-Fetch-Site": "cross-site"},
        )
        assert answer.status_code == 200
        assert "Set-Cookie" not in answer.headers
    assert names_of(consent.known[ADA]) == []


@pytest.mark.parametrize("kind", ["confirm", "preferences", "u"])
def test_pages_of_tokens_are_for_their_owners_alone(
    site: Site, consent: MemoryConsent, preferences: str, kind: str
) -> None:
    token = {
        "confirm": consent.mails[0][1],
        "preferences": preferences,
        "u": consent.seals.seal("unsubscribe", ADA, "Clouds"),
    }[kind]
    answer = site.get(f"/{kind}/{token}")
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert "Set-Cookie" not in answer.headers
    assert 'content="noindex, nofollow"' in answer.text
    assert not [e for e in parse(answer.text).iter("a") if ADA in (e.get("href") or "")]
    for forged in (token[:-1], f"{token}x", token[2:], "x", "%00", "x" * 3000):
        assert site.get(f"/{kind}/{forged}").status_code == 404
        assert site.client.post(f"/{kind}/{forged}", data={"action": "erase"}).status_code == 404
    assert names_of(consent.known[ADA]) == ["Clouds"]


@pytest.mark.parametrize("kind", ["confirm", "preferences"])
def test_another_site_sends_no_form_of_ours(
    site: Site, consent: MemoryConsent, preferences: str, kind: str
) -> None:
    token = {"confirm": consent.mails[0][1], "preferences": preferences}[kind]
    headers = {"Sec-Fetch-Site": "cross-site"}
    answer = site.client.post(f"/{kind}/{token}", data={"action": "leave"}, headers=headers)
    assert answer.status_code == 403
    assert names_of(consent.known[ADA]) == ["Clouds"]


def test_without_mail_there_is_no_form(library: App) -> None:
    library.settings = replace(library.settings, secret_key="k" * 32)
    with serving(library) as site:
        assert "By mail" not in find(site.page("/sets/Clouds"), "h2")
        for path in ("/confirm/x", "/preferences/x", "/u/x"):
            assert "nobody subscribes by mail here" in site.get(path).text.casefold()
            assert site.client.post(path).status_code == 404


def test_the_script_is_a_file_and_small(site: Site, preferences: str) -> None:
    text = site.get(f"/preferences/{preferences}").text
    (name,) = re.findall(r'<script src="(/static/page-[0-9a-f]{12}\.js)" defer></script>', text)
    script = site.get(name)
    assert script.headers["Content-Type"] == "text/javascript; charset=utf-8"
    assert len(script.content) < 2000
