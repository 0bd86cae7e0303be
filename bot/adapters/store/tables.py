"""The tables as they are now, for SQLite and PostgreSQL alike; `migrations` tells how they came.

Times are microseconds since 1970 in UTC, days are ISO dates, lists and mappings are JSON text.
Small columns stand before long texts, which SQLite keeps on pages of their own.
"""

from collections.abc import Iterable
from enum import StrEnum

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    MetaData,
    PrimaryKeyConstraint,
    String,
    Table,
    Text,
    UniqueConstraint,
)

from bot.core.editions import BatchState, DeliveryState, DestinationKind
from bot.core.papers import AnnounceType
from bot.core.records import Mark

# Every constraint has a name, so that a later migration can change it on SQLite too:
# https://alembic.sqlalchemy.org/en/latest/naming.html
metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)


def _one_of(column: str, values: Iterable[StrEnum]) -> CheckConstraint:
    listed = ", ".join(f"'{value}'" for value in values)
    return CheckConstraint(f"{column} IN ({listed})", name=column)


# The current text of each paper, and that text as the matcher sees it.
papers = Table(
    "papers",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("base_id", Text, nullable=False),
    Column("version", Integer, nullable=False),
    Column("first_day", Text, nullable=False),
    Column("prepared_version", Integer, nullable=False),
    Column("title", Text, nullable=False),
    Column("authors", Text, nullable=False),
    Column("abstract", Text, nullable=False),
    Column("categories", Text, nullable=False),
    Column("comments", Text, nullable=False),
    Column("doi", Text, nullable=False),
    Column("journal_ref", Text, nullable=False),
    Column("prepared_text", Text, nullable=False),
    Column("prepared_marks", Text, nullable=False),
    UniqueConstraint("base_id"),
    Index(None, "prepared_version"),
)

# Every version seen. `record` is null for the one whose text stands in `papers`.
versions = Table(
    "versions",
    metadata,
    Column("base_id", Text, ForeignKey("papers.base_id"), nullable=False),
    Column("version", Integer, nullable=False),
    Column("seen_day", Text, nullable=False),
    Column("record", Text, nullable=True),
    PrimaryKeyConstraint("base_id", "version"),
)

# What was announced; all of a row is its key, so that a batch can be compared with the next one.
entries = Table(
    "entries",
    metadata,
    Column("category", Text, nullable=False),
    Column("day", Text, nullable=False),
    Column("base_id", Text, nullable=False),
    Column("version", Integer, nullable=False),
    Column("kind", Text, nullable=False),
    PrimaryKeyConstraint("category", "day", "base_id", "version", "kind"),
    ForeignKeyConstraint(["base_id", "version"], ["versions.base_id", "versions.version"]),
    _one_of("kind", AnnounceType),
    Index(None, "base_id"),
    sqlite_with_rowid=False,
)

