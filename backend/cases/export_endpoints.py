"""Exports of the case list over HTTP."""

from __future__ import annotations

import asyncio
from typing import Annotated, cast
from uuid import UUID

from fastapi import APIRouter, Depends, Request
from fastapi.responses import StreamingResponse

from backend.cases import exports
from backend.cases.exports import ExportLimits
from backend.cases.list_schemas import ExportAsked, ExportView
from backend.identity.access import database_of, requires
from backend.identity.principal import Principal
from backend.kernel import clock
from backend.kernel.clock import beijing
from backend.kernel.database import Database
from backend.kernel.files import FileStore
from backend.kernel.spreadsheet import XLSX

router = APIRouter(prefix="/api/exports", tags=["cases"])

Store = Annotated[Database, Depends(database_of)]
Exporter = Annotated[Principal, Depends(requires("cases.export"))]


@router.post("")
async def ask_for_export(request: Request, database: Store, who: Exporter, asked: ExportAsked) -> ExportView:
    """Ask for an export of what a filter finds; events tell how far it is."""
    limits = cast("ExportLimits", request.app.state.export_limits)
    async with database.transaction() as tx:
        return await exports.ask_for_export(tx, who, asked, limits, clock.now())


@router.get("")
async def my_exports(database: Store, who: Exporter) -> list[ExportView]:
    """My last exports, the newest first."""
    async with database.transaction() as tx:
        return await exports.exports_of(tx, who)


@router.get("/{export_id}/file", response_class=StreamingResponse)
async def download(request: Request, database: Store, who: Exporter, export_id: UUID) -> StreamingResponse:
    """The file of one of my exports; each download is audited."""
    async with database.transaction() as tx:
        export = await exports.file_of(tx, who, export_id, clock.now())
        key, name = str(export.key), f"cases-{beijing(export.requested_at):%Y%m%d-%H%M}.xlsx"
    files = cast("FileStore", request.app.state.files)
    size = await asyncio.to_thread(files.size, key)
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Content-Length": str(size)}
    return StreamingResponse(files.read(key), media_type=XLSX, headers=headers)
