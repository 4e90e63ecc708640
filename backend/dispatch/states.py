"""The lives of a unit's task, of a request for more time and of a time-out appeal, each as one table."""

from __future__ import annotations

from enum import StrEnum

from backend.cases.states import CaseMove
from backend.dispatch.errors import AppealCannotMove, ExtensionCannotMove, TaskCannotMove
from backend.dispatch.schemas import AppealState, ExtensionState, TaskState


class TaskMove(StrEnum):
    """What can be done with a task; each is also the kind of the entry in the case's time line."""

    SEND = "task_sent"
    SIGN = "task_signed"
    CONTACT = "citizen_contacted"
    REPORT = "task_reported"
    REFUSE = "task_refused"
    ESCALATE = "task_escalated"
    WHISTLE = "units_whistled"
    ASK_EXTENSION = "extension_asked"
    RECALL = "task_recalled"
    REDO = "task_reopened"


class ExtensionMove(StrEnum):
    """What can be done with a request for more time; each is also the kind of the entry in the time line."""

    ASK = "extension_asked"
    AGREE = "extension_agreed"
    GRANT = "extension_granted"
    DECLINE = "extension_declined"
    LAPSE = "extension_lapsed"


class AppealMove(StrEnum):
    """What can be done with a time-out appeal; each is also the kind of the entry in the time line."""

    MAKE = "appeal_made"
    SUPPORT = "appeal_supported"
    GRANT = "appeal_granted"
    DECLINE = "appeal_declined"


S, M = TaskState, TaskMove

TASK_TRANSITIONS: dict[tuple[TaskState | None, TaskMove], TaskState] = {
    (None, M.SEND): S.SENT,
    (S.SENT, M.SIGN): S.SIGNED,
    (S.SENT, M.REFUSE): S.RETURNED,  # signing 签收 is acceptance: afterwards nothing is refused
    (S.SIGNED, M.CONTACT): S.SIGNED,
    (S.SIGNED, M.WHISTLE): S.SIGNED,
    (S.SIGNED, M.ASK_EXTENSION): S.SIGNED,
    (S.SIGNED, M.ESCALATE): S.ESCALATED,
    (S.SIGNED, M.REPORT): S.REPORTED,
    (S.REPORTED, M.REDO): S.SIGNED,
    (S.SENT, M.RECALL): S.RECALLED,
    (S.SIGNED, M.RECALL): S.RECALLED,
}

OPEN_TASKS = frozenset({S.SENT, S.SIGNED})
"""States in which the unit still has something to do."""

WORK_FOR_UNIT: frozenset[str] = frozenset(
    {M.SIGN, M.CONTACT, M.REPORT, M.REFUSE, M.ESCALATE, M.WHISTLE, M.ASK_EXTENSION}
    | {ExtensionMove.AGREE, AppealMove.MAKE}
)
"""What only people of a handling unit do: whoever did it worked on the case, wherever they work today."""
SENDING: frozenset[str] = frozenset({CaseMove.DISPATCH, CaseMove.DECIDE})
"""What the commanding side 指挥 does by which a unit gets a case; the supervising side 监督 is another."""

E, X = ExtensionState, ExtensionMove

EXTENSION_TRANSITIONS: dict[tuple[ExtensionState | None, ExtensionMove], ExtensionState] = {
    (None, X.ASK): E.ASKED,
    (E.ASKED, X.AGREE): E.AGREED,
    (E.AGREED, X.GRANT): E.GRANTED,
    (E.ASKED, X.DECLINE): E.DECLINED,
    (E.AGREED, X.DECLINE): E.DECLINED,
    (E.ASKED, X.LAPSE): E.LAPSED,
    (E.AGREED, X.LAPSE): E.LAPSED,
}

UNDECIDED = frozenset({E.ASKED, E.AGREED})

A, Y = AppealState, AppealMove

APPEAL_TRANSITIONS: dict[tuple[AppealState | None, AppealMove], AppealState] = {
    (None, Y.MAKE): A.MADE,
    (A.MADE, Y.SUPPORT): A.SUPPORTED,
    (A.SUPPORTED, Y.GRANT): A.GRANTED,  # it takes two reviewers to exempt, one of them suffices to say no
    (A.MADE, Y.DECLINE): A.DECLINED,
    (A.SUPPORTED, Y.DECLINE): A.DECLINED,
}

OPEN_APPEALS = frozenset({A.MADE, A.SUPPORTED})
"""States in which a reviewer still has something to decide."""


def move_task(state: TaskState | None, by: TaskMove) -> TaskState:
    """Where the move leads; raises `TaskCannotMove`."""
    after = TASK_TRANSITIONS.get((state, by))
    if after is None:
        raise TaskCannotMove(
            f"A task that is {state or 'not sent yet'} allows no {by}.",
            kept="The task is unchanged.",
            next_step="Load it anew to see where it stands.",
        )
    return after


def move_extension(state: ExtensionState | None, by: ExtensionMove) -> ExtensionState:
    """Where the move leads; raises `ExtensionCannotMove`."""
    after = EXTENSION_TRANSITIONS.get((state, by))
    if after is None:
        raise ExtensionCannotMove(
            f"A request for more time that is {state or 'not made yet'} allows no {by}.",
            kept="The request is unchanged.",
            next_step="Load it anew to see where it stands.",
        )
    return after


def move_appeal(state: AppealState | None, by: AppealMove) -> AppealState:
    """Where the move leads; raises `AppealCannotMove`."""
    after = APPEAL_TRANSITIONS.get((state, by))
    if after is None:
        raise AppealCannotMove(
            f"An appeal that is {state or 'not made yet'} allows no {by}.",
            kept="The appeal is unchanged.",
            next_step="Load it anew to see where it stands.",
        )
    return after
