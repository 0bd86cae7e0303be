"""auth.*, users.info, bots.info, apps.connections.open and oauth.v2.access."""

from tests.fakes.slack_api.limits import RefusalError
from tests.fakes.slack_api.model import Json
from tests.fakes.slack_api.requests import Request
from tests.fakes.slack_api.teams import Team, Token
from tests.fakes.slack_api.world import World


def test_auth(request: Request) -> Json:
    team = request.team
    return {
        "url": f"https://{team.domain}.slack.com/",
        "team": team.name,
        "user": team.bot.name,
        "team_id": team.id,
        "user_id": team.bot.id,
        "bot_id": team.bot_id,
        "is_enterprise_install": False,
    }


def revoke(request: Request) -> Json:
    if not request.flag("test"):
        request.token.error = "token_revoked"
    return {"revoked": not request.flag("test")}


def show_user(request: Request) -> Json:
    request.need("users:read")
    user = request.team.users.get(request.text("user"))
    if user is None:
        raise RefusalError(error="user_not_found")
    return {"user": user.show(request.team)}


def show_bot(request: Request) -> Json:
    request.need("users:read")
    if request.text("bot") != request.team.bot_id:
        raise RefusalError(error="bot_not_found")
    return {
        "bot": {
            "id": request.team.bot_id,
            "deleted": False,
            "name": request.team.bot.name,
            "app_id": request.team.app.id,
            "user_id": request.team.bot.id,
        }
    }


def open_connection(world: World, token: str) -> Json:
    """Answer apps.connections.open, which alone takes the app's own token."""
    if token != world.app.app_token:
        bots = {each.text for team in world.teams.values() for each in team.tokens}
        raise RefusalError(error="not_allowed_token_type" if token in bots else "invalid_auth")
    return {"url": world.new_socket()}


def access(world: World, arguments: Json) -> Json:
    """Answer oauth.v2.access: a code's tokens, or new ones for a refresh token."""
    if arguments.get("client_id") != world.app.client_id:
        raise RefusalError(error="invalid_client_id")
    if arguments.get("client_secret") != world.app.client_secret:
        raise RefusalError(error="bad_client_secret")
    if arguments.get("grant_type") == "refresh_token":
        return _refresh(world, str(arguments.get("refresh_token", "")))
    code = str(arguments.get("code", ""))
    if code not in world.codes:
        raise RefusalError(error="invalid_code")
    found = world.codes[code]
    if found is None:
        raise RefusalError(error="code_already_used")
    world.codes[code] = None
    team, installer, scopes = found
    team.installed = True
    team.scopes = set(scopes.split(","))
    return {
        **_describe(team.issue_token()),
        "authed_user": {"id": installer},
        "enterprise": None,
        "is_enterprise_install": False,
    }


def _refresh(world: World, refresh: str) -> Json:
    for team in world.teams.values():
        for token in team.tokens:
            if refresh and token.refresh == refresh:
                if token.error:
                    raise RefusalError(error=token.error)
                token.refresh = ""
                return _describe(team.issue_token())
    raise RefusalError(error="invalid_refresh_token")


def _describe(token: Token) -> Json:
    team: Team = token.team
    described: Json = {
        "app_id": team.app.id,
        "scope": ",".join(sorted(token.scopes)),
        "token_type": "bot",
        "access_token": token.text,
        "bot_user_id": team.bot.id,
        "team": {"id": team.id, "name": team.name},
    }
    if token.expires is not None:
        left = round(token.expires - team.clock.now())
        described |= {"refresh_token": token.refresh, "expires_in": left}
    return described
