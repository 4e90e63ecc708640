"""How a recording is asked to be heard, and which of those that wait are heard first."""

from __future__ import annotations

from enum import IntEnum

from backend.kernel.database import Transaction

TRANSCRIBE_CALL = "transcribe_call"
LOW_SCORE = 3
"""A citizen who scored a talk with this key or a higher one was not content (1 is best)."""


class HearingOrder(IntEnum):
    """The priority of a recording in the queue: complaints and low scores go first, new hearings of what has a text
    already come last."""

    FIRST = 10
    NORMAL = 0
    AGAIN = -10


def order_of(score: int | None, *, again: bool = False) -> HearingOrder:
    """Where a recording comes in the queue, by the citizen's score and whether it has been heard before."""
    if again:
        return HearingOrder.AGAIN
    return HearingOrder.FIRST if score is not None and score >= LOW_SCORE else HearingOrder.NORMAL


async def ask_to_hear(tx: Transaction, call_id: str, order: HearingOrder) -> None:
    """Enqueue the transcription of a call, unless it waits or runs already."""
    await tx.enqueue(TRANSCRIBE_CALL, {"call_id": call_id}, dedupe_key=hearing_key(call_id), priority=order)


def hearing_key(call_id: str) -> str:
    """What makes two transcriptions the same job."""
    return f"{TRANSCRIBE_CALL}:{call_id}"
