"""The loop as the console shows it: whole to the hotline, to a unit only what is its own."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from uuid import UUID

from backend.cases.models import Case, CaseEvent
from backend.cases.schemas import CaseEventView, CaseStatus
from backend.cases.states import TRANSITIONS
from backend.cases.veil import Veil, veil_of
from backend.cases.where import component_of
from backend.citizens.numbers import read_number
from backend.citizens.schemas import CallerView
from backend.citizens.service import caller_view
from backend.deadlines import service as deadlines
from backend.deadlines.rules import Timekeeping
from backend.deadlines.schemas import ClockName, ClockState, ClockView
from backend.dispatch import guards
from backend.dispatch.direct import Plain, plain_by
from backend.dispatch.errors import RuleBroken
from backend.dispatch.guards import Asked
from backend.dispatch.life import Life, Occasion
from backend.dispatch.models import AppealRow, ExtensionRow, TaskRow
from backend.dispatch.schemas import (
    AppealState,
    AppealView,
    ExtensionView,
    LoopView,
    ProposedUnit,
    TaskView,
    UnitTask,
    UnitTaskDetail,
)
from backend.taxonomy.schemas import Urgency

_NOT_FOR_UNITS = frozenset({"call_id", "number", "parent", "result", "name", "source"})
"""Details of the time line that lead to the citizen or to the hotline's own work."""


def loop_view(
    case: Case,
    life: Life,
    rows: tuple[Sequence[TaskRow], Sequence[ExtensionRow]],
    proposal: Iterable[ProposedUnit],
    appeal: AppealView | None,
    time: Timekeeping,
    now: datetime,
) -> LoopView:
    """How a case stands in the loop."""
    tasks, extensions = rows
    return LoopView(
        case_id=case.case_id,
        version=case.version,
        status=life.status,
        closed_as=life.closed_as,
        came_up=life.came_up,
        hard=life.hard,
        first_unit=life.first_unit.name if life.first_unit else None,
        feedback_level=time.feedback_level(life.urgency, life.class_code),
        suspended_until=life.suspended_until,
        reopened=life.reopened,
        urged=life.urged,
        supervised=life.supervised,
        moves=[by.value for status, by in TRANSITIONS if status is life.status],
        tasks=[TaskView.model_validate(row) for row in tasks],
        extensions=[ExtensionView.model_validate(row) for row in extensions],
        clocks=clock_views(life, time, now),
        proposal=list(proposal),
        appeal=appeal,
    )


def proposed_units(asked: Iterable[Asked], plain: Plain) -> list[ProposedUnit]:
    """Where a case goes directly, with what makes it plain."""
    return [
        ProposedUnit(code=each.unit.code, name=each.unit.name, role=each.role, why=plain_by(each, plain))
        for each in asked
    ]


def appeal_view(row: AppealRow, names: Mapping[UUID, str]) -> AppealView:
    """A time-out appeal; `names` are those of the people in it."""
    return AppealView(
        unit_code=row.unit_code,
        unit_name=row.unit_name,
        clocks=[ClockName(name) for name, _ in row.clocks],
        reason=row.reason,
        state=AppealState(row.state),
        exempted=row.state == AppealState.GRANTED.value,
        made_at=row.made_at,
        made_by=names[row.made_by_id],
        supported_by=names[row.supported_by_id] if row.supported_by_id else None,
        decided_by=names[row.decided_by_id] if row.decided_by_id else None,
    )


def clock_views(life: Life, time: Timekeeping, now: datetime) -> list[ClockView]:
    """The clocks of a case, that of the case itself first."""
    ordered = sorted(life.clocks.items(), key=lambda each: (each[0].part, each[1].started_at))
    return [deadlines.view(key, kept, time, now) for key, kept in ordered]


def unit_task(row: TaskRow, case: Case, due_at: datetime | None, *, missed: bool) -> UnitTask:
    """A task in the list of its unit."""
    veil = veil_of([case])
    return UnitTask(
        case_id=case.case_id,
        case_number=case.number,
        what=veil.over(case.what),
        class_name=case.class_name,
        urgency=Urgency(case.urgency),
        case_status=CaseStatus(case.status),
        street_name=case.street_name,
        community_name=case.community_name,
        address=veil.over(case.address),
        component=component_of(case),
        task=TaskView.model_validate(row),
        due_at=due_at,
        missed=missed,
    )


def unit_task_detail(
    row: TaskRow,
    case: Case,
    life: Life,
    rows: tuple[Sequence[TaskRow], Sequence[ExtensionRow]],
    told: tuple[Sequence[CaseEvent], Veil],
    appeal: AppealView | None,
    at: Occasion,
) -> UnitTaskDetail:
    """A task with all that its unit may know of the case: what was `told` of it, with the veil that lies over that."""
    tasks, extensions = rows
    events, veil = told
    mine = [each for each in clock_views(life, at.time, at.now) if each.part in (0, row.n)]
    next_due = min((each.due_at for each in mine if each.state is ClockState.RUNNING), default=None)
    missed = any(each.part == row.n and each.state is ClockState.MISSED for each in mine)
    return UnitTaskDetail(
        summary=unit_task(row, case, next_due if row.ended_at is None else None, missed=missed),
        citizen=_citizen(case),
        identity_secret=case.identity_secret,
        reachable=life.reachable,
        urged=life.urged,
        clocks=mine,
        extensions=[ExtensionView.model_validate(each) for each in extensions if each.task == row.n],
        others=[TaskView.model_validate(each) for each in tasks if each.n != row.n],
        events=[_event(event, veil) for event in events],
        appeal=appeal if appeal is not None and appeal.unit_code == row.unit_code else None,
        may_appeal=_may_appeal(life, row.unit_code, at),
    )


def _may_appeal(life: Life, unit_code: str, at: Occasion) -> bool:
    try:
        guards.may_appeal(life, unit_code, at)
    except RuleBroken:
        return False
    return True


def _citizen(case: Case) -> CallerView | None:
    if case.identity_secret or case.caller_number is None:
        return None
    return caller_view(read_number(case.caller_number), case.citizen_name)


def _event(event: CaseEvent, veil: Veil) -> CaseEventView:
    shown = CaseEventView.model_validate(event)
    detail = {key: value for key, value in shown.detail.items() if key not in _NOT_FOR_UNITS}
    return shown.model_copy(update={"detail": veil.over_all(detail)})
