"""The life of an entry of a special list, as one table."""

from __future__ import annotations

from enum import StrEnum

from backend.rectification.errors import SpecialCannotMove
from backend.rectification.schemas import SpecialState


class SpecialMove(StrEnum):
    """What can be done with an entry; each is also the kind of its step in the entry's history."""

    FIND = "found"
    ASSIGN = "assigned"
    RECTIFY = "rectified"
    SEND_BACK = "sent_back"
    CHECK = "checked"
    FIND_AGAIN = "found_again"
    STRIKE_OFF = "struck_off"


S, M = SpecialState, SpecialMove

TRANSITIONS: dict[tuple[SpecialState | None, SpecialMove], SpecialState] = {
    (None, M.FIND): S.FOUND,
    # 交办, and 改派 while the unit is at work
    (S.FOUND, M.ASSIGN): S.ASSIGNED,
    (S.ASSIGNED, M.ASSIGN): S.ASSIGNED,
    # 整改, 核查 with 退回, 销账
    (S.ASSIGNED, M.RECTIFY): S.RECTIFIED,
    (S.RECTIFIED, M.SEND_BACK): S.ASSIGNED,
    (S.RECTIFIED, M.CHECK): S.CHECKED,
    # 反弹: it is there again
    (S.CHECKED, M.FIND_AGAIN): S.FOUND,
    # entered by mistake, or no matter of the list
    (S.FOUND, M.STRIKE_OFF): S.STRUCK_OFF,
    (S.ASSIGNED, M.STRIKE_OFF): S.STRUCK_OFF,
}
"""Where a move leads from where; None is an entry that does not exist yet. What does not stand here cannot be done."""

ENDED = frozenset({S.CHECKED, S.STRUCK_OFF})
"""States in which nobody has anything to do."""


def move_special(state: SpecialState | None, by: SpecialMove) -> SpecialState:
    """Where the move leads; raises `SpecialCannotMove`."""
    after = TRANSITIONS.get((state, by))
    if after is None:
        raise SpecialCannotMove(
            f"An entry that is {state or 'not there yet'} cannot be {by}.",
            kept="It is unchanged.",
            next_step="Load it anew to see how it stands.",
        )
    return after
