"""Who leads QA gives reviews that wait to somebody else: a reviewer is ill, or has too much on the desk."""

from __future__ import annotations

from collections import Counter
from typing import Any
from uuid import UUID

from backend.identity import audit
from backend.identity.permissions import Roles
from backend.kernel import clock
from backend.kernel.database import Transaction
from backend.reviews import candidates, repository, rules
from backend.reviews.desk import ReviewDesk, change, refuse_stale, review_view, tell
from backend.reviews.drawing import reviewing_roles
from backend.reviews.errors import CalibrationStays, GivenReviewChanged, NotAReviewer, ReviewChangedMeanwhile
from backend.reviews.models import Review
from backend.reviews.schemas import Assignments, AssignWish, ReviewerLoad, ReviewState, SheetAnswers, WaitingReview
from backend.reviews.states import ReviewMove, move_review

MOST_SHOWN = 500
"""So many waiting reviews are shown, the oldest first; no hall lets more lie."""


async def waiting(tx: Transaction, at: ReviewDesk, roles: Roles) -> Assignments:
    """What waits with whom; calibrations are left out, since each reviewer judges the same calls."""
    people = await candidates.reviewers(tx.session, reviewing_roles(roles))
    reviews = await repository.waiting_for_all(tx.session, MOST_SHOWN)
    counted = Counter((review.reviewer_id, review.state) for review in reviews)
    today = await repository.drawn_on(tx.session, clock.beijing(at.now).date())
    names = people | {review.reviewer_id: review.reviewer for review in reviews if review.reviewer_id not in people}
    return Assignments(
        quota=at.settings.per_reviewer_a_day,
        reviewers=[
            ReviewerLoad(
                user_id=who,
                name=name,
                active=who in people,
                waiting=counted[who, ReviewState.DRAWN.value],
                opened=counted[who, ReviewState.OPENED.value],
                drawn_today=sum(count for (reviewer, _), count in today.items() if reviewer == who),
            )
            for who, name in names.items()
        ],
        reviews=[
            WaitingReview.model_validate(
                review_view(at, review).model_dump()
                | {"reviewer_id": review.reviewer_id, "reviewer": names[review.reviewer_id]}
            )
            for review in reviews
        ],
    )


async def assign(tx: Transaction, at: ReviewDesk, roles: Roles, review_id: UUID, wish: AssignWish) -> Assignments:
    """Give a review that is not scored to another reviewer, who begins with an empty sheet; what was filled in stands
    in the audit log.

    Raises `ReviewNotFound`, `ReviewCannotMove`, `CalibrationStays`, `NotAReviewer`, `OwnCall` for somebody who talked
    in the call, and `GivenReviewChanged`.
    """
    review = await repository.by_id(tx.session, review_id)
    if review is None:
        raise rules.not_found()
    after = move_review(ReviewState(review.state), ReviewMove.ASSIGN)
    if review.calibration_id is not None:
        raise CalibrationStays
    before = {"from": str(review.reviewer_id), "answers": review.answers}
    had = review.reviewer_id
    try:
        moved = await _give(tx, roles, review, wish, after)
    except ReviewChangedMeanwhile as error:
        raise GivenReviewChanged(
            "Its reviewer saved this review, or somebody gave it away, since it was read.",
            kept="It stays with who has it.",
            next_step="Look at it anew, then give it away again.",
        ) from error
    tell(tx, [moved], at.now, also=[had])
    detail = {"call_id": moved.call_id, "to": str(wish.reviewer_id), "reason": wish.reason, **before}
    await audit.record(tx, at.who, "review_assigned", "review", review_id, detail, at=at.now)
    return await waiting(tx, at, roles)


async def _give(tx: Transaction, roles: Roles, review: Review, wish: AssignWish, after: ReviewState) -> Review:
    """The review as its next reviewer has it, if the screen builds on how it stands."""
    refuse_stale(review, wish.revision)  # first: on an old row one may have chosen who has the review by now
    given: dict[str, Any] = {
        "state": after.value,
        "reviewer_id": wish.reviewer_id,
        "reviewer": await _reviewer(tx, roles, review, wish.reviewer_id),
        "answers": SheetAnswers().model_dump(mode="json"),
        "hits": [],
        "opened_at": None,
        "saved_at": None,
    }
    return await change(tx, review, wish.revision, given)


async def _reviewer(tx: Transaction, roles: Roles, review: Review, reviewer: UUID) -> str:
    """The name of who is to judge, if this person may."""
    people = await candidates.reviewers(tx.session, reviewing_roles(roles))
    if reviewer not in people or reviewer == review.reviewer_id:
        raise NotAReviewer(
            "A review goes to another person who reviews.",
            kept="It stays with who has it.",
            next_step="Choose another reviewer.",
            field="reviewer_id",
        )
    talked = await candidates.talked(tx.session, [review.call_id])
    rules.refuse_own_call(reviewer, review.agent_id, talked.get(review.call_id, ()))
    return people[reviewer]
