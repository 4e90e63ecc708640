"""Parked jobs: what was given up after several attempts, for a person to look at and to start again.

PgQueuer holds such a job in its queue with the status "failed" and what it said last in its log.
"""

from __future__ import annotations

import json
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import text

from backend.kernel.database import Transaction
from backend.kernel.errors import HotlineError


class JobNotParked(HotlineError):
    """A job that was to be started again is not parked (any more)."""


@dataclass(frozen=True, slots=True)
class ParkedJob:
    """One job that was given up: what it was to work on, when it was asked for, what it said last, and the name of that
    error."""

    job_id: int
    kind: str
    payload: dict[str, Any]
    enqueued_at: datetime
    reason: str
    error: str


_PARKED = text(
    """
    SELECT job.id, job.entrypoint, job.payload, job.created, said.traceback
    FROM pgqueuer AS job
    LEFT JOIN LATERAL (
        SELECT log.traceback FROM pgqueuer_log AS log
        WHERE log.job_id = job.id AND log.traceback IS NOT NULL ORDER BY log.id DESC LIMIT 1
    ) AS said ON true
    WHERE job.status = 'failed' ORDER BY job.id LIMIT :most
    """
)
_TAKE = text(
    "DELETE FROM pgqueuer WHERE status = 'failed' AND id = ANY(:ids)"
    " RETURNING id, entrypoint, payload, priority, dedupe_key"
)


async def parked_jobs(tx: Transaction, *, most: int = 200) -> list[ParkedJob]:
    """The jobs that wait for a person, the oldest first."""
    rows = await tx.session.execute(_PARKED, {"most": most})
    return [
        ParkedJob(row.id, row.entrypoint, json.loads(row.payload or b"{}"), row.created, *_said_last(row.traceback))
        for row in rows
    ]


async def start_again(tx: Transaction, job_ids: Collection[int]) -> None:
    """Enqueue these parked jobs as new ones, so that their attempts are counted from the first again.

    Raises `JobNotParked` and starts none when one of them is not parked.
    """
    taken = (await tx.session.execute(_TAKE, {"ids": sorted(job_ids)})).all()
    missing = set(job_ids) - {row.id for row in taken}
    if missing:
        raise JobNotParked(
            f"Not parked: {', '.join(map(str, sorted(missing)))}.",
            kept="No job was started.",
            next_step="`hotline jobs list` shows those that are.",
        )
    for row in taken:
        payload = json.loads(row.payload or b"{}")
        await tx.enqueue(row.entrypoint, payload, dedupe_key=row.dedupe_key, priority=row.priority)


def _said_last(record: dict[str, Any] | str | None) -> tuple[str, str]:
    """The last line of what PgQueuer kept of the failure, which is the error itself, and what it is called."""
    if record is None:
        return "", ""
    kept = json.loads(record) if isinstance(record, str) else record
    said = str(kept.get("exception_message") or kept.get("traceback") or "").strip().rpartition("\n")[2]
    return said, str(kept.get("exception_type") or "")
