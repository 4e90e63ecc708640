"""The desks over HTTP: what waits for dispatchers, commanders and verifiers, and dispatching many cases at once."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends

from backend.dispatch import batch, desks
from backend.dispatch.desk_schemas import BatchDone, BatchWish, DeskQueue, Matter
from backend.dispatch.room import Room, room_of
from backend.identity.access import requires
from backend.identity.principal import Principal
from backend.kernel import clock

router = APIRouter(prefix="/api", tags=["desks"])

Here = Annotated[Room, Depends(room_of)]
Dispatcher = Annotated[Principal, Depends(requires("cases.dispatch"))]
Centre = Annotated[Principal, Depends(requires("cases.dispatch", "cases.coordinate", "cases.grant"))]
Verifier = Annotated[Principal, Depends(requires("cases.verify"))]


@router.get("/desks/dispatching")
async def dispatching(here: Here, who: Centre, matter: Matter | None = None) -> DeskQueue:
    """What waits for this dispatcher or commander, what is due next first."""
    async with here.database.transaction() as tx:
        return await desks.desk(tx, who, desks.DISPATCHING, matter, await here.units_in(tx), clock.now())


@router.get("/desks/verifying")
async def verifying(here: Here, who: Verifier, matter: Matter | None = None) -> DeskQueue:
    """What waits for this verifier, never what the own unit handled."""
    async with here.database.transaction() as tx:
        return await desks.desk(tx, who, desks.VERIFYING, matter, await here.units_in(tx), clock.now())


@router.post("/dispatch/batch")
async def dispatch_many(wish: BatchWish, here: Here, who: Dispatcher) -> BatchDone:
    """Dispatch many cases, each by itself; the answer tells of each what became of it."""
    return await batch.dispatch_many(here, who, wish)
