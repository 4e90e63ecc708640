"""Calls, recordings and transcripts as the console shows them."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Literal

from pydantic import Field

from backend.citizens.schemas import CallerView
from backend.kernel.schemas import Problem, Schema
from telephony.names import DEFAULT_HOST


class CallStage(StrEnum):
    """How far a call has come. `after_talk`: the seat is out of it and the citizen alone with the PBX, scoring the talk
    or on the way to somebody else."""

    ARRIVED = "arrived"
    QUEUED = "queued"
    RINGING = "ringing"
    ANSWERED = "answered"
    AFTER_TALK = "after_talk"
    ENDED = "ended"


class RecordingState(StrEnum):
    """Where the recording of a call stands. `none` when the call was never answered."""

    NONE = "none"
    PENDING = "pending"
    STORED = "stored"
    FAILED = "failed"


class TranscriptState(StrEnum):
    """Where the transcript of a call stands."""

    NONE = "none"
    PENDING = "pending"
    READY = "ready"
    FAILED = "failed"


class HitCounts(Schema):
    """What quality checks found in a call: faults, fatal ones among them, and praise."""

    faults: int
    fatal: int
    praise: int


class CallRow(Schema):
    """One call in a list. Times in UTC; durations in ms; `score` is the citizen's by key, 1 is best.

    `host` is the PBX that it came to, or was placed by; `leader` who answered it in a session of leaders.
    """

    call_id: str
    host: str = DEFAULT_HOST
    direction: Literal["inbound", "outbound"] = "inbound"
    dialed_number: str
    queue: str | None
    caller: CallerView
    stage: CallStage
    outcome: str | None
    seat: str | None
    agent_name: str | None
    arrived_at: datetime
    answered_at: datetime | None
    ended_at: datetime | None
    wait_ms: int | None
    talk_ms: int | None
    score: int | None
    recording: RecordingState
    transcript: TranscriptState
    case_numbers: list[str] = []
    leader: str | None = None
    hits: HitCounts | None = None


class SupervisorView(Schema):
    """Who takes part in a call beside its seat: "listen", "whisper" or "barge", from which seat, since when."""

    by_seat: str
    mode: Literal["listen", "whisper", "barge"]
    since: datetime


class PhoneVerb(StrEnum):
    """What a console asks of the hardware phone at its seat. While consulting the agent hears the colleague, the
    citizen or both; who is not heard waits with music."""

    ANSWER = "answer"
    HANG_UP = "hang_up"
    HOLD = "hold"
    RESUME = "resume"
    MUTE = "mute"
    UNMUTE = "unmute"
    TONE = "tone"
    TRANSFER = "transfer"
    CONSULT = "consult"
    HEAR_COLLEAGUE = "hear_colleague"
    HEAR_CITIZEN = "hear_citizen"
    HEAR_BOTH = "hear_both"
    END_CONSULT = "end_consult"
    TRANSFER_CONSULTED = "transfer_consulted"


class PhoneConsult(Schema):
    """Whom the seat consults: `to` is a seat, a queue or a masked number; who is "held" waits."""

    to: str
    state: Literal["dialing", "talking", "held"]
    since: datetime


class PhoneCall(Schema):
    """The call of a hardware phone as the record has it; `peer` is the citizen's masked number."""

    call_id: str
    state: Literal["ringing", "dialing", "talking", "held"]
    peer: str
    muted: bool
    consult: PhoneConsult | None


class HallCall(Schema):
    """A call that has not ended, as the hall shows it.

    `held_since` is set while the citizen is on hold; `arrived_at` is when the citizen came, be it to another PBX than
    `host`, where he is now.
    """

    call_id: str
    host: str = DEFAULT_HOST
    direction: Literal["inbound", "outbound"] = "inbound"
    dialed_number: str
    queue: str | None
    caller: CallerView
    stage: CallStage
    seat: str | None
    agent_name: str | None
    arrived_at: datetime
    answered_at: datetime | None
    held_since: datetime | None
    supervisors: list[SupervisorView] = []


class CallQuery(Schema):
    """Which calls are listed: `number` is a whole number or its last digits, `mine` the reader's own only."""

    number: str | None = Field(default=None, max_length=40)
    seat: str | None = Field(default=None, max_length=16)
    outcome: str | None = Field(default=None, max_length=16)
    score: int | None = Field(default=None, ge=1, le=4)
    mine: bool = False
    cursor: str | None = Field(default=None, max_length=300)
    limit: int = Field(default=50, ge=1, le=200)


class HandedBy(Schema):
    """The colleague who talked to the citizen before, and hands the call over or, with `consult`, only asks."""

    seat: str
    agent_name: str | None
    consult: bool


class CallEventView(Schema):
    """One fact of a call's time line. `recovered` tells that it was found by re-synchronisation, not seen live."""

    at: datetime
    kind: str
    seat: str | None = None
    detail: dict[str, str | int | float | bool | None] = {}
    recovered: bool = False


class RecordingView(Schema):
    """The stored recording: left channel caller, right channel seat."""

    state: RecordingState
    duration_ms: int | None = None
    codec: str | None = None
    size_bytes: int | None = None
    sha256: str | None = None
    problem: Problem | None = None


class PeaksView(Schema):
    """The outline of a recording: for each of equal stretches of time how far each leg swings, in percent of the most
    that is possible."""

    duration_ms: int
    caller: list[int]
    seat: list[int]


class TurnView(Schema):
    """One turn of the talk, times in ms from the start of the recording: as it was spoken, and with digits. `hides`:
    the middle of somebody's number is hidden in it."""

    leg: Literal["caller", "seat"]
    start_ms: int
    end_ms: int
    text: str
    written: str
    hides: bool = False


class TranscriptView(Schema):
    """The transcript of a call, turns ordered by start time. `renewing` says that it is being heard anew; until that
    is done this text, the call's `revision`th, stands."""

    state: TranscriptState
    renewing: bool = False
    revision: int = 0
    model: str | None = None
    turns: list[TurnView] = []
    problem: Problem | None = None


class EarlierText(Schema):
    """A text that the call had before: its revision, who heard it, from when to when it stood."""

    revision: int
    model: str | None
    created_at: datetime
    replaced_at: datetime


class CallDetail(Schema):
    """Everything about one call. `parts` are what the citizen's call was at other PBX hosts, before and after."""

    call: CallRow
    parts: list[CallRow] = []
    events: list[CallEventView]
    recording: RecordingView
    transcript: TranscriptView


class RevealNumber(Schema):
    """Why somebody needs to see the whole number; goes to the audit log."""

    reason: str


class RevealedNumber(Schema):
    """The whole number."""

    number: str
