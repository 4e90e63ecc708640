"""The worker as a whole: what waits for what."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from sqlalchemy import text

from backend.app import worker_role
from backend.kernel.files import FileStore

from .hall import ConsoleHall
from .test_recognition import Recordings

pytestmark = pytest.mark.integration


async def test_nothing_else_waits_while_recordings_are_heard(
    hall: ConsoleHall, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """New recordings are to be stored, clocks to be told, while a backlog is heard that takes hours."""
    recordings = Recordings(hall, tmp_path)
    recordings.files = FileStore(hall.installation.recording_store)
    sound = tmp_path / "sound.flac"
    sound.write_bytes(b"sound")
    for n in range(12):
        await recordings.add(f"c{n}", sound)
    taken, end, stop = asyncio.Event(), asyncio.Event(), asyncio.Event()

    async def for_hours(*_: object) -> None:
        taken.set()
        await end.wait()
        raise OSError("the day is over")

    monkeypatch.setattr(worker_role, "transcribe_recording", for_hours)
    working = asyncio.create_task(worker_role.work_jobs(hall.installation, hall.database, stop))
    async with asyncio.timeout(60):
        await taken.wait()
        async with hall.database.transaction() as tx:
            await tx.session.execute(text("DELETE FROM pgqueuer WHERE entrypoint <> 'transcribe_call'"))
            await tx.enqueue("check_call", {"call_id": "c1"})
        while await waiting(recordings, "check_call"):
            await asyncio.sleep(0.05)
    assert await waiting(recordings, "transcribe_call") == 12
    stop.set()
    end.set()
    await working


async def waiting(recordings: Recordings, kind: str) -> int:
    """How many of these jobs are not done."""
    async with recordings.database.transaction() as tx:
        query = text("SELECT count(*) FROM pgqueuer WHERE entrypoint = :kind")
        return int((await tx.session.execute(query, {"kind": kind})).scalar_one())
