"""Is it alive, is it well, and how much does it do: for whoever watches over the program."""

from dataclasses import asdict

from flask import Blueprint, Response, json, request
from prometheus_client import CollectorRegistry
from prometheus_client.exposition import choose_encoder

from bot.app import App
from bot.core.findings import Health
from bot.edges.facts import gather_facts
from bot.edges.logs import mask
from bot.edges.web.metrics import Metrics
from bot.flows.measuring import judge


def build_health(app: App) -> Blueprint:
    """Build /healthz, /readyz and /metrics."""
    pages = Blueprint("health", "bot.edges.web.health")
    registry = CollectorRegistry()
    registry.register(Metrics(app))

    @pages.get("/healthz")
    def healthz() -> Response:
        """Say that this process answers; nothing else is looked at."""
        return Response("ok\n", mimetype="text/plain")

    @pages.get("/readyz")
    def readyz() -> Response:
        """Say what is well and what is not: 503 where something is bad."""
        now = app.clock.now()
        # Whoever can reach this page may not be meant to know who is subscribed.
        findings = judge(gather_facts(app, now), now, names=False)
        ready = all(finding.health is not Health.BAD for finding in findings)
        told = [{**asdict(each), "message": mask(each.message)} for each in findings]
        body = json.dumps({"ready": ready, "findings": told}, indent=2, ensure_ascii=False)
        return Response(f"{body}\n", 200 if ready else 503, mimetype="application/json")

    @pages.get("/metrics")
    def metrics() -> Response:
        """Write the figures of all processes that share the database."""
        encode, media_type = choose_encoder(request.headers.get("Accept", ""))
        return Response(encode(registry), content_type=media_type)

    return pages
