"""What a process looks after goes on, whatever goes wrong one time."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any, cast

from backend.app.upkeep import often, once
from backend.kernel.database import Database, Transaction
from backend.kernel.errors import Unavailable


class NoDatabase:
    """Transactions of nothing."""

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[None]:
        yield


class Upkeep:
    """Fails in these ways, then goes well."""

    def __init__(self, *failures: Exception) -> None:
        self.failures = list(failures)
        self.done = 0
        self.twice = asyncio.Event()

    async def work(self, _: Transaction) -> None:
        if self.failures:
            raise self.failures.pop(0)
        self.done += 1
        if self.done == 2:
            self.twice.set()


NOWHERE = cast("Database", cast("Any", NoDatabase()))


async def test_what_failed_one_time_is_done_again_and_again() -> None:
    upkeep = Upkeep(PermissionError("the store"), Unavailable("the database"), ValueError("a fault of ours"))
    task = asyncio.create_task(often(NOWHERE, 0.0, upkeep.work))
    waiting = asyncio.create_task(upkeep.twice.wait())
    await asyncio.wait({task, waiting}, timeout=30, return_when=asyncio.FIRST_COMPLETED)
    for each in (task, waiting):
        each.cancel()
        with suppress(asyncio.CancelledError):
            await each
    assert (upkeep.done >= 2, upkeep.failures) == (True, [])


async def test_what_is_to_be_done_once_is_done_once_it_goes_well() -> None:
    upkeep = Upkeep(OSError("the store"))
    await once(NOWHERE, 0.0, upkeep.work)
    assert upkeep.done == 1
