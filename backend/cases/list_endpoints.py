"""The case list over HTTP: pages, counts, the map, and the filters that people keep."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query

from backend.cases import listing, mapping, saved_filters
from backend.cases.list_schemas import CaseCounts, CaseQuery, CaseQuestion, FilterKept, SavedFilterView
from backend.cases.map_schemas import CaseMap, MapQuestion
from backend.cases.schemas import CaseSummary
from backend.identity.access import database_of, requires
from backend.identity.principal import Principal
from backend.kernel import clock
from backend.kernel.database import Database
from backend.kernel.schemas import Page

router = APIRouter(prefix="/api/cases", tags=["cases"])

Store = Annotated[Database, Depends(database_of)]
Reader = Annotated[Principal, Depends(requires("cases.read"))]


@router.get("")
async def list_cases(database: Store, who: Reader, query: Annotated[CaseQuery, Query()]) -> Page[CaseSummary]:
    """Cases, newest first; `mine` are those that I filed."""
    async with database.transaction() as tx:
        return await listing.list_cases(tx, who, query, clock.now())


@router.get("/counts")
async def count_cases(database: Store, who: Reader, question: Annotated[CaseQuestion, Query()]) -> CaseCounts:
    """How many cases of a filter stand in each status; never more than is quickly counted."""
    async with database.transaction() as tx:
        return await listing.count_cases(tx, who, question, clock.now())


@router.get("/map")
async def map_of_cases(database: Store, who: Reader, question: Annotated[MapQuestion, Query()]) -> CaseMap:
    """The open cases of a filter by areas of the grid, and where each of them lies."""
    async with database.transaction() as tx:
        return await mapping.map_of_cases(tx, who, question, clock.now())


@router.get("/filters")
async def my_filters(database: Store, who: Reader) -> list[SavedFilterView]:
    """My filters by name."""
    async with database.transaction() as tx:
        return await saved_filters.filters_of(tx, who)


@router.post("/filters")
async def keep_filter(database: Store, who: Reader, kept: FilterKept) -> SavedFilterView:
    """Keep a filter under a name; one of the same name is replaced."""
    async with database.transaction() as tx:
        return await saved_filters.keep_filter(tx, who, kept, clock.now())


@router.delete("/filters/{filter_id}", status_code=204)
async def forget_filter(database: Store, who: Reader, filter_id: UUID) -> None:
    """Delete one of my filters."""
    async with database.transaction() as tx:
        await saved_filters.forget_filter(tx, who, filter_id)
