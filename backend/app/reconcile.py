"""The honest count of a run: citizens, Asterisk's CDR file and the database must tell the same."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import ColumnElement, func, or_, select, text

from backend.callbacks.models import Callback
from backend.calls.models import Call
from backend.cases.models import Case
from backend.kernel import clock
from backend.kernel.database import Database, Transaction
from backend.seats.models import Seat
from telephony import cdr, cdr_file
from telephony.cdr import CdrCall, Counts


@dataclass(frozen=True, slots=True)
class Kept:
    """What the database holds of one call."""

    call_id: str
    answered: bool
    ended: bool
    recording: str
    transcript: str
    cases: int
    callbacks: int


@dataclass(frozen=True, slots=True)
class Reconciliation:
    """`missing` names for each incomplete call what is missing, `lost` are their ids.

    `doubled` counts cases and callbacks beyond the one that a call may have in a simulation.
    """

    calls: Counts
    cdr: Counts
    recordings: int
    transcripts: int
    cases: int
    callbacks: int
    doubled: int = 0
    missing: dict[str, list[str]] = field(default_factory=dict)

    @property
    def lost(self) -> list[str]:
        """The calls that are not whole."""
        return sorted(self.missing)

    def as_json(self) -> dict[str, Any]:
        """As build/demo.json holds it."""
        return {
            "calls": self.calls,
            "cdr": self.cdr,
            "recordings": self.recordings,
            "transcripts": self.transcripts,
            "cases": self.cases,
            "callbacks": self.callbacks,
            "lost": self.lost,
        }


@dataclass(frozen=True, slots=True)
class Promise:
    """What an agent did for a call it answered: a case was filed, and a callback promised or not."""

    case: bool
    callback: bool


def compare(
    kept: Iterable[Kept],
    witnessed: Iterable[CdrCall],
    promises: Mapping[str, Promise],
    placed: int | None,
    *,
    cdr_is_whole: bool = True,
) -> Reconciliation:
    """Hold the three witnesses against each other.

    `placed` is how many calls the citizens placed (None: not counted); a call that neither Asterisk nor the database
    knows has no id, so it is reported as "placed-<n>". `cdr_is_whole` is False after Asterisk itself was killed: the
    calls of that moment then have no row in its file.
    """
    ours = {call.call_id: call for call in kept}
    theirs = {call.call_id: call for call in witnessed}
    missing: dict[str, list[str]] = {}

    def lacks(call_id: str, what: str) -> None:
        missing.setdefault(call_id, []).append(what)

    for call_id, seen in theirs.items():
        call = ours.get(call_id)
        if call is None:
            lacks(call_id, "record of the call")
        elif call.answered is not (seen.outcome == "answered"):
            lacks(call_id, f"agreement: Asterisk says {seen.outcome}")
    for call_id, call in ours.items():
        for what in _gaps(call, promises.get(call_id)):
            lacks(call_id, what)
        if cdr_is_whole and call_id not in theirs:
            lacks(call_id, "row in Asterisk's CDR file")
    for call_id in promises.keys() - ours.keys() - theirs.keys():
        lacks(call_id, "record of the call")
    for n in range(len(theirs.keys() | ours.keys()), placed or 0):
        lacks(f"placed-{n + 1}", "any trace at the PBX")
    answered = sum(call.answered for call in ours.values())
    return Reconciliation(
        calls={"offered": len(ours), "answered": answered, "abandoned": len(ours) - answered},
        cdr=cdr.count(theirs.values()),
        recordings=sum(call.recording == "stored" for call in ours.values()),
        transcripts=sum(call.transcript == "ready" for call in ours.values()),
        cases=sum(call.cases for call in ours.values()),
        callbacks=sum(call.callbacks for call in ours.values()),
        doubled=sum(max(0, call.cases - 1) + max(0, call.callbacks - 1) for call in ours.values()),
        missing=missing,
    )


def _gaps(call: Kept, promise: Promise | None) -> list[str]:
    gaps = []
    if not call.ended:
        gaps.append("end of the call")
    if call.answered and call.recording != "stored":
        gaps.append(f"recording ({call.recording})")
    if call.answered and call.transcript != "ready":
        gaps.append(f"transcript ({call.transcript})")
    if promise is not None:
        if call.cases != 1:
            gaps.append(f"case (there are {call.cases})")
        if call.callbacks != int(promise.callback):
            gaps.append(f"callback (there are {call.callbacks})")
    return gaps


async def kept_since(database: Database, since: datetime) -> list[Kept]:
    """What the database holds of the citizens' calls since a moment."""
    cases = select(Case.call_id, func.count().label("n")).group_by(Case.call_id).subquery()
    callbacks = (
        select(Case.call_id, func.count().label("n")).join(Callback, Callback.case_id == Case.case_id)
        .group_by(Case.call_id).subquery()
    )  # fmt: skip
    query = (
        select(Call, func.coalesce(cases.c.n, 0), func.coalesce(callbacks.c.n, 0))
        .outerjoin(cases, cases.c.call_id == Call.call_id)
        .outerjoin(callbacks, callbacks.c.call_id == Call.call_id)
        .where(Call.arrived_at >= since, Call.direction == "inbound")
    )
    async with database.transaction() as tx:
        rows = (await tx.session.execute(query)).all()
    return [
        Kept(
            call.call_id, call.answered_at is not None, call.ended_at is not None,
            call.recording_state, call.transcript_state, filed, promised,
        )
        for call, filed, promised in rows
    ]  # fmt: skip


