"""Holds the record against Asterisk's own CDR file, and mends what the record missed.

The telephony process may be away for the whole life of a call. Asterisk took the call all the same, and its CDR file
says so: the call is then entered from there, and its recording, which lies in the spool, goes the usual way. A call
that ended meanwhile was closed when that was noticed; the file knows when it was.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection
from datetime import datetime, timedelta
from pathlib import Path
from uuid import NAMESPACE_URL, uuid5

import structlog
from sqlalchemy import exists, select
from sqlalchemy.dialects.postgresql import insert

from backend.calls.mending import REPAIRABLE, CallSummary, Difference, compare, facts_of
from backend.calls.models import Call, CallFact, CdrPosition
from backend.calls.recorder import FROM_CDR, CallRecorder
from backend.kernel.database import Database, Transaction
from telephony import cdr_file
from telephony import facts as f
from telephony.cdr import calls_from_rows
from telephony.cdr_file import Place

log = structlog.get_logger(__name__)

SETTLED_AFTER = timedelta(seconds=30)
"""How long after its end a call may be on its way into the record before that counts as a difference."""


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
        place = await _position(tx, host)
    reading = await asyncio.to_thread(cdr_file.read, file, place)
    if reading.place == place:
        return [], False
    calls = calls_from_rows(reading.rows)
    async with database.transaction() as tx:
        record = await _summaries(tx, [call.call_id for call in calls])
    differences = compare(record.values(), calls)
    settled = [each for each in differences if _settled(each, alive, now)]
    for difference in settled:
        await _mend(recorder, difference, record.get(difference.call_id))
    if len(settled) < len(differences):
        return settled, False
    async with database.transaction() as tx:
        await _remember(tx, host, reading.place, now)
    if reading.damaged:
        log.error("lines of the CDR file cannot be read", lines=len(reading.damaged), first=reading.damaged[0][:200])
    return settled, reading.more


def _settled(difference: Difference, alive: Collection[str], now: datetime) -> bool:
    return difference.call_id not in alive and now - difference.cdr.ended_at >= SETTLED_AFTER


async def _mend(recorder: CallRecorder, difference: Difference, recorded: CallSummary | None) -> None:
    if difference.kind not in REPAIRABLE:
        log.error("record and CDR disagree", call_id=difference.call_id, difference=difference.kind.value)
        return
    log.warning("call entered from the CDR", call_id=difference.call_id, difference=difference.kind.value)
    batch_id = uuid5(NAMESPACE_URL, f"hotline:cdr:{difference.kind}:{difference.call_id}")
    await recorder.store(batch_id, facts_of(difference, recorded), source=FROM_CDR)


async def _position(tx: Transaction, host: str) -> Place:
    known = await tx.session.get(CdrPosition, host)
    return cdr_file.BEGINNING if known is None else Place(known.file, known.offset)


async def _remember(tx: Transaction, host: str, place: Place, now: datetime) -> None:
    values = {"host": host, "file": place.part, "offset": place.offset, "at": now}
    statement = insert(CdrPosition).values(values)
    await tx.session.execute(statement.on_conflict_do_update(index_elements=["host"], set_=values))


async def _summaries(tx: Transaction, call_ids: list[str]) -> dict[str, CallSummary]:
    found_ended = exists().where(
        CallFact.call_id == Call.call_id, CallFact.kind == f.CallEnded.kind, CallFact.recovered
    )
    query = select(Call.call_id, Call.answered_at.is_not(None), Call.ended_at, found_ended)
    rows = await tx.session.execute(query.where(Call.call_id.in_(call_ids)))
    return {summary.call_id: summary for summary in (CallSummary(*row) for row in rows)}
