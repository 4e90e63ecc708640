"""A platform that only listens: a database, a store and workers, no telephones. Benches and drills of recognition
put recordings into it and count what came of them.
"""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from uuid import uuid4

import psutil
from sqlalchemy import TextClause, text

from asr.audio import encode
from backend.app.children import RoleProcess
from backend.app.config import Installation
from backend.app.datasets import delivered_files, load_files
from backend.app.schema import upgrade_schema
from backend.calls import outcomes
from backend.calls.hearing import HearingOrder, ask_to_hear
from backend.calls.recorder import CallRecorder
from backend.calls.recordings import STORE_RECORDING, job_key
from backend.kernel import clock
from backend.kernel.config import Environment
from backend.kernel.database import Database
from backend.kernel.errors import Unavailable
from backend.kernel.files import FileStore
from backend.kernel.postgres import PrivatePostgres
from backend.quality.file import RULES
from backend.seats.seating import HallTimes
from telephony import facts as f
from telephony.names import DEFAULT_HOST

_TALK = timedelta(minutes=2)
_UNFINISHED = text(
    "SELECT count(*) FROM calls WHERE recording_state = 'pending' OR transcript_state = 'pending'"
    " OR (transcript_state = 'ready' AND NOT EXISTS"
    " (SELECT 1 FROM call_checks WHERE call_checks.call_id = calls.call_id))"
)
_FORGET_STORING = text("DELETE FROM pgqueuer WHERE dedupe_key = ANY(:keys)")
_WAITING_JOBS = text("SELECT count(*) FROM pgqueuer WHERE status IN ('queued', 'picked')")


class NotHeard(Unavailable):
    """Recordings were not heard within the time that they should take."""


@dataclass
class Listening:
    """The running platform. `state` is the folder of its machine, `workers` the processes that live now."""

    state: Path
    database: Database
    workers: list[RoleProcess] = field(default_factory=list)
    server_pid: int | None = None
    _entered: int = 0

    @property
    def installation(self) -> Installation:
        """The delivered configuration with this state folder."""
        return Installation(Environment(state=self.state))

    async def start_worker(self) -> RoleProcess:
        """One more `hotline worker` on the machine of the PBX."""
        self._spool.mkdir(parents=True, exist_ok=True)
        return await self._start({"HOTLINE_STATE": str(self.state)})

    async def start_worker_elsewhere(self) -> RoleProcess:
        """One more `hotline worker` on a machine that has nothing of this one but the database and the store."""
        elsewhere = self.state / f"elsewhere-{len(self.workers)}"
        store = self.installation.recording_store
        return await self._start({"HOTLINE_STATE": str(elsewhere), "HOTLINE_STORE": f"file://{store}"})

    async def _start(self, env: dict[str, str]) -> RoleProcess:
        log = self.state / "log" / "worker.log"
        worker = await RoleProcess.start(["worker"], log, {**env, "HOTLINE_DATABASE_URL": self.database.url})
        self.workers.append(worker)
        return worker

    async def stop_workers(self) -> None:
        """End all of them in order."""
        await asyncio.gather(*(worker.stop() for worker in self.workers))
        self.workers.clear()

    async def record(self, sounds: Sequence[Path]) -> list[str]:
        """Let these raw recordings be those of calls that just ended: they lie in the spool, the record says so."""
        self._spool.mkdir(parents=True, exist_ok=True)
        call_ids = self._next(len(sounds))
        for call_id, sound in zip(call_ids, sounds, strict=True):
            await asyncio.to_thread(shutil.copyfile, sound, self._spool / f"{call_id}.raw")
        await self._enter(call_ids)
        return call_ids

    async def keep(self, sounds: Sequence[Path]) -> list[str]:
        """Let these raw recordings be in the store already: nothing of them is left to do but to hear them, once that
        is asked for."""
        call_ids = self._next(len(sounds))
        await self._enter(call_ids)
        async with self.database.transaction() as tx:
            keys = [job_key(STORE_RECORDING, call_id) for call_id in call_ids]
            await tx.session.execute(_FORGET_STORING, {"keys": keys})
        files = FileStore(self.installation.recording_store)
        for call_id, sound in zip(call_ids, sounds, strict=True):
            with tempfile.TemporaryDirectory() as folder:
                stored = await asyncio.to_thread(encode, sound, Path(folder) / f"{call_id}.flac")
                await asyncio.to_thread(files.put, stored.path, stored.path.name)
            async with self.database.transaction() as tx:
                await outcomes.recording_stored(tx, call_id, stored.path.name, stored, clock.now())
        return call_ids

    async def ask(self, call_ids: Sequence[str]) -> None:
        """Ask for all of these to be heard, at one moment."""
        async with self.database.transaction() as tx:
            for call_id in call_ids:
                await ask_to_hear(tx, call_id, HearingOrder.NORMAL)

    async def heard(self, *, within_s: float, pause_s: float = 0.1) -> None:
        """Wait until every recording is stored, heard and checked; raises `NotHeard`."""
        try:
            async with asyncio.timeout(within_s):
                while await self.count(_UNFINISHED) or await self.count(_WAITING_JOBS):
                    await asyncio.sleep(pause_s)
        except TimeoutError:
            raise NotHeard(
                f"{await self.count(_UNFINISHED)} recordings were not heard within {within_s:.0f} s.",
                next_step="See the workers' logs in the state folder.",
            ) from None

    async def count(self, query: TextClause) -> int:
        """The number that this query gives."""
        async with self.database.transaction() as tx:
            return int((await tx.session.execute(query)).scalar_one())

    def cpu_s(self) -> float:
        """CPU seconds that all of it has taken so far: workers, recognisers, the database."""
        server = () if self.server_pid is None else (self.server_pid,)
        return sum(map(cpu_of_tree, (*server, *(worker.pid for worker in self.workers))))

    @property
    def _spool(self) -> Path:
        return self.installation.pbx_paths().recordings

    def _next(self, count: int) -> list[str]:
        first, self._entered = self._entered, self._entered + count
        return [f"heard-{number:05}" for number in range(first, self._entered)]

    async def _enter(self, call_ids: Sequence[str]) -> None:
        recorder = CallRecorder(self.database, host=DEFAULT_HOST, times=HallTimes())
        ended = clock.now()
        try:
            for call_id in call_ids:
                await recorder.store(uuid4(), _facts(call_id, ended - _TALK, ended))
        finally:
            await recorder.close()


