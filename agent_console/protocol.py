"""Every message between a console and the hub, typed: the one source of the TypeScript types.

A console opens one WebSocket at `/api/console` (its session cookie signs it in) and first sends `Hello` with the
last event number that it has. The hub answers with the events it missed, in order, then `Welcome` with the whole
present state, then live `Event`s whose `seq` only rises. Commands carry an id that the client chooses, rising;
each is answered by exactly one `Reply` with the same id. Every command names the permission that it needs
(`COMMANDS` in `agent_console.commands`). A `Tick` comes every 5 s, so that the console knows the age of what it shows.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import Field, PrivateAttr, TypeAdapter

from agent_console import phones as ph
from agent_console import supervision as s
from agent_console.captions import Captioned, CaptionsSoFar, CaptionsStand, CaptionsView
from backend.callbacks.schemas import AttemptResult, CallbackView, CallbackWish
from backend.calls.schemas import HandedBy, PhoneCall, SupervisorView
from backend.cases.list_schemas import ExportView
from backend.cases.schemas import CaseForm, CaseSummary, DraftContent, DraftView
from backend.citizens.schemas import CallerView
from backend.deadlines.schemas import ClockName
from backend.identity.schemas import Me
from backend.kernel.schemas import CallId, Problem, Schema
from backend.notices.schemas import NoticeView
from backend.orders.schemas import OrderView
from backend.reviews.schemas import ReviewState
from backend.rounds.schemas import Journal
from backend.seats.schemas import PauseReason, SeatView

PROTOCOL_VERSION = 1

# ---- from the console to the hub ----------------------------------------------------------------------------------


class Hello(Schema):
    """The first message. `last_seq` is None for a console that holds nothing yet."""

    command: Literal["hello"] = "hello"
    id: int
    protocol: int = PROTOCOL_VERSION
    last_seq: int | None = None


class SignInSeat(Schema):
    """Sit down at a seat. The seat starts paused (reason "rest") until its phone is registered and it is made ready."""

    command: Literal["sign_in_seat"] = "sign_in_seat"
    id: int
    seat: str


class SignOutSeat(Schema):
    """Leave the seat; during a call this takes effect after it."""

    command: Literal["sign_out_seat"] = "sign_out_seat"
    id: int


class MakeReady(Schema):
    """Take calls: ends a pause or a wrap-up. Refused while the phone is not registered."""

    command: Literal["make_ready"] = "make_ready"
    id: int


class PauseSeat(Schema):
    """Take no calls for a reason; during a call this takes effect after it."""

    command: Literal["pause_seat"] = "pause_seat"
    id: int
    reason: PauseReason


class ExtendWrapUp(Schema):
    """One more wrap-up period ("more time")."""

    command: Literal["extend_wrap_up"] = "extend_wrap_up"
    id: int


class SetSkills(Schema):
    """Give a person exactly these skills, each with its level (1 is best); none gives the hall's default back."""

    command: Literal["set_skills"] = "set_skills"
    id: int
    user_id: UUID
    skills: dict[str, Annotated[int, Field(ge=1, le=9)]] = Field(max_length=50)


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


Command = Annotated[
    Hello
    | SignInSeat
    | SignOutSeat
    | MakeReady
    | PauseSeat
    | ExtendWrapUp
    | SetSkills
    | SaveDraft
    | DiscardDraft
    | FileCase
    | ScheduleCallback
    | CancelCallback
    | s.ForcePause
    | s.ForceReady
    | s.EndWrapUp
    | s.ForceSignOut
    | s.ListenCall
    | s.WhisperCall
    | s.BargeCall
    | s.TakeOverCall
    | s.EndCall
    | s.SendNotice
    | s.ReadNotice
    | PauseRecording
    | ResumeRecording
    | ph.ControlPhone
    | Dial
    | FileResult,
    Field(discriminator="command"),
]
COMMAND: TypeAdapter[Command] = TypeAdapter(Command)

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


class QueueView(Schema):
    """The hall in one line: calls waiting, the longest since when, and the share answered within 15 s today (0..1)."""

    waiting: int
    longest_since: datetime | None
    answered_within_15s: float | None


class LinkView(Schema):
    """The state of the link to one PBX and when it was last known to be alive."""

    host: str
    state: str
    as_of: datetime | None


class DeskState(Schema):
    """The whole present state of one console; `seat` is None for someone who sits at no seat, `hall` for someone who
    does not watch it, `phone` for one whose phone is the browser or in no call, `captions` where nothing was captioned
    of the call."""

    seat: SeatView | None
    call: CallCard | None
    drafts: list[DraftView]
    queue: QueueView
    links: list[LinkView]
    notices: list[NoticeView] = []
    supervisors: list[SupervisorView] = []
    phone: PhoneCall | None = None
    captions: CaptionsView | None = None
    hall: s.HallState | None = None


# ---- from the hub to the console: messages -------------------------------------------------------------------------


class Welcome(Schema):
    """The present state as of event `seq`. `missed_too_many` tells that older events were not replayed."""

    type: Literal["welcome"] = "welcome"
    id: int
    seq: int
    server_time: datetime
    me: Me
    desk: DeskState
    missed_too_many: bool = False


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


