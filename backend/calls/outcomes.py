"""How recordings and transcripts came out: the row, the state on the call and the event in one transaction.

Each function moves along the tables in `states` by compare-and-set and says whether it was the one that moved; a
second run of a job therefore changes nothing.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import update
from sqlalchemy.dialects.postgresql import insert

from asr.audio import RecordingCut, StoredRecording
from asr.transcript import Transcript as HeardTranscript
from backend.calls import repository
from backend.calls.findable import keep_findable
from backend.calls.models import Call, Recording, Transcript
from backend.calls.schemas import RecordingState, TranscriptState
from backend.calls.states import recording_sources, transcript_sources
from backend.kernel.database import Transaction
from backend.kernel.errors import HotlineError

CHECK_CALL = "check_call"
"""The job that checks the quality of a call once its transcript is there."""


async def recording_stored(tx: Transaction, call_id: str, key: str, stored: StoredRecording, at: datetime) -> bool:
    """The store holds the recording under `key`; a transcript is on its way from now on."""
    if not await _move_recording(tx, call_id, RecordingState.STORED):
        return False
    await _write(
        tx,
        Recording,
        call_id,
        state="stored",
        key=key,
        sha256=stored.sha256,
        size_bytes=stored.size_bytes,
        duration_ms=stored.duration_ms,
        codec=stored.codec,
        problem=None if stored.flaw is None else stored.flaw.message,
        cause=None if stored.flaw is None else stored.flaw.cause,
        stored_at=at,
    )
    await _move_transcript(tx, call_id, TranscriptState.PENDING)
    return True


async def recording_failed(tx: Transaction, call_id: str, problem: HotlineError, at: datetime) -> bool:
    """There is no recording, so there will be no transcript either; `problem` says why."""
    if not await _move_recording(tx, call_id, RecordingState.FAILED):
        return False
    await _write(tx, Recording, call_id, state="failed", problem=problem.message, cause=problem.cause)
    await transcript_failed(tx, call_id, problem, at)
    return True


async def transcript_ready(tx: Transaction, call_id: str, heard: HeardTranscript, at: datetime) -> bool:
    """The transcript is there, the text before it among the earlier ones; a flaw of the recording stands beside it."""
    if not await _move_transcript(tx, call_id, TranscriptState.READY):
        return False
    before = await repository.keep_earlier_transcript(tx, call_id, at)
    said = heard.model_dump(mode="json")
    await _write(
        tx,
        Transcript,
        call_id,
        state="ready",
        model=heard.heard_by.model,
        settings=said["heard_by"],
        turns=said["turns"],
        speech=said["speech"],
        revision=before + 1,
        text=heard.text,
        audio_ms=heard.duration_ms,
        cpu_ms=heard.cpu_ms,
        problem=heard.flaw,
        cause=None if heard.flaw is None else RecordingCut(heard.flaw).cause,
        created_at=at,
    )
    await keep_findable(tx, call_id, said["turns"])
    await tx.enqueue(CHECK_CALL, {"call_id": call_id}, dedupe_key=check_key(call_id, before + 1))
    return True


def check_key(call_id: str, why: int | str) -> str:
    """What makes two checks of a call the same one while the first waits or runs: the revision of its transcript, or
    what else came up. A check that runs already has read what was there before, so what is new asks anew."""
    return f"{CHECK_CALL}:{call_id}:{why}"


async def transcript_failed(tx: Transaction, call_id: str, problem: HotlineError, at: datetime) -> bool:
    """The recording could not be transcribed; `problem` says why. A text that it has already stays its transcript."""
    if await repository.has_text(tx, call_id):
        return await _move_transcript(tx, call_id, TranscriptState.READY)
    if not await _move_transcript(tx, call_id, TranscriptState.FAILED):
        return False
    nothing: dict[str, Any] = {"settings": {}, "turns": [], "speech": {}, "revision": 0}
    told = {"problem": problem.message, "cause": problem.cause}
    await _write(tx, Transcript, call_id, state="failed", created_at=at, **told, **nothing)
    return True


async def transcript_asked_again(tx: Transaction, call_id: str) -> bool:
    """The recording is to be heard once more; a text that it has can be read until then."""
    return await _move_transcript(tx, call_id, TranscriptState.PENDING)


async def _move_recording(tx: Transaction, call_id: str, to: RecordingState) -> bool:
    moved = (
        update(Call)
        .where(Call.call_id == call_id, Call.recording_state.in_(recording_sources(to)))
        .values(recording_state=to.value)
        .returning(Call.seat, Call.user_id)
    )
    return await _announce(tx, moved, "recording_changed", call_id, to)


async def _move_transcript(tx: Transaction, call_id: str, to: TranscriptState) -> bool:
    moved = (
        update(Call)
        .where(Call.call_id == call_id, Call.transcript_state.in_(transcript_sources(to)))
        .values(transcript_state=to.value)
        .returning(Call.seat, Call.user_id)
    )
    return await _announce(tx, moved, "transcript_changed", call_id, to)


async def _announce(tx: Transaction, moved: Any, topic: str, call_id: str, to: str) -> bool:
    row = (await tx.session.execute(moved)).one_or_none()
    if row is None:
        return False
    audience = ["permission:calls.read"]
    if row.user_id is not None:
        audience.append(f"user:{row.user_id}")
    tx.emit(topic, entity=call_id, audience=audience, payload={"call_id": call_id, "state": str(to)})
    return True


async def _write(tx: Transaction, table: type[Recording | Transcript], call_id: str, **values: Any) -> None:
    row = {column.name: None for column in table.__table__.columns} | values | {"call_id": call_id}
    statement = insert(table.__table__)  # type: ignore[arg-type]  # past the ORM, which costs more than the insert
    again = {name: statement.excluded[name] for name in row}
    await tx.session.execute(statement.on_conflict_do_update(index_elements=["call_id"], set_=again), row)
