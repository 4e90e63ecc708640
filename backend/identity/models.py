"""Tables of identity: users, their sessions, attempts to sign in, and the audit log."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import DDL, BigInteger, CheckConstraint, ForeignKey, Identity, Index, event
from sqlalchemy.orm import Mapped, mapped_column

from backend.kernel.database import Base


class User(Base):
    """A person with an account. `username` is stored as `normal_username` gives it; `unit_code` names the unit that the
    person works for, None for who belongs to the hotline itself; `team` is the group of the hall 班组, if any."""

    __tablename__ = "users"

    user_id: Mapped[UUID] = mapped_column(primary_key=True)
    username: Mapped[str] = mapped_column(unique=True)
    display_name: Mapped[str]
    password_hash: Mapped[str]
    roles: Mapped[list[str]]
    unit_code: Mapped[str | None]
    team: Mapped[str | None]
    active: Mapped[bool]
    created_at: Mapped[datetime]
    last_sign_in_at: Mapped[datetime | None]


class UserSession(Base):
    """A signed-in browser. Of its token only the hash is stored.

    `expires_at` slides while the session is used, but never beyond `ends_at`. `ended_at` is set by a sign-out.
    """

    __tablename__ = "user_sessions"
    __table_args__ = (Index("ix_user_sessions_user_id", "user_id"), Index("ix_user_sessions_ends_at", "ends_at"))

    session_id: Mapped[UUID] = mapped_column(primary_key=True)
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.user_id", ondelete="CASCADE"))
    token_hash: Mapped[str] = mapped_column(unique=True)
    created_at: Mapped[datetime]
    seen_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    address: Mapped[str]
    user_agent: Mapped[str]


class SignInAttempt(Base):
    """One try to sign in. It stands as "open" before the password is looked at, so that tries at once are counted."""

    __tablename__ = "sign_in_attempts"
    __table_args__ = (
        CheckConstraint("outcome IN ('open', 'failed', 'succeeded')", name="outcome"),
        Index("ix_sign_in_attempts_username", "username", "at"),
        Index("ix_sign_in_attempts_address", "address", "at"),
        Index("ix_sign_in_attempts_at", "at"),
    )

    attempt_id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    at: Mapped[datetime]
    username: Mapped[str]
    address: Mapped[str]
    outcome: Mapped[str]


class AuditEntry(Base):
    """Who did what to which thing, for good: the database itself refuses to change or delete a row."""

    __tablename__ = "audit_log"
    __table_args__ = (
        Index("ix_audit_log_object", "object_kind", "object_id"),
        Index("ix_audit_log_user_id", "user_id", "at"),
        Index("ix_audit_log_at", "at"),
    )

    entry_id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    at: Mapped[datetime]
    user_id: Mapped[UUID | None]
    username: Mapped[str]
    action: Mapped[str]
    object_kind: Mapped[str]
    object_id: Mapped[str]
    detail: Mapped[dict[str, Any]]


AUDIT_LOG_IS_APPEND_ONLY = (
    """
    CREATE OR REPLACE FUNCTION refuse_audit_change() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        RAISE EXCEPTION 'the audit log is append-only' USING ERRCODE = 'insufficient_privilege';
    END $$
    """,
    """
    CREATE TRIGGER audit_log_is_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_log
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_audit_change()
    """,
)
"""What Alembic cannot see in the models; migration 0002 says the same for databases that are upgraded."""

for _statement in AUDIT_LOG_IS_APPEND_ONLY:
    _ddl = DDL(_statement.replace("%", "%%"))  # type: ignore[no-untyped-call]
    event.listen(Base.metadata.tables["audit_log"], "after_create", _ddl)
