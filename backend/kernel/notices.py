"""Notices: told at once to whoever listens now, and never stored. For what is only worth knowing this instant.

A notice has no number and may be lost; what must not be lost is an event (`backend.kernel.events`).
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Iterable, Mapping
from typing import Any

import psycopg
import structlog
from psycopg import sql

from backend.kernel.urls import driver_url

log = structlog.get_logger(__name__)

_RETRY_S = 0.5
_WAIT_S = 30.0
_MOST_WAITING = 1000
_AWAY = (psycopg.Error, OSError)


class NoticeBoard:
    """Sends notices on one channel, in order, without ever making its caller wait."""

    def __init__(self, url: str, channel: str) -> None:
        self._url = driver_url(url)
        self._channel = channel
        self._waiting: asyncio.Queue[str] = asyncio.Queue(_MOST_WAITING)

    def post(self, notices: Iterable[Mapping[str, Any]]) -> None:
        """Have these notices sent; when too many wait already, the newest are dropped."""
        for notice in notices:
            if self._waiting.full():
                return
            self._waiting.put_nowait(json.dumps(dict(notice), ensure_ascii=False))

    async def run(self) -> None:
        """Send what is posted, for ever; what cannot be sent at once is dropped, because it is soon worth nothing."""
        while True:
            try:
                connection = await psycopg.AsyncConnection.connect(
                    self._url, autocommit=True, application_name="hotline notices", connect_timeout=5
                )
                async with connection:
                    while True:
                        await self._send(connection)
            except _AWAY as error:
                log.info("notices wait for the database", error=str(error).strip())
                while not self._waiting.empty():
                    self._waiting.get_nowait()
                await asyncio.sleep(_RETRY_S)

    async def _send(self, connection: psycopg.AsyncConnection[Any]) -> None:
        batch = [await self._waiting.get()]
        while not self._waiting.empty():
            batch.append(self._waiting.get_nowait())
        await connection.execute(
            "SELECT pg_notify(%s, notice) FROM unnest(%s::text[]) WITH ORDINALITY AS posted(notice, n) ORDER BY n",
            (self._channel, batch),
            prepare=True,
        )


async def notices(url: str, channel: str) -> AsyncIterator[list[dict[str, Any]]]:
    """Batches of notices from now on, for ever; reconnects by itself, and what was posted meanwhile is not seen."""
    while True:
        try:
            connection = await psycopg.AsyncConnection.connect(
                driver_url(url), autocommit=True, application_name="hotline notices", connect_timeout=5
            )
            async with connection:
                await connection.execute(sql.SQL("LISTEN {}").format(sql.Identifier(channel)))
                while True:
                    heard = [json.loads(n.payload) async for n in connection.notifies(timeout=_WAIT_S, stop_after=1)]
                    if heard:
                        yield heard
        except _AWAY as error:
            log.info("notices wait for the database", error=str(error).strip())
            await asyncio.sleep(_RETRY_S)
