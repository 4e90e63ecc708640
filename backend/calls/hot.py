"""The queries of the recorder. What a ringing telephone waits for are statements that go out together, without ORM."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
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
from backend.kernel.pipeline import Statement, driver_sql
from telephony import facts as f

log = structlog.get_logger(__name__)

_CALLS: Table = Call.__table__  # type: ignore[assignment]
_FACTS: Table = CallFact.__table__  # type: ignore[assignment]
_FIELDS = [each.name for each in fields(CallRecord)]

_OPEN_BATCH = driver_sql(
    text("INSERT INTO fact_batches (batch_id, at) VALUES (:batch_id, :at) ON CONFLICT DO NOTHING RETURNING batch_id")
)
_LOCK_CALLS = driver_sql(
    text(f"SELECT {', '.join(_FIELDS)} FROM calls WHERE call_id = ANY(:ids) ORDER BY call_id FOR UPDATE")  # noqa: S608
)
_SAVE_CALLS = driver_sql(upsert_many(_CALLS, _FIELDS))
_ADD_FACTS = driver_sql(insert_many(_FACTS, [column.name for column in _FACTS.columns]))
_OPEN_FACTS = text(
    "SELECT kind, payload FROM call_facts JOIN calls USING (call_id)"
    " WHERE calls.stage <> 'ended' AND calls.host = :host ORDER BY calls.arrived_at, call_id, n"
)

# `waiting` and `answered_in_target` of `measures`, in SQL; a test holds the two together
_WAITING = text(
    "SELECT count(*), min(arrived_at - waited_ms * interval '1 ms') FROM calls"
    " WHERE stage <> 'ended' AND stage = 'queued' AND direction = 'inbound' AND counted"
)
_SHARE = text(
    "SELECT count(*) FILTER (WHERE answered_at IS NOT NULL AND wait_ms <= :target), count(*) FROM calls"
    " WHERE arrived_at >= :since AND direction = 'inbound' AND outcome IS DISTINCT FROM 'rejected' AND counted"
    " AND (answered_at IS NOT NULL OR stage = 'ended')"
)


class Waiting(NamedTuple):
    """How many citizens wait, and since when the first of them."""

    waiting: int
    longest_since: datetime | None


def open_batch(batch_id: UUID, at: datetime) -> Statement:
    """Claims the batch for this transaction; gives no row when it is stored already."""
    return Statement(_OPEN_BATCH, {"batch_id": batch_id, "at": at})


def lock_calls(call_ids: Collection[str]) -> Statement:
    """The rows of these calls, as far as there are any, held until the end of the transaction; see `record_of`."""
    return Statement(_LOCK_CALLS, {"ids": sorted(call_ids)})


def record_of(row: Mapping[str, Any]) -> CallRecord:
    """A row of `lock_calls` as a value."""
    return CallRecord(**row)


def save_calls(calls: Sequence[CallRecord]) -> list[Statement]:
    """Writes these rows, new or known."""
    return [Statement(_SAVE_CALLS, rows(asdict(call) for call in calls))] if calls else []


def add_facts(fact_rows: Sequence[dict[str, Any]]) -> list[Statement]:
    """Adds these facts to the record."""
    return [Statement(_ADD_FACTS, rows(fact_rows))] if fact_rows else []


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
