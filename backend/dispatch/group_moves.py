"""The moves of a group 群诉: many callers, one cause; handled at the parent, each child with its own end. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from backend.cases.states import OPEN, CaseMove
from backend.dispatch import case_moves
from backend.dispatch import group_guards as guards
from backend.dispatch.life import Detail, Entry, Kin, Life, Moved, Occasion
from backend.dispatch.progress import DISPATCH, FEEDBACK, Progress
from backend.dispatch.schemas import ClosedAs
from backend.dispatch.states import TaskMove

CHILD_JOINED, CHILD_LEFT, CHILD_SAID = "child_joined", "child_left", "child_added_to"
"""What the time line of the parent tells of its children."""
PARENT_MOVED = "parent_moved"
"""What the time line of a child tells of its parent; `event` in its detail says what happened there."""

_OF_ONE_CITIZEN = frozenset({CaseMove.URGE, CaseMove.ADD, CaseMove.EVALUATE})
_TOLD = frozenset(CaseMove) - _OF_ONE_CITIZEN
_TOLD_OF_TASKS = frozenset({TaskMove.SIGN, TaskMove.REPORT})
_TOLD_DETAIL = ("unit", "until_at")


def join(child: Life, own: Kin, parent: Life, other: Kin, reason: str, at: Occasion) -> tuple[Moved, Moved]:
    """Let a case go on under another one: what came of the child, and of the parent."""
    guards.not_itself(own, other)
    guards.two_levels(child, parent)
    guards.parent_open(parent)
    guards.joinable(child)
    guards.never_down_by_merging(child, parent)
    below = Progress(child, at)
    below.case(CaseMove.JOIN, parent=other.number, reason=reason)
    below.recall(keep_reply=False)
    below.change(parent=other)
    below.cancel()
    above = Progress(parent, at)
    above.note(CHILD_JOINED, number=own.number, reason=reason)
    above.change(children=(*parent.children, Kin(own.case_id, own.number, below.life.status)))
    return below.moved, above.moved


def leave(child: Life, reason: str, at: Occasion) -> Moved:
    """Take a case out of its group: it waits for its own dispatch again, with the time that was left."""
    parent = guards.has_parent(child)
    guards.leaves_open_parent(parent)
    step = Progress(child, at)
    step.case(CaseMove.LEAVE, parent=parent.number, reason=reason)
    step.change(parent=None)
    step.restart(DISPATCH)
    if child.tasks:
        step.restart(FEEDBACK)
    return step.moved


def without(parent: Life, own: Kin, reason: str, at: Occasion) -> Moved:
    """The parent once a child has left it."""
    step = Progress(parent, at)
    step.note(CHILD_LEFT, number=own.number, reason=reason)
    step.change(children=tuple(each for each in parent.children if each.case_id != own.case_id))
    return step.moved


def end(child: Life, at: Occasion) -> Moved:
    """The child's own callback was made or given up: it ends with what was done at the parent."""
    parent = guards.has_parent(child)
    guards.parent_ended(parent)
    step = Progress(child, at)
    step.case(CaseMove.END_WITH_PARENT, parent=parent.number)
    step.change(closed_as=ClosedAs.HANDLED)
    return step.moved


def solved(child: Life, at: Occasion, **score: str | bool) -> Moved:
    """The citizen of the child was called back, and it is solved for this one."""
    ended = end(child, at)
    scored = case_moves.evaluate(ended.life, at, **score)
    return Moved(scored.life, (*ended.entries, *scored.entries))


def not_solved(child: Life, at: Occasion, **score: str | bool) -> Moved:
    """For this citizen it is not solved: the child goes on by itself, with the unit that led the parent to the end."""
    ended = end(child, at)
    again = case_moves.not_solved(ended.life, at, **score)
    return Moved(again.life, (*ended.entries, *again.entries))


def hear(parent: Life, own: Kin, said: Detail, *, urging: bool, at: Occasion) -> Moved:
    """What the citizen of a child adds or urges is told where it is handled."""
    step = Progress(parent, at)
    step.note(CHILD_SAID, number=own.number, text=said.get("text"), address=said.get("address"))
    if urging and parent.status in OPEN:
        step.case(CaseMove.URGE, number=own.number)
        step.change(urged=parent.urged + 1)
    return step.moved


def told_to_children(entries: Sequence[Entry], number: str) -> tuple[Entry, ...]:
    """What children are told of a move of their parent: what happens to it, nothing of its own citizen."""
    kinds = {each.value for each in _TOLD} | {each.value for each in _TOLD_OF_TASKS}
    return tuple(
        Entry(
            PARENT_MOVED,
            {"parent": number, "event": each.kind}
            | {key: each.detail[key] for key in _TOLD_DETAIL if each.detail.get(key) is not None},
        )
        for each in entries
        if each.kind in kinds
    )
