"""Moving cases in the loop over HTTP: what dispatchers, the centre, verifiers and agents do."""

from __future__ import annotations

from functools import partial
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends

from backend.calls.service import call_for_case
from backend.dispatch import appeal_moves, case_moves, looking, task_moves
from backend.dispatch import schemas as s
from backend.dispatch.errors import NoDirectDispatch
from backend.dispatch.guards import Asked
from backend.dispatch.life import Life, Moved, Occasion
from backend.dispatch.room import Room, room_of
from backend.dispatch.schemas import LoopLedger, LoopView
from backend.dispatch.service import Act
from backend.identity.access import requires
from backend.identity.principal import Principal
from backend.kernel import clock

router = APIRouter(prefix="/api", tags=["dispatch"])

Here = Annotated[Room, Depends(room_of)]
Reader = Annotated[Principal, Depends(requires("cases.read"))]
Dispatcher = Annotated[Principal, Depends(requires("cases.dispatch"))]
Coordinator = Annotated[Principal, Depends(requires("cases.coordinate"))]
Granter = Annotated[Principal, Depends(requires("cases.grant"))]
Supervisor = Annotated[Principal, Depends(requires("cases.supervise"))]
Verifier = Annotated[Principal, Depends(requires("cases.verify"))]
Reviewer = Annotated[Principal, Depends(requires("appeals.review"))]
Agent = Annotated[Principal, Depends(requires("cases.file", "cases.dispatch"))]


@router.get("/dispatch/ledger")
async def ledger(here: Here, _: Reader) -> LoopLedger:
    """How many cases stand where, and what each street escalated this month."""
    async with here.database.transaction() as tx:
        return await looking.ledger(tx, await here.units_in(tx), here.rules, clock.now())


@router.get("/cases/{case_id}/loop")
async def loop(case_id: UUID, here: Here, _: Reader) -> LoopView:
    """How a case stands in the loop."""
    async with here.database.transaction() as tx:
        return await looking.loop_of_case(tx, case_id, await here.units_in(tx), here.rules, clock.now())


@router.post("/cases/{case_id}/dispatch")
async def dispatch(case_id: UUID, wish: s.DispatchWish, here: Here, who: Dispatcher) -> LoopView:
    """Send a case to units, or, with `direct`, to those that street and class make plain."""
    async with here.database.transaction() as tx:
        units = await here.units_in(tx)
        plain = await looking.what_is_plain(tx, case_id)
        named = [Asked(looking.unit_of(units, each.code), each.role) for each in wish.units]

        def act(life: Life, at: Occasion) -> Moved:
            asked = looking.propose(life, plain, units) if wish.direct else named
            if wish.direct and not asked:
                raise NoDirectDispatch("Street and class do not make plain where this goes.", "Choose the units.")
            return case_moves.dispatch(life, asked, wish.reason, at)

        return await here.move_case(tx, who, case_id, wish.version, act)


@router.post("/cases/{case_id}/coordination")
async def decide(case_id: UUID, wish: s.DecisionWish, here: Here, who: Coordinator) -> LoopView:
    """Enter what the coordination decided; it binds."""
    async with here.database.transaction() as tx:
        units = await here.units_in(tx)
        asked = [Asked(looking.unit_of(units, each.code), each.role) for each in wish.units]
        act = partial(_decide, asked=asked, reason=wish.reason)
        return await here.move_case(tx, who, case_id, wish.version, act)


@router.post("/cases/{case_id}/out-of-scope")
async def declare_out_of_scope(case_id: UUID, wish: s.ReasonedCaseAct, here: Here, who: Dispatcher) -> LoopView:
    """Close what is no matter of the hotline, with the explanation and whom the citizen was referred to."""
    return await _move(
        here, who, case_id, wish, lambda life, at: case_moves.declare_out_of_scope(life, wish.reason, at)
    )


@router.post("/cases/{case_id}/hardness")
async def declare_hard(case_id: UUID, wish: s.ReasonedCaseAct, here: Here, who: Dispatcher) -> LoopView:
    """Declare a case that waits for its dispatch hard, for good: it goes to departments only."""
    return await _move(here, who, case_id, wish, lambda life, at: case_moves.declare_hard(life, wish.reason, at))


