"""Moving a case in the loop: the case is locked, read, moved by a pure rule, and stored with all that follows.

Everything that a move does stands in one transaction: the case and its tasks by compare-and-set, the clocks, the
entries of the time line, the events that tell of it, and the jobs that carry it on.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from backend.cases import group_repository as group_rows
from backend.cases import repository as case_rows
from backend.cases import timeline
from backend.cases.errors import CaseNotFound
from backend.cases.models import Case
from backend.cases.schemas import CaseStatus
from backend.cases.service import changed_meanwhile, last_act, tell_changed
from backend.cases.states import OPEN, CaseMove
from backend.deadlines import service as deadlines
from backend.deadlines.rules import Timekeeping
from backend.dispatch import group_moves, repository
from backend.dispatch.errors import (
    AppealChangedMeanwhile,
    HandlerCannotJudge,
    TaskChangedMeanwhile,
    TaskNotFound,
    WorkerCannotJudge,
)
from backend.dispatch.life import Actor, Kin, Life, Moved, Occasion
from backend.dispatch.models import TaskRow
from backend.dispatch.schemas import AppealState, ClosedAs
from backend.dispatch.states import AppealMove, ExtensionMove, TaskMove
from backend.identity.principal import Principal
from backend.kernel.database import Transaction
from backend.kernel.errors import IllegalTransition

RESUME_JOB, CLOSED_JOB = "resume_case", "call_back_after_closing"
FOLLOW_UP_JOB = "follow_up_case"
"""What a case that was closed, or opened again, means for the patrols after it."""
NOT_SOLVED = "not_solved"
"""Why a child goes on by itself whose citizen was called back."""
_TASK_MOVES = frozenset(TaskMove)
_APPEAL_MOVES = frozenset(AppealMove)
_ANY_MOVES = frozenset({*CaseMove, *TaskMove, *ExtensionMove, *AppealMove})

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
    case = await locked(tx, case_id)
    if version is not None and case.version != version:
        raise await changed_meanwhile(tx, case)
    return await _move(tx, who, case, act, time, now)


async def move_task(
    tx: Transaction, who: Principal, seen: TaskSeen, act: Act, time: Timekeeping, now: datetime
) -> Case:
    """Make one move of a task of this person's own unit, unless somebody moved it since it was seen.

    Raises `TaskNotFound`, `TaskChangedMeanwhile`, `TaskCannotMove`, or the rule that the move breaks.
    """
    case = await locked(tx, seen.case_id)
    row = await repository.task_row(tx.session, seen.case_id, seen.n)
    if row is None or who.unit_code is None or row.unit_code != who.unit_code:
        raise TaskNotFound("Your unit has no such task.", next_step="Look for it in the list of your unit's tasks.")
    if row.version != seen.version:
        raise await _task_changed_meanwhile(tx, row)
    return await _move(tx, who, case, act, time, now)


async def review_appeal(
    tx: Transaction, who: Principal, case_id: UUID, seen: AppealState, act: Act, time: Timekeeping, now: datetime
) -> Case:
    """Decide on the appeal of a case, unless another reviewer did so since it was `seen`.

    Raises `CaseNotFound`, `AppealNotFound`, `AppealChangedMeanwhile` that tells who did what, or the rule that the
    decision breaks.
    """
    case = await locked(tx, case_id)
    row = await repository.appeal_row(tx.session, case_id)
    if row is not None and row.state != seen.value:
        facts = await last_act(tx, case_id, lambda event: event.kind in _APPEAL_MOVES)
        raise AppealChangedMeanwhile(
            f"Another reviewer decided first: the appeal is {row.state} now.",
            kept="What you typed is still on the screen.",
            next_step="Load it anew and decide again.",
            facts=facts,
        )
    return await _move(tx, who, case, act, time, now)


async def refuse_handlers(tx: Transaction, who: Principal, case_id: UUID) -> None:
    """Neither a person of a unit that handled this case, or the parent it went on under, nor who worked for one.

    Raises `HandlerCannotJudge`, `WorkerCannotJudge`.
    """
    link = await group_rows.link_of(tx.session, case_id)
    for each in (case_id, *([link.parent_id] if link is not None else [])):
        if who.unit_code is not None and who.unit_code in await repository.units_with_tasks(tx.session, each):
            raise HandlerCannotJudge
        workers, _ = await repository.workers_and_senders(tx.session, each)
        if who.user_id in workers:
            raise WorkerCannotJudge


async def _task_changed_meanwhile(tx: Transaction, row: TaskRow) -> TaskChangedMeanwhile:
    """The error for who moves a task that somebody else moved first: it tells who did what when."""
    facts = await last_act(
        tx, row.case_id, lambda event: event.kind in _TASK_MOVES and event.detail.get("unit") == row.unit_name
    )
    last = f" ({facts['kind']} by {facts['who'] or 'the platform'})" if facts else ""
    return TaskChangedMeanwhile(
        f"Somebody else moved this task first{last}.",
        kept="What you typed is still on the screen.",
        next_step="Load it anew and decide again.",
        facts=facts,
    )


async def locked(tx: Transaction, case_id: UUID) -> Case:
    """The case, after its parent if it has one: whoever moves cases of a group waits for the others in this order.

    Raises `CaseNotFound`, or `CaseChangedMeanwhile` when it went under another parent just now.
    """
    before = await group_rows.link_of(tx.session, case_id)
    above = before.parent_id if before is not None else None
    if above is not None:
        await repository.lock_case(tx.session, above)
    case = await repository.lock_case(tx.session, case_id)
    if case is None:
        raise CaseNotFound("There is no such case.", next_step="Look for it in the list.")
    now = await group_rows.link_of(tx.session, case_id)
    if now is not None and now.parent_id != above:
        raise await changed_meanwhile(tx, case)
    return case


async def _move(tx: Transaction, who: Principal | None, case: Case, act: Act, time: Timekeeping, now: datetime) -> Case:
    before = await repository.read_life(tx, case)
    actor = Actor(who.user_id, who.unit_code) if who is not None else None
    try:
        moved = act(before, Occasion(now, actor, time))
    except IllegalTransition as error:
        # most often somebody else was faster
        error.facts = await last_act(tx, case.case_id, lambda event: event.kind in _ANY_MOVES)
        raise
    return await store(tx, who, case, before, moved, time, now)


async def store(
    tx: Transaction, who: Principal | None, case: Case, before: Life, moved: Moved, time: Timekeeping, now: datetime
) -> Case:
    """Store what a move made of a locked case, and all that follows from it, in its group too."""
    after = moved.life
    await _store_parts(tx, case.case_id, before, after, now)
    await deadlines.store(tx, case.case_id, before.clocks, after.clocks, time, now)
    for entry in moved.entries:
        timeline.add_entry(tx, case.case_id, entry.kind, who, entry.detail, now)
    if _of_case(before) != _of_case(after):
        case = await _store_case(tx, who, case, before, after, now)
    _tell(tx, case, after, now)
    if before.parent is not None and after.parent is None:
        await _leave_parent(tx, who, case, before.parent, moved, time, now)
    if before.waiting_children:
        await _tell_children(tx, who, case, after, moved, now)
    if after.parent is not None:
        await _tell_parent(tx, who, case, after.parent, moved, time, now)
    return case


async def _store_parts(tx: Transaction, case_id: UUID, before: Life, after: Life, now: datetime) -> None:
    """What the move made of the case's tasks, requests for more time and appeal."""
    for task in after.tasks:
        if task not in before.tasks:
            await repository.store_task(tx.session, case_id, task)
    await tx.session.flush()
    for extension in after.extensions:
        if extension not in before.extensions:
            await repository.store_extension(tx.session, case_id, extension, now)
    if after.appeal is not None and after.appeal != before.appeal:
        await repository.store_appeal(tx.session, case_id, after.appeal, now)


