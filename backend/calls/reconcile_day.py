"""The reconciliation of a whole day: asked for by hand, every night, and after each start; its result is kept.

The record and the CDR file should not differ at all: what one process missed, `backend.calls.reconcile` has mended
within the minute. This is the check that it did, and it mends nothing, so that a difference stays to be looked at.

A day that is over and has no result yet is asked for by every look, not at an hour of the night: a machine that was off
at that hour makes up for it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import asdict
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import structlog
from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from backend.calls.day_differences import (
    SETTLED_AFTER,
    DayComparison,
    RecordedCall,
    RecordedConsult,
    compare_consults,
    compare_day,
)
from backend.calls.measures import day_start
from backend.calls.models import Call, CallFact, DayReconciliation
from backend.calls.recordings import job_at
from backend.kernel import clock
from backend.kernel.database import Database, Transaction
from backend.kernel.errors import HotlineError
from backend.kernel.jobs import JobKind
from telephony.cdr import calls_from_rows, legs_from_rows
from telephony.cdr_file import read_span
from telephony.facts import ConsultBegan, Party

log = structlog.get_logger(__name__)

RECONCILE_DAY = "reconcile_day"
_NIGHT_OVER = timedelta(minutes=30)
"""How long after midnight the calls of the day before are over, but for the odd one."""
_LONGEST_CALL = timedelta(hours=6)
_EDGE = timedelta(minutes=1)
_SHOWN = 14
_MOST_KEPT = 500
"""How many differences of a day are kept; so many mean that something is broken as a whole."""


class CdrFileMissing(HotlineError):
    """There is no CDR file on this machine, so there is nothing to compare with."""


class DayReconciler:
    """Compares the days of one PBX, whose CDR file is `file`."""

    def __init__(self, database: Database, file: Path, *, host: str, now: Callable[[], datetime] = clock.now) -> None:
        self._database = database
        self._file = file
        self._host = host
        self._now = now

    @property
    def job(self) -> JobKind:
        """The job that compares a day, one at a time."""
        return JobKind(job_at(RECONCILE_DAY, self._host), self._work, at_once=1)

    async def reconcile(self, day: date) -> DayComparison:
        """Compare this day of Beijing and keep the result. Raises `CdrFileMissing`."""
        found, now = await self.compare(*span_of_day(day)), self._now()
        async with self._database.transaction() as tx:
            await _keep(tx, self._host, day, now, found)
        if found.unexplained:
            log.error("record and CDR disagree", day=str(day), differences=found.unexplained)
        return found

    async def compare(
        self, since: datetime, until: datetime, *, settled_after: timedelta = SETTLED_AFTER
    ) -> DayComparison:
        """Compare the calls that arrived in [since, until) and ended `settled_after` ago. Raises `CdrFileMissing`."""
        try:
            rows = await asyncio.to_thread(read_span, self._file, since, until + _LONGEST_CALL)
        except FileNotFoundError as error:
            raise CdrFileMissing(
                f"There is no CDR file {self._file}.",
                next_step="Compare on the machine of the PBX, after its first call.",
            ) from error
        async with self._database.transaction() as tx:
            record = await _recorded(tx, self._host, since, until)
            consults = await _consults(tx, self._host, since, until)
        over_by = self._now() - settled_after
        calls = compare_day(record, calls_from_rows(rows), since, until, over_by)
        legs = compare_consults(consults, legs_from_rows(rows), since, until, over_by)
        return DayComparison(calls.compared, (*calls.differences, *legs))

    async def ask(self, tx: Transaction, day: date) -> None:
        """Let a worker compare this day."""
        key = f"{RECONCILE_DAY}:{self._host}:{day}"
        payload = {"host": self._host, "day": day.isoformat()}
        await tx.enqueue(job_at(RECONCILE_DAY, self._host), payload, dedupe_key=key)

    async def ask_for_last_night(self, tx: Transaction) -> None:
        """Let a worker compare yesterday, unless that was done after it was over."""
        midnight = day_start(self._now())
        yesterday = (midnight - timedelta(hours=12)).date()
        done = await tx.session.get(DayReconciliation, (self._host, yesterday))
        if self._now() - midnight >= _NIGHT_OVER and (done is None or done.at < midnight + _NIGHT_OVER):
            await self.ask(tx, yesterday)

    async def ask_after_start(self, tx: Transaction) -> None:
        """Let a worker compare today as far as it has come."""
        await self.ask(tx, clock.beijing(self._now()).date())

    async def _work(self, payload: dict[str, Any]) -> None:
        try:
            await self.reconcile(date.fromisoformat(payload["day"]))
        except CdrFileMissing as error:
            log.info("day not reconciled here", day=payload["day"], reason=error.message)


def span_of_day(day: date) -> tuple[datetime, datetime]:
    """From midnight to midnight in Beijing."""
    since = datetime(day.year, day.month, day.day, tzinfo=clock.BEIJING)
    return since, since + timedelta(days=1)


async def newest(tx: Transaction) -> Sequence[DayReconciliation]:
    """The results of the last days, newest first, of each PBX."""
    query = select(DayReconciliation).order_by(DayReconciliation.day.desc(), DayReconciliation.host).limit(_SHOWN)
    return (await tx.session.execute(query)).scalars().all()


async def _recorded(tx: Transaction, host: str, since: datetime, until: datetime) -> list[RecordedCall]:
    columns = [getattr(Call, name) for name in RecordedCall._fields]
    query = select(*columns).where(
        Call.host == host,
        Call.arrived_at >= since - _EDGE,
        Call.arrived_at < until + _EDGE,
    )
    return [RecordedCall(*row) for row in await tx.session.execute(query)]


async def _consults(tx: Transaction, host: str, since: datetime, until: datetime) -> list[RecordedConsult]:
    """Those that Asterisk must have written of: their call is over, and not by its own breakdown."""
    to, channel = (CallFact.payload[name].astext for name in ("to", "channel"))
    query = (
        select(CallFact.call_id, channel, to, CallFact.at)
        .join(Call, Call.call_id == CallFact.call_id)
        .where(
            Call.host == host,
            Call.arrived_at >= since - _LONGEST_CALL,
            Call.arrived_at < until + _EDGE,
            Call.ended_at.is_not(None),
            Call.hung_up_by != str(Party.PBX_RESTART),
            CallFact.kind == ConsultBegan.kind,
            CallFact.at >= since - _EDGE,
            CallFact.at < until + _EDGE,
        )
    )
    return [RecordedConsult(*row) for row in await tx.session.execute(query)]


async def _keep(tx: Transaction, host: str, day: date, now: datetime, found: DayComparison) -> None:
    differences = [asdict(difference) for difference in found.differences[:_MOST_KEPT]]
    values = {"host": host, "day": day, "at": now, "compared": found.compared, "differences": differences}
    statement = insert(DayReconciliation).values(values)
    await tx.session.execute(statement.on_conflict_do_update(index_elements=["host", "day"], set_=values))
