"""Moving a case in the loop: the case is locked, read, moved by a pure rule, and stored with all that follows.

Everything that a move does stands in one transaction: the case and its tasks by compare-and-set, the clocks, the
entries of the time line, the events that tell of it, and the jobs that carry it on.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from backend.cases import repository as case_rows
from backend.cases import timeline
from backend.cases.errors import CaseNotFound
from backend.cases.models import Case
from backend.cases.schemas import CaseStatus
from backend.cases.service import changed_meanwhile
from backend.cases.states import OPEN
from backend.cases.views import case_summary
from backend.deadlines import service as deadlines
from backend.deadlines.rules import Timekeeping
from backend.dispatch import repository
from backend.dispatch.errors import HandlerCannotJudge, TaskChangedMeanwhile, TaskNotFound
from backend.dispatch.life import Actor, Life, Moved, Occasion
from backend.dispatch.schemas import ClosedAs
from backend.identity.principal import Principal
from backend.kernel.database import Transaction

RESUME_JOB, CLOSED_JOB = "resume_case", "call_back_after_closing"
READERS = "permission:cases.read"

Act = Callable[[Life, Occasion], Moved]


@dataclass(frozen=True, slots=True)
class TaskSeen:
    """A task as somebody saw it who wants to move it."""

    case_id: UUID
    n: int
    version: int


async def move_case(
    tx: Transaction,
    who: Principal | None,
    case_id: UUID,
    version: int | None,
    act: Act,
    time: Timekeeping,
    now: datetime,
) -> Case:
    """Make one move of a case, unless somebody moved it since `version` (None: as it stands, for the platform itself).

    Raises `CaseNotFound`, `CaseChangedMeanwhile` that tells who did what, `CaseCannotMove`, or the rule that the move
    breaks.
    """
    case = await _locked(tx, case_id)
    if version is not None and case.version != version:
        raise await changed_meanwhile(tx, case)
    return await _move(tx, who, case, act, time, now)


async def move_task(
    tx: Transaction, who: Principal, seen: TaskSeen, act: Act, time: Timekeeping, now: datetime
) -> Case:
    """Make one move of a task of this person's own unit, unless somebody moved it since it was seen.

    Raises `TaskNotFound`, `TaskChangedMeanwhile`, `TaskCannotMove`, or the rule that the move breaks.
    """
    case = await _locked(tx, seen.case_id)
    row = await repository.task_row(tx.session, seen.case_id, seen.n)
    if row is None or who.unit_code is None or row.unit_code != who.unit_code:
        raise TaskNotFound("Your unit has no such task.", next_step="Look for it in the list of your unit's tasks.")
    if row.version != seen.version:
        raise TaskChangedMeanwhile(
            "Somebody else moved this task first.",
            kept="What you typed is still on the screen.",
            next_step="Load it anew and decide again.",
        )
    return await _move(tx, who, case, act, time, now)


async def refuse_handlers(tx: Transaction, who: Principal, case_id: UUID) -> None:
    """Raises `HandlerCannotJudge` for a person of a unit that handled this case."""
    if who.unit_code is not None and who.unit_code in await repository.units_with_tasks(tx.session, case_id):
        raise HandlerCannotJudge


async def _locked(tx: Transaction, case_id: UUID) -> Case:
    case = await repository.lock_case(tx.session, case_id)
    if case is None:
        raise CaseNotFound("There is no such case.", next_step="Look for it in the list.")
    return case


async def _move(tx: Transaction, who: Principal | None, case: Case, act: Act, time: Timekeeping, now: datetime) -> Case:
    before = await repository.read_life(tx, case)
    actor = Actor(who.user_id, who.unit_code) if who is not None else None
    moved = act(before, Occasion(now, actor, time))
    after = moved.life
    for task in after.tasks:
        if task not in before.tasks:
            await repository.store_task(tx.session, case.case_id, task)
    await tx.session.flush()
    for extension in after.extensions:
        if extension not in before.extensions:
            await repository.store_extension(tx.session, case.case_id, extension, now)
    await deadlines.store(tx, case.case_id, before.clocks, after.clocks, time, now)
    for entry in moved.entries:
        timeline.add_entry(tx, case.case_id, entry.kind, who, entry.detail, now)
    if _of_case(before) != _of_case(after):
        case = await _store_case(tx, who, case, before, after, now)
    _tell(tx, case, after, now)
    return case


def _of_case(life: Life) -> Life:
    """What stands in the case itself, not in its tasks, requests and clocks."""
    return replace(life, tasks=(), extensions=(), clocks={})


async def _store_case(
    tx: Transaction, who: Principal | None, case: Case, before: Life, after: Life, now: datetime
) -> Case:
    await repository.store_loop(tx.session, case.case_id, after)
    closed_at = None if after.status in OPEN else (case.closed_at or now)
    stored = await case_rows.set_status(
        tx.session, case.case_id, case.version, after.status, closed_at, urgency=after.urgency
    )
    if stored is None:
        raise await changed_meanwhile(tx, case)
    payload = {"case_id": str(case.case_id)}
    if after.status is CaseStatus.SUSPENDED and before.status is not after.status and after.suspended_until:
        await tx.enqueue(RESUME_JOB, payload, after=after.suspended_until - now)
    if after.status is CaseStatus.CLOSED and after.closed_as is ClosedAs.HANDLED:
        assert who is not None, "the platform itself closes no case that was handled"
        await tx.enqueue(CLOSED_JOB, payload | {"version": stored.version, "by": str(who.user_id)})
    return stored


def _tell(tx: Transaction, case: Case, life: Life, now: datetime) -> None:
    """Everybody who reads cases hears how it stands; its units only that something of theirs moved."""
    summary = case_summary(case).model_dump(mode="json")
    tx.emit("case_changed", entity=str(case.case_id), audience=[READERS], payload=summary, at=now)
    units = [f"unit:{code}" for code in life.handlers]
    if units:
        payload = {"case_id": str(case.case_id)}
        tx.emit("tasks_changed", entity=str(case.case_id), audience=units, payload=payload, at=now)
