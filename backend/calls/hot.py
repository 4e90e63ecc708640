"""The queries of the recorder, which a ringing telephone waits for: few, each one round trip, no ORM."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import asdict, fields
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

import structlog
from sqlalchemy import Table, text

from backend.calls.measures import ANSWER_TARGET_MS, share
from backend.calls.models import Call, CallFact
from backend.calls.record import CallRecord
from backend.kernel.bulk import insert_many, rows, upsert_many
from backend.kernel.database import Transaction
from telephony import facts as f

log = structlog.get_logger(__name__)

_CALLS: Table = Call.__table__  # type: ignore[assignment]
_FACTS: Table = CallFact.__table__  # type: ignore[assignment]
_FIELDS = [each.name for each in fields(CallRecord)]

_OPEN_BATCH = text("INSERT INTO fact_batches (batch_id, at) VALUES (:batch_id, :at) ON CONFLICT DO NOTHING")
_LOCK_CALLS = text(
    f"SELECT {', '.join(_FIELDS)} FROM calls WHERE call_id = ANY(:ids) ORDER BY call_id FOR UPDATE"  # noqa: S608
)
_SAVE_CALLS = upsert_many(_CALLS, _FIELDS)
_ADD_FACTS = insert_many(_FACTS, [column.name for column in _FACTS.columns])
_OPEN_FACTS = text(
    "SELECT kind, payload FROM call_facts JOIN calls USING (call_id)"
    " WHERE calls.stage <> 'ended' AND calls.host = :host ORDER BY calls.arrived_at, call_id, n"
)

# `waiting` and `answered_in_target` of `measures`, in SQL; a test holds the two together
_WAITING = text(
    "SELECT count(*), min(arrived_at) FROM calls"
    " WHERE stage <> 'ended' AND stage IN ('queued', 'ringing') AND direction = 'inbound'"
)
_SHARE = text(
    "SELECT count(*) FILTER (WHERE answered_at IS NOT NULL AND wait_ms <= :target), count(*) FROM calls"
    " WHERE arrived_at >= :since AND direction = 'inbound' AND outcome IS DISTINCT FROM 'rejected'"
    " AND (answered_at IS NOT NULL OR stage = 'ended')"
)


class Waiting(NamedTuple):
    """How many citizens wait, and since when the first of them."""

    waiting: int
    longest_since: datetime | None


async def open_batch(tx: Transaction, batch_id: UUID, at: datetime) -> bool:
    """Claim the batch for this transaction; False when it is stored already."""
    claimed = await tx.session.execute(_OPEN_BATCH, {"batch_id": batch_id, "at": at})
    return bool(claimed.rowcount)  # type: ignore[attr-defined]


async def lock_calls(tx: Transaction, call_ids: Collection[str]) -> dict[str, CallRecord]:
    """The rows of these calls, as far as there are any, held until the end of the transaction."""
    if not call_ids:
        return {}
    found = await tx.session.execute(_LOCK_CALLS, {"ids": sorted(call_ids)})
    return {row.call_id: CallRecord(**row._mapping) for row in found}  # noqa: SLF001 - SQLAlchemy's public name


async def save_calls(tx: Transaction, calls: Sequence[CallRecord]) -> None:
    """Write these rows, new or known."""
    if calls:
        await tx.session.execute(_SAVE_CALLS, rows(asdict(call) for call in calls))


async def add_facts(tx: Transaction, fact_rows: Sequence[dict[str, Any]]) -> None:
    """Add these facts to the record."""
    if fact_rows:
        await tx.session.execute(_ADD_FACTS, rows(fact_rows))


async def waiting_calls(tx: Transaction) -> Waiting:
    """Who waits now, in all queues."""
    waiting, longest_since = (await tx.session.execute(_WAITING)).one()
    return Waiting(int(waiting), longest_since)


async def share_in_target(tx: Transaction, since: datetime) -> float | None:
    """The share answered within 15 s of the calls that arrived since then."""
    within, decided = (await tx.session.execute(_SHARE, {"target": ANSWER_TARGET_MS, "since": since})).one()
    return share(int(within), int(decided))


async def facts_of_open_calls(tx: Transaction, host: str) -> list[f.Fact]:
    """Every fact of every call of this PBX that has not ended, call by call and in order."""
    history: list[f.Fact] = []
    for row in await tx.session.execute(_OPEN_FACTS, {"host": host}):
        try:
            history.append(f.from_payload(row.kind, row.payload))
        except f.FactUnreadable as unreadable:  # written by another version: the rest of the call is still worth having
            log.warning("stored fact cannot be read", kind=row.kind, problem=unreadable.message)
    return history
