"""The black list and missed callers over HTTP."""

from __future__ import annotations

from typing import Annotated, cast
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request

from backend.identity.access import database_of, requires
from backend.identity.principal import Principal
from backend.kernel import clock
from backend.kernel.database import Database
from backend.orders.schemas import OrderView
from backend.queueing import blacklist, leaders, missed
from backend.queueing.schemas import (
    BlacklistAsk,
    BlacklistDecision,
    BlacklistView,
    CallBlacklist,
    LeaderOpen,
    LeaderSessionView,
    MissedDial,
    MissedEnd,
    MissedView,
)
from backend.queueing.states import MissedState
from telephony.pbx.settings import PbxSettings

router = APIRouter(prefix="/api", tags=["queueing"])

Store = Annotated[Database, Depends(database_of)]


@router.get("/leaders")
async def list_leader_sessions(
    database: Store, _: Annotated[Principal, Depends(requires("leaders.read"))]
) -> list[LeaderSessionView]:
    """The leaders' sessions, newest first, with their calls and what became of these."""
    async with database.transaction() as tx:
        return await leaders.sessions(tx, clock.now())


@router.post("/leaders")
async def open_leader_session(
    body: LeaderOpen, database: Store, who: Annotated[Principal, Depends(requires("leaders.open"))]
) -> LeaderSessionView:
    """Let a leader answer citizens: calls go to that person's seat before all others."""
    async with database.transaction() as tx:
        return await leaders.begin(tx, who, body.user_id, body.minutes, clock.now())


@router.post("/leaders/{session_id}/end")
async def end_leader_session(
    session_id: UUID, database: Store, who: Annotated[Principal, Depends(requires("leaders.open"))]
) -> LeaderSessionView:
    """End a session now; its calls are followed up all the same."""
    async with database.transaction() as tx:
        return await leaders.finish(tx, who, session_id, clock.now())


@router.get("/missed")
async def list_missed(
    database: Store,
    _: Annotated[Principal, Depends(requires("missed.read"))],
    state: MissedState = MissedState.OPEN,
    limit: Annotated[int, Query(ge=1, le=500)] = 200,
) -> list[MissedView]:
    """Who is owed a callback, in the order in which they first called."""
    async with database.transaction() as tx:
        return await missed.page(tx, state, limit)


@router.post("/missed/{missed_id}/call")
async def call_missed(
    request: Request,
    missed_id: UUID,
    body: MissedDial,
    database: Store,
    who: Annotated[Principal, Depends(requires("calls.dial"))],
) -> OrderView:
    """Call a missed caller from one's own seat; he sees the hotline's number."""
    shown = cast("PbxSettings", request.app.state.pbx).numbers[0].number
    async with database.transaction() as tx:
        return await missed.call_back(tx, who, missed_id, body.request_id, shown, clock.now())


@router.post("/missed/{missed_id}/end")
async def end_missed(
    missed_id: UUID, body: MissedEnd, database: Store, who: Annotated[Principal, Depends(requires("missed.end"))]
) -> MissedView:
    """Say that a missed caller was called back, or need not be."""
    async with database.transaction() as tx:
        return await missed.end(tx, who, missed_id, body.move, body.note, clock.now())


@router.get("/blacklist")
async def list_blacklist(
    database: Store, _: Annotated[Principal, Depends(requires("blacklist.read"))]
) -> list[BlacklistView]:
    """What waits for consent, what is in force, and what was."""
    async with database.transaction() as tx:
        return await blacklist.entries(tx, clock.now())


@router.get("/calls/{call_id}/blacklist")
async def blacklist_of_call(
    call_id: str, database: Store, who: Annotated[Principal, Depends(requires("blacklist.ask"))]
) -> CallBlacklist:
    """Whether the caller of this call is refused, or is to be."""
    async with database.transaction() as tx:
        return CallBlacklist(entry=await blacklist.of_call(tx, who, call_id, clock.now()))


@router.post("/blacklist")
async def ask_for_entry(
    body: BlacklistAsk, database: Store, who: Annotated[Principal, Depends(requires("blacklist.ask"))]
) -> BlacklistView:
    """Ask that a number be refused for a time."""
    async with database.transaction() as tx:
        return await blacklist.ask(tx, who, body, clock.now())


@router.post("/blacklist/{entry_id}/decision")
async def decide_entry(
    entry_id: UUID,
    body: BlacklistDecision,
    database: Store,
    who: Annotated[Principal, Depends(requires("blacklist.decide"))],
) -> BlacklistView:
    """Consent to an entry that somebody else asked for, decline it, or lift one that is in force."""
    async with database.transaction() as tx:
        return await blacklist.decide(tx, who, entry_id, body.move, clock.now())
