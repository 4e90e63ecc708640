"""Looking at the loop: a case, what waits for dispatch, a unit's tasks, the sums."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from uuid import UUID

from backend.cases import group_repository as group_rows
from backend.cases import repository as case_rows
from backend.cases.models import Case
from backend.cases.schemas import CaseStatus
from backend.cases.service import find_case
from backend.cases.veil import veil_of
from backend.citizens.numbers import read_number
from backend.dispatch import repository
from backend.dispatch.direct import Plain, allowed, direct_units
from backend.dispatch.errors import CitizenNotReachable, TaskNotFound
from backend.dispatch.guards import Asked, EscalationShare
from backend.dispatch.life import Life, Occasion, Unit
from backend.dispatch.models import ExtensionRow, TaskRow
from backend.dispatch.schemas import (
    AppealView,
    CitizenNumber,
    LoopLedger,
    LoopView,
    StreetEscalations,
    UnitTask,
    UnitTaskDetail,
)
from backend.dispatch.settings import LoopRules
from backend.dispatch.views import (
    appeal_view,
    loop_view,
    proposed_units,
    unit_task,
    unit_task_detail,
)
from backend.identity import audit
from backend.identity.principal import Principal
from backend.identity.repository import display_names
from backend.kernel.clock import beijing
from backend.kernel.database import Transaction
from backend.units.directory import UnitDirectory
from backend.units.errors import UnknownUnit
from backend.units.schemas import UnitKind

_MOST = 200


def unit_of(directory: UnitDirectory, code: str) -> Unit:
    """The unit of this code in force; raises `UnknownUnit`."""
    found = directory.unit(code)
    if found is None:
        raise UnknownUnit(code)
    return Unit(found.code, found.name, found.kind)


async def loop_of_case(
    tx: Transaction, case_id: UUID, directory: UnitDirectory, rules: LoopRules, now: datetime
) -> LoopView:
    """How a case stands in the loop; raises `CaseNotFound`."""
    case = await find_case(tx, case_id)
    life = await repository.read_life(tx, case)
    rows = await _rows(tx, case_id)
    plain = plain_of(case)
    waits = life.status is CaseStatus.FILED
    proposal = allowed(propose(life, plain, directory), hard=life.hard) if waits else []
    appeal = await appeal_of(tx, case_id)
    return loop_view(case, life, rows, proposed_units(proposal, plain), appeal, rules.time, now)


async def appeal_of(tx: Transaction, case_id: UUID) -> AppealView | None:
    """The time-out appeal of a case."""
    row = await repository.appeal_row(tx.session, case_id)
    if row is None:
        return None
    people = {each for each in (row.made_by_id, row.supported_by_id, row.decided_by_id) if each is not None}
    return appeal_view(row, await display_names(tx.session, people))


def propose(life: Life, plain: Plain, directory: UnitDirectory) -> list[Asked]:
    """Where the case goes directly; nobody when street and class do not make it plain."""
    return direct_units(life.tasks, plain, finder(directory))


def finder(directory: UnitDirectory) -> Callable[[str], Unit | None]:
    """Finds the unit of a code in force, if there is one."""

    def unit(code: str) -> Unit | None:
        return unit_of(directory, code) if directory.unit(code) is not None else None

    return unit


async def what_is_plain(tx: Transaction, case_id: UUID) -> Plain:
    """What may make plain where a case goes; raises `CaseNotFound`."""
    return plain_of(await find_case(tx, case_id))


def plain_of(case: Case) -> Plain:
    """What may make plain where a case goes."""
    return Plain(case.duty, case.street_code, case.community_code)


async def ledger(tx: Transaction, directory: UnitDirectory, rules: LoopRules, now: datetime) -> LoopLedger:
    """How many cases stand where, and what the streets escalated this month."""
    streets = [unit for unit in directory.units if unit.kind is UnitKind.STREET]
    found = await repository.escalations(tx.session, {unit.code for unit in streets}, month_of(now))
    shares = {unit.code: share_of(found.get(unit.code, (0, 0)), rules) for unit in streets}
    return LoopLedger(
        cases=await repository.cases_by_status(tx.session),
        escalations=[
            StreetEscalations(
                unit_code=unit.code,
                unit_name=unit.name,
                received=shares[unit.code].received,
                escalated=shares[unit.code].escalated,
                used_up=shares[unit.code].used_up,
            )
            for unit in streets
        ],
    )


async def escalation_share(tx: Transaction, unit_code: str, rules: LoopRules, now: datetime) -> EscalationShare:
    """What a street may still escalate this month; until the transaction ends nobody else escalates for it."""
    await repository.serialise_escalations(tx.session, unit_code)
    found = await repository.escalations(tx.session, {unit_code}, month_of(now))
    return share_of(found.get(unit_code, (0, 0)), rules)


def share_of(counted: tuple[int, int], rules: LoopRules) -> EscalationShare:
    """The share that follows from what was received and escalated."""
    escalation = rules.settings.escalation
    return EscalationShare(*counted, most_percent=escalation.most_percent, free=escalation.free)


def month_of(now: datetime) -> datetime:
    """The beginning of the calendar month in Beijing."""
    return beijing(now).replace(day=1, hour=0, minute=0, second=0, microsecond=0)


# ---- what a unit sees ----


async def tasks_of_unit(tx: Transaction, who: Principal, *, done: bool) -> list[UnitTask]:
    """The tasks of this person's unit: open ones by what is due next, or those that ended last."""
    if who.unit_code is None:
        return []
    found = await repository.tasks_of_unit(tx.session, who.unit_code, done=done, limit=_MOST)
    return [unit_task(row, case, due_at, missed=missed) for row, case, due_at, missed in found]


