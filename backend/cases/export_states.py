"""The life of an export, as one table."""

from __future__ import annotations

from enum import StrEnum

from backend.kernel.errors import IllegalTransition


class ExportState(StrEnum):
    """Where an export stands."""

    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    EXPIRED = "expired"


class ExportMove(StrEnum):
    """What happens to an export."""

    START = "started"
    FINISH = "finished"
    GIVE_UP = "given_up"
    EXPIRE = "expired"


class ExportCannotMove(IllegalTransition):
    """The export does not stand where this move begins."""


TRANSITIONS: dict[tuple[ExportState, ExportMove], ExportState] = {
    (ExportState.WAITING, ExportMove.START): ExportState.RUNNING,
    # its worker died: another begins anew
    (ExportState.RUNNING, ExportMove.START): ExportState.RUNNING,
    (ExportState.RUNNING, ExportMove.FINISH): ExportState.DONE,
    (ExportState.WAITING, ExportMove.GIVE_UP): ExportState.FAILED,
    (ExportState.RUNNING, ExportMove.GIVE_UP): ExportState.FAILED,
    (ExportState.DONE, ExportMove.EXPIRE): ExportState.EXPIRED,
}
"""Where a move leads from where; what does not stand here cannot be done."""


def move(state: ExportState, by: ExportMove) -> ExportState:
    """Where the move leads; raises `ExportCannotMove`."""
    after = TRANSITIONS.get((state, by))
    if after is None:
        raise ExportCannotMove(f"An export that is {state} cannot be {by}.", next_step="Ask for a new one.")
    return after
