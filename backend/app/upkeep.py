"""What a process looks after beside its work, from time to time, for as long as it runs."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Iterable
from contextlib import asynccontextmanager
from typing import Any

import structlog

from backend.kernel.database import Database, Transaction
from backend.kernel.errors import Unavailable

log = structlog.get_logger(__name__)

Work = Callable[[Transaction], Awaitable[None]]


@asynccontextmanager
async def beside(works: Iterable[Coroutine[Any, Any, None]]) -> AsyncIterator[None]:
    """Do all of these for the time of the block."""
    tasks = [asyncio.create_task(work) for work in works]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def often(database: Database, every_s: float, work: Work) -> None:
    """Do it again and again, for ever."""
    while True:
        await once(database, every_s, work)


async def once(database: Database, after_s: float, work: Work) -> None:
    """Do it once in so many seconds, and again as long as it fails: nothing that goes wrong one time, be it the store
    or a fault of ours, may end what nobody else looks after."""
    done = False
    while not done:
        await asyncio.sleep(after_s)
        try:
            async with database.transaction() as tx:
                await work(tx)
            done = True
        except Unavailable:  # the database is away, and says so elsewhere
            continue
        except Exception:
            log.exception("upkeep failed; it is tried again", what=getattr(work, "__qualname__", repr(work)))
