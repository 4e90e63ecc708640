"""The rules of groups 群诉, one small function each: it returns when the rule holds, else raises its own error."""

from __future__ import annotations

from backend.cases.schemas import CaseStatus
from backend.cases.states import OPEN
from backend.dispatch import errors as e
from backend.dispatch.life import Kin, Life

JOINING = frozenset({CaseStatus.FILED, CaseStatus.HANDLING})
"""From where a case can go on under another one."""


def not_itself(child: Kin, parent: Kin) -> None:
    """No case goes on under itself."""
    if child.case_id == parent.case_id:
        raise e.OwnParent("A case cannot go on under itself.", "Choose another case.", field="parent_id")


def two_levels(child: Life, parent: Life) -> None:
    """A group has a parent and children, and nothing above or below: so there are no circles either."""
    if child.parent is not None:
        raise e.HasParentAlready(
            f"This case goes on under {child.parent.number} already.", "Take it out of that group first."
        )
    if parent.parent is not None:
        raise e.ParentIsChild(
            f"That case goes on under {parent.parent.number} itself.",
            f"Put this one under {parent.parent.number} too.",
            field="parent_id",
        )
    if child.children:
        raise e.ChildIsParent(
            f"{len(child.children)} cases go on under this one.",
            "Put the other one under this one, or dissolve it first.",
        )


def parent_open(parent: Life) -> None:
    """Nothing joins what has ended."""
    if parent.status not in OPEN:
        raise e.ParentNotOpen(f"That case is {parent.status} already.", "Handle this one by itself.", field="parent_id")


def joinable(child: Life) -> None:
    """What has been reported, rests, is in coordination or has ended goes its own way to the end."""
    if child.status not in JOINING:
        raise e.ChildTooFar(
            f"This case is {child.status}; only one that waits for its dispatch or is being handled is merged.",
            "Let it go its own way to the end.",
        )


def never_down_by_merging(child: Life, parent: Life) -> None:
    """What came up from the small loop, or is hard, does not go into it under another case."""
    if child.in_large_loop and not parent.in_large_loop:
        why = "came up from its street" if child.came_up else "is a hard case"
        raise e.NeverDownAgain(
            f"This case {why}; the other one is in the small loop.", "Put the other one under this one."
        )


def has_parent(child: Life) -> Kin:
    """The parent of a case that is merged."""
    if child.parent is None or child.status is not CaseStatus.MERGED:
        raise e.HasNoParent("This case goes on under no other.", "Load it anew to see where it stands.")
    return child.parent


def leaves_open_parent(parent: Kin) -> None:
    """Once the parent has ended, the child's own callback decides."""
    if parent.status not in OPEN:
        raise e.ParentNotOpen(
            f"{parent.number} is {parent.status} already.",
            "Call the citizen back: if it is not solved, the case goes on by itself.",
        )


def parent_ended(parent: Kin) -> None:
    """A child ends by its own callback, once the handling at the parent has ended."""
    if parent.status in OPEN:
        raise e.ParentStillOpen(
            f"{parent.number}, under which this case goes on, is {parent.status}.",
            "Call the citizen back when it is closed.",
        )


def no_children_wait(life: Life) -> None:
    """Who withdraws his own case does not end those of others."""
    waiting = len(life.waiting_children)
    if waiting:
        raise e.ChildrenWait(
            f"{waiting} cases of other citizens go on under this one.",
            "Take them out of the group first, and put them under another one.",
        )
