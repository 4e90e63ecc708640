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

from pydantic import Field, PrivateAttr, TypeAdapter

from agent_console.captions import Captioned, CaptionsSoFar, CaptionsStand, CaptionsView
from agent_console.messages.calls import CallCard, CallCommands, CallEvents, Ring
from agent_console.messages.cases import CaseCommands, CaseEvents
from agent_console.messages.phones import ControlPhone, PhoneChanged
from agent_console.messages.quality import QualityEvents
from agent_console.messages.seats import LinkView, QueueView, SeatCommands, SeatEvents
from agent_console.messages.supervision import HallCommands, HallEvents, HallState
from backend.calls.schemas import PhoneCall, SupervisorView
from backend.cases.schemas import DraftView
from backend.identity.schemas import Me
from backend.kernel.schemas import Problem, Schema
from backend.notices.schemas import NoticeView
from backend.seats.schemas import SeatView

PROTOCOL_VERSION = 1

# ---- from the console to the hub ----------------------------------------------------------------------------------


class Hello(Schema):
    """The first message. `last_seq` is None for a console that holds nothing yet."""

    command: Literal["hello"] = "hello"
    id: int
    protocol: int = PROTOCOL_VERSION
    last_seq: int | None = None


Command = Annotated[
    Hello | SeatCommands | CallCommands | CaseCommands | HallCommands | ControlPhone, Field(discriminator="command")
]
COMMAND: TypeAdapter[Command] = TypeAdapter(Command)

# ---- from the hub to the console: state -----------------------------------------------------------------------------


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
    hall: HallState | None = None


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


class DataLoaded(Schema):
    """A new version of reference data was loaded: what the menus offer is to be asked for anew."""

    kind: Literal["data_loaded"] = "data_loaded"
    dataset: str
    version: str


EventBody = Annotated[
    SeatEvents | CallEvents | CaseEvents | QualityEvents | HallEvents | PhoneChanged | DataLoaded,
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