@router.post("/cases/{case_id}/suspension")
async def suspend(case_id: UUID, wish: s.SuspensionWish, here: Here, who: Granter) -> LoopView:
    """Let a case rest until a time."""
    return await _move(here, who, case_id, wish, lambda life, at: case_moves.suspend(life, wish.until, wish.reason, at))


@router.post("/cases/{case_id}/resumption")
async def resume(case_id: UUID, wish: s.CaseAct, here: Here, who: Granter) -> LoopView:
    """End a suspension before its time."""
    return await _move(here, who, case_id, wish, case_moves.resume)


@router.post("/cases/{case_id}/extensions/{n}/grant")
async def grant_extension(case_id: UUID, n: int, wish: s.Verdict, here: Here, who: Granter) -> LoopView:
    """The second level of a request for more time: the centre grants or declines it."""
    decide_on = task_moves.grant_extension if wish.agreed else task_moves.decline_extension
    async with here.database.transaction() as tx:
        return await here.move_case(tx, who, case_id, None, lambda life, at: decide_on(life, n, at))


@router.post("/cases/{case_id}/urgency")
async def change_urgency(case_id: UUID, wish: s.UrgencyChange, here: Here, who: Dispatcher) -> LoopView:
    """Give a case another urgency; the time already used stays used."""
    urgency = wish.urgency.value
    act: Act = lambda life, at: case_moves.change_urgency(life, urgency, wish.reason, at)  # noqa: E731
    return await _move(here, who, case_id, wish, act)


@router.post("/cases/{case_id}/supervision")
async def supervise(case_id: UUID, wish: s.ReasonedCaseAct, here: Here, who: Supervisor) -> LoopView:
    """Give a supervision order."""
    return await _move(here, who, case_id, wish, lambda life, at: case_moves.supervise(life, wish.reason, at))


@router.post("/cases/{case_id}/urging")
async def urge(case_id: UUID, wish: s.Urging, here: Here, who: Agent) -> LoopView:
    """Enter that the citizen asked again, whatever else happens to the case at the same time.

    Raises `CallUnknown` for a call that is not this person's.
    """
    async with here.database.transaction() as tx:
        if wish.call_id is not None:
            await call_for_case(tx, who, wish.call_id)
        act: Act = lambda life, at: case_moves.urge(life, wish.note, wish.call_id, at)  # noqa: E731
        return await here.move_case(tx, who, case_id, None, act)


@router.post("/cases/{case_id}/withdrawal")
async def withdraw(case_id: UUID, wish: s.ReasonedCaseAct, here: Here, who: Agent) -> LoopView:
    """Enter that the citizen wants nothing any more."""
    return await _move(here, who, case_id, wish, lambda life, at: case_moves.withdraw(life, wish.reason, at))


@router.post("/cases/{case_id}/verification")
async def verify(case_id: UUID, wish: s.Verification, here: Here, who: Verifier) -> LoopView:
    """Enter that what was reported is done."""
    return await _move(here, who, case_id, wish, lambda life, at: case_moves.verify(life, wish.note, at))


@router.post("/cases/{case_id}/rework")
async def rework(case_id: UUID, wish: s.ReasonedCaseAct, here: Here, who: Verifier) -> LoopView:
    """Send a case back to its units, because it is not done."""
    return await _move(here, who, case_id, wish, lambda life, at: case_moves.rework(life, wish.reason, at))


@router.post("/cases/{case_id}/closing")
async def close(case_id: UUID, wish: s.CaseAct, here: Here, who: Verifier) -> LoopView:
    """Close a verified case; its callback follows."""
    return await _move(here, who, case_id, wish, case_moves.close)


@router.post("/cases/{case_id}/appeal")
async def review_appeal(case_id: UUID, wish: s.AppealVerdict, here: Here, who: Reviewer) -> LoopView:
    """Decide on a time-out appeal: two who agree exempt its clocks from statistics, one who does not ends it."""
    decide_on = appeal_moves.agree if wish.agreed else appeal_moves.decline
    async with here.database.transaction() as tx:
        return await here.review_appeal(tx, who, case_id, wish.state, lambda life, at: decide_on(life, wish.reason, at))


async def _move(here: Room, who: Principal, case_id: UUID, wish: s.CaseAct, act: Act) -> LoopView:
    async with here.database.transaction() as tx:
        return await here.move_case(tx, who, case_id, wish.version, act)


def _decide(life: Life, at: Occasion, *, asked: list[Asked], reason: str) -> Moved:
    return case_moves.decide(life, asked, reason, at)
