"""Who may see and do what with a review: pure."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from backend.identity.principal import Principal
from backend.reviews.errors import (
    DecidesOwnReview,
    NotYourReview,
    OwnCall,
    ReviewAppealTooLate,
    ReviewNotFound,
    StillBlind,
)
from backend.reviews.models import Review
from backend.reviews.schemas import ReviewState
from backend.reviews.states import JUDGED, ReviewMove, moves_from

JUDGE = "reviews.judge"
ASSIGN = "reviews.assign"
_REVIEWERS_MOVES = frozenset({ReviewMove.OPEN, ReviewMove.SAVE, ReviewMove.SCORE, ReviewMove.VOID})
_DECISIONS = frozenset({ReviewMove.UPHOLD, ReviewMove.CHANGE})
COACH = "coach"
"""What stands among the moves of who may give a coaching task out of a review."""


def refuse_unseen(who: Principal, review: Review, unfinished: int) -> None:
    """A reviewer sees the own reviews, and others' once they are scored; the agent sees what is scored and counts.

    `unfinished` is how many sheets of the same calibrated call are yet to be finished. Raises `ReviewNotFound` and
    `StillBlind`.
    """
    if review.reviewer_id == who.user_id:
        return
    judged = ReviewState(review.state) in JUDGED
    blind = review.calibration_id is not None
    judges = who.may(JUDGE) and review.agent_id != who.user_id
    if judges and blind and unfinished:
        raise StillBlind(
            "Not everybody has finished this call of the calibration.",
            kept="Nothing was changed.",
            next_step="Wait until all have finished their sheets.",
        )
    own = review.agent_id == who.user_id and not blind
    if not judged or not (judges or own):
        raise not_found()


def refuse_foreign(who: Principal, review: Review) -> None:
    """Only the reviewer fills in the sheet; raises `NotYourReview`."""
    if review.reviewer_id != who.user_id:
        raise NotYourReview(
            f"This review was drawn for {review.reviewer}.",
            kept="Nothing was changed.",
            next_step="Go on with one from your own queue.",
        )


def refuse_own_call(who: UUID, agent_id: UUID, talked: Iterable[UUID]) -> None:
    """Nobody judges a call in which they talked; raises `OwnCall`."""
    if who == agent_id or who in talked:
        raise OwnCall


def refuse_late(review: Review, now: datetime) -> None:
    """An appeal is made in time; raises `ReviewAppealTooLate`."""
    if review.appeal_until is None or now > review.appeal_until:
        raise ReviewAppealTooLate(
            "The time for an appeal against this score is over.",
            kept="What you wrote is still on the screen.",
            next_step="Talk to your shift leader.",
        )


def refuse_first_judge(who: Principal, review: Review) -> None:
    """Another one than who scored decides; raises `DecidesOwnReview`."""
    if review.reviewer_id == who.user_id:
        raise DecidesOwnReview(
            "You gave this score yourself, so you cannot decide on the appeal.",
            kept="Nothing was changed.",
            next_step="Leave it to another reviewer.",
        )


def open_moves(who: Principal, review: Review, now: datetime, talked: Iterable[UUID] = ()) -> list[str]:
    """What this person may do with a review now; `talked` are those who talked in its call."""
    state = ReviewState(review.state)
    counts = review.calibration_id is None
    allowed: set[ReviewMove] = set()
    if review.reviewer_id == who.user_id:
        allowed |= _REVIEWERS_MOVES
    elif review.agent_id == who.user_id:
        in_time = review.appeal_until is not None and now <= review.appeal_until
        allowed |= {ReviewMove.APPEAL} if counts and in_time else set()
    elif who.may(JUDGE) and who.user_id not in talked:
        allowed |= _DECISIONS
    moves = sorted(move.value for move in moves_from(state) & allowed)
    return [*moves, COACH] if may_coach(who, review) else moves


def may_coach(who: Principal, review: Review) -> bool:
    """Who has opened or scored a review that counts may give coaching tasks out of it."""
    mine = review.reviewer_id == who.user_id and review.calibration_id is None
    return mine and ReviewState(review.state) in {ReviewState.OPENED, *JUDGED}


def not_found() -> ReviewNotFound:
    """There is no such review, or not for this person."""
    return ReviewNotFound("There is no such review, or not for you.", next_step="Look for it in your queue.")
