"""Jobs on a real PostgreSQL: enqueued with the work they follow from, retried, taken over, parked."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest
from pgqueuer.errors import FailingListenerError
from pgqueuer.qm import QueueManager
from sqlalchemy import text

from backend.app.schema import upgrade_schema
from backend.kernel import clock, jobs
from backend.kernel.database import Database, DatabaseAway, events_table
from backend.kernel.errors import HotlineError, Unavailable
from backend.kernel.jobs import JobKind, forget_done, run_worker
from backend.kernel.parked import JobNotParked, parked_jobs, start_again
from backend.kernel.postgres import PrivatePostgres

pytestmark = pytest.mark.integration

QUICK_BEAT = timedelta(seconds=1)
"""How soon a silent worker is taken for dead, where a job may be done twice: a live one that is as late counts as dead
too."""


@dataclass
class Diary:
    """What a worker did; `on_run` may fail it."""

    ran: list[dict[str, Any]] = field(default_factory=list)
    parked: list[tuple[dict[str, Any], HotlineError]] = field(default_factory=list)
    on_run: Callable[[dict[str, Any]], Awaitable[None]] | None = None

    async def run(self, payload: dict[str, Any]) -> None:
        self.ran.append(payload)
        if self.on_run is not None:
            await self.on_run(payload)

    async def park(self, payload: dict[str, Any], reason: HotlineError) -> None:
        self.parked.append((payload, reason))

    def kind(self, name: str = "work", **options: Any) -> JobKind:
        return JobKind(name, self.run, on_parked=self.park, **options)

    async def until(self, condition: Callable[[], bool]) -> None:
        async with asyncio.timeout(60):
            while not condition():
                await asyncio.sleep(0.02)


@asynccontextmanager
async def working(database: Database, *kinds: JobKind) -> AsyncIterator[None]:
    """A worker for the time of the block."""
    stop = asyncio.Event()
    worker = asyncio.create_task(run_worker(database.url, list(kinds), stop=stop))
    yield
    stop.set()
    await worker


async def enqueue(database: Database, payload: dict[str, Any], **options: Any) -> None:
    async with database.transaction() as tx:
        await tx.enqueue("work", payload, **options)


async def waiting(database: Database) -> list[str]:
    """The status of every job that stands in the queue."""
    async with database.transaction() as tx:
        return list((await tx.session.execute(text("SELECT status::text FROM pgqueuer ORDER BY id"))).scalars())


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Failed jobs are tried again soon."""
    monkeypatch.setattr(jobs, "RETRY_AFTER", (timedelta(milliseconds=200),) * 4)


async def test_a_job_runs_once_with_what_it_was_given(database: Database) -> None:
    diary = Diary()
    await enqueue(database, {"call_id": "c1", "text": "电梯 𠮷"})
    async with working(database, diary.kind()):
        await diary.until(lambda: len(diary.ran) == 1)
        await enqueue(database, {"call_id": "c2"})
        await diary.until(lambda: len(diary.ran) == 2)
    assert diary.ran == [{"call_id": "c1", "text": "电梯 𠮷"}, {"call_id": "c2"}]
    assert await waiting(database) == []


async def test_state_events_and_jobs_are_rolled_back_together(database: Database) -> None:
    with suppress(InterruptedError):
        async with database.transaction() as tx:
            await tx.enqueue("work", {"call_id": "c1"})
            tx.emit("told", entity="c1", audience=["all"], payload={})
            await tx.flush_events()
            raise InterruptedError
    async with database.transaction() as tx:
        assert (await tx.session.execute(events_table.select())).all() == []
    assert await waiting(database) == []


async def test_the_same_key_does_not_double_a_job_that_waits(database: Database) -> None:
    diary = Diary()
    for n in range(3):
        await enqueue(database, {"n": n}, dedupe_key="store:c1")
    await enqueue(database, {"n": "other"}, dedupe_key="store:c2")
    async with working(database, diary.kind()):
        await diary.until(lambda: len(diary.ran) == 2)
    assert [each["n"] for each in diary.ran] == [0, "other"]
    await enqueue(database, {"n": "again"}, dedupe_key="store:c1")
    assert await waiting(database) == ["queued"]


async def test_a_job_that_fails_is_tried_again(database: Database) -> None:
    async def fail_twice(_: dict[str, Any]) -> None:
        if len(diary.ran) < 3:
            raise ConnectionError("not yet")

    diary = Diary(on_run=fail_twice)
    await enqueue(database, {"call_id": "c1"})
    async with working(database, diary.kind()):
        await diary.until(lambda: len(diary.ran) == 3)
    assert diary.parked == []
    assert await waiting(database) == []


