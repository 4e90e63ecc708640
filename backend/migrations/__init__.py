"""Alembic migrations: the schema of the database, from the first table on."""
