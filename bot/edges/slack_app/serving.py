"""Slack's side of a process: the surface with its threads, over a socket or as pages of the web."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from bot.config.slack import Transport, find_problems
from bot.edges.slack_app.bolt import build_bolt
from bot.edges.slack_app.jobs import Jobs
from bot.edges.slack_app.surface import Surface
from bot.edges.slack_app.views import Views

if TYPE_CHECKING:
    from flask import Blueprint

    from bot.app import App
    from bot.edges.logs import Log

# What was acknowledged is done before the end, but a supervisor waits for ten seconds in all.
_STOP_SECONDS, _PAGES_STOP_SECONDS = 5.0, 2.5
_ASIDES, _ASIDES_SECONDS = 100, 1.0
_WAITING = 2


@contextmanager
def open_surface(
    app: "App", log: "Log", *, stop_seconds: float = _STOP_SECONDS
) -> Iterator[Surface]:
    """Give a surface; what was acknowledged is done before it is left, if that is soon."""
    slack = app.slack
    jobs, asides = Jobs(log), Jobs(log, threads=1, room=_ASIDES)
    surface = Surface(
        app=app,
        clients=slack.clients,
        people=slack.people,
        viewers=slack.viewers,
        views=Views(slack.clients),
        jobs=jobs,
        asides=asides,
        turns=threading.Semaphore(_WAITING),
        log=log,
    )
    try:
        yield surface
    finally:
        jobs.stop(stop_seconds)
        asides.stop(_ASIDES_SECONDS)


def serve_slack(app: "App", stop: threading.Event, log: "Log") -> None:
    """Answer over Socket Mode until `stop` is set."""
    from bot.edges.slack_app.socket import serve_socket

    settings = app.settings.slack
    with open_surface(app, log) as surface:
        serve_socket(build_bolt(surface), settings.app_token, settings.api_url, stop, log)


@contextmanager
def open_pages(app: "App", log: "Log") -> "Iterator[tuple[Blueprint, ...]]":
    """Give Slack's pages of the web process: requests where HTTP is the way, and OAuth's."""
    from bot.edges.slack_app.http import build_events
    from bot.edges.slack_app.installing import build_installing

    settings = app.settings.slack
    for problem in find_problems(settings):
        log.warning("not complete", where="slack", problem=problem)
    pages: list[Blueprint] = []
    if settings.is_shared and app.settings.base_url:
        pages.append(build_installing(app, log))
    elif settings.is_shared:
        problem = "nobody can install the app before [bot] base_url names this program's address"
        log.warning("not complete", where="slack", problem=problem)
    if settings.transport is not Transport.HTTP or not settings.signing_secret:
        yield tuple(pages)
        return
    with open_surface(app, log, stop_seconds=_PAGES_STOP_SECONDS) as surface:
        pages.append(build_events(build_bolt(surface), settings.signing_secret, app.clock))
        yield tuple(pages)
