"""Tables of attachments: what is attached, and what is just being stored."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from backend.kernel.database import Base


class Attachment(Base):
    """A file of a case. `key` is its place in the file store; `internal` ones are not shown to handling units.

    `released_at` is when one that was withheld from them was let go on (see `backend.attachments.withholding`).
    """

    __tablename__ = "attachments"
    __table_args__ = (
        CheckConstraint("step IN ('filing', 'dispatch', 'handling', 'verification', 'patrol')", name="step"),
        CheckConstraint("size > 0", name="size"),
        Index("ix_attachments_case_id", "case_id", "uploaded_at", "attachment_id"),
    )

    attachment_id: Mapped[UUID] = mapped_column(primary_key=True)
    request_id: Mapped[UUID] = mapped_column(unique=True)
    case_id: Mapped[UUID] = mapped_column(ForeignKey("cases.case_id"))
    step: Mapped[str]
    task: Mapped[int | None]
    patrol_id: Mapped[UUID | None]
    name: Mapped[str]
    kind: Mapped[str]
    size: Mapped[int] = mapped_column(BigInteger)
    sha256: Mapped[str]
    key: Mapped[str]
    internal: Mapped[bool]
    uploaded_at: Mapped[datetime]
    uploaded_by_id: Mapped[UUID] = mapped_column(ForeignKey("users.user_id"))
    uploaded_by: Mapped[str]
    released_at: Mapped[datetime | None]


class AttachmentIntent(Base):
    """A file that is about to be in the store without a row of its own; whoever dies in between leaves this behind."""

    __tablename__ = "attachment_intents"
    __table_args__ = (Index("ix_attachment_intents_begun_at", "begun_at"),)

    key: Mapped[str] = mapped_column(primary_key=True)
    begun_at: Mapped[datetime]
