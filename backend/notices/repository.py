"""Every query on notices."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import Row, or_, select, text, update
from sqlalchemy.dialects.postgresql import insert

from backend.kernel.database import Transaction
from backend.notices.models import Notice, NoticeReceipt


async def one_at_a_time(tx: Transaction) -> None:
    """Until the transaction ends nobody else hands out notices, so that who sits down meanwhile is not passed over."""
    await tx.session.execute(text("SELECT pg_advisory_xact_lock(hashtextextended('notices', 0))"))


async def valid(tx: Transaction, seat: str, now: datetime) -> Sequence[Notice]:
    """The notices that have not ended and go to who sits at this seat, oldest first."""
    query = select(Notice).where(Notice.ends_at > now, or_(Notice.to_all, Notice.seats.contains([seat])))
    return (await tx.session.execute(query.order_by(Notice.sent_at))).scalars().all()


async def hand_out(tx: Transaction, receipt: NoticeReceipt) -> bool:
    """Store that this person got the notice; False when they had it."""
    values = {column.name: getattr(receipt, column.name) for column in NoticeReceipt.__table__.columns}
    statement = insert(NoticeReceipt).values(values).on_conflict_do_nothing().returning(NoticeReceipt.user_id)
    return (await tx.session.execute(statement)).first() is not None


async def add(tx: Transaction, notice: Notice, receipts: Sequence[NoticeReceipt]) -> None:
    """Store the notice with its readers."""
    tx.session.add(notice)
    await tx.session.flush()
    tx.session.add_all(receipts)
    await tx.session.flush()


async def with_receipts(
    tx: Transaction, *, notice_id: UUID | None = None, since: datetime | None = None, limit: int = 1
) -> list[tuple[Notice, list[NoticeReceipt]]]:
    """Notices with their readers by seat, newest first; those that were still shown at `since`."""
    query = select(Notice).order_by(Notice.sent_at.desc(), Notice.notice_id).limit(limit)
    if notice_id is not None:
        query = query.where(Notice.notice_id == notice_id)
    if since is not None:
        query = query.where(Notice.ends_at > since)
    notices = (await tx.session.execute(query)).scalars().all()
    readers = select(NoticeReceipt).where(NoticeReceipt.notice_id.in_([notice.notice_id for notice in notices]))
    receipts = (await tx.session.execute(readers.order_by(NoticeReceipt.seat))).scalars().all()
    return [(notice, [each for each in receipts if each.notice_id == notice.notice_id]) for notice in notices]


async def of_reader(tx: Transaction, user_id: UUID, now: datetime, limit: int) -> Sequence[Row[Notice, NoticeReceipt]]:
    """What was sent to this person and has not ended, newest first."""
    query = (
        select(Notice, NoticeReceipt)
        .join(NoticeReceipt, NoticeReceipt.notice_id == Notice.notice_id)
        .where(NoticeReceipt.user_id == user_id, Notice.ends_at > now)
        .order_by(Notice.sent_at.desc(), Notice.notice_id)
        .limit(limit)
    )
    return (await tx.session.execute(query)).all()


async def receipt(tx: Transaction, notice_id: UUID, user_id: UUID) -> NoticeReceipt | None:
    """This person's receipt of the notice."""
    return await tx.session.get(NoticeReceipt, (notice_id, user_id))


async def mark_read(tx: Transaction, notice_id: UUID, user_id: UUID, now: datetime) -> bool:
    """Note when the notice was read; False when it was read before."""
    change = (
        update(NoticeReceipt)
        .where(NoticeReceipt.notice_id == notice_id, NoticeReceipt.user_id == user_id, NoticeReceipt.read_at.is_(None))
        .values(read_at=now)
    )
    return bool((await tx.session.execute(change)).rowcount)  # type: ignore[attr-defined]
