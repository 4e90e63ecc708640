"""The table of orders to the PBX."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from backend.kernel.database import Base


class PbxOrder(Base):
    """One order. `order_id` is the request id of whoever gave it, so that the same request orders once.

    `payload` is the typed order (`telephony.order`) as JSON; `call_id` and `seat` repeat what it names.
    `taken_by` is the process that took it; a process takes an order before it sends anything to the PBX.
    """

    __tablename__ = "pbx_orders"
    __table_args__ = (
        CheckConstraint("state IN ('ordered', 'taken', 'done', 'failed', 'unknown', 'expired')", name="state"),
        CheckConstraint("(state IN ('ordered', 'taken')) = (ended_at IS NULL)", name="ended"),
        CheckConstraint("(taken_by IS NULL) = (taken_at IS NULL)", name="taken"),
        CheckConstraint("state <> 'taken' OR taken_at IS NOT NULL", name="taken_by_somebody"),
        Index("ix_pbx_orders_open", "host", "ordered_at", postgresql_where=text("ended_at IS NULL")),
        Index("ix_pbx_orders_call_id", "call_id", postgresql_where=text("call_id IS NOT NULL")),
    )

    order_id: Mapped[UUID] = mapped_column(primary_key=True)
    host: Mapped[str]
    kind: Mapped[str]
    payload: Mapped[dict[str, Any]]
    call_id: Mapped[str | None]
    seat: Mapped[str | None]
    state: Mapped[str]
    ordered_by_id: Mapped[UUID] = mapped_column(ForeignKey("users.user_id"))
    ordered_by: Mapped[str]
    ordered_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    taken_by: Mapped[str | None]
    taken_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    problem: Mapped[dict[str, Any] | None]
