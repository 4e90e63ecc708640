"""Every query about callback visits."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select, text, tuple_, update
from sqlalchemy.ext.asyncio import AsyncSession

from backend.callbacks.models import Callback
from backend.callbacks.schemas import CallbackState


async def serialise_request(session: AsyncSession, request_id: UUID) -> None:
    """Until the transaction ends, nobody else works on this request."""
    await session.execute(
        text("SELECT pg_advisory_xact_lock(hashtextextended(:key, 0))"), {"key": f"callback:{request_id}"}
    )


async def by_request(session: AsyncSession, request_id: UUID) -> Callback | None:
    """The callback visit that this request scheduled."""
    return (await session.execute(select(Callback).where(Callback.request_id == request_id))).scalar_one_or_none()


async def by_id(session: AsyncSession, callback_id: UUID) -> Callback | None:
    """The callback visit."""
    return await session.get(Callback, callback_id, populate_existing=True)


async def change(session: AsyncSession, callback: Callback, changes: dict[str, Any]) -> Callback | None:
    """Compare-and-set: the visit at its new version, None when somebody moved it since it was read."""
    statement = (
        update(Callback)
        .where(Callback.callback_id == callback.callback_id, Callback.version == callback.version)
        .values(version=callback.version + 1, **changes)
        .returning(Callback)
        .execution_options(populate_existing=True)
    )
    return (await session.execute(statement)).scalar_one_or_none()


async def of_case(session: AsyncSession, case_id: UUID) -> Sequence[Callback]:
    """The callback visits of a case, by their time."""
    query = select(Callback).where(Callback.case_id == case_id).order_by(Callback.due_at, Callback.callback_id)
    return (await session.execute(query)).scalars().all()


async def page(
    session: AsyncSession,
    state: CallbackState | None,
    due_before: datetime | None,
    after: tuple[datetime, UUID] | None,
    limit: int,
) -> Sequence[Callback]:
    """Callback visits, those due first first, from just after a moment and an id."""
    query = select(Callback).order_by(Callback.due_at, Callback.callback_id).limit(limit)
    if state is not None:
        query = query.where(Callback.state == state.value)
    if due_before is not None:
        query = query.where(Callback.due_at < due_before)
    if after is not None:
        query = query.where(tuple_(Callback.due_at, Callback.callback_id) > after)
    return (await session.execute(query)).scalars().all()
