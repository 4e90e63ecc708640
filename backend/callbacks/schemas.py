"""Callback visits as the console shows and asks for them."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from backend.kernel.schemas import Schema


class CallbackWay(StrEnum):
    """How the citizen is called on: by phone, or by a visit in person."""

    PHONE = "phone"
    VISIT = "visit"


class CallbackState(StrEnum):
    """The life of a callback visit."""

    SCHEDULED = "scheduled"
    DONE = "done"
    CANCELED = "canceled"


class CallbackWish(Schema):
    """When and how the citizen wants to be called on. `due_at` must lie in the future."""

    way: CallbackWay
    due_at: datetime


class CallbackView(Schema):
    """A scheduled callback visit."""

    callback_id: UUID
    case_id: UUID
    case_number: str
    way: CallbackWay
    state: CallbackState
    due_at: datetime
    scheduled_at: datetime
    scheduled_by: str
