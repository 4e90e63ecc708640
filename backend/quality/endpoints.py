"""Quality checks over HTTP."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends

from backend.identity.access import database_of, requires
from backend.identity.principal import Principal
from backend.kernel.database import Database
from backend.quality import service
from backend.quality.schemas import CallHits

router = APIRouter(prefix="/api", tags=["quality"])

Store = Annotated[Database, Depends(database_of)]


@router.get("/calls/{call_id}/hits")
async def hits_of_call(
    call_id: str, database: Store, who: Annotated[Principal, Depends(requires("quality.read", "quality.read_own"))]
) -> CallHits:
    """What the checks found in one call; looking is audited."""
    async with database.transaction() as tx:
        return await service.hits_of_call(tx, who, call_id.replace("\x00", ""))
