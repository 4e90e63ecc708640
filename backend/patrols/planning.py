"""Planning what follows a closing: the patrols of a plan, or of what was set by hand, each with its place in time.

The case is locked first, here as in everything that moves it, so that a closing, a result and a new plan come one
after the other.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from backend.cases import timeline
from backend.cases.models import Case
from backend.cases.schemas import CaseStatus
from backend.cases.service import READERS, tell_changed
from backend.cases.states import OPEN
from backend.deadlines.rules import Timekeeping
from backend.dispatch.repository import read_life
from backend.dispatch.schemas import ClosedAs
from backend.dispatch.service import locked, refuse_handlers
from backend.identity.principal import Principal
from backend.kernel.database import Transaction
from backend.kernel.ids import new_id
from backend.patrols import repository
from backend.patrols.errors import PatrolPlanInvalid, PatrolsNotFollowable
from backend.patrols.models import Patrol, PatrolWish
from backend.patrols.schedule import Round, rounds
from backend.patrols.schemas import PatrolMove, PatrolState, PlanWish
from backend.patrols.settings import PatrolPlan, PatrolSettings
from backend.patrols.states import move

STEP_JOB = "step_patrols"
WALKERS = "permission:patrols.walk"


@dataclass(frozen=True)
class PatrolRules:
    """All that patrols go by: what the district set, and the calendar."""

    settings: PatrolSettings
    time: Timekeeping


async def follow_up(tx: Transaction, case_id: UUID, version: int, rules: PatrolRules, now: datetime) -> None:
    """A case was closed at this version, or opened: plan its patrols once, or cancel those that wait."""
    case = await locked(tx, case_id)
    patrols = await repository.of_case(tx.session, case_id)
    if CaseStatus(case.status) in OPEN:
        await cancel_waiting(tx, None, case, patrols, "reopened", now)
        return
    if any(each.for_version >= version for each in patrols):
        return
    plan = await plan_of(tx, case, rules.settings)
    if plan is not None and (await read_life(tx, case)).closed_as is ClosedAs.HANDLED:
        await _plan(tx, None, case, version, plan, rules, now)


async def set_by_hand(
    tx: Transaction, who: Principal, case_id: UUID, wish: PlanWish, rules: PatrolRules, now: datetime
) -> None:
    """Set the patrols of a case: planned at its closing, or at once if it is closed, in place of those that wait.

    Raises `CaseNotFound`, `HandlerCannotJudge`, `PatrolPlanInvalid`, `PatrolsNotFollowable`.
    """
    by_hand = rules.settings.by_hand
    if wish.days > by_hand.most_days:
        raise PatrolPlanInvalid(
            f"Patrols go on for at most {by_hand.most_days} days.", "Choose fewer days.", field="days"
        )
    if wish.rounds not in by_hand.rounds:
        counts = ", ".join(str(count) for count in sorted(by_hand.rounds))
        raise PatrolPlanInvalid(f"A day has {counts} rounds.", "Choose one of these.", field="rounds")
    case = await locked(tx, case_id)
    await refuse_handlers(tx, who, case_id)
    is_open = CaseStatus(case.status) in OPEN
    if not is_open and (await read_life(tx, case)).closed_as is not ClosedAs.HANDLED:
        raise PatrolsNotFollowable("No unit handled this case.", "File what is wrong there as a new case.")
    row = await tx.session.get(PatrolWish, case_id) or PatrolWish(case_id=case_id)
    row.days, row.rounds, row.reason, row.set_at = wish.days, wish.rounds, wish.reason, now
    row.set_by_id, row.set_by = who.user_id, who.display_name
    tx.session.add(row)
    detail: timeline.Detail = {"days": wish.days, "rounds": wish.rounds, "reason": wish.reason}
    timeline.add_entry(tx, case_id, "patrols_set", who, detail, now)
    if not is_open:
        await cancel_waiting(tx, who, case, await repository.of_case(tx.session, case_id), "set_anew", now)
        if wish.days:
            plan = by_hand.plan(wish.days, wish.rounds)
            await _plan(tx, who, case, case.version, plan, rules, now)
    tell(tx, case, now)


async def plan_of(tx: Transaction, case: Case, settings: PatrolSettings) -> PatrolPlan | None:
    """How a case is followed up: as was set by hand, else as the first plan that fits says; None: not at all."""
    wish = await tx.session.get(PatrolWish, case.case_id)
    if wish is None:
        return settings.plan_for(case.class_code, case.urgency)
    if wish.days == 0 or wish.rounds not in settings.by_hand.rounds:
        return None
    return settings.by_hand.plan(wish.days, wish.rounds)


async def cancel_waiting(
    tx: Transaction, who: Principal | None, case: Case, patrols: Sequence[Patrol], cause: str, now: datetime
) -> None:
    """What still waits is not walked any more."""
    waiting = [each for each in patrols if each.state == PatrolState.WAITING.value]
    for each in waiting:
        await repository.make_move(tx.session, each, move(PatrolState(each.state), PatrolMove.CANCEL))
    if waiting:
        detail: timeline.Detail = {"count": len(waiting), "cause": cause}
        timeline.add_entry(tx, case.case_id, PatrolMove.CANCEL.value, who, detail, now)
        tell(tx, case, now)


def tell(tx: Transaction, case: Case, now: datetime, due: Patrol | None = None) -> None:
    """Those who walk and those who read cases hear that the patrols of a case moved, or that one can be done now."""
    payload = {
        "case_id": str(case.case_id),
        "patrol_id": str(due.patrol_id) if due else None,
        "due_at": due.due_at.isoformat() if due else None,
    }
    tx.emit("patrols_changed", entity=str(case.case_id), audience=[WALKERS, READERS], payload=payload, at=now)
    if due is None:
        tell_changed(tx, case, now)


async def _plan(
    tx: Transaction,
    who: Principal | None,
    case: Case,
    version: int,
    plan: PatrolPlan,
    rules: PatrolRules,
    now: datetime,
) -> None:
    closed_at = max(case.closed_at or now, now) if who is not None else (case.closed_at or now)
    visits = rounds(closed_at, plan, rules.settings, rules.time.calendar)
    series = await repository.last_series(tx.session, case.case_id) + 1
    tx.session.add_all([_row(case, series, version, plan, visit) for visit in visits])
    detail: timeline.Detail = {
        "count": len(visits),
        "plan": plan.name if who is None else None,
        "until_at": visits[-1].due_at.isoformat(),
    }
    timeline.add_entry(tx, case.case_id, PatrolMove.PLAN.value, who, detail, now)
    await tx.enqueue(STEP_JOB, {"case_id": str(case.case_id)}, after=visits[0].opens_at - now)
    tell(tx, case, now)


def _row(case: Case, series: int, version: int, plan: PatrolPlan, visit: Round) -> Patrol:
    return Patrol(
        patrol_id=new_id(),
        case_id=case.case_id,
        series=series,
        n=visit.n,
        for_version=version,
        version=1,
        state=move(None, PatrolMove.PLAN).value,
        street_code=case.street_code,
        opens_at=visit.opens_at,
        due_at=visit.due_at,
        ends_at=visit.ends_at,
        on_recurrence=plan.on_recurrence.value,
        needs_photo=plan.photo,
        told=False,
        note="",
    )
