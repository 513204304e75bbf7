"""Where Alembic finds the connection it works on: the one handed over by `obmen.ledger.schema`."""

from __future__ import annotations

from alembic import context

from obmen.ledger.tables import METADATA

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=METADATA,
    transactional_ddl=True,
    render_as_batch=True,
)
context.run_migrations()
