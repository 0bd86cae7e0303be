"""`papers run`, `clock` and `worker`: processes that stay until they are told to stop."""

import os
import socket
import threading

import click

from bot.app import App
from bot.config.slack import Transport
from bot.edges.cli.options import with_app
from bot.edges.logs import get_log, log_options
from bot.edges.running import Role, run_roles


@click.command()
@click.option("--no-web", is_flag=True, help="Without the web process.")
@log_options
@with_app
def run(app: App, /, *, no_web: bool) -> int:
    """Read each announcement, deliver each digest once, answer in Slack: all in one process.

    Stops within ten seconds on Ctrl-C or SIGTERM, and goes on where it was when started again.
    """
    from bot.edges.clock import serve_clock
    from bot.edges.worker import serve_worker

    log, name, wake = get_log(), name_process(), threading.Event()
    prepare(app)
    roles: dict[str, Role] = {
        "clock": lambda stop: serve_clock(app, name, stop, log, wake),
        "worker": lambda stop: serve_worker(app, name, stop, log, wake),
    }
    if not no_web:
        from bot.edges.web.serving import open_port, serve_web

        listener = open_port(app.settings.web_host, app.settings.web_port)
        roles["web"] = lambda stop: serve_web(app, stop, log, process=name, listener=listener)
    if hears_socket(app):
        from bot.edges.slack_app.serving import serve_slack

        roles["slack"] = lambda stop: serve_slack(app, stop, log)
    return 0 if run_roles(roles, log) else 1


@click.command()
@log_options
@with_app
def clock(app: App, /) -> int:
    """Read announcements and plan deliveries; any number of these may run."""
    from bot.edges.clock import serve_clock

    log, name = get_log(), name_process()
    prepare(app)
    roles: dict[str, Role] = {"clock": lambda stop: serve_clock(app, name, stop, log)}
    return 0 if run_roles(roles, log) else 1


@click.command()
@log_options
@with_app
def worker(app: App, /) -> int:
    """Deliver what is due; any number of these may run."""
    from bot.edges.worker import serve_worker

    log, name = get_log(), name_process()
    prepare(app)
    roles: dict[str, Role] = {"worker": lambda stop: serve_worker(app, name, stop, log)}
    return 0 if run_roles(roles, log) else 1


def hears_socket(app: App) -> bool:
    """Whether Slack is set up to be answered over Socket Mode."""
    slack = app.settings.slack
    return bool(slack.app_token) and slack.can_post and slack.transport is Transport.SOCKET


def prepare(app: App) -> None:
    """Open what threads share before there are any; say at once what is wrong with it."""
    app.store.count()
    _ = app.senders, app.clock, app.terms, app.templates
    if app.settings.slack.can_post:
        _ = app.slack


def name_process() -> str:
    """Name this process among those that share a database."""
    return f"{socket.gethostname()}:{os.getpid()}"
