"""Search in what was said, and clips, over HTTP."""

from __future__ import annotations

import asyncio
from typing import Annotated, cast

from fastapi import APIRouter, Depends, Query, Request, Response

from backend.identity.access import database_of, requires
from backend.identity.principal import Principal
from backend.kernel import clock
from backend.kernel.database import Database
from backend.kernel.files import FileStore
from backend.kernel.schemas import CallId, Page
from backend.said import clips, service
from backend.said.schemas import ClipAsked, FoundCall, SaidQuery

router = APIRouter(prefix="/api", tags=["said"])

Store = Annotated[Database, Depends(database_of)]


@router.get("/said")
async def search(
    database: Store,
    who: Annotated[Principal, Depends(requires("transcripts.search"))],
    asked: Annotated[SaidQuery, Query()],
) -> Page[FoundCall]:
    """Calls in which it was said, newest first; each search is audited."""
    async with database.transaction() as tx:
        return await service.search(tx, who, asked, clock.now())


@router.post("/calls/{call_id}/clips", response_class=Response)
async def take_clip(
    request: Request,
    call_id: CallId,
    asked: ClipAsked,
    database: Store,
    who: Annotated[Principal, Depends(requires("recordings.clip"))],
) -> Response:
    """A part of the recording with its hash in a zip file, for a reason; taking it is audited."""
    files = cast("FileStore", request.app.state.files)
    async with database.transaction() as tx:
        source = await clips.source_of(tx, who, call_id, asked)
    clip = await asyncio.to_thread(clips.cut, files, source, asked, who, clock.now())
    async with database.transaction() as tx:
        await clips.note_taken(tx, who, call_id, asked, clip)
    headers = {"Content-Disposition": f'attachment; filename="{clip.name}"', "X-Clip-SHA256": clip.sha256}
    return Response(clip.content, media_type="application/zip", headers=headers)
