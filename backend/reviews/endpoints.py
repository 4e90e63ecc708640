"""Reviews over HTTP: what a reviewer draws, fills in and decides, and what an agent reads and appeals against."""

from __future__ import annotations

from typing import Annotated, cast
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request

from backend.identity.access import database_of, requires
from backend.identity.permissions import Roles
from backend.identity.principal import Principal
from backend.kernel import clock
from backend.kernel.database import Database
from backend.kernel.schemas import Page
from backend.reviews import appeals, assigning, calibrating, coaching, reviewing
from backend.reviews import schemas as s
from backend.reviews.desk import ReviewDesk
from backend.reviews.drawing import ReviewDrawer

router = APIRouter(prefix="/api/reviews", tags=["reviews"])

Store = Annotated[Database, Depends(database_of)]
Judge = Annotated[Principal, Depends(requires("reviews.judge"))]
Assigner = Annotated[Principal, Depends(requires("reviews.assign"))]
Agent = Annotated[Principal, Depends(requires("reviews.read_own"))]
Reader = Annotated[Principal, Depends(requires("reviews.judge", "reviews.read_own"))]


@router.get("/queue")
async def queue(request: Request, database: Store, who: Judge) -> s.ReviewQueue:
    """What waits for this reviewer."""
    async with database.transaction() as tx:
        return await reviewing.queue(tx, _desk(request, who))


@router.post("/draw")
async def draw(request: Request, database: Store, who: Judge) -> s.DrawDone:
    """Draw a few more calls for this reviewer, as far as the day's quota goes."""
    async with database.transaction() as tx:
        return await _drawer(request).draw_now(tx, who)


@router.post("/picks")
async def pick(request: Request, database: Store, who: Judge, wish: s.PickWish) -> s.ReviewDetail:
    """Take a call for review that nobody drew."""
    async with database.transaction() as tx:
        return await _drawer(request).pick(tx, _desk(request, who), wish.call_id)


@router.get("/own")
async def own_results(
    request: Request,
    database: Store,
    who: Agent,
    cursor: Annotated[str | None, Query(max_length=300)] = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> Page[s.ReviewView]:
    """The results of one's own calls, the last first."""
    async with database.transaction() as tx:
        return await appeals.results(tx, _desk(request, who), cursor, limit)


@router.get("/coaching")
async def own_coaching(request: Request, database: Store, who: Agent) -> list[s.CoachingView]:
    """What one is to hear again, what is unread first."""
    async with database.transaction() as tx:
        return await coaching.tasks_of(tx, _desk(request, who))


@router.post("/coaching/{task_id}/reading")
async def read_coaching(request: Request, database: Store, who: Agent, task_id: UUID) -> s.CoachingView:
    """Say that one has heard and read a coaching task."""
    async with database.transaction() as tx:
        return await coaching.read(tx, _desk(request, who), task_id)


@router.get("/reviewers")
async def reviewers(request: Request, database: Store, _: Judge) -> list[s.ReviewerView]:
    """Everybody who reviews."""
    async with database.transaction() as tx:
        return await calibrating.reviewers(tx, _roles(request))


@router.get("/waiting")
async def waiting(request: Request, database: Store, who: Assigner) -> s.Assignments:
    """What waits with whom."""
    async with database.transaction() as tx:
        return await assigning.waiting(tx, _desk(request, who), _roles(request))


@router.post("/{review_id}/assignment")
async def assign(
    request: Request, database: Store, who: Assigner, review_id: UUID, wish: s.AssignWish
) -> s.Assignments:
    """Give a review that waits to another reviewer."""
    async with database.transaction() as tx:
        return await assigning.assign(tx, _desk(request, who), _roles(request), review_id, wish)


@router.get("/calibrations")
async def calibrations(request: Request, database: Store, who: Judge) -> s.Calibrations:
    """Calibrations, and how far reviewers agree."""
    async with database.transaction() as tx:
        return await calibrating.calibrations(tx, _desk(request, who))


@router.post("/calibrations")
async def calibrate(request: Request, database: Store, who: Judge, wish: s.CalibrationWish) -> s.CalibrationView:
    """Give the same calls to several reviewers, who judge them blind."""
    async with database.transaction() as tx:
        return await calibrating.begin(tx, _desk(request, who), _roles(request), _drawer(request).sheets, wish)


@router.get("/{review_id}")
async def look(request: Request, database: Store, who: Reader, review_id: UUID) -> s.ReviewDetail:
    """One review with its sheet."""
    async with database.transaction() as tx:
        return await reviewing.look(tx, _desk(request, who), review_id)


@router.post("/{review_id}/opening")
async def open_review(request: Request, database: Store, who: Judge, review_id: UUID) -> s.ReviewDetail:
    """Begin to judge."""
    async with database.transaction() as tx:
        return await reviewing.open_review(tx, _desk(request, who), review_id)


@router.put("/{review_id}/sheet")
async def save(request: Request, database: Store, who: Judge, review_id: UUID, wish: s.SheetWish) -> s.SheetSaved:
    """Keep the sheet as it stands."""
    async with database.transaction() as tx:
        return await reviewing.save(tx, _desk(request, who), review_id, wish)


@router.post("/{review_id}/score")
async def finish(request: Request, database: Store, who: Judge, review_id: UUID, wish: s.SheetWish) -> s.ReviewDetail:
    """Give the score."""
    async with database.transaction() as tx:
        return await reviewing.finish(tx, _desk(request, who), review_id, wish)


@router.post("/{review_id}/void")
async def void(request: Request, database: Store, who: Judge, review_id: UUID, wish: s.VoidWish) -> s.ReviewDetail:
    """Say that the call cannot be judged."""
    async with database.transaction() as tx:
        return await reviewing.void(tx, _desk(request, who), review_id, wish.revision, wish.reason)


@router.post("/{review_id}/coaching")
async def coach(request: Request, database: Store, who: Judge, review_id: UUID, wish: s.CoachingWish) -> s.ReviewDetail:
    """Give the agent a clip to hear again."""
    async with database.transaction() as tx:
        return await coaching.give(tx, _desk(request, who), review_id, wish)


@router.post("/{review_id}/appeal")
async def appeal(request: Request, database: Store, who: Agent, review_id: UUID, wish: s.AppealWish) -> s.ReviewDetail:
    """Appeal against the score of an own call."""
    async with database.transaction() as tx:
        return await appeals.appeal(tx, _desk(request, who), review_id, wish.reason)


@router.post("/{review_id}/appeal/decision")
async def decide(
    request: Request, database: Store, who: Judge, review_id: UUID, verdict: s.AppealVerdict
) -> s.ReviewDetail:
    """Decide on an appeal against another reviewer's score."""
    async with database.transaction() as tx:
        return await appeals.decide(tx, _desk(request, who), review_id, verdict)


def _desk(request: Request, who: Principal) -> ReviewDesk:
    return ReviewDesk(who, _drawer(request).settings, clock.now())


def _drawer(request: Request) -> ReviewDrawer:
    return cast("ReviewDrawer", request.app.state.reviews)


def _roles(request: Request) -> Roles:
    return cast("Roles", request.app.state.roles)
