"""Seats as they stand, and the log of every change."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Identity, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from backend.kernel.database import Base
from telephony.names import DEFAULT_HOST


class Seat(Base):
    """One seat: who sits there, what the state is and since when. `host` is the PBX that its phone registers at.

    `pending` is what was asked for during a call and takes effect after it: "sign_out", or "pause:<reason>".
    `phone_lost_at` is when the phone un-registered; `version` rises with every change.
    """

    __tablename__ = "seats"
    __table_args__ = (
        CheckConstraint("phone IN ('browser', 'sip')", name="phone"),
        CheckConstraint(
            "state IN ('offline', 'ready', 'ringing', 'dialing', 'talking', 'wrap_up', 'paused')",
            name="state",
        ),
        CheckConstraint("state <> 'ready' OR (phone_registered AND user_id IS NOT NULL)", name="ready_can_ring"),
        Index("uq_seats_user_id", "user_id", unique=True, postgresql_where=text("user_id IS NOT NULL")),
    )

    seat: Mapped[str] = mapped_column(primary_key=True)
    phone: Mapped[str]
    host: Mapped[str] = mapped_column(server_default=DEFAULT_HOST)
    state: Mapped[str]
    since: Mapped[datetime]
    reason: Mapped[str | None]
    pending: Mapped[str | None]
    wrap_up_until: Mapped[datetime | None]
    phone_registered: Mapped[bool]
    phone_lost_at: Mapped[datetime | None]
    user_id: Mapped[UUID | None]
    agent_name: Mapped[str | None]
    call_id: Mapped[str | None]
    version: Mapped[int]


class SeatChange(Base):
    """One change of a seat's state, never altered afterwards."""

    __tablename__ = "seat_changes"
    __table_args__ = (
        Index("ix_seat_changes_seat_at", "seat", "at"),
        Index("ix_seat_changes_call_id", "call_id", postgresql_where=text("call_id IS NOT NULL")),
        Index("ix_seat_changes_talks", "user_id", "at", postgresql_where=text("to_state = 'talking'")),
        Index("ix_seat_changes_alerts", "at", postgresql_where=text("reason IN ('no_answer', 'line_lost')")),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    seat: Mapped[str]
    at: Mapped[datetime]
    from_state: Mapped[str]
    to_state: Mapped[str]
    reason: Mapped[str | None]
    user_id: Mapped[UUID | None]
    call_id: Mapped[str | None]


class AgentSkill(Base):
    """What a person can take calls for, and how well: level 1 is best. Who has no row has the configured skills."""

    __tablename__ = "agent_skills"
    __table_args__ = (CheckConstraint("level BETWEEN 1 AND 9", name="level"),)

    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.user_id"), primary_key=True)
    skill: Mapped[str] = mapped_column(primary_key=True)
    level: Mapped[int]
    changed_at: Mapped[datetime]
    changed_by: Mapped[UUID] = mapped_column(ForeignKey("users.user_id"))


class LeaderSession(Base):
    """A leader answers citizens in person from `starts_at` to `ends_at`: calls go to that person's seat before all
    others, and each call that it answers, with its cases, belongs to the session."""

    __tablename__ = "leader_sessions"
    __table_args__ = (
        CheckConstraint("ends_at >= starts_at", name="span"),
        Index("ix_leader_sessions_starts_at", "starts_at"),
        Index("ix_leader_sessions_user_id", "user_id", "ends_at"),
    )

    session_id: Mapped[UUID] = mapped_column(primary_key=True)
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.user_id"))
    leader: Mapped[str]
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    opened_by_id: Mapped[UUID] = mapped_column(ForeignKey("users.user_id"))
    opened_by: Mapped[str]
