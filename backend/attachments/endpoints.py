"""Attachments over HTTP: on the case page, in a unit's task, and the files themselves."""

from __future__ import annotations

from typing import Annotated, cast
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi.responses import StreamingResponse

from backend.attachments import service
from backend.attachments.errors import AttachmentsClosed
from backend.attachments.incoming import received
from backend.attachments.kinds import SUFFIXES
from backend.attachments.schemas import AttachmentRules, AttachmentStep, AttachmentView, UploadWish
from backend.attachments.service import Admit, Cabinet, Where
from backend.attachments.serving import hand_out
from backend.cases.schemas import CaseStatus
from backend.cases.service import find_case
from backend.cases.states import OPEN
from backend.dispatch.looking import own_task
from backend.dispatch.schemas import TaskState
from backend.identity.access import requires
from backend.identity.principal import Principal
from backend.kernel import clock
from backend.kernel.database import Transaction

router = APIRouter(prefix="/api", tags=["attachments"])

Wish = Annotated[UploadWish, Query()]
Reader = Annotated[Principal, Depends(requires("cases.read"))]
Staff = Annotated[Principal, Depends(requires("tasks.handle"))]
Attacher = Annotated[Principal, Depends(requires("cases.file", "cases.dispatch", "cases.verify"))]
Dispatcher = Annotated[Principal, Depends(requires("cases.dispatch"))]
Seer = Annotated[Principal, Depends(requires("cases.read", "tasks.handle"))]
Sender = Annotated[
    Principal, Depends(requires("cases.file", "cases.dispatch", "cases.verify", "tasks.handle", "patrols.walk"))
]
_IN_HAND = frozenset({TaskState.SIGNED.value, TaskState.REPORTED.value})


def cabinet_of(request: Request) -> Cabinet:
    """What attaching works with in this application."""
    return cast("Cabinet", request.app.state.cabinet)


Here = Annotated[Cabinet, Depends(cabinet_of)]


@router.get("/attachments/rules")
async def rules(here: Here, _: Sender) -> AttachmentRules:
    """What may be attached."""
    suffixes = sorted(suffix for kind in here.limits.kinds for suffix in SUFFIXES[kind])
    return AttachmentRules(
        most_bytes=here.limits.most_bytes, most_per_case=here.limits.most_per_case, accept=",".join(suffixes)
    )


@router.get("/cases/{case_id}/attachments")
async def attachments_of_case(case_id: UUID, here: Here, _: Reader) -> list[AttachmentView]:
    """The attachments of a case, the oldest first."""
    async with here.database.transaction() as tx:
        await find_case(tx, case_id)
        return await service.attachments_of(tx, case_id, internal=True)


@router.post("/cases/{case_id}/attachments")
async def attach_to_case(request: Request, case_id: UUID, wish: Wish, here: Here, who: Attacher) -> AttachmentView:
    """Attach the body of this request to an open case."""

    async def admit(tx: Transaction) -> Where:
        case = await find_case(tx, case_id)
        if CaseStatus(case.status) not in OPEN:
            raise AttachmentsClosed("case_id", "The case is closed.", "Write it into a new case, or have it opened.")
        return Where(case, _step_of(who))

    return await take_in(request, here, who, admit, wish)


@router.post("/cases/{case_id}/attachments/{attachment_id}/release")
async def release(case_id: UUID, attachment_id: UUID, here: Here, who: Dispatcher) -> AttachmentView:
    """Let the units see a file from before the citizen asked to stay unknown, after a look at it."""
    async with here.database.transaction() as tx:
        return await service.let_go_on(tx, who, case_id, attachment_id, clock.now())


@router.get("/tasks/{case_id}/{n}/attachments")
async def attachments_of_task(case_id: UUID, n: int, here: Here, who: Staff) -> list[AttachmentView]:
    """What my unit may see of the attachments of its case."""
    async with here.database.transaction() as tx:
        await own_task(tx, who, case_id, n)
        return await service.attachments_of(tx, case_id, internal=False)


@router.post("/tasks/{case_id}/{n}/attachments")
async def attach_to_task(request: Request, case_id: UUID, n: int, wish: Wish, here: Here, who: Staff) -> AttachmentView:
    """Attach the body of this request to what my unit does: once it is signed, and until the case is closed."""

    async def admit(tx: Transaction) -> Where:
        task = await own_task(tx, who, case_id, n)
        case = await find_case(tx, case_id)
        if task.state not in _IN_HAND or CaseStatus(case.status) not in OPEN:
            raise AttachmentsClosed("task", "The task is not in your unit's hands.", "Sign it first.")
        return Where(case, AttachmentStep.HANDLING, task=n)

    return await take_in(request, here, who, admit, wish.model_copy(update={"internal": False}))


@router.get("/attachments/{attachment_id}/file", response_class=StreamingResponse)
async def download(request: Request, attachment_id: UUID, here: Here, who: Seer, show: bool = False) -> Response:
    """The file; each time it is handed out, the audit log tells it. With `show` a picture comes as part of the page."""
    async with here.database.transaction() as tx:
        row = await service.file_of(tx, who, attachment_id)
        return await hand_out(request, tx, here, who, row, show=show)


async def take_in(request: Request, here: Cabinet, who: Principal, admit: Admit, wish: UploadWish) -> AttachmentView:
    """Receive the body and attach it; whoever may not attach hears so before anything is stored."""
    async with received(request, wish.size, here.limits) as path:
        declared = request.headers.get("content-type", "")
        return await service.attach(here, who, admit, wish, declared, path, clock.now())


def _step_of(who: Principal) -> AttachmentStep:
    if who.may("cases.verify"):
        return AttachmentStep.VERIFICATION
    return AttachmentStep.DISPATCH if who.may("cases.dispatch") else AttachmentStep.FILING
