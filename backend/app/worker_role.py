"""`hotline worker`: stores and transcribes recordings, and looks for what a crash may have left behind."""

from __future__ import annotations

import asyncio
from contextlib import suppress

import psycopg
import structlog

from asr.recognizer import RecognizerPool, transcribe_recording
from backend.app.config import Installation
from backend.calls.recordings import RecordingKeeper
from backend.calls.sweep import sweep
from backend.calls.transcripts import Transcriber
from backend.kernel import clock
from backend.kernel.database import Database
from backend.kernel.errors import Unavailable
from backend.kernel.files import FileStore
from backend.kernel.jobs import run_worker
from telephony.pbx.paths import pbx_paths

log = structlog.get_logger(__name__)

_SWEEP_EVERY_S = 20.0
_RECONNECT_S = 1.0


async def work_jobs(installation: Installation, database: Database, stop: asyncio.Event) -> None:
    """Take jobs until `stop` is set; goes on by itself when the database was away."""
    recognition = installation.config.recognition
    files = FileStore(installation.recording_store)
    keeper = RecordingKeeper(database, files, pbx_paths(installation.state).recordings)
    async with RecognizerPool(installation.path(recognition.model), recognition.processes) as pool:
        transcriber = Transcriber(database, files, lambda path: transcribe_recording(path, pool))
        sweeping = asyncio.create_task(_sweep_often(database))
        try:
            while not stop.is_set():
                try:
                    await run_worker(
                        database.url, [keeper.job, transcriber.job], stop=stop, max_at_once=2 + recognition.processes
                    )
                except (psycopg.Error, OSError) as error:
                    log.warning("the database is away; the worker waits for it", error=str(error).strip())
                    with suppress(TimeoutError):
                        await asyncio.wait_for(stop.wait(), _RECONNECT_S)
        finally:
            sweeping.cancel()
            await asyncio.gather(sweeping, return_exceptions=True)


async def _sweep_often(database: Database) -> None:
    while True:
        await asyncio.sleep(_SWEEP_EVERY_S)
        try:
            async with database.transaction() as tx:
                found = await sweep(tx, clock.now())
            if found:
                log.info("recordings or transcripts were asked for again", count=found)
        except Unavailable:
            continue
