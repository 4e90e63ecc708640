"""Seats as the console shows them."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from backend.kernel.schemas import Schema


class SeatState(StrEnum):
    """The six states of a seat; the same names as `telephony.seats`."""

    OFFLINE = "offline"
    READY = "ready"
    RINGING = "ringing"
    TALKING = "talking"
    WRAP_UP = "wrap_up"
    PAUSED = "paused"


class PauseReason(StrEnum):
    """Why a seat takes no calls.

    The platform itself sets `no_answer` after a ring that nobody took, and `phone_lost` while the phone is away.
    """

    REST = "rest"
    MEAL = "meal"
    TRAINING = "training"
    MEETING = "meeting"
    OTHER = "other"
    NO_ANSWER = "no_answer"
    PHONE_LOST = "phone_lost"


class SeatView(Schema):
    """A seat as it stands.

    `phone` is "browser" or "sip"; `wrap_up_until` is set in wrap-up only; `pending` names a pause or sign-out
    that was asked for during a call and takes effect after it.
    """

    seat: str
    phone: str
    state: SeatState
    since: datetime
    reason: PauseReason | None = None
    pending: str | None = None
    wrap_up_until: datetime | None = None
    phone_registered: bool
    user_id: UUID | None = None
    agent_name: str | None = None
    call_id: str | None = None


class Softphone(Schema):
    """What the browser needs to register the phone of the seat that this person is signed in at."""

    seat: str
    sip_uri: str
    websocket_url: str
    password: str
