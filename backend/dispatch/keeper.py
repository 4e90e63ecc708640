"""What a worker does for the loop by itself: a suspension ends when its time has come."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from backend.cases.schemas import CaseStatus
from backend.dispatch import case_moves, repository, service
from backend.dispatch.models import Loop
from backend.dispatch.service import RESUME_JOB
from backend.dispatch.settings import LoopRules
from backend.kernel import clock
from backend.kernel.database import Database, Transaction
from backend.kernel.jobs import JobKind


@dataclass(frozen=True)
class SuspensionKeeper:
    """Ends suspensions."""

    database: Database
    rules: LoopRules

    @property
    def job(self) -> JobKind:
        """The kind of job, for a worker."""
        return JobKind(RESUME_JOB, self.run)

    async def run(self, payload: dict[str, Any]) -> None:
        """Let the case go on, unless somebody did so before."""
        async with self.database.transaction() as tx:
            await resume_if_due(tx, UUID(payload["case_id"]), self.rules, clock.now())


async def resume_if_due(tx: Transaction, case_id: UUID, rules: LoopRules, now: datetime) -> None:
    """Let a suspended case go on when its time has come; asked again in time when it has not."""
    case = await repository.lock_case(tx.session, case_id)
    loop = await tx.session.get(Loop, case_id)
    if case is None or loop is None or loop.suspended_until is None or case.status != CaseStatus.SUSPENDED.value:
        return
    if now < loop.suspended_until:
        await tx.enqueue(RESUME_JOB, {"case_id": str(case_id)}, after=loop.suspended_until - now)
        return
    await service.move_case(tx, None, case_id, None, case_moves.resume, rules.time, now)
