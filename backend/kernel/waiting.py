"""Jobs that wait: how many of a kind under which priority and since when; and letting some of them go first."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import text

from backend.kernel.database import Transaction
from backend.kernel.jobs import WAITS


@dataclass(frozen=True, slots=True)
class WaitingJobs:
    """The jobs of one kind and priority: how many wait and since when the oldest does, and how many run."""

    priority: int
    waiting: int
    running: int
    oldest_at: datetime | None


@dataclass(frozen=True, slots=True)
class Away:
    """What jobs need and did not find, by the name of the error and its words."""

    at: datetime
    error: str
    reason: str


_BY_PRIORITY = text(
    """
    SELECT priority,
        count(*) FILTER (WHERE status = 'queued') AS waiting,
        count(*) FILTER (WHERE status = 'picked') AS running,
        min(created) FILTER (WHERE status = 'queued') AS oldest_at
    FROM pgqueuer WHERE entrypoint = :kind AND status IN ('queued', 'picked') GROUP BY priority ORDER BY priority DESC
    """
)
_RAISE = text(
    "UPDATE pgqueuer SET priority = :priority"
    " WHERE status = 'queued' AND dedupe_key = ANY(:keys) AND priority >= :from AND priority < :priority"
)
_WAITS_FOR = text(
    """
    SELECT log.created, log.traceback->'additional_context'->>'reason' AS reason
    FROM pgqueuer AS job JOIN pgqueuer_log AS log ON log.job_id = job.id
    WHERE job.status = 'queued' AND job.attempts > 0 AND job.execute_after > now()
      AND split_part(job.entrypoint, '@', 1) = ANY(:kinds)
      AND log.status = 'queued' AND starts_with(log.traceback->'additional_context'->>'reason', :begin)
    ORDER BY log.id DESC LIMIT 1
    """
)
_FORGET_PARKED = text("DELETE FROM pgqueuer WHERE status = 'failed' AND dedupe_key = ANY(:keys)")


async def waiting_by_priority(tx: Transaction, kind: str) -> list[WaitingJobs]:
    """The jobs of a kind, those that go first first."""
    rows = await tx.session.execute(_BY_PRIORITY, {"kind": kind})
    return [WaitingJobs(row.priority, row.waiting, row.running, row.oldest_at) for row in rows]


async def what_is_away(tx: Transaction, kinds: Collection[str]) -> Away | None:
    """What the last of the jobs of these kinds that rest did not find, if they rest for that."""
    row = (await tx.session.execute(_WAITS_FOR, {"kinds": sorted(kinds), "begin": WAITS})).one_or_none()
    if row is None:
        return None
    error, _, reason = row.reason.removeprefix(WAITS).partition(": ")
    return Away(row.created, error, reason)


async def let_go_first(tx: Transaction, dedupe_keys: Collection[str], priority: int, *, least: int = 0) -> int:
    """Raise those of these jobs that still wait with a priority of at least `least`; returns how many that were."""
    if not dedupe_keys:
        return 0
    done = await tx.session.execute(_RAISE, {"keys": sorted(dedupe_keys), "priority": priority, "from": least})
    return int(done.rowcount)  # type: ignore[attr-defined]


async def forget_parked(tx: Transaction, dedupe_keys: Collection[str]) -> None:
    """Drop parked jobs, because what they were to do is asked for anew."""
    await tx.session.execute(_FORGET_PARKED, {"keys": sorted(dedupe_keys)})
