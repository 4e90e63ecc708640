"""Tables of the black list and of missed calls."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from backend.kernel.database import Base


class BlacklistEntry(Base):
    """A number that is refused for a time, because two people, not the same, found its calls malicious.

    It is in force from the consent until `until`; after that it stands here as history.
    """

    __tablename__ = "blacklist"
    __table_args__ = (
        CheckConstraint("state IN ('asked', 'agreed', 'declined', 'lifted')", name="state"),
        CheckConstraint("decided_by_id IS NULL OR decided_by_id <> asked_by_id", name="two_people"),
        CheckConstraint("(state = 'asked') = (decided_by_id IS NULL)", name="decided"),
        Index("uq_blacklist_open", "number", unique=True, postgresql_where=text("state IN ('asked', 'agreed')")),
        Index("ix_blacklist_asked_at", "asked_at"),
    )

    entry_id: Mapped[UUID] = mapped_column(primary_key=True)
    number: Mapped[str]
    state: Mapped[str]
    version: Mapped[int]
    until: Mapped[datetime]
    reason: Mapped[str]
    asked_at: Mapped[datetime]
    asked_by_id: Mapped[UUID] = mapped_column(ForeignKey("users.user_id"))
    asked_by: Mapped[str]
    decided_at: Mapped[datetime | None]
    decided_by_id: Mapped[UUID | None] = mapped_column(ForeignKey("users.user_id"))
    decided_by: Mapped[str | None]


class MissedCaller(Base):
    """A number that could not be served and is owed a callback: one open row, however often it called.

    `wish` tells that the caller pressed the key for a callback; `first_at` is when he first called and is his place
    in the line of those to be called back. `times` counts his calls that went unanswered.
    """

    __tablename__ = "missed_callers"
    __table_args__ = (
        CheckConstraint("state IN ('open', 'answered', 'done', 'dropped')", name="state"),
        CheckConstraint("(state = 'open') = (ended_at IS NULL)", name="ended"),
        Index("uq_missed_callers_open", "number", unique=True, postgresql_where=text("state = 'open'")),
        Index("ix_missed_callers_first_at", "first_at", "missed_id"),
    )

    missed_id: Mapped[UUID] = mapped_column(primary_key=True)
    number: Mapped[str]
    state: Mapped[str]
    version: Mapped[int]
    wish: Mapped[bool]
    times: Mapped[int]
    first_at: Mapped[datetime]
    last_at: Mapped[datetime]
    dialed_number: Mapped[str]
    queue: Mapped[str | None]
    ended_at: Mapped[datetime | None]
    ended_by_id: Mapped[UUID | None] = mapped_column(ForeignKey("users.user_id"))
    ended_by: Mapped[str | None]
    note: Mapped[str]


class MissedCall(Base):
    """A call that was counted as missed, so that it is counted once."""

    __tablename__ = "missed_calls"

    call_id: Mapped[str] = mapped_column(primary_key=True)
    missed_id: Mapped[UUID] = mapped_column(ForeignKey("missed_callers.missed_id"), index=True)
