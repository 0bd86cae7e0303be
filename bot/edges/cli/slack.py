"""`papers slack` and `papers manifest`: answering in Slack, and making the app there."""

import click

from bot.app import App
from bot.config.slack import Transport, find_problems
from bot.edges.cli.options import show, with_app
from bot.edges.cli.staying import prepare
from bot.edges.logs import get_log, log_options
from bot.edges.running import run_roles
from bot.errors import UserError


@click.command()
@click.option(
    "--rotate-keys",
    is_flag=True,
    help="Only encrypt the workspaces' tokens anew, with the first key.",
)
@log_options
@with_app
def slack(app: App, /, *, rotate_keys: bool) -> int:
    """Answer `/papers`, buttons and forms over Socket Mode until told to stop.

    Needs SLACK_BOT_TOKEN and SLACK_APP_TOKEN in the environment; `papers manifest` makes the app.
    Any number of these may run, up to Slack's ten. With [slack] transport = "http" it is `papers
    web` that answers.

    To change the key that tokens are encrypted with, put a new one before the old one in
    SLACK_ENCRYPTION_KEYS, restart, run this with --rotate-keys, and take the old one out.
    """
    settings = app.settings.slack
    if rotate_keys:
        return _rotate(app)
    if settings.transport is not Transport.SOCKET:
        msg = 'with [slack] transport = "http" Slack comes to `papers web`: start that instead'
        raise UserError(msg)
    problems = find_problems(settings)
    if problems:
        raise UserError("; ".join(problems))
    from bot.edges.slack_app.serving import serve_slack
    from bot.edges.slack_app.socket import check_app_token

    log = get_log()
    prepare(app)
    check_app_token(settings.app_token, settings.api_url)
    return 0 if run_roles({"slack": lambda stop: serve_slack(app, stop, log)}, log) else 1


def _rotate(app: App) -> int:
    """Encrypt every kept token with the first of the keys."""
    installations = app.slack.installations if app.settings.slack.is_shared else None
    if installations is None:
        msg = (
            "no tokens are kept in the database: that takes SLACK_CLIENT_ID, SLACK_CLIENT_SECRET"
            " and SLACK_ENCRYPTION_KEYS in the environment"
        )
        raise UserError(msg)
    number = installations.rotate_keys()
    show(f"{number} token{'' if number == 1 else 's'} encrypted anew with the first key")
    return 0


@click.command()
@click.option(
    "--format",
    "form",
    type=click.Choice(["yaml", "json"]),
    default="yaml",
    show_default=True,
    help="Slack takes either.",
)
@click.option("--link", is_flag=True, help="Print the link that creates the app from it instead.")
@click.option(
    "--url",
    help="Where Slack and browsers reach `papers web`.  [default: [bot] base_url]",
)
@click.option("--rotate", is_flag=True, help="Let tokens expire; this cannot be undone in Slack.")
@with_app
def manifest(app: App, /, *, form: str, link: bool, url: str | None, rotate: bool) -> int:
    """Print the Slack app's manifest: open the link, choose a workspace, create, install.

    For Socket Mode, or, with [slack] transport = "http", for requests to this program's own
    address. Where SLACK_CLIENT_ID is set other workspaces may install the app, too.
    """
    from bot.edges.slack_app.manifest import build_link, build_manifest, write_json, write_yaml

    settings = app.settings
    http = settings.slack.transport is Transport.HTTP
    oauth = bool(settings.slack.client_id)
    base_url = url or settings.base_url
    if (http or oauth) and not base_url.startswith("https://"):
        msg = (
            "Slack reaches this program by an https:// address: name it with --url or "
            '[bot] base_url = "https://papers.lab.example"'
        )
        raise UserError(msg)
    if rotate and not oauth:
        msg = (
            "tokens that expire are kept in the database, as those of OAuth are: --rotate needs"
            " SLACK_CLIENT_ID, SLACK_CLIENT_SECRET and SLACK_ENCRYPTION_KEYS in the environment"
        )
        raise UserError(msg)
    built = build_manifest(
        settings.slack.command, base_url=base_url, http=http, oauth=oauth, rotate=rotate
    )
    if link:
        show(build_link(built))
    else:
        show(write_yaml(built) if form == "yaml" else write_json(built))
    return 0
