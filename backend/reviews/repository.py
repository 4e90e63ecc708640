"""Every query about reviews, their appeals, calibrations and coaching tasks."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import func, select, text, tuple_, update
from sqlalchemy.ext.asyncio import AsyncSession

from backend.reviews.models import Calibration, CoachingTask, Review, ReviewAppeal, ReviewDraw
from backend.reviews.schemas import Purpose, ReviewState
from backend.reviews.sheets import ScoreSheetRow
from backend.reviews.states import WAITING

_WAITING = sorted(state.value for state in WAITING)


async def serialise_drawing(session: AsyncSession) -> None:
    """Until the transaction ends, nobody else draws."""
    await session.execute(text("SELECT pg_advisory_xact_lock(hashtextextended('draw-reviews', 0))"))


async def by_id(session: AsyncSession, review_id: UUID) -> Review | None:
    """The review as it stands."""
    return await session.get(Review, review_id, populate_existing=True)


async def change(session: AsyncSession, review: Review, changes: dict[str, Any]) -> Review | None:
    """Compare-and-set: the review at its next revision, None when somebody saved or moved it since it was read."""
    statement = (
        update(Review)
        .where(Review.review_id == review.review_id, Review.revision == review.revision)
        .values(revision=review.revision + 1, **changes)
        .returning(Review)
        .execution_options(populate_existing=True)
    )
    return (await session.execute(statement)).scalar_one_or_none()


async def sheet_row(session: AsyncSession, sheet_id: int) -> ScoreSheetRow:
    """The row of a score sheet; rows are never deleted."""
    return await session.get_one(ScoreSheetRow, sheet_id)


async def sheet_rows(session: AsyncSession, sheet_ids: Collection[int]) -> Sequence[ScoreSheetRow]:
    """These rows of score sheets."""
    return (await session.execute(select(ScoreSheetRow).where(ScoreSheetRow.row_id.in_(sheet_ids)))).scalars().all()


async def waiting_for(session: AsyncSession, reviewer_id: UUID) -> Sequence[Review]:
    """What this person is yet to judge: what was begun first, then fatal hits, then the oldest."""
    begun, fatal = Review.state == ReviewState.OPENED.value, Review.purpose == Purpose.FATAL.value
    query = select(Review).where(Review.reviewer_id == reviewer_id, Review.state.in_(_WAITING))
    query = query.order_by(begun.desc(), fatal.desc(), Review.drawn_on, Review.arrived_at, Review.review_id)
    return (await session.execute(query)).scalars().all()


async def waiting_for_all(session: AsyncSession, limit: int) -> Sequence[Review]:
    """What anybody is yet to judge, calibrations apart, the oldest first."""
    query = select(Review).where(Review.state.in_(_WAITING), Review.calibration_id.is_(None))
    query = query.order_by(Review.drawn_on, Review.arrived_at, Review.review_id)
    return (await session.execute(query.limit(limit))).scalars().all()


async def finished_since(session: AsyncSession, reviewer_id: UUID, since: datetime) -> Sequence[Review]:
    """What this person has judged since a moment, the last first."""
    query = select(Review).where(Review.reviewer_id == reviewer_id, Review.scored_at >= since)
    return (await session.execute(query.order_by(Review.scored_at.desc(), Review.review_id))).scalars().all()


async def appeals_for(session: AsyncSession, user_id: UUID) -> Sequence[Review]:
    """Reviews that are appealed against, of calls of others, which this person did not score, the oldest first."""
    query = select(Review).where(Review.state == ReviewState.APPEALED.value)
    query = query.where(Review.reviewer_id != user_id, Review.agent_id != user_id)
    return (await session.execute(query.order_by(Review.scored_at, Review.review_id))).scalars().all()


async def drawn_on(session: AsyncSession, day: date) -> dict[tuple[UUID, Purpose], int]:
    """How many calls were drawn on a day, for whom and what for; calibrations are not counted."""
    query = select(Review.reviewer_id, Review.purpose, func.count()).where(
        Review.drawn_on == day, Review.calibration_id.is_(None)
    )
    counted = await session.execute(query.group_by(Review.reviewer_id, Review.purpose))
    return {(reviewer, Purpose(purpose)): count for reviewer, purpose, count in counted}


async def results_of(
    session: AsyncSession, agent_id: UUID, before: tuple[datetime, UUID] | None, limit: int
) -> Sequence[Review]:
    """The results of an agent, the last first; calibrations count for nobody."""
    query = select(Review).where(
        Review.agent_id == agent_id, Review.score.is_not(None), Review.calibration_id.is_(None)
    )
    if before is not None:
        query = query.where(tuple_(Review.scored_at, Review.review_id) < before)
    query = query.order_by(Review.scored_at.desc(), Review.review_id.desc()).limit(limit)
    return (await session.execute(query)).scalars().all()


async def appeal_of(session: AsyncSession, review_id: UUID) -> ReviewAppeal | None:
    """The appeal against a review."""
    return await session.get(ReviewAppeal, review_id, populate_existing=True)


async def coaching_by_id(session: AsyncSession, task_id: UUID) -> CoachingTask | None:
    """The coaching task."""
    return await session.get(CoachingTask, task_id, populate_existing=True)


async def coaching_of_review(session: AsyncSession, review_id: UUID) -> Sequence[CoachingTask]:
    """What was given out of a review, in its order."""
    query = select(CoachingTask).where(CoachingTask.review_id == review_id)
    return (await session.execute(query.order_by(CoachingTask.from_ms, CoachingTask.task_id))).scalars().all()


async def coaching_of_agent(session: AsyncSession, agent_id: UUID, limit: int) -> Sequence[CoachingTask]:
    """What an agent is to hear again: what is unread first, then the last given."""
    query = select(CoachingTask).where(CoachingTask.agent_id == agent_id)
    query = query.order_by(CoachingTask.read_at.is_not(None), CoachingTask.given_at.desc(), CoachingTask.task_id)
    return (await session.execute(query.limit(limit))).scalars().all()


async def mark_read(session: AsyncSession, task_id: UUID, at: datetime) -> CoachingTask | None:
    """Compare-and-set: the task with its read receipt, None when it has one already."""
    statement = (
        update(CoachingTask)
        .where(CoachingTask.task_id == task_id, CoachingTask.read_at.is_(None))
        .values(read_at=at)
        .returning(CoachingTask)
        .execution_options(populate_existing=True)
    )
    return (await session.execute(statement)).scalar_one_or_none()


async def calibration_by_id(session: AsyncSession, calibration_id: UUID) -> Calibration | None:
    """The calibration."""
    return await session.get(Calibration, calibration_id)


async def calibrations_since(session: AsyncSession, since: datetime) -> Sequence[Calibration]:
    """Calibrations since a moment, the last first."""
    query = select(Calibration).where(Calibration.made_at >= since)
    return (await session.execute(query.order_by(Calibration.made_at.desc()))).scalars().all()


async def reviews_of_calibrations(session: AsyncSession, calibration_ids: Collection[UUID]) -> Sequence[Review]:
    """The sheets of calibrations, by call and reviewer."""
    query = select(Review).where(Review.calibration_id.in_(calibration_ids))
    query = query.order_by(Review.arrived_at, Review.call_id, Review.reviewer, Review.review_id)
    return (await session.execute(query)).scalars().all()


async def unfinished_beside(session: AsyncSession, review: Review) -> int:
    """How many sheets of the same call in the same calibration are yet to be finished."""
    query = select(func.count()).where(
        Review.calibration_id == review.calibration_id, Review.call_id == review.call_id, Review.state.in_(_WAITING)
    )
    return (await session.execute(query)).scalar_one()


async def drawn_at_night(session: AsyncSession, day: date) -> bool:
    """Whether the nightly draw of a day was made."""
    query = select(ReviewDraw.draw_id).where(ReviewDraw.day == day, ReviewDraw.made_by_id.is_(None))
    return (await session.execute(query)).first() is not None
