"""Looks for what a crash may have left undone."""

from __future__ import annotations

from datetime import datetime, timedelta

from backend.calls import repository
from backend.calls.recordings import STORE_RECORDING, TRANSCRIBE_CALL, job_at, job_key
from backend.kernel.database import Transaction
from telephony.names import DEFAULT_HOST

OVERDUE_AFTER = timedelta(minutes=1)
AT_ONCE = 500


async def sweep(tx: Transaction, now: datetime) -> int:
    """Ask again for the recordings and transcripts that are overdue; returns for how many.

    A job that still waits or runs is not doubled, so asking once too often does nothing.
    """
    overdue = await repository.unfinished(tx, now - OVERDUE_AFTER, AT_ONCE)
    for call_id, host, recording_state in overdue:
        job, place = (STORE_RECORDING, host) if recording_state == "pending" else (TRANSCRIBE_CALL, DEFAULT_HOST)
        await tx.enqueue(job_at(job, place), {"call_id": call_id}, dedupe_key=job_key(job, call_id))
    return len(overdue)
