"""What a reviewer does: look into the queue, open a review, fill in its sheet as it goes, finish it."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from backend.identity import audit
from backend.kernel import clock
from backend.kernel.database import Transaction
from backend.quality.schemas import HitView
from backend.reviews import candidates, repository, rules
from backend.reviews.desk import OpenReview, ReviewDesk, change, detail, find, opened, review_view, tell
from backend.reviews.models import Review
from backend.reviews.schemas import (
    ReviewDetail,
    ReviewQueue,
    ReviewState,
    ScoreView,
    SheetAnswers,
    SheetSaved,
    SheetWish,
)
from backend.reviews.scoring import check_answers, check_complete, score
from backend.reviews.states import ReviewMove, move_review


async def queue(tx: Transaction, at: ReviewDesk) -> ReviewQueue:
    """What waits for this reviewer, and what was done today."""
    day = clock.beijing(at.now).date()
    me = at.who.user_id
    drawn = await repository.drawn_on(tx.session, day)
    appealed = await repository.appeals_for(tx.session, me)
    talked = await candidates.talked(tx.session, [each.call_id for each in appealed])
    return ReviewQueue(
        waiting=[review_view(at, each) for each in await repository.waiting_for(tx.session, me)],
        appeals=[review_view(at, each) for each in appealed if me not in talked.get(each.call_id, ())],
        finished=[
            review_view(at, each) for each in await repository.finished_since(tx.session, me, clock.day_begins(day))
        ],
        quota=at.settings.per_reviewer_a_day,
        drawn=sum(count for (reviewer, _), count in drawn.items() if reviewer == me),
    )


async def look(tx: Transaction, at: ReviewDesk, review_id: UUID) -> ReviewDetail:
    """A review as it stands; who looks at it is audited. Raises `ReviewNotFound` and `StillBlind`."""
    review = await find(tx, at, review_id)
    await _note(tx, at, review, "review_read")
    return await detail(tx, at, review)


async def open_review(tx: Transaction, at: ReviewDesk, review_id: UUID) -> ReviewDetail:
    """Begin to judge; once more is no error. Raises `OwnCall` for somebody who talked in the call."""
    review = await _mine(tx, at, review_id)
    talked = await candidates.talked(tx.session, [review.call_id])
    rules.refuse_own_call(at.who.user_id, review.agent_id, talked.get(review.call_id, ()))
    if review.state != ReviewState.OPENED.value:
        after = move_review(ReviewState(review.state), ReviewMove.OPEN)
        review = await change(tx, review, review.revision, {"state": after.value, "opened_at": at.now})
        tell(tx, [review], at.now)
    await _note(tx, at, review, "review_opened")
    return await detail(tx, at, review)


async def save(tx: Transaction, at: ReviewDesk, review_id: UUID, wish: SheetWish) -> SheetSaved:
    """Keep the sheet as it stands, finished or not.

    Raises `ReviewChangedMeanwhile` when it was saved in another place, `SheetInvalid` for what is not asked.
    """
    review = await _mine(tx, at, review_id)
    move_review(ReviewState(review.state), ReviewMove.SAVE)
    whole = await opened(tx, review)
    result = _checked(whole, wish.answers)
    judged = [hit for hit in whole.hits if hit.hit_id in wish.answers.hits]
    saved = await change(tx, review, wish.revision, {**_filled(wish.answers, judged), "saved_at": at.now})
    return SheetSaved(revision=saved.revision, saved_at=at.now, result=result)


async def finish(tx: Transaction, at: ReviewDesk, review_id: UUID, wish: SheetWish) -> ReviewDetail:
    """Give the score. Raises like `save`, and `SheetIncomplete`."""
    review = await _mine(tx, at, review_id)
    after = move_review(ReviewState(review.state), ReviewMove.SCORE)
    whole = await opened(tx, review)
    result = _checked(whole, wish.answers)
    check_complete(result)
    changes = {
        **_filled(wish.answers, whole.hits),
        **outcome(result),
        "state": after.value,
        "saved_at": at.now,
        "scored_at": at.now,
        "appeal_until": at.now + at.settings.appeal_time if review.calibration_id is None else None,
    }
    scored = await change(tx, review, wish.revision, changes)
    tell(tx, [scored], at.now)
    await _note(tx, at, scored, "review_scored", score=result.score)
    return await detail(tx, at, scored)


async def void(tx: Transaction, at: ReviewDesk, review_id: UUID, revision: int, reason: str) -> ReviewDetail:
    """Say that the call cannot be judged, and why."""
    review = await _mine(tx, at, review_id)
    after = move_review(ReviewState(review.state), ReviewMove.VOID)
    ended = await change(tx, review, revision, {"state": after.value, "void_reason": reason})
    tell(tx, [ended], at.now)
    await _note(tx, at, ended, "review_voided", reason=reason)
    return await detail(tx, at, ended)


def outcome(result: ScoreView) -> dict[str, Any]:
    """What a review keeps of its score."""
    return {"score": result.score, "passed": result.passed, "fatal": result.fatal}


async def _mine(tx: Transaction, at: ReviewDesk, review_id: UUID) -> Review:
    review = await find(tx, at, review_id)
    rules.refuse_foreign(at.who, review)
    return review


def _checked(whole: OpenReview, answers: SheetAnswers) -> ScoreView:
    check_answers(whole.sheet, answers, whole.hits)
    return score(whole.sheet, answers, whole.hits)


def _filled(answers: SheetAnswers, hits: list[HitView]) -> dict[str, Any]:
    return {"answers": answers.model_dump(mode="json"), "hits": [hit.model_dump(mode="json") for hit in hits]}


async def _note(tx: Transaction, at: ReviewDesk, review: Review, action: str, **said: Any) -> None:
    detail_of = {"call_id": review.call_id, **said}
    await audit.record(tx, at.who, action, "review", review.review_id, detail_of, at=at.now)
