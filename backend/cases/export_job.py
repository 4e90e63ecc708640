"""The job `export_cases`, and the end of the files that it leaves.

The job may be killed at any instant and is then run again from the start: the file is written in a folder of its own
and is stored under its key only when it is complete; the row says that it is done in the commit after that.
"""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from sqlalchemy import select, update

from backend.cases import list_repository
from backend.cases import repository as case_rows
from backend.cases.channels import HOTLINE_ONLY, Channels
from backend.cases.export_states import ExportMove, ExportState
from backend.cases.exports import EXPORT_CASES, ExportLimits, make_move, tell
from backend.cases.list_models import CaseExport
from backend.cases.list_repository import CaseFilter, Place
from backend.cases.list_schemas import CaseQuestion
from backend.cases.listing import filter_of
from backend.cases.marks import marks_of
from backend.cases.models import Case
from backend.cases.sheet import Batch, CaseSheet, Shown
from backend.kernel import clock
from backend.kernel.database import Database, Transaction
from backend.kernel.errors import HotlineError
from backend.kernel.files import FileStore
from backend.kernel.jobs import JobKind

_BATCH = 1000
_AT_ONCE = 2


class CaseExporter:
    """Writes exports into the file store."""

    def __init__(
        self,
        database: Database,
        files: FileStore,
        limits: ExportLimits,
        channels: Channels = HOTLINE_ONLY,
        *,
        now: Callable[[], datetime] = clock.now,
    ) -> None:
        self._database = database
        self._files = files
        self._limits = limits
        self._channels = channels
        self._now = now

    @property
    def job(self) -> JobKind:
        """The job as a worker runs it."""
        return JobKind(EXPORT_CASES, self.make, at_once=_AT_ONCE, on_parked=self.give_up)

    async def make(self, payload: dict[str, Any]) -> None:
        """Write the export of `payload["export_id"]`; one that is done or given up already is left alone."""
        export_id = UUID(payload["export_id"])
        async with self._database.transaction() as tx:
            row = await tx.session.get(CaseExport, export_id)
            if row is None or row.state not in (ExportState.WAITING.value, ExportState.RUNNING.value):
                return
            question = CaseQuestion.model_validate(row.content)
            wanted = await filter_of(tx, row.user_id, question, row.requested_at, names=row.names)
            if not await make_move(tx, row, ExportMove.START, rows=0):
                return
        with tempfile.TemporaryDirectory(prefix="hotline-export-") as folder:
            path = Path(folder) / "cases.xlsx"
            rows = await self._write(export_id, wanted, path, Shown(row.names, row.whole_numbers, self._channels))
            key = f"exports/{export_id}.xlsx"
            sha256 = await asyncio.to_thread(self._files.put, path, key)
        async with self._database.transaction() as tx:
            running = await tx.session.get_one(CaseExport, export_id)
            expires_at = self._now() + self._limits.kept
            await make_move(tx, running, ExportMove.FINISH, rows=rows, key=key, sha256=sha256, expires_at=expires_at)

    async def give_up(self, payload: dict[str, Any], reason: HotlineError) -> None:
        """Say that there will be no file, and why."""
        async with self._database.transaction() as tx:
            row = await tx.session.get(CaseExport, UUID(payload["export_id"]))
            if row is not None and row.state in (ExportState.WAITING.value, ExportState.RUNNING.value):
                await make_move(tx, row, ExportMove.GIVE_UP, problem=reason.message, cause=reason.cause)

    async def expire(self, tx: Transaction) -> None:
        """Remove the files whose time is over."""
        late = (CaseExport.state == ExportState.DONE.value, CaseExport.expires_at < self._now())
        for row in (await tx.session.execute(select(CaseExport).where(*late))).scalars().all():
            if await make_move(tx, row, ExportMove.EXPIRE):
                await asyncio.to_thread(self._files.remove, str(row.key))

    async def _write(self, export_id: UUID, wanted: CaseFilter, path: Path, shown: Shown) -> int:
        sheet = CaseSheet(path, shown)
        before: Place | None = None
        while sheet.rows < self._limits.most_rows:
            async with self._database.transaction() as tx:
                cases = await list_repository.whole_page(tx.session, wanted, before, _BATCH)
                batch = await _batch(tx, cases[: self._limits.most_rows - sheet.rows])
            # in a thread: it costs CPU time, and the heartbeat of the worker must go on
            await asyncio.to_thread(sheet.write, batch)
            await self._progress(export_id, sheet.rows)
            if len(cases) < _BATCH:
                break
            before = cases[-1].filed_at, cases[-1].case_id
        await asyncio.to_thread(sheet.close)
        return sheet.rows

    async def _progress(self, export_id: UUID, rows: int) -> None:
        async with self._database.transaction() as tx:
            running = (CaseExport.export_id == export_id, CaseExport.state == ExportState.RUNNING.value)
            query = update(CaseExport).where(*running).values(rows=rows).returning(CaseExport)
            row = (await tx.session.execute(query)).scalar()
            if row is not None:
                tell(tx, row)


async def _batch(tx: Transaction, cases: Sequence[Case]) -> Batch:
    marks = await marks_of(tx, [(case.case_id, case.call_id) for case in cases])
    earlier = {case.recurs_id for case in cases if case.recurs_id is not None}
    return Batch(cases, marks, await case_rows.numbers_of(tx.session, earlier))
