from datetime import timedelta
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from bot.app import App
from bot.config.settings import Settings
from bot.core.editions import BatchState, CategoryReceipt, Destination, DestinationKind
from bot.core.subscriptions import Subscription
from bot.edges.web import HEADERS, build_site
from tests.adapters.store.made_up import announce, make_paper, save
from tests.fakes.papers import DAY, NOW

PLACE = Destination(DestinationKind.EMAIL, "ada@lab.example")


def findings(client: FlaskClient) -> dict[str, tuple[str, str]]:
    told = client.get("/readyz").json
    assert told
    return {each["subject"]: (each["health"], each["message"]) for each in told["findings"]}


def test_healthz_touches_nothing(client: FlaskClient, tmp_path: Path) -> None:
    answer = client.get("/healthz")
    assert (answer.status_code, answer.text, answer.mimetype) == (200, "ok\n", "text/plain")
    assert not list(tmp_path.iterdir())


def test_readyz_says_what_is_well(app: App, client: FlaskClient) -> None:
    save(app.store, announce(make_paper()))
    app.store.beat("host:1", "clock", NOW - timedelta(seconds=12))
    answer = client.get("/readyz")
    assert (answer.status_code, answer.mimetype) == (200, "application/json")
    assert answer.json
    assert answer.json["ready"] is True
    assert findings(client) == {
        "database": ("ok", "it answers"),
        "clock": ("ok", "last tick 12 s ago"),
        "deliveries": ("ok", "0 due"),
        "cs.CV": ("ok", "last read Thursday 4 December 2025"),
        "cs.RO": ("look", "never read: `papers fetch` reads it"),
    }


def test_readyz_tells_late_stale_cut_and_failed_batches_apart(
    app: App, client: FlaskClient
) -> None:
    save(app.store, announce(make_paper(), day=DAY - timedelta(days=1)))
    for state in (BatchState.STALE, BatchState.LATE, BatchState.FAILED, BatchState.TRUNCATED):
        line = CategoryReceipt("cs.CV", DAY, state, problems=("so it is",))
        app.store.save_receipt(line, NOW)
        assert findings(client)["cs.CV"][1].endswith(f"; {state}: so it is")


def test_readyz_is_503_where_the_clock_stopped(app: App, client: FlaskClient) -> None:
    app.store.beat("host:1", "clock", NOW - timedelta(minutes=3))
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert answer.json
    assert answer.json["ready"] is False
    assert findings(client)["clock"][0] == "bad"


def test_readyz_says_that_nothing_is_followed(tmp_path: Path) -> None:
    with App(Settings("config.toml", database_url=f"sqlite:///{tmp_path / 'p.db'}")) as app:
        client = build_site(app).test_client()
        assert client.get("/readyz").status_code == 503
        assert findings(client)["categories"][1].startswith("no categories are followed")


def test_readyz_tells_nobody_who_is_subscribed(app: App, client: FlaskClient) -> None:
    subscription = app.store.save_subscription(Subscription("config", "Secret plans", PLACE), NOW)
    reason = "ada@lab.example bounced"
    app.store.pause_subscription(subscription.id, paused=True, reason=reason)
    said = client.get("/readyz").text
    assert "1 is paused: `papers subscriptions` says why" in said
    for name in ("ada", "Secret plans", "bounced"):
        assert name not in said


def test_a_database_that_cannot_be_opened_is_told_and_tried_again(
    app: App, client: FlaskClient, tmp_path: Path
) -> None:
    (tmp_path / "papers.db").mkdir()
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert findings(client).keys() == {"database"}
    assert "name a file in [database] url" in answer.text
    (tmp_path / "papers.db").rmdir()
    assert client.get("/readyz").status_code == 200
    assert app.store.count() == 0


def test_a_password_is_never_shown() -> None:
    url = "postgresql+psycopg://me:s3cret-word@127.0.0.1:9/papers"
    with App(Settings("config.toml", database_url=url)) as app:
        client = build_site(app).test_client()
        for path in ("/readyz", "/metrics"):
            assert "s3cret" not in client.get(path).text
        assert "cannot be reached" in client.get("/readyz").text


@pytest.mark.parametrize("path", ["/healthz", "/readyz", "/metrics"])
def test_head_answers_like_get_without_a_body(client: FlaskClient, path: str) -> None:
    head, get = client.head(path), client.get(path)
    assert (head.status_code, head.mimetype, head.data) == (get.status_code, get.mimetype, b"")


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"])
def test_other_methods_are_refused(client: FlaskClient, method: str) -> None:
    answer = client.open("/healthz", method=method)
    assert (answer.status_code, answer.headers["Allow"]) == (405, "GET, HEAD")
    assert answer.text == "This address answers GET, HEAD only.\n"


@pytest.mark.parametrize("path", ["/healthz/", "/nowhere", "/<script>", "/%0d%0aX: y"])
def test_an_unknown_path_is_a_plain_sentence(client: FlaskClient, path: str) -> None:
    answer = client.get(path)
    assert (answer.status_code, answer.mimetype) == (404, "text/plain")
    assert answer.text == "There is no page at this address.\n"


@pytest.mark.parametrize("path", ["/healthz", "/readyz", "/metrics", "/nowhere"])
def test_every_answer_has_the_headers_that_keep_browsers_safe(
    client: FlaskClient, path: str
) -> None:
    headers = client.get(path).headers
    assert {name: headers[name] for name in HEADERS} == HEADERS


def test_what_breaks_says_so_and_no_more(
    app: App, client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    def burst() -> int:
        msg = "a secret of the program"
        raise RuntimeError(msg)

    monkeypatch.setattr(app.store, "load_pauses", burst)
    answer = client.get("/readyz")
    assert (answer.status_code, answer.mimetype) == (500, "text/plain")
    assert answer.text == "This could not be answered; the program's log says why.\n"
