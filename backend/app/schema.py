"""Bring a database to the present schema: Alembic for our tables, PgQueuer for its own."""

from __future__ import annotations

import psycopg
from alembic import command
from alembic.config import Config
from pgqueuer.adapters.persistence.queries import Queries
from pgqueuer.db import PsycopgDriver
from sqlalchemy import create_engine, text
from sqlalchemy.exc import OperationalError

from backend.kernel.config import PROJECT_ROOT
from backend.kernel.database import DatabaseAway
from backend.kernel.urls import driver_url

_UPGRADE_LOCK = 96010_0002


def alembic_config(url: str) -> Config:
    """Alembic's configuration for this project."""
    config = Config()
    config.set_main_option("script_location", str(PROJECT_ROOT / "backend" / "migrations"))
    config.set_main_option("sqlalchemy.url", url.replace("%", "%%"))
    return config


async def upgrade_schema(url: str) -> None:
    """Upgrade to the newest schema; several processes may do so at once, one works and the others wait.

    Raises `DatabaseAway` when PostgreSQL does not answer.
    """
    engine = create_engine(url, connect_args={"connect_timeout": 10})
    try:
        with engine.connect() as guard:
            guard.execute(text("SELECT pg_advisory_lock(:key)"), {"key": _UPGRADE_LOCK})
            guard.commit()
            with engine.connect() as connection:
                config = alembic_config(url)
                config.attributes["connection"] = connection
                command.upgrade(config, "head")
            await install_job_queue(url)
            guard.execute(text("SELECT pg_advisory_unlock(:key)"), {"key": _UPGRADE_LOCK})
            guard.commit()
    except (OperationalError, psycopg.OperationalError) as error:
        raise DatabaseAway(
            f"The database does not answer: {str(getattr(error, 'orig', error)).strip()}",
            kept="A step of the upgrade is done as a whole or not at all.",
            next_step="See whether HOTLINE_DATABASE_URL is right and PostgreSQL runs, then repeat the upgrade.",
        ) from error
    finally:
        engine.dispose()


async def install_job_queue(url: str) -> None:
    """Install or upgrade PgQueuer's own tables."""
    async with await psycopg.AsyncConnection.connect(driver_url(url), autocommit=True) as connection:
        queries = Queries(PsycopgDriver(connection))
        if await queries.schema_is_installed():
            await queries.upgrade()
        else:
            await queries.install()
