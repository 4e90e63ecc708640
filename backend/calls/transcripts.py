"""From the stored recording to the transcript: the job `transcribe_call`."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from asr.audio import RecordingEmpty, RecordingMono, RecordingNotAudio
from asr.model import ModelNotFound, NotAModel
from asr.transcript import Transcript
from backend.calls import outcomes, repository
from backend.calls.errors import CallUnknown
from backend.calls.hearing import TRANSCRIBE_CALL
from backend.kernel import clock
from backend.kernel.database import Database, DatabaseAway, DatabaseBusy
from backend.kernel.errors import HotlineError
from backend.kernel.files import FileMissing, FileStore, StoreAway
from backend.kernel.jobs import INNOCENT_DEATHS, JobKind

Listen = Callable[[Path], Awaitable[Transcript]]
"""Recognises a whole recording; raises the named errors of `asr`."""

_HOPELESS = (RecordingEmpty, RecordingMono, RecordingNotAudio)
"""What no second attempt can mend."""

_NOT_ITS_FAULT = (StoreAway, ModelNotFound, NotAModel, DatabaseAway, DatabaseBusy)
"""What is wrong with a machine or on the way to it. Counted against the recordings, a store that is away for ten
minutes, or one machine whose model is damaged, would park all that wait."""

_OTHERS_LOOKED_FOR = 5

_RESTS = (timedelta(seconds=30), timedelta(minutes=5))
"""After the third failure the recording is parked."""


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
            waits_for=_NOT_ITS_FAULT,
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
            try:
                await asyncio.to_thread(self._files.fetch, key, local)
            except FileMissing as missing:
                await self._see_that_others_are_there(missing, key)
                raise
            return await self._listen(local)

    async def _see_that_others_are_there(self, missing: FileMissing, key: str) -> None:
        """A disk that is not mounted holds nothing: that one file is missing, is said only where others are there."""
        async with self._database.transaction() as tx:
            known = await repository.newest_recordings(tx, _OTHERS_LOOKED_FOR + 1)
        others = [each for each in known if each != key]
        if others and not await asyncio.to_thread(lambda: any(map(self._files.exists, others))):
            raise StoreAway(
                f"The store {self._files.address} is another one: it holds none of the last recordings.",
                kept="What it holds stays as it is.",
                next_step="See that its disk is mounted, and that recordings.store or HOTLINE_STORE names it.",
                facts={"detail": self._files.address},
            ) from missing
