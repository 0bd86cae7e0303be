"""Papers, their versions, announcements, full-text search and the shared throttle."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

_KINDS = "kind IN ('new', 'cross', 'replace', 'replace-cross')"
_STATES = "state IN ('complete', 'empty', 'stale', 'late', 'truncated', 'partial', 'failed')"


def upgrade() -> None:
    """Make the tables of ingest and search."""
    op.create_table(
        "papers",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("base_id", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("first_day", sa.Text(), nullable=False),
        sa.Column("prepared_version", sa.Integer(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("authors", sa.Text(), nullable=False),
        sa.Column("abstract", sa.Text(), nullable=False),
        sa.Column("categories", sa.Text(), nullable=False),
        sa.Column("comments", sa.Text(), nullable=False),
        sa.Column("doi", sa.Text(), nullable=False),
        sa.Column("journal_ref", sa.Text(), nullable=False),
        sa.Column("prepared_text", sa.Text(), nullable=False),
        sa.Column("prepared_marks", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_papers"),
        sa.UniqueConstraint("base_id", name="uq_papers_base_id"),
    )
    op.create_index("ix_papers_prepared_version", "papers", ["prepared_version"])
    op.create_table(
        "versions",
        sa.Column("base_id", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("seen_day", sa.Text(), nullable=False),
        sa.Column("record", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("base_id", "version", name="pk_versions"),
        sa.ForeignKeyConstraint(["base_id"], ["papers.base_id"], name="fk_versions_base_id"),
    )
    op.create_table(
        "entries",
        sa.Column("category", sa.Text(), nullable=False),
        sa.Column("day", sa.Text(), nullable=False),
        sa.Column("base_id", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("category", "day", "base_id", "version", "kind", name="pk_entries"),
        sa.ForeignKeyConstraint(
            ["base_id", "version"],
            ["versions.base_id", "versions.version"],
            name="fk_entries_base_id_version",
        ),
        sa.CheckConstraint(_KINDS, name="ck_entries_kind"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_entries_base_id", "entries", ["base_id"])
    op.create_table(
        "receipts",
        sa.Column("category", sa.Text(), nullable=False),
        sa.Column("day", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("announced", sa.Integer(), nullable=False),
        sa.Column("read", sa.Integer(), nullable=False),
        sa.Column("new", sa.Integer(), nullable=False),
        sa.Column("cross", sa.Integer(), nullable=False),
        sa.Column("replaced", sa.Integer(), nullable=False),
        sa.Column("stored", sa.Integer(), nullable=False),
        sa.Column("problems", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("category", "day", name="pk_receipts"),
        sa.CheckConstraint(_STATES, name="ck_receipts_state"),
    )
    op.create_table(
        "throttle",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("next_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_throttle"),
    )
    if op.get_bind().dialect.name == "sqlite":
        op.execute(
            "CREATE VIRTUAL TABLE paper_search USING fts5(title, abstract, authors, comments,"
            " tokenize=\"ascii tokenchars '.+#|'\")"
        )
    else:
        op.execute(
            "CREATE TABLE paper_search (id INTEGER CONSTRAINT pk_paper_search PRIMARY KEY"
            " CONSTRAINT fk_paper_search_id REFERENCES papers (id), words TSVECTOR NOT NULL)"
            " WITH (toast_tuple_target = 8160)"
        )
        op.execute("CREATE INDEX ix_paper_search_words ON paper_search USING gin (words)")
