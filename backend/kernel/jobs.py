"""Jobs: enqueued in the caller's transaction, run by any worker on any machine, parked when they keep failing.

PgQueuer does the work. It takes over the job of a worker that died, but does not count that as an attempt; so a job
that kills its worker each time would go round for ever. Before a job runs, its picks are counted in PgQueuer's own
log. A job that failed as often as its kind allows, or whose workers died once too often, is parked with the reason,
where `hotline jobs list` shows it (`backend.kernel.parked`).
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, cast

import psycopg
import structlog
from pgqueuer.adapters.persistence.queries import Queries
from pgqueuer.errors import FailingListenerError, RetryRequested
from pgqueuer.models import Job
from pgqueuer.qm import QueueManager
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession

from backend.kernel.errors import HotlineError
from backend.kernel.queue_drivers import ListeningDriver, TransactionDriver
from backend.kernel.urls import driver_url

log = structlog.get_logger(__name__)

MAX_DEATHS = 5
"""How many workers may die over a job before it is parked, unless its kind says otherwise."""

INNOCENT_DEATHS = 20
"""The same for jobs that cannot end their worker by themselves: what it died of was somebody else's doing."""

RETRY_AFTER = (timedelta(seconds=1), timedelta(seconds=5), timedelta(seconds=30), timedelta(minutes=2))
"""How long a job rests after each failure, unless its kind says otherwise; the failure after these parks it."""

_LOOK_AGAIN = timedelta(seconds=0.5)
"""How often a worker that is full looks for more although it is told when a job ends: it may have missed that."""

_LONGEST_DETAIL = 300
WAITS = "waits: "
"""How the reason of a retry begins that is no failure."""

Handler = Callable[[dict[str, Any]], Awaitable[None]]


class JobParked(HotlineError):
    """A job whose workers died over it too often; held for a person to look at."""


class JobFailed(HotlineError):
    """A job failed by something that has no name among our errors; `facts` have what it is called and said."""


def named(error: Exception) -> HotlineError:
    """The error as one that can be kept and told in the language of a screen."""
    if isinstance(error, HotlineError):
        return error
    kind, said = type(error).__name__, str(error)
    return JobFailed(f"{kind}: {said}", facts={"error": kind, "detail": said[:_LONGEST_DETAIL]})


@dataclass(frozen=True, slots=True)
class JobKind:
    """What a worker does for one kind of job.

    `at_once` limits how many run at the same time in all workers (0: no limit). `on_parked` is told the payload and
    the error when a job is given up, so that the thing it worked on can say so instead of waiting for ever. `rests`
    and `deaths` stand instead of RETRY_AFTER and MAX_DEATHS. Errors of the kinds in `waits_for` say that what the job
    needs is away, and nothing of the thing it works on: they do not count as failures, and the job waits.
    """

    name: str
    handler: Handler
    at_once: int = 0
    on_parked: Callable[[dict[str, Any], HotlineError], Awaitable[None]] | None = None
    rests: tuple[timedelta, ...] | None = None
    deaths: int | None = None
    waits_for: tuple[type[HotlineError], ...] = ()


@dataclass(frozen=True, slots=True)
class _Past:
    """What became of a job so far: how often it failed, waited for something, and lost its worker."""

    failures: int
    waits: int
    deaths: int


async def enqueue(
    connection: AsyncConnection,
    job: str,
    payload: Mapping[str, Any],
    *,
    dedupe_key: str | None = None,
    priority: int = 0,
    after: timedelta | None = None,
) -> None:
    """Enqueue in the transaction that `connection` is in; see `Transaction.enqueue`."""
    raw = await connection.get_raw_connection()
    driver = cast("psycopg.AsyncConnection[Any]", raw.driver_connection)
    await enqueue_on(driver, job, payload, dedupe_key=dedupe_key, priority=priority, after=after)


async def enqueue_on(
    connection: psycopg.AsyncConnection[Any],
    job: str,
    payload: Mapping[str, Any],
    *,
    dedupe_key: str | None = None,
    priority: int = 0,
    after: timedelta | None = None,
) -> None:
    """The same in the transaction of a psycopg connection."""
    queries = Queries(TransactionDriver(connection))
    written = json.dumps(dict(payload)).encode()
    await queries.enqueue(
        job, written, priority=priority, execute_after=after, dedupe_key=dedupe_key, on_conflict="skip"
    )


_FORGET_DONE = (
    # of a job that still stands in the queue the picks are counted, and why it was parked is shown
    text(
        "DELETE FROM pgqueuer_log WHERE id IN (SELECT log.id FROM pgqueuer_log AS log WHERE log.created < :before"
        " AND log.aggregated AND NOT EXISTS (SELECT 1 FROM pgqueuer AS job WHERE job.id = log.job_id)"
        " ORDER BY log.id LIMIT :most)"
    ),
    text(
        "DELETE FROM pgqueuer_statistics WHERE id IN"
        " (SELECT id FROM pgqueuer_statistics WHERE created < :before ORDER BY id LIMIT :most)"
    ),
)


