"""Serve the site over HTTP until somebody says stop; what it shows is made elsewhere."""

import contextlib
import errno
import os
import socket
import threading
from time import monotonic
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit
from uuid import uuid4

from bot.app import App
from bot.config.slack import Transport
from bot.edges.logs import Log
from bot.edges.web.errands import Errands
from bot.errors import BotError, UserError
from bot.flows.measuring import WEB

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

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

    settings = app.settings
    listener = listener or open_port(settings.web_host, settings.web_port)
    channels: dict[int, Any] = {}
    # Only a web server that the operator named is believed when it says who asks.
    believed: dict[str, Any] = {}
    if settings.web_proxy:
        believed = {
            "trusted_proxy": settings.web_proxy,
            "trusted_proxy_headers": {"x-forwarded-for", "x-forwarded-proto"},
        }
    with _open_slack(app, log) as slack, _open_errands(log) as errands:
        consent = app.consent(
            errands.run, lambda problem: log.warning("no confirmation", problem=problem)
        )
        server = create_server(
            build_site(app, *slack, consent=consent, mail_link=_build_mail_link(app, log)),
            map=channels,
            sockets=[listener],
            ident=None,
            threads=_THREADS,
            max_request_body_size=_LONGEST_BODY,
            clear_untrusted_proxy_headers=True,
            url_prefix=urlsplit(settings.base_url).path,
            **believed,
        )
        server.channel_class = _keep_connections(server.channel_class)
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


def _build_mail_link(app: App, log: Log) -> "Callable[[str, str], None] | None":
    """Return what mails somebody a link that signs in; None where no mail is set up."""
    if not app.settings.mail.can_send:
        return None
    from bot.render.email import SignIn

    def mail_link(address: str, link: str) -> None:
        try:
            app.mail.notices.send(SignIn(link), address, uuid4().hex, app.clock.now())
        except BotError as error:
            log.warning("no sign-in link", problem=str(error))

    return mail_link


def _keep_connections(channel: Any) -> Any:  # noqa: ANN401 - waitress has no types
    """Keep connections after answers that have no body, which waitress would close.

    Nothing has to say where such an answer ends: https://www.rfc-editor.org/rfc/rfc9112#section-6.3
    """
    from waitress.task import WSGITask

    class Task(WSGITask):  # type: ignore[misc]
        def set_close_on_finish(self) -> None:
            wants = self.request.headers.get("CONNECTION", "").lower()
            if self.has_body or self.version != "1.1" or wants == "close":
                super().set_close_on_finish()

    return type("Channel", (channel,), {"task_class": Task})


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


@contextlib.contextmanager
def _open_errands(log: Log) -> "Iterator[Errands]":
    """Give what is done beside requests; at the end it is finished."""
    errands = Errands(lambda problem: log.warning("left undone", problem=problem))
    try:
        yield errands
    finally:
        errands.close()


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
