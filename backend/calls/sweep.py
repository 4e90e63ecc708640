"""Looks for what a crash may have left undone."""

from __future__ import annotations

from datetime import datetime, timedelta

from backend.calls import repository
from backend.calls.hearing import ask_to_hear, order_of
from backend.calls.recordings import ask_to_store
from backend.kernel.database import Transaction

OVERDUE_AFTER = timedelta(minutes=1)
AT_ONCE = 500


async def sweep(tx: Transaction, now: datetime) -> int:
    """Ask again for the recordings and transcripts that are overdue; returns for how many.

    A job that still waits or runs is not doubled, so asking once too often does nothing.
    """
    overdue = await repository.unfinished(tx, now - OVERDUE_AFTER, AT_ONCE)
    for call_id, host, recording_state, score, again in overdue:
        if recording_state == "pending":
            await ask_to_store(tx, call_id, host)
        else:
            await ask_to_hear(tx, call_id, order_of(score, again=again))
    return len(overdue)
