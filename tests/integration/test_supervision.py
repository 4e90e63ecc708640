"""A supervisor takes part in a call on the real Asterisk: listens, whispers, barges in, takes it over, ends it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import numpy as np
import pytest
from sqlalchemy import select

from backend.calls import supervise
from backend.calls.errors import SeatNotTalking
from backend.calls.live import live_calls
from backend.calls.models import Call, CallFact
from backend.identity.models import AuditEntry
from backend.identity.principal import Principal
from backend.kernel import clock
from backend.kernel.database import Database
from backend.orders.schemas import OrderState, OrderView
from backend.seats.models import Seat, SeatChange
from telephony.facts import SpyMode
from telephony.simulate.citizens import CitizenCall, Manner, place_calls
from telephony.simulate.seats import SeatBehaviour, simulated_seats

from .earphone import Earphone, earphones
from .exchange import Exchange, open_exchange

pytestmark = pytest.mark.integration

AGENT, OWN = "8001", "8002"
AT_ONCE = SeatBehaviour(ring_s=0.05)
OPTIONS = {
    SpyMode.LISTEN: ("ChanSpy", "qES"),
    SpyMode.WHISPER: ("ChanSpy", "qESw"),
    SpyMode.BARGE: ("BridgeAdd", ""),
}


@pytest.fixture
async def exchange(state_folder: Path, tmp_path: Path, database: Database) -> AsyncIterator[Exchange]:
    async with open_exchange(state_folder, tmp_path, database) as opened:
        yield opened


async def answered_by(exchange: Exchange, seat: str) -> str:
    """The id of the call, once this seat talks with the citizen."""
    answered = select(Call.call_id).where(Call.stage == "answered", Call.seat == seat)
    await exchange.until(lambda: exchange.ask(answered))
    ((call_id,),) = await exchange.ask(answered)
    return str(call_id)


async def does(exchange: Exchange, seat: str, wanted: tuple[str, str]) -> None:
    """Wait until the only leg of this seat runs this application with these options, which it announces before."""

    async def so() -> bool:
        channels = (await exchange.pbx.cli("core show channels concise")).splitlines()
        own = [channel.split("!")[5:7] for channel in channels if channel.startswith(f"PJSIP/{seat}-")]
        return [(application, data.partition(",")[2]) for application, data in own] == [wanted]

    await exchange.until(so)


async def facts(exchange: Exchange, call_id: str, *kinds: str) -> list[dict[str, Any]]:
    query = select(CallFact.kind, CallFact.payload).where(CallFact.call_id == call_id).order_by(CallFact.n)
    return [{"kind": kind, **payload} for kind, payload in await exchange.ask(query) if not kinds or kind in kinds]


async def state_of(exchange: Exchange, seat: str) -> str:
    ((state,),) = await exchange.ask(select(Seat.state).where(Seat.seat == seat))
    return str(state)


class Supervisor:
    """Somebody with a phone of their own who gives orders about the calls of another seat."""

    def __init__(self, exchange: Exchange, who: Principal) -> None:
        self.exchange = exchange
        self.who = who

    async def take_part(self, call_id: str, mode: SpyMode) -> OrderView:
        async with self.exchange.database.transaction() as tx:
            placed = await supervise.take_part(tx, self.who, uuid4(), call_id, AGENT, mode, clock.now())
        return await self.exchange.came_out(placed.order_id)

    async def take_over(self, call_id: str) -> OrderView:
        async with self.exchange.database.transaction() as tx:
            placed = await supervise.take_over(tx, self.who, uuid4(), call_id, AGENT, clock.now())
        return await self.exchange.came_out(placed.order_id)

    async def end(self, call_id: str) -> OrderView:
        async with self.exchange.database.transaction() as tx:
            placed = await supervise.end(tx, self.who, uuid4(), call_id, AGENT, clock.now())
        return await self.exchange.came_out(placed.order_id)

    async def present(self) -> list[tuple[str, str]]:
        async with self.exchange.database.transaction() as tx:
            return [(one.by_seat, one.mode) for call in await live_calls(tx) for one in call.supervisors]

    async def takes_part(self, mode: SpyMode) -> None:
        async def so() -> bool:
            return await self.present() == [(OWN, mode.value)]

        await self.exchange.until(so)


async def test_a_supervisor_listens_whispers_barges_in_and_ends_the_call(exchange: Exchange) -> None:
    async with simulated_seats(exchange.stage, [AGENT, OWN], exchange.secret_of, AT_ONCE), exchange.leader():
        await exchange.ready_at(AGENT)
        boss = Supervisor(exchange, await exchange.agent_at(OWN))
        await exchange.registered(OWN)
        citizens = await place_calls(exchange.stage, [CitizenCall("13800001234", "96010")], Manner(talk_s=600))
        call_id = await answered_by(exchange, AGENT)
        for mode in SpyMode:
            assert (await boss.take_part(call_id, mode)).problem is None
            await boss.takes_part(mode)
            await does(exchange, OWN, OPTIONS[mode])
        assert (await state_of(exchange, AGENT), await state_of(exchange, OWN)) == ("talking", "paused")
        assert (await boss.end(call_id)).state is OrderState.DONE
        await citizens.finished()
        await exchange.until(lambda: exchange.ask(select(Call.call_id).where(Call.stage == "ended")))
        with pytest.raises(SeatNotTalking):
            await boss.end(call_id)
    told = await facts(exchange, call_id, "supervision_began", "supervision_ended")
    assert [(fact["kind"], fact.get("mode")) for fact in told] == [
        *(pair for mode in SpyMode for pair in (("supervision_began", mode.value), ("supervision_ended", None))),
    ]
    assert {(fact["seat"], fact["by_seat"]) for fact in told} == {(AGENT, OWN)}
    acts = await exchange.ask(select(AuditEntry.action, AuditEntry.object_id).order_by(AuditEntry.entry_id))
    wanted = ["call_listened", "call_whispered", "call_barged", "call_cut"]
    assert [row.action for row in acts if row.object_id == call_id] == wanted


@pytest.mark.parametrize("listening", [False, True])
async def test_a_supervisor_takes_a_call_over_and_the_record_stays_whole(exchange: Exchange, listening: bool) -> None:
    citizen = Earphone("13800001234", 500, ("127.0.0.1", exchange.pbx.ports.sip))
    seats = simulated_seats(exchange.stage, [AGENT, OWN], exchange.secret_of, AT_ONCE)
    async with seats, exchange.leader(), earphones(citizen):
        await exchange.ready_at(AGENT)
        boss = Supervisor(exchange, await exchange.agent_at(OWN))
        await exchange.registered(OWN)
        await citizen.call("96010")
        call_id = await answered_by(exchange, AGENT)
        if listening:
            await boss.take_part(call_id, SpyMode.LISTEN)
            await boss.takes_part(SpyMode.LISTEN)
        assert (await boss.take_over(call_id)).problem is None
        assert await answered_by(exchange, OWN) == call_id
        async with asyncio.timeout(60):
            await citizen.listen(8)
        assert citizen.in_call.is_set(), "the citizen was cut off"
        await citizen.hang_up()
        await exchange.until(lambda: exchange.ask(select(Call.call_id).where(Call.stage == "ended")))
    ((call,),) = await exchange.ask(select(Call))
    assert (call.call_id, call.seat, call.user_id, call.outcome, call.hung_up_by) == (
        call_id, OWN, boss.who.user_id, "answered", "caller",
    )  # fmt: skip
    told = await facts(exchange, call_id, "call_answered", "call_transferred", "talk_ended", "call_ended")
    assert [(fact["kind"], fact.get("seat") or fact.get("to")) for fact in told] == [
        ("call_answered", AGENT),
        ("call_transferred", OWN),
        ("talk_ended", AGENT),
        ("call_answered", OWN),
        ("talk_ended", OWN),
        ("call_ended", None),
    ]
    assert told[1]["mode"] == "take_over"
    of_call = select(SeatChange.seat, SeatChange.to_state).where(SeatChange.call_id == call_id)
    states = [tuple(row) for row in await exchange.ask(of_call.order_by(SeatChange.seat, SeatChange.id))]
    assert states == [
        *((AGENT, state) for state in ("ringing", "talking", "wrap_up")),
        *((OWN, state) for state in ("talking", "wrap_up")),
    ]
    left, right = (await exchange.recorded(call.recording_file)).astype(np.float64).T
    assert left.size / 8000 > 5, "the recording did not go on"
    if not listening:  # a simulated seat speaks when its phone is picked up: here with the citizen
        assert np.abs(right[8000:]).max() > 1000, "the supervisor is not heard on the right"
    (counted,) = await exchange.counted()
    assert (counted.call_id, counted.outcome) == (call_id, "answered"), "Asterisk's own record tells another story"
