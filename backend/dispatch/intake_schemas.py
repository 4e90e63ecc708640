"""What an agent is told while a case is typed, and what is added to one that is open."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from pydantic import Field

from backend.cases.list_schemas import Code
from backend.cases.schemas import CaseSummary, DraftContent, PlacePoint, SimilarCase
from backend.deadlines.clocks import LimitKind
from backend.deadlines.schemas import ClockName
from backend.dispatch.schemas import ProposedUnit
from backend.kernel.schemas import CallId, Schema
from backend.taxonomy.schemas import Urgency


class OutlookAsked(Schema):
    """The form as it stands, however little it says."""

    call_id: CallId | None = None
    what: str = Field(default="", max_length=8000)
    address: str = Field(default="", max_length=500)
    street_code: Code = ""
    community_code: Code = ""
    place: PlacePoint | None = None
    class_code: Code = ""
    urgency: Urgency = Urgency.NORMAL
    channel: Code = ""
    source_reference: str = Field(default="", max_length=200)
    citizen_number: str = Field(default="", max_length=40)


class ExpectedClock(Schema):
    """A clock that would run, and when its limit would be reached if it began now."""

    name: ClockName
    limit_kind: LimitKind
    limit_amount: int
    due_at: datetime


class Outlook(Schema):
    """Open cases like what is being typed, the units that would get it directly, and the clocks that would start."""

    similar: list[SimilarCase]
    units: list[ProposedUnit]
    clocks: list[ExpectedClock]


class AdditionAsked(Schema):
    """What is to be added to an open case: the form exactly as it was typed, and whether the citizen urges.

    The same `request_id` adds once, however often it is sent. The draft is thrown away with it.
    """

    request_id: UUID
    draft_id: UUID | None = None
    call_id: CallId | None = None
    content: DraftContent
    urging: bool = False


class AdditionMade(Schema):
    """An addition as it stands; `urged` is how often the case was urged by then."""

    case: CaseSummary
    urging: bool
    urged: int
    added_at: datetime
