"""The life of one patrol, as one table."""

from __future__ import annotations

from backend.patrols.errors import PatrolCannotMove
from backend.patrols.schemas import PatrolMove, PatrolState

S, M = PatrolState, PatrolMove

TRANSITIONS: dict[tuple[PatrolState | None, PatrolMove], PatrolState] = {
    (None, M.PLAN): S.WAITING,
    (S.WAITING, M.FIND_OK): S.OK,
    (S.WAITING, M.FIND_RECURRED): S.RECURRED,
    # nobody came in time: it stays visible, and the next one follows
    (S.WAITING, M.MISS): S.MISSED,
    # the case was opened again, it came back already, or other patrols were set
    (S.WAITING, M.CANCEL): S.CANCELLED,
}
"""Where a move leads from where; None is a patrol that is not planned yet. What is done stays as it is."""


def move(state: PatrolState | None, by: PatrolMove) -> PatrolState:
    """Where the move leads; raises `PatrolCannotMove`."""
    after = TRANSITIONS.get((state, by))
    if after is None:
        raise PatrolCannotMove(
            f"A patrol that is {state or 'not planned yet'} allows no {by}.",
            kept="The patrol is unchanged.",
            next_step="Load your patrols anew.",
        )
    return after
