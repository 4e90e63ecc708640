"""From the stored recording to the transcript: the job `transcribe_call`."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from asr.audio import RecordingEmpty, RecordingMono, RecordingNotAudio
from asr.transcript import Transcript
from backend.calls import outcomes, repository
from backend.calls.errors import CallUnknown
from backend.calls.hearing import TRANSCRIBE_CALL
from backend.kernel import clock
from backend.kernel.database import Database
from backend.kernel.errors import HotlineError
from backend.kernel.files import FileStore
from backend.kernel.jobs import INNOCENT_DEATHS, JobKind

Listen = Callable[[Path], Awaitable[Transcript]]
"""Recognises a whole recording; raises the named errors of `asr`."""

_HOPELESS = (RecordingEmpty, RecordingMono, RecordingNotAudio)
"""What no second attempt can mend."""

_RESTS = (timedelta(seconds=30), timedelta(minutes=5))
"""After the third failure the recording is parked; a store or a machine that was away for a moment is back by then."""


class Transcriber:
    """Fetches stored recordings, has them recognised by `listen` and stores what was said, once for each call."""

    def __init__(
        self,
        database: Database,
        files: FileStore,
        listen: Listen,
        *,
        at_once: int = 0,
        now: Callable[[], datetime] = clock.now,
    ) -> None:
        self._database = database
        self._files = files
        self._listen = listen
        self._at_once = at_once
        self._now = now

    @property
    def job(self) -> JobKind:
        """The job as a worker runs it; `at_once` limits it over all workers."""
        return JobKind(
            TRANSCRIBE_CALL,
            self.transcribe,
            at_once=self._at_once,
            on_parked=self.give_up,
            rests=_RESTS,
            deaths=INNOCENT_DEATHS,
        )

    async def transcribe(self, payload: dict[str, Any]) -> None:
        """Transcribe the call `payload["call_id"]`; harmless when that is done already.

        Failures that may pass (a crashed recogniser, a store that is away) raise, so that the job is tried again.
        """
        call_id = str(payload["call_id"])
        async with self._database.transaction() as tx:
            call = await repository.recorded_call(tx, call_id)
        if call is None:
            raise CallUnknown(f"There is no call {call_id} to transcribe.")
        if call.key is None or call.transcript_state == "ready":
            return
        try:
            heard = await self._hear(call.key)
        except _HOPELESS as error:
            await self.give_up(payload, error)
            return
        async with self._database.transaction() as tx:
            await outcomes.transcript_ready(tx, call_id, heard, self._now())

    async def give_up(self, payload: dict[str, Any], reason: HotlineError) -> None:
        """Say in the record that there is no transcript, and why; the recording stays and can be heard."""
        async with self._database.transaction() as tx:
            await outcomes.transcript_failed(tx, str(payload["call_id"]), reason, self._now())

    async def _hear(self, key: str) -> Transcript:
        with tempfile.TemporaryDirectory(prefix="hotline-transcribe-") as folder:
            local = Path(folder) / Path(key).name
            await asyncio.to_thread(self._files.fetch, key, local)
            return await self._listen(local)
