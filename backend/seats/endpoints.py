"""Seats over HTTP; what a seat does goes through the console's commands."""

from __future__ import annotations

from typing import Annotated, cast
from uuid import UUID

from fastapi import APIRouter, Depends, Request

from backend.identity.access import requires
from backend.identity.principal import Principal
from backend.kernel.database import Database
from backend.seats import service, skills
from backend.seats.schemas import SeatView, SkillsView
from telephony.pbx.settings import PbxSettings

router = APIRouter(prefix="/api/seats", tags=["seats"])


@router.get("")
async def list_seats(request: Request, _: Annotated[Principal, Depends(requires("seats.watch"))]) -> list[SeatView]:
    """Every seat as it stands, by number."""
    async with cast("Database", request.app.state.database).transaction() as tx:
        return await service.list_seats(tx)


@router.get("/skills/{user_id}")
async def skills_of(
    request: Request, user_id: UUID, _: Annotated[Principal, Depends(requires("seats.watch"))]
) -> SkillsView:
    """What a person takes calls for, with every skill that the hall knows."""
    async with cast("Database", request.app.state.database).transaction() as tx:
        return await skills.of_person(tx, cast("PbxSettings", request.app.state.pbx), user_id)
