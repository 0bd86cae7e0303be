"""Workspaces that installed the app: slack_sdk's stores in the bot's database, tokens encrypted.

Tokens that expire are renewed before they do. Without the keys of the environment a copy of the
database holds no token that anybody could use.
"""

import logging
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Protocol, TypeVar, cast

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from slack_sdk.errors import SlackApiError, SlackTokenRotationError
from slack_sdk.oauth.installation_store import Bot, Installation, InstallationStore
from slack_sdk.oauth.installation_store.sqlalchemy import SQLAlchemyInstallationStore
from slack_sdk.oauth.token_rotation import TokenRotator
from slack_sdk.web import WebClient
from sqlalchemy import URL, Engine, MetaData, Table, delete

from bot.adapters.slack.errors import SlackError, Trouble, explain
from bot.adapters.store.faults import translated
from bot.adapters.store.slack_tables import (
    TOKENS,
    slack_bots,
    slack_installations,
)

_RENEW = "oauth.v2.access"
# Slack's tokens live for twelve hours; they are renewed two before their end.
_EARLY = timedelta(hours=2)
# One process renews, and the others use the old token meanwhile.
_TURN = timedelta(minutes=1)
_TIMEOUT_S = 30

_Kept = TypeVar("_Kept", Bot, Installation)
_SECRETS = {Bot: TOKENS[slack_bots], Installation: TOKENS[slack_installations]}


class WorkspaceStore(Protocol):
    """The database, as far as workspaces need it."""

    url: URL

    @property
    def reader(self) -> Engine:
        """The engine of statements that only read."""
        ...

    @property
    def writer(self) -> Engine:
        """The engine of transactions that write."""
        ...

    def find_enterprise(self, team: str) -> str | None:
        """Return the organisation to which a workspace belonged when it installed the app last."""
        ...

    def rewrite_tokens(self, rewrite: Callable[[str], str]) -> int:
        """Write every token anew, all in one transaction; return how many there are."""
        ...

    def take_turn(self, name: str, now: datetime, every: timedelta) -> bool:
        """Take a turn that all processes together take at most once within `every`."""
        ...


class _Rows(SQLAlchemyInstallationStore):
    """slack_sdk's own store, on our tables."""

    @classmethod
    def build_installations_table(cls, metadata: MetaData, table_name: str) -> Table:  # noqa: ARG003 - slack_sdk's signature
        return slack_installations

    @classmethod
    def build_bots_table(cls, metadata: MetaData, table_name: str) -> Table:  # noqa: ARG003 - the same
        return slack_bots


