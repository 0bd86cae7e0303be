"""The tables of people who read by mail: what they agreed to, and what came back of it."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    Integer,
    PrimaryKeyConstraint,
    Table,
    Text,
    UniqueConstraint,
)

from bot.adapters.store.tables import metadata

# `key` is the address as addresses are compared; `nonce` is in each link of the person, so that
# links end when it changes; `schedule` is as a subscription's.
subscribers = Table(
    "subscribers",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("address", Text, nullable=False),
    Column("key", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("nonce", Text, nullable=False),
    Column("bundled", Boolean, nullable=False),
    Column("schedule", Text, nullable=False),
    Column("paused_until", BigInteger, nullable=True),
    Column("created_at", BigInteger, nullable=False),
    Column("confirmed_at", BigInteger, nullable=True),
    UniqueConstraint("key"),
    CheckConstraint("state IN ('pending', 'confirmed', 'left')", name="state"),
)

# What a person agreed to or ended, when, and the proof of it; only ever appended to.
consents = Table(
    "consents",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("subscriber_id", Integer, ForeignKey("subscribers.id"), nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("what", Text, nullable=False),
    Column("set_name", Text, nullable=False),
    Column("proof", Text, nullable=False),
    Index(None, "subscriber_id"),
)

# Addresses that get no mail, whoever asks for it: only a hash of each is kept.
suppressions = Table(
    "suppressions",
    metadata,
    Column("hash", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("at", BigInteger, nullable=False),
    PrimaryKeyConstraint("hash"),
)

# What came back, by the hash of the address; `name` keeps a report that is read twice from
# counting twice.
bounces = Table(
    "bounces",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("name", Text, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("hash", Text, nullable=False),
    Column("domain", Text, nullable=False),
    Column("verdict", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("delivery_key", Text, nullable=False),
    Column("detail", Text, nullable=False),
    UniqueConstraint("name"),
    Index(None, "hash", "at"),
)

# Domains that are left alone, for all processes together; "" is the relay.
paused_domains = Table(
    "paused_domains",
    metadata,
    Column("domain", Text, nullable=False),
    Column("since", BigInteger, nullable=False),
    Column("until", BigInteger, nullable=False),
    Column("trips", Integer, nullable=False),
    Column("reason", Text, nullable=False),
    PrimaryKeyConstraint("domain"),
)
