"""Keeps level, once a second, what a PBX and the record know of single numbers.

From the record to Asterisk's own database: who is refused, who goes first, whose own seat is free. From Asterisk to the
record: who pressed the key for a callback. And from the record of calls to the list of missed callers.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import structlog

from backend.kernel import clock
from backend.kernel.database import Database
from backend.kernel.errors import HotlineError
from backend.queueing import blacklist, missed
from backend.queueing.table import wanted
from telephony.ami import AmiLink
from telephony.pbx.parts import HostPart
from telephony.table import CALLBACK, FAMILIES, correct, forget_wish, read

log = structlog.get_logger(__name__)

TOPICS = frozenset({"seat_changed", "case_filed", "case_changed", "call_ended", blacklist.CHANGED, missed.CHANGED})
"""News after which it is worth looking at once."""
_AT_MOST_EVERY_S = 1.0
_AT_LEAST_EVERY_S = 5.0
_READ_AGAIN_AFTER = timedelta(minutes=1)
_FIRST_LOOK_BACK = timedelta(days=2)
_LOOK_BACK = timedelta(hours=6)


@dataclass
class NumberKeeper:
    """One loop; `synchronised` tells whether the link is up and what the PBX holds is known."""

    database: Database
    part: HostPart
    link: AmiLink
    short_call: timedelta
    synchronised: Callable[[], bool]
    _known: dict[tuple[str, str], str] | None = None
    _read_at: datetime | None = None
    _looked_back: bool = False
    _news: asyncio.Event = field(default_factory=asyncio.Event)

    def wake(self, *, read_again: bool = False) -> None:
        """Something happened that may matter; `read_again` when Asterisk may have lost what it was told."""
        if read_again:
            self._known = None
        self._news.set()

    async def run(self) -> None:
        """Compare and correct, for ever."""
        while True:
            await asyncio.sleep(_AT_MOST_EVERY_S)
            try:
                async with asyncio.timeout(_AT_LEAST_EVERY_S):
                    await self._news.wait()
            except TimeoutError:
                pass
            self._news.clear()
            try:
                await self.look()
            except HotlineError as error:
                log.info("numbers_not_level_yet", reason=error.message)

    async def look(self) -> None:
        """One comparison. Raises what the database or the link raise; the next look continues where this one broke."""
        now = clock.now()
        async with self.database.transaction() as tx:
            back = _LOOK_BACK if self._looked_back else _FIRST_LOOK_BACK
            await missed.collect(tx, self.part.name, now - back, self.short_call, now)
        self._looked_back = True
        if not self.synchronised():
            self._known = None
            return
        await self._take_wishes(now)
        async with self.database.transaction() as tx:
            table = dict(await wanted(tx, self.part, now))
        if self._known is None or self._read_at is None or now - self._read_at > _READ_AGAIN_AFTER:
            self._known, self._read_at = await read(self.link.action, FAMILIES), now
        actual, self._known = self._known, None  # unknown again if this breaks half-way
        await correct(self.link.action, table, actual)
        self._known = table

    async def _take_wishes(self, now: datetime) -> None:
        """First into the record, then out of Asterisk: a wish that is taken twice changes nothing."""
        wishes = {key: call_id for (_, key), call_id in (await read(self.link.action, [CALLBACK])).items()}
        if not wishes:
            return
        async with self.database.transaction() as tx:
            await missed.take_wishes(tx, wishes, now)
        for key in wishes:
            await forget_wish(self.link.action, key)
