"""Callback visits as the console shows and asks for them."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from pydantic import AwareDatetime, Field

from backend.kernel.schemas import Problem, Schema


class CallbackWay(StrEnum):
    """How the citizen is called on: by phone, or by a visit in person."""

    PHONE = "phone"
    VISIT = "visit"


class CallbackState(StrEnum):
    """The life of a callback visit."""

    SCHEDULED = "scheduled"
    DONE = "done"
    FAILED = "failed"
    CANCELED = "canceled"


class CallbackWish(Schema):
    """When and how the citizen wants to be called on. `due_at` must lie in the future."""

    way: CallbackWay
    due_at: datetime


class CallbackView(Schema):
    """A scheduled callback visit.

    `number` is the citizen's, masked; None when the case has none that can be called. `attempts` counts the calls whose
    result is filed, `not_before` is when the next one may be made; `end_reason` why it failed or was canceled.
    """

    callback_id: UUID
    case_id: UUID
    case_number: str
    way: CallbackWay
    state: CallbackState
    due_at: datetime
    scheduled_at: datetime
    scheduled_by: str
    number: str | None = None
    attempts: int = 0
    not_before: datetime | None = None
    end_reason: str | None = None


class AttemptResult(StrEnum):
    """How a call to a citizen came out: the codes that an agent files."""

    REACHED = "reached"
    BUSY = "busy"
    NO_ANSWER = "no_answer"
    REFUSED = "refused"
    WRONG_NUMBER = "wrong_number"


class AttemptStage(StrEnum):
    """How far a call to a citizen has come. `ordered`: the seat's own phone is called; `not_placed`: nobody was."""

    ORDERED = "ordered"
    CALLING = "calling"
    TALKING = "talking"
    ENDED = "ended"
    NOT_PLACED = "not_placed"


class AttemptView(Schema):
    """One call to the citizen of a case, for a promised callback visit or, without `callback_id`, from the case.

    `since` is when the stage began, `proposed` the result that the PBX suggests, `result` the one that was filed;
    `owes_result` tells that the agent is yet to file it. `problem` says why nobody was called.
    """

    attempt_id: UUID
    case_id: UUID
    case_number: str
    callback_id: UUID | None
    call_id: str
    n: int
    seat: str
    user_id: UUID
    agent_name: str
    at: datetime
    number: str
    name: str | None
    stage: AttemptStage
    since: datetime
    talk_ms: int | None
    proposed: AttemptResult | None
    result: AttemptResult | None
    owes_result: bool
    problem: Problem | None


class CurrentAttempt(Schema):
    """The call that this person is making, or whose result they are yet to file; None when there is none."""

    attempt: AttemptView | None


class Solved(StrEnum):
    """Whether the citizen finds the request solved."""

    YES = "yes"
    HALF = "half"
    NO = "no"


class Satisfied(StrEnum):
    """How satisfied the citizen is."""

    VERY = "very"
    SATISFIED = "satisfied"
    BASICALLY = "basically"
    DISSATISFIED = "dissatisfied"


class Answers(Schema):
    """What the citizen said of a closed case: was there contact 联系, is it solved 解决, how satisfied 满意."""

    contacted: bool
    solved: Solved
    satisfied: Satisfied
    note: str = Field(default="", max_length=4000)


class AnswersView(Answers):
    """The answers as they were filed."""

    answered_at: datetime
    answered_by: str


class CallbackQuery(Schema):
    """What a list of callback visits is asked for."""

    state: CallbackState | None = None
    due_before: AwareDatetime | None = None
    cursor: str | None = Field(default=None, max_length=200)
    limit: int = Field(default=50, ge=1, le=200)
