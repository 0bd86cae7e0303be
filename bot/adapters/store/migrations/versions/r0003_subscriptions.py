"""Subscriptions with schedules, joined deliveries, and what several processes must know."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

_DESTINATIONS = "kind IN ('channel', 'email', 'folder')"


def upgrade() -> None:
    """Make a subscription of every destination that deliveries went to; add the other tables."""
    op.add_column("editions", sa.Column("since", sa.Text(), nullable=True))
    _add_subscriptions()
    _change_deliveries()
    op.create_table(
        "joined_editions",
        sa.Column("delivery_id", sa.Integer(), nullable=False),
        sa.Column("edition_id", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("delivery_id", "edition_id", name="pk_joined_editions"),
        sa.ForeignKeyConstraint(
            ["delivery_id"], ["deliveries.id"], name="fk_joined_editions_delivery_id"
        ),
        sa.ForeignKeyConstraint(
            ["edition_id"], ["editions.id"], name="fk_joined_editions_edition_id"
        ),
    )
    op.create_index("ix_joined_editions_edition_id", "joined_editions", ["edition_id"])
    op.create_table(
        "turns",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_turns"),
    )
    op.create_table(
        "heartbeats",
        sa.Column("process", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("process", "role", name="pk_heartbeats"),
    )
    op.create_table(
        "counters",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("label", sa.Text(), nullable=False),
        sa.Column("count", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("name", "label", name="pk_counters"),
    )


def _add_subscriptions() -> None:
    op.create_table(
        "subscriptions",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("set_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("origin", sa.Text(), nullable=False),
        sa.Column("paused", sa.Boolean(), nullable=False),
        sa.Column("removed", sa.Boolean(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("schedule", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_subscriptions"),
        sa.ForeignKeyConstraint(["set_id"], ["sets.id"], name="fk_subscriptions_set_id"),
        sa.UniqueConstraint(
            "set_id", "kind", "address", name="uq_subscriptions_set_id_kind_address"
        ),
        sa.CheckConstraint(_DESTINATIONS, name="ck_subscriptions_kind"),
    )
    op.create_index("ix_subscriptions_address", "subscriptions", ["address"])
    # Until now only the config file had destinations; what it says is read again at the next start.
    op.execute(
        "INSERT INTO subscriptions"
        " (set_id, kind, address, origin, paused, removed, at, reason, schedule)"
        " SELECT editions.set_id, deliveries.kind, deliveries.address, 'config', false, false,"
        " min(editions.at), '', '[\"daily\", null, \"UTC\", null, null]'"
        " FROM deliveries JOIN editions ON editions.id = deliveries.edition_id"
        " GROUP BY editions.set_id, deliveries.kind, deliveries.address"
        " ORDER BY min(editions.at), min(deliveries.id)"
    )


def _change_deliveries() -> None:
    with op.batch_alter_table("deliveries") as deliveries:
        deliveries.add_column(sa.Column("subscription_id", sa.Integer(), nullable=True))
        deliveries.add_column(sa.Column("slot", sa.Text(), nullable=False, server_default=""))
        deliveries.add_column(
            sa.Column("repeats", sa.Integer(), nullable=False, server_default="0")
        )
        deliveries.add_column(
            sa.Column("failures", sa.Integer(), nullable=False, server_default="0")
        )
        deliveries.add_column(
            sa.Column("wired", sa.Boolean(), nullable=False, server_default=sa.false())
        )
        deliveries.add_column(
            sa.Column("planned_at", sa.BigInteger(), nullable=False, server_default="0")
        )
        deliveries.add_column(sa.Column("settled_at", sa.BigInteger(), nullable=True))
    op.execute(
        "UPDATE deliveries SET"
        " subscription_id = (SELECT subscriptions.id FROM subscriptions JOIN editions"
        " ON editions.set_id = subscriptions.set_id WHERE editions.id = deliveries.edition_id"
        " AND subscriptions.kind = deliveries.kind"
        " AND subscriptions.address = deliveries.address),"
        " slot = (SELECT editions.day FROM editions WHERE editions.id = deliveries.edition_id),"
        # A process of before may have died on the way, or have failed after it was: before any of
        # these is sent again, it is looked for.
        " wired = (state IN ('sending', 'unknown', 'failed')),"
        " planned_at = coalesce((SELECT min(delivery_events.at) FROM delivery_events"
        " WHERE delivery_events.delivery_id = deliveries.id), 0),"
        " settled_at = (SELECT max(delivery_events.at) FROM delivery_events"
        " WHERE delivery_events.delivery_id = deliveries.id"
        " AND delivery_events.state = deliveries.state"
        " AND deliveries.state IN ('sent', 'failed', 'cancelled'))"
    )
    with op.batch_alter_table("deliveries") as deliveries:
        deliveries.alter_column("subscription_id", existing_type=sa.Integer(), nullable=False)
        for column, kind in (
            ("slot", sa.Text()),
            ("repeats", sa.Integer()),
            ("failures", sa.Integer()),
            ("wired", sa.Boolean()),
            ("planned_at", sa.BigInteger()),
        ):
            deliveries.alter_column(column, existing_type=kind, server_default=None)
        deliveries.create_foreign_key(
            "fk_deliveries_subscription_id", "subscriptions", ["subscription_id"], ["id"]
        )
    op.create_index("ix_deliveries_subscription_id", "deliveries", ["subscription_id"])
    op.drop_index("ix_deliveries_state", "deliveries")
    op.create_index("ix_deliveries_state_settled_at", "deliveries", ["state", "settled_at"])
