"""The part of the protocol that the shift leader's hall speaks: what it shows, what is ordered there, and notices."""

from __future__ import annotations

from datetime import datetime
from typing import Literal
from uuid import UUID

from pydantic import Field

from backend.calls.schemas import HallCall, SupervisorView
from backend.kernel.schemas import CallId, Schema
from backend.notices.schemas import NoticeText, NoticeView, Receipt, SentNotice
from backend.seats.schemas import PauseReason, SeatAlert, SeatForced, SeatView

# ---- from the console to the hub ----------------------------------------------------------------------------------


class ForcePause(Schema):
    """Pause somebody else's seat for a reason; during a call this takes effect after it."""

    command: Literal["force_pause"] = "force_pause"
    id: int
    seat: str
    reason: PauseReason


class ForceReady(Schema):
    """Let somebody else's seat take calls again. Refused while its phone is not registered."""

    command: Literal["force_ready"] = "force_ready"
    id: int
    seat: str


class EndWrapUp(Schema):
    """End the wrap-up of somebody else's seat before its time."""

    command: Literal["end_wrap_up"] = "end_wrap_up"
    id: int
    seat: str


class ForceSignOut(Schema):
    """Sign somebody out of their seat; during a call this takes effect after it."""

    command: Literal["force_sign_out"] = "force_sign_out"
    id: int
    seat: str


class _OfCall(Schema):
    """Something about the call in which `seat` talks. The same `request_id` orders once."""

    id: int
    request_id: UUID
    call_id: CallId
    seat: str


class ListenCall(_OfCall):
    """Hear the call on one's own phone, unheard."""

    command: Literal["listen_call"] = "listen_call"


class WhisperCall(_OfCall):
    """Hear the call and speak to the seat; the citizen does not hear it."""

    command: Literal["whisper_call"] = "whisper_call"


class BargeCall(_OfCall):
    """Talk with both."""

    command: Literal["barge_call"] = "barge_call"


class TakeOverCall(_OfCall):
    """Talk to the citizen in the place of the seat."""

    command: Literal["take_over_call"] = "take_over_call"


class EndCall(_OfCall):
    """End the call for everybody."""

    command: Literal["end_call"] = "end_call"


class SendNotice(Schema):
    """Tell everybody who sits at these seats (None: at any), now or within `minutes`, something.

    The same `notice_id` sends once.
    """

    command: Literal["send_notice"] = "send_notice"
    id: int
    notice_id: UUID
    text: NoticeText
    seats: list[str] | None = None
    minutes: int = Field(default=1440, ge=10, le=10_080)


class ReadNotice(Schema):
    """Say that a notice was read."""

    command: Literal["read_notice"] = "read_notice"
    id: int
    notice_id: UUID


# ---- from the hub to the console ----------------------------------------------------------------------------------


class HallState(Schema):
    """The whole hall for who watches it: seats by number, open calls the longest there first, alerts and notices of the
    last day, newest first."""

    seats: list[SeatView]
    calls: list[HallCall]
    alerts: list[SeatAlert]
    notices: list[SentNotice]


class HallCallChanged(Schema):
    """A call of the hall began or moved."""

    kind: Literal["hall_call_changed"] = "hall_call_changed"
    call: HallCall


class HallCallGone(Schema):
    """A call of the hall has ended."""

    kind: Literal["hall_call_gone"] = "hall_call_gone"
    call_id: str


class CallSupervised(Schema):
    """Who takes part in the call of this seat now; told only where the installation shows it to agents."""

    kind: Literal["call_supervised"] = "call_supervised"
    call_id: str
    supervisors: list[SupervisorView]


class SeatAlerted(Schema):
    """A seat was paused for what befell a call there."""

    kind: Literal["seat_alert"] = "seat_alert"
    alert: SeatAlert


class SeatWasForced(Schema):
    """A supervisor moved the seat of this person."""

    kind: Literal["seat_forced"] = "seat_forced"
    seat: str
    at: datetime
    forced: SeatForced


class NoticeArrived(Schema):
    """A notice to this person."""

    kind: Literal["notice_arrived"] = "notice_arrived"
    notice: NoticeView


class NoticeSent(Schema):
    """A notice went out; for those who may send some."""

    kind: Literal["notice_sent"] = "notice_sent"
    notice: SentNotice


class NoticeRead(Schema):
    """Somebody read a notice; for its reader's other tabs and for those who may send some."""

    kind: Literal["notice_read"] = "notice_read"
    notice_id: UUID
    receipt: Receipt


HallCommands = (
    ForcePause
    | ForceReady
    | EndWrapUp
    | ForceSignOut
    | ListenCall
    | WhisperCall
    | BargeCall
    | TakeOverCall
    | EndCall
    | SendNotice
    | ReadNotice
)
HallEvents = (
    HallCallChanged
    | HallCallGone
    | CallSupervised
    | SeatAlerted
    | SeatWasForced
    | NoticeArrived
    | NoticeSent
    | NoticeRead
)
