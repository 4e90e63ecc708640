"""Seats over HTTP; what a seat does goes through the console's commands."""

from __future__ import annotations

from typing import Annotated, cast

from fastapi import APIRouter, Depends, Request

from backend.identity.access import requires
from backend.identity.principal import Principal
from backend.kernel.database import Database
from backend.seats import service
from backend.seats.schemas import SeatView

router = APIRouter(prefix="/api/seats", tags=["seats"])


@router.get("")
async def list_seats(request: Request, _: Annotated[Principal, Depends(requires("seats.watch"))]) -> list[SeatView]:
    """Every seat as it stands, by number."""
    async with cast("Database", request.app.state.database).transaction() as tx:
        return await service.list_seats(tx)
