"""The schema is brought up to date by whoever starts, however many start at once; what stands in the way is named."""

from __future__ import annotations

import asyncio
from pathlib import Path

import psycopg
import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine, text

from backend.app.schema import alembic_config, upgrade_schema
from backend.app.tables import metadata
from backend.kernel.database import Database, DatabaseAway
from backend.kernel.urls import driver_url

pytestmark = pytest.mark.integration


def differences(url: str) -> list[object]:
    """What the models have and the database has not, or the other way round."""
    engine = create_engine(url)
    with engine.connect() as connection:
        ours = {"include_name": lambda name, kind, _: kind != "table" or not (name or "").startswith("pgqueuer")}
        found = compare_metadata(MigrationContext.configure(connection, opts={"compare_type": True, **ours}), metadata)
    engine.dispose()
    return list(found)


async def in_threads(url: str, count: int) -> None:
    await asyncio.gather(*(asyncio.to_thread(lambda: asyncio.run(upgrade_schema(url))) for _ in range(count)))


async def test_several_that_upgrade_at_once_lead_to_one_schema(empty_database_url: str) -> None:
    await in_threads(empty_database_url, 3)
    assert differences(empty_database_url) == []
    newest = ScriptDirectory.from_config(alembic_config(empty_database_url)).get_current_head()
    with psycopg.connect(driver_url(empty_database_url)) as connection:
        assert connection.execute("SELECT version_num FROM alembic_version").fetchall() == [(newest,)]


async def test_an_upgrade_of_a_database_in_use_keeps_what_stands(empty_database_url: str) -> None:
    await upgrade_schema(empty_database_url)
    database = Database(empty_database_url)
    async with database.transaction() as tx:
        tx.emit("told", entity="kept", audience=["all"], payload={})
        await tx.enqueue("work", {"call_id": "c1"})
    await in_threads(empty_database_url, 2)
    async with database.transaction() as tx:
        assert (await tx.session.execute(text("SELECT entity FROM events"))).scalars().all() == ["kept"]
        assert (await tx.session.execute(text("SELECT count(*) FROM pgqueuer"))).scalar_one() == 1
    await database.close()


def test_the_migrations_are_one_line_without_branches() -> None:
    script = ScriptDirectory.from_config(alembic_config("postgresql://"))
    assert len(script.get_heads()) == 1
    assert len(script.get_bases()) == 1
    files = {Path(revision.path).name.split("_", 1)[0] for revision in script.walk_revisions()}
    assert files == {revision.revision for revision in script.walk_revisions()}


async def test_a_database_that_does_not_answer_is_named() -> None:
    with pytest.raises(DatabaseAway) as away:
        await upgrade_schema("postgresql+psycopg://me:hidden-word@127.0.0.1:1/none")
    assert away.value.next_step
    assert "hidden-word" not in str(away.value)
