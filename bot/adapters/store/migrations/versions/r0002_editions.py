"""Keyword sets, editions and the ledger of deliveries."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

_KINDS = "kind IN ('new', 'cross', 'replace', 'replace-cross')"
_DESTINATIONS = "kind IN ('channel', 'email', 'folder')"
_STATES = "state IN ('pending', 'sending', 'sent', 'retry', 'unknown', 'failed', 'cancelled')"


def upgrade() -> None:
    """Make the tables of publish, deliver and subscribing."""
    op.create_table(
        "sets",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("owner", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("paused", sa.Boolean(), nullable=False),
        sa.Column("removed", sa.Boolean(), nullable=False),
        sa.Column("definition", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_sets"),
        sa.UniqueConstraint("owner", "name", name="uq_sets_owner_name"),
    )
    op.create_table(
        "editions",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("set_id", sa.Integer(), nullable=False),
        sa.Column("day", sa.Text(), nullable=False),
        sa.Column("earlier", sa.Integer(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("summary", sa.Text(), nullable=False),
        sa.Column("receipt", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_editions"),
        sa.UniqueConstraint("set_id", "day", name="uq_editions_set_id_day"),
        sa.ForeignKeyConstraint(["set_id"], ["sets.id"], name="fk_editions_set_id"),
    )
    op.create_table(
        "edition_papers",
        sa.Column("edition_id", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("set_id", sa.Integer(), nullable=False),
        sa.Column("delivery_key", sa.Text(), nullable=False),
        sa.Column("base_id", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("categories", sa.Text(), nullable=False),
        sa.Column("kinds", sa.Text(), nullable=False),
        sa.Column("hits", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("edition_id", "position", name="pk_edition_papers"),
        sa.UniqueConstraint("set_id", "delivery_key", name="uq_edition_papers_set_id_delivery_key"),
        sa.ForeignKeyConstraint(
            ["base_id", "version"],
            ["versions.base_id", "versions.version"],
            name="fk_edition_papers_base_id_version",
        ),
        sa.CheckConstraint(_KINDS, name="ck_edition_papers_kind"),
        sa.ForeignKeyConstraint(
            ["edition_id"], ["editions.id"], name="fk_edition_papers_edition_id"
        ),
        sa.ForeignKeyConstraint(["set_id"], ["sets.id"], name="fk_edition_papers_set_id"),
    )
    op.create_index("ix_edition_papers_base_id", "edition_papers", ["base_id"])
    op.create_table(
        "deliveries",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("edition_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("lease_until", sa.BigInteger(), nullable=True),
        sa.Column("due_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_deliveries"),
        sa.UniqueConstraint(
            "edition_id", "kind", "address", name="uq_deliveries_edition_id_kind_address"
        ),
        sa.UniqueConstraint("key", name="uq_deliveries_key"),
        sa.CheckConstraint(_DESTINATIONS, name="ck_deliveries_kind"),
        sa.CheckConstraint(_STATES, name="ck_deliveries_state"),
        sa.ForeignKeyConstraint(["edition_id"], ["editions.id"], name="fk_deliveries_edition_id"),
    )
    op.create_index("ix_deliveries_state", "deliveries", ["state"])
    op.create_table(
        "delivery_events",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("delivery_id", sa.Integer(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_delivery_events"),
        sa.CheckConstraint(_STATES, name="ck_delivery_events_state"),
        sa.ForeignKeyConstraint(
            ["delivery_id"], ["deliveries.id"], name="fk_delivery_events_delivery_id"
        ),
    )
    op.create_index("ix_delivery_events_delivery_id", "delivery_events", ["delivery_id"])