async def test_a_job_that_keeps_failing_is_parked_and_its_owner_told_once(database: Database) -> None:
    async def fail(_: dict[str, Any]) -> None:
        raise ConnectionError("the store is full")

    diary = Diary(on_run=fail)
    healthy = Diary()
    await enqueue(database, {"call_id": "c1"})
    async with working(database, diary.kind(), healthy.kind("other")):
        await diary.until(lambda: bool(diary.parked))
        async with database.transaction() as tx:
            await tx.enqueue("other", {"call_id": "c2"})
        await healthy.until(lambda: len(healthy.ran) == 1)
    assert len(diary.ran) == len(jobs.RETRY_AFTER) + 1
    ((payload, reason),) = diary.parked
    assert (payload, reason.name) == ({"call_id": "c1"}, "JobFailed")
    assert reason.facts == {"error": "ConnectionError", "detail": "the store is full"}
    assert await waiting(database) == ["failed"]


async def test_a_parked_job_says_why_and_is_started_again_as_a_new_one(database: Database) -> None:
    async def fail(_: dict[str, Any]) -> None:
        raise ConnectionError("the store is full")

    diary = Diary(on_run=fail)
    await enqueue(database, {"call_id": "c1"}, dedupe_key="work:c1", priority=7)
    async with working(database, diary.kind()):
        await diary.until(lambda: bool(diary.parked))
    async with database.transaction() as tx:
        [parked] = await parked_jobs(tx)
    assert (parked.kind, parked.payload) == ("work", {"call_id": "c1"})
    assert (parked.error, parked.reason) == ("JobFailed", "ConnectionError: the store is full")
    with pytest.raises(JobNotParked):
        async with database.transaction() as tx:
            await start_again(tx, [parked.job_id, 999_999])
    assert await waiting(database) == ["failed"]
    async with database.transaction() as tx:
        await start_again(tx, [parked.job_id])
    diary.on_run = None
    async with working(database, diary.kind()):
        await diary.until(lambda: len(diary.ran) == len(jobs.RETRY_AFTER) + 2)
    assert await waiting(database) == []
    assert len(diary.parked) == 1


async def test_what_was_noted_of_done_jobs_is_dropped_and_parked_ones_still_say_why(database: Database) -> None:
    async def fail_for_one(payload: dict[str, Any]) -> None:
        if payload["n"] == 1:
            raise ConnectionError("the store is full")

    diary = Diary(on_run=fail_for_one)
    for n in range(3):
        await enqueue(database, {"n": n})
    async with working(database, diary.kind(rests=())):
        await diary.until(lambda: len(diary.ran) == 3 and bool(diary.parked))
    logged = text("SELECT count(DISTINCT job_id) FROM pgqueuer_log")
    async with database.transaction() as tx:
        await tx.session.execute(text("UPDATE pgqueuer_log SET aggregated = true"))
        await forget_done(tx.session, clock.now() - timedelta(days=1))
        assert (await tx.session.execute(logged)).scalar_one() == 3
        await forget_done(tx.session, clock.now() + timedelta(days=1))
        assert (await tx.session.execute(logged)).scalar_one() == 1
        [parked] = await parked_jobs(tx)
    assert parked.reason == "ConnectionError: the store is full"


async def test_no_more_run_at_once_than_allowed(database: Database) -> None:
    running = most = 0

    async def slow(_: dict[str, Any]) -> None:
        nonlocal running, most
        running += 1
        most = max(most, running)
        await asyncio.sleep(0.02)
        running -= 1

    diary = Diary(on_run=slow)
    async with database.transaction() as tx:
        for n in range(12):
            await tx.enqueue("work", {"n": n})
    two = diary.kind(at_once=2)
    async with working(database, two), working(database, two):
        await diary.until(lambda: len(diary.ran) == 12 and running == 0)
    assert most <= 2
    assert sorted(each["n"] for each in diary.ran) == list(range(12))


_DOOMED = """
import asyncio, os, signal, sys
from backend.kernel.errors import HotlineError, Unavailable
from backend.kernel.jobs import JobKind, forget_done, run_worker

async def work(payload):
    print("taken", flush=True)
    if sys.argv[2] == "dies":
        os.kill(os.getpid(), signal.SIGKILL)
    await asyncio.sleep(3600)

asyncio.run(run_worker(sys.argv[1], [JobKind("work", work)], stop=asyncio.Event()))
"""


async def long_silent(database: Database) -> None:
    """Let the worker that has a job in hand, and is dead, have been silent for an hour."""
    async with database.transaction() as tx:
        silent = "UPDATE pgqueuer SET heartbeat = heartbeat - interval '1 hour' WHERE status = 'picked'"
        assert (await tx.session.execute(text(silent))).rowcount == 1  # type: ignore[attr-defined]


def doomed_worker(database: Database, how: str) -> subprocess.Popen[str]:
    return subprocess.Popen([sys.executable, "-c", _DOOMED, database.url, how], stdout=subprocess.PIPE, text=True)


