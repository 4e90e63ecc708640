"""The life of a callback visit, as one table."""

from __future__ import annotations

from enum import StrEnum

from backend.callbacks.errors import CallbackCannotMove
from backend.callbacks.schemas import CallbackState


class CallbackMove(StrEnum):
    """What can be done with a callback visit."""

    SCHEDULE = "schedule"
    COMPLETE = "complete"
    RETRY = "retry"
    GIVE_UP = "give_up"
    CANCEL = "cancel"


TRANSITIONS: dict[tuple[CallbackState | None, CallbackMove], CallbackState] = {
    (None, CallbackMove.SCHEDULE): CallbackState.SCHEDULED,
    (CallbackState.SCHEDULED, CallbackMove.COMPLETE): CallbackState.DONE,
    (CallbackState.SCHEDULED, CallbackMove.RETRY): CallbackState.SCHEDULED,
    (CallbackState.SCHEDULED, CallbackMove.GIVE_UP): CallbackState.FAILED,
    (CallbackState.SCHEDULED, CallbackMove.CANCEL): CallbackState.CANCELED,
}
"""Where a move leads from where; None is a visit that is not promised yet. What does not stand here cannot be done."""


def move(state: CallbackState | None, by: CallbackMove) -> CallbackState:
    """Where the move leads; raises `CallbackCannotMove`."""
    after = TRANSITIONS.get((state, by))
    if after is None:
        raise CallbackCannotMove(
            f"A callback visit that is {state or 'not scheduled yet'} cannot be moved by {by}.",
            kept="The callback visit is unchanged.",
            next_step="Load it anew to see where it stands.",
        )
    return after
