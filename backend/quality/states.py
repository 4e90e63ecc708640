"""The life of a rule, as one table: drafted, tried on the past, in force, and no more."""

from __future__ import annotations

from enum import StrEnum

from backend.kernel.errors import IllegalTransition


class RuleState(StrEnum):
    """Where a version of a rule stands."""

    DRAFT = "draft"
    TRIAL = "trial"
    ACTIVE = "active"
    RETIRED = "retired"


class RuleMove(StrEnum):
    """What people do with a rule."""

    EDIT = "edited"
    TRY = "tried"
    SWITCH_ON = "switched_on"
    SWITCH_OFF = "switched_off"
    DISCARD = "discarded"


class RuleCannotMove(IllegalTransition):
    """The rule does not stand where this move begins."""


TRANSITIONS: dict[tuple[RuleState, RuleMove], RuleState] = {
    (RuleState.DRAFT, RuleMove.EDIT): RuleState.DRAFT,
    (RuleState.DRAFT, RuleMove.TRY): RuleState.TRIAL,
    (RuleState.TRIAL, RuleMove.TRY): RuleState.TRIAL,
    # what was tried is no longer what is written
    (RuleState.TRIAL, RuleMove.EDIT): RuleState.DRAFT,
    (RuleState.TRIAL, RuleMove.SWITCH_ON): RuleState.ACTIVE,
    (RuleState.ACTIVE, RuleMove.SWITCH_OFF): RuleState.RETIRED,
    (RuleState.DRAFT, RuleMove.DISCARD): RuleState.RETIRED,
    (RuleState.TRIAL, RuleMove.DISCARD): RuleState.RETIRED,
}
"""Where a move leads from where. Nothing comes into force that was not tried as it is."""


def move(state: RuleState, by: RuleMove) -> RuleState:
    """Where the move leads; raises `RuleCannotMove`."""
    after = TRANSITIONS.get((state, by))
    if after is None:
        hint = "Try it on past calls first." if by is RuleMove.SWITCH_ON else "Load the page anew."
        raise RuleCannotMove(f"A rule that is {state} cannot be {by.replace('_', ' ')}.", next_step=hint)
    return after
