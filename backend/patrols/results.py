"""A patrol is done: in order, or it came back; and what follows from that."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID, uuid5

from backend.attachments import repository as attachments
from backend.attachments.service import carry_over
from backend.cases import timeline
from backend.cases.filing import PATROL, file_case
from backend.cases.models import Case
from backend.cases.repository import case_by_request
from backend.cases.rules import ReferenceData
from backend.cases.schemas import CaseForm, CaseStatus, PlacePoint
from backend.cases.states import OPEN
from backend.dispatch import case_moves
from backend.dispatch import service as dispatch
from backend.grid.components import StandingComponent, component_on, standing_in
from backend.identity.principal import Principal
from backend.kernel.clock import beijing
from backend.kernel.database import Transaction
from backend.patrols import repository
from backend.patrols.errors import (
    PatrolCannotMove,
    PatrolMoot,
    PatrolNotFound,
    PatrolResultReused,
    PatrolTooEarly,
    PatrolWithoutNote,
    PatrolWithoutPhoto,
)
from backend.patrols.models import Patrol
from backend.patrols.planning import cancel_waiting, tell
from backend.patrols.schemas import Finding, OnRecurrence, PatrolMove, PatrolResult, PatrolState
from backend.patrols.states import move
from backend.taxonomy.schemas import Urgency

_MOVES = {Finding.OK: PatrolMove.FIND_OK, Finding.RECURRED: PatrolMove.FIND_RECURRED}


async def found_patrol(tx: Transaction, patrol_id: UUID) -> Patrol:
    """The patrol; raises `PatrolNotFound`."""
    patrol = await repository.by_id(tx.session, patrol_id)
    if patrol is None:
        raise PatrolNotFound("There is no such patrol.", next_step="Load your patrols anew.")
    return patrol


async def file_result(
    tx: Transaction, who: Principal, patrol_id: UUID, result: PatrolResult, reference: ReferenceData, now: datetime
) -> Patrol:
    """End a patrol with what was found; the same request once more is no error.

    Raises `PatrolNotFound`, `PatrolResultReused`, `HandlerCannotJudge`, `PatrolCannotMove`, `PatrolMoot`,
    `PatrolTooEarly`, `PatrolWithoutPhoto`, `PatrolWithoutNote`.
    """
    case = await dispatch.locked(tx, (await found_patrol(tx, patrol_id)).case_id)
    patrol = await found_patrol(tx, patrol_id)
    if patrol.request_id == result.request_id:
        return _same(patrol, who, result)
    await dispatch.refuse_handlers(tx, who, case.case_id)
    after = move(PatrolState(patrol.state), _MOVES[result.finding])
    await _may_end(tx, patrol, case, result, now)
    done = {
        "request_id": result.request_id,
        "done_at": now,
        "done_by_id": who.user_id,
        "done_by": who.display_name,
        "note": result.note,
        "longitude": result.longitude,
        "latitude": result.latitude,
    }
    ended = await repository.make_move(tx.session, patrol, after, **done)
    if ended is None:
        raise PatrolCannotMove("Somebody else ended this patrol first.", next_step="Load your patrols anew.")
    detail: timeline.Detail = {"n": patrol.n, "due_at": patrol.due_at.isoformat(), "note": result.note or None}
    timeline.add_entry(tx, case.case_id, _MOVES[result.finding].value, who, detail, now)
    if after is PatrolState.RECURRED:
        await _came_back(tx, who, case, ended, reference, now)
    tell(tx, case, now)
    return ended


async def _may_end(tx: Transaction, patrol: Patrol, case: Case, result: PatrolResult, now: datetime) -> None:
    if CaseStatus(case.status) in OPEN:
        raise PatrolMoot(f"The case {case.number} is open again.", "Its unit handles it; go on with your next patrol.")
    if now < patrol.opens_at:
        raise PatrolTooEarly("This patrol cannot be done yet.", "Come back when it is due.")
    if now >= patrol.ends_at:
        raise PatrolCannotMove("The time of this patrol is over.", next_step="Go on with the next one.")
    if result.finding is Finding.RECURRED and not result.note:
        raise PatrolWithoutNote("It is not said what came back.", "Write what you see.", field="note")
    if patrol.needs_photo and not await attachments.count_of_patrol(tx.session, patrol.patrol_id, case.case_id):
        raise PatrolWithoutPhoto("This patrol asks for a photo.", "Take one of the place.", field="photo")


def _same(patrol: Patrol, who: Principal, result: PatrolResult) -> Patrol:
    if (patrol.done_by_id, patrol.state, patrol.note) == (who.user_id, result.finding.value, result.note):
        return patrol
    raise PatrolResultReused(
        "This request ended the patrol with something else already.",
        kept="What was found first stands.",
        next_step="Load your patrols anew.",
    )


async def _came_back(
    tx: Transaction, who: Principal, case: Case, patrol: Patrol, reference: ReferenceData, now: datetime
) -> None:
    """The case opens again while the citizen has not evaluated it, if the plan says so; else there is a new one."""
    await cancel_waiting(tx, None, case, await repository.of_case(tx.session, case.case_id), "recurred", now)
    if patrol.on_recurrence == OnRecurrence.REOPEN.value and case.status == CaseStatus.CLOSED.value:
        note = patrol.note
        await dispatch.move_case(
            tx, who, case.case_id, None, lambda life, at: case_moves.recurred(life, note, at), reference.time, now
        )
        return
    form = recurrence_form(case, patrol, reference, await _component_there(tx, case, now))
    await file_case(tx, who, form, None, reference, now, recurs=case)
    new = await case_by_request(tx.session, form.request_id)
    assert new is not None
    patrol.new_case_id = new.case_id
    await carry_over(tx, patrol.patrol_id, case.case_id, new.case_id)


async def _component_there(tx: Transaction, case: Case, now: datetime) -> StandingComponent | None:
    """The component of the case, unless it is gone by now."""
    return await component_on(tx.session, case.component_code, beijing(now).date())


def recurrence_form(
    case: Case, patrol: Patrol, reference: ReferenceData, component: StandingComponent | None = None
) -> CaseForm:
    """The new case: the same matter at the same place, on the grid as it is today, and nothing of the citizen.

    `component` is that of the case where it still stands; moved to another street or community it is left out.
    """
    place, community_code = None, case.community_code
    unit = None
    if case.longitude is not None and case.latitude is not None:
        unit = reference.grid.locate(case.longitude, case.latitude)
    if unit is not None and case.longitude is not None and case.latitude is not None:
        _, community, street = reference.grid.above(unit)
        if street.code == case.street_code:
            community_code = community.code
            place = PlacePoint(
                place_code=case.place_code,
                unit_grid_code=unit.code,
                longitude=case.longitude,
                latitude=case.latitude,
            )
    there = component is not None and standing_in(component, case.street_code, community_code, reference.grid)
    return CaseForm(
        request_id=uuid5(patrol.patrol_id, "recurred"),
        what=f"{patrol.note}\n（回访巡查发现复发，原案件 {case.number}）",
        address=case.address,
        street_code=case.street_code,
        community_code=community_code,
        place=place,
        component_code=case.component_code if there else None,
        class_code=case.class_code,
        urgency=Urgency(case.urgency),
        channel=PATROL,
    )
