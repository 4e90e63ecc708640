"""The table of callback visits."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from backend.kernel.database import Base


class Callback(Base):
    """A promise to call on a citizen. Every change raises `version`; `request_id` makes the promise only once."""

    __tablename__ = "callbacks"
    __table_args__ = (
        CheckConstraint("way IN ('phone', 'visit')", name="way"),
        CheckConstraint("state IN ('scheduled', 'done', 'canceled')", name="state"),
        CheckConstraint("(state = 'scheduled') = (ended_at IS NULL)", name="ended"),
        Index("ix_callbacks_case_id", "case_id"),
        Index("ix_callbacks_due_at", "due_at", "callback_id"),
        Index("ix_callbacks_scheduled", "due_at", "callback_id", postgresql_where=text("state = 'scheduled'")),
    )

    callback_id: Mapped[UUID] = mapped_column(primary_key=True)
    request_id: Mapped[UUID] = mapped_column(unique=True)
    case_id: Mapped[UUID] = mapped_column(ForeignKey("cases.case_id"))
    case_number: Mapped[str]
    way: Mapped[str]
    state: Mapped[str]
    version: Mapped[int]
    due_at: Mapped[datetime]
    scheduled_at: Mapped[datetime]
    scheduled_by_id: Mapped[UUID] = mapped_column(ForeignKey("users.user_id"))
    scheduled_by: Mapped[str]
    ended_at: Mapped[datetime | None]
    ended_by: Mapped[str | None]
    end_reason: Mapped[str | None]
