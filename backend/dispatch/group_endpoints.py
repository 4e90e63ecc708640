"""Groups of cases 群诉 over HTTP."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends

from backend.dispatch import groups, looking
from backend.dispatch.group_schemas import GroupView, JoinWish
from backend.dispatch.groups import Joining
from backend.dispatch.room import Room, room_of
from backend.dispatch.schemas import LoopView, ReasonedCaseAct
from backend.identity.access import requires
from backend.identity.principal import Principal
from backend.kernel import clock

router = APIRouter(prefix="/api/cases/{case_id}", tags=["groups"])

Here = Annotated[Room, Depends(room_of)]
Reader = Annotated[Principal, Depends(requires("cases.read"))]
Dispatcher = Annotated[Principal, Depends(requires("cases.dispatch"))]


@router.get("/group")
async def group(case_id: UUID, here: Here, who: Reader) -> GroupView:
    """The group that a case belongs to."""
    async with here.database.transaction() as tx:
        return await groups.look_at_group(tx, who, case_id, clock.now())


@router.post("/joining")
async def join(case_id: UUID, wish: JoinWish, here: Here, who: Dispatcher) -> LoopView:
    """Let a case go on under another one."""
    now = clock.now()
    async with here.database.transaction() as tx:
        joining = Joining(case_id, wish.parent_id, wish.reason, wish.version)
        await groups.join(tx, who, joining, here.rules.time, now)
        await tx.session.flush()
        return await looking.loop_of_case(tx, case_id, await here.units_in(tx), here.rules, now)


@router.post("/leaving")
async def leave(case_id: UUID, wish: ReasonedCaseAct, here: Here, who: Dispatcher) -> LoopView:
    """Take a case out of its group."""
    now = clock.now()
    async with here.database.transaction() as tx:
        await groups.leave(tx, who, case_id, wish.version, wish.reason, here.rules.time, now)
        await tx.session.flush()
        return await looking.loop_of_case(tx, case_id, await here.units_in(tx), here.rules, now)
