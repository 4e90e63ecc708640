"""The part of the protocol that speaks of calls: the pop-up, the recording, calls to citizens."""

from __future__ import annotations

from datetime import datetime
from typing import Literal
from uuid import UUID

from backend.callbacks.schemas import AttemptResult
from backend.calls.schemas import HandedBy
from backend.cases.schemas import CaseSummary, DraftView
from backend.citizens.schemas import CallerView
from backend.kernel.schemas import CallId, Schema
from backend.orders.schemas import OrderView

# ---- from the console to the hub ------------------------------------------------------------------------------------


class PauseRecording(Schema):
    """Record silence for a while, because the citizen tells a card number or a password; the own call only."""

    command: Literal["pause_recording"] = "pause_recording"
    id: int
    request_id: UUID
    call_id: CallId


class ResumeRecording(Schema):
    """Record again what is said in the own call."""

    command: Literal["resume_recording"] = "resume_recording"
    id: int
    request_id: UUID
    call_id: CallId


class Dial(Schema):
    """Call the citizen of a case from one's own seat, for a callback visit or, without one, from the case.

    The same `request_id` calls once. What the call comes to is told by `attempt_changed` and `order_changed`.
    """

    command: Literal["dial"] = "dial"
    id: int
    request_id: UUID
    case_id: UUID
    callback_id: UUID | None = None


class FileResult(Schema):
    """File how one's own call to a citizen came out."""

    command: Literal["file_result"] = "file_result"
    id: int
    attempt_id: UUID
    result: AttemptResult


# ---- from the hub to the console: state -----------------------------------------------------------------------------


class CallCard(Schema):
    """The pop-up: who is calling, and what is known of that number, open cases first.

    `stage` is "ringing", "answered" or, in wrap-up, "ended". `draft` is the form begun for this call, if any.
    `handed_by` is the colleague from whom the call comes, None when it comes from the queue.
    """

    call_id: str
    stage: Literal["ringing", "answered", "ended"]
    dialed_number: str
    caller: CallerView
    arrived_at: datetime
    ringing_since: datetime | None
    answered_at: datetime | None
    ended_at: datetime | None
    recording_paused_at: datetime | None
    cases: list[CaseSummary]
    calls_30_days: int
    draft: DraftView | None
    handed_by: HandedBy | None = None


# ---- from the hub to the console: events ----------------------------------------------------------------------------


class CallRinging(Schema):
    """The pop-up for this seat."""

    kind: Literal["call_ringing"] = "call_ringing"
    card: CallCard


class CallAnswered(Schema):
    """A call was answered at `seat`: one's own, or any for those who may read all calls.

    `card` is for a console of that seat that never heard it ring.
    """

    kind: Literal["call_answered"] = "call_answered"
    call_id: str
    seat: str | None = None
    answered_at: datetime
    card: CallCard | None = None


class CallEnded(Schema):
    """The call of this seat ended, or stopped ringing here."""

    kind: Literal["call_ended"] = "call_ended"
    call_id: str
    ended_at: datetime
    outcome: str


class RecordingChanged(Schema):
    """A recording was stored, or failed."""

    kind: Literal["recording_changed"] = "recording_changed"
    call_id: str
    state: str


class TranscriptChanged(Schema):
    """A transcript is ready, or failed."""

    kind: Literal["transcript_changed"] = "transcript_changed"
    call_id: str
    state: str


class RecordingPauseChanged(Schema):
    """The recording of this seat's call was paused at `paused_at`, or goes on (None)."""

    kind: Literal["recording_pause_changed"] = "recording_pause_changed"
    call_id: str
    paused_at: datetime | None


class AttemptChanged(Schema):
    """A citizen is called for a case, or the result of such a call was filed."""

    kind: Literal["attempt_changed"] = "attempt_changed"
    attempt_id: UUID
    case_id: UUID


class OrderChanged(Schema):
    """An order to the PBX that this person gave was taken, or came out."""

    kind: Literal["order_changed"] = "order_changed"
    order: OrderView


class Ring(Schema):
    """The pop-up the moment the telephone rings, ahead of its event `call_ringing`, which follows with its number.

    It is a matter of milliseconds and may be lost; the same call may be told twice, by this and by its event.
    """

    type: Literal["ring"] = "ring"
    card: CallCard


CallCommands = PauseRecording | ResumeRecording | Dial | FileResult
CallEvents = (
    CallRinging
    | CallAnswered
    | CallEnded
    | RecordingPauseChanged
    | RecordingChanged
    | TranscriptChanged
    | AttemptChanged
    | OrderChanged
)
