"""What is counted of a call, each definition once.

Grounds: GB/T 33358-2016 (government hotline service): a call is answered within 15 s of its arrival; the connection
rate is answered calls over calls that came in. The wait runs from the arrival at the PBX, because the citizen hears
ringing from then on; no menu stands before it.

| word | a call that ... |
| --- | --- |
| offered | a citizen placed to a number of the hotline; not one that was rejected because the number is not served |
| answered | is offered and a seat took |
| abandoned | is offered and ended without an answer, whoever gave up first |
| waiting | is offered, in a queue or ringing, and neither answered nor ended |
| answered within 15 s | is answered and waited at most 15,000 ms |

The share answered within 15 s is taken of all offered calls that are decided (answered or abandoned): whoever gave up
counts against it, however early. Thresholds for short calls and rolling windows belong to the rates, not to the record.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Protocol

from backend.kernel.clock import beijing

ANSWER_TARGET_MS = 15_000


class CountedCall(Protocol):
    """What the definitions need to know of a call."""

    @property
    def direction(self) -> str: ...
    @property
    def stage(self) -> str: ...
    @property
    def outcome(self) -> str | None: ...
    @property
    def answered_at(self) -> datetime | None: ...
    @property
    def wait_ms(self) -> int | None: ...


def offered(call: CountedCall) -> bool:
    """A citizen called the hotline."""
    return call.direction == "inbound" and call.outcome != "rejected"


def answered(call: CountedCall) -> bool:
    """A seat took the citizen's call."""
    return offered(call) and call.answered_at is not None


def abandoned(call: CountedCall) -> bool:
    """The citizen's call ended and no seat had taken it."""
    return offered(call) and call.stage == "ended" and call.answered_at is None


def waiting(call: CountedCall) -> bool:
    """The citizen hears ringing and nobody has answered yet."""
    return offered(call) and call.stage in ("queued", "ringing")


def answered_in_target(call: CountedCall) -> bool:
    """A seat took the citizen's call within 15 s."""
    return answered(call) and call.wait_ms is not None and call.wait_ms <= ANSWER_TARGET_MS


def share(part: int, whole: int) -> float | None:
    """`part` of `whole` as 0..1; None where there is nothing to take a share of."""
    return part / whole if whole else None


def elapsed_ms(start: datetime, end: datetime) -> int:
    """Whole milliseconds from `start` to `end`, never below 0."""
    return max(0, (end - start) // timedelta(milliseconds=1))


def day_start(moment: datetime) -> datetime:
    """Midnight in Beijing of the day that `moment` falls on."""
    return beijing(moment).replace(hour=0, minute=0, second=0, microsecond=0)
