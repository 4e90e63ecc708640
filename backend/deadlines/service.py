"""Clocks as they are stored, and the warnings that follow from them.

A warning is a job that is enqueued in the transaction of the move that started or changed the clock, one at a time:
each enqueues the next. A move that makes it moot ends the clock or raises its revision, and the job then finds nothing
to do. That it was given stands under a key of its own, so none is given twice.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from backend.deadlines import clocks
from backend.deadlines.clocks import Clock, Limit, LimitKind, Pause
from backend.deadlines.kept import ClockKey, Clocks, Kept
from backend.deadlines.models import Deadline, DeadlineWarning
from backend.deadlines.rules import Timekeeping
from backend.deadlines.schemas import ClockName, ClockState, ClockView
from backend.kernel.database import Transaction
from backend.kernel.ids import new_id

WARNING_JOB = "warn_of_deadline"
_NOT_BEFORE = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class Warned:
    """A warning that is given now, for the first time: so many percent of the time are used; 100 is the limit."""

    case_id: UUID
    key: ClockKey
    percent: int
    due_at: datetime


async def clocks_of_cases(tx: Transaction, case_ids: Collection[UUID]) -> dict[UUID, Clocks]:
    """The newest clock of each key, for each of these cases; a case without clocks is left out."""
    query = select(Deadline).where(Deadline.case_id.in_(case_ids)).order_by(Deadline.since)
    found: dict[UUID, dict[ClockKey, Kept]] = {}
    for row in (await tx.session.execute(query)).scalars():
        found.setdefault(row.case_id, {})[_key(row)] = _kept(row)
    return dict(found)


async def store(
    tx: Transaction, case_id: UUID, before: Clocks, after: Clocks, time: Timekeeping, now: datetime
) -> None:
    """Store what a move did to the clocks of a case, whose row is locked, and schedule the warnings that follow."""
    changed = {key: kept for key, kept in after.items() if kept != before.get(key)}
    if not changed:
        return
    exempted = [key for key, kept in changed.items() if kept.exempted and not kept.runs and key in before]
    if exempted:
        await _exempt(tx, case_id, exempted)
        changed = {key: kept for key, kept in changed.items() if key not in exempted}
    # a case that is just filed has none, and whoever files next waits for it
    rows = {_key(row): row for row in await _running(tx, case_id)} if before else {}
    for key, kept in changed.items():
        row = rows.get(key)
        if row is None:
            row = Deadline(deadline_id=new_id(), case_id=case_id, part=key.part, name=key.name.value, revision=0)
            tx.session.add(row)
        _write(row, kept, time)
        if kept.runs:
            await _schedule(tx, row, time, now, above=await _told_before(tx, row, time, now))
    await tx.session.flush()


async def warn(tx: Transaction, payload: dict[str, Any], time: Timekeeping, now: datetime) -> Warned | None:
    """The warning of a job, if it is still to be given; the next one is scheduled with it."""
    query = select(Deadline).where(Deadline.deadline_id == UUID(payload["deadline_id"])).with_for_update()
    row = (await tx.session.execute(query)).scalar_one_or_none()
    if row is None or row.state != ClockState.RUNNING.value or row.revision != payload["revision"]:
        return None
    clock = _kept(row).clock
    meant: int = payload["percent"]
    passed = [percent for percent in time.warnings if percent >= meant and _moment(clock, percent, time) <= now]
    if not passed:
        await _schedule(tx, row, time, now, above=meant - 1)
        return None
    given = insert(DeadlineWarning).values(
        deadline_id=row.deadline_id, revision=row.revision, percent=passed[-1], warned_at=now
    )
    stored = await tx.session.execute(given.on_conflict_do_nothing().returning(DeadlineWarning.percent))
    if stored.scalar_one_or_none() is None:
        return None
    await _schedule(tx, row, time, now, above=passed[-1])
    return Warned(row.case_id, _key(row), passed[-1], row.due_at)


def view(key: ClockKey, kept: Kept, time: Timekeeping, now: datetime) -> ClockView:
    """A clock as the console shows it."""
    until = kept.ended_at or now
    share = clocks.used(kept.clock, until, time.calendar) / kept.clock.total(time.calendar)
    pause = next((each for each in kept.clock.pauses if kept.runs and each.begins <= now < each.ends), None)
    return ClockView(
        name=key.name,
        part=key.part,
        state=kept.state,
        started_at=kept.started_at,
        due_at=clocks.due(kept.clock, time.calendar),
        limit_kind=kept.clock.limit.kind,
        limit_amount=kept.clock.limit.amount,
        used_percent=int(share * 100),
        extended=kept.clock.extended > clocks.NONE,
        paused_until=pause.ends if pause is not None else None,
        ended_at=kept.ended_at,
        exempted=kept.exempted,
    )


async def _running(tx: Transaction, case_id: UUID) -> Sequence[Deadline]:
    query = select(Deadline).where(Deadline.case_id == case_id, Deadline.state == ClockState.RUNNING.value)
    return (await tx.session.execute(query)).scalars().all()


async def _exempt(tx: Transaction, case_id: UUID, keys: Collection[ClockKey]) -> None:
    """The newest clock of each of these keys ran out and counts no longer in statistics."""
    newest: dict[ClockKey, Deadline] = {}
    query = select(Deadline).where(Deadline.case_id == case_id).order_by(Deadline.since)
    for row in (await tx.session.execute(query)).scalars():
        newest[_key(row)] = row
    for key in keys:
        newest[key].exempted = True


async def _told_before(tx: Transaction, row: Deadline, time: Timekeeping, now: datetime) -> int:
    """The highest part that is used up as the clock stands now and was warned of before it was changed: a case that
    rested, or was given another urgency, after its limit had passed is not warned of twice."""
    query = select(DeadlineWarning.percent).where(DeadlineWarning.deadline_id == row.deadline_id)
    given = (await tx.session.execute(query)).scalars() if row.revision > 1 else ()
    clock = _kept(row).clock
    return max((percent for percent in given if _moment(clock, percent, time) <= now), default=0)


async def _schedule(tx: Transaction, row: Deadline, time: Timekeeping, now: datetime, *, above: int) -> None:
    clock = _kept(row).clock
    ahead = [(percent, _moment(clock, percent, time)) for percent in time.warnings if percent > above]
    following = next((each for each in ahead if each[1] >= now), ahead[-1] if ahead else None)
    if following is None:
        return
    percent, at = following
    payload = {"deadline_id": str(row.deadline_id), "revision": row.revision, "percent": percent}
    await tx.enqueue(WARNING_JOB, payload, after=max(at - now, _NOT_BEFORE))


def _moment(clock: Clock, percent: int, time: Timekeeping) -> datetime:
    return clocks.moment_of(clock, clock.total(time.calendar) * percent / 100, time.calendar)


def _write(row: Deadline, kept: Kept, time: Timekeeping) -> None:
    clock = kept.clock
    row.state, row.revision = kept.state.value, row.revision + 1
    row.started_at, row.ended_at, row.since = kept.started_at, kept.ended_at, clock.start
    row.exempted = kept.exempted
    row.limit_kind, row.limit_amount = clock.limit.kind.value, clock.limit.amount
    row.carried, row.extended = clock.carried, clock.extended
    row.pauses = [[each.begins.isoformat(), each.ends.isoformat()] for each in clock.pauses]
    row.due_at = clocks.due(clock, time.calendar)
    row.rules_version, row.calendar_version = time.version, time.calendar.version


def _key(row: Deadline) -> ClockKey:
    return ClockKey(ClockName(row.name), row.part)


def _kept(row: Deadline) -> Kept:
    clock = Clock(
        start=row.since,
        limit=Limit(LimitKind(row.limit_kind), row.limit_amount),
        carried=row.carried,
        extended=row.extended,
        pauses=tuple(Pause(*map(datetime.fromisoformat, pause)) for pause in row.pauses),
    )
    return Kept(clock, row.started_at, ClockState(row.state), row.ended_at, row.exempted)
