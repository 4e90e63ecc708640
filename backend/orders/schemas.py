"""Orders as the console that gave them sees them."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from backend.kernel.schemas import Problem, Schema


class OrderState(StrEnum):
    """Where an order to the PBX stands. `unknown`: it may have been carried out, and is never repeated."""

    ORDERED = "ordered"
    TAKEN = "taken"
    DONE = "done"
    FAILED = "failed"
    UNKNOWN = "unknown"
    EXPIRED = "expired"


class OrderView(Schema):
    """An order without its content, which may hold a citizen's number.

    `problem` says what went wrong and what to do, in every end but `done`.
    """

    order_id: UUID
    kind: str
    state: OrderState
    call_id: str | None
    seat: str | None
    ordered_at: datetime
    ended_at: datetime | None
    problem: Problem | None
