"""Special lists over HTTP: who keeps them sees all, a unit what it is to put right, a grid manager the own beat."""

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
from backend.kernel.versions import InForce
from backend.rectification import schemas as s
from backend.rectification import service
from backend.rectification.service import Desk
from backend.rectification.states import SpecialMove
from backend.units.directory import UnitDirectory

router = APIRouter(prefix="/api/special", tags=["special lists"])

Store = Annotated[Database, Depends(database_of)]
Reader = Annotated[Principal, Depends(requires("special.read", "tasks.handle", "rounds.write"))]
Finder = Annotated[Principal, Depends(requires("special.manage", "rounds.write"))]
Keeper = Annotated[Principal, Depends(requires("special.manage"))]
Worker = Annotated[Principal, Depends(requires("special.manage", "tasks.handle"))]
Checker = Annotated[Principal, Depends(requires("special.check"))]
Rover = Annotated[Principal, Depends(requires("special.manage", "special.check", "rounds.write"))]


@router.get("/lists")
async def lists(
    request: Request, database: Store, who: Reader, asked: Annotated[s.SpecialFilter, Query()]
) -> s.SpecialLists:
    """The kinds of lists, and how many of their entries stand where."""
    async with database.transaction() as tx:
        return await service.lists(tx, await _desk(request, tx, who), asked)


@router.get("/entries")
async def list_entries(
    request: Request, database: Store, who: Reader, query: Annotated[s.SpecialQuery, Query()]
) -> Page[s.SpecialView]:
    """Entries, the last entered first."""
    async with database.transaction() as tx:
        return await service.page(tx, await _desk(request, tx, who), query)


@router.post("/entries")
async def enter(request: Request, database: Store, who: Finder, said: s.SpecialEntered) -> s.SpecialDetail:
    """Enter what was found."""
    async with database.transaction() as tx:
        return await service.enter(tx, await _desk(request, tx, who), said)


@router.get("/entries/{entry_id}")
async def look(request: Request, entry_id: UUID, database: Store, who: Reader) -> s.SpecialDetail:
    """One entry with its history."""
    async with database.transaction() as tx:
        return await service.look(tx, await _desk(request, tx, who), entry_id)


@router.post("/entries/{entry_id}/assignment")
async def assign(request: Request, entry_id: UUID, database: Store, who: Keeper, wish: s.Assignment) -> s.SpecialDetail:
    """Give an entry to a unit until a day."""
    async with database.transaction() as tx:
        return await service.assign(tx, await _desk(request, tx, who), entry_id, wish)


@router.post("/entries/{entry_id}/rectification")
async def rectify(
    request: Request, entry_id: UUID, database: Store, who: Worker, wish: s.Rectification
) -> s.SpecialDetail:
    """Say that it was put right."""
    async with database.transaction() as tx:
        return await service.rectify(tx, await _desk(request, tx, who), entry_id, wish.version, wish.result)


@router.post("/entries/{entry_id}/check")
async def check(
    request: Request, entry_id: UUID, database: Store, who: Checker, wish: s.SpecialCheck
) -> s.SpecialDetail:
    """Say that it was checked on the spot."""
    async with database.transaction() as tx:
        desk = await _desk(request, tx, who)
        return await service.judge(tx, desk, entry_id, wish.version, SpecialMove.CHECK, {"note": wish.note})


@router.post("/entries/{entry_id}/rework")
async def send_back(
    request: Request, entry_id: UUID, database: Store, who: Checker, wish: s.ReasonedSpecialAct
) -> s.SpecialDetail:
    """Send it back to its unit, because it is not put right."""
    async with database.transaction() as tx:
        desk = await _desk(request, tx, who)
        return await service.judge(tx, desk, entry_id, wish.version, SpecialMove.SEND_BACK, {"reason": wish.reason})


@router.post("/entries/{entry_id}/return")
async def find_again(
    request: Request, entry_id: UUID, database: Store, who: Rover, wish: s.ReasonedSpecialAct
) -> s.SpecialDetail:
    """Say that it is there again."""
    async with database.transaction() as tx:
        desk = await _desk(request, tx, who)
        return await service.end_or_reopen(tx, desk, entry_id, wish.version, SpecialMove.FIND_AGAIN, wish.reason)


@router.post("/entries/{entry_id}/removal")
async def strike_off(
    request: Request, entry_id: UUID, database: Store, who: Keeper, wish: s.ReasonedSpecialAct
) -> s.SpecialDetail:
    """Strike an entry off its list."""
    async with database.transaction() as tx:
        desk = await _desk(request, tx, who)
        return await service.end_or_reopen(tx, desk, entry_id, wish.version, SpecialMove.STRIKE_OFF, wish.reason)


@router.post("/entries/{entry_id}/case")
async def make_case(
    request: Request, entry_id: UUID, database: Store, who: Finder, wish: GrownCaseWish
) -> s.SpecialDetail:
    """File an entry as a case."""
    async with database.transaction() as tx:
        return await service.make_case(tx, await _desk(request, tx, who), entry_id, wish)


async def _desk(request: Request, tx: Transaction, who: Principal) -> Desk:
    now, state = clock.now(), request.app.state
    return Desk(
        who,
        await cast("InForce[dict[str, s.SpecialKind]]", state.special_kinds).at(tx.session, now),
        await cast("InForce[UnitDirectory]", state.units).at(tx.session, now),
        await cast("References", state.console.references).at(tx, now),
        now,
    )
