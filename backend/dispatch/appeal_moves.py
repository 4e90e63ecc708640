"""The moves of a time-out appeal 申诉: the unit makes it, two reviewers decide. Pure, with time given.

That a clock ran out stays a fact; an appeal that is granted only exempts it from statistics.
"""

from __future__ import annotations

from dataclasses import replace

from backend.dispatch import guards
from backend.dispatch.errors import AppealNotFound
from backend.dispatch.life import Appeal, Life, Moved, Occasion
from backend.dispatch.progress import Progress
from backend.dispatch.states import AppealMove, move_appeal


def make(life: Life, n: int, reason: str, at: Occasion) -> Moved:
    """The unit of the n-th task appeals."""
    unit = life.task(n).unit
    guards.may_appeal(life, unit.code, at)
    assert at.who is not None, "the platform itself does not appeal"
    state = move_appeal(None, AppealMove.MAKE)
    appeal = Appeal(unit, guards.clocks_run_out(life, unit.code), reason, at.who.user_id, state)
    step = Progress(life, at)
    step.change(appeal=appeal)
    step.note(AppealMove.MAKE, unit=unit.name, reason=reason)
    return step.moved


def agree(life: Life, reason: str, at: Occasion) -> Moved:
    """A reviewer agrees; with the second one the clocks are exempted from statistics."""
    appeal = _reviewed(life, at)
    first = appeal.supported_by is None
    by = AppealMove.SUPPORT if first else AppealMove.GRANT
    after = _decided(appeal, by, at)
    step = Progress(life, at)
    step.change(appeal=after)
    if not first:
        step.exempt(appeal.clocks)
    step.note(by, unit=appeal.unit.name, reason=reason)
    return step.moved


def decline(life: Life, reason: str, at: Occasion) -> Moved:
    """A reviewer does not agree; that decides it."""
    appeal = _reviewed(life, at)
    step = Progress(life, at)
    step.change(appeal=_decided(appeal, AppealMove.DECLINE, at))
    step.note(AppealMove.DECLINE, unit=appeal.unit.name, reason=reason)
    return step.moved


def _reviewed(life: Life, at: Occasion) -> Appeal:
    if life.appeal is None:
        raise AppealNotFound("Nobody appealed in this case.", next_step="Load the case anew.")
    assert at.who is not None, "the platform itself decides on no appeal"
    guards.may_review(life, life.appeal, at.who)
    return life.appeal


def _decided(appeal: Appeal, by: AppealMove, at: Occasion) -> Appeal:
    assert at.who is not None
    after = replace(appeal, state=move_appeal(appeal.state, by))
    if by is AppealMove.SUPPORT:
        return replace(after, supported_by=at.who.user_id)
    return replace(after, decided_by=at.who.user_id)