async def task_of_unit(
    tx: Transaction, who: Principal, case_id: UUID, n: int, rules: LoopRules, now: datetime
) -> UnitTaskDetail:
    """One task of this person's unit; the look is audited. Raises `TaskNotFound`."""
    row = await own_task(tx, who, case_id, n)
    case = await find_case(tx, case_id)
    life = await repository.read_life(tx, case)
    await audit.record(tx, who, "task_read", "case", case_id, {"number": case.number, "task": n}, at=now)
    events = await case_rows.events_of(tx.session, case_id)
    appeal = await appeal_of(tx, case_id)
    at = Occasion(now, None, rules.time)
    veil = veil_of([case, *await group_rows.children_of(tx.session, case_id)])
    detail = unit_task_detail(row, case, life, await _rows(tx, case_id), (events, veil), appeal, at)
    mark = await group_rows.mark_of(tx.session, case_id)
    return detail.model_copy(update={"callers": mark.callers}) if mark is not None else detail


async def own_task(tx: Transaction, who: Principal, case_id: UUID, n: int) -> TaskRow:
    """The task, if it is of this person's unit; raises `TaskNotFound`."""
    row = await repository.task_row(tx.session, case_id, n)
    if row is None or who.unit_code is None or row.unit_code != who.unit_code:
        raise TaskNotFound("Your unit has no such task.", next_step="Look for it in the list of your unit's tasks.")
    return row


async def reveal_number(
    tx: Transaction, who: Principal, case_id: UUID, n: int, reason: str, now: datetime
) -> CitizenNumber:
    """The citizen's whole number, for a unit that is to call; audited. Never that of who wants to stay unknown.

    Raises `TaskNotFound`, `CitizenNotReachable`.
    """
    row = await own_task(tx, who, case_id, n)
    case = await find_case(tx, case_id)
    number = read_number(case.caller_number)
    if case.identity_secret or not number.usable or row.ended_at is not None or row.signed_at is None:
        raise CitizenNotReachable(
            "The citizen wants to stay unknown, left no number, or the task is not in your hands.",
            "Sign the task first; else report back, and the hotline tells the citizen.",
        )
    detail = {"number": case.number, "task": n, "reason": reason}
    await audit.record(tx, who, "number_revealed", "case", case_id, detail, at=now)
    return CitizenNumber(number=number.e164 or number.raw)


async def _rows(tx: Transaction, case_id: UUID) -> tuple[Sequence[TaskRow], Sequence[ExtensionRow]]:
    tasks = await repository.tasks_of_cases(tx.session, [case_id])
    return tasks, await repository.extensions_of(tx.session, case_id)
