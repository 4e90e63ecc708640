"""The life of a case, as one table: the seven-step loop 七步闭环. Who may move it when, `backend.dispatch` guards."""

from __future__ import annotations

from enum import StrEnum

from backend.cases.errors import CaseCannotMove
from backend.cases.schemas import CaseStatus


class CaseMove(StrEnum):
    """What can be done with a case; each is also the kind of the entry in its time line."""

    FILE = "filed"
    ANSWER_AT_ONCE = "answered_at_once"
    DECLARE_OUT_OF_SCOPE = "declared_out_of_scope"
    DISPATCH = "dispatched"
    TAKE_BACK = "came_back"
    ESCALATE = "escalated"
    COORDINATE = "sent_to_coordination"
    DECIDE = "coordination_decided"
    SUSPEND = "suspended"
    RESUME = "resumed"
    REPORT = "reported_back"
    REWORK = "sent_back_for_rework"
    VERIFY = "verified"
    CLOSE = "closed"
    EVALUATE = "evaluated"
    REOPEN = "reopened"
    FILE_AGAIN = "filed_again"
    WITHDRAW = "withdrawn"
    CHANGE_URGENCY = "urgency_changed"
    DECLARE_HARD = "declared_hard"
    SUPERVISE = "supervision_ordered"
    URGE = "urged"
    ADD = "added_to"
    JOIN = "joined_parent"
    LEAVE = "left_parent"
    END_WITH_PARENT = "ended_with_parent"


S, M = CaseStatus, CaseMove

OPEN = frozenset(CaseStatus) - {S.CLOSED, S.EVALUATED}
"""States in which somebody still has something to do."""

TRANSITIONS: dict[tuple[CaseStatus | None, CaseMove], CaseStatus] = {
    (None, M.FILE): S.FILED,
    # answered at once 即时解答, or no matter of the hotline
    (S.FILED, M.ANSWER_AT_ONCE): S.CLOSED,
    (S.FILED, M.DECLARE_OUT_OF_SCOPE): S.CLOSED,
    # hard cases 疑难, dispatch 派遣, refusal 退回, escalation 请办, coordination 协调会商
    (S.FILED, M.DECLARE_HARD): S.FILED,
    (S.FILED, M.DISPATCH): S.HANDLING,
    (S.HANDLING, M.TAKE_BACK): S.FILED,
    (S.HANDLING, M.ESCALATE): S.FILED,
    (S.HANDLING, M.COORDINATE): S.COORDINATION,
    (S.COORDINATION, M.DECIDE): S.HANDLING,
    # suspension 挂账
    (S.HANDLING, M.SUSPEND): S.SUSPENDED,
    (S.SUSPENDED, M.RESUME): S.HANDLING,
    # under a parent 群诉: the parent is handled, and the child ends by its own callback once the parent is closed
    (S.FILED, M.JOIN): S.MERGED,
    (S.HANDLING, M.JOIN): S.MERGED,
    (S.MERGED, M.LEAVE): S.FILED,
    (S.MERGED, M.END_WITH_PARENT): S.CLOSED,
    # report back 反馈, verification 核查, closing 结案, evaluation 评价
    (S.HANDLING, M.REPORT): S.REPORTED,
    (S.REPORTED, M.REWORK): S.HANDLING,
    (S.REPORTED, M.VERIFY): S.VERIFIED,
    (S.VERIFIED, M.CLOSE): S.CLOSED,
    (S.CLOSED, M.EVALUATE): S.EVALUATED,
    # "not solved": to the unit that was asked first, or to dispatch when no unit ever was
    (S.CLOSED, M.REOPEN): S.HANDLING,
    (S.CLOSED, M.FILE_AGAIN): S.FILED,
    (S.FILED, M.CHANGE_URGENCY): S.FILED,
    (S.HANDLING, M.CHANGE_URGENCY): S.HANDLING,
    (S.COORDINATION, M.CHANGE_URGENCY): S.COORDINATION,
    **{(status, M.WITHDRAW): S.CLOSED for status in OPEN},
    **{(status, M.SUPERVISE): status for status in OPEN},
    **{(status, M.URGE): status for status in OPEN},
    **{(status, M.ADD): status for status in OPEN},
}
"""Where a move leads from where; None is a case that does not exist yet. What does not stand here cannot be done."""


def move(status: CaseStatus | None, by: CaseMove) -> CaseStatus:
    """Where the move leads; raises `CaseCannotMove`."""
    after = TRANSITIONS.get((status, by))
    if after is None:
        raise CaseCannotMove(
            f"A case that is {status or 'not filed yet'} cannot be {by}.",
            kept="The case is unchanged.",
            next_step="Load the case anew to see where it stands.",
        )
    return after
