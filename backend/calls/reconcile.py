"""Holds the record against Asterisk's own CDR file, and mends what the record missed.

The telephony process may be away for the whole life of a call. Asterisk took the call all the same, and its CDR file
says so: the call is then entered from there, and its recording, which lies in the spool, goes the usual way.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from pathlib import Path
from uuid import NAMESPACE_URL, uuid5

import structlog
from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from backend.calls.models import Call, CdrPosition
from backend.calls.recorder import FROM_CDR, CallRecorder
from backend.kernel.database import Database, Transaction
from telephony import cdr as cdr_file
from telephony import facts as f
from telephony.cdr import CdrCall
from telephony.names import is_number

log = structlog.get_logger(__name__)

SETTLED_AFTER = timedelta(seconds=30)
"""How long after its end a call may be on its way into the record before that counts as a difference."""


class DifferenceKind(StrEnum):
    """How the record and the CDR can disagree about a call."""

    NOT_IN_RECORD = "not_in_record"
    LEFT_OPEN = "left_open"
    ANSWER_DIFFERS = "answer_differs"
    NOT_IN_CDR = "not_in_cdr"


REPAIRABLE = frozenset({DifferenceKind.NOT_IN_RECORD, DifferenceKind.LEFT_OPEN})


@dataclass(frozen=True, slots=True)
class CallSummary:
    """What of a recorded call is compared."""

    call_id: str
    answered: bool
    ended: bool


@dataclass(frozen=True, slots=True)
class Difference:
    """One disagreement; `cdr` is what Asterisk says, None where it knows nothing of the call."""

    kind: DifferenceKind
    call_id: str
    cdr: CdrCall | None


def compare(record: Iterable[CallSummary], cdr: Iterable[CdrCall]) -> list[Difference]:
    """Every disagreement, in the order of the CDR; calls that only the record has come last."""
    known = {call.call_id: call for call in record}
    seen: set[str] = set()
    differences: list[Difference] = []
    for call in cdr:
        seen.add(call.call_id)
        kind = _disagreement(known.get(call.call_id), call)
        if kind is not None:
            differences.append(Difference(kind, call.call_id, call))
    missing = sorted(call.call_id for call in known.values() if call.ended and call.call_id not in seen)
    return differences + [Difference(DifferenceKind.NOT_IN_CDR, call_id, None) for call_id in missing]


def _disagreement(recorded: CallSummary | None, call: CdrCall) -> DifferenceKind | None:
    if recorded is None:
        return DifferenceKind.NOT_IN_RECORD
    if not recorded.ended:
        return DifferenceKind.LEFT_OPEN
    if recorded.answered != (call.answered_at is not None):
        return DifferenceKind.ANSWER_DIFFERS
    return None


def facts_of(call: CdrCall, recorded: CallSummary | None) -> list[f.CallFact]:
    """What the record lacks of this call, as facts with the CDR's times."""
    missing: list[f.CallFact] = []
    if recorded is None:
        missing.append(
            f.CallArrived(
                at=call.arrived_at,
                call_id=call.call_id,
                caller_number=call.caller_number,
                caller_known=is_number(call.caller_number),
                caller_name="",
                dialed_number=call.dialed_number,
                channel="",
                recovered=True,
            )
        )
        if call.recording:
            missing.append(
                f.RecordingStarted(at=call.arrived_at, call_id=call.call_id, file=call.recording, recovered=True)
            )
    if call.answered_at is not None and not (recorded and recorded.answered):
        missing.append(
            f.CallAnswered(at=call.answered_at, call_id=call.call_id, seat=call.seat or "", channel="", recovered=True)
        )
    answered = call.answered_at is not None or bool(recorded and recorded.answered)
    outcome = f.CallOutcome.ANSWERED if answered else f.CallOutcome.ABANDONED
    missing.append(
        f.CallEnded(
            at=call.ended_at,
            call_id=call.call_id,
            outcome=outcome,
            hung_up_by=f.Party.UNKNOWN,
            cause=None,
            recovered=True,
        )
    )
    return missing


async def reconcile(
    database: Database, recorder: CallRecorder, file: Path, *, host: str, alive: Collection[str], now: datetime
) -> list[Difference]:
    """Compare what the CDR file got since the last look, mend the record, and return what differed.

    `alive` are the calls that the PBX holds at this moment: they are never closed. A difference that is younger than
    `SETTLED_AFTER` may still be on its way; the file is then read again from the same place at the next look.
    """
    found: list[Difference] = []
    more = True
    while more:
        differences, more = await _look(database, recorder, file, host=host, alive=alive, now=now)
        found += differences
    return found


async def _look(
    database: Database, recorder: CallRecorder, file: Path, *, host: str, alive: Collection[str], now: datetime
) -> tuple[list[Difference], bool]:
    """One piece of the file: the settled differences, and whether to go on with the next one at once."""
    async with database.transaction() as tx:
        offset = await _position(tx, host, file)
    reading = await asyncio.to_thread(cdr_file.read, file, offset)
    if reading.offset == offset:
        return [], False
    calls = cdr_file.calls_from_rows(reading.rows)
    async with database.transaction() as tx:
        record = await _summaries(tx, [call.call_id for call in calls])
    differences = compare(record.values(), calls)
    settled = [each for each in differences if _settled(each, alive, now)]
    for difference in settled:
        await _mend(recorder, difference, record.get(difference.call_id))
    if len(settled) < len(differences):
        return settled, False
    async with database.transaction() as tx:
        await _remember(tx, host, file, reading.offset, now)
    if reading.damaged:
        log.error("lines of the CDR file cannot be read", lines=len(reading.damaged), first=reading.damaged[0][:200])
    return settled, reading.more


def _settled(difference: Difference, alive: Collection[str], now: datetime) -> bool:
    if difference.call_id in alive or difference.cdr is None:
        return False
    return now - difference.cdr.ended_at >= SETTLED_AFTER


async def _mend(recorder: CallRecorder, difference: Difference, recorded: CallSummary | None) -> None:
    assert difference.cdr is not None
    if difference.kind not in REPAIRABLE:
        log.error("record and CDR disagree", call_id=difference.call_id, difference=difference.kind.value)
        return
    log.warning("call entered from the CDR", call_id=difference.call_id, difference=difference.kind.value)
    batch_id = uuid5(NAMESPACE_URL, f"hotline:cdr:{difference.kind}:{difference.call_id}")
    await recorder.store(batch_id, facts_of(difference.cdr, recorded), source=FROM_CDR)


async def _position(tx: Transaction, host: str, file: Path) -> int:
    known = await tx.session.get(CdrPosition, host)
    return known.offset if known is not None and known.file == str(file) else 0


async def _remember(tx: Transaction, host: str, file: Path, offset: int, now: datetime) -> None:
    values = {"host": host, "file": str(file), "offset": offset, "at": now}
    statement = insert(CdrPosition).values(values)
    await tx.session.execute(statement.on_conflict_do_update(index_elements=["host"], set_=values))


async def _summaries(tx: Transaction, call_ids: list[str]) -> dict[str, CallSummary]:
    query = select(Call.call_id, Call.answered_at, Call.ended_at).where(Call.call_id.in_(call_ids))
    found = (await tx.session.execute(query)).all()
    return {
        row.call_id: CallSummary(row.call_id, row.answered_at is not None, row.ended_at is not None) for row in found
    }
