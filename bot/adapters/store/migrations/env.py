"""Alembic's way in: run the revisions on the connection that `upgrading.upgrade` gives."""

from alembic import context

context.configure(
    connection=context.config.attributes["connection"],
    # SQLite cannot change a table in place: https://alembic.sqlalchemy.org/en/latest/batch.html
    render_as_batch=True,
)
with context.begin_transaction():
    context.run_migrations()
