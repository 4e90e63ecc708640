"""Every query of identity."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import bindparam, delete, func, select, text, tuple_, update
from sqlalchemy.ext.asyncio import AsyncSession

from backend.identity.models import AuditEntry, SignInAttempt, User, UserSession

_LIVE_SESSION = (
    select(UserSession, User)
    .join(User, User.user_id == UserSession.user_id)
    .where(
        UserSession.token_hash == bindparam("token_hash"),
        UserSession.ended_at.is_(None),
        UserSession.expires_at > bindparam("now"),
        UserSession.ends_at > bindparam("now"),
        User.active,
    )
)
"""Written down once: every request asks it."""


async def user_by_name(session: AsyncSession, username: str) -> User | None:
    """The user of this (normalised) name."""
    return (await session.execute(select(User).where(User.username == username))).scalar_one_or_none()


async def all_users(session: AsyncSession) -> Sequence[User]:
    """Every user, by name."""
    return (await session.execute(select(User).order_by(User.username))).scalars().all()


async def display_names(session: AsyncSession, user_ids: Collection[UUID]) -> dict[UUID, str]:
    """What these people are called."""
    if not user_ids:
        return {}
    query = select(User.user_id, User.display_name).where(User.user_id.in_(user_ids))
    return {row.user_id: row.display_name for row in await session.execute(query)}


async def live_session(session: AsyncSession, token_hash: str, now: datetime) -> tuple[UserSession, User] | None:
    """The session of this token with its user, if both still hold."""
    row = (await session.execute(_LIVE_SESSION, {"token_hash": token_hash, "now": now})).one_or_none()
    return (row[0], row[1]) if row is not None else None


async def end_session(session: AsyncSession, session_id: UUID, now: datetime) -> bool:
    """End a session; False when it had ended before."""
    query = (
        update(UserSession)
        .where(UserSession.session_id == session_id, UserSession.ended_at.is_(None))
        .values(ended_at=now)
        .returning(UserSession.session_id)
    )
    return (await session.execute(query)).scalar_one_or_none() is not None


async def end_sessions_of(session: AsyncSession, user_id: UUID, now: datetime) -> None:
    """End every session of a user."""
    await session.execute(
        update(UserSession).where(UserSession.user_id == user_id, UserSession.ended_at.is_(None)).values(ended_at=now)
    )


async def serialise_attempts(session: AsyncSession, username: str) -> None:
    """Until the transaction ends, nobody else decides about this name."""
    await session.execute(
        text("SELECT pg_advisory_xact_lock(hashtextextended(:key, 0))"), {"key": f"sign-in:{username}"}
    )


async def failures_of_username(session: AsyncSession, username: str, since: datetime) -> Sequence[datetime]:
    """Tries under this name that did not succeed, or not yet, since its last success."""
    last_success = (
        select(func.max(SignInAttempt.at))
        .where(SignInAttempt.username == username, SignInAttempt.outcome == "succeeded")
        .scalar_subquery()
    )
    query = select(SignInAttempt.at).where(
        SignInAttempt.username == username,
        SignInAttempt.outcome != "succeeded",
        SignInAttempt.at >= since,
        SignInAttempt.at > func.coalesce(last_success, text("'-infinity'::timestamptz")),
    )
    return (await session.execute(query)).scalars().all()


async def failures_of_address(session: AsyncSession, address: str, since: datetime) -> Sequence[datetime]:
    """Tries from this address that failed."""
    query = select(SignInAttempt.at).where(
        SignInAttempt.address == address, SignInAttempt.outcome == "failed", SignInAttempt.at >= since
    )
    return (await session.execute(query)).scalars().all()


async def set_outcome(session: AsyncSession, attempt_id: int, outcome: str) -> None:
    """Say how an attempt ended."""
    await session.execute(update(SignInAttempt).where(SignInAttempt.attempt_id == attempt_id).values(outcome=outcome))


async def forget_before(session: AsyncSession, attempts: datetime, sessions: datetime) -> None:
    """Delete attempts and ended sessions older than these moments."""
    await session.execute(delete(SignInAttempt).where(SignInAttempt.at < attempts))
    await session.execute(delete(UserSession).where(UserSession.ends_at < sessions))


async def audit_entries(
    session: AsyncSession, *, before: tuple[datetime, int] | None, limit: int, object_id: str | None
) -> Sequence[AuditEntry]:
    """Entries of the audit log, newest first, from just before a moment and an entry id."""
    query = select(AuditEntry).order_by(AuditEntry.at.desc(), AuditEntry.entry_id.desc()).limit(limit)
    if object_id is not None:
        query = query.where(AuditEntry.object_id == object_id)
    if before is not None:
        query = query.where(tuple_(AuditEntry.at, AuditEntry.entry_id) < before)
    return (await session.execute(query)).scalars().all()


async def has_acted(
    session: AsyncSession,
    user_id: UUID,
    actions: Collection[str],
    object_kind: str,
    object_id: str,
    detail: dict[str, Any],
    *,
    since: datetime | None = None,
) -> bool:
    """Whether the audit log tells that this person did one of these to this thing, with that in the detail."""
    query = select(AuditEntry.entry_id).where(
        AuditEntry.object_kind == object_kind,
        AuditEntry.object_id == object_id,
        AuditEntry.user_id == user_id,
        AuditEntry.action.in_(actions),
        AuditEntry.detail.contains(detail),
    )
    if since is not None:
        query = query.where(AuditEntry.at >= since)
    return (await session.execute(query.limit(1))).first() is not None
