"""Tables of deadlines: the clocks of cases and of their units' tasks, and the warnings that were given."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from backend.kernel.database import Base


class Deadline(Base):
    """One clock of a case (`part` 0) or of its n-th task (`part` n).

    `started_at` is when it began for people; `since`, `carried`, `extended` and `pauses` ([[begins, ends], ...]) are
    the clock as it is counted (`backend.deadlines.clocks.Clock`). `exempted`: it ran out, which stays to be seen, but
    an appeal was granted, so statistics leave it out. Every change raises `revision`, which makes the
    warnings that were scheduled before it moot.
    """

    __tablename__ = "deadlines"
    __table_args__ = (
        CheckConstraint("name IN ('dispatch', 'feedback', 'handling')", name="name"),
        CheckConstraint("state IN ('running', 'met', 'missed', 'canceled')", name="state"),
        CheckConstraint("(state = 'running') = (ended_at IS NULL)", name="ended"),
        CheckConstraint("state = 'missed' OR NOT exempted", name="exempted"),
        CheckConstraint("due_at >= started_at AND since >= started_at AND ended_at >= started_at", name="order"),
        Index(
            "ix_deadlines_running", "case_id", "part", "name", unique=True, postgresql_where=text("state = 'running'")
        ),
        Index("ix_deadlines_case_id", "case_id", "started_at"),
        Index("ix_deadlines_due_at", "due_at", postgresql_where=text("state = 'running'")),
    )

    deadline_id: Mapped[UUID] = mapped_column(primary_key=True)
    case_id: Mapped[UUID]
    part: Mapped[int]
    name: Mapped[str]
    state: Mapped[str]
    revision: Mapped[int]
    started_at: Mapped[datetime]
    since: Mapped[datetime]
    limit_kind: Mapped[str]
    limit_amount: Mapped[int]
    carried: Mapped[timedelta]
    extended: Mapped[timedelta]
    pauses: Mapped[list[Any]] = mapped_column(JSONB)
    due_at: Mapped[datetime]
    rules_version: Mapped[str]
    calendar_version: Mapped[str]
    ended_at: Mapped[datetime | None]
    exempted: Mapped[bool]


class DeadlineWarning(Base):
    """A warning that was given; its key makes it the only one of its kind."""

    __tablename__ = "deadline_warnings"

    deadline_id: Mapped[UUID] = mapped_column(ForeignKey("deadlines.deadline_id"), primary_key=True)
    revision: Mapped[int] = mapped_column(primary_key=True)
    percent: Mapped[int] = mapped_column(primary_key=True)
    warned_at: Mapped[datetime]
