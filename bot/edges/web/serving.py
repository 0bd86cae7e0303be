"""Serve the site over HTTP until somebody says stop; what it shows is made elsewhere."""

import contextlib
import errno
import os
import socket
import threading
from time import monotonic
from typing import TYPE_CHECKING, Any

from bot.app import App
from bot.config.slack import Transport
from bot.edges.logs import Log
from bot.errors import BotError, UserError
from bot.flows.measuring import WEB

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from flask import Blueprint

BEAT_SECONDS = 15.0

# How soon `stop` is seen, and how long requests that were begun may take then.
_POLL_SECONDS = 0.25
_FINISH_SECONDS = 5.0
_CLOSE_SECONDS = 1.0
# More than wait for a database at once: Slack's requests do not, and are to be answered meanwhile.
_THREADS = 12
# Nothing here takes uploads.
_LONGEST_BODY = 1024 * 1024


def serve_web(
    app: App,
    stop: threading.Event,
    log: Log,
    *,
    process: str = "",
    listener: socket.socket | None = None,
) -> None:
    """Serve until `stop` is set, then let requests that were begun end.

    `process` names this process among those that share the database. Without a listener (see
    `open_port`) the configuration's address is opened; raise UserError where that cannot be had.
    """
    from waitress import create_server, wasyncore

    from bot.edges.web import build_site

    listener = listener or open_port(app.settings.web_host, app.settings.web_port)
    channels: dict[int, Any] = {}
    with _open_slack(app, log) as slack:
        server = create_server(
            build_site(app, *slack),
            map=channels,
            sockets=[listener],
            ident=None,
            threads=_THREADS,
            max_request_body_size=_LONGEST_BODY,
            clear_untrusted_proxy_headers=True,
        )
        process = process or f"{socket.gethostname()}:{os.getpid()}"
        over = threading.Event()
        beating = threading.Thread(target=_beat, args=(app, process, over, log), daemon=True)
        beating.start()
        host, port = listener.getsockname()[:2]
        log.info("serving", where=f"http://{f'[{host}]' if ':' in host else host}:{port}")
        try:
            while not stop.is_set():
                wasyncore.loop(timeout=_POLL_SECONDS, map=channels, count=1)
        finally:
            over.set()
            _finish(server, channels)
            beating.join(_CLOSE_SECONDS)


def open_port(host: str, port: int) -> socket.socket:
    """Listen at an address; raise UserError that says what to do where that cannot be."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        found = socket.getaddrinfo(host, port, family, socket.SOCK_STREAM)
        return socket.create_server(found[0][4], family=family)
    except socket.gaierror as error:
        msg = (
            f"{host!r} is not an address of this machine: name one with --host or [web] host, "
            "127.0.0.1 for this machine alone, 0.0.0.0 for all networks"
        )
        raise UserError(msg) from error
    except OSError as error:
        advice = {
            errno.EADDRINUSE: (
                f"port {port} of {host} is in use: stop the program that has it, or choose another"
                " with --port or [web] port"
            ),
            errno.EACCES: (
                f"port {port} is not for this user: choose one above 1023 with --port or [web] port"
            ),
            errno.EADDRNOTAVAIL: (
                f"{host} is not an address of this machine: name one with --host or [web] host"
            ),
        }
        code = error.errno or 0
        msg = f"port {port} of {host} cannot be opened ({os.strerror(code)}): choose another"
        raise UserError(advice.get(code, msg)) from error


@contextlib.contextmanager
def _open_slack(app: App, log: Log) -> "Iterator[Sequence[Blueprint]]":
    """Give Slack's pages, where it comes by HTTP or other workspaces may install the app."""
    slack = app.settings.slack
    if slack.transport is not Transport.HTTP and not slack.is_shared:
        yield ()
        return
    from bot.edges.slack_app.serving import open_pages

    with open_pages(app, log) as pages:
        yield pages


def _beat(app: App, process: str, over: threading.Event, log: Log) -> None:
    """Show that this process lives; where the database fails, say so once until it is back."""
    told = ""
    while True:
        try:
            app.store.beat(process, WEB, app.clock.now())
            told = ""
        except BotError as error:
            if str(error) != told:
                told = str(error)
                log.warning("no heartbeat", problem=told)
        if over.wait(BEAT_SECONDS):
            return


def _finish(server: Any, channels: dict[int, Any]) -> None:  # noqa: ANN401 - waitress has no types
    """Take no more requests, answer those that were begun, close everything."""
    from waitress import wasyncore

    # The listening socket alone: those who come now are refused instead of kept waiting.
    wasyncore.dispatcher.close(server)
    deadline = monotonic() + _FINISH_SECONDS
    while _is_busy(server) and monotonic() < deadline:
        wasyncore.loop(timeout=_POLL_SECONDS, map=channels, count=1)
    server.task_dispatcher.shutdown(timeout=_CLOSE_SECONDS)
    wasyncore.close_all(channels)


def _is_busy(server: Any) -> bool:  # noqa: ANN401
    """Whether a request is being answered, or an answer still waits to be taken."""
    return any(
        channel.requests or channel.total_outbufs_len for channel in server.active_channels.values()
    )
