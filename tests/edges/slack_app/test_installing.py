"""Other workspaces install the app: to Slack's page of consent and back, once, in one browser."""

import http.client
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qs, quote, urlsplit

import pytest

from bot.config.slack import Transport
from bot.edges.slack_app.manifest import SCOPES
from bot.errors import StoreError
from tests.adapters.store.made_up import dump
from tests.edges.slack_app.conftest import Lab, run_lab
from tests.fakes.slack_api import BROKEN, Fault, Forgery


@dataclass
class Page:
    """What a browser gets."""

    status: int
    headers: dict[str, str]
    text: str

    @property
    def cookie(self) -> str:
        return self.headers.get("Set-Cookie", "").partition(";")[0]


@pytest.fixture
def lab(tmp_path: Path) -> Iterator[Lab]:
    """Give a lab that others may join, over HTTP."""
    with run_lab(f"sqlite:///{tmp_path / 'papers.db'}", Transport.HTTP, shared=True) as running:
        running.elsewhere.installed = False
        yield running


def get(lab: Lab, path: str, cookie: str = "") -> Page:
    split = urlsplit(lab.slack.events_url)
    assert split.hostname
    connection = http.client.HTTPConnection(split.hostname, split.port, timeout=10)
    connection.request("GET", path, headers={"Cookie": cookie} if cookie else {})
    answer = connection.getresponse()
    page = Page(answer.status, dict(answer.getheaders()), answer.read().decode())
    connection.close()
    assert page.headers["X-Content-Type-Options"] == "nosniff"
    return page


def begin(lab: Lab) -> tuple[str, str]:
    """Begin an installation; return the state and the browser's cookie."""
    page = get(lab, "/slack/install")
    assert page.status == 302
    address = urlsplit(page.headers["Location"])
    base = urlsplit(lab.slack.url)
    assert (address.netloc, address.path) == (base.netloc, "/oauth/v2/authorize")
    asked = parse_qs(address.query)
    assert set(asked["scope"][0].split(",")) == set(SCOPES)
    assert asked["redirect_uri"] == ["https://papers.lab.example/slack/oauth_redirect"]
    assert asked["client_id"] == [lab.slack.app.client_id]
    for part in ("HttpOnly", "Secure", "SameSite=Lax"):
        assert part in page.headers["Set-Cookie"]
    return asked["state"][0], page.cookie


def come_back(lab: Lab, query: str, cookie: str = "") -> Page:
    page = get(lab, f"/slack/oauth_redirect?{query}", cookie)
    assert "default-src 'none'" in page.headers["Content-Security-Policy"]
    assert "text/html" in page.headers["Content-Type"]
    return page


def test_a_workspace_installs_the_app_and_can_use_it(lab: Lab) -> None:
    new = lab.slack.add_team("T0NEW", "New & Co", installed=False)
    kim = new.add_user("U0KIM", "kim")
    channel = new.add_channel("C0NEW", "new", members={"U0KIM"})
    person = lab.slack.person(new, kim)
    state, cookie = begin(lab)
    page = come_back(lab, f"code={person.authorize()}&state={state}", cookie)
    assert page.status == 200
    assert "papers is installed in New &amp; Co" in page.text
    assert "deleted" in page.headers["Set-Cookie"]
    done = person.command("/papers subscribe Clouds", channel)
    assert done.wait_response(1)["text"].startswith("Subscribed <#C0NEW>")
    # No token stands in the database as it is.
    assert new.token not in str(dump(lab.app.settings.database_url))


def test_a_code_counts_once(lab: Lab) -> None:
    code = lab.eve.authorize()
    state, cookie = begin(lab)
    assert come_back(lab, f"code={code}&state={state}", cookie).status == 200
    again = come_back(lab, f"code={code}&state={state}", cookie)
    assert again.status == 401
    assert "This link was used before" in again.text
    state, cookie = begin(lab)
    page = come_back(lab, f"code={code}&state={state}", cookie)
    assert page.status == 401
    assert "did not accept its own code" in page.text


