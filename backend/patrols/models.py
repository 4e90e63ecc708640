"""Tables of patrols: the visits, what was set on single cases, and who walks where."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from backend.kernel.database import Base


class Patrol(Base):
    """One visit after a closing: the n-th of a series. `for_version` is the case's version at that closing.

    `on_recurrence` and `needs_photo` are those of the plan under which it was made. Every change raises `version`.
    """

    __tablename__ = "patrols"
    __table_args__ = (
        CheckConstraint("state IN ('waiting', 'ok', 'recurred', 'missed', 'cancelled')", name="state"),
        CheckConstraint("on_recurrence IN ('new_case', 'reopen')", name="on_recurrence"),
        CheckConstraint("(state IN ('ok', 'recurred')) = (done_by_id IS NOT NULL)", name="done"),
        CheckConstraint("opens_at <= due_at AND due_at <= ends_at", name="window"),
        UniqueConstraint("case_id", "series", "n"),
        Index("ix_patrols_waiting", "due_at", "patrol_id", postgresql_where=text("state = 'waiting'")),
        Index("ix_patrols_done_by_id", "done_by_id", "done_at", postgresql_where=text("done_by_id IS NOT NULL")),
    )

    patrol_id: Mapped[UUID] = mapped_column(primary_key=True)
    case_id: Mapped[UUID] = mapped_column(ForeignKey("cases.case_id"))
    series: Mapped[int]
    n: Mapped[int]
    for_version: Mapped[int]
    version: Mapped[int]
    state: Mapped[str]
    street_code: Mapped[str]
    opens_at: Mapped[datetime]
    due_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    on_recurrence: Mapped[str]
    needs_photo: Mapped[bool]
    told: Mapped[bool]
    request_id: Mapped[UUID | None] = mapped_column(unique=True)
    done_at: Mapped[datetime | None]
    done_by_id: Mapped[UUID | None] = mapped_column(ForeignKey("users.user_id"))
    done_by: Mapped[str | None]
    note: Mapped[str]
    longitude: Mapped[float | None]
    latitude: Mapped[float | None]
    new_case_id: Mapped[UUID | None] = mapped_column(ForeignKey("cases.case_id"))


class PatrolWish(Base):
    """What a verifier or a dispatcher set on a case, instead of what its class asks for."""

    __tablename__ = "patrol_wishes"

    case_id: Mapped[UUID] = mapped_column(ForeignKey("cases.case_id"), primary_key=True)
    days: Mapped[int]
    rounds: Mapped[int]
    reason: Mapped[str]
    set_at: Mapped[datetime]
    set_by_id: Mapped[UUID] = mapped_column(ForeignKey("users.user_id"))
    set_by: Mapped[str]


class PatrolBeat(Base):
    """A street that a supervisor walks."""

    __tablename__ = "patrol_beats"

    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.user_id", ondelete="CASCADE"), primary_key=True)
    street_code: Mapped[str] = mapped_column(primary_key=True)
