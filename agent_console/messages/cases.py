"""The part of the protocol that speaks of cases: form and filing, callback visits, the loop, what may become a case."""

from __future__ import annotations

from datetime import datetime
from typing import Literal
from uuid import UUID

from pydantic import Field

from backend.callbacks.schemas import CallbackView, CallbackWish
from backend.cases.list_schemas import ExportView
from backend.cases.schemas import CaseForm, CaseSummary, DraftContent, DraftView
from backend.deadlines.schemas import ClockName
from backend.kernel.schemas import CallId, Schema
from backend.rounds.schemas import Journal

# ---- from the console to the hub ------------------------------------------------------------------------------------


class SaveDraft(Schema):
    """Save the form as typed. `revision` is the one that this save builds on, 0 for a new draft."""

    command: Literal["save_draft"] = "save_draft"
    id: int
    draft_id: UUID
    call_id: CallId | None
    revision: int = Field(ge=0, le=1_000_000_000)
    content: DraftContent


class DiscardDraft(Schema):
    """Throw a draft away on purpose."""

    command: Literal["discard_draft"] = "discard_draft"
    id: int
    draft_id: UUID


class FileCase(Schema):
    """File the case and, if wished, schedule its callback visit and put it under another case, in one transaction."""

    command: Literal["file_case"] = "file_case"
    id: int
    case: CaseForm
    callback: CallbackWish | None = None
    parent_id: UUID | None = None


class ScheduleCallback(Schema):
    """Schedule a callback visit for a case that is already filed. The same `request_id` schedules once."""

    command: Literal["schedule_callback"] = "schedule_callback"
    id: int
    request_id: UUID
    case_id: UUID
    callback: CallbackWish


class CancelCallback(Schema):
    """Take a scheduled callback visit back, with the reason."""

    command: Literal["cancel_callback"] = "cancel_callback"
    id: int
    callback_id: UUID
    reason: str = Field(min_length=1, max_length=500)


# ---- from the hub to the console: state -----------------------------------------------------------------------------


class FiledCase(Schema):
    """The result of `file_case`."""

    case: CaseSummary
    callback: CallbackView | None


# ---- from the hub to the console: events ----------------------------------------------------------------------------


class CaseFiled(Schema):
    """A case was filed."""

    kind: Literal["case_filed"] = "case_filed"
    case: CaseSummary


class CaseChanged(Schema):
    """A case was moved in the seven-step loop."""

    kind: Literal["case_changed"] = "case_changed"
    case: CaseSummary


class TasksChanged(Schema):
    """Something moved in a case in which this person's unit has a task."""

    kind: Literal["tasks_changed"] = "tasks_changed"
    case_id: UUID


class PatrolsChanged(Schema):
    """The patrols after a closing moved; with `patrol_id`, this one can be done from now on."""

    kind: Literal["patrols_changed"] = "patrols_changed"
    case_id: UUID
    patrol_id: UUID | None
    due_at: datetime | None


class DeadlineWarned(Schema):
    """So many percent of a clock's time are used, and this person can act; at 100 its limit has passed."""

    kind: Literal["deadline_warned"] = "deadline_warned"
    case_id: UUID
    case_number: str
    name: ClockName
    part: int
    percent: int
    due_at: datetime


class CallbackScheduled(Schema):
    """A callback visit was scheduled or changed."""

    kind: Literal["callback_changed"] = "callback_changed"
    callback: CallbackView


class DraftSaved(Schema):
    """A draft of this person was saved or discarded (another tab keeps up by it)."""

    kind: Literal["draft_saved"] = "draft_saved"
    draft: DraftView
    discarded: bool = False


class ExportChanged(Schema):
    """An export of mine goes on, or came to its end."""

    kind: Literal["export_changed"] = "export_changed"
    export: ExportView


class RoundChanged(Schema):
    """An entry of the diary or the ledger was written, amended, or became a case."""

    kind: Literal["round_changed"] = "round_changed"
    journal: Journal
    entry_id: UUID


class SpecialChanged(Schema):
    """An entry of a special list was entered, moved, or became a case."""

    kind: Literal["special_changed"] = "special_changed"
    entry_id: UUID


CaseCommands = SaveDraft | DiscardDraft | FileCase | ScheduleCallback | CancelCallback
CaseEvents = (
    CaseFiled
    | CaseChanged
    | TasksChanged
    | PatrolsChanged
    | DeadlineWarned
    | CallbackScheduled
    | DraftSaved
    | ExportChanged
    | RoundChanged
    | SpecialChanged
)
