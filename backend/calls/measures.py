"""What is counted of a call, and every rate made of it, each definition once.

Grounds: GB/T 33358-2016 (government hotline service): a call is answered within 15 s of its arrival; the connection
rate is answered calls over calls that came in, at least 95 % in any 24 h. The wait runs from the arrival at the PBX,
because the citizen hears ringing from then on; no menu stands before it. What the standard leaves open follows the
usual terms of call centres (COPC, ISO 18295-1): average speed of answer, handling time, occupancy, short calls.

| word | a call that ... |
| --- | --- |
| offered | a citizen placed to a number of the hotline; not one that was rejected because the number is not served. |
| | One that went over several PBX hosts is offered once (`Call.counted`), with its whole wait |
| answered | is offered and a seat took |
| unanswered | is offered and ended without an answer, whoever gave up first |
| waiting | is offered and in a queue, while no seat rings for it |
| decided | is answered or unanswered |
| answered within 15 s | is answered and waited at most 15,000 ms |
| short | is unanswered and ended before the short-call threshold (`hall.short_call_seconds`): a slip of the finger |
| callback asked for | is unanswered, and its caller pressed the key for a callback while waiting |
| abandoned | is unanswered, not short, and no callback was asked for |
| of a queue | was in it last; one that the seat of its open case took first is of the queue that its number leads to |
| on hold | is part of the talk of the seat that holds it, for as long as that lasts |

`MEASURES` are the rates themselves, as the screen explains them.
"""

from __future__ import annotations

from dataclasses import dataclass
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
    def counted(self) -> bool: ...
    @property
    def answered_at(self) -> datetime | None: ...
    @property
    def wait_ms(self) -> int | None: ...


def offered(call: CountedCall) -> bool:
    """A citizen called the hotline."""
    return call.direction == "inbound" and call.outcome != "rejected" and call.counted


def answered(call: CountedCall) -> bool:
    """A seat took the citizen's call."""
    return offered(call) and call.answered_at is not None


def unanswered(call: CountedCall) -> bool:
    """The citizen's call ended and no seat had taken it."""
    return offered(call) and call.stage == "ended" and call.answered_at is None


def waiting(call: CountedCall) -> bool:
    """The citizen waits in a queue and no seat's telephone rings yet."""
    return offered(call) and call.stage == "queued"


def answered_in_target(call: CountedCall) -> bool:
    """A seat took the citizen's call within 15 s."""
    return answered(call) and call.wait_ms is not None and call.wait_ms <= ANSWER_TARGET_MS


def short(call: CountedCall, threshold_ms: int) -> bool:
    """Nobody took the call, and the citizen did not wait long enough for anybody to do so."""
    return unanswered(call) and call.wait_ms is not None and call.wait_ms < threshold_ms


def share(part: int, whole: int) -> float | None:
    """`part` of `whole` as 0..1; None where there is nothing to take a share of."""
    return part / whole if whole else None


def elapsed_ms(start: datetime, end: datetime) -> int:
    """Whole milliseconds from `start` to `end`, never below 0."""
    return max(0, (end - start) // timedelta(milliseconds=1))


def day_start(moment: datetime) -> datetime:
    """Midnight in Beijing of the day that `moment` falls on."""
    return beijing(moment).replace(hour=0, minute=0, second=0, microsecond=0)


@dataclass(frozen=True, slots=True)
class Measure:
    """One rate: how it is formed and where that comes from, in the two languages of the screen."""

    key: str
    zh: str
    en: str
    source: str


_STANDARD, _TRADE = "GB/T 33358-2016", "ISO 18295-1 / COPC"

MEASURES: tuple[Measure, ...] = (
    Measure(
        "within_target",
        "15 秒内接起的来电 ÷ 已有结果的来电（已接起＋未接起）。等待从电话到达交换机算起；放弃得再早也算在分母里。",
        "Calls answered within 15 s ÷ calls decided (answered or not). The wait runs from the arrival at the exchange; "
        "whoever gave up counts, however early.",
        _STANDARD,
    ),
    Measure(
        "connection",
        "已接起的来电 ÷ 已有结果的来电。任何 24 小时内应不低于 95%。",
        "Calls answered ÷ calls decided. At least 95 % in any 24 h.",
        _STANDARD,
    ),
    Measure(
        "abandonment",
        "主叫放弃 ÷ 已有结果的来电，两者都不含短呼（在短呼时限内自行挂断的来电）；排队时按键约了回拨的不算放弃。",
        "Abandoned calls ÷ calls decided, both without short calls (given up before the short-call threshold). Whoever "
        "asked in the queue to be called back has not abandoned.",
        _TRADE,
    ),
    Measure(
        "speed_of_answer",
        "已接起来电的等待时长之和 ÷ 已接起的来电。",
        "Sum of the waits of answered calls ÷ calls answered.",
        _TRADE,
    ),
    Measure(
        "talk",
        "通话时长之和（不含保持）÷ 通话数。",
        "Sum of talk time without hold ÷ calls answered.",
        _TRADE,
    ),
    Measure("hold", "保持时长之和 ÷ 通话数。", "Sum of time on hold ÷ calls answered.", _TRADE),
    Measure(
        "wrap_up",
        "话后整理时长之和 ÷ 通话数。",
        "Sum of wrap-up time ÷ calls answered.",
        _TRADE,
    ),
    Measure(
        "handling",
        "（通话＋保持＋话后整理）÷ 通话数。",
        "(Talk + hold + wrap-up) ÷ calls answered.",
        _TRADE,
    ),
    Measure(
        "longest_wait",
        "已有结果的来电中等待最久的一个，无论是否接起。",
        "The longest wait of any call decided, answered or not.",
        _TRADE,
    ),
    Measure(
        "occupancy",
        "（外呼等待＋通话＋保持＋话后整理）÷ 在岗时长。在岗为就绪、振铃、外呼、通话、话后整理，不含示忙和离席。",
        "(Dialling + talk + hold + wrap-up) ÷ time on duty: ready, ringing, dialling, talk and wrap-up, no pauses.",
        _TRADE,
    ),
)
