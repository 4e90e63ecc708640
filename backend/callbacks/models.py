"""The table of callback visits."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from backend.kernel.database import Base


class Callback(Base):
    """A promise to call on a citizen. Every change raises `version`; `request_id` makes the promise only once.

    `attempts` counts the calls whose result is filed; the next one may be made at `not_before`.
    """

    __tablename__ = "callbacks"
    __table_args__ = (
        CheckConstraint("way IN ('phone', 'visit')", name="way"),
        CheckConstraint("state IN ('scheduled', 'done', 'failed', 'canceled')", name="state"),
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
    attempts: Mapped[int] = mapped_column(default=0, server_default="0")
    not_before: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    ended_by: Mapped[str | None]
    end_reason: Mapped[str | None]


class CallbackAttempt(Base):
    """One call to the citizen of a case. `attempt_id` is the id of its order to the PBX, and of the request for it.

    How far the call has come stands in the order and in the record of calls; here stands what the agent filed.
    """

    __tablename__ = "callback_attempts"
    __table_args__ = (
        CheckConstraint(
            "result IN ('reached', 'busy', 'no_answer', 'refused', 'wrong_number', 'not_placed')", name="result"
        ),
        CheckConstraint("(result IS NULL) = (filed_at IS NULL)", name="filed"),
        Index("ix_callback_attempts_case_id", "case_id", "at"),
        Index("ix_callback_attempts_callback_id", "callback_id", postgresql_where=text("callback_id IS NOT NULL")),
        Index("ix_callback_attempts_open", "user_id", "at", postgresql_where=text("result IS NULL")),
    )

    attempt_id: Mapped[UUID] = mapped_column(ForeignKey("pbx_orders.order_id"), primary_key=True)
    case_id: Mapped[UUID] = mapped_column(ForeignKey("cases.case_id"))
    callback_id: Mapped[UUID | None] = mapped_column(ForeignKey("callbacks.callback_id"))
    call_id: Mapped[str] = mapped_column(unique=True)
    n: Mapped[int]
    seat: Mapped[str]
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.user_id"))
    agent_name: Mapped[str]
    at: Mapped[datetime]
    result: Mapped[str | None]
    filed_at: Mapped[datetime | None]
    filed_by: Mapped[str | None]


class CallbackAnswers(Base):
    """What the citizen of a closed case said, once for each callback visit."""

    __tablename__ = "callback_answers"
    __table_args__ = (
        CheckConstraint("solved IN ('yes', 'half', 'no')", name="solved"),
        CheckConstraint("satisfied IN ('very', 'satisfied', 'basically', 'dissatisfied')", name="satisfied"),
        Index("ix_callback_answers_case_id", "case_id", "answered_at"),
        Index("ix_callback_answers_answered_at", "answered_at"),
    )

    callback_id: Mapped[UUID] = mapped_column(ForeignKey("callbacks.callback_id"), primary_key=True)
    case_id: Mapped[UUID] = mapped_column(ForeignKey("cases.case_id"))
    contacted: Mapped[bool]
    solved: Mapped[str]
    satisfied: Mapped[str]
    note: Mapped[str]
    answered_at: Mapped[datetime]
    answered_by_id: Mapped[UUID] = mapped_column(ForeignKey("users.user_id"))
    answered_by: Mapped[str]
