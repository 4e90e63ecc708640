"""Looking at patrols: what is due next on one's beat, one of them at its place, and the follow-up of a case."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from backend.attachments.service import attachments_of
from backend.cases.models import Case
from backend.cases.schemas import CaseLink, CasePlace, CaseStatus
from backend.cases.service import find_case
from backend.cases.states import OPEN
from backend.cases.veil import veil_of
from backend.cases.where import component_of
from backend.dispatch.repository import read_life
from backend.dispatch.schemas import ClosedAs
from backend.grid.grid import Grid
from backend.identity import audit
from backend.identity.principal import Principal
from backend.kernel.database import Transaction
from backend.patrols import repository
from backend.patrols.errors import UnknownBeat
from backend.patrols.models import Patrol, PatrolWish
from backend.patrols.planning import plan_of
from backend.patrols.results import found_patrol
from backend.patrols.schemas import Beat, CasePatrols, PatrolDetail, PatrolTask, PatrolView, PlanInForce, ReportedCase
from backend.patrols.settings import PatrolSettings

_MOST = 100
_AHEAD = timedelta(days=2)
"""So far ahead those who walk see what will be due."""


async def my_patrols(tx: Transaction, who: Principal, now: datetime) -> list[PatrolTask]:
    """What waits on this person's beat, the next due first."""
    beat = await repository.beat_of(tx.session, who.user_id)
    return _tasks(await repository.waiting(tx.session, beat, now + _AHEAD, _MOST))


async def done_patrols(tx: Transaction, who: Principal) -> list[PatrolTask]:
    """What this person did, the last first."""
    return _tasks(await repository.done_by(tx.session, who.user_id, _MOST))


async def look_at_patrol(tx: Transaction, who: Principal, patrol_id: UUID, now: datetime) -> PatrolDetail:
    """One patrol with its place and its photos; the look is audited. Raises `PatrolNotFound`."""
    patrol = await found_patrol(tx, patrol_id)
    case = await find_case(tx, patrol.case_id)
    await audit.record(tx, who, "patrol_read", "case", case.case_id, {"number": case.number, "n": patrol.n}, at=now)
    series = [each for each in await repository.of_case(tx.session, case.case_id) if each.series == patrol.series]
    return PatrolDetail(
        task=_task(patrol, case),
        place=CasePlace.model_validate(case) if case.unit_grid_code is not None else None,
        closed_at=case.closed_at,
        done_before=[PatrolView.model_validate(each) for each in series if each.done_at is not None],
        attachments=await attachments_of(tx, case.case_id, internal=False),
    )


async def patrols_of_case(tx: Transaction, case_id: UUID, settings: PatrolSettings) -> CasePatrols:
    """How a case is followed up; raises `CaseNotFound`."""
    case = await find_case(tx, case_id)
    patrols = await repository.of_case(tx.session, case_id)
    return CasePatrols(
        plan=await _plan_in_force(tx, case, settings),
        most_days=settings.by_hand.most_days,
        most_rounds=max(settings.by_hand.rounds),
        patrols=[PatrolView.model_validate(each) for each in patrols],
    )


async def _plan_in_force(tx: Transaction, case: Case, settings: PatrolSettings) -> PlanInForce | None:
    wish = await tx.session.get(PatrolWish, case.case_id)
    if wish is not None:
        return PlanInForce(days=wish.days, rounds=wish.rounds, plan=None, set_by=wish.set_by, reason=wish.reason)
    plan = await plan_of(tx, case, settings)
    if plan is None:
        return None
    if CaseStatus(case.status) not in OPEN and (await read_life(tx, case)).closed_as is not ClosedAs.HANDLED:
        return None
    return PlanInForce(days=plan.days, rounds=len(plan.rounds), plan=plan.name, set_by=None, reason=None)


async def beat_of(tx: Transaction, who: Principal) -> Beat:
    """The streets that this person walks."""
    return Beat(streets=await repository.beat_of(tx.session, who.user_id))


async def set_beat(tx: Transaction, who: Principal, beat: Beat, grid: Grid) -> Beat:
    """Choose the streets that one walks; raises `UnknownBeat`."""
    unknown = next((code for code in beat.streets if grid.street(code) is None), None)
    if unknown is not None:
        raise UnknownBeat(f"There is no street {unknown[:20]}.", "Choose streets of the list.", field="streets")
    await repository.set_beat(tx.session, who.user_id, beat.streets)
    await tx.session.flush()
    return await beat_of(tx, who)


async def my_reports(tx: Transaction, who: Principal) -> list[ReportedCase]:
    """What this person reported on patrol, the newest first."""
    return [
        ReportedCase(
            case=CaseLink.model_validate(case),
            what=case.what,
            class_name=case.class_name,
            address=" ".join(filter(None, (case.street_name, case.community_name, case.address))),
            status=CaseStatus(case.status),
        )
        for case in await repository.reported_by(tx.session, who.user_id, _MOST)
    ]


def _tasks(rows: Sequence[tuple[Patrol, Case]]) -> list[PatrolTask]:
    return [_task(patrol, case) for patrol, case in rows]


def _task(patrol: Patrol, case: Case) -> PatrolTask:
    veil = veil_of([case])
    return PatrolTask(
        patrol=PatrolView.model_validate(patrol),
        case_id=case.case_id,
        case_number=case.number,
        what=veil.over(case.what),
        class_name=case.class_name,
        street_name=case.street_name,
        community_name=case.community_name,
        address=veil.over(case.address),
        component=component_of(case),
    )
