"""Warnings of deadlines: told to the people who can act, and entered in the time line once the limit is reached."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from backend.cases import timeline
from backend.cases.service import find_case
from backend.deadlines import service as deadlines
from backend.deadlines.rules import Timekeeping
from backend.deadlines.schemas import ClockName
from backend.deadlines.service import WARNING_JOB, Warned
from backend.dispatch import repository
from backend.kernel import clock
from backend.kernel.database import Database, Transaction
from backend.kernel.jobs import JobKind

AT_THE_LIMIT = 100
_DISPATCHERS = "permission:cases.dispatch"


@dataclass(frozen=True)
class DeadlineWarner:
    """What a worker does when a clock has used so much of its time."""

    database: Database
    time: Timekeeping

    @property
    def job(self) -> JobKind:
        """The kind of job, for a worker."""
        return JobKind(WARNING_JOB, self.run)

    async def run(self, payload: dict[str, Any]) -> None:
        """Warn, unless the clock was ended or changed meanwhile or the warning was given."""
        now = clock.now()
        async with self.database.transaction() as tx:
            warned = await deadlines.warn(tx, payload, self.time, now)
            if warned is not None:
                await _tell(tx, warned)


async def _tell(tx: Transaction, warned: Warned) -> None:
    case = await find_case(tx, warned.case_id)
    now = clock.now()
    detail: dict[str, str | int | bool | None] = {
        "clock": warned.key.name.value,
        "due_at": warned.due_at.isoformat(),
    }
    if warned.percent >= AT_THE_LIMIT:
        timeline.add_entry(tx, case.case_id, "deadline_passed", None, detail, now)
    payload = {
        "case_id": str(case.case_id),
        "case_number": case.number,
        "name": warned.key.name.value,
        "part": warned.key.part,
        "percent": warned.percent,
        "due_at": warned.due_at.isoformat(),
    }
    audience = await _who_can_act(tx, warned)
    tx.emit("deadline_warned", entity=str(case.case_id), audience=audience, payload=payload, at=now)


async def _who_can_act(tx: Transaction, warned: Warned) -> list[str]:
    """The unit whose task it is, or all that have one; and the dispatchers, but for a task that is not overdue yet."""
    key = warned.key
    tasks = await repository.tasks_of_cases(tx.session, [warned.case_id])
    units = [f"unit:{each.unit_code}" for each in tasks if each.ended_at is None and key.part in (0, each.n)]
    if key.name is ClockName.DISPATCH:
        return [_DISPATCHERS]
    return units if key.name is ClockName.HANDLING and warned.percent < AT_THE_LIMIT else [*units, _DISPATCHERS]
