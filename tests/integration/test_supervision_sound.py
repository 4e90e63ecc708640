"""Who hears whom when a supervisor takes part, proven by tones on the real Asterisk, and what the recording holds."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from uuid import uuid4

import pytest
from sqlalchemy import select

from backend.calls import supervise
from backend.calls.models import Call
from backend.kernel import clock
from backend.kernel.database import Database
from telephony.facts import SpyMode

from .earphone import RATE, Earphone, earphones, tones_in
from .exchange import Exchange, open_exchange

pytestmark = pytest.mark.integration

AGENT, OWN = "8001", "8002"
CITIZEN_HZ, AGENT_HZ, BOSS_HZ = TONES = (500, 1000, 1700)
LOOK_S = 0.5

HEARD = {
    SpyMode.LISTEN: ({AGENT_HZ}, {CITIZEN_HZ}),
    SpyMode.WHISPER: ({AGENT_HZ}, {CITIZEN_HZ, BOSS_HZ}),
    SpyMode.BARGE: ({AGENT_HZ, BOSS_HZ}, {CITIZEN_HZ, BOSS_HZ}),
}
"""What citizen and agent hear in each mode; the supervisor hears both in all of them."""


@pytest.fixture
async def exchange(state_folder: Path, tmp_path: Path, database: Database) -> AsyncIterator[Exchange]:
    async with open_exchange(state_folder, tmp_path, database) as opened:
        yield opened


async def hears(phone: Earphone, wanted: set[int]) -> None:
    """Wait until exactly these tones come to the ear."""
    async with asyncio.timeout(60):
        while tones_in(await phone.listen(LOOK_S), TONES) != wanted:
            pass


async def leg_of(exchange: Exchange, seat: str) -> str:
    channels = (await exchange.pbx.cli("core show channels concise")).splitlines()
    return next(line.partition("!")[0] for line in channels if line.startswith(f"PJSIP/{seat}-"))


async def alone(exchange: Exchange) -> bool:
    return not [
        line for line in (await exchange.pbx.cli("core show channels concise")).splitlines() if "PJSIP/" in line
    ]


@pytest.mark.parametrize("first_to_go", ["citizen", "agent"])
async def test_each_hears_whom_the_mode_says_and_the_recording_holds_what_the_citizen_heard(
    exchange: Exchange, first_to_go: str
) -> None:
    pbx = ("127.0.0.1", exchange.pbx.ports.sip)
    citizen = Earphone("13800001234", CITIZEN_HZ, pbx)
    agent = Earphone(AGENT, AGENT_HZ, pbx, exchange.secret_of(AGENT))
    boss = Earphone(OWN, BOSS_HZ, pbx, exchange.secret_of(OWN))
    async with exchange.leader(), earphones(citizen, agent, boss):
        await exchange.ready_at(AGENT)
        who = await exchange.agent_at(OWN)
        await exchange.registered(OWN)
        await citizen.call("96010")
        answered = select(Call.call_id).where(Call.stage == "answered", Call.seat == AGENT)
        await exchange.until(lambda: exchange.ask(answered))
        ((call_id,),) = await exchange.ask(answered)
        await hears(citizen, {AGENT_HZ})
        for mode, (by_citizen, by_agent) in HEARD.items():
            async with exchange.database.transaction() as tx:
                placed = await supervise.take_part(tx, who, uuid4(), call_id, AGENT, mode, clock.now())
            assert (await exchange.came_out(placed.order_id)).problem is None
            await asyncio.wait_for(boss.in_call.wait(), 60)
            await hears(agent, by_agent)
            await hears(boss, {CITIZEN_HZ, AGENT_HZ})
            await hears(citizen, by_citizen)
            # all three speak from this process: where it stands still nobody is heard, but never anybody else
            looks = [tones_in(await citizen.listen(LOOK_S), TONES) for _ in range(3)]
            assert all(heard <= by_citizen for heard in looks), looks
        if first_to_go == "agent":
            await exchange.pbx.cli(f"channel request hangup {await leg_of(exchange, AGENT)}")
            await hears(citizen, {BOSS_HZ})
            taken_over = select(Call.call_id).where(Call.stage == "answered", Call.seat == OWN)
            await exchange.until(lambda: exchange.ask(taken_over))
            await citizen.listen(3 * LOOK_S)
        await citizen.hang_up()
        await exchange.until(lambda: exchange.ask(select(Call.call_id).where(Call.stage == "ended")))
        await exchange.until(lambda: alone(exchange))
    ((file, seat, by),) = await exchange.ask(select(Call.recording_file, Call.seat, Call.hung_up_by))
    assert (seat, by) == (AGENT if first_to_go == "citizen" else OWN, "caller")
    left, right = (await exchange.recorded(file)).T
    looks = [slice(begin, begin + RATE // 2) for begin in range(0, left.size - RATE // 2, RATE // 2)]
    spoken = [tones_in(left[look], TONES) for look in looks]
    assert {CITIZEN_HZ} in spoken
    assert all(each <= {CITIZEN_HZ} for each in spoken)
    heard = [each for look in looks if (each := tones_in(right[look], TONES))]
    assert {AGENT_HZ, BOSS_HZ} in heard, "what the citizen heard is not in the recording"
    assert heard[-1] == ({AGENT_HZ, BOSS_HZ} if first_to_go == "citizen" else {BOSS_HZ})
