import re
import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import httpx
import pytest

from bot.app import App
from bot.core.editions import DeliveryState, Destination, DestinationKind
from bot.core.schedule import Schedule
from bot.core.subscriptions import CONFIG, Subscription
from bot.edges.web import build_site
from bot.flows.signing_in import COMMAND_LINE, write_link
from tests.adapters.store.made_up import MAIL, announce, freeze, make_edition, make_paper, save
from tests.fakes.clocks import StillClock
from tests.fakes.papers import DAY, NOW
from tests.fakes.sites import SECRET, Site, find, parse, serving, text_of

ADA = "Ada@lab.example"
PAGES = ["", "/sets", "/subscriptions", "/deliveries", "/receipts", "/deliveries?state=failed"]


class Mailed(list[tuple[str, str]]):
    """The links that were mailed, each with its address."""

    def __init__(self) -> None:
        super().__init__()
        self.came = threading.Semaphore(0)

    def mail(self, address: str, link: str) -> None:
        self.append((address, link))
        self.came.release()


@pytest.fixture
def mailed() -> Mailed:
    return Mailed()


@pytest.fixture
def site(library: App, mailed: Mailed, monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    """Serve a site with one operator, who is not signed in."""
    library.settings = replace(library.settings, secret_key="k" * 32, web_operators=(ADA,))
    monkeypatch.setattr(
        "bot.edges.web.build_site", lambda app, **_: build_site(app, mail_link=mailed.mail)
    )
    with serving(library) as running:
        yield running


@pytest.fixture
def operator(site: Site, library: App) -> Site:
    """Sign in by a link of the command line."""
    token = write_link(library.seals, COMMAND_LINE, "first", NOW)
    answer = site.client.post(f"/operator/sign-in/{token}")
    assert (answer.status_code, answer.headers["Location"]) == (303, "/operator")
    return site


def token_of(site: Site, path: str) -> str:
    found = re.search(r'name="csrf" value="([^"]+)"', site.get(path).text)
    assert found
    return found[1]


def ask_for_link(site: Site, address: str, **fields: str) -> httpx.Response:
    form = {"csrf": token_of(site, "/operator/sign-in"), "address": address, **fields}
    return site.client.post("/operator/sign-in", data=form)


def test_an_operator_signs_in_by_a_mailed_link_that_works_once(
    site: Site, mailed: Mailed, clock: StillClock
) -> None:
    answer = ask_for_link(site, " ada@LAB.example ")
    assert "If that is an operator’s address" in answer.text
    assert mailed.came.acquire(timeout=10)
    ((address, link),) = mailed
    assert address == ADA
    assert link.startswith(f"{site.home}/operator/sign-in/")
    path = link.removeprefix(site.home)
    for _ in range(3):
        shown = site.get(path)
        assert "Set-Cookie" not in shown.headers
        assert 'content="noindex, nofollow"' in shown.text
    assert site.get("/operator").status_code == 303
    entered = site.client.post(path)
    cookie = entered.headers["Set-Cookie"]
    assert cookie.startswith("papers_operator=")
    assert "HttpOnly" in cookie
    assert "SameSite=Strict" in cookie
    assert find(site.page("/operator"), "h1") == ["Overview"]
    site.client.cookies.clear()
    assert "was used before" in text_of(parse(site.client.post(path).text))
    clock.advance(timedelta(minutes=2))
    ask_for_link(site, ADA)
    assert mailed.came.acquire(timeout=10)
    clock.advance(timedelta(minutes=16))
    old = site.get(mailed[1][1].removeprefix(site.home))
    assert (old.status_code, "older than 15 minutes" in old.text) == (404, True)


def test_nobody_learns_who_is_an_operator(site: Site, mailed: Mailed) -> None:
    known = ask_for_link(site, ADA)
    again = ask_for_link(site, ADA)
    stranger = ask_for_link(site, "stranger@lab.example")
    assert known.text == stranger.text == again.text
    assert mailed.came.acquire(timeout=10)
    assert not mailed.came.acquire(timeout=0.2)


@pytest.mark.parametrize("page", PAGES)
def test_pages_are_for_those_who_are_signed_in(site: Site, page: str) -> None:
    answer = site.get(f"/operator{page}")
    assert (answer.status_code, answer.headers["Location"]) == (303, "/operator/sign-in")
    for path in ("/operator/deliveries/1", "/operator/subscriptions/1"):
        assert site.client.post(path, data={"action": "cancel"}).status_code == 303


@pytest.mark.parametrize("page", PAGES)
def test_pages_are_whole_and_kept_by_nobody(operator: Site, page: str) -> None:
    operator.page(f"/operator{page}")
    assert operator.get(f"/operator{page}").headers["Cache-Control"] == "no-store"


def test_an_operator_reads_sets_that_are_not_public(operator: Site) -> None:
    for path in ("/sets/Secret%20plans", f"/sets/Secret%20plans/{DAY.isoformat()}"):
        answer = operator.get(path)
        assert (answer.status_code, answer.headers["Cache-Control"]) == (200, "no-store")
        assert answer.headers["Vary"].endswith("Cookie")
    assert SECRET.name in find(operator.page("/operator/sets"), "h2")
    operator.client.cookies.clear()
    assert operator.get("/sets/Secret%20plans").status_code == 404


def test_who_is_no_operator_any_more_is_out(library: App, site: Site) -> None:
    token = write_link(library.seals, ADA, "n", NOW)
    site.client.post(f"/operator/sign-in/{token}")
    assert site.get("/operator").status_code == 200
    library.settings = replace(library.settings, web_operators=())
    assert site.get("/operator").status_code == 303
    token = write_link(library.seals, ADA, "m", NOW)
    assert "no operator any more" in site.get(f"/operator/sign-in/{token}").text


def test_signing_out_is_a_form_too(operator: Site) -> None:
    assert operator.get("/operator/sign-out").status_code == 405
    assert operator.client.post("/operator/sign-out").status_code == 403
    form = {"csrf": token_of(operator, "/operator")}
    assert operator.client.post("/operator/sign-out", data=form).status_code == 303
    assert operator.get("/operator").status_code == 303
    assert operator.client.post("/operator/sign-out", data=form).status_code == 303


def test_subscriptions_are_paused_resumed_and_removed(library: App, operator: Site) -> None:
    place = Destination(DestinationKind.EMAIL, "<b>x</b>@lab.example")
    schedule = Schedule(timezone="Europe/Berlin")
    made = library.store.save_subscription(Subscription("config", "Clouds", place, schedule), NOW)
    path = f"/operator/subscriptions/{made.id}"
    csrf = token_of(operator, "/operator/subscriptions")

    def do(action: str, token: str = csrf) -> int:
        return operator.client.post(path, data={"action": action, "csrf": token}).status_code

    assert do("pause", "forged") == 403
    assert do("pause") == 303
    assert library.store.load_subscriptions()[0].paused
    assert "Paused by somebody." in text_of(operator.page("/operator/subscriptions"))
    assert do("resume") == 303
    assert do("dance") == 400
    assert do("remove") == 303
    assert library.store.load_subscriptions() == ()
    assert do("remove") == 400
    assert "Nobody is subscribed." in text_of(operator.page("/operator/subscriptions"))


def test_what_the_configuration_subscribes_is_removed_there(library: App, operator: Site) -> None:
    fixed = Subscription("config", "Clouds", MAIL, origin=CONFIG)
    made = library.store.save_subscription(fixed, NOW)
    assert "Remove" not in find(operator.page("/operator/subscriptions"), "button")
    csrf = token_of(operator, "/operator/subscriptions")
    form = {"action": "remove", "csrf": csrf}
    answer = operator.client.post(f"/operator/subscriptions/{made.id}", data=form)
    assert "stands in the configuration file" in answer.text


def test_deliveries_are_called_off(library: App, operator: Site) -> None:
    paper = make_paper(77)
    day = DAY + timedelta(days=1)
    save(library.store, announce(paper, day=day))
    (delivery,) = freeze(library.store, SECRET, make_edition(paper, day=day), [(MAIL, NOW)]) or ()
    csrf = token_of(operator, "/operator/deliveries")

    def do(action: str) -> httpx.Response:
        form = {"action": action, "csrf": csrf}
        return operator.client.post(f"/operator/deliveries/{delivery.id}", data=form)

    assert "was not tried yet" in do("retry").text
    assert do("cancel").status_code == 303
    (line,) = library.store.list_deliveries()
    assert line.delivery.state is DeliveryState.CANCELLED
    assert do("cancel").status_code == do("dance").status_code == 400
    listed = text_of(operator.page("/operator/deliveries?state=cancelled"))
    assert "somebody called it off" in listed
    assert "There are none." in text_of(operator.page("/operator/deliveries?state=sent"))
    assert operator.get("/operator/deliveries?state=%3Cb%3E").status_code == 200


def test_receipts_are_told_by_day_and_category(operator: Site) -> None:
    tree = operator.page("/operator/receipts")
    assert find(tree, "h2") == ["Thursday 4 December 2025", "Wednesday 3 December 2025"]
    assert "cs.CVcomplete222" in find(tree, "tr")


@pytest.mark.parametrize("site_of", ["cross-site", "same-site"])
def test_a_form_of_another_site_does_nothing(operator: Site, site_of: str) -> None:
    form = {"csrf": token_of(operator, "/operator")}
    headers = {"Sec-Fetch-Site": site_of}
    answer = operator.client.post("/operator/sign-out", data=form, headers=headers)
    assert (answer.status_code, "came from another site" in answer.text) == (403, True)
    assert operator.get("/operator").status_code == 200


def test_a_forms_token_is_for_that_form_and_two_days(
    site: Site, library: App, clock: StillClock
) -> None:
    fresh = token_of(site, "/operator/sign-in")
    other = library.seals.seal("form", "subscribe", NOW.date().toordinal())
    for token, status in ((fresh, 200), ("", 403), ("x" * 3000, 403), (other, 403)):
        form = {"csrf": token, "address": "a@lab.example"}
        assert site.client.post("/operator/sign-in", data=form).status_code == status
    clock.advance(timedelta(days=2))
    form = {"csrf": fresh, "address": "a@lab.example"}
    assert site.client.post("/operator/sign-in", data=form).status_code == 403


def test_forged_and_cut_links_lead_nowhere(site: Site, library: App) -> None:
    token = write_link(library.seals, ADA, "n", NOW)
    forged = [token[:-1], token + "x", token[1:], "x", library.seals.seal("edition", ADA, "n", 1)]
    for each in forged:
        for answer in (
            site.get(f"/operator/sign-in/{each}"),
            site.client.post(f"/operator/sign-in/{each}"),
        ):
            assert answer.status_code == 404
            assert "Set-Cookie" not in answer.headers


def test_without_a_key_nobody_signs_in(library: App) -> None:
    with serving(library) as site:
        for path in ("/operator/sign-in", "/operator/sign-in/x"):
            assert "nobody can sign in here" in site.get(path).text.casefold()
        assert site.get("/operator").status_code == 303
        assert site.get("/r/x").status_code == 404


def test_without_a_relay_the_log_says_what_is_missing(
    library: App, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = threading.Event()

    class Log:
        def warning(self, _event: str, **fields: str) -> None:
            assert "--sign-in-link" in fields["problem"]
            assert "sign-in/" not in str(fields)
            said.set()

    monkeypatch.setattr("bot.edges.web.shelf.get_log", Log)
    library.settings = replace(library.settings, secret_key="k" * 32, web_operators=(ADA,))
    with serving(library) as site:
        ask_for_link(site, ADA)
        assert said.wait(10)


def test_the_cookie_is_secure_where_the_site_is(library: App) -> None:
    home = "https://papers.lab.example"
    library.settings = replace(library.settings, secret_key="k" * 32, base_url=home)
    token = write_link(library.seals, COMMAND_LINE, "n", NOW)
    with serving(library) as site:
        cookie = site.client.post(f"/operator/sign-in/{token}").headers["Set-Cookie"]
    assert "Secure" in cookie
