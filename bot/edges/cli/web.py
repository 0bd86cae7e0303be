"""`papers web`: pages, feeds, health page, readiness and metrics over HTTP."""

import secrets

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
@click.option(
    "--sign-in-link",
    "wants_link",
    is_flag=True,
    help="Print a link that signs you in as an operator, once, within 15 minutes; serve nothing.",
)
@log_options
@with_app
def web(app: App, /, *, host: str | None, port: int | None, wants_link: bool) -> int:
    """Serve pages, feeds, /healthz, /readyz and /metrics until told to stop (Ctrl-C, SIGTERM)."""
    from bot.edges.web.serving import open_port, serve_web

    settings, log = app.settings, get_log()
    if wants_link:
        click.echo(_write_link(app, host or settings.web_host, port or settings.web_port))
        return 0
    listener = open_port(host or settings.web_host, settings.web_port if port is None else port)
    roles = {WEB: lambda stop: serve_web(app, stop, log, listener=listener)}
    return 0 if run_roles(roles, log) else 1


def _write_link(app: App, host: str, port: int) -> str:
    """Write a sign-in link for whoever can run this on the program's own machine."""
    from bot.flows.signing_in import COMMAND_LINE, write_link
    from bot.render.paths import Paths

    token = write_link(app.seals, COMMAND_LINE, secrets.token_urlsafe(16), app.clock.now())
    name = f"[{host}]" if ":" in host else host
    home = app.settings.base_url or f"http://{name}:{port}"
    return Paths(home).operator(f"sign-in/{token}")
