"""The part of the protocol that a seat speaks of itself: who sits there and takes calls, what waits for it."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field

from backend.kernel.schemas import Schema
from backend.seats.schemas import PauseReason, SeatView

# ---- from the console to the hub ------------------------------------------------------------------------------------


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


# ---- from the hub to the console: state -----------------------------------------------------------------------------


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


# ---- from the hub to the console: events ----------------------------------------------------------------------------


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


SeatCommands = SignInSeat | SignOutSeat | MakeReady | PauseSeat | ExtendWrapUp | SetSkills
SeatEvents = SeatChanged | QueueChanged | LinkChanged
