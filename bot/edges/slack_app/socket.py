"""Socket Mode: what people do comes over a connection that this program opens, and keeps open.

slack_sdk's own client reads nothing for seconds while it changes connections, and does not see
that one was cut off; so this one is made of the library `websockets`, and Bolt does the rest.
"""

import http.client
import json
import logging
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, ExitStack
from functools import partial
from typing import TYPE_CHECKING, Any

from slack_bolt import App as Bolt
from slack_bolt.adapter.socket_mode.internals import run_bolt_app
from slack_sdk.errors import SlackApiError, SlackClientError
from slack_sdk.socket_mode.request import SocketModeRequest
from slack_sdk.web import WebClient
from websockets.exceptions import ConnectionClosed, WebSocketException
from websockets.sync.client import ClientConnection, connect

from bot.errors import BotError, UserError

if TYPE_CHECKING:
    from bot.edges.logs import Log

# A peer that is gone without a word is missed after both: Slack itself asks for pings in its time.
_PING_SECONDS, _PONG_SECONDS = 5, 10
_TIMEOUT_SECONDS = 10
_CLOSE_SECONDS = 1
_LOOK_SECONDS = 0.25
# Forms come with all that was typed into them.
_LONGEST_BYTES = 8 * 1024 * 1024
# Each only acknowledges, so these wait for hardly anything.
_READERS = 16
# https://docs.slack.dev/reference/methods/apps.connections.open is not to be asked often.
_SHORTEST_WAIT_SECONDS, _LONGEST_WAIT_SECONDS = 1.0, 60.0
_FINE = 200
# No token is taken back that was refused so, and no other one comes while this program runs.
_REFUSALS = frozenset(
    {
        "account_inactive",
        "invalid_auth",
        "missing_scope",
        "not_allowed_token_type",
        "not_authed",
        "token_expired",
        "token_revoked",
    }
)
# What asking for an address, connecting and reading may raise.
_FAILURES = (
    OSError,
    SlackClientError,
    http.client.HTTPException,
    WebSocketException,
    ValueError,
    BotError,
)


def check_app_token(token: str, api_url: str) -> None:
    """Ask Slack whether it takes the token; raise UserError where it does not.

    Whatever else goes wrong is left to `serve_socket`, which tries again.
    """
    try:
        _find_address(token, api_url)
    except SlackApiError as error:
        if error.response.get("error") in _REFUSALS:
            raise UserError(_explain(error)) from error
    except _FAILURES:
        return


def serve_socket(bolt: Bolt, token: str, api_url: str, stop: threading.Event, log: "Log") -> None:
    """Hand what comes over connections to `bolt` until `stop` is set.

    Where Slack asks for a new connection the old one is read until Slack shuts it. Connects again
    for as long as it takes, and logs when the connection is lost and when it is back.
    """
    told, wait = "", _SHORTEST_WAIT_SECONDS
    with ThreadPoolExecutor(_READERS, "slack's socket") as readers:
        links: list[_Link] = []
        while not stop.is_set():
            try:
                link = _Link(_find_address(token, api_url), bolt, readers)
            except _FAILURES as error:
                problem = _explain(error)
                if problem != told:
                    log.warning("not connected", where="slack", problem=problem)
                    told = problem
                stop.wait(wait)
                wait = min(2 * wait, _LONGEST_WAIT_SECONDS)
                continue
            if told or not links:
                log.info("connected", where="slack", what="Socket Mode")
                told = ""
            links = [each for each in links if each.is_open]
            links.append(link)
            began = time.monotonic()
            while not stop.is_set() and not link.ends.wait(_LOOK_SECONDS):
                pass
            # One that ends as soon as it is there is not asked for again at once.
            if time.monotonic() - began > wait:
                wait = _SHORTEST_WAIT_SECONDS
            else:
                stop.wait(wait)
                wait = min(2 * wait, _LONGEST_WAIT_SECONDS)
        for each in links:
            each.close()


class _Link:
    """One connection, read by a thread of its own; `ends` is set where another one is needed."""

    def __init__(self, address: str, bolt: Bolt, readers: ThreadPoolExecutor) -> None:
        self.ends = threading.Event()
        self._held = ExitStack()
        self._connection = self._held.enter_context(_connect(address))
        self._bolt = bolt
        self._readers = readers
        self._thread = threading.Thread(target=self._read, name="slack's socket", daemon=True)
        self._thread.start()

    @property
    def is_open(self) -> bool:
        """Whether anything may still come."""
        return self._thread.is_alive()

    def close(self) -> None:
        """Shut it; what was not acknowledged Slack sends over another connection."""
        self._connection.close()
        self._thread.join(_CLOSE_SECONDS)

    def _read(self) -> None:
        try:
            with self._held:
                for text in self._connection:
                    self._hear(json.loads(text))
        except _FAILURES:
            # It is as good as cut off; the next one is opened.
            return
        finally:
            self.ends.set()

    def _hear(self, message: Any) -> None:  # noqa: ANN401 - whatever comes
        kind = message.get("type") if isinstance(message, dict) else None
        if kind == "disconnect":
            # It is shut some seconds after this, and what comes until then is still to be heard.
            self.ends.set()
        elif kind is not None and (asked := SocketModeRequest.from_dict(message)) is not None:
            self._readers.submit(partial(self._acknowledge, asked))

    def _acknowledge(self, asked: SocketModeRequest) -> None:
        answer = run_bolt_app(self._bolt, asked)
        if answer.status != _FINE:
            # Slack tells it again.
            return
        reply: dict[str, Any] = {"envelope_id": asked.envelope_id}
        if answer.body:
            is_json = answer.headers["content-type"][0].startswith("application/json")
            reply["payload"] = json.loads(answer.body) if is_json else {"text": answer.body}
        try:
            self._connection.send(json.dumps(reply))
        except ConnectionClosed:
            # Slack tells that again, too, and it is done once.
            return


def _connect(address: str) -> AbstractContextManager[ClientConnection]:
    return connect(
        address,
        open_timeout=_TIMEOUT_SECONDS,
        ping_interval=_PING_SECONDS,
        ping_timeout=_PONG_SECONDS,
        close_timeout=_CLOSE_SECONDS,
        max_size=_LONGEST_BYTES,
        logger=_silence(),
    )


def _find_address(token: str, api_url: str) -> str:
    """Ask for the address of a new connection."""
    client = WebClient(base_url=api_url, timeout=_TIMEOUT_SECONDS, logger=_silence())
    url = client.apps_connections_open(app_token=token).get("url")
    if not isinstance(url, str):
        msg = "Slack named no address to connect to"
        raise BotError(msg)
    return url


def _silence() -> logging.Logger:
    """Give libraries a log that nobody reads: they write what they send and get to it."""
    logger = logging.getLogger("papers.socket")
    logger.setLevel(logging.CRITICAL + 1)
    return logger


def _explain(error: Exception) -> str:
    if not isinstance(error, SlackApiError):
        return str(error) if isinstance(error, BotError) else f"{type(error).__name__}: {error}"
    said = error.response.get("error", "")
    if said in _REFUSALS:
        return (
            f"Slack does not take SLACK_APP_TOKEN ({said}): make one with the scope"
            " connections:write under Basic Information, App-Level Tokens, of the app; it begins"
            " with xapp-"
        )
    return f"Slack answered {said or 'something else'} for apps.connections.open"
