"""Drafts and cases as the console writes and shows them."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from pydantic import Field

from backend.citizens.schemas import CallerView
from backend.kernel.schemas import CallId, Schema
from backend.taxonomy.schemas import Urgency

_NO_NUL = r"^[^\x00]*$"
"""PostgreSQL holds every character but this one."""


class CaseStatus(StrEnum):
    """The life of a case in the seven-step loop 七步闭环; `backend.cases.states` says what leads from where to where.

    Filed 待派遣, handled by units 办理中, in coordination 协调会商, suspended 挂账, merged under a parent 已并案,
    reported back 待核查, verified 待结案, closed 已结案, evaluated 已评价.
    """

    FILED = "filed"
    HANDLING = "handling"
    COORDINATION = "coordination"
    SUSPENDED = "suspended"
    MERGED = "merged"
    REPORTED = "reported"
    VERIFIED = "verified"
    CLOSED = "closed"
    EVALUATED = "evaluated"


class PlacePoint(Schema):
    """The point of a case on the grid; `place_code` is the address that was chosen, if the grid knows exactly that."""

    place_code: str | None = Field(default=None, max_length=32, pattern=_NO_NUL)
    unit_grid_code: str = Field(max_length=32, pattern=_NO_NUL)
    longitude: float = Field(ge=-180, le=180)
    latitude: float = Field(ge=-90, le=90)


class PlaceChoice(PlacePoint):
    """The same as a form shows it; `text` is what of the address field says it."""

    text: str = Field(max_length=500, pattern=_NO_NUL)
    grid_name: str = Field(max_length=100, pattern=_NO_NUL)


class ComponentChoice(Schema):
    """The city component 部件 that a form is about; `unit_grid_code` is where it stands."""

    code: str = Field(max_length=32, pattern=_NO_NUL)
    name: str = Field(max_length=100, pattern=_NO_NUL)
    unit_grid_code: str = Field(max_length=32, pattern=_NO_NUL)


class ParentChoice(Schema):
    """The case under which a form is to go on once it is filed 群诉."""

    case_id: UUID
    number: str = Field(max_length=64, pattern=_NO_NUL)


class DraftContent(Schema):
    """The case form exactly as it stands on the screen, finished or not; every field may still be empty.

    `callback_way` is "" | "phone" | "visit"; `callback_due_at` is what the picker holds, ISO 8601 or "".
    """

    what: str = Field(default="", max_length=8000)
    citizen_name: str = Field(default="", max_length=64)
    address: str = Field(default="", max_length=500)
    street_code: str = Field(default="", max_length=32)
    community_code: str = Field(default="", max_length=32)
    place: PlaceChoice | None = None
    component: ComponentChoice | None = None
    class_code: str = Field(default="", max_length=32)
    urgency: str = Field(default="normal", max_length=16)
    identity_secret: bool = False
    answered_at_once: bool = False
    answer: str = Field(default="", max_length=8000)
    callback_wanted: bool = True
    callback_way: str = Field(default="phone", max_length=16)
    callback_due_at: str = Field(default="", max_length=40)
    parent: ParentChoice | None = None
    channel: str = Field(default="", max_length=32)
    source_reference: str = Field(default="", max_length=200)
    citizen_number: str = Field(default="", max_length=40)


class ColleagueNotes(Schema):
    """What a colleague has taken down in the same call and not filed yet."""

    agent_name: str
    content: DraftContent
    saved_at: datetime


class DraftView(Schema):
    """A saved draft. `revision` rises with each save; a save must name the revision that it builds on.

    `draft_id` is made by the client, so that a draft begun while the server was away keeps its identity.
    """

    draft_id: UUID
    call_id: str | None
    revision: int
    content: DraftContent
    saved_at: datetime


class CaseForm(Schema):
    """A complete case as it is filed; what is wrong is named field by field.

    `call_id` is None for a case without a call: it names its `channel` ("" is the hotline), the reference of its source
    there, and the citizen's number if it is known. `component_code` is the city component 部件 that it is about.
    `request_id` makes the filing idempotent: the same id files once, however often it is sent.
    """

    request_id: UUID
    draft_id: UUID | None = None
    call_id: CallId | None = None
    what: str = Field(max_length=8000)
    citizen_name: str = Field(default="", max_length=64)
    address: str = Field(default="", max_length=500)
    street_code: str
    community_code: str | None = None
    place: PlacePoint | None = None
    component_code: str | None = Field(default=None, max_length=32, pattern=_NO_NUL)
    class_code: str
    urgency: Urgency = Urgency.NORMAL
    identity_secret: bool = False
    answered_at_once: bool = False
    answer: str = Field(default="", max_length=8000)
    channel: str = Field(default="", max_length=32)
    source_reference: str = Field(default="", max_length=200)
    citizen_number: str = Field(default="", max_length=40)


class Need(StrEnum):
    """What a form must say before a case of some classes can be filed; each is the name of its field."""

    ADDRESS = "address"
    COMMUNITY = "community_code"
    CITIZEN_NAME = "citizen_name"


class ConditionView(Schema):
    """The filing condition 立案条件 of a class, and of the classes below it that have none of their own.

    `needs` must be said in the form, `asks` are questions to the citizen. With `redirect_to` it is no matter of the
    hotline: the citizen is told who is in charge and why (`reason`), and the case is closed with that answer.
    """

    class_code: str
    needs: list[Need]
    asks: list[str]
    redirect_to: str
    reason: str


class GroupMark(Schema):
    """What a case is in a group 群诉: the parent of so many children, or the child of a parent; `callers` are the
    different citizens of the whole group, told of the parent."""

    parent_id: UUID | None = None
    parent_number: str | None = None
    children: int = 0
    callers: int = 0


class CaseSummary(Schema):
    """One case in a list or a pop-up; `leader` is who answered its call in a session of leaders, `group` what it is in
    a group, `hard` whether it was declared a hard case 疑难; these are told in lists and on the case's page only.
    `recurs_id` is the closed case that it repeats."""

    case_id: UUID
    number: str
    what: str
    class_name: str
    street_name: str
    community_name: str | None
    urgency: Urgency
    status: CaseStatus
    open: bool
    filed_at: datetime
    filed_by: str
    call_id: str | None
    leader: str | None = None
    group: GroupMark | None = None
    hard: bool = False
    channel: str = "hotline"
    recurs_id: UUID | None = None


class SimilarReason(StrEnum):
    """What an open case has in common with the form that is being typed."""

    SAME_NUMBER = "same_number"
    SAME_SOURCE = "same_source"
    SAME_ADDRESS = "same_address"
    SAME_GRID = "same_grid"
    NEAR = "near"
    SAME_CLASS = "same_class"
    LIKE_WORDS = "like_words"


class SimilarCase(Schema):
    """An open case that may be what the citizen tells of; `likeness` is in percent, `metres` to its point."""

    case: CaseSummary
    likeness: int
    reasons: list[SimilarReason]
    metres: int | None


class CaseEventView(Schema):
    """One entry of a case's time line."""

    at: datetime
    kind: str
    actor: str | None
    detail: dict[str, str | int | bool | None] = {}


