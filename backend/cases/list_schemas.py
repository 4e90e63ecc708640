"""The case list: what it is asked for, what it counts, and the filters that people keep."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from pydantic import Field, StringConstraints

from backend.cases.export_states import ExportState
from backend.cases.schemas import CaseStatus
from backend.kernel.schemas import Problem, Schema
from backend.taxonomy.schemas import Urgency

Code = Annotated[str, StringConstraints(max_length=32, pattern=r"^[0-9A-Za-z._-]*$")]
Line = Annotated[str, StringConstraints(max_length=100, pattern=r"^[^\x00]*$")]


class CaseFilterContent(Schema):
    """A filter as it may be kept; every part may be left open.

    `q` are words that must all be found, "..." keeps words together. `class_code` means the classes below it too.
    `filed_from` and `filed_to` are Beijing days, both included. `filed_by` is a user name or the name of a person,
    `mine` whoever asks; `leader` means cases filed in calls that a leader answered, `recurring` those marked as a
    recurrence of a closed case, `group` parents of groups 群诉 and their children.
    """

    q: Line = ""
    status: CaseStatus | None = None
    street: Code = ""
    community: Code = ""
    unit_grid: Code = ""
    class_code: Code = ""
    urgency: Urgency | None = None
    channel: Code = ""
    filed_from: date | None = None
    filed_to: date | None = None
    filed_by: Line = ""
    mine: bool = False
    leader: bool = False
    recurring: bool = False
    overdue: bool = False
    group: bool = False


class CaseQuestion(CaseFilterContent):
    """A filter as it is asked; `number` is the citizen's whole telephone number and is never kept."""

    number: Annotated[str, StringConstraints(max_length=40)] = ""


class CaseQuery(CaseQuestion):
    """One page of the list."""

    cursor: str | None = Field(default=None, max_length=200)
    limit: int = Field(default=50, ge=1, le=200)


class StatusCount(Schema):
    """How many cases of a filter stand in one state; with `more` at least so many."""

    status: CaseStatus
    count: int
    more: bool


class CaseCounts(Schema):
    """The counts of a filter, whatever status it names, state by state in the order of a case's life."""

    counts: list[StatusCount]


class FilterKept(Schema):
    """A filter to be kept; one of the same name is replaced."""

    name: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=40, pattern=r"^[^\x00]+$")]
    content: CaseFilterContent
    is_default: bool = False


class SavedFilterView(Schema):
    """A filter that this person keeps; the default is where the list begins."""

    filter_id: UUID
    name: str
    content: CaseFilterContent
    is_default: bool
    saved_at: datetime


class ExportAsked(Schema):
    """An export to be made. `export_id` is made by the client: the same one asks once, however often it is sent.

    `whole_numbers` needs the right to reveal numbers, and a `reason`, which goes to the audit log.
    """

    export_id: UUID
    content: CaseFilterContent
    whole_numbers: bool = False
    reason: Line = ""


class ExportView(Schema):
    """An export as its owner sees it: `rows` of `total` are written; the file is there while it is done."""

    export_id: UUID
    state: ExportState
    content: CaseFilterContent
    whole_numbers: bool
    total: int
    rows: int
    problem: Problem | None
    requested_at: datetime
    expires_at: datetime | None
