"""The migrations lead to exactly what the models say, and to what models cannot say."""

from __future__ import annotations

import os
from collections.abc import Iterator

import psycopg
import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import create_engine, make_url

from backend.app.schema import upgrade_schema
from backend.app.tables import metadata
from backend.kernel.urls import driver_url

pytestmark = pytest.mark.integration


@pytest.fixture
def fresh_url(postgres_url: str) -> Iterator[str]:
    """A database without a single table."""
    name = f"hotline_migrations_{os.getpid()}"
    with psycopg.connect(driver_url(postgres_url), autocommit=True) as admin:
        admin.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
        admin.execute(f"CREATE DATABASE {name}")
        yield make_url(postgres_url).set(database=name).render_as_string(hide_password=False)
        admin.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")


async def test_an_upgraded_database_is_what_the_models_say(fresh_url: str) -> None:
    await upgrade_schema(fresh_url)
    await upgrade_schema(fresh_url)
    engine = create_engine(fresh_url)
    with engine.connect() as connection:
        options = {"include_name": lambda name, kind, _: kind != "table" or not (name or "").startswith("pgqueuer")}
        context = MigrationContext.configure(connection, opts={"compare_type": True, **options})
        differences = compare_metadata(context, metadata)
    engine.dispose()
    assert differences == []


@pytest.mark.parametrize(
    "statement", ["UPDATE audit_log SET username = ''", "DELETE FROM audit_log", "TRUNCATE audit_log"]
)
async def test_an_upgraded_database_refuses_to_change_the_audit_log(fresh_url: str, statement: str) -> None:
    await upgrade_schema(fresh_url)
    with (
        psycopg.connect(driver_url(fresh_url), autocommit=True) as connection,
        pytest.raises(psycopg.errors.InsufficientPrivilege, match="append-only"),
    ):
        connection.execute(statement)
