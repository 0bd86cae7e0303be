from datetime import timedelta
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from prometheus_client.openmetrics.parser import (
    text_string_to_metric_families as parse_open_metrics,
)
from prometheus_client.parser import text_string_to_metric_families

from bot.app import App
from bot.core.editions import (
    BatchState,
    CategoryReceipt,
    Delivery,
    DeliveryState,
    Destination,
    DestinationKind,
)
from bot.core.subscriptions import Subscription
from bot.edges.web import build_site
from tests.adapters.store.made_up import (
    CATS,
    CHANNEL,
    MAIL,
    announce,
    freeze,
    make_edition,
    make_paper,
    save,
    take,
)
from tests.fakes.clocks import StillClock
from tests.fakes.papers import DAY, NOW

Labels = tuple[tuple[str, str], ...]


def scrape(client: FlaskClient) -> dict[tuple[str, Labels], float]:
    """Read every sample by its name and labels."""
    answer = client.get("/metrics")
    assert answer.status_code == 200
    assert answer.headers["Content-Type"].startswith("text/plain; version=")
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(answer.text)
        for sample in family.samples
    }


def of(found: dict[tuple[str, Labels], float], name: str, **labels: str) -> float:
    return found[name, tuple(sorted(labels.items()))]


@pytest.fixture
def delivered(app: App, clock: StillClock) -> Delivery:
    """Read a day, deliver one of its two digests in 20 seconds; the other one waits."""
    papers = [make_paper(1), make_paper(2)]
    save(app.store, announce(*papers), NOW)
    sent, _ = (
        freeze(app.store, CATS, make_edition(*papers), [(MAIL, NOW), (CHANNEL, NOW)], NOW) or ()
    )
    claim = take(app.store, sent.id, NOW)
    assert claim
    app.store.leave(claim, NOW, again=True)
    clock.advance(timedelta(seconds=20))
    app.store.settle(claim, DeliveryState.SENT, at=clock.now(), detail="")
    return sent


@pytest.mark.usefixtures("delivered")
def test_a_scrape_shows_what_all_processes_did(app: App, client: FlaskClient) -> None:
    app.store.beat("host:1", "clock", NOW)
    app.store.add_count("arxiv_requests", "200", 3)
    app.store.save_receipt(CategoryReceipt("cs.RO", DAY, BatchState.LATE), NOW)
    found = scrape(client)
    assert of(found, "papers_database_up") == 1
    assert of(found, "papers_papers") == 2
    assert of(found, "papers_matches_total") == 2
    assert of(found, "papers_announcements_total", category="cs.CV") == 1
    assert of(found, "papers_entries_total", category="cs.CV", kind="new") == 2
    assert of(found, "papers_receipts_last_week", category="cs.RO", state="late") == 1
    assert of(found, "papers_deliveries", kind="email", state="sent") == 1
    assert of(found, "papers_deliveries", kind="channel", state="pending") == 1
    assert of(found, "papers_deliveries", kind="folder", state="failed") == 0
    assert of(found, "papers_repeats_total") == 1
    assert of(found, "papers_arxiv_requests_total", status="200") == 3
    assert of(found, "papers_backlog") == 1
    assert of(found, "papers_backlog_age_seconds") == 20
    assert of(found, "papers_deliveries_in_doubt") == 0
    assert of(found, "papers_clock_age_seconds") == 20
    heard = of(found, "papers_last_heartbeat_timestamp_seconds", role="clock")
    assert heard == pytest.approx(NOW.timestamp(), abs=1)
    # Thursday 4 December 2025 begins at 05:00 UTC in New York.
    midnight = of(found, "papers_last_announcement_timestamp_seconds", category="cs.CV")
    assert midnight == 1_764_824_400
    assert of(found, "papers_findings", health="bad") == 0
    assert of(found, "papers_findings", health="ok") >= 3


