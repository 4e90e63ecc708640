"""The queries of the desks: each finds cases that wait for one reason, what is due next first."""

from __future__ import annotations

from collections.abc import Callable, Collection
from datetime import datetime
from functools import partial
from typing import Any
from uuid import UUID

from sqlalchemy import Select, String, and_, cast, exists, func, literal, null, select, true

from backend.cases.models import Case, CaseEvent
from backend.cases.schemas import CaseStatus
from backend.deadlines.models import Deadline
from backend.deadlines.schemas import ClockName, ClockState
from backend.dispatch.desk_schemas import Matter
from backend.dispatch.models import AppealRow, ExtensionRow, TaskRow
from backend.dispatch.schemas import AppealState, ExtensionState, TaskState
from backend.dispatch.states import SENDING, WORK_FOR_UNIT, TaskMove

_RUNS = ClockState.RUNNING.value
_SENT_BACK = {TaskState.RETURNED: Matter.RETURNED, TaskState.ESCALATED: Matter.ESCALATED}

_NO_LIMIT = cast(null(), Case.filed_at.type)

Waiting = Select[*tuple[Any, ...]]
"""Rows of case, due, since, unit, detail, matter."""


def waiting(matter: Matter, now: datetime, user_id: UUID, unit_code: str | None) -> Waiting:
    """Cases that wait for this reason, for a person of a unit or of the hotline itself (None)."""
    queries: dict[Matter, Callable[[], Waiting]] = {
        Matter.COORDINATION: _to_coordinate,
        Matter.EXTENSION: partial(_to_grant, user_id),
        Matter.APPEAL: partial(_to_review, user_id, unit_code),
        Matter.OVERDUE: partial(_overdue, now),
        Matter.VERIFY: partial(_to_judge, Matter.VERIFY, CaseStatus.REPORTED, user_id, unit_code),
        Matter.CLOSE: partial(_to_judge, Matter.CLOSE, CaseStatus.VERIFIED, user_id, unit_code),
    }
    return queries.get(matter, partial(_to_dispatch, matter))()


def _of(matter: Matter, due: Any, since: Any, unit: Any, detail: Any) -> Waiting:
    said = (cast(unit, String).label("unit"), cast(detail, String).label("detail"))
    query = select(Case, due.label("due"), since.label("since"), *said, literal(matter.value).label("matter"))
    return query.order_by(due.asc().nulls_last(), since, Case.case_id)


def _open(status: CaseStatus) -> Any:
    # said twice for the index of open cases, which are few
    return and_(Case.status == status.value, Case.closed_at.is_(None))


def _due() -> Any:
    """What is due next in the case itself."""
    return (
        select(func.min(Deadline.due_at))
        .where(Deadline.case_id == Case.case_id, Deadline.state == _RUNS, Deadline.part == 0)
        .scalar_subquery()
    )


def _newest_clock() -> Any:
    """When the case came to the dispatch, to the coordination included: its clock began then."""
    began = (
        select(func.max(Deadline.started_at))
        .where(Deadline.case_id == Case.case_id, Deadline.state == _RUNS, Deadline.name == ClockName.DISPATCH.value)
        .scalar_subquery()
    )
    return func.coalesce(began, Case.filed_at)


def _to_dispatch(matter: Matter) -> Waiting:
    last = (
        select(TaskRow.state, TaskRow.unit_name, TaskRow.ended_at)
        .where(TaskRow.case_id == Case.case_id, TaskRow.state.in_([each.value for each in _SENT_BACK]))
        .order_by(TaskRow.ended_at.desc(), TaskRow.n.desc())
        .limit(1)
        .lateral("last")
    )
    why = _last_said(CaseEvent.detail["reason"].astext, TaskMove.REFUSE, TaskMove.ESCALATE)
    query = _of(matter, _due(), func.coalesce(last.c.ended_at, Case.filed_at), last.c.unit_name, why)
    query = query.outerjoin(last, true()).where(_open(CaseStatus.FILED))
    state = next((state for state, of in _SENT_BACK.items() if of is matter), None)
    return query.where(last.c.state.is_(None) if state is None else last.c.state == state.value)