class SeatChanged(Schema):
    """A seat moved. Everybody hears of the own seat, a supervisor of all."""

    kind: Literal["seat_changed"] = "seat_changed"
    seat: SeatView


class QueueChanged(Schema):
    """Calls waiting changed."""

    kind: Literal["queue_changed"] = "queue_changed"
    queue: QueueView


class LinkChanged(Schema):
    """The link to a PBX came or went."""

    kind: Literal["link_changed"] = "link_changed"
    link: LinkView


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


class DraftSaved(Schema):
    """A draft of this person was saved or discarded (another tab keeps up by it)."""

    kind: Literal["draft_saved"] = "draft_saved"
    draft: DraftView
    discarded: bool = False


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


class CallChecked(Schema):
    """Quality checks went over a call, and what they found stands now."""

    kind: Literal["call_checked"] = "call_checked"
    call_id: str
    hits: int


class TrialChanged(Schema):
    """A trial of a quality rule goes on, or came to its end."""

    kind: Literal["trial_changed"] = "trial_changed"
    trial_id: str
    state: str
    checked: int


class RecheckChanged(Schema):
    """An order to check calls of earlier days anew goes on, or came to its end."""

    kind: Literal["recheck_changed"] = "recheck_changed"
    recheck_id: str
    state: str
    checked: int


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


class ReviewChanged(Schema):
    """A review of mine was drawn, scored, appealed against or decided."""

    kind: Literal["review_changed"] = "review_changed"
    review_id: UUID
    state: ReviewState


class CoachingChanged(Schema):
    """I was given a coaching task, or one that I gave was read."""

    kind: Literal["coaching_changed"] = "coaching_changed"
    task_id: UUID
    review_id: UUID


class DataLoaded(Schema):
    """A new version of reference data was loaded: what the menus offer is to be asked for anew."""

    kind: Literal["data_loaded"] = "data_loaded"
    dataset: str
    version: str


EventBody = Annotated[
    CallRinging
    | CallAnswered
    | CallEnded
    | SeatChanged
    | QueueChanged
    | LinkChanged
    | CaseFiled
    | CaseChanged
    | TasksChanged
    | PatrolsChanged
    | DeadlineWarned
    | CallbackScheduled
    | RecordingChanged
    | TranscriptChanged
    | DraftSaved
    | RecordingPauseChanged
    | OrderChanged
    | s.HallCallChanged
    | s.HallCallGone
    | s.CallSupervised
    | s.SeatAlerted
    | s.SeatWasForced
    | s.NoticeArrived
    | s.NoticeSent
    | s.NoticeRead
    | ph.PhoneChanged
    | AttemptChanged
    | DataLoaded
    | ExportChanged
    | CallChecked
    | TrialChanged
    | RecheckChanged
    | RoundChanged
    | SpecialChanged
    | ReviewChanged
    | CoachingChanged,
    Field(discriminator="kind"),
]


class Event(Schema):
    """One fact; `seq` rises, and a console ignores what is not above the last it has."""

    type: Literal["event"] = "event"
    seq: int
    at: datetime
    body: EventBody
    _text: str | None = PrivateAttr(default=None)

    def as_text(self) -> str:
        """The event as it goes over the wire, written once however many consoles hear it."""
        if self._text is None:
            self._text = self.model_dump_json()
        return self._text


class Reply(Schema):
    """The answer to a command: `result` when it succeeded, `problem` when not.

    Results: sign_in_seat, make_ready, pause_seat, extend_wrap_up, sign_out_seat, force_pause, force_ready, end_wrap_up,
    force_sign_out -> SeatView; save_draft -> DraftView; discard_draft -> {}; file_case -> FiledCase; schedule_callback,
    cancel_callback -> CallbackView; dial, file_result -> AttemptView; set_skills -> SkillsView; send_notice ->
    SentNotice; read_notice -> Receipt; pause_recording, resume_recording, listen_call, whisper_call, barge_call,
    take_over_call, end_call, control_phone -> OrderView.
    """

    type: Literal["reply"] = "reply"
    id: int
    ok: bool
    result: dict[str, Any] | None = None
    problem: Problem | None = None


class FiledCase(Schema):
    """The result of `file_case`."""

    case: CaseSummary
    callback: CallbackView | None


class Ring(Schema):
    """The pop-up the moment the telephone rings, ahead of its event `call_ringing`, which follows with its number.

    It is a matter of milliseconds and may be lost; the same call may be told twice, by this and by its event.
    """

    type: Literal["ring"] = "ring"
    card: CallCard


class Tick(Schema):
    """A sign of life every 5 s, with the server's time and the newest event number.

    `links` are the links to all PBX hosts as of the tick before, so that a telephony process that died without a word
    is seen by the age of its last one; empty until they were first read.
    """

    type: Literal["tick"] = "tick"
    server_time: datetime
    seq: int
    links: list[LinkView] = []


class SignedOut(Schema):
    """The session has ended: "expired", "signed_out", or "replaced" (this person sat down elsewhere)."""

    type: Literal["signed_out"] = "signed_out"
    reason: str


ServerMessage = Annotated[
    Welcome | Event | Ring | Captioned | CaptionsStand | CaptionsSoFar | Reply | Tick | SignedOut,
    Field(discriminator="type"),
]
SERVER_MESSAGE: TypeAdapter[ServerMessage] = TypeAdapter(ServerMessage)
