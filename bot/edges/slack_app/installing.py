"""Installing the app in further workspaces: OAuth's two pages; Slack says who may do so."""

import http.client
import logging
from http import HTTPStatus
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from flask import Blueprint, Response, request
from slack_bolt import BoltRequest, BoltResponse
from slack_bolt.error import BoltError
from slack_bolt.oauth import OAuthFlow
from slack_bolt.oauth.callback_options import CallbackOptions, FailureArgs, SuccessArgs
from slack_bolt.oauth.oauth_settings import OAuthSettings
from slack_sdk.errors import SlackClientError
from slack_sdk.oauth.installation_store import Installation
from slack_sdk.web import WebClient

from bot.core.slack_names import is_team
from bot.edges.slack_app.manifest import INSTALL_PATH, REDIRECT_PATH, SCOPES
from bot.errors import BotError

if TYPE_CHECKING:
    from bot.app import App
    from bot.edges.logs import Log

_TIMEOUT_SECONDS: Final = 20
_LONGEST_REASON: Final = 100
# As every page of this program has it; its style stands in it.
_POLICY: Final = (
    "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none';"
    " frame-ancestors 'none'"
)
_AGAIN: Final = f"Nothing was installed. Start again at {INSTALL_PATH}."
_SENTENCES: Final = {
    "access_denied": "You cancelled, so nothing was installed.",
    "invalid_browser": (
        "This page was opened in another browser than the one that began, or a second time."
        f" {_AGAIN}"
    ),
    "invalid_state": f"This link was used before, or ten minutes have passed. {_AGAIN}",
    "missing_code": f"Slack’s answer is incomplete. {_AGAIN}",
    "invalid_code": f"Slack did not accept its own code, or did not answer. {_AGAIN}",
    "whole_organisation": (
        "The app is for single workspaces, not for a whole organisation, so nothing was kept."
        f" Choose one at {INSTALL_PATH}."
    ),
    "storage_error": f"The installation could not be kept; the program’s log says why. {_AGAIN}",
}
_OTHER: Final = f"Slack refused. {_AGAIN}"


def build_installing(app: "App", log: "Log") -> Blueprint:
    """Build /slack/install, which leads to Slack, and the page to which Slack leads back."""
    pages = Blueprint("slack_installing", "bot.edges.slack_app.installing")
    flow = _Flow(app, log)

    @pages.get(INSTALL_PATH)
    def install() -> Response:
        """Lead to Slack's page of consent, with a state that must come back."""
        try:
            return _to_response(flow.handle_installation(_to_request()))
        except BotError as error:
            log.warning("not installed", where="slack", problem=str(error))
            return _to_response(flow.show("Installing", _SENTENCES["storage_error"], 503))

    @pages.get(REDIRECT_PATH)
    def come_back() -> Response:
        """Keep the installation that Slack's page of consent brought."""
        try:
            return _to_response(flow.handle_callback(_to_request()))
        except (BotError, OSError, SlackClientError, http.client.HTTPException) as error:
            problem = str(error) if isinstance(error, BotError) else type(error).__name__
            log.warning("not installed", where="slack", problem=problem)
            return _to_response(flow.show("Not installed", _SENTENCES["storage_error"], 503))

    return pages


class _WholeOrganisationError(BoltError):
    """The app was installed in an organisation instead of a workspace."""


class _Flow(OAuthFlow):
    """slack_bolt's OAuth flow over our stores, with pages of our own."""

    def __init__(self, app: "App", log: "Log") -> None:
        settings, slack = app.settings, app.slack
        assert slack.installations is not None  # noqa: S101 - there is one where OAuth is set up
        assert slack.states is not None  # noqa: S101 - the same
        self._app = app
        self._log = log
        silence = logging.getLogger("papers.slack")
        silence.setLevel(logging.CRITICAL + 1)
        api = urlsplit(settings.slack.api_url)
        super().__init__(
            client=WebClient(
                base_url=settings.slack.api_url,
                timeout=_TIMEOUT_SECONDS,
                logger=silence,
                retry_handlers=[],
            ),
            logger=silence,
            settings=OAuthSettings(
                client_id=settings.slack.client_id,
                client_secret=settings.slack.client_secret,
                scopes=list(SCOPES),
                user_scopes=[],
                redirect_uri=f"{settings.base_url.rstrip('/')}{REDIRECT_PATH}",
                install_page_rendering_enabled=False,
                authorization_url=f"{api.scheme}://{api.netloc}/oauth/v2/authorize",
                callback_options=CallbackOptions(success=self._welcome, failure=self._regret),
                installation_store=slack.installations,
                state_store=slack.states,
                logger=silence,
            ),
        )

    def show(self, title: str, sentence: str, status: int) -> BoltResponse:
        """Show a page of one sentence; the state is used up."""
        page = self._app.templates.get_template("slack.html")
        return BoltResponse(
            status=status,
            headers={
                "Content-Type": "text/html; charset=utf-8",
                "Set-Cookie": self.settings.state_utils.build_set_cookie_for_deletion(),
            },
            body=page.render(title=title, sentence=sentence),
        )

    def store_installation(self, request: BoltRequest, installation: Installation) -> None:
        """Keep an installation of one workspace."""
        team = installation.team_id or ""
        if installation.is_enterprise_install or not is_team(team):
            raise _WholeOrganisationError
        super().store_installation(request, installation)
        self._app.slack.clients.forget(team)
        self._log.info("installed", where=team)

    def _welcome(self, args: SuccessArgs) -> BoltResponse:
        name = args.installation.team_name or "your workspace"
        command = self._app.settings.slack.command
        sentence = (
            f"papers is installed in {name}. Type {command} in any channel there to begin; this"
            " page can be closed."
        )
        return self.show("Installed", sentence, HTTPStatus.OK)

    def _regret(self, args: FailureArgs) -> BoltResponse:
        whole = isinstance(args.error, _WholeOrganisationError)
        reason = "whole_organisation" if whole else args.reason
        self._log.info("not installed", where="slack", problem=reason[:_LONGEST_REASON])
        status = HTTPStatus.BAD_REQUEST if whole else args.suggested_status_code
        return self.show("Not installed", _SENTENCES.get(reason, _OTHER), status)


def _to_request() -> BoltRequest:
    """Give slack_bolt what its flow reads: what was asked for, and the browser's cookie."""
    return BoltRequest(
        body="",
        query=request.query_string.decode("utf-8", "replace"),
        headers={"cookie": request.headers.get("Cookie", "")},
    )


def _to_response(answer: BoltResponse) -> Response:
    response = Response(answer.body, answer.status)
    for name, values in answer.headers.items():
        for value in values:
            if name == "set-cookie":
                # Slack leads back by a link, which brings such a cookie along.
                response.headers.add("Set-Cookie", f"{value}; SameSite=Lax")
            else:
                response.headers[name] = value
    response.headers["Content-Security-Policy"] = _POLICY
    return response
