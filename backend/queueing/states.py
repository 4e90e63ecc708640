"""The lives of an entry of the black list and of a missed caller, each as one table."""

from __future__ import annotations

from enum import StrEnum

from backend.queueing.errors import EntryCannotMove, MissedCannotMove


class EntryState(StrEnum):
    """`asked` waits for the second person; `agreed` holds until its end date."""

    ASKED = "asked"
    AGREED = "agreed"
    DECLINED = "declined"
    LIFTED = "lifted"


class EntryMove(StrEnum):
    """What can be done with an entry."""

    AGREE = "agree"
    DECLINE = "decline"
    LIFT = "lift"


class MissedState(StrEnum):
    """`answered`: the caller and the hotline have talked since; `done`: called back by hand; `dropped`: no need."""

    OPEN = "open"
    ANSWERED = "answered"
    DONE = "done"
    DROPPED = "dropped"


class MissedMove(StrEnum):
    """What can happen to a missed caller."""

    TALKED = "talked"
    FINISH = "finish"
    DROP = "drop"


ENTRY_TRANSITIONS: dict[tuple[EntryState, EntryMove], EntryState] = {
    (EntryState.ASKED, EntryMove.AGREE): EntryState.AGREED,
    (EntryState.ASKED, EntryMove.DECLINE): EntryState.DECLINED,
    (EntryState.AGREED, EntryMove.LIFT): EntryState.LIFTED,
}
"""Where a move leads from where; what does not stand here cannot be done."""

MISSED_TRANSITIONS: dict[tuple[MissedState, MissedMove], MissedState] = {
    (MissedState.OPEN, MissedMove.TALKED): MissedState.ANSWERED,
    (MissedState.OPEN, MissedMove.FINISH): MissedState.DONE,
    (MissedState.OPEN, MissedMove.DROP): MissedState.DROPPED,
}


def move_entry(state: EntryState, by: EntryMove) -> EntryState:
    """Where the move leads; raises `EntryCannotMove`."""
    after = ENTRY_TRANSITIONS.get((state, by))
    if after is None:
        raise EntryCannotMove(
            f"An entry that is {state} cannot be moved by {by}.", kept="It is unchanged.", next_step="Load it anew."
        )
    return after


def move_missed(state: MissedState, by: MissedMove) -> MissedState:
    """Where the move leads; raises `MissedCannotMove`."""
    after = MISSED_TRANSITIONS.get((state, by))
    if after is None:
        raise MissedCannotMove(
            f"A missed caller that is {state} cannot be moved by {by}.",
            kept="It is unchanged.",
            next_step="Load it anew.",
        )
    return after
