"""Seats as the console shows them."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from pydantic import Field

from backend.kernel.schemas import Schema
from telephony.names import DEFAULT_HOST


class SeatState(StrEnum):
    """The states of a seat; the same names as `telephony.seats`."""

    OFFLINE = "offline"
    READY = "ready"
    RINGING = "ringing"
    DIALING = "dialing"
    TALKING = "talking"
    WRAP_UP = "wrap_up"
    PAUSED = "paused"


class PauseReason(StrEnum):
    """Why a seat takes no calls.

    The platform itself sets `no_answer` after a ring that nobody took, `line_lost` after a call whose line died, and
    `phone_lost` while the phone is away.
    """

    REST = "rest"
    MEAL = "meal"
    TRAINING = "training"
    MEETING = "meeting"
    OTHER = "other"
    NO_ANSWER = "no_answer"
    LINE_LOST = "line_lost"
    PHONE_LOST = "phone_lost"


class SeatView(Schema):
    """A seat as it stands.

    `phone` is "browser" or "sip", registered at the PBX `host`; `wrap_up_until` is set in wrap-up only; `pending` names
    a pause or sign-out that was asked for during a call and takes effect after it.
    """

    seat: str
    phone: str
    host: str = DEFAULT_HOST
    state: SeatState
    since: datetime
    reason: PauseReason | None = None
    pending: str | None = None
    wrap_up_until: datetime | None = None
    phone_registered: bool
    user_id: UUID | None = None
    agent_name: str | None = None
    call_id: str | None = None


class ForcedAct(StrEnum):
    """What a supervisor can do to a seat of somebody else."""

    PAUSE = "pause"
    READY = "ready"
    END_WRAP_UP = "end_wrap_up"
    SIGN_OUT = "sign_out"


class SeatForced(Schema):
    """A supervisor moved the seat; `by` is the supervisor's name, `reason` that of a pause."""

    act: ForcedAct
    by: str
    reason: PauseReason | None = None


class SeatAlert(Schema):
    """A seat was paused for what befell a call there, and the shift leader is told: nobody took it (`no_answer`), or
    its line died in the middle of the talk (`line_lost`)."""

    seat: str
    agent_name: str | None
    call_id: str | None
    at: datetime
    reason: PauseReason


class Softphone(Schema):
    """What the browser needs to register the phone of the seat that this person is signed in at."""

    seat: str
    sip_uri: str
    websocket_url: str
    password: str


class SkillLevel(Schema):
    """A skill that the hall knows and the level at which a person has it: 1 is best, None is not at all."""

    skill: str
    title: str
    level: int | None = Field(default=None, ge=1, le=9)


class SkillsView(Schema):
    """What one person takes calls for. `own`: it was set for this person; else it is the hall's default."""

    user_id: UUID
    display_name: str
    own: bool
    skills: list[SkillLevel]
