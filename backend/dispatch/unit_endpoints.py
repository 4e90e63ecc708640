"""What a handling unit sees and does over HTTP: its own tasks, and of the citizen only what it may know."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends

from backend.dispatch import appeal_moves, looking, task_moves
from backend.dispatch import schemas as s
from backend.dispatch.room import Room, room_of
from backend.dispatch.schemas import CitizenNumber, UnitTask, UnitTaskDetail
from backend.dispatch.service import Act, TaskSeen
from backend.identity.access import requires
from backend.identity.principal import Principal
from backend.kernel import clock

router = APIRouter(prefix="/api/tasks", tags=["tasks"])

Here = Annotated[Room, Depends(room_of)]
Staff = Annotated[Principal, Depends(requires("tasks.handle"))]
Leader = Annotated[Principal, Depends(requires("tasks.agree"))]


@router.get("")
async def list_tasks(here: Here, who: Staff, done: bool = False) -> list[UnitTask]:
    """The tasks of my unit: open ones by what is due next, or, with `done`, those that ended last."""
    async with here.database.transaction() as tx:
        return await looking.tasks_of_unit(tx, who, done=done)


@router.get("/{case_id}/{n}")
async def look_at_task(case_id: UUID, n: int, here: Here, who: Staff) -> UnitTaskDetail:
    """One task of my unit."""
    async with here.database.transaction() as tx:
        return await looking.task_of_unit(tx, who, case_id, n, here.rules, clock.now())


@router.post("/{case_id}/{n}/number")
async def reveal_number(case_id: UUID, n: int, wish: s.NumberWish, here: Here, who: Staff) -> CitizenNumber:
    """The citizen's whole number, to call; audited, and never that of who wants to stay unknown."""
    async with here.database.transaction() as tx:
        return await looking.reveal_number(tx, who, case_id, n, wish.reason, clock.now())


@router.post("/{case_id}/{n}/signature")
async def sign(case_id: UUID, n: int, wish: s.TaskAct, here: Here, who: Staff) -> UnitTaskDetail:
    """Take a task over."""
    return await _move(here, who, case_id, n, wish, lambda life, at: task_moves.sign(life, n, at))


@router.post("/{case_id}/{n}/contact")
async def contact(case_id: UUID, n: int, wish: s.Contact, here: Here, who: Staff) -> UnitTaskDetail:
    """Enter what was said with the citizen."""
    act: Act = lambda life, at: task_moves.contact(life, n, wish.note, wish.agreed_at, at)  # noqa: E731
    return await _move(here, who, case_id, n, wish, act)


@router.post("/{case_id}/{n}/report")
async def report(case_id: UUID, n: int, wish: s.Report, here: Here, who: Staff) -> UnitTaskDetail:
    """Report what was done."""
    return await _move(here, who, case_id, n, wish, lambda life, at: task_moves.report(life, n, wish.result, at))


@router.post("/{case_id}/{n}/refusal")
async def refuse(case_id: UUID, n: int, wish: s.ReasonedTaskAct, here: Here, who: Staff) -> UnitTaskDetail:
    """Send a task back before it is signed."""
    return await _move(here, who, case_id, n, wish, lambda life, at: task_moves.refuse(life, n, wish.reason, at))


@router.post("/{case_id}/{n}/escalation")
async def escalate(case_id: UUID, n: int, wish: s.ReasonedTaskAct, here: Here, who: Staff) -> UnitTaskDetail:
    """Ask the district centre to take over what the street cannot solve."""
    async with here.database.transaction() as tx:
        share = await looking.escalation_share(tx, who.unit_code or "", here.rules, clock.now())
        act: Act = lambda life, at: task_moves.escalate(life, n, wish.reason, share, at)  # noqa: E731
        return await here.move_task(tx, who, TaskSeen(case_id, n, wish.version), act)


@router.post("/{case_id}/{n}/whistle")
async def whistle(case_id: UUID, n: int, wish: s.Whistle, here: Here, who: Staff) -> UnitTaskDetail:
    """Call departments to the place."""
    async with here.database.transaction() as tx:
        units = await here.units_in(tx)
        called = [looking.unit_of(units, code) for code in wish.units]
        act: Act = lambda life, at: task_moves.whistle(life, n, called, wish.what, at)  # noqa: E731
        return await here.move_task(tx, who, TaskSeen(case_id, n, wish.version), act)


@router.post("/{case_id}/{n}/extensions")
async def ask_extension(case_id: UUID, n: int, wish: s.ExtensionWish, here: Here, who: Staff) -> UnitTaskDetail:
    """Ask for more time."""
    act: Act = lambda life, at: task_moves.ask_extension(life, n, wish.amount, wish.reason, at)  # noqa: E731
    return await _move(here, who, case_id, n, wish, act)


@router.post("/{case_id}/{n}/appeal")
async def appeal(case_id: UUID, n: int, wish: s.AppealWish, here: Here, who: Staff) -> UnitTaskDetail:
    """Appeal, after closing, against that a clock of the unit ran out."""
    return await _move(here, who, case_id, n, wish, lambda life, at: appeal_moves.make(life, n, wish.reason, at))


@router.post("/{case_id}/{n}/extensions/{extension}/agreement")
async def agree_extension(
    case_id: UUID, n: int, extension: int, wish: s.Verdict, here: Here, who: Leader
) -> UnitTaskDetail:
    """The first level of a request for more time: the unit's own leader agrees or declines."""
    decide = task_moves.agree_extension if wish.agreed else task_moves.decline_extension
    async with here.database.transaction() as tx:
        row = await looking.own_task(tx, who, case_id, n)
        seen = TaskSeen(case_id, n, row.version)
        return await here.move_task(tx, who, seen, lambda life, at: decide(life, extension, at))


async def _move(here: Room, who: Principal, case_id: UUID, n: int, wish: s.TaskAct, act: Act) -> UnitTaskDetail:
    async with here.database.transaction() as tx:
        return await here.move_task(tx, who, TaskSeen(case_id, n, wish.version), act)
