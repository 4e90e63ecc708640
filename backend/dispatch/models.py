"""Tables of the loop: what a case is in it, its units' tasks, their requests for more time, appeals, and batches."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, ForeignKeyConstraint, Index, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from backend.kernel.database import Base


class Loop(Base):
    """What is known of a case since it was first moved in the loop; its status stands in the case itself."""

    __tablename__ = "loops"
    __table_args__ = (
        CheckConstraint("closed_as IN ('answered_at_once', 'out_of_scope', 'withdrawn', 'handled')", name="closed_as"),
    )

    case_id: Mapped[UUID] = mapped_column(ForeignKey("cases.case_id"), primary_key=True)
    suspended_until: Mapped[datetime | None]
    closed_as: Mapped[str | None]
    reopened: Mapped[int]
    urged: Mapped[int]
    supervised: Mapped[int]
    hard: Mapped[bool]


class TaskRow(Base):
    """What one unit was asked to do: the n-th task of its case. Every change raises `version`."""

    __tablename__ = "tasks"
    __table_args__ = (
        CheckConstraint("role IN ('lead', 'help', 'site', 'reply')", name="role"),
        CheckConstraint("state IN ('sent', 'signed', 'reported', 'returned', 'escalated', 'recalled')", name="state"),
        CheckConstraint("(state IN ('sent', 'signed')) = (ended_at IS NULL)", name="ended"),
        Index("ix_tasks_open", "unit_code", "sent_at", postgresql_where=text("state IN ('sent', 'signed')")),
        Index("ix_tasks_unit_code", "unit_code", "sent_at", "case_id", "n"),
    )

    case_id: Mapped[UUID] = mapped_column(ForeignKey("cases.case_id"), primary_key=True)
    n: Mapped[int] = mapped_column(primary_key=True)
    version: Mapped[int]
    unit_code: Mapped[str]
    unit_name: Mapped[str]
    unit_kind: Mapped[str]
    role: Mapped[str]
    state: Mapped[str]
    binding: Mapped[bool]
    sent_at: Mapped[datetime]
    signed_at: Mapped[datetime | None]
    contacted_at: Mapped[datetime | None]
    agreed_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]


class ExtensionRow(Base):
    """A request for more time: the n-th of its case, for one of its tasks."""

    __tablename__ = "extensions"
    __table_args__ = (
        ForeignKeyConstraint(["case_id", "task"], ["tasks.case_id", "tasks.n"]),
        CheckConstraint("state IN ('asked', 'agreed', 'granted', 'declined', 'lapsed')", name="state"),
        CheckConstraint("amount > 0", name="amount"),
        Index("ix_extensions_undecided", "state", postgresql_where=text("state IN ('asked', 'agreed')")),
    )

    case_id: Mapped[UUID] = mapped_column(primary_key=True)
    n: Mapped[int] = mapped_column(primary_key=True)
    task: Mapped[int]
    amount: Mapped[int]
    state: Mapped[str]
    asked_at: Mapped[datetime]
    asked_by: Mapped[UUID] = mapped_column(ForeignKey("users.user_id"))
    agreed_by: Mapped[UUID | None] = mapped_column(ForeignKey("users.user_id"))


class AppealRow(Base):
    """A time-out appeal, one a case; `clocks` are the clocks it is about, [name, part] each."""

    __tablename__ = "appeals"
    __table_args__ = (
        CheckConstraint("state IN ('made', 'supported', 'granted', 'declined')", name="state"),
        CheckConstraint("(state IN ('granted', 'declined')) = (decided_by_id IS NOT NULL)", name="decided"),
        Index("ix_appeals_open", "made_at", postgresql_where=text("state IN ('made', 'supported')")),
    )

    case_id: Mapped[UUID] = mapped_column(ForeignKey("cases.case_id"), primary_key=True)
    unit_code: Mapped[str]
    unit_name: Mapped[str]
    unit_kind: Mapped[str]
    clocks: Mapped[list[Any]] = mapped_column(JSONB)
    reason: Mapped[str]
    state: Mapped[str]
    made_at: Mapped[datetime]
    made_by_id: Mapped[UUID] = mapped_column(ForeignKey("users.user_id"))
    supported_by_id: Mapped[UUID | None] = mapped_column(ForeignKey("users.user_id"))
    decided_by_id: Mapped[UUID | None] = mapped_column(ForeignKey("users.user_id"))


class BatchedCase(Base):
    """A case that a batch dispatched; the same request dispatches it once, however often it is sent."""

    __tablename__ = "batched_cases"

    request_id: Mapped[UUID] = mapped_column(primary_key=True)
    case_id: Mapped[UUID] = mapped_column(ForeignKey("cases.case_id"), primary_key=True)
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.user_id"))
    fingerprint: Mapped[str]
    units: Mapped[list[str]]
    at: Mapped[datetime]
