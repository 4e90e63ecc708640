"""Tasks of units and the loop of a case, as the console asks for and shows them."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Literal
from uuid import UUID

from pydantic import AfterValidator, AwareDatetime, Field

from backend.cases.rules import clean_text
from backend.cases.schemas import CaseComponent, CaseEventView, CaseStatus
from backend.citizens.schemas import CallerView
from backend.deadlines.schemas import ClockName, ClockView
from backend.kernel.schemas import CallId, Schema
from backend.taxonomy.schemas import Urgency
from backend.units.schemas import UnitKind


class TaskRole(StrEnum):
    """What a unit does in a case."""

    LEAD = "lead"
    """主办: handles it and answers for its helpers."""
    HELP = "help"
    """协办."""
    SITE = "site"
    """吹哨报到: called to the place by a street, must report there."""
    REPLY = "reply"
    """首接负责: was asked first, so the reply to the citizen stays its own whoever handles the case."""


class TaskState(StrEnum):
    """The life of a unit's task."""

    SENT = "sent"
    SIGNED = "signed"
    REPORTED = "reported"
    RETURNED = "returned"
    ESCALATED = "escalated"
    RECALLED = "recalled"


class ExtensionState(StrEnum):
    """The life of a request for more time: asked for, agreed by the unit's own leader, granted by the centre."""

    ASKED = "asked"
    AGREED = "agreed"
    GRANTED = "granted"
    DECLINED = "declined"
    LAPSED = "lapsed"


class PlainBy(StrEnum):
    """What makes plain that a case goes to a unit: its class is a duty of the street of the place, or of a department;
    and the community of the place gets it at once 双派发."""

    STREET_OF_PLACE = "street_of_place"
    COMMUNITY_OF_PLACE = "community_of_place"
    DUTY_OF_CLASS = "duty_of_class"


class AppealState(StrEnum):
    """The life of a time-out appeal 申诉: made by the unit, supported by one reviewer, granted by a second one."""

    MADE = "made"
    SUPPORTED = "supported"
    GRANTED = "granted"
    DECLINED = "declined"


class ClosedAs(StrEnum):
    """Why a case is closed."""

    ANSWERED = "answered_at_once"
    OUT_OF_SCOPE = "out_of_scope"
    WITHDRAWN = "withdrawn"
    HANDLED = "handled"


# ---- what is asked for ----


def _said(text: str) -> str:
    said = clean_text(text)
    if not said:
        raise ValueError("must say something")
    return said


Said = Annotated[str, Field(max_length=4000), AfterValidator(_said)]
"""A text that must say something, without control characters."""
Note = Annotated[str, Field(max_length=4000), AfterValidator(clean_text)]
UnitCode = Annotated[str, Field(max_length=32)]


class CaseAct(Schema):
    """A move of a case. `version` is that of the case as it was seen: if somebody moved it since, nothing is done."""

    version: int


class ReasonedCaseAct(CaseAct):
    """A move of a case that needs a reason."""

    reason: Said


class AskedUnit(Schema):
    """A unit that is to lead, or to help."""

    code: UnitCode
    role: Literal[TaskRole.LEAD, TaskRole.HELP]


class DispatchWish(CaseAct):
    """To which units a case is to go, and why. `direct`: those that street and class make plain 直派."""

    units: list[AskedUnit] = Field(default=[], max_length=30)
    reason: Note = ""
    direct: bool = False


class DecisionWish(ReasonedCaseAct):
    """What the coordination decided."""

    units: list[AskedUnit] = Field(min_length=1, max_length=30)


class SuspensionWish(ReasonedCaseAct):
    """Until when a case is to rest."""

    until: AwareDatetime


class UrgencyChange(ReasonedCaseAct):
    """The urgency that a case is to have."""

    urgency: Urgency


class Verification(CaseAct):
    """What the verification found: done, or not with the reason."""

    note: Note = ""


class Urging(Schema):
    """The citizen asks again, in this call if there is one."""

    note: Note = ""
    call_id: CallId | None = None


class TaskAct(Schema):
    """A move of a task. `version` is that of the task as it was seen."""

    version: int


class Contact(TaskAct):
    """What was said with the citizen, and the time that was agreed on, if one was."""

    note: Said
    agreed_at: AwareDatetime | None = None


