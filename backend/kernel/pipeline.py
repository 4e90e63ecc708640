"""Transactions of two round trips, for the one path on which a telephone is ringing.

    async with connection.transaction() as tx:
        batch, seats = await tx.ask(statement(OPEN_BATCH, {...}), statement(LOCK_SEATS, {...}))
        ...
        await tx.tell(statement(SAVE_SEATS, {...}), statement(APPEND_EVENTS, {...}))

Everything asked goes out together and so does everything told, with the commit behind it (libpq's pipeline mode).
Elsewhere `backend.kernel.database.Transaction` is the way: it is the same database, only more comfortable.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg.pq import TransactionStatus
from psycopg.rows import dict_row
from sqlalchemy import Executable
from sqlalchemy.dialects.postgresql import psycopg as dialect

from backend.kernel.database import DatabaseAway
from backend.kernel.urls import driver_url

Rows = list[dict[str, Any]]

_PLAN_ONCE = "SET plan_cache_mode = force_generic_plan"
"""Planning anew for each list of numbers takes longer than finding them."""
_AWAY = (psycopg.OperationalError, psycopg.InterfaceError, OSError)
_DIALECT = dialect.PGDialect_psycopg()  # type: ignore[no-untyped-call]


@dataclass(frozen=True, slots=True)
class Statement:
    """SQL as psycopg reads it, and its parameters."""

    sql: str
    parameters: Mapping[str, Any]


def driver_sql(clause: Executable) -> str:
    """A SQLAlchemy statement with `:name` parameters as psycopg reads it; make it once, at import."""
    return str(clause.compile(dialect=_DIALECT))  # type: ignore[attr-defined]


class PipelinedTransaction:
    """One transaction on a pipelined connection."""

    def __init__(self, raw: psycopg.AsyncConnection[dict[str, Any]]) -> None:
        self.raw = raw

    async def ask(self, *statements: Statement) -> list[Rows]:
        """Run the statements in one round trip; the rows of each, empty for one that returns none."""
        async with self.raw.pipeline():
            cursors = [await self._send(each) for each in statements]
        return [await cursor.fetchall() if cursor.description else [] for cursor in cursors]

    async def tell(self, *statements: Statement) -> None:
        """Run the statements and commit, in one round trip."""
        async with self.raw.pipeline():
            for each in statements:
                await self._send(each)
            await self.raw.commit()

    async def _send(self, statement: Statement) -> psycopg.AsyncCursor[dict[str, Any]]:
        return await self.raw.execute(statement.sql, statement.parameters or None)


class PipelinedConnection:
    """One connection for one user at a time; it is opened at need and again after the database was away."""

    def __init__(self, url: str, *, application_name: str) -> None:
        self._url = driver_url(url)
        self._name = application_name
        self._raw: psycopg.AsyncConnection[dict[str, Any]] | None = None

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[PipelinedTransaction]:
        """A transaction that lasts until `tell`; whatever was not told is rolled back. Raises `DatabaseAway`."""
        try:
            raw = await self._open(autocommit=False)
            yield PipelinedTransaction(raw)
            if raw.info.transaction_status != TransactionStatus.IDLE:
                await raw.rollback()
        except _AWAY as error:
            await self.close()
            raise _away() from error
        except BaseException:
            await self._roll_back()
            raise

    async def read(self, *statements: Statement) -> list[Rows]:
        """Each statement on its own, all in one round trip, nothing held and nothing to roll back.

        For a connection that is used for nothing else. Raises `DatabaseAway`.
        """
        try:
            raw = await self._open(autocommit=True)
            async with raw.pipeline():
                cursors = [await raw.execute(each.sql, each.parameters or None, prepare=True) for each in statements]
            return [await cursor.fetchall() for cursor in cursors]
        except _AWAY as error:
            await self.close()
            raise _away() from error

    async def close(self) -> None:
        """Give the connection back."""
        raw, self._raw = self._raw, None
        if raw is not None:
            with suppress(psycopg.Error, OSError):
                await raw.close()

    async def _open(self, *, autocommit: bool) -> psycopg.AsyncConnection[dict[str, Any]]:
        if self._raw is None or self._raw.closed:
            raw = await psycopg.AsyncConnection.connect(
                self._url,
                autocommit=True,
                row_factory=dict_row,
                application_name=self._name,
                connect_timeout=5,
            )
            await raw.execute(_PLAN_ONCE)
            await raw.set_autocommit(autocommit)
            self._raw = raw
        return self._raw

    async def _roll_back(self) -> None:
        if self._raw is not None:
            try:
                await self._raw.rollback()
            except (psycopg.Error, OSError):
                await self.close()


def _away() -> DatabaseAway:
    return DatabaseAway(
        "The database does not answer.",
        kept="Nothing was stored, except perhaps what its last answer did not reach us for.",
        next_step="It is tried again by itself.",
    )
