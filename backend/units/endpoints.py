"""Units over HTTP."""

from __future__ import annotations

from datetime import date
from typing import Annotated, cast

from fastapi import APIRouter, Depends, Query, Request

from backend.identity.access import database_of, signed_in
from backend.identity.principal import Principal
from backend.kernel import clock
from backend.kernel.database import Database
from backend.kernel.versions import InForce
from backend.units.directory import UnitDirectory, units_on
from backend.units.schemas import UnitKind, UnitView

router = APIRouter(prefix="/api/units", tags=["units"])

Store = Annotated[Database, Depends(database_of)]


@router.get("")
async def list_units(
    request: Request,
    database: Store,
    _: Annotated[Principal, Depends(signed_in)],
    q: Annotated[str, Query(max_length=60)] = "",
    kind: Annotated[list[UnitKind], Query(max_length=len(UnitKind))] = [],  # noqa: B006 - FastAPI copies defaults
    on: date | None = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 50,
) -> list[UnitView]:
    """Units of these kinds, or of all, that fit what was typed (name, alias, duty, pinyin, initials), best first.

    `on` asks for another day.
    """
    async with database.transaction() as tx:
        if on is not None:
            return (await units_on(tx.session, on)).search(q, kind, limit)
        return (await _directory(request).at(tx.session, clock.now())).search(q, kind, limit)


def _directory(request: Request) -> InForce[UnitDirectory]:
    return cast("InForce[UnitDirectory]", request.app.state.units)
