"""Every query about attachments."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import delete, func, select, text, update
from sqlalchemy.ext.asyncio import AsyncSession

from backend.attachments.models import Attachment, AttachmentIntent


async def serialise_case(session: AsyncSession, case_id: UUID) -> None:
    """Until the transaction ends, nobody else attaches to this case, so that they are counted right."""
    await session.execute(text("SELECT pg_advisory_xact_lock(hashtextextended(:key, 0))"), {"key": f"attach:{case_id}"})


async def by_request(session: AsyncSession, request_id: UUID) -> Attachment | None:
    """What this request attached."""
    return (await session.execute(select(Attachment).where(Attachment.request_id == request_id))).scalar_one_or_none()


async def by_id(session: AsyncSession, attachment_id: UUID) -> Attachment | None:
    """The attachment."""
    return await session.get(Attachment, attachment_id)


async def of_case(session: AsyncSession, case_id: UUID) -> Sequence[Attachment]:
    """The attachments of a case, the oldest first, also those that no unit sees."""
    query = select(Attachment).where(Attachment.case_id == case_id)
    return (await session.execute(query.order_by(Attachment.uploaded_at, Attachment.attachment_id))).scalars().all()


async def count_of_case(session: AsyncSession, case_id: UUID) -> int:
    """How many attachments a case has."""
    query = select(func.count()).select_from(Attachment).where(Attachment.case_id == case_id)
    return (await session.execute(query)).scalar_one()


async def count_of_patrol(session: AsyncSession, patrol_id: UUID, case_id: UUID) -> int:
    """How many photos were taken on one patrol."""
    query = select(func.count()).select_from(Attachment)
    query = query.where(Attachment.case_id == case_id, Attachment.patrol_id == patrol_id)
    return (await session.execute(query)).scalar_one()


async def release(session: AsyncSession, row: Attachment, now: datetime) -> bool:
    """Let the units see the file from now on; False when somebody else let it go first. `row` is then as it stands."""
    waiting = (Attachment.attachment_id == row.attachment_id, Attachment.released_at.is_(None))
    released = update(Attachment).where(*waiting).values(released_at=now).returning(Attachment.attachment_id)
    first = (await session.execute(released)).scalar_one_or_none() is not None
    await session.refresh(row)
    return first


async def end_intent(session: AsyncSession, key: str) -> bool:
    """The file has its row now; False when it took so long that it was cleared away."""
    ended = await session.execute(
        delete(AttachmentIntent).where(AttachmentIntent.key == key).returning(AttachmentIntent.key)
    )
    return ended.scalar_one_or_none() is not None


async def take_old_intents(session: AsyncSession, before: datetime, limit: int) -> Sequence[str]:
    """Files that never got their row; they are forgotten when the transaction commits."""
    old = (
        select(AttachmentIntent.key)
        .where(AttachmentIntent.begun_at < before)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    taken = delete(AttachmentIntent).where(AttachmentIntent.key.in_(old)).returning(AttachmentIntent.key)
    return (await session.execute(taken)).scalars().all()
