"""The tables of workspaces that installed the Slack app; their columns are what slack_sdk asks for.

Tokens stand in them encrypted, which makes them longer than slack_sdk's own columns, and its times
are without a zone, in UTC.
"""

from sqlalchemy import Boolean, Column, DateTime, Index, Integer, PrimaryKeyConstraint, Table, Text

from bot.adapters.store.tables import metadata

slack_installations = Table(
    "slack_installations",
    metadata,
    Column("id", Integer, nullable=False),
    Column("client_id", Text, nullable=False),
    Column("app_id", Text, nullable=True),
    Column("enterprise_id", Text, nullable=True),
    Column("enterprise_name", Text, nullable=True),
    Column("enterprise_url", Text, nullable=True),
    Column("team_id", Text, nullable=True),
    Column("team_name", Text, nullable=True),
    Column("bot_token", Text, nullable=True),
    Column("bot_id", Text, nullable=True),
    Column("bot_user_id", Text, nullable=True),
    Column("bot_scopes", Text, nullable=True),
    Column("bot_refresh_token", Text, nullable=True),
    Column("bot_token_expires_at", DateTime, nullable=True),
    Column("user_id", Text, nullable=False),
    Column("user_token", Text, nullable=True),
    Column("user_scopes", Text, nullable=True),
    Column("user_refresh_token", Text, nullable=True),
    Column("user_token_expires_at", DateTime, nullable=True),
    Column("incoming_webhook_url", Text, nullable=True),
    Column("incoming_webhook_channel", Text, nullable=True),
    Column("incoming_webhook_channel_id", Text, nullable=True),
    Column("incoming_webhook_configuration_url", Text, nullable=True),
    Column("is_enterprise_install", Boolean, nullable=False),
    Column("token_type", Text, nullable=True),
    Column("installed_at", DateTime, nullable=False),
    PrimaryKeyConstraint("id"),
    Index(None, "team_id", "installed_at"),
)

slack_bots = Table(
    "slack_bots",
    metadata,
    Column("id", Integer, nullable=False),
    Column("client_id", Text, nullable=False),
    Column("app_id", Text, nullable=True),
    Column("enterprise_id", Text, nullable=True),
    Column("enterprise_name", Text, nullable=True),
    Column("team_id", Text, nullable=True),
    Column("team_name", Text, nullable=True),
    Column("bot_token", Text, nullable=True),
    Column("bot_id", Text, nullable=True),
    Column("bot_user_id", Text, nullable=True),
    Column("bot_scopes", Text, nullable=True),
    Column("bot_refresh_token", Text, nullable=True),
    Column("bot_token_expires_at", DateTime, nullable=True),
    Column("is_enterprise_install", Boolean, nullable=False),
    Column("installed_at", DateTime, nullable=False),
    PrimaryKeyConstraint("id"),
    Index(None, "team_id", "installed_at"),
)

# What a person who installs the app must bring back from Slack, until then.
slack_oauth_states = Table(
    "slack_oauth_states",
    metadata,
    Column("id", Integer, nullable=False),
    Column("state", Text, nullable=False),
    Column("expire_at", DateTime, nullable=False),
    PrimaryKeyConstraint("id"),
    Index(None, "state", unique=True),
)

# The columns that hold secrets.
TOKENS = {
    slack_installations: (
        "bot_token",
        "bot_refresh_token",
        "user_token",
        "user_refresh_token",
        "incoming_webhook_url",
        "incoming_webhook_configuration_url",
    ),
    slack_bots: ("bot_token", "bot_refresh_token"),
}
