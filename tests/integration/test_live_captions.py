"""Calls that are captioned while they last, on the real Asterisk with the real recogniser."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from sqlalchemy import func, select

from backend.app.captions_role import caption_calls
from backend.calls.captions import CaptionNotice, SaidNow, StandsNow, read
from backend.calls.models import Call, CallFact
from backend.kernel.database import Database
from backend.kernel.notices import notices
from telephony.simulate.citizens import CitizenCall, Manner, place_calls
from telephony.simulate.seats import SeatBehaviour, simulated_seats

from .exchange import PHONES, Exchange, open_exchanges

pytestmark = [pytest.mark.integration, pytest.mark.timeout(240)]

AGENT, OTHER = "8001", "8002"
OVERLAY = {"pbx": PHONES, "recognition": {"live": {"enabled": True, "threads": 1}}}


@pytest.fixture
async def exchange(state_folder: Path, tmp_path: Path, database: Database) -> AsyncIterator[Exchange]:
    async with open_exchanges(state_folder, tmp_path, database, OVERLAY) as (opened,):
        yield opened


class Heard:
    """What the consoles of this machine are told."""

    def __init__(self) -> None:
        self.all: list[CaptionNotice] = []

    def said(self, leg: str) -> str:
        """All that was said in a leg, as it stood at last."""
        lines = {n.line.line: n.line.text for n in self.all if isinstance(n, SaidNow) and n.line.leg == leg}
        return "".join(lines.values())


@asynccontextmanager
async def captioned(exchange: Exchange) -> AsyncIterator[Heard]:
    stop, heard = asyncio.Event(), Heard()

    async def listen() -> None:
        async for batch in notices(exchange.installation.captions()):
            heard.all += [read(notice) for notice in batch]

    tasks = [
        asyncio.create_task(caption_calls(exchange.installation, stop, host=exchange.host)),
        asyncio.create_task(listen()),
    ]
    try:
        yield heard
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(60):
        while not holds():
            await asyncio.sleep(0.05)


async def test_what_is_said(exchange: Exchange) -> None:
    phones = simulated_seats(exchange.stage, [AGENT, OTHER], exchange.secret_of, SeatBehaviour(ring_s=0.2))
    async with exchange.leader(), captioned(exchange) as heard, phones:
        await exchange.ready_at(AGENT)
        call = CitizenCall("13800001234", "96010", "elevator")
        await place_calls(exchange.stage, [call], Manner(talk_s=19), name="one")
        await until(lambda: "东花市街道" in heard.said("caller"))
        print(await exchange.pbx.cli("core show channels concise"))
        await exchange.until(lambda: exchange.ask(select(Call.call_id).where(Call.stage == "ended")))
        await asyncio.sleep(1)
        for n in heard.all: print(n)
        print(await exchange.pbx.cli("core show channels concise"))
        print(exchange.pbx.paths.cdr, list(exchange.pbx.paths.cdr.parent.glob("*")))
        for f in exchange.pbx.paths.cdr.parent.glob("*"): print(f.read_text())
        print(exchange.pbx.paths.messages.read_text()[-3000:])
