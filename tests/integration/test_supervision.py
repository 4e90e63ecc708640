"""A supervisor takes part in a call on the real Asterisk: listens, whispers, barges in, takes it over, ends it."""

from __future__ import annotations

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
from telephony.simulate.citizens import CitizenCall, Citizens, Manner, place_calls
from telephony.simulate.seats import SeatBehaviour, simulated_seats

from .exchange import Exchange, open_exchange

pytestmark = [pytest.mark.integration, pytest.mark.timeout(180)]

AGENT, OWN = "8001", "8002"
AT_ONCE = SeatBehaviour(ring_s=0.05)


@pytest.fixture
async def exchange(state_folder: Path, tmp_path: Path, database: Database) -> AsyncIterator[Exchange]:
    async with open_exchange(state_folder, tmp_path, database) as opened:
        yield opened


async def talking(exchange: Exchange, seat: str, talk_s: float) -> tuple[Citizens, str]:
    """A citizen who talks with this seat, and the call's id."""
    says = next(iter(exchange.stage.legs.callers))
    citizens = await place_calls(
        exchange.stage, [CitizenCall("13800001234", "96010", says=says)], Manner(talk_s=talk_s)
    )
    answered = select(Call.call_id).where(Call.stage == "answered", Call.seat == seat)
    await exchange.until(lambda: exchange.ask(answered))
    ((call_id,),) = await exchange.ask(answered)
    return citizens, str(call_id)


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
        citizens, call_id = await talking(exchange, AGENT, 60)
        options = {}
        for mode in SpyMode:
            assert (await boss.take_part(call_id, mode)).problem is None
            await boss.takes_part(mode)
            channels = (await exchange.pbx.cli("core show channels concise")).splitlines()
            (own,) = [channel for channel in channels if channel.startswith(f"PJSIP/{OWN}-")]
            application, data = own.split("!")[5:7]
            options[mode] = (application, data.partition(",")[2])
        assert options == {
            SpyMode.LISTEN: ("ChanSpy", "qES"),
            SpyMode.WHISPER: ("ChanSpy", "qESw"),
            SpyMode.BARGE: ("BridgeAdd", ""),
        }
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
    async with simulated_seats(exchange.stage, [AGENT, OWN], exchange.secret_of, AT_ONCE), exchange.leader():
        await exchange.ready_at(AGENT)
        boss = Supervisor(exchange, await exchange.agent_at(OWN))
        await exchange.registered(OWN)
        citizens, call_id = await talking(exchange, AGENT, 10)
        if listening:
            await boss.take_part(call_id, SpyMode.LISTEN)
            await boss.takes_part(SpyMode.LISTEN)
        assert (await boss.take_over(call_id)).problem is None
        taken = select(Call.call_id).where(Call.stage == "answered", Call.seat == OWN)
        await exchange.until(lambda: exchange.ask(taken))
        assert (await state_of(exchange, AGENT), await state_of(exchange, OWN)) == ("wrap_up", "talking")
        (placed,) = await citizens.finished()
        await exchange.until(lambda: exchange.ask(select(Call.call_id).where(Call.stage == "ended")))
        await exchange.until(lambda: exchange.ask(select(Seat.seat).where(Seat.seat == OWN, Seat.state == "wrap_up")))
    assert placed.ending == "ended", "the citizen was cut off"
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
    states = await exchange.ask(select(SeatChange.to_state).where(SeatChange.seat == OWN).order_by(SeatChange.id))
    assert [row.to_state for row in states] == ["paused", "talking", "wrap_up"]
    citizen, seat = np.fromfile(str(call.recording_file), dtype="<i2").reshape(-1, 2).astype(np.float64).T
    assert citizen.size / 8000 > 5, "the recording did not go on"
    if not listening:  # a simulated seat speaks when its phone is picked up: here with the citizen
        assert np.abs(seat[8000:]).max() > 1000, "the supervisor is not heard on the right"
    (counted,) = await exchange.counted()
    assert (counted.call_id, counted.outcome) == (call_id, "answered"), "Asterisk's own record tells another story"
