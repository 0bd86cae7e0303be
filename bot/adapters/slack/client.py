"""Slack's Web API, asked once a call: whose token answers for a workspace, what an error means.

slack_sdk's own retries are off, as they send a message again whose answer was lost.
"""

import logging
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, Protocol

from slack_sdk.web import SlackResponse, WebClient

from bot.adapters.slack.errors import SlackError, Trouble, explain
from bot.adapters.slack.rates import LONGEST_WAIT_S, Rates
from bot.core.slack_names import HOME, is_team

Answer = Mapping[str, Any]

# Well within what `flows.deliver.Terms` leaves between the last look at the clock and a look-up.
TIMEOUT_S: Final = 30
# A call that only reads is made again so often where Slack asks for a short pause.
_MOST_PAUSES: Final = 3
_TEST: Final = "auth.test"
# Other processes take tokens away and renew them.
_TOKEN_KEPT_S: Final = 60.0
# All others take forms alone: https://docs.slack.dev/apis/web-api/#post_bodies
_JSON: Final = ("chat.postMessage", "chat.postEphemeral", "chat.update", "chat.unfurl", "views.")


class Tokens(Protocol):
    """The tokens of workspaces that installed the app."""

    def find_token(self, team: str) -> str | None:
        """Return a workspace's token; None where the app is not installed there."""
        ...

    def renew_token(self, team: str, old: str) -> str | None:
        """Return a token in the place of one that has had its time; None where there is none."""
        ...


@dataclass(frozen=True, slots=True)
class Identity:
    """Whose token answers for a workspace: its id, name and address, the bot's user, id, name.

    `scopes` are what the token allows.
    """

    team: str
    workspace: str
    url: str
    user: str
    bot: str
    name: str
    scopes: frozenset[str] = frozenset()