receipts = Table(
    "receipts",
    metadata,
    Column("category", Text, nullable=False),
    Column("day", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("announced", Integer, nullable=False),
    Column("read", Integer, nullable=False),
    Column("new", Integer, nullable=False),
    Column("cross", Integer, nullable=False),
    Column("replaced", Integer, nullable=False),
    Column("stored", Integer, nullable=False),
    Column("problems", Text, nullable=False),
    Column("at", BigInteger, nullable=False),
    PrimaryKeyConstraint("category", "day"),
    _one_of("state", BatchState),
)

# Moments from which something may be done again: a request to arXiv, a message to a channel.
throttle = Table(
    "throttle",
    metadata,
    Column("name", Text, nullable=False),
    Column("next_at", BigInteger, nullable=False),
    PrimaryKeyConstraint("name"),
)

# `definition` is null for sets that live elsewhere (in the config file) and only have editions.
sets = Table(
    "sets",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("owner", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("paused", Boolean, nullable=False),
    Column("removed", Boolean, nullable=False),
    Column("definition", Text, nullable=True),
    UniqueConstraint("owner", "name"),
)

editions = Table(
    "editions",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("set_id", Integer, ForeignKey("sets.id"), nullable=False),
    Column("day", Text, nullable=False),
    Column("earlier", Integer, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("summary", Text, nullable=False),
    Column("receipt", Text, nullable=False),
    Column("since", Text, nullable=True),
    UniqueConstraint("set_id", "day"),
)

# `categories` is frozen here because a paper gains some without a new version.
edition_papers = Table(
    "edition_papers",
    metadata,
    Column("edition_id", Integer, ForeignKey("editions.id"), nullable=False),
    Column("position", Integer, nullable=False),
    Column("set_id", Integer, ForeignKey("sets.id"), nullable=False),
    Column("delivery_key", Text, nullable=False),
    Column("base_id", Text, nullable=False),
    Column("version", Integer, nullable=False),
    Column("kind", Text, nullable=False),
    Column("categories", Text, nullable=False),
    Column("kinds", Text, nullable=False),
    Column("hits", Text, nullable=False),
    PrimaryKeyConstraint("edition_id", "position"),
    UniqueConstraint("set_id", "delivery_key"),
    ForeignKeyConstraint(["base_id", "version"], ["versions.base_id", "versions.version"]),
    _one_of("kind", AnnounceType),
    Index(None, "base_id"),
)

# `reason` says why it is paused, where no person wished it; `paused_until` when that ends by
# itself.
subscriptions = Table(
    "subscriptions",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("set_id", Integer, ForeignKey("sets.id"), nullable=False),
    Column("kind", Text, nullable=False),
    Column("address", Text, nullable=False),
    Column("origin", Text, nullable=False),
    Column("paused", Boolean, nullable=False),
    Column("removed", Boolean, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("reason", Text, nullable=False),
    Column("schedule", Text, nullable=False),
    Column("paused_until", BigInteger, nullable=True),
    UniqueConstraint("set_id", "kind", "address"),
    _one_of("kind", DestinationKind),
    Index(None, "address"),
)

# `edition_id` is the newest of what goes out together; the others are in `joined_editions`.
# `wired`: what an attempt sent may have arrived. `repeats` counts sendings that may have repeated
# an earlier one, `failures` attempts that ended badly. `planned_at`, when it was to leave, and
# `settled_at` are for measuring. `draft` is what all attempts of it send alike; `deferrals` counts
# attempts that the destination had no time for.
deliveries = Table(
    "deliveries",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("edition_id", Integer, ForeignKey("editions.id"), nullable=False),
    Column("kind", Text, nullable=False),
    Column("address", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("attempt", Integer, nullable=False),
    Column("key", Text, nullable=False),
    Column("lease_until", BigInteger, nullable=True),
    Column("due_at", BigInteger, nullable=True),
    Column("subscription_id", Integer, ForeignKey("subscriptions.id"), nullable=False),
    Column("slot", Text, nullable=False),
    Column("repeats", Integer, nullable=False),
    Column("failures", Integer, nullable=False),
    Column("wired", Boolean, nullable=False),
    Column("planned_at", BigInteger, nullable=False),
    Column("settled_at", BigInteger, nullable=True),
    Column("draft", Text, nullable=True),
    Column("deferrals", Integer, nullable=True),
    # The delivery in whose mail this one goes out; none: it goes out by itself.
    Column("lead_id", Integer, nullable=True),
    UniqueConstraint("edition_id", "kind", "address"),
    UniqueConstraint("key"),
    _one_of("kind", DestinationKind),
    _one_of("state", DeliveryState),
    Index(None, "state", "settled_at"),
    Index(None, "subscription_id"),
    Index(None, "lead_id"),
)

joined_editions = Table(
    "joined_editions",
    metadata,
    Column("delivery_id", Integer, ForeignKey("deliveries.id"), nullable=False),
    Column("edition_id", Integer, ForeignKey("editions.id"), nullable=False),
    PrimaryKeyConstraint("delivery_id", "edition_id"),
    Index(None, "edition_id"),
)

# The messages of deliveries that are several: when each left, and what its destination calls it
# ("": nobody knows whether it arrived).
delivery_parts = Table(
    "delivery_parts",
    metadata,
    Column("delivery_id", Integer, ForeignKey("deliveries.id"), nullable=False),
    Column("number", Integer, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("reference", Text, nullable=False),
    PrimaryKeyConstraint("delivery_id", "number"),
)

# The ledger's history; rows are only ever added.
delivery_events = Table(
    "delivery_events",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("delivery_id", Integer, ForeignKey("deliveries.id"), nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("state", Text, nullable=False),
    Column("attempt", Integer, nullable=False),
    Column("detail", Text, nullable=False),
    _one_of("state", DeliveryState),
    Index(None, "delivery_id"),
)

# When something was last done that all processes together do only so often.
turns = Table(
    "turns",
    metadata,
    Column("name", Text, nullable=False),
    Column("at", BigInteger, nullable=False),
    PrimaryKeyConstraint("name"),
)

# The processes that share this database, each with the last sign of its life.
heartbeats = Table(
    "heartbeats",
    metadata,
    Column("process", Text, nullable=False),
    Column("role", Text, nullable=False),
    Column("at", BigInteger, nullable=False),
    PrimaryKeyConstraint("process", "role"),
)

# What is counted over all processes, restarts included.
counters = Table(
    "counters",
    metadata,
    Column("name", Text, nullable=False),
    Column("label", Text, nullable=False),
    Column("count", BigInteger, nullable=False),
    PrimaryKeyConstraint("name", "label"),
)

# What people of a workspace think of papers: `place` is the conversation for which it holds.
paper_marks = Table(
    "paper_marks",
    metadata,
    Column("team", Text, nullable=False),
    Column("user", Text, nullable=False),
    Column("mark", Text, nullable=False),
    Column("base_id", Text, nullable=False),
    Column("place", Text, nullable=False),
    Column("at", BigInteger, nullable=False),
    PrimaryKeyConstraint("team", "user", "mark", "base_id", "place"),
    _one_of("mark", Mark),
)

# Where a paper was first spoken of in a Slack conversation: `ts` names the message.
discussed_papers = Table(
    "discussed_papers",
    metadata,
    Column("team", Text, nullable=False),
    Column("channel", Text, nullable=False),
    Column("base_id", Text, nullable=False),
    Column("ts", Text, nullable=False),
    PrimaryKeyConstraint("team", "channel", "base_id"),
)

# How far a conversation's history was read for papers: `ts` names the newest message.
read_channels = Table(
    "read_channels",
    metadata,
    Column("team", Text, nullable=False),
    Column("channel", Text, nullable=False),
    Column("ts", Text, nullable=False),
    PrimaryKeyConstraint("team", "channel"),
)

# What Slack told us and may tell again; kept for a day.
seen_events = Table(
    "seen_events",
    metadata,
    Column("name", Text, nullable=False),
    Column("at", BigInteger, nullable=False),
    PrimaryKeyConstraint("name"),
    Index(None, "at"),
)

# Alembic's own table, as Alembic makes it; kept apart so that it can be read without Alembic.
alembic_version = Table(
    "alembic_version",
    MetaData(),
    Column("version_num", String(32), nullable=False),
    PrimaryKeyConstraint("version_num", name="alembic_version_pkc"),
)
