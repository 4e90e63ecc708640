"""The one way to PostgreSQL: transactions that carry state, events and jobs together.

    async with database.transaction() as tx:
        await tx.session.execute(...)
        tx.emit("seat_changed", entity="8001", audience=["seat:8001"], payload={...})
        await tx.enqueue("store_recording", {"call_id": ...})

Either all of it is committed or nothing. Events get their numbers under a lock that is held only from the insert to
the commit, so that the order of the numbers is the order in which they become visible: a client that has seen number
n can never miss a smaller one that is committed later.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import BigInteger, Column, DateTime, Index, MetaData, String, Table, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolExhausted
from sqlalchemy.ext.asyncio import AsyncSession, create_async_engine
from sqlalchemy.orm import DeclarativeBase

from backend.kernel import clock
from backend.kernel.errors import Unavailable
from backend.kernel.jobs import enqueue
from backend.kernel.urls import driver_url

EVENT_CHANNEL = "hotline_events"
APPEND_EVENTS = text("SELECT append_events(CAST(:events AS jsonb))")
"""The database function numbers events and tells them (see the migration that made it); the last of a transaction."""


class DatabaseAway(Unavailable):
    """PostgreSQL does not answer."""


class DatabaseBusy(Unavailable):
    """Every connection of this process is in use and none became free in time."""


class Base(DeclarativeBase):
    """Base of every mapped class; one metadata, so that Alembic sees all tables."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map = {
        datetime: DateTime(timezone=True),
        dict[str, Any]: JSONB,
        list[str]: ARRAY(String),
    }


events_table = Table(
    "events",
    Base.metadata,
    Column("seq", BigInteger, primary_key=True, autoincrement=True),
    Column("at", DateTime(timezone=True), nullable=False),
    Column("topic", String, nullable=False),
    Column("entity", String, nullable=False),
    Column("audience", ARRAY(String), nullable=False),
    Column("payload", JSONB, nullable=False),
    Index("ix_events_at", "at"),
)


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened, as it is to be told; see `Transaction.emit`."""

    topic: str
    entity: str
    audience: tuple[str, ...]
    payload: Mapping[str, Any]
    at: datetime


def events_parameter(events: Iterable[Event]) -> dict[str, str]:
    """The parameter of `APPEND_EVENTS`."""
    written = [
        {
            "at": event.at.isoformat(),
            "topic": event.topic,
            "entity": event.entity,
            "audience": sorted(set(event.audience)),
            "payload": dict(event.payload),
        }
        for event in events
    ]
    return {"events": json.dumps(written, ensure_ascii=False)}


@dataclass(slots=True)
class Transaction:
    """One unit of work. `session` reads and writes state; `emit` and `enqueue` join the same commit."""

    session: AsyncSession
    _events: list[Event] = field(default_factory=list)

    def emit(
        self,
        topic: str,
        *,
        entity: str,
        audience: Iterable[str],
        payload: Mapping[str, Any],
        at: datetime | None = None,
    ) -> None:
        """Record that something happened.

        `audience` holds who may hear of it: "seat:8001", "user:<id>", "permission:<name>" or "all". The payload must
        be plain JSON; it is numbered and told to listeners when the transaction commits.
        """
        self._events.append(Event(topic, entity, tuple(audience), payload, at or clock.now()))

    async def enqueue(
        self,
        job: str,
        payload: Mapping[str, Any],
        *,
        dedupe_key: str | None = None,
        priority: int = 0,
        after: timedelta | None = None,
    ) -> None:
        """Put a job in the queue; it becomes visible to workers when this transaction commits.

        With `dedupe_key`, a job of the same key that still waits or runs is not doubled. With `after`, no worker takes
        it before so much time has passed.
        """
        connection = await self.session.connection()
        await enqueue(connection, job, payload, dedupe_key=dedupe_key, priority=priority, after=after)

    async def flush_events(self) -> None:
        """Write the collected events under their numbers; the transaction must commit right after."""
        if not self._events:
            return
        await self.session.flush()
        await self.session.execute(APPEND_EVENTS, events_parameter(self._events))
        self._events.clear()


class Database:
    """A pool of connections to one PostgreSQL database."""

    def __init__(self, url: str, *, pool_size: int = 10, application_name: str = "hotline") -> None:
        self.url = url
        self.engine = create_async_engine(
            url,
            pool_size=pool_size,
            max_overflow=pool_size,
            pool_timeout=5,
            pool_pre_ping=False,
            connect_args={"application_name": application_name, "connect_timeout": 5},
        )

    @asynccontextmanager
    async def transaction(self, *, isolation: str | None = None) -> AsyncIterator[Transaction]:
        """A transaction that commits at the end of the block and rolls back on an error.

        Raises `DatabaseAway` when PostgreSQL cannot be reached or went away on the way; nothing was stored then,
        except, if it went away during the commit itself, when idempotent keys must tell.
        """
        session = AsyncSession(self.engine, expire_on_commit=False)
        try:
            async with session:
                if isolation is not None:
                    await session.connection(execution_options={"isolation_level": isolation})
                tx = Transaction(session)
                yield tx
                await tx.flush_events()
                await session.commit()
        except (OperationalError, InterfaceError) as error:
            raise DatabaseAway(
                "The database does not answer.",
                kept="Nothing was stored; what was typed stays on the screen.",
                next_step="It is tried again by itself; call the administrator if this lasts.",
            ) from error
        except PoolExhausted as error:
            raise DatabaseBusy(
                "The server is too busy.",
                kept="Nothing was stored; what was typed stays on the screen.",
                next_step="Try again in a moment.",
            ) from error
        except DBAPIError as error:
            if error.connection_invalidated:
                raise DatabaseAway("The connection to the database broke.", next_step="Try again.") from error
            raise

    async def close(self) -> None:
        """Give all connections back."""
        await self.engine.dispose()

    @property
    def driver_url(self) -> str:
        """The same address as psycopg itself understands it."""
        return driver_url(self.url)
