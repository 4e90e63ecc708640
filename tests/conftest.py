"""What every test may use: a real private PostgreSQL, a fresh database each session, emptied between tests."""

from __future__ import annotations

import os
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import text

from backend.kernel.config import Environment
from backend.kernel.database import Base, Database, driver_url, sqlalchemy_url
from backend.kernel.postgres import PrivatePostgres


@pytest.fixture(scope="session")
def state_folder() -> Path:
    """The installation's state folder, where the private Asterisk is unpacked once."""
    return Environment().state


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """The URL of a PostgreSQL server: HOTLINE_TEST_DATABASE_URL, else a private one that ends with the tests."""
    given = os.environ.get("HOTLINE_TEST_DATABASE_URL")
    if given:
        yield sqlalchemy_url(given)
        return
    with tempfile.TemporaryDirectory(prefix="hotline-test-") as folder:
        Path(folder).chmod(0o755)
        server = PrivatePostgres(Path(folder))
        yield server.start()
        server.stop()


@pytest.fixture(scope="session")
def database_url(postgres_url: str) -> Iterator[str]:
    """A database with the present schema, made for this session and dropped after it."""
    import asyncio
    import importlib

    from sqlalchemy import create_engine

    from backend.app.schema import install_job_queue

    name = f"hotline_test_{os.getpid()}"
    with psycopg.connect(driver_url(postgres_url), autocommit=True) as admin:
        admin.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
        admin.execute(f"CREATE DATABASE {name}")
    url = postgres_url.replace("/hotline?", f"/{name}?")
    # until the first migration stands, tables come from whatever models exist
    for domain in ("identity", "citizens", "seats", "calls", "cases", "callbacks"):
        try:
            importlib.import_module(f"backend.{domain}.models")
        except ImportError as error:
            print("models not there yet:", error)
    engine = create_engine(url)
    Base.metadata.create_all(engine)
    engine.dispose()
    asyncio.run(install_job_queue(url))
    yield url
    with psycopg.connect(driver_url(postgres_url), autocommit=True) as admin:
        admin.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    """A database whose tables are empty."""
    database = Database(database_url)
    tables = [f'"{table.name}"' for table in Base.metadata.sorted_tables]
    async with database.transaction() as tx:
        await tx.session.execute(text("SET LOCAL session_replication_role = replica"))
        await tx.session.execute(
            text(f"TRUNCATE {', '.join([*tables, 'pgqueuer', 'pgqueuer_log'])} RESTART IDENTITY CASCADE")
        )
    yield database
    await database.close()
