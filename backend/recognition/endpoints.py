"""The state of recognition over HTTP."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends

from backend.identity.access import database_of, requires
from backend.identity.principal import Principal
from backend.kernel import clock
from backend.kernel.database import Database
from backend.recognition import service
from backend.recognition.schemas import RecognitionStatus, RetryDone, RetryWish

router = APIRouter(prefix="/api/recognition", tags=["recognition"])

Store = Annotated[Database, Depends(database_of)]


@router.get("")
async def read_status(
    database: Store, _: Annotated[Principal, Depends(requires("recognition.watch"))]
) -> RecognitionStatus:
    """What waits, how fast it goes, what failed."""
    async with database.transaction() as tx:
        return await service.status(tx, clock.now())


@router.post("/retry")
async def retry(
    wish: RetryWish, database: Store, who: Annotated[Principal, Depends(requires("recognition.retry"))]
) -> RetryDone:
    """Try again what failed; each call goes to the audit log."""
    async with database.transaction() as tx:
        return await service.retry(tx, who, wish.call_ids)
