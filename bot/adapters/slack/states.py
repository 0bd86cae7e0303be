"""What tells that who comes back from Slack's page of consent was sent there by this program."""

import logging
from datetime import UTC, datetime
from typing import Protocol

from slack_sdk.oauth.state_store.sqlalchemy import SQLAlchemyOAuthStateStore
from sqlalchemy import URL, ColumnElement, Engine, MetaData, Table, delete

from bot.adapters.store.faults import translated
from bot.adapters.store.slack_tables import slack_oauth_states

# A person may take so long to agree to an installation.
STATE_SECONDS = 600


class StateStore(Protocol):
    """The database, as far as states need it."""

    url: URL

    @property
    def writer(self) -> Engine:
        """The engine of transactions that write."""
        ...


class States(SQLAlchemyOAuthStateStore):
    """What a person who installs the app must bring back from Slack, once and in time."""

    def __init__(self, store: StateStore, seconds: int = STATE_SECONDS) -> None:
        """Each state counts for so many seconds."""
        silence = logging.getLogger("papers.slack")
        super().__init__(seconds, store.writer, silence)
        self._url = store.url

    @classmethod
    def build_oauth_states_table(cls, metadata: MetaData, table_name: str) -> Table:  # noqa: ARG003 - slack_sdk's signature
        """Give the table of our own schema."""
        return slack_oauth_states

    def issue(self, *args: object, **kwargs: object) -> str:
        """Make a state; those that nobody brought back in time are thrown away."""
        with translated(self._url):
            with self.engine.begin() as connection:
                connection.execute(delete(slack_oauth_states).where(_is_over()))
            return super().issue(*args, **kwargs)

    def consume(self, state: str) -> bool:
        """Take a state back; False where it was not issued, is too old, or came before."""
        taken = (
            delete(slack_oauth_states)
            .where(slack_oauth_states.c.state == state, ~_is_over())
            .returning(slack_oauth_states.c.id)
        )
        with translated(self._url), self.engine.begin() as connection:
            return connection.execute(taken).first() is not None


def _is_over() -> ColumnElement[bool]:
    return slack_oauth_states.c.expire_at <= datetime.now(UTC).replace(tzinfo=None)
