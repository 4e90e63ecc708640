"""Keeps the taps of one PBX level with its talks, so that what is said can be shown while it is said.

A part of `hotline telephony`. Whatever goes wrong here costs captions, never a call: each action stands alone, and
what was not done is found by the next comparison.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress

import structlog

from backend.kernel import clock
from backend.kernel.errors import HotlineError
from telephony.ami import AmiLink, LinkState
from telephony.state import PbxState
from telephony.taps import TapPlan

log = structlog.get_logger(__name__)

_AT_LEAST_EVERY_S = 2.0


class TapKeeper:
    """One loop: compares at each news of the PBX, and from time to time."""

    def __init__(self, link: AmiLink, state: PbxState) -> None:
        self._link = link
        self._state = state
        self._plan = TapPlan()
        self._news = asyncio.Event()

    def wake(self) -> None:
        """The PBX told something."""
        self._news.set()

    async def run(self) -> None:
        """Compare and correct, for ever."""
        while True:
            with suppress(TimeoutError):
                async with asyncio.timeout(_AT_LEAST_EVERY_S):
                    await self._news.wait()
            self._news.clear()
            if self._link.state is LinkState.LIVE:
                await self._level()

    async def _level(self) -> None:
        for action in self._plan.actions(self._state.calls, self._state.taps.channels, clock.now()):
            try:
                await self._link.action(action)
            except HotlineError as error:  # most often: the leg or the tap is gone by now
                log.info("tap_not_level_yet", action=action["Action"], reason=error.message)