class SlackClients:
    """Asks Slack on behalf of any workspace; may be called from any thread."""

    def __init__(
        self,
        rates: Rates,
        *,
        api_url: str,
        home_token: str = "",
        tokens: Tokens | None = None,
        timeout_s: int = TIMEOUT_S,
        elapsed: Callable[[], float] = time.monotonic,
    ) -> None:
        """Ask nothing yet. `home_token` is that of the workspace that is called HOME."""
        self.rates = rates
        self._api_url = api_url
        self._home_token = home_token
        self._tokens = tokens
        self._timeout_s = timeout_s
        self._elapsed = elapsed
        self._lock = threading.Lock()
        self._home: Identity | None = None
        self._identities: dict[str, Identity] = {}
        self._known: dict[str, tuple[str, float]] = {}
        self._no_home_until = 0.0
        # slack_sdk writes what it sends and gets to its log, and what went wrong is said here.
        self._silence = logging.getLogger("papers.slack")
        self._silence.setLevel(logging.CRITICAL + 1)

    def resolve(self, team: str) -> str:
        """Return a workspace's id: for HOME that of the environment's token."""
        return team if team != HOME else self._identify_home().team

    def identify(self, team: str) -> Identity:
        """Say whose token answers for a workspace; raise SlackError where none does."""
        home = self._identify_home() if team == HOME else self._find_home()
        if home is not None and team in (HOME, home.team):
            return home
        with self._lock:
            known = self._identities.get(team)
        if known is None:
            known = _read_identity(self._ask(team, _TEST, {}))
            with self._lock:
                self._identities[team] = known
        return known

    def is_home(self, team: str) -> bool:
        """Whether a workspace is that of the environment's token, as far as is known."""
        if team == HOME or self._tokens is None:
            return True
        with self._lock:
            return self._home is not None and self._home.team == team

    def ask(self, team: str, method: str, *, timeout_s: int = 0, **asked: Any) -> Answer:  # noqa: ANN401 - what a method takes
        """Call a method once for a workspace, named by its id; raise SlackError.

        Arguments that are None are left out; `timeout_s` 0 is the usual time. A token that has had
        its time is renewed first. Where Slack asks for a pause all processes keep it.
        """
        return _read(self._ask(team, method, asked, timeout_s))

    def try_token(self, token: str, method: str) -> Answer:
        """Call a method that takes nothing with another token than a workspace's."""
        return _read(self._send(token, method, {}))

    def _ask(
        self, team: str, method: str, asked: Mapping[str, Any], timeout_s: int = 0
    ) -> SlackResponse:
        token = self._find_token(team)
        try:
            return self._send(token, method, asked, timeout_s)
        except SlackError as error:
            if error.trouble is Trouble.BUSY:
                self.rates.hold(team, method, error.retry_after or 0.0)
            if error.trouble is not Trouble.EXPIRED or self._tokens is None:
                raise
            renewed = self._tokens.renew_token(team, token)
            if renewed is None:
                raise
            self._remember(team, renewed)
        return self._send(renewed, method, asked, timeout_s)

    def call(self, team: str, method: str, *, timeout_s: int = 0, **asked: Any) -> Answer:  # noqa: ANN401 - the same
        """Call a method that may be called twice, keeping short pauses; raise SlackError."""
        for _ in range(_MOST_PAUSES):
            self.rates.await_call(team, method)
            try:
                return self.ask(team, method, timeout_s=timeout_s, **asked)
            except SlackError as error:
                if error.trouble is not Trouble.BUSY or (error.retry_after or 0) > LONGEST_WAIT_S:
                    raise
        self.rates.await_call(team, method)
        return self.ask(team, method, timeout_s=timeout_s, **asked)

    def forget(self, team: str) -> None:
        """Forget what is known of a workspace that the app left, or joined anew."""
        with self._lock:
            self._known.pop(team, None)
            self._identities.pop(team, None)

    def _find_home(self) -> Identity | None:
        """Return who the environment's token is; None where there is none, or others can do."""
        if not self._home_token or self._elapsed() < self._no_home_until:
            return None
        try:
            return self._identify_home()
        except SlackError as error:
            # That one workspace has shut us out is no other one's trouble.
            if self._tokens is None or error.trouble is not Trouble.WORKSPACE:
                raise
            self._no_home_until = self._elapsed() + _TOKEN_KEPT_S
            return None

    def _identify_home(self) -> Identity:
        if not self._home_token:
            reason = (
                "SLACK_BOT_TOKEN is not in the environment, so nobody knows whose channel it is"
            )
            raise SlackError(_TEST, Trouble.WORKSPACE, reason)
        with self._lock:
            known = self._home
        if known is None:
            known = _read_identity(self._send(self._home_token, _TEST, {}))
            with self._lock:
                self._home = known
        return known

    def _find_token(self, team: str) -> str:
        home = self._identify_home() if team == HOME else self._find_home()
        if home is not None and team in (HOME, home.team):
            return self._home_token
        with self._lock:
            token, until = self._known.get(team, ("", 0.0))
        if token and self._elapsed() < until:
            return token
        found = self._tokens.find_token(team) if self._tokens else None
        if not found:
            reason = "the app is not installed there"
            raise SlackError(_TEST, Trouble.WORKSPACE, reason)
        self._remember(team, found)
        return found

    def _remember(self, team: str, token: str) -> None:
        with self._lock:
            self._known[team] = (token, self._elapsed() + _TOKEN_KEPT_S)

    def _send(
        self, token: str, method: str, asked: Mapping[str, Any], timeout_s: int = 0
    ) -> SlackResponse:
        client = WebClient(
            token,
            base_url=self._api_url,
            timeout=timeout_s or self._timeout_s,
            logger=self._silence,
            retry_handlers=[],
        )
        body: dict[str, Any] = {name: value for name, value in asked.items() if value is not None}
        try:
            if method.startswith(_JSON):
                return client.api_call(method, json=body)
            return client.api_call(method, params=body)
        except Exception as error:
            # slack_sdk lets out whatever its parts raise.
            raise explain(method, error) from error


def _read(response: SlackResponse) -> Answer:
    return response.data if isinstance(response.data, dict) else {}


def _read_identity(response: SlackResponse) -> Identity:
    answer = _read(response)
    headers = {name.lower(): str(value) for name, value in response.headers.items()}
    scopes = headers.get("x-oauth-scopes", "").replace(" ", "").split(",")
    team = str(answer.get("team_id", ""))
    if not is_team(team):
        reason = "its answer names no workspace"
        raise SlackError(_TEST, Trouble.UNSURE, reason)
    return Identity(
        team=team,
        workspace=str(answer.get("team", "")),
        url=str(answer.get("url", "")),
        user=str(answer.get("user_id", "")),
        bot=str(answer.get("bot_id", "")),
        name=str(answer.get("user", "")),
        scopes=frozenset(filter(None, scopes)),
    )
