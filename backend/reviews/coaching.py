"""Coaching tasks: a clip out of a review for its agent to hear again, with a read receipt."""

from __future__ import annotations

from uuid import UUID

from backend.identity import audit
from backend.kernel.database import Transaction
from backend.kernel.queries import insert_new
from backend.reviews import repository, rules
from backend.reviews.desk import ReviewDesk, coaching_view, detail, find
from backend.reviews.errors import CoachingNotFound, CoachingReused, NotYourReview
from backend.reviews.models import CoachingTask
from backend.reviews.schemas import CoachingView, CoachingWish, ReviewDetail

CHANGED = "coaching_changed"
_MOST_SHOWN = 200


async def give(tx: Transaction, at: ReviewDesk, review_id: UUID, wish: CoachingWish) -> ReviewDetail:
    """Give the agent of a review a clip to hear again; the same once more is no error.

    Raises `NotYourReview` for another's review or a calibration, `CoachingReused`.
    """
    review = await find(tx, at, review_id)
    if not rules.may_coach(at.who, review):
        raise NotYourReview(
            "Coaching tasks are given by who opened or scored a review that counts.",
            kept="What you wrote is still on the screen.",
            next_step="Go on with a review from your own queue.",
        )
    task = CoachingTask(
        task_id=wish.task_id,
        review_id=review_id,
        call_id=review.call_id,
        agent_id=review.agent_id,
        agent_name=review.agent_name,
        from_ms=wish.from_ms,
        to_ms=wish.to_ms,
        text=wish.text,
        given_at=at.now,
        given_by_id=at.who.user_id,
        given_by=at.who.display_name,
    )
    if await insert_new(tx.session, task):
        _tell(tx, at, task)
        said = {"review_id": str(review_id), "call_id": review.call_id}
        await audit.record(tx, at.who, "coaching_given", "coaching", wish.task_id, said, at=at.now)
    else:
        await _refuse_reuse(tx, task)
    return await detail(tx, at, review)


async def tasks_of(tx: Transaction, at: ReviewDesk) -> list[CoachingView]:
    """What this agent is to hear again: what is unread first."""
    tasks = await repository.coaching_of_agent(tx.session, at.who.user_id, _MOST_SHOWN)
    return [coaching_view(at, task) for task in tasks]


async def read(tx: Transaction, at: ReviewDesk, task_id: UUID) -> CoachingView:
    """The agent's read receipt; the first one stands. Raises `CoachingNotFound`."""
    task = await repository.coaching_by_id(tx.session, task_id)
    if task is None or task.agent_id != at.who.user_id:
        raise CoachingNotFound("There is no such coaching task for you.", next_step="Load the page anew.")
    marked = await repository.mark_read(tx.session, task_id, at.now)
    if marked is not None:
        _tell(tx, at, marked)
        await audit.record(tx, at.who, "coaching_read", "coaching", task_id, {"call_id": task.call_id}, at=at.now)
    return coaching_view(at, marked or task)


async def _refuse_reuse(tx: Transaction, task: CoachingTask) -> None:
    standing = await repository.coaching_by_id(tx.session, task.task_id)
    told = ("review_id", "from_ms", "to_ms", "text", "given_by_id")
    if standing is None or any(getattr(standing, name) != getattr(task, name) for name in told):
        raise CoachingReused(
            "A coaching task of this id was given already, with other content.",
            kept="It stands as it was given first.",
            next_step="Load the review anew; give what is new as another task.",
            field="task_id",
        )


def _tell(tx: Transaction, at: ReviewDesk, task: CoachingTask) -> None:
    audience = [f"user:{task.agent_id}", f"user:{task.given_by_id}"]
    payload = {"task_id": str(task.task_id), "review_id": str(task.review_id)}
    tx.emit(CHANGED, entity=str(task.task_id), audience=audience, payload=payload, at=at.now)