class CasePlace(PlacePoint):
    """Where on the grid a case lies; `base_grid_name` as it was in force when the case was filed."""

    base_grid_code: str
    base_grid_name: str


class CaseComponent(Schema):
    """The city component 部件 that a case is about; `name` is its kind as it was in force when the case was filed."""

    code: str
    name: str


class CaseLink(Schema):
    """Another case that has to do with this one."""

    case_id: UUID
    number: str
    status: CaseStatus
    filed_at: datetime


class OriginKind(StrEnum):
    """What a case may grow out of where nobody called; each is the channel of such cases too.

    The diary 民情日志 of a community, the ledger 事件台账 of social management, a special list 专项台账.
    """

    DIARY = "diary"
    LEDGER = "ledger"
    SPECIAL = "special"


class CaseOriginView(Schema):
    """The entry that a case grew out of."""

    kind: OriginKind
    entry_id: UUID


class GrownCase(Schema):
    """How the case stands that an entry became."""

    case_id: UUID
    number: str
    status: CaseStatus
    filed_at: datetime
    closed_at: datetime | None


class GrownCaseStep(Schema):
    """One step of such a case: what was done, not what was said."""

    at: datetime
    kind: str


class GrownCaseWish(Schema):
    """An entry is to become a case; what is left out is as the entry says it.

    `version` is that of the entry as it was seen. `request_id` makes the filing idempotent.
    """

    request_id: UUID
    version: int
    what: str | None = Field(default=None, max_length=8000)
    address: str | None = Field(default=None, max_length=500)
    class_code: str | None = Field(default=None, max_length=32)
    urgency: Urgency | None = None


class CaseDetail(Schema):
    """Everything about one case; callbacks are asked for beside it.

    `recurs` is the case of which it is a recurrence, `recurred` are its own recurrences.
    """

    case: CaseSummary
    caller: CallerView | None
    address: str
    place: CasePlace | None
    component: CaseComponent | None
    identity_secret: bool
    answer: str
    class_path: list[str]
    taxonomy_version: str
    source_reference: str
    recurs: CaseLink | None
    recurred: list[CaseLink]
    events: list[CaseEventView]
    origin: CaseOriginView | None = None