def _facts(call_id: str, began: datetime, ended: datetime) -> list[f.Fact]:
    return [
        f.CallArrived(
            at=began, call_id=call_id, caller_number="13800001234", caller_known=True, caller_name="",
            dialed_number="96010", channel="x",
        ),
        f.RecordingStarted(at=began, call_id=call_id, file=f"{call_id}.raw"),
        f.CallAnswered(at=began, call_id=call_id, seat="8001", channel="y"),
        f.CallEnded(at=ended, call_id=call_id, outcome=f.CallOutcome.ANSWERED, hung_up_by=f.Party.CALLER, cause=16),
    ]  # fmt: skip


def cpu_of_tree(pid: int) -> float:
    """CPU seconds of a process and of all that it started, those that ended already too."""
    root = psutil.Process(pid)
    total = 0.0
    for process in (root, *root.children(recursive=True)):
        try:
            total += sum(process.cpu_times()[:4])
        except psutil.NoSuchProcess:
            continue
    return total


@asynccontextmanager
async def listening() -> AsyncIterator[Listening]:
    """The platform on a database and a state folder of its own, with the delivered quality rules, for the block."""
    with tempfile.TemporaryDirectory(prefix="hotline-listening-") as folder:
        state = Path(folder)
        state.chmod(0o755)  # noqa: ASYNC240 - an ordinary user runs PostgreSQL in it
        server = PrivatePostgres(state)
        try:
            url = server.start()  # in this thread: the kernel ends the server with the thread that started it
            await upgrade_schema(url)
            database = Database(url, pool_size=2)
            try:
                async with database.transaction() as tx:
                    await load_files(tx, delivered_files([RULES.name]), clock.now())
                platform = Listening(state, database, server_pid=server.pid)
                try:
                    yield platform
                finally:
                    await platform.stop_workers()
            finally:
                await database.close()
        finally:
            await asyncio.to_thread(server.stop)
