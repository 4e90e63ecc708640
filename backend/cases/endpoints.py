"""Single cases over HTTP; they are written by the console's commands."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends

from backend.cases import service
from backend.cases.schemas import CaseDetail, CaseSummary, ColleagueNotes
from backend.identity.access import database_of, requires
from backend.identity.principal import Principal
from backend.kernel import clock
from backend.kernel.database import Database

router = APIRouter(prefix="/api", tags=["cases"])

Store = Annotated[Database, Depends(database_of)]
Reader = Annotated[Principal, Depends(requires("cases.read"))]


@router.get("/cases/{case_id}")
async def look_at_case(case_id: UUID, database: Store, principal: Reader) -> CaseDetail:
    """Everything about one case, with its time line."""
    async with database.transaction() as tx:
        return await service.look_at_case(tx, principal, case_id, clock.now())


@router.get("/calls/{call_id}/notes")
async def notes_of_colleagues(
    call_id: str, database: Store, principal: Annotated[Principal, Depends(requires("cases.file"))]
) -> list[ColleagueNotes]:
    """What colleagues took down before they handed this call over."""
    async with database.transaction() as tx:
        return await service.notes_of_colleagues(tx, principal, call_id.replace("\x00", ""), clock.now())


@router.get("/calls/{call_id}/cases")
async def cases_of_call(call_id: str, database: Store, _: Reader) -> list[CaseSummary]:
    """The cases filed in one call, in the order of filing."""
    async with database.transaction() as tx:
        return await service.cases_of_call(tx, call_id.replace("\x00", ""))
