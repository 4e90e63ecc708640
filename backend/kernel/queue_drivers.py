"""How PgQueuer reaches the database: in somebody's transaction to enqueue, by two connections to take jobs."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import psycopg
from pgqueuer.core.tm import TaskManager
from pgqueuer.db import PsycopgDriver
from pgqueuer.ports.driver import Driver, NotifyCallback

_BURST_S = 0.1


class TransactionDriver(Driver):
    """PgQueuer's driver interface over a connection that is inside somebody's transaction."""

    def __init__(self, connection: psycopg.AsyncConnection[Any]) -> None:
        self._connection = connection
        self._shutdown = asyncio.Event()
        self._tm = TaskManager()

    @property
    def shutdown(self) -> asyncio.Event:
        return self._shutdown

    @property
    def tm(self) -> TaskManager:
        return self._tm

    async def fetch(self, query: str, *args: object) -> list[dict[str, object]]:
        cursor = psycopg.AsyncRawCursor(self._connection, row_factory=psycopg.rows.dict_row)
        await cursor.execute(query, args or None)
        return await cursor.fetchall()

    async def execute(self, query: str, *args: object) -> str:
        cursor = psycopg.AsyncRawCursor(self._connection)
        await cursor.execute(query, args or None)
        return cursor.statusmessage or ""

    async def notify(self, channel: str, payload: str) -> None:
        await self.execute("SELECT pg_notify($1, $2)", channel, payload)

    async def add_listener(self, channel: str, callback: NotifyCallback) -> None:
        raise NotImplementedError("a transaction does not listen")

    async def remove_listener(self, channel: str, callback: NotifyCallback) -> None:
        raise NotImplementedError("a transaction does not listen")

    async def __aenter__(self) -> TransactionDriver:
        return self

    async def __aexit__(self, *_: object) -> None:
        return None


class ListeningDriver(PsycopgDriver):
    """PgQueuer's own driver, which listens on one connection, with another one for its queries.

    psycopg holds a connection's lock for as long as it waits for a notification. On the same connection each query of
    a worker that has nothing else to do waits up to a second for the next one: to take a job, to begin it, to note
    that it is done (https://github.com/psycopg/psycopg/pull/760).
    """

    def __init__(self, notices: psycopg.AsyncConnection[Any], queries: psycopg.AsyncConnection[Any]) -> None:
        super().__init__(notices)
        self._queries = PsycopgDriver(queries)

    async def fetch(self, query: str, *args: object) -> list[dict[str, object]]:
        return await self._queries.fetch(query, *args)

    async def execute(self, query: str, *args: object) -> str:
        return await self._queries.execute(query, *args)

    async def notify(self, channel: str, payload: str) -> None:
        """By the connection that listens: PgQueuer asks whether it hears itself as soon as it has asked to listen, and
        by another connection the question may come before the listening."""
        await super().execute("SELECT pg_notify($1, $2)", channel, payload)

    async def add_listener(self, channel: str, callback: NotifyCallback) -> None:
        await super().add_listener(channel, _Bursts(callback))


class _Bursts:
    """Tells at once that the queue changed, and what changes soon after it as one change: for each one PgQueuer looks
    three or four times into the queue, and each job of any kind makes two."""

    def __init__(self, tell: NotifyCallback) -> None:
        self._tell = tell
        self._told = False
        self._since: str | bytes | bytearray | None = None

    def __call__(self, payload: str | bytes | bytearray) -> None:
        if json.loads(payload)["type"] != "table_changed_event":
            self._tell(payload)
        elif self._told:
            self._since = payload
        else:
            self._tell(payload)
            self._told = True
            asyncio.get_running_loop().call_later(_BURST_S, self._over)

    def _over(self) -> None:
        self._told = False
        if self._since is not None:
            payload, self._since = self._since, None
            self(payload)
