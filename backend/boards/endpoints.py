"""Boards over HTTP."""

from __future__ import annotations

import asyncio
from typing import Annotated, cast
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request, Response

from backend.boards import schemas as s
from backend.boards import service
from backend.boards.service import BoardDesk
from backend.boards.sheet import board_sheet
from backend.identity import audit
from backend.identity.access import database_of, requires
from backend.identity.permissions import Roles
from backend.identity.principal import Principal
from backend.kernel import clock
from backend.kernel.database import Database
from backend.kernel.schemas import Page
from backend.kernel.spreadsheet import XLSX

router = APIRouter(prefix="/api/boards", tags=["boards"])

Store = Annotated[Database, Depends(database_of)]
Reader = Annotated[Principal, Depends(requires("boards.read", "boards.read_group"))]
Agent = Annotated[Principal, Depends(requires("reviews.read_own"))]


@router.get("")
async def board(request: Request, database: Store, who: Reader, asked: Annotated[s.BoardQuery, Query()]) -> s.Board:
    """How quality stands in some days, by rule, agent, group, queue and day."""
    async with database.transaction() as tx:
        return await service.whole(tx, _desk(request, who), asked)


@router.get("/choices")
async def choices(request: Request, database: Store, who: Reader) -> s.BoardChoices:
    """What a board can be narrowed to."""
    async with database.transaction() as tx:
        return await service.choices(tx, _desk(request, who))


@router.get("/hits")
async def hits(
    request: Request, database: Store, who: Reader, asked: Annotated[s.HitsQuery, Query()]
) -> Page[s.BoardHit]:
    """The hits behind a number, those of the last calls first."""
    async with database.transaction() as tx:
        return await service.hits(tx, _desk(request, who), asked)


@router.get("/calls")
async def calls(
    request: Request, database: Store, who: Reader, asked: Annotated[s.CallsQuery, Query()]
) -> Page[s.BoardCall]:
    """The checked calls behind a number, the last first."""
    async with database.transaction() as tx:
        return await service.calls(tx, _desk(request, who), asked)


@router.get("/reviews")
async def reviews(
    request: Request, database: Store, who: Reader, asked: Annotated[s.ReviewsQuery, Query()]
) -> Page[s.BoardReview]:
    """The scores behind a number, those of the last calls first."""
    async with database.transaction() as tx:
        return await service.reviews(tx, _desk(request, who), asked)


@router.get("/agents/{agent_id}")
async def trend(
    request: Request, database: Store, who: Reader, agent_id: UUID, asked: Annotated[s.BoardQuery, Query()]
) -> s.AgentTrend:
    """How one agent's calls went, praise first."""
    async with database.transaction() as tx:
        return await service.trend_of(tx, _desk(request, who), agent_id, asked)


@router.get("/own")
async def own(request: Request, database: Store, who: Agent, asked: Annotated[s.BoardQuery, Query()]) -> s.AgentTrend:
    """How one's own calls went, praise first."""
    async with database.transaction() as tx:
        return await service.own(tx, _desk(request, who), asked)


@router.post("/export", response_class=Response)
async def export(request: Request, database: Store, who: Reader, asked: s.BoardQuery) -> Response:
    """The board as a spreadsheet; taking it is audited."""
    at = _desk(request, who)
    async with database.transaction() as tx:
        shown = await service.whole(tx, at, asked)
        days = {"first": shown.first.isoformat(), "last": shown.last.isoformat()}
        await audit.record(tx, who, "board_exported", "board", f"{shown.first}..{shown.last}", days, at=at.now)
    content = await asyncio.to_thread(board_sheet, shown)
    headers = {"Content-Disposition": f'attachment; filename="quality-{shown.first}-{shown.last}.xlsx"'}
    return Response(content, media_type=XLSX, headers=headers)


def _desk(request: Request, who: Principal) -> BoardDesk:
    state = request.app.state
    return BoardDesk(who, clock.now(), cast("dict[str, str]", state.queue_titles), cast("Roles", state.roles))
