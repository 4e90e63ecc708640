"""The record of calls over HTTP."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Annotated, cast

from fastapi import APIRouter, Depends, Path, Query, Request, Response
from fastapi.responses import StreamingResponse

from backend.calls import service
from backend.calls.peaks import outline
from backend.calls.ranges import Unsatisfiable, begins, read_range
from backend.calls.schemas import (
    CallDetail,
    CallQuery,
    CallRow,
    EarlierText,
    HitCounts,
    PeaksView,
    RevealedNumber,
    RevealNumber,
    TranscriptView,
)
from backend.calls.service import CallHitCounts, CaseNumbers
from backend.identity import audit
from backend.identity.access import requires
from backend.identity.principal import Principal
from backend.kernel import clock
from backend.kernel.database import Database, Transaction
from backend.kernel.files import FileStore
from backend.kernel.schemas import Page

router = APIRouter(prefix="/api/calls", tags=["calls"])

_PLAYED = "recording_played"
_ONE_HEARING = timedelta(hours=12)
"""So long parts of a recording may be asked for after it was begun; the longest recordings have six hours."""
_MEDIA_TYPES = {"flac": "audio/flac", "opus": "audio/ogg", "wav": "audio/wav"}

Reader = Annotated[Principal, Depends(requires("calls.read", "calls.read_own"))]


@router.get("")
async def list_calls(request: Request, who: Reader, asked: Annotated[CallQuery, Query()]) -> Page[CallRow]:
    """Calls, newest first."""
    async with _database(request).transaction() as tx:
        return await service.list_calls(tx, who, asked, _case_numbers(request), _hit_counts(request))


@router.get("/{call_id}")
async def read_call(request: Request, call_id: str, who: Reader) -> CallDetail:
    """One call with its time line, recording and transcript."""
    async with _database(request).transaction() as tx:
        return await service.call_detail(tx, who, call_id, _case_numbers(request))


@router.get("/{call_id}/transcripts")
async def list_earlier_texts(
    request: Request, call_id: str, who: Annotated[Principal, Depends(requires("transcripts.read"))]
) -> list[EarlierText]:
    """Which texts the call had before, the last first."""
    async with _database(request).transaction() as tx:
        return await service.earlier_texts(tx, who, call_id)


@router.get("/{call_id}/transcripts/{revision}")
async def read_earlier_text(
    request: Request,
    call_id: str,
    revision: Annotated[int, Path(ge=1, le=2**31 - 1)],
    who: Annotated[Principal, Depends(requires("transcripts.read"))],
) -> TranscriptView:
    """A text that the call had before; looking is audited."""
    async with _database(request).transaction() as tx:
        return await service.earlier_text(tx, who, call_id, revision)


@router.get("/{call_id}/recording", response_class=StreamingResponse)
async def play_recording(
    request: Request, call_id: str, who: Annotated[Principal, Depends(requires("recordings.play"))]
) -> Response:
    """The recording, whole or in part (HTTP ranges); hearing it is audited when it is begun, wherever that is."""
    files = cast("FileStore", request.app.state.files)
    asked = request.headers.get("range")
    async with _database(request).transaction() as tx:
        recording = await service.stored_recording(tx, who, call_id)
        key, etag = str(recording.key), f'"{recording.sha256}"'
        if begins(asked) or not await _hears(tx, who, call_id):
            await audit.record(tx, who, _PLAYED, "call", call_id)
    size = await asyncio.to_thread(files.size, key)
    headers = {"Accept-Ranges": "bytes", "ETag": etag, "Cache-Control": "private, no-cache"}
    if asked is not None and request.headers.get("if-range", etag) != etag:
        asked = None
    try:
        part = read_range(asked, size)
    except Unsatisfiable:
        return Response(status_code=416, headers=headers | {"Content-Range": f"bytes */{size}"})
    start, end = part or (0, size)
    headers["Content-Length"] = str(end - start)
    if part is not None:
        headers["Content-Range"] = f"bytes {start}-{end - 1}/{size}"
    return StreamingResponse(
        files.read(key, start, end),
        status_code=200 if part is None else 206,
        headers=headers,
        media_type=_MEDIA_TYPES.get(recording.codec or "", "application/octet-stream"),
    )


@router.get("/{call_id}/peaks")
async def outline_of_recording(
    request: Request, call_id: str, who: Annotated[Principal, Depends(requires("recordings.play"))]
) -> PeaksView:
    """How the recording looks, for whoever may play it; nothing can be heard of it."""
    files = cast("FileStore", request.app.state.files)
    async with _database(request).transaction() as tx:
        recording = await service.stored_recording(tx, who, call_id)
    return await asyncio.to_thread(outline, files, str(recording.key))


@router.post("/{call_id}/reveal")
async def reveal_number(
    request: Request,
    call_id: str,
    asked: RevealNumber,
    who: Annotated[Principal, Depends(requires("numbers.reveal"))],
) -> RevealedNumber:
    """The caller's whole number, for a reason that goes to the audit log."""
    async with _database(request).transaction() as tx:
        return await service.reveal_number(tx, who, call_id, asked.reason)


@router.post("/{call_id}/transcript/reveal")
async def reveal_said_numbers(
    request: Request,
    call_id: str,
    asked: RevealNumber,
    who: Annotated[Principal, Depends(requires("numbers.reveal"))],
) -> TranscriptView:
    """The transcript with the whole numbers that were said, for a reason that goes to the audit log."""
    async with _database(request).transaction() as tx:
        return await service.reveal_said_numbers(tx, who, call_id, asked.reason)


async def _hears(tx: Transaction, who: Principal, call_id: str) -> bool:
    """Whether this person goes on with a hearing that stands in the audit log."""
    return await audit.has_acted(tx, who, (_PLAYED,), "call", call_id, {}, since=clock.now() - _ONE_HEARING)


def _database(request: Request) -> Database:
    return cast("Database", request.app.state.database)


def _case_numbers(request: Request) -> CaseNumbers:
    return cast("CaseNumbers", getattr(request.app.state, "case_numbers_of_calls", _no_cases))


def _hit_counts(request: Request) -> CallHitCounts:
    return cast("CallHitCounts", getattr(request.app.state, "hit_counts_of_calls", _no_hits))


async def _no_hits(_tx: Transaction, _call_ids: object) -> dict[str, HitCounts]:
    return {}


async def _no_cases(_tx: Transaction, _call_ids: object) -> dict[str, list[str]]:
    return {}
