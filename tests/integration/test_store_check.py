"""A worker away from every PBX takes no job with another store than that of the recordings; one beside it goes on."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import text

from backend.app.store_check import StoreUnusable, check_store
from backend.kernel.config import PROJECT_ROOT
from backend.kernel.database import Database
from backend.kernel.files import FileStore

from .hall import ConsoleHall
from .test_quality import a_call

pytestmark = pytest.mark.integration


async def stored(hall: ConsoleHall, *call_ids: str) -> FileStore:
    """Calls whose recordings the record knows, and the store that it means, which holds only that of the first."""
    for call_id in call_ids:
        await a_call(hall, call_id)
    files = FileStore(hall.installation.recording_store)
    sound = hall.installation.state / "sound"
    sound.write_bytes(b"sound")
    files.put(sound, f"{call_ids[0]}.flac")
    return files


def worker(database: Database, state: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """`hotline worker` on a machine without a spool."""
    known = {name: value for name, value in os.environ.items() if not name.startswith("HOTLINE_")}
    return subprocess.run(
        [sys.executable, "-m", "backend.app", "worker"],
        env={**known, "HOTLINE_DATABASE_URL": database.url, "HOTLINE_STATE": str(state), **environment},
        cwd=PROJECT_ROOT, capture_output=True, text=True, check=False, timeout=90,
    )  # fmt: skip


async def test_a_worker_elsewhere_ends_before_its_first_job_and_says_what_to_do(
    hall: ConsoleHall, tmp_path: Path
) -> None:
    await stored(hall, "c1", "c2")
    async with hall.database.transaction() as tx:
        await tx.enqueue("export_cases", {"export_id": "x"})
    ended = worker(hall.database, tmp_path / ("x" * 100))  # no socket of a PBX will stand there
    assert ended.returncode == 1
    said = " ".join(ended.stderr.split())
    for part in ("StoreUnusable", "is another one", "No job was taken", "HOTLINE_STORE"):
        assert part in said
    async with hall.database.transaction() as tx:
        picked = text("SELECT status, (SELECT count(*) FROM pgqueuer_log WHERE status = 'picked') FROM pgqueuer")
        rows = {tuple(row) for row in await tx.session.execute(picked)}
    assert rows == {("queued", 0)}


async def test_a_store_that_holds_any_of_the_last_recordings_is_the_one(hall: ConsoleHall) -> None:
    files = await stored(hall, "c1", "c2")
    await check_store(hall.database, files, asyncio.Event(), elsewhere=True)
    assert not list(hall.installation.state.rglob("probe-*"))


async def test_a_worker_beside_its_pbx_goes_on(hall: ConsoleHall, tmp_path: Path) -> None:
    await stored(hall, "c1")
    other = FileStore(str(tmp_path / "other"))
    await check_store(hall.database, other, asyncio.Event(), elsewhere=False)
    with pytest.raises(StoreUnusable, match="is another one"):
        await check_store(hall.database, other, asyncio.Event(), elsewhere=True)


async def test_a_store_that_cannot_be_written_to_is_told_from_another(database: Database, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")
    with pytest.raises(StoreUnusable, match="does not work"):
        await check_store(database, FileStore(str(tmp_path / "file" / "store")), asyncio.Event(), elsewhere=True)


async def test_the_check_waits_for_a_database_that_is_away(tmp_path: Path) -> None:
    away = Database("postgresql+psycopg://nobody@127.0.0.1:1/none", pool_size=1)
    stop = asyncio.Event()
    waiting = asyncio.create_task(check_store(away, FileStore(str(tmp_path)), stop, elsewhere=True))
    await asyncio.sleep(0)
    stop.set()
    await asyncio.wait_for(waiting, 30)
    await away.close()
