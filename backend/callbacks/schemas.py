"""Callback visits as the console shows and asks for them."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from pydantic import AwareDatetime, Field

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


class CallbackQuery(Schema):
    """What a list of callback visits is asked for."""

    state: CallbackState | None = None
    due_before: AwareDatetime | None = None
    cursor: str | None = Field(default=None, max_length=200)
    limit: int = Field(default=50, ge=1, le=200)
