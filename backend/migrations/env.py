"""Alembic's entry: runs the migrations on the connection that `backend.app.schema` hands over."""

from __future__ import annotations

from alembic import context
from sqlalchemy import Connection, create_engine

from backend.app.tables import metadata

config = context.config


def _migrate(connection: Connection) -> None:
    # PgQueuer's tables are PgQueuer's own: it installs and upgrades them itself
    context.configure(
        connection=connection,
        target_metadata=metadata,
        compare_type=True,
        include_name=lambda name, kind, _: kind != "table" or not (name or "").startswith("pgqueuer"),
        transaction_per_migration=True,
    )
    with context.begin_transaction():
        context.run_migrations()


given = config.attributes.get("connection")
if given is not None:
    _migrate(given)
else:
    with create_engine(config.get_main_option("sqlalchemy.url") or "").connect() as own:
        _migrate(own)