def test_who_cancels_is_told_that_nothing_was_installed(lab: Lab) -> None:
    page = come_back(lab, "error=access_denied&state=x")
    assert page.status == 200
    assert "You cancelled, so nothing was installed." in page.text


@pytest.mark.parametrize("reason", ["<script>alert(1)</script>", "a" * 5_000, "\u202e"])
def test_what_else_slack_says_is_not_shown_as_it_is(lab: Lab, reason: str) -> None:
    page = come_back(lab, f"error={quote(reason)}")
    assert "Slack refused" in page.text
    assert reason not in page.text


def test_a_state_that_was_not_issued_to_this_browser_is_refused(lab: Lab) -> None:
    code = lab.eve.authorize()
    state, cookie = begin(lab)
    other, _ = begin(lab)
    for query, brought in (
        (f"code={code}&state={state}", ""),
        (f"code={code}&state={other}", cookie),
        (f"code={code}", cookie),
        (f"code={code}&state=", "slack-app-oauth-state="),
        (f"code={code}&state=made-up", "slack-app-oauth-state=made-up"),
    ):
        page = come_back(lab, query, brought)
        assert page.status in {400, 401}
        assert "Not installed" in page.text
    assert lab.slack.calls("oauth.v2.access") == []
    missing = come_back(lab, f"state={state}", cookie)
    assert "answer is incomplete" in missing.text


def test_a_slack_that_does_not_answer_is_told_plainly(lab: Lab) -> None:
    for fault in (BROKEN, Fault(drop="read"), Fault(body="<html>")):
        lab.slack.misbehave(fault, "oauth.v2.access")
        state, cookie = begin(lab)
        page = come_back(lab, f"code={lab.eve.authorize()}&state={state}", cookie)
        assert page.status in {401, 503}
        assert "Start again at /slack/install" in page.text
        lab.slack.behave()


def test_a_whole_organisation_is_not_let_in(lab: Lab) -> None:
    answered: dict[str, object] = {
        "ok": True,
        "access_token": lab.elsewhere.token,
        "token_type": "bot",
        "bot_user_id": "U1",
        "team": None,
        "enterprise": {"id": "E0ORG"},
        "is_enterprise_install": True,
        "authed_user": {"id": "U0EVE"},
    }
    lab.slack.misbehave(Fault(body=json.dumps(answered)), "oauth.v2.access")
    state, cookie = begin(lab)
    page = come_back(lab, f"code={lab.eve.authorize()}&state={state}", cookie)
    assert page.status == 400
    assert "not for a whole organisation" in page.text


def test_a_locked_database_is_told_plainly(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    assert lab.app.slack.states is not None

    def fail(*_: object, **__: object) -> str:
        msg = "papers.db is locked"
        raise StoreError(msg)

    monkeypatch.setattr(type(lab.app.slack.states), "issue", fail)
    page = get(lab, "/slack/install")
    assert page.status == 503
    assert "papers.db" not in page.text


def test_the_workspace_that_leaves_is_forgotten_unless_it_is_back(lab: Lab) -> None:
    state, cookie = begin(lab)
    assert come_back(lab, f"code={lab.eve.authorize()}&state={state}", cookie).status == 200
    lab.eve.command("/papers subscribe Clouds", "C0ELSE").wait_response(1)
    late = Forgery(fields={"event_time": 1_700_000_000})
    lab.slack.tell(lab.elsewhere, {"type": "app_uninstalled"}, late)
    lab.eve.command("/papers list", "C0ELSE").wait_response(1)
    assert not lab.subscriptions()[-1].paused
    lab.elsewhere.uninstall()
    lab.wait(lambda: lab.subscriptions()[-1].paused)
    assert lab.app.store.list_workspaces() == ()


def test_where_nobody_may_install_it_there_are_no_pages(http_lab: Lab) -> None:
    for path in ("/slack/install", "/slack/oauth_redirect?code=1"):
        assert get(http_lab, path).status == 404
    assert get(http_lab, "/slack/events").status == 405
