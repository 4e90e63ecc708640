"""Every query about the loop: cases as the rules see them, read and stored."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import exists, func, or_, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from backend.cases import group_repository as group_rows
from backend.cases.models import Case, CaseEvent
from backend.cases.schemas import CaseStatus
from backend.citizens.numbers import read_number
from backend.deadlines import service as deadlines
from backend.deadlines.clocks import Limit, LimitKind
from backend.deadlines.kept import ClockKey
from backend.deadlines.models import Deadline
from backend.deadlines.schemas import ClockName, ClockState
from backend.dispatch.life import Appeal, Extension, Kin, Life, Task, Unit
from backend.dispatch.models import AppealRow, ExtensionRow, Loop, TaskRow
from backend.dispatch.schemas import AppealState, ClosedAs, ExtensionState, TaskRole, TaskState
from backend.dispatch.states import SENDING, WORK_FOR_UNIT
from backend.kernel.database import Transaction
from backend.units.schemas import UnitKind

_MOST_TASKS = 32_000
"""More tasks no case has, and more no column of theirs could count."""
_OPEN = [TaskState.SENT.value, TaskState.SIGNED.value]


async def lock_case(session: AsyncSession, case_id: UUID) -> Case | None:
    """The case; until the transaction ends, nobody else moves it or its tasks."""
    query = select(Case).where(Case.case_id == case_id).with_for_update()
    return (await session.execute(query.execution_options(populate_existing=True))).scalar_one_or_none()


async def read_life(tx: Transaction, case: Case) -> Life:
    """The case as the rules see it."""
    loop = await tx.session.get(Loop, case.case_id, populate_existing=True)
    tasks = await tasks_of_cases(tx.session, [case.case_id])
    extensions = await extensions_of(tx.session, case.case_id)
    clocks = await deadlines.clocks_of_cases(tx, [case.case_id])
    children = await group_rows.children_of(tx.session, case.case_id)
    appeal = await appeal_row(tx.session, case.case_id)
    workers, senders = await workers_and_senders(tx.session, case.case_id)
    return Life(
        status=CaseStatus(case.status),
        urgency=case.urgency,
        class_code=case.class_code,
        reachable=not case.identity_secret and read_number(case.caller_number).usable,
        class_limit=_class_limit(case),
        tasks=tuple(_task(row) for row in tasks),
        extensions=tuple(_extension(row) for row in extensions),
        clocks=clocks.get(case.case_id, {}),
        suspended_until=loop.suspended_until if loop else None,
        closed_as=_closed_as(case, loop),
        closed_at=case.closed_at,
        reopened=loop.reopened if loop else 0,
        urged=loop.urged if loop else 0,
        supervised=loop.supervised if loop else 0,
        hard=loop.hard if loop else False,
        parent=await _parent(tx, case.case_id),
        children=tuple(Kin(each.case_id, each.number, CaseStatus(each.status)) for each in children),
        appeal=_appeal(appeal) if appeal is not None else None,
        workers=workers,
        senders=senders,
    )


async def _parent(tx: Transaction, case_id: UUID) -> Kin | None:
    link = await group_rows.link_of(tx.session, case_id)
    if link is None:
        return None
    parent = await tx.session.get_one(Case, link.parent_id, populate_existing=True)
    tasks = tuple(_task(row) for row in await tasks_of_cases(tx.session, [parent.case_id]))
    status = CaseStatus(parent.status)
    lead = Life(status, parent.urgency, parent.class_code, reachable=False, tasks=tasks).last_lead
    return Kin(parent.case_id, parent.number, status, lead)


async def store_loop(session: AsyncSession, case_id: UUID, life: Life) -> None:
    """What is known of the case in the loop."""
    loop = await session.get(Loop, case_id) or Loop(case_id=case_id)
    loop.suspended_until, loop.closed_as = life.suspended_until, life.closed_as.value if life.closed_as else None
    loop.reopened, loop.urged, loop.supervised = life.reopened, life.urged, life.supervised
    loop.hard = life.hard
    session.add(loop)


async def store_task(session: AsyncSession, case_id: UUID, task: Task) -> None:
    """A task that is new or was moved, at its next version."""
    row = await session.get(TaskRow, (case_id, task.n)) or TaskRow(case_id=case_id, n=task.n, version=0)
    row.version += 1
    row.unit_code, row.unit_name, row.unit_kind = task.unit.code, task.unit.name, task.unit.kind.value
    row.role, row.state, row.binding = task.role.value, task.state.value, task.binding
    row.sent_at, row.signed_at, row.ended_at = task.sent_at, task.signed_at, task.ended_at
    row.contacted_at, row.agreed_at = task.contacted_at, task.agreed_at
    session.add(row)


async def store_extension(session: AsyncSession, case_id: UUID, extension: Extension, now: datetime) -> None:
    """A request for more time that is new or was decided."""
    row = await session.get(ExtensionRow, (case_id, extension.n))
    row = row or ExtensionRow(case_id=case_id, n=extension.n, asked_at=now)
    row.task, row.amount, row.state = extension.task, extension.amount, extension.state.value
    row.asked_by, row.agreed_by = extension.asked_by, extension.agreed_by
    session.add(row)


async def store_appeal(session: AsyncSession, case_id: UUID, appeal: Appeal, now: datetime) -> None:
    """A time-out appeal that is new or was decided on."""
    row = await session.get(AppealRow, case_id) or AppealRow(case_id=case_id, made_at=now)
    row.unit_code, row.unit_name, row.unit_kind = appeal.unit.code, appeal.unit.name, appeal.unit.kind.value
    row.clocks = [[key.name.value, key.part] for key in appeal.clocks]
    row.reason, row.state, row.made_by_id = appeal.reason, appeal.state.value, appeal.made_by
    row.supported_by_id, row.decided_by_id = appeal.supported_by, appeal.decided_by
    session.add(row)


async def appeal_row(session: AsyncSession, case_id: UUID) -> AppealRow | None:
    """The time-out appeal of a case."""
    return await session.get(AppealRow, case_id, populate_existing=True)


async def tasks_of_cases(session: AsyncSession, case_ids: Collection[UUID]) -> Sequence[TaskRow]:
    """The tasks of these cases, in the order in which they were sent."""
    query = select(TaskRow).where(TaskRow.case_id.in_(case_ids)).order_by(TaskRow.case_id, TaskRow.n)
    return (await session.execute(query.execution_options(populate_existing=True))).scalars().all()


async def extensions_of(session: AsyncSession, case_id: UUID) -> Sequence[ExtensionRow]:
    """The requests for more time of a case."""
    query = select(ExtensionRow).where(ExtensionRow.case_id == case_id).order_by(ExtensionRow.n)
    return (await session.execute(query.execution_options(populate_existing=True))).scalars().all()


async def task_row(session: AsyncSession, case_id: UUID, n: int) -> TaskRow | None:
    """One task."""
    if not 0 < n <= _MOST_TASKS:
        return None
    return await session.get(TaskRow, (case_id, n), populate_existing=True)


async def units_with_tasks(session: AsyncSession, case_id: UUID) -> frozenset[str]:
    """The units that ever had a task in this case."""
    query = select(TaskRow.unit_code).where(TaskRow.case_id == case_id)
    return frozenset((await session.execute(query)).scalars())


async def workers_and_senders(session: AsyncSession, case_id: UUID) -> tuple[frozenset[UUID], frozenset[UUID]]:
    """Who ever worked on this case for a unit, and who dispatched it, as its time line has it."""
    query = select(CaseEvent.actor_id, CaseEvent.kind).where(CaseEvent.case_id == case_id).distinct()
    query = query.where(CaseEvent.kind.in_(WORK_FOR_UNIT | SENDING))
    found = [(actor, kind) for actor, kind in await session.execute(query) if actor is not None]
    workers = frozenset(actor for actor, kind in found if kind in WORK_FOR_UNIT)
    return workers, frozenset(actor for actor, kind in found if kind in SENDING)


async def serialise_escalations(session: AsyncSession, unit_code: str) -> None:
    """Until the transaction ends, nobody else escalates for this street, so that its share is counted right."""
    await session.execute(
        text("SELECT pg_advisory_xact_lock(hashtextextended(:key, 0))"), {"key": f"escalate:{unit_code}"}
    )


async def escalations(
    session: AsyncSession, unit_codes: Collection[str], since: datetime
) -> dict[str, tuple[int, int]]:
    """How many cases each street was given to lead since then, and how many of them it escalated."""
    escalated = func.count().filter(TaskRow.state == TaskState.ESCALATED.value).label("escalated")
    query = select(TaskRow.unit_code, func.count().label("received"), escalated).where(
        TaskRow.unit_code.in_(unit_codes), TaskRow.role == TaskRole.LEAD.value, TaskRow.sent_at >= since
    )
    rows = await session.execute(query.group_by(TaskRow.unit_code))
    return {row.unit_code: (row.received, row.escalated) for row in rows}


async def cases_by_status(session: AsyncSession) -> dict[CaseStatus, int]:
    """How many cases stand in each state."""
    rows = await session.execute(select(Case.status, func.count()).group_by(Case.status))
    return dict.fromkeys(CaseStatus, 0) | {CaseStatus(status): count for status, count in rows}


async def tasks_of_unit(session: AsyncSession, unit_code: str, *, done: bool, limit: int) -> Sequence[Any]:
    """A unit's tasks with their cases and what is due: open ones by what is due next, else those that ended last."""
    due = (
        select(func.min(Deadline.due_at))
        .where(
            Deadline.case_id == TaskRow.case_id,
            Deadline.state == "running",
            or_(Deadline.part == TaskRow.n, Deadline.name == ClockName.FEEDBACK.value),
        )
        .scalar_subquery()
    )
    missed = exists().where(
        Deadline.case_id == TaskRow.case_id, Deadline.part == TaskRow.n, Deadline.state == ClockState.MISSED.value
    )
    query = select(TaskRow, Case, due.label("due"), missed.label("missed"))
    query = query.join(Case, Case.case_id == TaskRow.case_id)
    query = query.where(TaskRow.unit_code == unit_code).limit(limit)
    if done:
        query = query.where(TaskRow.state.not_in(_OPEN)).order_by(TaskRow.ended_at.desc())
    else:
        query = query.where(TaskRow.state.in_(_OPEN)).order_by(due.asc().nulls_last(), TaskRow.sent_at)
    return (await session.execute(query)).all()


