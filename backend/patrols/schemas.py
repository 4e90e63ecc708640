"""Patrols as the console asks for and shows them."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Annotated
from uuid import UUID

from pydantic import AfterValidator, Field

from backend.attachments.schemas import AttachmentView
from backend.cases.rules import clean_text
from backend.cases.schemas import CaseComponent, CaseLink, CasePlace, CaseStatus, PlacePoint
from backend.dispatch.schemas import Note, Said
from backend.kernel.schemas import Schema
from backend.taxonomy.schemas import Urgency


class PatrolState(StrEnum):
    """The life of a patrol: waiting, found in order, found recurred, missed, cancelled."""

    WAITING = "waiting"
    OK = "ok"
    RECURRED = "recurred"
    MISSED = "missed"
    CANCELLED = "cancelled"


class PatrolMove(StrEnum):
    """What can be done with a patrol; each but the plan is also the kind of an entry in the case's time line."""

    PLAN = "patrols_planned"
    FIND_OK = "patrol_ok"
    FIND_RECURRED = "patrol_recurred"
    MISS = "patrol_missed"
    CANCEL = "patrols_cancelled"


class Finding(StrEnum):
    """What a patrol finds."""

    OK = "ok"
    RECURRED = "recurred"


class OnRecurrence(StrEnum):
    """What follows when it came back: a new case, or the old one opened again."""

    NEW_CASE = "new_case"
    REOPEN = "reopen"


# ---- what is asked for ----


class PatrolResult(Schema):
    """What was found; the same `request_id` ends a patrol once, however often it comes.

    `longitude` and `latitude` are where the supervisor stood, if the telephone told.
    """

    request_id: UUID
    finding: Finding
    note: Note = ""
    longitude: float | None = Field(default=None, ge=-180, le=180)
    latitude: float | None = Field(default=None, ge=-90, le=90)


class PlanWish(Schema):
    """Patrols that a verifier or a dispatcher sets on a case: so many a day for so many days, none with 0 days."""

    days: int = Field(ge=0, le=365)
    rounds: int = Field(default=1, ge=1, le=10)
    reason: Said


class Beat(Schema):
    """The streets that a supervisor walks; none means all of them."""

    streets: list[Annotated[str, Field(max_length=32)]] = Field(max_length=50)


class PatrolReport(Schema):
    """What a supervisor sees on patrol: a case like any other."""

    request_id: UUID
    what: Annotated[str, Field(max_length=8000), AfterValidator(clean_text)]
    address: str = Field(default="", max_length=500)
    street_code: str = Field(max_length=32)
    community_code: str | None = Field(default=None, max_length=32)
    place: PlacePoint | None = None
    component_code: str | None = Field(default=None, max_length=32, pattern=r"^[^\x00]*$")
    class_code: str = Field(max_length=32)
    urgency: Urgency = Urgency.NORMAL


# ---- what is shown ----


class PatrolView(Schema):
    """One patrol of a case."""

    patrol_id: UUID
    n: int
    version: int
    state: PatrolState
    opens_at: datetime
    due_at: datetime
    ends_at: datetime
    needs_photo: bool
    done_at: datetime | None
    done_by: str | None
    note: str
    new_case_id: UUID | None


class PatrolTask(Schema):
    """A patrol in the list of those who walk: where, what for, when."""

    patrol: PatrolView
    case_id: UUID
    case_number: str
    what: str
    class_name: str
    street_name: str
    community_name: str | None
    address: str
    component: CaseComponent | None


class PatrolDetail(Schema):
    """A patrol with all that is needed at the place; who called is not told."""

    task: PatrolTask
    place: CasePlace | None
    closed_at: datetime | None
    done_before: list[PatrolView]
    attachments: list[AttachmentView]


class PlanInForce(Schema):
    """How a case is followed up: by whose wish, or by which plan."""

    days: int
    rounds: int
    plan: str | None
    set_by: str | None
    reason: str | None


class CasePatrols(Schema):
    """The follow-up of a case."""

    plan: PlanInForce | None
    most_days: int
    most_rounds: int
    patrols: list[PatrolView]


class ReportedCase(Schema):
    """A case that this supervisor reported."""

    case: CaseLink
    what: str
    class_name: str
    address: str
    status: CaseStatus
