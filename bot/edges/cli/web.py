"""`papers web`: health page, readiness and metrics over HTTP."""

import click

from bot.app import App
from bot.edges.cli.options import with_app
from bot.edges.logs import get_log, log_options
from bot.edges.running import run_roles
from bot.flows.measuring import WEB


@click.command()
@click.option("--host", help="The address to listen at.  [default: [web] host, else 127.0.0.1]")
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    help="Its port; 0: any that is free.  [default: [web] port, else 8080]",
)
@log_options
@with_app
def web(app: App, /, *, host: str | None, port: int | None) -> int:
    """Serve /healthz, /readyz and /metrics until told to stop (Ctrl-C, SIGTERM)."""
    from bot.edges.web.serving import open_port, serve_web

    settings, log = app.settings, get_log()
    listener = open_port(host or settings.web_host, settings.web_port if port is None else port)
    roles = {WEB: lambda stop: serve_web(app, stop, log, listener=listener)}
    return 0 if run_roles(roles, log) else 1