class Report(TaskAct):
    """What the unit did."""

    result: Said


class ReasonedTaskAct(TaskAct):
    """A move of a task that needs a reason."""

    reason: Said


class Whistle(TaskAct):
    """The departments that are to come, and what for."""

    units: list[UnitCode] = Field(min_length=1, max_length=20)
    what: Said


class ExtensionWish(ReasonedTaskAct):
    """How much more time, in the kind of the limit."""

    amount: int = Field(ge=1, le=1000)


class Verdict(Schema):
    """Yes or no."""

    agreed: bool


class AppealWish(TaskAct):
    """Why it was not the unit's doing that its clock ran out."""

    reason: Said


class AppealVerdict(Schema):
    """What a reviewer says of an appeal, and why. `state` is how it stood when it was seen."""

    state: AppealState
    agreed: bool
    reason: Said


class NumberWish(Schema):
    """Why the citizen's whole number is needed; it goes to the audit log."""

    reason: Said


class CitizenNumber(Schema):
    """The citizen's whole number."""

    number: str


# ---- what is shown ----


class TaskView(Schema):
    """A unit's task. `binding`: the coordination decided it, so it cannot be refused."""

    n: int
    version: int
    unit_code: str
    unit_name: str
    unit_kind: UnitKind
    role: TaskRole
    state: TaskState
    binding: bool
    sent_at: datetime
    signed_at: datetime | None
    contacted_at: datetime | None
    agreed_at: datetime | None
    ended_at: datetime | None


class ExtensionView(Schema):
    """A request for more time, in the kind of its task's limit."""

    n: int
    task: int
    amount: int
    state: ExtensionState
    asked_at: datetime


class AppealView(Schema):
    """A time-out appeal. `clocks` are the clocks it is about, `exempted` whether they no longer count in statistics;
    that they ran out stays to be seen."""

    unit_code: str
    unit_name: str
    clocks: list[ClockName]
    reason: str
    state: AppealState
    exempted: bool
    made_at: datetime
    made_by: str
    supported_by: str | None
    decided_by: str | None


class ProposedUnit(Schema):
    """A unit that the rules propose, and what of the case makes it plain."""

    code: str
    name: str
    role: TaskRole
    why: PlainBy


class LoopView(Schema):
    """How a case stands in the loop. `moves` are those that the table of transitions allows now; who may make them is a
    matter of permissions, and guards may still stand against them. `proposal` is where the case goes directly."""

    case_id: UUID
    version: int
    status: CaseStatus
    closed_as: ClosedAs | None
    came_up: bool
    hard: bool
    first_unit: str | None
    feedback_level: int
    suspended_until: datetime | None
    reopened: int
    urged: int
    supervised: int
    moves: list[str]
    tasks: list[TaskView]
    extensions: list[ExtensionView]
    clocks: list[ClockView]
    proposal: list[ProposedUnit]
    appeal: AppealView | None


class UnitTask(Schema):
    """A task in the list of its unit; `due_at` is what comes first of its own clock and the report back.

    `missed`: the clock of the task ran out before it was done.
    """

    case_id: UUID
    case_number: str
    what: str
    class_name: str
    urgency: Urgency
    case_status: CaseStatus
    street_name: str
    community_name: str | None
    address: str
    component: CaseComponent | None
    task: TaskView
    due_at: datetime | None
    missed: bool


class UnitTaskDetail(Schema):
    """A task with all that its unit may know of the case: who asked only if not secret. `callers` are the citizens of a
    group 群诉 of which the case is the parent, 0 for any other case.

    `appeal` is the unit's own time-out appeal, `may_appeal` whether it can make one now.
    """

    summary: UnitTask
    citizen: CallerView | None
    identity_secret: bool
    reachable: bool
    urged: int
    callers: int = 0
    clocks: list[ClockView]
    extensions: list[ExtensionView]
    others: list[TaskView]
    events: list[CaseEventView]
    appeal: AppealView | None
    may_appeal: bool


class StreetEscalations(Schema):
    """How many of the cases that a street was given to lead this month it escalated, and whether it may go on."""

    unit_code: str
    unit_name: str
    received: int
    escalated: int
    used_up: bool


class LoopLedger(Schema):
    """How many cases stand where, and what each street escalated this month."""

    cases: dict[CaseStatus, int]
    escalations: list[StreetEscalations]
