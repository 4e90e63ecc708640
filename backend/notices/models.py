"""Notices and their receipts."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, Index
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from backend.kernel.database import Base


class Notice(Base):
    """One notice, never altered. `notice_id` is the sender's request, so that one sent again stands once.

    Until `ends_at` it also goes to who sits down: anywhere with `to_all`, else at one of `seats`.
    """

    __tablename__ = "notices"
    __table_args__ = (Index("ix_notices_sent_at", "sent_at"), Index("ix_notices_ends_at", "ends_at"))

    notice_id: Mapped[UUID] = mapped_column(primary_key=True)
    text: Mapped[str]
    to_all: Mapped[bool]
    seats: Mapped[list[str]] = mapped_column(JSONB)
    sent_by: Mapped[UUID]
    sender_name: Mapped[str]
    sent_at: Mapped[datetime]
    ends_at: Mapped[datetime]


class NoticeReceipt(Base):
    """To whom a notice went, at which seat that person sat then, and when it was read."""

    __tablename__ = "notice_receipts"
    __table_args__ = (Index("ix_notice_receipts_user_id", "user_id"),)

    notice_id: Mapped[UUID] = mapped_column(ForeignKey("notices.notice_id"), primary_key=True)
    user_id: Mapped[UUID] = mapped_column(primary_key=True)
    seat: Mapped[str]
    agent_name: Mapped[str]
    read_at: Mapped[datetime | None]