@pytest.mark.usefixtures("delivered")
def test_the_time_of_deliveries_is_a_histogram(client: FlaskClient) -> None:
    found = scrape(client)
    assert of(found, "papers_delivery_seconds_count", kind="email") == 1
    assert of(found, "papers_delivery_seconds_sum", kind="email") == 20
    assert of(found, "papers_delivery_seconds_bucket", kind="email", le="15.0") == 0
    assert of(found, "papers_delivery_seconds_bucket", kind="email", le="60.0") == 1
    assert of(found, "papers_delivery_seconds_bucket", kind="email", le="+Inf") == 1
    assert of(found, "papers_delivery_seconds_count", kind="channel") == 0


@pytest.mark.usefixtures("delivered")
def test_open_metrics_are_written_for_who_asks_for_them(client: FlaskClient) -> None:
    accept = {"Accept": "application/openmetrics-text; version=1.0.0"}
    answer = client.get("/metrics", headers=accept)
    assert answer.headers["Content-Type"].startswith("application/openmetrics-text")
    read = list(parse_open_metrics(answer.text))  # type: ignore[no-untyped-call]
    families = {family.name: family for family in read}
    assert families["papers_matches"].type == "counter"
    assert families["papers_delivery_seconds"].type == "histogram"


@pytest.mark.usefixtures("delivered")
def test_what_goes_on_is_seen_at_the_next_scrape(
    app: App, client: FlaskClient, clock: StillClock
) -> None:
    totals = []
    for day in range(1, 8):
        clock.advance(timedelta(days=1))
        paper, at = make_paper(10 + day), DAY + timedelta(days=day)
        save(app.store, announce(paper, day=at), clock.now())
        folder = Destination(DestinationKind.FOLDER, f"digests/{day}")
        edition = make_edition(paper, day=at)
        (planned,) = freeze(app.store, CATS, edition, [(folder, clock.now())], clock.now()) or ()
        claim = take(app.store, planned.id, clock.now())
        assert claim
        app.store.settle(claim, DeliveryState.SENT, at=clock.now(), detail="")
        found = scrape(client)
        assert of(found, "papers_deliveries", kind="folder", state="sent") == day
        totals.append(of(found, "papers_matches_total"))
    assert totals == [2 + day for day in range(1, 8)]
    fresh = scrape(build_site(app).test_client())
    assert fresh == found


def test_paused_subscriptions_are_counted_not_named(app: App, client: FlaskClient) -> None:
    saved = app.store.save_subscription(Subscription(*CATS.key, MAIL), NOW)
    app.store.pause_subscription(saved.id, paused=True, reason="bounced")
    assert of(scrape(client), "papers_subscriptions_paused") == 1
    assert MAIL.address not in client.get("/metrics").text


def test_without_a_database_the_scrape_says_so(client: FlaskClient, tmp_path: Path) -> None:
    (tmp_path / "papers.db").mkdir()
    found = scrape(client)
    assert of(found, "papers_database_up") == 0
    assert of(found, "papers_findings", health="bad") == 1
    assert not any(name == "papers_papers" for name, _ in found)


def test_a_database_that_fails_half_way_is_down(app: App, client: FlaskClient) -> None:
    with app.store.writing() as connection:
        connection.exec_driver_sql("DROP TABLE counters")
    assert of(scrape(client), "papers_database_up") == 0


def test_a_strange_label_stays_on_its_line(app: App, client: FlaskClient) -> None:
    app.store.add_count("arxiv_requests", 'x"\n\\papers_papers 7', 1)
    found = scrape(client)
    assert of(found, "papers_arxiv_requests_total", status='x"\n\\papers_papers 7') == 1
    assert of(found, "papers_papers") == 0


def test_domains_that_get_no_mail_are_counted_until_their_pause_ends(
    app: App, client: FlaskClient, clock: StillClock
) -> None:
    assert of(scrape(client), "papers_mail_domains_paused") == 0
    app.store.trip_domain("a.example", 300, 3600, "550 5.7.1 no", clock.now())
    assert of(scrape(client), "papers_mail_domains_paused") == 1
    clock.advance(timedelta(minutes=6))
    assert of(scrape(client), "papers_mail_domains_paused") == 0
