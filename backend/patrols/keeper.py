"""What a worker does for patrols: plan them after a closing, tell when one opens, count as missed what nobody did.

One job at a time for each series, in the transaction of what it follows from; each enqueues the next. A worker that was
away tells and counts what is true now.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from backend.cases import timeline
from backend.cases.models import Case
from backend.dispatch.service import FOLLOW_UP_JOB, locked
from backend.kernel import clock
from backend.kernel.database import Database, Transaction
from backend.kernel.jobs import JobKind
from backend.patrols import repository
from backend.patrols.models import Patrol
from backend.patrols.planning import STEP_JOB, PatrolRules, follow_up, tell
from backend.patrols.schemas import PatrolMove, PatrolState
from backend.patrols.states import move


@dataclass(frozen=True)
class PatrolKeeper:
    """Keeps the patrols going."""

    database: Database
    rules: PatrolRules
    now: Callable[[], datetime] = clock.now

    @property
    def jobs(self) -> list[JobKind]:
        """The kinds of jobs, for a worker."""
        return [JobKind(FOLLOW_UP_JOB, self.follow_up), JobKind(STEP_JOB, self.step)]

    async def follow_up(self, payload: dict[str, Any]) -> None:
        """A case was closed or opened again."""
        async with self.database.transaction() as tx:
            await follow_up(tx, UUID(payload["case_id"]), payload["version"], self.rules, self.now())

    async def step(self, payload: dict[str, Any]) -> None:
        """A patrol of this case opens, or its time is over."""
        async with self.database.transaction() as tx:
            await step(tx, UUID(payload["case_id"]), self.now())


async def step(tx: Transaction, case_id: UUID, now: datetime) -> None:
    """Tell what opened, count what was missed, and come again when the next of these happens."""
    case = await locked(tx, case_id)
    for patrol in await repository.of_case(tx.session, case_id):
        if patrol.state != PatrolState.WAITING.value:
            continue
        if patrol.ends_at <= now:
            await _missed(tx, case, patrol, now)
        elif patrol.opens_at <= now and not patrol.told:
            told = await repository.make_move(tx.session, patrol, PatrolState.WAITING, told=True)
            tell(tx, case, now, due=told)
    ahead = [at for each in await repository.of_case(tx.session, case_id) for at in _moments(each)]
    if ahead:
        next_at = min(ahead)
        key = f"patrols:{case_id}:{next_at.isoformat()}"
        await tx.enqueue(STEP_JOB, {"case_id": str(case_id)}, dedupe_key=key, after=max(next_at - now, timedelta()))


async def _missed(tx: Transaction, case: Case, patrol: Patrol, now: datetime) -> None:
    if await repository.make_move(tx.session, patrol, move(PatrolState(patrol.state), PatrolMove.MISS)) is None:
        return
    detail: timeline.Detail = {"n": patrol.n, "due_at": patrol.due_at.isoformat()}
    timeline.add_entry(tx, case.case_id, PatrolMove.MISS.value, None, detail, now)
    tell(tx, case, now)


def _moments(patrol: Patrol) -> list[datetime]:
    if patrol.state != PatrolState.WAITING.value:
        return []
    return [patrol.ends_at] if patrol.told else [patrol.opens_at, patrol.ends_at]
