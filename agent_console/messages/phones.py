"""The part of the protocol that controls a hardware phone at the seat: what is ordered of it, how its call stands."""

from __future__ import annotations

from typing import Literal
from uuid import UUID

from pydantic import Field

from backend.calls.schemas import PhoneCall, PhoneVerb
from backend.kernel.schemas import CallId, Schema


class ControlPhone(Schema):
    """Order something of the hardware phone at the own seat. The same `request_id` orders once.

    `to` is whom to call (a seat, a queue, a number) or, for `tone`, the key; only `hang_up` needs no call.
    """

    command: Literal["control_phone"] = "control_phone"
    id: int
    request_id: UUID
    verb: PhoneVerb
    call_id: CallId | None = None
    to: str = Field(default="", max_length=64)


class PhoneChanged(Schema):
    """The call of this seat's hardware phone moved; None when it is in no call any more."""

    kind: Literal["phone_changed"] = "phone_changed"
    seat: str
    call: PhoneCall | None
