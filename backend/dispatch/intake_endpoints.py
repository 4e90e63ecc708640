"""What helps an agent while a case is typed, over HTTP: what it would lead to, and the open case that it belongs to."""

from __future__ import annotations

from typing import Annotated, cast
from uuid import UUID

from fastapi import APIRouter, Depends, Request

from backend.cases.reference import References
from backend.dispatch import additions, outlook
from backend.dispatch.intake_schemas import AdditionAsked, AdditionMade, Outlook, OutlookAsked
from backend.dispatch.room import Room, room_of
from backend.identity.access import requires
from backend.identity.principal import Principal
from backend.kernel import clock

router = APIRouter(prefix="/api/cases", tags=["intake"])

Here = Annotated[Room, Depends(room_of)]
Agent = Annotated[Principal, Depends(requires("cases.file"))]


@router.post("/outlook")
async def look_ahead(request: Request, asked: OutlookAsked, here: Here, who: Agent) -> Outlook:
    """What is known of the form as it stands; asked in the body: its words belong in no log of addresses."""
    references = cast("References", request.app.state.references)
    now = clock.now()
    async with here.database.transaction() as tx:
        reference = await references.at(tx, now)
        return await outlook.outlook(tx, who, asked, reference, await here.units_in(tx), now)


@router.post("/{case_id}/additions")
async def add_to_case(case_id: UUID, asked: AdditionAsked, here: Here, who: Agent) -> AdditionMade:
    """Add what was typed to an open case instead of filing another."""
    async with here.database.transaction() as tx:
        return await additions.add_to_case(tx, who, case_id, asked, here.rules.time, clock.now())
