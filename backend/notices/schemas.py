"""Notices as the console shows them, to who reads them and to who sent them."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import StringConstraints

from backend.kernel.schemas import Schema

NoticeText = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=500)]
"""What a notice says, in characters."""


class NoticeView(Schema):
    """A notice to this person, shown until `ends_at`; `read_at` None until it is read."""

    notice_id: UUID
    text: str
    sender_name: str
    sent_at: datetime
    ends_at: datetime
    read_at: datetime | None = None


class Receipt(Schema):
    """One reader of a notice: the seat they sat at when they got it, and when they read it."""

    user_id: UUID
    seat: str
    agent_name: str
    read_at: datetime | None = None


class SentNotice(Schema):
    """A notice with its readers, by seat; `to_all` when it goes to everybody who sits at a seat until it ends."""

    notice_id: UUID
    text: str
    sender_name: str
    sent_at: datetime
    ends_at: datetime
    to_all: bool
    receipts: list[Receipt]