def _last_said(words: Any, *by: TaskMove) -> Any:
    """What was said with the newest of these moves, as the time line has it."""
    query = select(words).where(CaseEvent.case_id == Case.case_id, CaseEvent.kind.in_([each.value for each in by]))
    return query.order_by(CaseEvent.event_id.desc()).limit(1).scalar_subquery()


def _to_coordinate() -> Waiting:
    query = _of(Matter.COORDINATION, _due(), _newest_clock(), null(), null())
    return query.where(_open(CaseStatus.COORDINATION))


def _to_grant(user_id: UUID) -> Waiting:
    due = (
        select(func.min(Deadline.due_at))
        .where(Deadline.case_id == Case.case_id, Deadline.state == _RUNS, Deadline.part == ExtensionRow.task)
        .scalar_subquery()
    )
    query = _of(Matter.EXTENSION, due, ExtensionRow.asked_at, TaskRow.unit_name, ExtensionRow.amount)
    return (
        query.join(ExtensionRow, ExtensionRow.case_id == Case.case_id)
        .join(TaskRow, and_(TaskRow.case_id == Case.case_id, TaskRow.n == ExtensionRow.task))
        .where(ExtensionRow.state == ExtensionState.AGREED.value, _open(CaseStatus.HANDLING))
        .where(ExtensionRow.asked_by != user_id, ExtensionRow.agreed_by.is_distinct_from(user_id))
    )


def _to_review(user_id: UUID, unit_code: str | None) -> Waiting:
    query = _of(Matter.APPEAL, _NO_LIMIT, AppealRow.made_at, AppealRow.unit_name, AppealRow.reason)
    query = query.join(AppealRow, AppealRow.case_id == Case.case_id)
    open_states = [AppealState.MADE.value, AppealState.SUPPORTED.value]
    query = query.where(AppealRow.state.in_(open_states), AppealRow.supported_by_id.is_distinct_from(user_id))
    query = query.where(AppealRow.made_by_id != user_id, _handled_by_others(unit_code))
    return query.where(_done_by_others(user_id, WORK_FOR_UNIT))


def _overdue(now: datetime) -> Waiting:
    late = (
        select(Deadline.case_id, func.min(Deadline.due_at).label("due_at"))
        .where(Deadline.state == _RUNS, Deadline.due_at < now, Deadline.name != ClockName.DISPATCH.value)
        .group_by(Deadline.case_id)
        .subquery("late")
    )
    behind = (
        select(func.string_agg(TaskRow.unit_name, "、"))
        .where(TaskRow.case_id == Case.case_id, TaskRow.ended_at.is_(None))
        .scalar_subquery()
    )
    query = _of(Matter.OVERDUE, late.c.due_at, late.c.due_at, behind, null())
    return query.join(late, late.c.case_id == Case.case_id).where(_open(CaseStatus.HANDLING))


def _to_judge(matter: Matter, status: CaseStatus, user_id: UUID, unit_code: str | None) -> Waiting:
    ended = select(func.max(TaskRow.ended_at)).where(TaskRow.case_id == Case.case_id).scalar_subquery()
    done = (
        select(func.string_agg(TaskRow.unit_name, "、"))
        .where(TaskRow.case_id == Case.case_id, TaskRow.state == TaskState.REPORTED.value)
        .scalar_subquery()
    )
    result = _last_said(CaseEvent.detail["note"].astext, TaskMove.REPORT)
    query = _of(matter, _NO_LIMIT, func.coalesce(ended, Case.filed_at), done, result)
    query = query.where(_open(status), _handled_by_others(unit_code))
    return query.where(_done_by_others(user_id, WORK_FOR_UNIT | SENDING))


def _handled_by_others(unit_code: str | None) -> Any:
    """The unit that handled a case never judges it, so it need not see it waiting."""
    if unit_code is None:
        return true()
    mine = exists().where(TaskRow.case_id == Case.case_id, TaskRow.unit_code == unit_code)
    return ~mine


def _done_by_others(user_id: UUID, moves: Collection[str]) -> Any:
    """Nor does who worked on it, or dispatched it, whatever they are today."""
    mine = exists().where(CaseEvent.case_id == Case.case_id, CaseEvent.actor_id == user_id)
    return ~mine.where(CaseEvent.kind.in_(moves))
