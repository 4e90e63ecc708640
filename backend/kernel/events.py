"""Reading the event table: live by NOTIFY, and again from any number that a client still has."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import psycopg
import structlog
from sqlalchemy import delete, func, select
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession

from backend.kernel.database import EVENT_CHANNEL, Database, events_table

log = structlog.get_logger(__name__)

_BATCH = 500


@dataclass(frozen=True, slots=True)
class StoredEvent:
    """An event as it stands in the table; `audience` says who may hear of it."""

    seq: int
    at: datetime
    topic: str
    entity: str
    audience: frozenset[str]
    payload: dict[str, Any]


async def newest_seq(connection: AsyncConnection | AsyncSession) -> int:
    """The number of the newest event that this transaction can see; 0 when there is none."""
    return int((await connection.execute(select(func.coalesce(func.max(events_table.c.seq), 0)))).scalar_one())


async def read_after(
    connection: AsyncConnection | AsyncSession,
    seq: int,
    *,
    audience: Sequence[str] | None = None,
    until: int | None = None,
    limit: int = _BATCH,
) -> list[StoredEvent]:
    """Events with a number above `seq` (and at most `until`), in order, at most `limit`, for the given audience."""
    query = select(events_table).where(events_table.c.seq > seq).order_by(events_table.c.seq).limit(limit)
    if audience is not None:
        query = query.where(events_table.c.audience.overlap(list(audience)))
    if until is not None:
        query = query.where(events_table.c.seq <= until)
    rows = (await connection.execute(query)).all()
    return [StoredEvent(row.seq, row.at, row.topic, row.entity, frozenset(row.audience), row.payload) for row in rows]


async def forget_before(session: AsyncSession, before: datetime) -> int:
    """Remove events that no console will ask for any more, but never the newest, which later numbers follow on."""
    newest = select(func.max(events_table.c.seq)).scalar_subquery()
    statement = delete(events_table).where(events_table.c.at < before, events_table.c.seq < newest)
    return int((await session.execute(statement)).rowcount)  # type: ignore[attr-defined]


class EventStream:
    """Every event from a number on, each exactly once and in order, for as long as it is iterated.

    NOTIFY wakes it; it also looks by itself every `poll_s` seconds, so that a lost notification delays an event but
    never loses it. When the database goes away it reconnects and continues where it was.
    """

    def __init__(self, database: Database, *, poll_s: float = 1.0, retry_s: float = 0.5) -> None:
        self._database = database
        self._poll_s = poll_s
        self._retry_s = retry_s
        self.seq: int | None = None
        self.connected = False

    async def follow(self, after: int | None = None) -> AsyncIterator[list[StoredEvent]]:
        """Batches of events with a number above `after` (None: from now on). Never ends by itself."""
        self.seq = after
        while True:
            try:
                async for batch in self._follow_once():
                    yield batch
            except (psycopg.Error, OSError) as error:
                self.connected = False
                log.warning("event stream lost the database", error=str(error).strip())
                await asyncio.sleep(self._retry_s)

    async def _follow_once(self) -> AsyncIterator[list[StoredEvent]]:
        connection = await psycopg.AsyncConnection.connect(
            self._database.driver_url, autocommit=True, application_name="hotline events"
        )
        async with connection:
            await connection.execute(f"LISTEN {EVENT_CHANNEL}")
            cursor = connection.cursor()
            if self.seq is None:
                await cursor.execute("SELECT coalesce(max(seq), 0) FROM events")
                row = await cursor.fetchone()
                self.seq = int(row[0]) if row else 0
            self.connected = True
            while True:
                batch = await _read(cursor, self.seq)
                if batch:
                    self.seq = batch[-1].seq
                    yield batch
                    continue
                complete = True
                while complete:
                    told, complete = await self._told(connection)
                    if told:
                        self.seq = told[-1].seq
                        yield told

    async def _told(self, connection: psycopg.AsyncConnection[Any]) -> tuple[list[StoredEvent], bool]:
        """What the next notifications tell beyond the last number, and whether that is all there is to know.

        It is not when a notification does not follow on the last number or was too large to carry its events, nor
        when none came for a while: the table must be read then.
        """
        assert self.seq is not None
        told: list[StoredEvent] = []
        newest, complete, heard = self.seq, True, False
        async for notice in connection.notifies(timeout=self._poll_s, stop_after=1):
            heard = True
            content = json.loads(notice.payload)
            if not complete or content["seq"] <= newest:
                continue
            complete = content["after"] == newest and "events" in content
            if complete:
                told += [_from_notice(entry) for entry in content["events"]]
                newest = content["seq"]
        return told, complete and heard


def _from_notice(entry: dict[str, Any]) -> StoredEvent:
    at = datetime.fromisoformat(entry["at"])
    return StoredEvent(
        entry["seq"], at, entry["topic"], entry["entity"], frozenset(entry["audience"]), entry["payload"]
    )


async def _read(cursor: psycopg.AsyncCursor[Any], seq: int) -> list[StoredEvent]:
    await cursor.execute(
        "SELECT seq, at, topic, entity, audience, payload FROM events WHERE seq > %s ORDER BY seq LIMIT %s",
        (seq, _BATCH),
    )
    return [StoredEvent(r[0], r[1], r[2], r[3], frozenset(r[4]), r[5]) for r in await cursor.fetchall()]