async def _tell_children(
    tx: Transaction, who: Principal | None, case: Case, after: Life, moved: Moved, now: datetime
) -> None:
    """Children are told what happens to their parent; when it is closed, each gets a callback of its own."""
    told = group_moves.told_to_children(moved.entries, case.number)
    closed = any(entry.kind == CaseMove.CLOSE.value for entry in moved.entries)
    for child in after.waiting_children:
        for entry in told:
            timeline.add_entry(tx, child.case_id, entry.kind, who, entry.detail, now)
        if told:
            row = await case_rows.case_by_id(tx.session, child.case_id)
            assert row is not None, "a child is a case"
            _tell(tx, row, Life(child.status, row.urgency, row.class_code, reachable=False), now)
        if closed:
            assert who is not None, "the platform itself closes no case that was handled"
            payload = {
                "case_id": str(child.case_id),
                "version": f"{case.number}:{case.version}",
                "by": str(who.user_id),
            }
            await tx.enqueue(CLOSED_JOB, payload)


async def _leave_parent(
    tx: Transaction, who: Principal | None, case: Case, kin: Kin, moved: Moved, time: Timekeeping, now: datetime
) -> None:
    """The link ends with the move that ends it, and the parent is told why."""
    parent = await repository.lock_case(tx.session, kin.case_id)
    assert parent is not None, "a parent is a case"
    why = next((entry.detail["reason"] for entry in moved.entries if entry.kind == CaseMove.LEAVE.value), NOT_SOLVED)
    before = await repository.read_life(tx, parent)
    await group_rows.forget_link(tx.session, case.case_id)
    left = group_moves.without(
        before, Kin(case.case_id, case.number, moved.life.status), str(why), Occasion(now, None, time)
    )
    await store(tx, who, parent, before, left, time, now)


