"""Diary and ledger over HTTP: everybody within the own community or street, who reads all rounds in all of them."""

from __future__ import annotations

from typing import Annotated, cast
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request

from backend.cases.reference import References
from backend.cases.schemas import GrownCaseWish
from backend.identity.access import database_of, requires
from backend.identity.principal import Principal
from backend.kernel import clock
from backend.kernel.database import Database, Transaction
from backend.kernel.schemas import Page
from backend.rounds import service
from backend.rounds.schemas import (
    Journal,
    RoundAmended,
    RoundCountQuery,
    RoundCounts,
    RoundDetail,
    RoundQuery,
    RoundView,
    RoundWritten,
)
from backend.rounds.service import Desk

router = APIRouter(prefix="/api/rounds/{journal}", tags=["rounds"])

Store = Annotated[Database, Depends(database_of)]
Reader = Annotated[Principal, Depends(requires("rounds.write", "rounds.read"))]
Writer = Annotated[Principal, Depends(requires("rounds.write"))]
Filer = Annotated[Principal, Depends(requires("rounds.write", "cases.dispatch"))]


@router.get("")
async def list_entries(
    request: Request, journal: Journal, database: Store, who: Reader, query: Annotated[RoundQuery, Query()]
) -> Page[RoundView]:
    """Entries, the latest first."""
    async with database.transaction() as tx:
        return await service.page(tx, await _desk(request, tx, journal, who), query)


@router.get("/counts")
async def count_entries(
    request: Request, journal: Journal, database: Store, who: Reader, query: Annotated[RoundCountQuery, Query()]
) -> RoundCounts:
    """How many entries of a filter there are, by kind, class, community or day."""
    async with database.transaction() as tx:
        return await service.count(tx, await _desk(request, tx, journal, who), query)


@router.post("")
async def write(request: Request, journal: Journal, database: Store, who: Writer, said: RoundWritten) -> RoundDetail:
    """Write a new entry."""
    async with database.transaction() as tx:
        return await service.write(tx, await _desk(request, tx, journal, who), said)


@router.get("/{entry_id}")
async def look(request: Request, journal: Journal, entry_id: UUID, database: Store, who: Reader) -> RoundDetail:
    """One entry, with how its case went on."""
    async with database.transaction() as tx:
        return await service.look(tx, await _desk(request, tx, journal, who), entry_id)


@router.post("/{entry_id}/amendment")
async def amend(
    request: Request, journal: Journal, entry_id: UUID, database: Store, who: Writer, said: RoundAmended
) -> RoundDetail:
    """Put an entry right that is one's own and no case yet."""
    async with database.transaction() as tx:
        return await service.amend(tx, await _desk(request, tx, journal, who), entry_id, said)


@router.post("/{entry_id}/case")
async def make_case(
    request: Request, journal: Journal, entry_id: UUID, database: Store, who: Filer, wish: GrownCaseWish
) -> RoundDetail:
    """File an entry as a case."""
    async with database.transaction() as tx:
        return await service.make_case(tx, await _desk(request, tx, journal, who), entry_id, wish)


async def _desk(request: Request, tx: Transaction, journal: Journal, who: Principal) -> Desk:
    now = clock.now()
    references = cast("References", request.app.state.console.references)
    return Desk(journal, who, await references.at(tx, now), now)
