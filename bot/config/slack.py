"""What the configuration says of Slack, and what of it cannot work together; asks nobody."""

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType

SLACK_URL = "https://slack.com/api"
FERNET_BYTES = 32


class Transport(StrEnum):
    """How Slack reaches this program."""

    SOCKET = "socket"
    HTTP = "http"


# The secrets of the environment, and what [slack] would call them in a file, where none may stand.
SECRETS: Mapping[str, str] = MappingProxyType(
    {
        "bot_token": "SLACK_BOT_TOKEN",
        "app_token": "SLACK_APP_TOKEN",
        "signing_secret": "SLACK_SIGNING_SECRET",
        "client_id": "SLACK_CLIENT_ID",
        "client_secret": "SLACK_CLIENT_SECRET",
        "encryption_keys": "SLACK_ENCRYPTION_KEYS",
    }
)


@dataclass(frozen=True, slots=True)
class SlackSettings:
    """How Slack is talked to.

    `posts_per_minute` are a workspace's, over all workers. `bot_token` is the home workspace's;
    `app_token` is for Socket Mode, `signing_secret` for HTTP. `client_id` and `client_secret` let
    other workspaces install the app, whose tokens the first of `encryption_keys` encrypts; all of
    them decrypt.
    """

    command: str = "/papers"
    transport: Transport = Transport.SOCKET
    posts_per_minute: int = 240
    api_url: str = SLACK_URL
    client_id: str = ""
    bot_token: str = field(default="", repr=False)
    app_token: str = field(default="", repr=False)
    signing_secret: str = field(default="", repr=False)
    client_secret: str = field(default="", repr=False)
    encryption_keys: tuple[str, ...] = field(default=(), repr=False)

    @property
    def is_shared(self) -> bool:
        """Whether other workspaces may install the app."""
        keyed = self.encryption_keys and all(map(is_fernet_key, self.encryption_keys))
        return bool(self.client_id and self.client_secret and keyed)

    @property
    def can_post(self) -> bool:
        """Whether there is a token to post with, or a way to get one."""
        return bool(self.bot_token) or self.is_shared


def find_problems(slack: SlackSettings) -> tuple[str, ...]:
    """Say what cannot work together, a sentence each with what to do; no secret is shown."""
    found = []
    if slack.transport is Transport.HTTP and not slack.signing_secret:
        found.append(
            'transport = "http" needs SLACK_SIGNING_SECRET in the environment'
            ' ("Basic Information" of the app), or no request could be trusted'
        )
    if slack.transport is Transport.SOCKET and not slack.app_token:
        found.append(
            'transport = "socket" needs SLACK_APP_TOKEN in the environment: under "Basic'
            ' Information", "App-Level Tokens", make one with connections:write'
        )
    if slack.app_token and not slack.app_token.startswith("xapp-"):
        found.append(
            "SLACK_APP_TOKEN does not begin with xapp-: take an app-level token, not a bot token"
        )
    if slack.client_id and not slack.client_secret:
        found.append("SLACK_CLIENT_ID needs SLACK_CLIENT_SECRET beside it in the environment")
    if slack.client_secret and not slack.client_id:
        found.append("SLACK_CLIENT_SECRET needs SLACK_CLIENT_ID beside it in the environment")
    if slack.client_id and not slack.encryption_keys:
        found.append(
            "SLACK_CLIENT_ID needs SLACK_ENCRYPTION_KEYS, so that no token is kept in plain text:"
            " `openssl rand -base64 32 | tr +/ -_` makes one"
        )
    found += (
        f"SLACK_ENCRYPTION_KEYS: key {number} is not a Fernet key (32 bytes in URL-safe base64):"
        " `openssl rand -base64 32 | tr +/ -_` makes one"
        for number, key in enumerate(slack.encryption_keys, 1)
        if not is_fernet_key(key)
    )
    if not slack.bot_token and not slack.client_id:
        found.append(
            "there is no token: put the app's Bot User OAuth Token (xoxb-...) into SLACK_BOT_TOKEN"
        )
    return tuple(found)


def is_fernet_key(text: str) -> bool:
    """Whether a text is a key of cryptography's Fernet, without importing that.

    https://github.com/fernet/spec/blob/master/Spec.md#key-format
    """
    try:
        return len(base64.b64decode(text.encode(), altchars=b"-_", validate=True)) == FERNET_BYTES
    except (binascii.Error, ValueError):
        return False