async def _tell_parent(
    tx: Transaction, who: Principal | None, case: Case, kin: Kin, moved: Moved, time: Timekeeping, now: datetime
) -> None:
    """What the citizen of a merged case adds or urges reaches those who handle its parent."""
    kinds = {entry.kind for entry in moved.entries} & {CaseMove.ADD.value, CaseMove.URGE.value}
    if not kinds or moved.life.status is not CaseStatus.MERGED:
        return
    parent = await repository.lock_case(tx.session, kin.case_id)
    assert parent is not None, "a parent is a case"
    said = next(entry.detail for entry in moved.entries if entry.kind in kinds)
    own = Kin(case.case_id, case.number, moved.life.status)

    def act(life: Life, at: Occasion) -> Moved:
        return group_moves.hear(life, own, said, urging=CaseMove.URGE.value in kinds, at=at)

    await _move(tx, who, parent, act, time, now)


def _of_case(life: Life) -> Life:
    """What stands in the case itself, not in its tasks, requests, clocks, appeal and group."""
    return replace(life, tasks=(), extensions=(), clocks={}, appeal=None, parent=None, children=())


async def _store_case(
    tx: Transaction, who: Principal | None, case: Case, before: Life, after: Life, now: datetime
) -> Case:
    await repository.store_loop(tx.session, case.case_id, after)
    stored = await case_rows.set_status(
        tx.session, case.case_id, case.version, after.status, after.closed_at, urgency=after.urgency
    )
    if stored is None:
        raise await changed_meanwhile(tx, case)
    payload = {"case_id": str(case.case_id)}
    if after.status is CaseStatus.SUSPENDED and before.status is not after.status and after.suspended_until:
        await tx.enqueue(RESUME_JOB, payload, after=after.suspended_until - now)
    # a child had its own callback before it ended
    if (after.status, after.closed_as, before.parent) == (CaseStatus.CLOSED, ClosedAs.HANDLED, None):
        assert who is not None, "the platform itself closes no case that was handled"
        await tx.enqueue(CLOSED_JOB, payload | {"version": stored.version, "by": str(who.user_id)})
    if (before.status in OPEN) is not (after.status in OPEN):
        await tx.enqueue(FOLLOW_UP_JOB, payload | {"version": stored.version})
    return stored


def _tell(tx: Transaction, case: Case, life: Life, now: datetime) -> None:
    """Everybody who reads cases hears how it stands; its units only that something of theirs moved."""
    tell_changed(tx, case, now)
    tell_units(tx, case.case_id, life.handlers, now)


def tell_units(tx: Transaction, case_id: UUID, units: Iterable[str], now: datetime) -> None:
    """These units hear that something moved in a case of theirs, and no more of it."""
    audience = [f"unit:{code}" for code in units]
    if audience:
        payload = {"case_id": str(case_id)}
        tx.emit("tasks_changed", entity=str(case_id), audience=audience, payload=payload, at=now)