async def forget_done(session: AsyncSession, before: datetime, *, most: int = 50_000) -> None:
    """Drop what was noted before this moment of jobs that are done; PgQueuer itself keeps it for ever."""
    for forget in _FORGET_DONE:
        await session.execute(forget, {"before": before, "most": most})


async def run_worker(
    database_url: str,
    kinds: list[JobKind],
    *,
    stop: asyncio.Event,
    heartbeat_timeout: timedelta = timedelta(seconds=30),
    max_at_once: int = 8,
) -> None:
    """Take and run jobs until `stop` is set. Raises psycopg's errors or OSError when the database goes away.

    `max_at_once` (at least 2) counts what this worker holds: what runs, and what was fetched to run next.
    """
    async with await _connected(database_url) as notices, await _connected(database_url) as connection:
        queries = Queries(ListeningDriver(notices, connection))
        manager = QueueManager(queries)
        manager.min_dequeue_poll_interval = _LOOK_AGAIN
        for kind in kinds:
            manager.entrypoint(kind.name, concurrency_limit=kind.at_once, on_failure="hold")(_guarded(queries, kind))
        stopper = asyncio.create_task(_stop_manager(manager, stop))
        try:
            await manager.run(
                dequeue_timeout=timedelta(seconds=5),
                batch_size=max_at_once // 2,
                max_concurrent_tasks=max_at_once,
                heartbeat_timeout=heartbeat_timeout,
                shutdown_on_listener_failure=True,
            )
        except FailingListenerError as error:
            # also a machine that stood still for so long: the worker begins anew, and does not end over it
            raise ConnectionError("What the database was asked to tell this worker did not come back.") from error
        finally:
            stopper.cancel()


async def _connected(database_url: str) -> psycopg.AsyncConnection[Any]:
    return await psycopg.AsyncConnection.connect(
        driver_url(database_url), autocommit=True, application_name="hotline worker"
    )


async def _stop_manager(manager: QueueManager, stop: asyncio.Event) -> None:
    await stop.wait()
    manager.shutdown.set()


def _guarded(queries: Queries, kind: JobKind) -> Callable[[Job], Awaitable[None]]:
    rests = RETRY_AFTER if kind.rests is None else kind.rests
    most_deaths = MAX_DEATHS if kind.deaths is None else kind.deaths

    async def run(job: Job) -> None:
        payload = json.loads(job.payload or b"{}")
        try:
            past = await _past(queries, job)
        except psycopg.Error as error:
            raise RetryRequested(delay=RETRY_AFTER[0], reason=str(error)) from error
        failures = past.failures
        try:
            if past.deaths >= most_deaths:
                failures = len(rests)
                raise JobParked(
                    f"Started {past.deaths} times without an end: its worker died each time.",
                    facts={"deaths": str(past.deaths)},
                )
            await kind.handler(payload)
        except kind.waits_for as error:
            log.error("a job waits", job=kind.name, job_id=int(job.id), waits=past.waits + 1, error=str(error))
            rest = rests[min(past.waits, len(rests) - 1)]
            raise RetryRequested(delay=rest, reason=f"{WAITS}{error.name}: {error.message}") from error
        except Exception as error:
            log.exception("job failed", job=kind.name, job_id=int(job.id), failures=failures + 1, deaths=past.deaths)
            if failures >= len(rests):
                told = named(error)
                if kind.on_parked is not None:
                    await kind.on_parked(payload, told)
                raise told from error
            raise RetryRequested(delay=rests[failures], reason=str(error)) from error

    return run


async def _past(queries: Queries, job: Job) -> _Past:
    # not by PgQueuer's own `job_log_history`: that cannot read an entry that holds a traceback, as every retry leaves
    log_table = queries.qbq.qualified.queue_table_log
    query = (
        "SELECT count(*) FILTER (WHERE status = 'picked') AS picks, count(*) FILTER (WHERE status = 'queued'"  # noqa: S608
        " AND starts_with(traceback->'additional_context'->>'reason', $2::text)) AS waits"
        f" FROM {log_table} WHERE job_id = $1::bigint"
    )
    (row,) = await queries.driver.fetch(query, job.id, WAITS)
    picks, waits = cast("int", row["picks"]), cast("int", row["waits"])
    # PgQueuer counts each retry as an attempt; a worker that died left none
    return _Past(failures=max(0, job.attempts - waits), waits=waits, deaths=max(1, picks) - 1 - job.attempts)
