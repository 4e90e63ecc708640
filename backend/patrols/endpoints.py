"""Patrols over HTTP: of those who walk, and on the page of a case."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, cast
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi.responses import StreamingResponse

from backend.attachments import repository as attachment_rows
from backend.attachments.endpoints import cabinet_of, take_in
from backend.attachments.errors import AttachmentsClosed
from backend.attachments.schemas import AttachmentStep, AttachmentView, UploadWish
from backend.attachments.service import Cabinet, Where, not_found
from backend.attachments.serving import hand_out
from backend.attachments.withholding import may_be_shown
from backend.cases.filing import PATROL, file_case
from backend.cases.models import Case
from backend.cases.reference import References
from backend.cases.schemas import CaseForm, CaseStatus, CaseSummary
from backend.cases.service import find_case
from backend.cases.states import OPEN
from backend.identity.access import requires
from backend.identity.principal import Principal
from backend.kernel import clock
from backend.kernel.database import Database, Transaction
from backend.patrols import looking, planning, results
from backend.patrols.errors import ReportNotYours
from backend.patrols.planning import PatrolRules
from backend.patrols.schemas import (
    Beat,
    CasePatrols,
    PatrolDetail,
    PatrolReport,
    PatrolResult,
    PatrolState,
    PatrolTask,
    PlanWish,
    ReportedCase,
)

router = APIRouter(prefix="/api", tags=["patrols"])

Walker = Annotated[Principal, Depends(requires("patrols.walk"))]
Reader = Annotated[Principal, Depends(requires("cases.read"))]
Setter = Annotated[Principal, Depends(requires("cases.verify", "cases.dispatch"))]
Wish = Annotated[UploadWish, Query()]
Files = Annotated[Cabinet, Depends(cabinet_of)]


@dataclass(frozen=True)
class Room:
    """What patrols work with, as one request finds it."""

    database: Database
    rules: PatrolRules
    references: References


def room_of(request: Request) -> Room:
    """The room of this application."""
    state = request.app.state
    return Room(state.database, cast("PatrolRules", state.patrols), cast("References", state.console.references))


Here = Annotated[Room, Depends(room_of)]

# ---- those who walk ----


@router.get("/patrols")
async def my_patrols(here: Here, who: Walker, done: bool = False) -> list[PatrolTask]:
    """What waits on my beat, the next due first; with `done` what I did, the last first."""
    async with here.database.transaction() as tx:
        return await (looking.done_patrols(tx, who) if done else looking.my_patrols(tx, who, clock.now()))


@router.get("/patrols/beat")
async def my_beat(here: Here, who: Walker) -> Beat:
    """The streets that I walk; none means all."""
    async with here.database.transaction() as tx:
        return await looking.beat_of(tx, who)


@router.put("/patrols/beat")
async def set_beat(here: Here, who: Walker, beat: Beat) -> Beat:
    """Choose the streets that I walk."""
    async with here.database.transaction() as tx:
        grid = await here.references.grid.at(tx.session, clock.now())
        return await looking.set_beat(tx, who, beat, grid)


@router.get("/patrols/reports")
async def my_reports(here: Here, who: Walker) -> list[ReportedCase]:
    """What I reported, the newest first."""
    async with here.database.transaction() as tx:
        return await looking.my_reports(tx, who)


@router.post("/patrols/reports")
async def report(here: Here, who: Walker, seen: PatrolReport) -> CaseSummary:
    """Report what I see: a case like any other, filed once for each `request_id`."""
    now = clock.now()
    async with here.database.transaction() as tx:
        reference = await here.references.at(tx, now)
        form = CaseForm(**seen.model_dump(), channel=PATROL)
        return await file_case(tx, who, form, None, reference, now)


@router.post("/patrols/reports/{case_id}/attachments")
async def attach_to_report(request: Request, case_id: UUID, wish: Wish, files: Files, who: Walker) -> AttachmentView:
    """Attach the body of this request, a photo mostly, to what I reported, as long as it is open."""

    async def admit(tx: Transaction) -> Where:
        case = await find_case(tx, case_id)
        if case.filed_by_id != who.user_id or case.channel != PATROL:
            raise ReportNotYours("You reported no such case.", next_step="Look at your reports.")
        if CaseStatus(case.status) not in OPEN:
            raise AttachmentsClosed("case_id", "The case is closed.", "Report what you see anew.")
        return Where(case, AttachmentStep.PATROL)

    return await take_in(request, files, who, admit, wish.model_copy(update={"internal": False}))


@router.get("/patrols/{patrol_id}")
async def look_at_patrol(patrol_id: UUID, here: Here, who: Walker) -> PatrolDetail:
    """One patrol: where, what for, what it looked like before."""
    async with here.database.transaction() as tx:
        return await looking.look_at_patrol(tx, who, patrol_id, clock.now())


@router.post("/patrols/{patrol_id}/result")
async def file_result(patrol_id: UUID, result: PatrolResult, here: Here, who: Walker) -> PatrolDetail:
    """End a patrol with what was found; what came back opens the case again or files a new one."""
    now = clock.now()
    async with here.database.transaction() as tx:
        reference = await here.references.at(tx, now)
        await results.file_result(tx, who, patrol_id, result, reference, now)
        await tx.session.flush()
        return await looking.look_at_patrol(tx, who, patrol_id, now)


@router.post("/patrols/{patrol_id}/attachments")
async def attach_to_patrol(request: Request, patrol_id: UUID, wish: Wish, files: Files, who: Walker) -> AttachmentView:
    """Attach the body of this request, a photo mostly, to a patrol that waits for its result."""

    async def admit(tx: Transaction) -> Where:
        patrol = await results.found_patrol(tx, patrol_id)
        if patrol.state != PatrolState.WAITING.value:
            raise AttachmentsClosed("patrol_id", "The patrol is over.", "Go on with the next one.")
        case: Case = await find_case(tx, patrol.case_id)
        return Where(case, AttachmentStep.PATROL, patrol_id=patrol_id)

    return await take_in(request, files, who, admit, wish.model_copy(update={"internal": False}))


@router.get("/patrols/{patrol_id}/attachments/{attachment_id}/file", response_class=StreamingResponse)
async def download(
    request: Request, patrol_id: UUID, attachment_id: UUID, files: Files, who: Walker, show: bool = False
) -> Response:
    """A photo of the case of a patrol; each time it is handed out, the audit log tells it."""
    async with files.database.transaction() as tx:
        patrol = await results.found_patrol(tx, patrol_id)
        row = await attachment_rows.by_id(tx.session, attachment_id)
        if row is None or not await may_be_shown(tx, patrol.case_id, row):
            raise not_found()
        return await hand_out(request, tx, files, who, row, show=show)


# ---- the page of a case ----


@router.get("/cases/{case_id}/patrols")
async def patrols_of_case(case_id: UUID, here: Here, _: Reader) -> CasePatrols:
    """How a case is followed up."""
    async with here.database.transaction() as tx:
        return await looking.patrols_of_case(tx, case_id, here.rules.settings)


@router.put("/cases/{case_id}/patrols")
async def set_patrols(case_id: UUID, wish: PlanWish, here: Here, who: Setter) -> CasePatrols:
    """Set the patrols of a case, in place of what its class asks for."""
    async with here.database.transaction() as tx:
        await planning.set_by_hand(tx, who, case_id, wish, here.rules, clock.now())
        await tx.session.flush()
        return await looking.patrols_of_case(tx, case_id, here.rules.settings)
