"""Whether the store is the one that the record names, before a worker takes its first job.

A worker that reads from another store, for instance from a folder of its own machine, would give up recordings that are
all there, and write exports where nobody finds them.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import suppress

import structlog

from backend.calls import repository
from backend.kernel.database import Database
from backend.kernel.errors import Unavailable
from backend.kernel.files import FileStore

log = structlog.get_logger(__name__)

_LOOKED_FOR = 5
"""So many recordings of the last calls; some of them may be lost without the store being another one."""
_AGAIN_S = 1.0


class StoreUnusable(Unavailable):
    """The store cannot be written to and read from, or is not the one that the record names."""

    def __init__(self, message: str) -> None:
        super().__init__(
            message,
            kept="No job was taken; all wait for a worker that reaches the store.",
            next_step="Correct recordings.store or HOTLINE_STORE, or the right to use it, then start again.",
        )


async def check_store(database: Database, files: FileStore, stop: asyncio.Event, *, elsewhere: bool) -> None:
    """Try the store, once the database answers.

    Raises `StoreUnusable` in a worker that works `elsewhere`, away from every PBX: others do its jobs. A worker beside
    its PBX says so and goes on, for clocks, callbacks and checks need no store.
    """
    while not stop.is_set():
        try:
            await _try(database, files)
        except StoreUnusable as error:
            if elsewhere:
                raise
            log.error("the store cannot be used", error=error.message, next_step=error.next_step)
        except Unavailable:
            with suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), _AGAIN_S)
            continue
        return


async def _try(database: Database, files: FileStore) -> None:
    try:
        await asyncio.to_thread(files.probe)
    except Exception as error:
        raise StoreUnusable(f"The store {files.address} does not work: {type(error).__name__}: {error}") from error
    async with database.transaction() as tx:
        keys = await repository.newest_recordings(tx, _LOOKED_FOR)
    if keys and not await asyncio.to_thread(_holds_any, files, keys):
        raise StoreUnusable(f"The store {files.address} is another one: it holds none of the last recordings.")


def _holds_any(files: FileStore, keys: Sequence[str]) -> bool:
    return any(files.exists(key) for key in keys)