class Installations(InstallationStore):
    """Keeps installations; every token is encrypted before it reaches the database."""

    def __init__(
        self,
        store: WorkspaceStore,
        *,
        client_id: str,
        client_secret: str,
        keys: Sequence[str],
        api_url: str,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        """Encrypt with the first of `keys` and decrypt with any; they are Fernet's."""
        self._store = store
        self._codec = MultiFernet([Fernet(key) for key in keys])
        self._reading = _Rows(client_id, store.reader)
        self._writing = _Rows(client_id, store.writer)
        self._now = now
        # slack_sdk writes what it sends and gets to its log.
        self._silence = logging.getLogger("papers.slack")
        self._silence.setLevel(logging.CRITICAL + 1)
        client = WebClient(
            base_url=api_url, timeout=_TIMEOUT_S, logger=self._silence, retry_handlers=[]
        )
        self._rotator = TokenRotator(
            client_id=client_id, client_secret=client_secret, client=client
        )

    @property
    def logger(self) -> logging.Logger:
        """A log that says nothing, as tokens could stand in it."""
        return self._silence

    def save(self, installation: Installation) -> None:
        """Keep an installation and its bot."""
        kept = Installation(**installation.to_dict_for_copying())
        with translated(self._store.url):
            self._writing.save(self._recode(kept, self._encrypt))

    def save_bot(self, bot: Bot) -> None:
        """Keep a bot alone."""
        kept = Bot(**bot.to_dict_for_copying())
        with translated(self._store.url):
            self._writing.save_bot(self._recode(kept, self._encrypt))

    def find_bot(
        self,
        *,
        enterprise_id: str | None,
        team_id: str | None,
        is_enterprise_install: bool | None = False,
    ) -> Bot | None:
        """Find the newest bot of a workspace; raise SlackError where no key decrypts its token."""
        with translated(self._store.url):
            found = self._reading.find_bot(
                enterprise_id=enterprise_id,
                team_id=team_id,
                is_enterprise_install=is_enterprise_install,
            )
        return found and self._recode(found, self._decrypt)

    def find_installation(
        self,
        *,
        enterprise_id: str | None,
        team_id: str | None,
        user_id: str | None = None,
        is_enterprise_install: bool | None = False,
    ) -> Installation | None:
        """Find the newest installation; raise SlackError where no key decrypts its tokens."""
        with translated(self._store.url):
            found = self._reading.find_installation(
                enterprise_id=enterprise_id,
                team_id=team_id,
                user_id=user_id,
                is_enterprise_install=is_enterprise_install,
            )
        return found and self._recode(found, self._decrypt)

    def delete_bot(self, *, enterprise_id: str | None, team_id: str | None) -> None:
        """Delete a workspace's bots."""
        with translated(self._store.url):
            self._writing.delete_bot(enterprise_id=enterprise_id, team_id=team_id)

    def delete_installation(
        self, *, enterprise_id: str | None, team_id: str | None, user_id: str | None = None
    ) -> None:
        """Delete a workspace's installations, or those of one person there."""
        with translated(self._store.url):
            self._writing.delete_installation(
                enterprise_id=enterprise_id, team_id=team_id, user_id=user_id
            )

    def forget_tokens(self, team: str) -> None:
        """Delete all tokens of a workspace that the app was taken out of."""
        with translated(self._store.url), self._store.writer.begin() as connection:
            for table in TOKENS:
                connection.execute(delete(table).where(table.c.team_id == team))

    def rotate_keys(self) -> int:
        """Encrypt every token with the first key; return how many there are.

        Afterwards the other keys are needed no more. Raise SlackError, and change nothing, where
        no key decrypts one.
        """
        return self._store.rewrite_tokens(self._rotate)

    def find_token(self, team: str) -> str | None:
        """Return a workspace's token, renewed where it is about to end; None: not installed."""
        found = self._find(team)
        if found is None or not found.bot_token:
            return None
        left = self._time_left(found)
        if left is None or left > _EARLY:
            return found.bot_token
        try:
            return self._renew(team, found) or found.bot_token
        except SlackError:
            if left > _TURN:
                return found.bot_token
            raise

    def renew_token(self, team: str, old: str) -> str | None:
        """Return a token in the place of one that has had its time; None where there is none."""
        found = self._find(team)
        if found is None or not found.bot_token:
            return None
        if found.bot_token != old:
            return found.bot_token
        return self._renew(team, found)

    def _find(self, team: str) -> Installation | None:
        return self.find_installation(enterprise_id=self._store.find_enterprise(team), team_id=team)

    def _time_left(self, installation: Installation) -> timedelta | None:
        """Return how long a token lives yet; None where it does not end."""
        if installation.bot_token_expires_at is None:
            return None
        return datetime.fromtimestamp(installation.bot_token_expires_at, UTC) - self._now()

    def _renew(self, team: str, installation: Installation) -> str | None:
        """Renew a workspace's tokens, if it is this process's turn; None where they do not end."""
        if installation.bot_token_expires_at is None:
            return None
        if not self._store.take_turn(f"slack token {team}", self._now(), _TURN):
            reason = "its token is just being renewed"
            raise SlackError(_RENEW, Trouble.BUSY, reason, retry_after=_TURN.total_seconds())
        # All that ends at all is renewed, whoever's clock says what.
        always = timedelta(days=10_000) // timedelta(minutes=1)
        try:
            renewed = self._rotator.perform_token_rotation(
                installation=installation, minutes_before_expiration=always
            )
        except SlackTokenRotationError as error:
            raise _explain_refusal(error.api_error) from error
        except Exception as error:
            # slack_sdk lets out whatever its parts raise.
            raise explain(_RENEW, error) from error
        if renewed is None or not renewed.bot_token:
            reason = "it answered with another kind of token"
            raise SlackError(_RENEW, Trouble.REFUSED, reason)
        self.save(renewed)
        return renewed.bot_token

    def _recode(self, kept: _Kept, code: Callable[[str], str]) -> _Kept:
        """Write every secret of an object of slack_sdk's anew."""
        for name in _SECRETS[type(kept)]:
            secret = cast("str | None", getattr(kept, name))
            if secret is not None:
                setattr(kept, name, code(secret))
        return kept

    def _encrypt(self, secret: str) -> str:
        return self._codec.encrypt(secret.encode()).decode()

    def _decrypt(self, kept: str) -> str:
        try:
            return self._codec.decrypt(kept.encode()).decode()
        except InvalidToken as error:
            raise _tell_keyless() from error

    def _rotate(self, kept: str) -> str:
        try:
            return self._codec.rotate(kept.encode()).decode()
        except InvalidToken as error:
            raise _tell_keyless() from error


def _explain_refusal(error: SlackApiError) -> SlackError:
    """Say why a token was not renewed: what Slack refuses to renew is of no use any more."""
    told = explain(_RENEW, error)
    if told.trouble is not Trouble.REFUSED:
        return told
    return SlackError(_RENEW, Trouble.WORKSPACE, told.reason, code=told.code)


def _tell_keyless() -> SlackError:
    reason = (
        "its token was encrypted with another key: add that to SLACK_ENCRYPTION_KEYS, or have the"
        " app installed again"
    )
    return SlackError(_RENEW, Trouble.WORKSPACE, reason)
