"""From the PBX's spool to the store: the job `store_recording`.

The job may be killed between any two of its steps and is then run again from the start:

| killed after | the next run |
| --- | --- |
| the raw file is encoded beside the spool | encodes again over it |
| the file is in the store, under a name made from the call | stores the same again over it |
| the row, the event and the next job are committed | finds the row, removes what is left in the spool |

The raw file is removed only when the commit is known to have happened.
"""

from __future__ import annotations

import asyncio
import hashlib
import re
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

from asr.audio import RecordingEmpty, RecordingMissing, StoredRecording, encode
from backend.calls import outcomes, repository
from backend.calls.errors import CallUnknown, RecordingStillWritten, StoreIncomplete
from backend.calls.hearing import ask_to_hear, order_of
from backend.calls.repository import RecordedCall
from backend.kernel import clock
from backend.kernel.clock import beijing
from backend.kernel.database import Database, DatabaseAway, DatabaseBusy, Transaction
from backend.kernel.errors import HotlineError
from backend.kernel.files import FileStore, StoreAway
from backend.kernel.jobs import INNOCENT_DEATHS, JobKind
from telephony.names import DEFAULT_HOST

STORE_RECORDING = "store_recording"
ENCODED_AT_ONCE = 4

_UNSAFE = re.compile(r"[^A-Za-z0-9._-]")


class RecordingKeeper:
    """Takes recordings from `spool`, the folder that the PBX writes to, into `files`.

    The spool is that of the PBX `host`. `settle_s` is how long a raw file must have been left alone before it counts as
    finished.
    """

    def __init__(
        self,
        database: Database,
        files: FileStore,
        spool: Path,
        *,
        host: str = DEFAULT_HOST,
        settle_s: float = 1.0,
        now: Callable[[], datetime] = clock.now,
    ) -> None:
        self._database = database
        self._files = files
        self._spool = spool
        self._host = host
        self._settle_s = settle_s
        self._now = now

    @property
    def job(self) -> JobKind:
        """The job as a worker runs it."""
        return JobKind(
            job_at(STORE_RECORDING, self._host),
            self.store,
            at_once=ENCODED_AT_ONCE,
            on_parked=self.give_up,
            deaths=INNOCENT_DEATHS,
            waits_for=(StoreAway, DatabaseAway, DatabaseBusy),
        )

    async def store(self, payload: dict[str, Any]) -> None:
        """Store the recording of `payload["call_id"]`; harmless when it is stored already.

        A raw file that is missing or still grows raises, so that the job is tried again later.
        """
        call_id = str(payload["call_id"])
        async with self._database.transaction() as tx:
            call = await repository.recorded_call(tx, call_id)
        if call is None:
            raise CallUnknown(f"There is no call {call_id} whose recording could be stored.")
        raw = self._spool / raw_name(call_id, call.recording_file)
        encoded_to = raw.with_name(f"{safe_name(call_id)}.flac")
        if call.recording_state != "stored" and not await self._take(call_id, call, raw, encoded_to):
            return
        for left in (encoded_to, raw):
            left.unlink(missing_ok=True)

    async def give_up(self, payload: dict[str, Any], reason: HotlineError) -> None:
        """Say in the record that there is no recording, and why; what lies in the spool stays there."""
        await self._fail(str(payload["call_id"]), reason)

    async def _take(self, call_id: str, call: RecordedCall, raw: Path, encoded_to: Path) -> bool:
        try:
            encoded = await self._encode(raw, encoded_to)
        except RecordingEmpty as empty:
            await self._fail(call_id, empty)
            return False
        key = store_key(call_id, call.arrived_at)
        await asyncio.to_thread(self._files.put, encoded.path, key)
        if await asyncio.to_thread(self._files.size, key) != encoded.size_bytes:
            raise StoreIncomplete(f"The store holds {key} with another size than was sent.")
        async with self._database.transaction() as tx:
            if await outcomes.recording_stored(tx, call_id, key, encoded, self._now()):
                await ask_to_hear(tx, call_id, order_of(call.survey_score))
        return True

    async def _encode(self, raw: Path, to: Path) -> StoredRecording:
        before = _size(raw)
        await asyncio.sleep(self._settle_s)
        if _size(raw) != before:
            raise RecordingStillWritten(f"{raw.name} still grows.", next_step="It is tried again by itself.")
        return await asyncio.to_thread(encode, raw, to)

    async def _fail(self, call_id: str, problem: HotlineError) -> None:
        async with self._database.transaction() as tx:
            await outcomes.recording_failed(tx, call_id, problem, self._now())


async def ask_to_store(tx: Transaction, call_id: str, host: str) -> None:
    """Enqueue the storing of a call's recording where its PBX is, unless it waits or runs already."""
    job = job_at(STORE_RECORDING, host)
    await tx.enqueue(job, {"call_id": call_id}, dedupe_key=job_key(STORE_RECORDING, call_id))


def job_at(job: str, host: str) -> str:
    """The job as it is done where the files of the PBX `host` are; only workers there take it."""
    return job if host == DEFAULT_HOST else f"{job}@{host}"


def job_key(job: str, call_id: str) -> str:
    """What makes two jobs the same one while the first waits or runs."""
    return f"{job}:{call_id}"


def safe_name(call_id: str) -> str:
    """The call's id as a file name: it can neither climb out of a folder nor hide, and no two ids share one."""
    name = _UNSAFE.sub("_", call_id)
    if name and name == call_id and not name.startswith("."):
        return name
    return f"call_{hashlib.sha256(call_id.encode()).hexdigest()[:32]}"


def raw_name(call_id: str, recording_file: str | None) -> str:
    """The name of the raw file in the spool, whatever path the PBX gave."""
    name = Path(recording_file).name if recording_file else ""
    return name if name and not name.startswith(".") else f"{safe_name(call_id)}.raw"


def store_key(call_id: str, arrived_at: datetime) -> str:
    """Where the recording rests: by the day of the call in Beijing."""
    return f"{beijing(arrived_at):%Y/%m/%d}/{safe_name(call_id)}.flac"


def _size(raw: Path) -> int:
    try:
        return raw.stat().st_size
    except FileNotFoundError:
        raise RecordingMissing(
            f"There is no recording {raw.name} in the spool.", next_step="It is looked for again by itself."
        ) from None
