"""Runs the migrations on the connection that `db.schema` opened."""

from alembic import context

from jupyter_interview.db.tables import metadata

connection = context.config.attributes["connection"]
context.configure(connection=connection, target_metadata=metadata, render_as_batch=True)
with context.begin_transaction():
    context.run_migrations()
