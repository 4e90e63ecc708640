"""What is to be heard first becomes known after the call: its score, and the case that was filed for it.

Looked for again and again rather than told, so that nothing is lost between the call, its recording and its case.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from backend.calls.hearing import HearingOrder, hearing_key
from backend.kernel.database import Transaction
from backend.kernel.waiting import let_go_first
from backend.recognition import repository

_LOOKED_BACK = timedelta(days=3)


async def hasten(tx: Transaction, complaint_classes: Sequence[str], now: datetime) -> int:
    """Let those that wait go first whose citizen complained or was not content; returns how many moved up.

    What is being heard for the second time keeps its place behind all others.
    """
    since = now - _LOOKED_BACK
    calls = await repository.discontent_waiting(tx, since)
    if complaint_classes:
        calls += await repository.complaints_waiting(tx, complaint_classes, since)
    return await let_go_first(tx, set(map(hearing_key, calls)), HearingOrder.FIRST, least=HearingOrder.NORMAL)
