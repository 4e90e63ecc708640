"""The life of a review, as one table."""

from __future__ import annotations

from enum import StrEnum

from backend.reviews.errors import ReviewCannotMove
from backend.reviews.schemas import ReviewState


class ReviewMove(StrEnum):
    """What can be done with a review."""

    DRAW = "draw"
    OPEN = "open"
    SAVE = "save"
    SCORE = "score"
    ASSIGN = "assign"
    VOID = "void"
    APPEAL = "appeal"
    UPHOLD = "uphold"
    CHANGE = "change"


S, M = ReviewState, ReviewMove

TRANSITIONS: dict[tuple[ReviewState | None, ReviewMove], ReviewState] = {
    (None, M.DRAW): S.DRAWN,
    (S.DRAWN, M.OPEN): S.OPENED,
    (S.OPENED, M.SAVE): S.OPENED,
    (S.OPENED, M.SCORE): S.SCORED,
    # 改派: another reviewer begins anew
    (S.DRAWN, M.ASSIGN): S.DRAWN,
    (S.OPENED, M.ASSIGN): S.DRAWN,
    # 作废: the recording cannot be judged
    (S.DRAWN, M.VOID): S.VOID,
    (S.OPENED, M.VOID): S.VOID,
    # 申诉 once, 维持 or 改判 by another reviewer
    (S.SCORED, M.APPEAL): S.APPEALED,
    (S.APPEALED, M.UPHOLD): S.UPHELD,
    (S.APPEALED, M.CHANGE): S.CHANGED,
}
"""Where a move leads from where; None is a call that is not drawn yet. What does not stand here cannot be done."""

WAITING = frozenset({S.DRAWN, S.OPENED})
"""States in which the reviewer has something to do."""

JUDGED = frozenset({S.SCORED, S.APPEALED, S.UPHELD, S.CHANGED})
"""States in which there is a score."""


def move_review(state: ReviewState | None, by: ReviewMove) -> ReviewState:
    """Where the move leads; raises `ReviewCannotMove`."""
    after = TRANSITIONS.get((state, by))
    if after is None:
        raise ReviewCannotMove(
            f"The move {by.value} is not open to a review that is {state.value if state else 'not drawn yet'}.",
            kept="It is unchanged.",
            next_step="Load it anew to see how it stands.",
        )
    return after


def moves_from(state: ReviewState) -> frozenset[ReviewMove]:
    """What can be done with a review that stands so."""
    return frozenset(by for (before, by) in TRANSITIONS if before is state)
