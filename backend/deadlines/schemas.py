"""Clocks as the console shows them."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from backend.deadlines.clocks import LimitKind
from backend.kernel.schemas import Schema


class ClockName(StrEnum):
    """Which clock of a case: until its dispatch 派遣, until its report back 反馈, or the handling of one task 处置."""

    DISPATCH = "dispatch"
    FEEDBACK = "feedback"
    HANDLING = "handling"


class ClockState(StrEnum):
    """How a clock stands or ended. `canceled`: what it was for is moot."""

    RUNNING = "running"
    MET = "met"
    MISSED = "missed"
    CANCELED = "canceled"


class ClockView(Schema):
    """A clock. `part` is 0 for the case itself, n for its n-th task; `used_percent` is of all its time
    and may exceed 100; `paused_until` is when a pause that goes on now ends by itself.
    `exempted`: it ran out, but statistics do not count it.
    """

    name: ClockName
    part: int
    state: ClockState
    started_at: datetime
    due_at: datetime
    limit_kind: LimitKind
    limit_amount: int
    used_percent: int
    extended: bool
    paused_until: datetime | None
    ended_at: datetime | None
    exempted: bool