async def test_the_job_of_a_killed_worker_is_taken_over(database: Database) -> None:
    diary = Diary()
    await enqueue(database, {"call_id": "c1"})
    worker = doomed_worker(database, "hangs")
    assert worker.stdout is not None
    assert await asyncio.to_thread(worker.stdout.readline) == "taken\n"
    os.kill(worker.pid, signal.SIGKILL)
    worker.wait()
    assert await waiting(database) == ["picked"]
    await long_silent(database)
    async with working(database, diary.kind()):
        await diary.until(lambda: len(diary.ran) == 1)
    assert diary.ran == [{"call_id": "c1"}]
    assert await waiting(database) == []


async def test_a_kind_of_job_may_be_given_up_sooner(database: Database) -> None:
    async def fail(_: dict[str, Any]) -> None:
        raise ConnectionError("the store is full")

    diary = Diary(on_run=fail)
    await enqueue(database, {"call_id": "c1"})
    async with working(database, diary.kind(rests=(timedelta(milliseconds=10),) * 2)):
        await diary.until(lambda: bool(diary.parked))
    assert len(diary.ran) == 3


class NetworkAway(Unavailable):
    """What the job needs is away."""


async def test_what_a_job_waits_for_is_no_failure_of_it(database: Database) -> None:
    waits, fails = 7, 3

    async def wait_long_then_fail(_: dict[str, Any]) -> None:
        if len(diary.ran) <= waits:
            raise NetworkAway("the store is away")
        raise ConnectionError("the recording is broken")

    diary = Diary(on_run=wait_long_then_fail)
    await enqueue(database, {"call_id": "c1"})
    rests = (timedelta(milliseconds=10),) * (fails - 1)
    async with working(database, diary.kind(rests=rests, deaths=1, waits_for=(NetworkAway,))):
        await diary.until(lambda: bool(diary.parked))
    assert len(diary.ran) == waits + fails
    ((_, reason),) = diary.parked
    assert reason.facts["detail"] == "the recording is broken"


async def test_a_job_that_kills_its_workers_is_parked_unopened(database: Database) -> None:
    diary = Diary()
    await enqueue(database, {"call_id": "c1"})
    for _ in range(2):
        assert await asyncio.to_thread(doomed_worker(database, "dies").wait) == -signal.SIGKILL
        await long_silent(database)
    async with working(database, diary.kind(deaths=2)):
        await diary.until(lambda: bool(diary.parked))
    assert diary.ran == []
    ((payload, reason),) = diary.parked
    assert payload == {"call_id": "c1"}
    assert (reason.name, reason.facts) == ("JobParked", {"deaths": "2"})
    assert await waiting(database) == ["failed"]


async def test_a_worker_that_stood_still_is_told_as_one_whose_database_is_away(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def nothing_came_back(*_: object, **__: object) -> None:
        raise FailingListenerError

    monkeypatch.setattr(QueueManager, "listener_healthy", nothing_came_back)
    with pytest.raises(ConnectionError):
        await run_worker(database.url, [Diary().kind()], stop=asyncio.Event())


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGKILL])
async def test_a_worker_outlives_its_database(how: signal.Signals) -> None:
    with tempfile.TemporaryDirectory(prefix="hotline-jobs-") as folder:
        Path(folder).chmod(0o755)
        server = PrivatePostgres(Path(folder))
        await upgrade_schema(server.start())
        database, diary, stop = Database(server.url), Diary(), asyncio.Event()
        lost: list[BaseException] = []

        async def work_on() -> None:
            while not stop.is_set():
                try:
                    await run_worker(database.url, [diary.kind()], stop=stop, heartbeat_timeout=QUICK_BEAT)
                except (psycopg.Error, OSError) as error:
                    lost.append(error)
                    await asyncio.sleep(0.05)

        worker = asyncio.create_task(work_on())
        await enqueue(database, {"n": 1})
        await diary.until(lambda: len(diary.ran) == 1)
        assert server.pid is not None
        os.kill(server.pid, how)
        server.wait()
        with pytest.raises(DatabaseAway):
            await enqueue(database, {"n": "lost"})
        server.start()
        await enqueue(database, {"n": 2})
        await diary.until(lambda: worker.done() or {"n": 2} in diary.ran)
        stop.set()
        await worker
        assert {"n": 2} in diary.ran
        assert lost
        await database.close()
        server.stop()


@pytest.mark.parametrize("listens", [True, False])
async def test_a_worker_that_lost_one_of_its_connections_begins_anew(database: Database, listens: bool) -> None:
    diary, stop = Diary(), asyncio.Event()
    worker = asyncio.create_task(run_worker(database.url, [diary.kind()], stop=stop))
    await enqueue(database, {"n": 1})
    await diary.until(lambda: len(diary.ran) == 1)
    end = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database()"
    end += " AND application_name = 'hotline worker' AND (query ~ 'LISTEN|pg_notify') = :listens"
    async with database.transaction() as tx:
        assert len((await tx.session.execute(text(end), {"listens": listens})).all()) == 1
    with pytest.raises((psycopg.Error, OSError)):  # for which the worker role begins anew
        async with asyncio.timeout(60):
            await worker
