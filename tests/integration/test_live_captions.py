"""Calls that are captioned while they last: the real Asterisk, the real recogniser, citizens and seats that speak."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from rapidfuzz import fuzz
from sqlalchemy import select

from asr.audio import Leg
from asr.live.recognition import LegState
from backend.app.captions_role import caption_calls
from backend.calls.captions import CaptionNotice, SaidNow, StandsNow, read
from backend.calls.models import Call, CallFact
from backend.calls.reconcile import reconcile
from backend.calls.recorder import CallRecorder
from backend.kernel import clock
from backend.kernel.database import Database
from backend.kernel.notices import notices
from backend.seats.seating import HallTimes
from telephony import cdr_file, commands
from telephony.simulate.citizens import CitizenCall, Manner, place_calls
from telephony.simulate.seats import SeatBehaviour, simulated_seats

from .exchange import PHONES, Exchange, open_exchanges

pytestmark = [pytest.mark.integration, pytest.mark.timeout(240)]

SEATS = ["8001", "8002"]
OVERLAY = {"pbx": PHONES, "recognition": {"live": {"enabled": True, "processes": 1, "most_behind_seconds": 60}}}
"""A busy machine may take its time here; what becomes of late captions has tests of its own."""
SAID = {"elevator": "小区电梯坏了三天了", "garbage": "胡同门口垃圾没有人管"}
"""What the citizen of each dialogue says at first; later both say in which street (街道) it is."""
SAID_WHAT_S, SAID_WHERE_S = 10.5, 18.0
"""From the answer: when the citizen has said what it is, and begins to say where only 3.6 s later; and when that was
said too, 6.5 s before the seat says its last words."""


@pytest.fixture
async def exchange(state_folder: Path, tmp_path: Path, database: Database) -> AsyncIterator[Exchange]:
    async with open_exchanges(state_folder, tmp_path, database, OVERLAY) as (opened,):
        yield opened


_ALIKE = 75
"""Of 100: the line may lose a frame where the machine is busy, and with it a syllable."""


class Heard:
    """What the hubs of this machine are told."""

    def __init__(self) -> None:
        self.all: list[CaptionNotice] = []

    def said(self, call_id: str, leg: Leg) -> str:
        """All that was said in a leg, as it stood at last."""
        told = [n.line for n in self.all if isinstance(n, SaidNow) and (n.call_id, n.line.leg) == (call_id, leg)]
        return "，".join({line.line: line.text for line in told}.values())

    def hears(self, text: str, call_id: str, leg: Leg) -> bool:
        """Whether this, or nearly this, was said in a leg."""
        return fuzz.partial_ratio(text, self.said(call_id, leg)) >= _ALIKE

    def states(self, call_id: str, leg: Leg) -> list[LegState]:
        return [n.state for n in self.all if isinstance(n, StandsNow) and (n.call_id, n.leg) == (call_id, leg)]


@asynccontextmanager
async def captioned(exchange: Exchange) -> AsyncIterator[Heard]:
    """The role `hotline captions`, and an ear on what it tells."""
    heard = Heard()

    async def listen() -> None:
        async for batch in notices(exchange.installation.captions()):
            heard.all += [read(notice) for notice in batch]

    work = caption_calls(exchange.installation, asyncio.Event(), host=exchange.host)
    tasks = [asyncio.create_task(work), asyncio.create_task(listen())]
    try:
        yield heard
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def until(holds: Callable[[], Any]) -> None:
    async with asyncio.timeout(60):
        while not holds():
            await asyncio.sleep(0.02)


async def since(answered_at: datetime, seconds: float) -> None:
    """Until a talk has lasted so long: captions may be late, the talk is not."""
    await asyncio.sleep(max(0.0, (answered_at + timedelta(seconds=seconds) - clock.now()).total_seconds()))


async def tapped(exchange: Exchange, legs: int) -> None:
    """Wait until so many legs are heard."""

    async def so() -> bool:
        return (await exchange.pbx.cli("core show channels concise")).count("WebSocket/captions/") == legs

    await exchange.until(so)


async def test_each_seat_reads_its_own_call_nobody_reads_a_pause_and_the_record_knows_nothing_of_it(
    exchange: Exchange,
) -> None:
    phones = simulated_seats(exchange.stage, SEATS, exchange.secret_of, SeatBehaviour(ring_s=0.2))
    async with exchange.leader(), captioned(exchange) as heard, phones:
        people = {seat: await exchange.ready_at(seat) for seat in SEATS}
        for number, says in enumerate(SAID):
            call = CitizenCall(f"1380000123{number}", "96010", says)
            await place_calls(exchange.stage, [call], Manner(), name=says)
        talks = select(Call.call_id, Call.seat, Call.caller_number, Call.answered_at).where(Call.stage == "answered")

        async def all_talk() -> bool:
            return len(await exchange.ask(talks)) == len(SAID)

        await exchange.until(all_talk)
        calls = {list(SAID)[int(row[2][-1])]: row for row in await exchange.ask(talks)}
        (open_call, open_seat, _, _), (private_call, private_seat, _, answered_at) = calls["elevator"], calls["garbage"]

        await tapped(exchange, 4)
        await since(answered_at, SAID_WHAT_S)
        pause = await exchange.order(commands.PauseRecording(call_id=private_call), people[private_seat])
        assert (await exchange.came_out(pause)).problem is None
        await until(lambda: heard.states(private_call, Leg.CALLER)[-1] is LegState.OFF)
        await tapped(exchange, 2)
        await since(answered_at, SAID_WHERE_S)
        resume = await exchange.order(commands.ResumeRecording(call_id=private_call), people[private_seat])
        assert (await exchange.came_out(resume)).problem is None

        for says, (call_id, *_) in calls.items():
            await until(lambda: heard.hears(SAID[says], call_id, Leg.CALLER))  # noqa: B023
            await until(lambda: heard.hears("请问有什么可以帮您", call_id, Leg.SEAT))  # noqa: B023
        await until(lambda: heard.hears("请问具体位置在哪里", open_call, Leg.SEAT))
        await until(lambda: heard.hears("东花市街道忠实里西区", open_call, Leg.CALLER))
        await until(lambda: heard.hears("好的您反映", open_call, Leg.SEAT))
        await until(lambda: heard.hears("感谢您的来电", private_call, Leg.SEAT))

        async def all_ended() -> bool:
            return len(await exchange.ask(select(Call.call_id).where(Call.stage == "ended"))) == len(SAID)

        await exchange.until(all_ended)
        await until(lambda: heard.states(open_call, Leg.SEAT)[-1] is LegState.OFF)
        await exchange.counted(len(SAID))
        rows = cdr_file.read(exchange.pbx.paths.cdr).rows
        recorder = CallRecorder(database=exchange.database, host=exchange.host, times=HallTimes())
        differences = await reconcile(
            exchange.database, recorder, exchange.pbx.paths.cdr, host=exchange.host, alive=(), now=clock.now()
        )
    assert {(n.call_id, n.seat) for n in heard.all} == {(open_call, open_seat), (private_call, private_seat)}
    assert "街道" not in heard.said(private_call, Leg.CALLER), "what the recording does not hold was captioned"
    assert {row.linkedid for row in rows} == {open_call, private_call}
    assert len(rows) == len(SAID), "a tap left a row in the CDR file"
    assert differences == []
    kinds = {row.kind for row in await exchange.ask(select(CallFact.kind))}
    assert not [kind for kind in kinds if kind.startswith(("supervision", "consult"))]
    files = [Path(row.recording_file) for row in await exchange.ask(select(Call.recording_file))]
    assert all(file.stat().st_size > 20 * 8000 * 4 for file in files), "the recordings are not whole"