def _task(row: TaskRow) -> Task:
    return Task(
        n=row.n,
        unit=Unit(row.unit_code, row.unit_name, UnitKind(row.unit_kind)),
        role=TaskRole(row.role),
        sent_at=row.sent_at,
        state=TaskState(row.state),
        binding=row.binding,
        signed_at=row.signed_at,
        contacted_at=row.contacted_at,
        agreed_at=row.agreed_at,
        ended_at=row.ended_at,
    )


def _appeal(row: AppealRow) -> Appeal:
    return Appeal(
        unit=Unit(row.unit_code, row.unit_name, UnitKind(row.unit_kind)),
        clocks=tuple(ClockKey(ClockName(name), part) for name, part in row.clocks),
        reason=row.reason,
        made_by=row.made_by_id,
        state=AppealState(row.state),
        supported_by=row.supported_by_id,
        decided_by=row.decided_by_id,
    )


def _extension(row: ExtensionRow) -> Extension:
    return Extension(row.n, row.task, row.amount, ExtensionState(row.state), row.asked_by, row.agreed_by)


def _class_limit(case: Case) -> Limit | None:
    if case.limit_kind is None or case.limit_amount is None:
        return None
    return Limit(LimitKind(case.limit_kind), case.limit_amount)


def _closed_as(case: Case, loop: Loop | None) -> ClosedAs | None:
    if loop is not None and loop.closed_as is not None:
        return ClosedAs(loop.closed_as)
    return ClosedAs.ANSWERED if case.status == CaseStatus.CLOSED.value and case.answered_at_once else None
