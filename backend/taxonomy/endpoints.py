"""The taxonomy over HTTP."""

from __future__ import annotations

from datetime import date
from typing import Annotated, cast

from fastapi import APIRouter, Depends, Query, Request

from backend.identity.access import database_of, requires
from backend.identity.principal import Principal
from backend.kernel import clock
from backend.kernel.database import Database
from backend.kernel.versions import InForce
from backend.taxonomy import schemas
from backend.taxonomy.crossing import CrossingIndex, crossing_on
from backend.taxonomy.schemas import CaseClass, IndexEntry
from backend.taxonomy.taxonomy import Taxonomy, taxonomy_on

router = APIRouter(prefix="/api/taxonomy", tags=["taxonomy"])

Store = Annotated[Database, Depends(database_of)]
Reader = Annotated[Principal, Depends(requires("cases.read", "cases.file"))]


@router.get("")
async def classes(request: Request, database: Store, _: Reader, on: date | None = None) -> schemas.Taxonomy:
    """The classes in force today, or on another day."""
    async with database.transaction() as tx:
        if on is not None:
            return (await taxonomy_on(tx.session, on)).as_options()
        return (await _taxonomy(request).at(tx.session, clock.now())).as_options()


@router.get("/search")
async def search(
    request: Request,
    database: Store,
    _: Reader,
    q: Annotated[str, Query(max_length=60)],
    limit: Annotated[int, Query(ge=1, le=100)] = 20,
) -> list[CaseClass]:
    """The classes that fit a word, an alias, pinyin or initials, best first."""
    async with database.transaction() as tx:
        return (await _taxonomy(request).at(tx.session, clock.now())).search(q, limit)


@router.get("/crossing")
async def crossing(
    request: Request, database: Store, _: Reader, class_code: str = "", on: date | None = None
) -> list[IndexEntry]:
    """The index 七有五性 today or on another day: whole, or what cases of one class count under."""
    async with database.transaction() as tx:
        if on is not None:
            index = await crossing_on(tx.session, on)
        else:
            index = await cast("InForce[CrossingIndex]", request.app.state.crossing).at(tx.session, clock.now())
    return index.of_class(class_code) if class_code else list(index.entries)


def _taxonomy(request: Request) -> InForce[Taxonomy]:
    return cast("InForce[Taxonomy]", request.app.state.taxonomy)
