"""One process leads, others stand by: a lock in PostgreSQL that dies with the connection of its holder."""

from __future__ import annotations

import asyncio
from types import TracebackType

import psycopg
import structlog

from backend.kernel.errors import HotlineError
from backend.kernel.urls import driver_url

log = structlog.get_logger(__name__)

_CHECK_S = 0.5
_AWAY = (psycopg.OperationalError, psycopg.InterfaceError, OSError)


class LeadershipLost(HotlineError):
    """Another process leads now; this one must stop what only a leader may do."""


class Leadership:
    """Leadership over the thing that `key` numbers.

    A leader whose database goes away leads nothing meanwhile (`held` is False), but keeps what it has in memory and
    asks for the lock again as soon as the database is back; only if another process got it first is the leadership
    lost.
    """

    def __init__(self, url: str, key: int) -> None:
        self._url = driver_url(url)
        self._key = key
        self._connection: psycopg.AsyncConnection[tuple[object, ...]] | None = None
        self.held = False

    async def __aenter__(self) -> Leadership:
        """Wait until this process leads."""
        while not await self._try():
            await asyncio.sleep(_CHECK_S)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.held = False
        if self._connection is not None:
            await self._connection.close()

    async def keep(self) -> None:
        """Watch over the lock for ever; raises `LeadershipLost` when another process got it."""
        while True:
            await asyncio.sleep(_CHECK_S)
            if self.held and await self._alive():
                continue
            self.held = False
            if await self._try():
                log.info("leading again after the database came back", key=self._key)
            elif self._connection is not None:
                raise LeadershipLost("Another process leads now.", next_step="This one stands by again.")

    async def _try(self) -> bool:
        """Ask for the lock once. False with a connection: another holds it; without one: the database is away."""
        try:
            if self._connection is None or self._connection.closed:
                self._connection = None
                self._connection = await psycopg.AsyncConnection.connect(
                    self._url, autocommit=True, application_name="hotline leadership", connect_timeout=3
                )
            cursor = await self._connection.execute("SELECT pg_try_advisory_lock(%s)", (self._key,))
            row = await cursor.fetchone()
        except _AWAY:
            self._connection = None
            return False
        self.held = bool(row and row[0])
        return self.held

    async def _alive(self) -> bool:
        assert self._connection is not None
        try:
            await self._connection.execute("SELECT 1")
        except _AWAY:
            self._connection = None
            return False
        return True