def witnessed_since(file: Path, since: datetime) -> list[CdrCall]:
    """The citizens' calls in Asterisk's own file since a moment."""
    try:
        rows = cdr_file.read_span(file, since, clock.now())
    except FileNotFoundError:  # nobody has called yet
        return []
    return [call for call in cdr.calls_from_rows(rows) if call.direction == "inbound" and call.arrived_at >= since]


async def await_settled(database: Database, since: datetime, *, within_s: float) -> bool:
    """Wait until no call since then is open and nothing of it waits for a worker; False when that takes too long."""
    unfinished: ColumnElement[bool] = or_(
        Call.ended_at.is_(None), Call.recording_state == "pending", Call.transcript_state == "pending"
    )
    try:
        async with asyncio.timeout(within_s):
            while await _count(database, since, unfinished):
                await asyncio.sleep(0.5)
    except TimeoutError:
        return False
    return True


async def _count(database: Database, since: datetime, condition: ColumnElement[bool]) -> int:
    async with database.transaction() as tx:
        return await _counted(tx, since, condition)


async def _counted(tx: Transaction, since: datetime, condition: ColumnElement[bool]) -> int:
    query = select(func.count()).select_from(Call).where(Call.arrived_at >= since, condition)
    return int((await tx.session.execute(query)).scalar_one())


async def doubled_facts(database: Database, since: datetime) -> list[tuple[str, str]]:
    """The facts (call id, kind) of calls since then that happen once in a call, or once at a seat, and stand there
    twice: it begins and ends once, and a seat that answers again was out of the talk before."""
    query = text("""
        SELECT call_id, kind FROM call_facts JOIN calls USING (call_id)
        WHERE arrived_at >= :since AND kind IN ('call_arrived', 'call_placed', 'call_ended')
        GROUP BY call_id, kind HAVING count(*) > 1
        UNION ALL
        SELECT call_id, kind FROM (
            SELECT call_id, kind, lag(kind) OVER (PARTITION BY call_id, call_facts.seat ORDER BY n) AS before
            FROM call_facts JOIN calls USING (call_id)
            WHERE arrived_at >= :since AND kind IN ('call_answered', 'talk_ended')
        ) talks WHERE kind = before
        ORDER BY 1, 2
    """)
    async with database.transaction() as tx:
        return [(row.call_id, row.kind) for row in await tx.session.execute(query, {"since": since})]


async def cut_without_reason(database: Database, since: datetime) -> list[str]:
    """The ended calls since then of which the record does not say who or what ended them."""
    query = select(Call.call_id).where(
        Call.arrived_at >= since,
        Call.ended_at.is_not(None),
        or_(Call.outcome.is_(None), Call.hung_up_by.is_(None), Call.hung_up_by == "unknown"),
    )
    async with database.transaction() as tx:
        return list((await tx.session.execute(query)).scalars())


async def open_since_before(database: Database, moment: datetime) -> int:
    """How many calls that had arrived by then are not over."""
    query = select(func.count()).select_from(Call).where(Call.arrived_at < moment, Call.ended_at.is_(None))
    async with database.transaction() as tx:
        return int((await tx.session.execute(query)).scalar_one())


async def seats_in_ended_calls(database: Database) -> int:
    """How many seats ring or talk in a call that is over."""
    query = (
        select(func.count()).select_from(Seat).join(Call, Call.call_id == Seat.call_id)
        .where(Seat.state.in_(["ringing", "dialing", "talking"]), Call.stage == "ended")
    )  # fmt: skip
    async with database.transaction() as tx:
        return int((await tx.session.execute(query)).scalar_one())
