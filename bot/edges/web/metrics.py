"""What Prometheus reads: figures of the database at the time of each scrape, whoever made them."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import date, datetime, time
from importlib.metadata import version
from threading import Lock
from zoneinfo import ZoneInfo

from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    InfoMetricFamily,
    Metric,
)
from prometheus_client.registry import Collector

from bot.app import App
from bot.core.figures import LATENCIES, Arrivals
from bot.core.findings import Health
from bot.edges.facts import gather_facts
from bot.errors import StoreError
from bot.flows.measuring import CLOCK, Facts, judge
from bot.flows.tallying import Figures, Tally

_EASTERN = ZoneInfo("America/New_York")

Sample = tuple[tuple[str, ...], float]


class Metrics(Collector):
    """Reads the database whenever somebody asks; where that fails, says so in a figure."""

    def __init__(self, app: App) -> None:
        """Read nothing yet."""
        self._app = app
        self._tally = Tally()
        self._lock = Lock()

    def collect(self) -> Iterator[Metric]:
        """Yield every figure."""
        now = self._app.clock.now()
        facts = gather_facts(self._app, now)
        figures: Figures | None = None
        if not facts.fault:
            try:
                # A tally is for one thread at a time.
                with self._lock:
                    figures = self._tally.measure(self._app.store, now)
            except StoreError as error:
                facts = Facts(fault=str(error))
        yield InfoMetricFamily("papers_build", "This program.", {"version": version("papers-bot")})
        yield _gauge("papers_database_up", "Whether the database answered.", figures is not None)
        findings = judge(facts, now)
        yield _gauges(
            "papers_findings",
            "What the doctor finds, by how it is.",
            ["health"],
            [
                ((health.value,), sum(each.health is health for each in findings))
                for health in Health
            ],
        )
        if figures is not None:
            yield from _describe_facts(facts, now)
            yield from _describe_figures(figures)


def _describe_facts(facts: Facts, now: datetime) -> Iterator[Metric]:
    heard = facts.heartbeats
    yield _gauges(
        "papers_last_heartbeat_timestamp_seconds",
        "When a process of each role last showed that it lives.",
        ["role"],
        [((role,), heard[role].timestamp()) for role in sorted(heard)],
    )
    if CLOCK in heard:
        age = (now - heard[CLOCK]).total_seconds()
        yield _gauge("papers_clock_age_seconds", "Time since the clock's last tick.", age)
    yield _gauges(
        "papers_last_announcement_timestamp_seconds",
        "The newest day (its midnight in US/Eastern) of which a category was read.",
        ["category"],
        [((each.category,), _midnight(each.last)) for each in facts.readings if each.last],
    )
    backlog = facts.backlog
    yield _gauge("papers_backlog", "Deliveries that are due and not begun.", backlog.due)
    waits = (now - backlog.since).total_seconds() if backlog.since else 0.0
    yield _gauge("papers_backlog_age_seconds", "How long the oldest of them is due.", waits)
    yield _gauge(
        "papers_deliveries_in_doubt", "Deliveries that may have arrived.", backlog.in_doubt
    )
    yield _gauge(
        "papers_subscriptions_paused",
        "Subscriptions that the program paused.",
        len(facts.pauses),
    )
    yield _gauge(
        "papers_mail_domains_paused",
        "Domains, or the relay, that get no mail for a while.",
        len(facts.domains),
    )


def _describe_figures(figures: Figures) -> Iterator[Metric]:
    yield _gauge("papers_papers", "Papers in the database.", figures.papers)
    yield _counter(
        "papers_announcements",
        "Announcements that were read and held anything.",
        {(each.category,): each.announcements for each in figures.announced},
        ["category"],
    )
    entries: dict[tuple[str, ...], int] = {
        (each.category, kind): number
        for each in figures.announced
        for kind, number in (("new", each.new), ("cross", each.cross), ("replace", each.replaced))
    }
    yield _counter(
        "papers_entries", "Entries of announcements.", entries, labels=["category", "kind"]
    )
    yield _gauges(
        "papers_receipts_last_week",
        "What became of the announcements of the last seven days.",
        ["category", "state"],
        [((each.category, each.state.value), each.count) for each in figures.receipts],
    )
    yield _counter("papers_matches", "Papers in editions.", {(): figures.matches})
    yield _gauges(
        "papers_deliveries",
        "Deliveries by where they stand.",
        ["kind", "state"],
        [
            ((kind.value, state.value), number)
            for (kind, state), number in figures.deliveries.items()
        ],
    )
    yield _histogram(figures.arrivals)
    yield _counter(
        "papers_repeats", "Sendings that may have repeated an earlier one.", {(): figures.repeats}
    )
    yield _counter(
        "papers_arxiv_requests",
        "Requests to arXiv by status, or by why there was no answer.",
        {(status,): figures.requests[status] for status in sorted(figures.requests)},
        ["status"],
    )


def _histogram(arrivals: Iterable[Arrivals]) -> Metric:
    metric = HistogramMetricFamily(
        "papers_delivery_seconds",
        "Time from planning a delivery to its arrival, its schedule's wait included.",
        labels=["kind"],
    )
    for each in arrivals:
        buckets = [
            (f"{bound}.0", float(n)) for bound, n in zip(LATENCIES, each.within, strict=True)
        ]
        metric.add_metric(
            [each.kind.value], [*buckets, ("+Inf", float(each.count))], sum_value=each.seconds
        )
    return metric


def _gauge(name: str, about: str, value: float) -> Metric:
    return GaugeMetricFamily(name, about, value=float(value))


def _gauges(name: str, about: str, labels: list[str], samples: Iterable[Sample]) -> Metric:
    metric = GaugeMetricFamily(name, about, labels=labels)
    for values, number in samples:
        metric.add_metric(values, float(number))
    return metric


def _counter(
    name: str, about: str, samples: Mapping[tuple[str, ...], int], labels: Iterable[str] = ()
) -> Metric:
    metric = CounterMetricFamily(name, about, labels=list(labels))
    for values, number in samples.items():
        metric.add_metric(values, float(number))
    return metric


def _midnight(day: date) -> float:
    """Return the moment at which arXiv's day begins."""
    return datetime.combine(day, time(), _EASTERN).timestamp()
