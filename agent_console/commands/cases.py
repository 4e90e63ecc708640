"""Drafts and filing."""

from __future__ import annotations

from agent_console.desk import Desk
from agent_console.protocol import DiscardDraft, FileCase, FiledCase, SaveDraft
from backend.callbacks import service as callbacks
from backend.calls import service as calls
from backend.cases import service
from backend.cases.schemas import DraftView
from backend.kernel import clock


async def save_draft(desk: Desk, command: SaveDraft) -> DraftView:
    """Keep the form as typed."""
    async with desk.database.transaction() as tx:
        return await service.save_draft(tx, desk.principal, command, clock.now())


async def discard_draft(desk: Desk, command: DiscardDraft) -> None:
    """Throw a draft away on purpose."""
    async with desk.database.transaction() as tx:
        await service.discard_draft(tx, desk.principal, command.draft_id, clock.now())


async def file_case(desk: Desk, command: FileCase) -> FiledCase:
    """File the case and schedule its callback visit: both or neither."""
    now = clock.now()
    async with desk.database.transaction() as tx:
        call = await calls.call_for_case(tx, desk.principal, command.case.call_id) if command.case.call_id else None
        case = await service.file_case(tx, desk.principal, command.case, call, now, catalog=desk.catalog)
        callback = None
        if command.callback is not None:
            callback = await callbacks.schedule(
                tx, desk.principal, case.case_id, command.callback, command.case.request_id, now
            )
    return FiledCase(case=case, callback=callback)
